//! What a page of persons does to the book: judged in order, in memory, before anything is written.
//!
//! The order is the contract: the mapping that exists; then any e-mail; then any phone; then new.
//! No empty value ever matches. Whatever is not certain is a conflict, held for a person to decide.

mod desk;
mod judge;
mod log;
mod outcome;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::{
    ContactId, RemoteId,
    intake::{ContactFields, Identifier, Incoming, Source},
};
use desk::Desk;
pub use outcome::{Counts, Outcome};

/// A person mapping as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonMapping {
    pub contact_id: ContactId,
    pub fingerprint: i64,
    pub is_primary: bool,
    pub gone: bool,
}

/// A contact that a page may touch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Candidate {
    pub fields: ContactFields,
    pub edited: Vec<String>,
    /// Remote persons of this connection that are this contact, without those that are gone.
    pub mapped: u32,
}

/// Who holds which identifier.
pub type Holders = HashMap<Identifier, Vec<ContactId>>;

/// Everything the book knows about a page: `holders` of every identifier of the page and of every
/// contact in `contacts`, and the contacts of its mappings and of all who hold what the page names.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub mappings: HashMap<RemoteId, PersonMapping>,
    pub holders: Holders,
    pub contacts: HashMap<ContactId, Candidate>,
    /// How many contacts the plan still has room for; `None` is no limit.
    pub room: Option<u64>,
}

/// What contacts that a page may touch have besides what the page named, each once: the page may
/// take it from them, and then they must not be found by it any longer.
pub fn unasked(contacts: &HashMap<ContactId, Candidate>, asked: &[Identifier]) -> Vec<Identifier> {
    let asked: HashSet<&Identifier> = asked.iter().collect();
    let all = contacts.values().flat_map(|candidate| candidate.fields.identifiers());
    let more: BTreeSet<Identifier> = all.filter(|found| !asked.contains(found)).collect();
    more.into_iter().collect()
}

/// A line of the log that stands on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedEntry {
    pub outcome: Outcome,
    pub remote_id: RemoteId,
    pub remote_name: Option<String>,
    pub contact_id: Option<ContactId>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub reason: Option<String>,
}

/// A mapping to write or refresh.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedMapping {
    pub remote_id: RemoteId,
    pub contact_id: ContactId,
    /// The book did not know this person.
    pub is_new: bool,
    pub fingerprint: i64,
    pub is_primary: bool,
    pub gone: bool,
    pub remote_updated_at: Option<DateTime<Utc>>,
}

/// All writes of a page.
#[derive(Debug, Clone, Default)]
pub struct PagePlan {
    pub inserts: Vec<(ContactId, ContactFields)>,
    pub updates: Vec<(ContactId, ContactFields)>,
    pub claims: Vec<(Identifier, ContactId)>,
    pub releases: Vec<(Identifier, ContactId)>,
    pub mappings: Vec<PlannedMapping>,
    /// One row of the log for all of them.
    pub created: Vec<(RemoteId, ContactId)>,
    /// Links that changed nothing in the contact: one row of the log for all of them.
    pub linked: Vec<(RemoteId, ContactId)>,
    pub entries: Vec<PlannedEntry>,
    pub counts: Counts,
    pub limit_reached: bool,
}

/// Plans the writes of a page; `fresh` makes the ids of new contacts.
pub fn plan(
    page: &[Incoming],
    mut known: Known,
    source: &Source<'_>,
    fresh: &mut dyn FnMut() -> ContactId,
) -> PagePlan {
    let originals: HashMap<ContactId, ContactFields> =
        known.contacts.iter().map(|(id, candidate)| (*id, candidate.fields.clone())).collect();
    let held = known.holders.clone();
    let mut desk = Desk::new(&mut known, source);
    for incoming in page {
        desk.take(incoming, fresh);
    }
    desk.finish(&originals, &held)
}
