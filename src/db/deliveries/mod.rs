//! Rows of `delivery` and `delivery_attempt`.

mod list;
mod queue;
mod warm;

pub use list::{
    Attempt, Backlog, Candidate, Count, Counts, Delivery, Filter, Objected, Stand, attempts,
    backlog, counts, get, leads_of, list, person_of, some, states,
};
pub use queue::{Lead, NewDelivery, Outlet, insert, is_mapped, lead, outlets, replay, threshold};
pub use warm::{Made, choose, ended, lead_many, qualifying, set_user, withdraw};
