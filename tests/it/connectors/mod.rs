//! Connectors against servers that answer from a script: every way an answer can go wrong.

mod calls;
pub(crate) mod canned;
mod contract;
mod faults;
mod oauth;
mod rig;
mod sandbox;
mod stage;
mod write_faults;
mod writes;
