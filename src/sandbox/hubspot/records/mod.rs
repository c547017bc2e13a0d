//! The data: records of all kinds with their properties as text, and what ties them together.

pub(crate) mod book;
pub(crate) mod kind;
pub(crate) mod population;
pub(crate) mod properties;
pub(crate) mod record;
