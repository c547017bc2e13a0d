//! Values and rules: no waiting, no I/O, no clock.

pub mod action;
mod activity;
mod api_key;
pub mod csv;
mod currency;
mod delivery;
pub mod effect;
mod email;
mod ids;
pub mod intake;
mod lifecycle;
pub mod pasted;
mod period;
pub mod phone;
mod recovery_code;
mod remote;
pub mod sheet;
pub mod suggestion;
mod token;
pub mod totp;
mod words;

pub use activity::{ActivityKind, ActivityType};
pub use api_key::ApiKey;
pub use currency::currency;
pub use delivery::{Cause, DeliveryKind, DeliveryState, Trigger};
pub use email::Email;
pub use ids::*;
pub use lifecycle::{LifecycleStage, PersonKind};
pub use period::{Period, Step};
pub use recovery_code::RecoveryCode;
pub use remote::*;
pub use token::*;
pub use words::UnknownWord;
pub(crate) use words::words;
