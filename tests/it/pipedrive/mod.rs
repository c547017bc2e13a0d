//! What only Pipedrive does. What holds for every CRM is in `contract`.

pub(crate) mod requests;
