//! Values and rules: no waiting, no I/O, no clock.

mod email;
mod ids;
pub mod intake;
pub mod phone;
mod remote;

pub use email::Email;
pub use ids::*;
pub use remote::*;
