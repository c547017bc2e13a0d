//! What a company does with its CRM, from the API to the tables, against the stand-in.

mod import;
mod import_changes;
mod import_crash;
mod import_faults;
mod import_live;
mod import_races;
mod stage;
