//! Rows of `delivery` and `delivery_attempt`.

mod attempts;
mod desk;
pub mod lane;
pub mod links;
mod queue;
mod states;

use chrono::TimeDelta;

pub use attempts::{
    Ending, NewAttempt, begin, end, has_organization, hold_contact, is_in_the_making, keep_contact,
};
pub use desk::{
    Account, Addressee, Belongs, Deed, Head, OpenAttempt, Sender, account, addressee, belongs,
    deed, head, open_attempt, sender, sent_activity, taken,
};
pub use queue::{Lead, NewDelivery, Outlet, insert, is_mapped, lead, outlets, replay, threshold};
pub use states::{
    Before, Ended, Question, Standing, choose, hold, lock, note, question, release, replay_all,
    stand, withdraw,
};

/// Outages are waited for that long.
const PATIENCE: TimeDelta = TimeDelta::hours(72);
