//! What Tandem does for a company, from the API to the tables, with a stand-in for its CRM.

mod audit;
mod deliver;
mod door_mail;
mod import;
mod import_budget;
mod import_changes;
mod import_crash;
mod import_faults;
mod import_live;
mod import_races;
mod lifecycle;
mod linked_contacts;
mod reminders;
mod salesforce;
pub(crate) mod stage;
