//! What the stand-in holds: generated records, and a book of what was changed since.

pub(crate) mod activities;
pub(crate) mod book;
pub(crate) mod deals;
pub(crate) mod fields;
pub(crate) mod ids;
pub(crate) mod organizations;
pub(crate) mod persons;
pub(crate) mod phones;
pub(crate) mod population;

use super::super::stage::{dice, names};
