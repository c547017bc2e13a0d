//! Connectors against servers that answer from a script: every way an answer can go wrong.

mod calls;
pub(crate) mod canned;
mod faults;
mod manifest;
mod oauth;
pub(crate) mod rig;
pub(crate) mod salesforce;
mod sandbox;
pub(crate) mod stage;
mod write_faults;
pub(crate) mod writes;
