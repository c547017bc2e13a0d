//! A company's connection to a CRM, from the consent to its end: our routes over real HTTP, and a
//! stand-in CRM on the other side.

mod callback;
mod canaries;
mod crm;
mod data_keys;
mod deaths;
mod disconnect;
mod hosts;
pub(crate) mod install;
mod installers;
mod keys;
mod leavings;
mod processes;
mod reconnect;
mod refresh;
mod restart;
mod rotating;
mod spooled;
mod storms;
mod swaps;
mod uninstall;
mod vault;

pub(crate) use crm::{
    ALPEN, Crm, NORDWIND, Rig, callback, connected_page, error_page, slug, state_of,
};
