//! What breaks while leads and activities go to a CRM, and what must hold afterwards: nothing lost,
//! nothing doubled, the log as the CRM's own record says, each contact's order kept, and no manual
//! step but those that only a person can take.
//!
//! `make test` runs short versions; `make chaos` the long ones, with another seed each time.

mod acts;
mod bases;
mod fair;
mod gate;
mod kills;
mod matrix;
mod members;
mod record;
pub(crate) mod requests;
mod sleepers;
mod steps;
mod story;
mod together;
mod uninstall;
