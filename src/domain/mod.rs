//! Values and rules: no waiting, no I/O, no clock.

mod api_key;
mod email;
mod ids;
pub mod intake;
pub mod phone;
mod remote;
mod token;

pub use api_key::ApiKey;
pub use email::Email;
pub use ids::*;
pub use remote::*;
pub use token::*;
