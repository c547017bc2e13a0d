//! Values and rules: no waiting, no I/O, no clock.

mod ids;
mod remote;

pub use ids::*;
pub use remote::*;
