//! What a page of persons does to the book: judged in order, in memory, before anything is written.
//!
//! The order is the contract: the mapping that exists; then any e-mail; then any phone; then new.
//! No empty value ever matches. Whatever is not certain is a conflict, held for a person to decide.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::{
    ContactId, RemoteId,
    intake::{ContactFields, Identifier, IdentifierKind, Incoming, Source},
};

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
    /// Remote persons of this connection that are this contact.
    pub mapped: u32,
}

/// Everything the book knows about a page.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub mappings: HashMap<RemoteId, PersonMapping>,
    pub holders: HashMap<Identifier, Vec<ContactId>>,
    pub contacts: HashMap<ContactId, Candidate>,
    /// How many contacts the plan still has room for; `None` is no limit.
    pub room: Option<u64>,
}

/// What happened to one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Created,
    Updated,
    Linked,
    Skipped,
    Conflict,
    Quarantined,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Updated,
        Self::Linked,
        Self::Skipped,
        Self::Conflict,
        Self::Quarantined,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Linked => "linked",
            Self::Skipped => "skipped",
            Self::Conflict => "conflict",
            Self::Quarantined => "quarantined",
        }
    }
}

/// How a page, or a run, went. `seen` must be the sum of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub seen: i64,
    pub created: i64,
    pub updated: i64,
    pub linked: i64,
    pub unchanged: i64,
    pub skipped: i64,
    pub conflict: i64,
    pub quarantined: i64,
}

impl Counts {
    /// The reconciliation: nothing was dropped silently.
    pub fn adds_up(&self) -> bool {
        self.seen
            == self.created
                + self.updated
                + self.linked
                + self.unchanged
                + self.skipped
                + self.conflict
                + self.quarantined
    }
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
    let mut desk = Desk {
        plan: PagePlan::default(),
        new: Vec::new(),
        touched: BTreeSet::new(),
        handled: HashSet::new(),
        known: &mut known,
        source,
    };
    for incoming in page {
        desk.take(incoming, fresh);
    }
    desk.finish(&originals)
}

enum Verdict {
    Mapped(PersonMapping),
    Link(ContactId),
    Create,
    Conflict(&'static str),
    Skip(&'static str),
}

struct Desk<'a> {
    plan: PagePlan,
    new: Vec<ContactId>,
    touched: BTreeSet<ContactId>,
    handled: HashSet<RemoteId>,
    known: &'a mut Known,
    source: &'a Source<'a>,
}

impl Desk<'_> {
    fn take(&mut self, incoming: &Incoming, fresh: &mut dyn FnMut() -> ContactId) {
        self.plan.counts.seen += 1;
        if !self.handled.insert(incoming.resolved.remote_id.clone()) {
            // The provider sent it twice in one page.
            self.plan.counts.unchanged += 1;
            return;
        }
        match self.judge(incoming) {
            Verdict::Mapped(mapping) => self.update(incoming, &mapping),
            Verdict::Link(contact_id) => self.link(incoming, contact_id),
            Verdict::Create => self.create(incoming, fresh()),
            Verdict::Conflict(reason) => {
                self.plan.counts.conflict += 1;
                self.entry(Outcome::Conflict, incoming, None, Some(reason));
            }
            Verdict::Skip(reason) => {
                self.plan.counts.skipped += 1;
                self.entry(Outcome::Skipped, incoming, None, Some(reason));
            }
        }
    }

    fn judge(&self, incoming: &Incoming) -> Verdict {
        if let Some(mapping) = self.known.mappings.get(&incoming.resolved.remote_id) {
            return Verdict::Mapped(mapping.clone());
        }
        if incoming.resolved.deleted {
            return Verdict::Skip("deleted in the CRM");
        }
        let identifiers = incoming.identifiers();
        let hits = |kind: IdentifierKind, certain: bool| -> BTreeSet<ContactId> {
            identifiers
                .iter()
                .filter(|identifier| identifier.kind == kind)
                .filter_map(|identifier| self.known.holders.get(identifier))
                // A number that several contacts share identifies none of them.
                .filter(|holders| !certain || holders.len() == 1)
                .flatten()
                .copied()
                .collect()
        };
        let by_email = hits(IdentifierKind::Email, false);
        let mut emails = by_email.iter();
        match (emails.next(), emails.next()) {
            (Some(_), Some(_)) => Verdict::Conflict("its e-mails belong to different contacts"),
            (Some(&contact), None) => {
                let by_phone = hits(IdentifierKind::Phone, true);
                if by_phone.is_empty() || by_phone.contains(&contact) {
                    Verdict::Link(contact)
                } else {
                    Verdict::Conflict("its e-mail and its phone belong to different contacts")
                }
            }
            (None, _) => self.judge_by_phone(incoming, &hits(IdentifierKind::Phone, false)),
        }
    }

