//! What breaks while an import is under way, and what must hold afterwards: nothing lost, nothing
//! doubled, counts and log as the CRM's own record says, no manual step, back within a minute.
//!
//! `make test` runs short versions; `make chaos` the long ones, with another seed each time.

mod bulk;
mod campaign;
mod cluster;
pub(crate) mod deliveries;
mod faults;
mod files;
mod kills;
mod postgres;
mod process;
mod races;
mod redis;
mod scenes;
mod served;
mod sleepers;
mod truth;
