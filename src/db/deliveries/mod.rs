//! Rows of `delivery` and `delivery_attempt`.

pub mod actions;
mod attempts;
mod desk;
pub mod lane;
pub mod links;
mod list;
mod queue;
mod states;
mod warm;

use chrono::TimeDelta;

pub use attempts::{
    Ending, InTheMaking, NewAttempt, begin, end, has_organization, hold_contact, in_the_making,
    keep_contact, people_in_the_making,
};
pub use desk::{
    Account, Addressee, Belongs, Deed, Head, OpenAttempt, Sender, account, addressee, belongs,
    deed, head, open_attempt, sender, sent_activity, taken,
};
pub use list::{
    Attempt, Backlog, Candidate, Count, Counts, Delivery, Filter, Objected, Stand, attempts,
    backlog, counts, get, leads_of, list, person_of, some, states,
};
pub use queue::{Lead, NewDelivery, Outlet, insert, is_mapped, lead, outlets, replay, threshold};
pub use states::{
    Before, Standing, hold, is_followed, lock, note, other_edit, release, stand, withdraw,
};
pub use warm::{Made, choose, ended, lead_many, qualifying, set_user};

/// Outages are waited for that long.
const PATIENCE: TimeDelta = TimeDelta::hours(72);