    fn judge_by_phone(&self, incoming: &Incoming, by_phone: &BTreeSet<ContactId>) -> Verdict {
        let mut phones = by_phone.iter();
        match (phones.next(), phones.next()) {
            (Some(_), Some(_)) => Verdict::Conflict("its phones belong to different contacts"),
            (Some(contact), None) => {
                let theirs =
                    self.known.contacts.get(contact).is_some_and(|known| known.fields.has_email());
                if theirs && incoming.has_email() {
                    Verdict::Conflict("same phone as a contact with another e-mail")
                } else {
                    Verdict::Link(*contact)
                }
            }
            (None, _) if incoming.full_name.is_none() && incoming.identifiers().is_empty() => {
                Verdict::Skip("no name, e-mail or phone")
            }
            (None, _) if self.known.room == Some(0) => Verdict::Skip(LIMIT),
            (None, _) => Verdict::Create,
        }
    }

    fn update(&mut self, incoming: &Incoming, mapping: &PersonMapping) {
        let id = mapping.contact_id;
        let gone = incoming.resolved.deleted;
        let before = self.known.contacts.get(&id).map(|known| known.fields.clone());
        if let Some(candidate) = self.known.contacts.get_mut(&id).filter(|_| !gone) {
            let shared = candidate.mapped > 1;
            if mapping.is_primary {
                candidate.fields.take(incoming, self.source, &candidate.edited, shared);
            } else {
                candidate.fields.fill(incoming, self.source, &candidate.edited);
            }
        }
        self.map(incoming, id, mapping.is_primary, gone);
        let after = self.known.contacts.get(&id).map(|known| known.fields.clone());
        if gone {
            self.plan.counts.skipped += 1;
            self.entry(
                Outcome::Skipped,
                incoming,
                Some(id),
                Some("deleted in the CRM; the contact stays"),
            );
        } else if before == after {
            self.plan.counts.unchanged += 1;
        } else {
            self.plan.counts.updated += 1;
            self.reclaim(id, before.as_ref());
            self.changed(Outcome::Updated, incoming, id, before, None);
        }
    }

    fn link(&mut self, incoming: &Incoming, id: ContactId) {
        let Some(candidate) = self.known.contacts.get_mut(&id) else {
            // A holder that the caller did not load: leave it to the next run rather than guess.
            self.plan.counts.conflict += 1;
            self.entry(Outcome::Conflict, incoming, None, Some("its contact changed meanwhile"));
            return;
        };
        let before = candidate.fields.clone();
        let is_primary = candidate.mapped == 0;
        candidate.mapped += 1;
        candidate.fields.fill(incoming, self.source, &candidate.edited);
        let same = candidate.fields == before;
        self.map(incoming, id, is_primary, false);
        self.plan.counts.linked += 1;
        if same || self.new.contains(&id) {
            self.plan.linked.push((incoming.resolved.remote_id.clone(), id));
            if !same {
                self.reclaim(id, Some(&before));
            }
        } else {
            self.reclaim(id, Some(&before));
            self.changed(
                Outcome::Linked,
                incoming,
                id,
                Some(before),
                Some("the book already has this person"),
            );
        }
    }

    fn create(&mut self, incoming: &Incoming, id: ContactId) {
        if let Some(room) = &mut self.known.room {
            *room -= 1;
        }
        let fields = ContactFields::new(incoming, self.source);
        self.known.contacts.insert(id, Candidate { fields, edited: Vec::new(), mapped: 1 });
        self.new.push(id);
        self.map(incoming, id, true, false);
        self.reclaim(id, None);
        self.plan.counts.created += 1;
        self.plan.created.push((incoming.resolved.remote_id.clone(), id));
    }

