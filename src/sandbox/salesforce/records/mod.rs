//! What the stand-in holds: kinds of records, their fields, and the rows.

pub(crate) mod describe;
pub(crate) mod ids;
pub(crate) mod leads;
pub(crate) mod orgs;
pub(crate) mod population;
pub(crate) mod schema;
pub(crate) mod table;
pub(crate) mod time;
