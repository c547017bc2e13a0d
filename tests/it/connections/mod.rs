//! A company's connection to a CRM, from the consent to its end: our routes over real HTTP, and a
//! stand-in CRM on the other side.

mod callback;
mod crm;
mod disconnect;
mod hosts;
mod keys;
mod processes;
mod reconnect;
mod refresh;
mod restart;
mod storms;
mod vault;

pub(crate) use crm::{Crm, Rig, slug};