    /// Keeps `holders` true to the contact's fields, so that the next person of the page meets them.
    fn reclaim(&mut self, id: ContactId, before: Option<&ContactFields>) {
        self.touched.insert(id);
        let after = self.known.contacts.get(&id).map(|known| known.fields.identifiers());
        let after = after.unwrap_or_default();
        for lost in before.map(ContactFields::identifiers).unwrap_or_default() {
            if !after.contains(&lost)
                && let Some(holders) = self.known.holders.get_mut(&lost)
            {
                holders.retain(|holder| *holder != id);
                self.plan.releases.push((lost, id));
            }
        }
        for identifier in after {
            let holders = self.known.holders.entry(identifier.clone()).or_default();
            let free = match identifier.kind {
                // An address belongs to one contact; who has it keeps it.
                IdentifierKind::Email => holders.is_empty(),
                IdentifierKind::Phone => !holders.contains(&id),
            };
            if free {
                holders.push(id);
                self.plan.claims.push((identifier, id));
            }
        }
    }

    fn map(&mut self, incoming: &Incoming, contact_id: ContactId, is_primary: bool, gone: bool) {
        self.plan.mappings.push(PlannedMapping {
            remote_id: incoming.resolved.remote_id.clone(),
            contact_id,
            fingerprint: incoming.fingerprint,
            is_primary,
            gone,
            remote_updated_at: incoming.resolved.remote_updated_at,
        });
    }

    fn changed(
        &mut self,
        outcome: Outcome,
        incoming: &Incoming,
        id: ContactId,
        before: Option<ContactFields>,
        reason: Option<&str>,
    ) {
        let after = self.known.contacts.get(&id).map(|known| known.fields.clone());
        let (before, after) = difference(before, after);
        self.plan.entries.push(PlannedEntry {
            before,
            after,
            ..entry(outcome, incoming, Some(id), reason)
        });
    }

    fn entry(
        &mut self,
        outcome: Outcome,
        incoming: &Incoming,
        contact_id: Option<ContactId>,
        reason: Option<&str>,
    ) {
        if reason == Some(LIMIT) {
            self.plan.limit_reached = true;
        }
        self.plan.entries.push(entry(outcome, incoming, contact_id, reason));
    }

    fn finish(mut self, originals: &HashMap<ContactId, ContactFields>) -> PagePlan {
        let new: HashSet<ContactId> = self.new.iter().copied().collect();
        for id in &self.new {
            if let Some(candidate) = self.known.contacts.remove(id) {
                self.plan.inserts.push((*id, candidate.fields));
            }
        }
        for id in self.touched.iter().filter(|id| !new.contains(id)) {
            let after = self.known.contacts.remove(id).map(|candidate| candidate.fields);
            if let Some(after) = after.filter(|after| Some(after) != originals.get(id)) {
                self.plan.updates.push((*id, after));
            }
        }
        // A claim that a later person of the page made us take back is no claim.
        let held = std::mem::take(&mut self.known.holders);
        let still = |(identifier, id): &(Identifier, ContactId)| {
            held.get(identifier).is_some_and(|holders| holders.contains(id))
        };
        self.plan.claims.retain(still);
        self.plan.releases.retain(|release| !still(release));
        self.plan
    }
}

/// Why a record was not taken although nothing is wrong with it.
pub(in crate::domain) const LIMIT: &str = "the plan has no room for more contacts";

fn entry(
    outcome: Outcome,
    incoming: &Incoming,
    contact_id: Option<ContactId>,
    reason: Option<&str>,
) -> PlannedEntry {
    PlannedEntry {
        outcome,
        remote_id: incoming.resolved.remote_id.clone(),
        remote_name: incoming.full_name.clone(),
        contact_id,
        before: None,
        after: None,
        reason: reason.map(str::to_owned),
    }
}

/// The fields that differ, as they were and as they are.
fn difference(
    before: Option<ContactFields>,
    after: Option<ContactFields>,
) -> (Option<Value>, Option<Value>) {
    let object = |fields: Option<ContactFields>| match fields.map(serde_json::to_value) {
        Some(Ok(Value::Object(map))) => map,
        _ => Map::new(),
    };
    let (before, after) = (object(before), object(after));
    let differs: Vec<String> = after
        .iter()
        .filter(|(field, value)| before.get(*field) != Some(value))
        .map(|(field, _)| field.clone())
        .collect();
    let only = |from: &Map<String, Value>| -> Value {
        differs
            .iter()
            .filter_map(|field| Some((field.clone(), from.get(field)?.clone())))
            .collect::<Map<_, _>>()
            .into()
    };
    (Some(only(&before)), Some(only(&after)))
}
