//! Rows of `delivery` and `delivery_attempt`.

mod queue;

pub use queue::{Lead, NewDelivery, Outlet, insert, is_mapped, lead, outlets, replay, threshold};
