//! A page on the way through: the book as it will be, and the writes that bring it there.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::domain::{
    ContactId, RemoteId,
    intake::{
        ContactFields, Identifier, IdentifierKind, Incoming, Source,
        plan::{
            Candidate, Holders, Known, Outcome, PagePlan, PersonMapping, PlannedEntry,
            PlannedMapping,
            judge::{LIMIT, Verdict},
            log::{difference, entry},
        },
    },
};

/// Of a record that says who it is, and has an address that says another.
const TWO: &str = "its id and its e-mail belong to different contacts";

pub(super) struct Desk<'a> {
    plan: PagePlan,
    new: Vec<ContactId>,
    touched: BTreeSet<ContactId>,
    handled: HashSet<RemoteId>,
    known: &'a mut Known,
    source: &'a Source<'a>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(known: &'a mut Known, source: &'a Source<'a>) -> Self {
        Self {
            plan: PagePlan::default(),
            new: Vec::new(),
            touched: BTreeSet::new(),
            handled: HashSet::new(),
            known,
            source,
        }
    }

    pub(super) fn take(&mut self, incoming: &Incoming, fresh: &mut dyn FnMut() -> ContactId) {
        self.plan.counts.seen += 1;
        if !self.handled.insert(incoming.resolved.remote_id.clone()) {
            // The provider sent it twice in one page.
            self.plan.counts.unchanged += 1;
            return;
        }
        match self.known.judge(incoming) {
            Verdict::Mapped(mapping) if !self.source.follows => {
                if self.is_of_another(incoming, mapping.contact_id) {
                    self.plan.counts.conflict += 1;
                    self.entry(Outcome::Conflict, incoming, None, Some(TWO));
                } else {
                    self.link(incoming, mapping.contact_id);
                }
            }
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

    fn update(&mut self, incoming: &Incoming, mapping: &PersonMapping) {
        let id = mapping.contact_id;
        let gone = incoming.resolved.deleted;
        let before = self.known.contacts.get(&id).map(|known| known.fields.clone());
        let mut is_primary = mapping.is_primary;
        if let Some(candidate) = self.known.contacts.get_mut(&id) {
            if mapping.gone && !gone {
                // Back again: the primary one only if nobody took over meanwhile.
                is_primary = candidate.mapped == 0;
                candidate.mapped += 1;
            }
            if gone {
                candidate.mapped -= u32::from(!mapping.gone && candidate.mapped > 0);
            } else if is_primary {
                let shared = candidate.mapped > 1;
                candidate.fields.take(incoming, self.source, &candidate.edited, shared);
            } else {
                candidate.fields.fill(incoming, self.source, &candidate.edited, false);
            }
        }
        self.map(incoming, id, is_primary, gone);
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

    /// Whether one of its addresses belongs to somebody else.
    fn is_of_another(&self, incoming: &Incoming, id: ContactId) -> bool {
        incoming
            .identifiers
            .iter()
            .filter(|found| found.kind == IdentifierKind::Email)
            .filter_map(|found| self.known.holders.get(found))
            .flatten()
            .any(|holder| *holder != id)
    }

    fn link(&mut self, incoming: &Incoming, id: ContactId) {
        let Some(candidate) = self.known.contacts.get_mut(&id) else {
            // A holder that the caller did not load: leave it to the next run rather than guess.
            self.plan.counts.conflict += 1;
            self.entry(Outcome::Conflict, incoming, None, Some("its contact changed meanwhile"));
            return;
        };
        let before = candidate.fields.clone();
        let is_primary = self.source.follows && candidate.mapped == 0;
        candidate.mapped += 1;
        candidate.fields.fill(incoming, self.source, &candidate.edited, is_primary);
        let same = candidate.fields == before;
        self.map(incoming, id, is_primary, false);
        if same && !self.source.follows {
            // Nothing is kept about it: it was there, and stays as it is.
            self.plan.counts.unchanged += 1;
            return;
        }
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
        // A contact that nobody has yet has what came, and nothing else.
        self.touched.insert(id);
        self.claim(id, incoming.identifiers.clone());
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
            }
        }
        self.claim(id, after);
    }

    fn claim(&mut self, id: ContactId, wanted: Vec<Identifier>) {
        for identifier in wanted {
            let kind = identifier.kind;
            let holders = self.known.holders.entry(identifier).or_default();
            let free = match kind {
                // An address belongs to one contact; who has it keeps it.
                IdentifierKind::Email => holders.is_empty(),
                IdentifierKind::Phone => !holders.contains(&id),
            };
            if free {
                holders.push(id);
            }
        }
    }

    fn map(&mut self, incoming: &Incoming, contact_id: ContactId, is_primary: bool, gone: bool) {
        if !self.source.follows {
            return;
        }
        self.plan.mappings.push(PlannedMapping {
            remote_id: incoming.resolved.remote_id.clone(),
            contact_id,
            is_new: !self.known.mappings.contains_key(&incoming.resolved.remote_id),
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

    /// An address that a contact gave back goes to another one of the page that has it as well, to
    /// the oldest of several. Nobody looks for others in the book.
    fn inherit(&mut self) {
        let Known { holders, contacts, .. } = &mut *self.known;
        if !holders.values().any(Vec::is_empty) {
            return;
        }
        let mut contacts: Vec<_> = contacts.iter().collect();
        contacts.sort_by_key(|(id, _)| **id);
        for (id, candidate) in contacts {
            for identifier in candidate.fields.identifiers() {
                if let Some(free) = holders.get_mut(&identifier).filter(|found| found.is_empty()) {
                    free.push(*id);
                }
            }
        }
    }

    pub(super) fn finish(
        mut self,
        originals: &HashMap<ContactId, ContactFields>,
        held: &Holders,
    ) -> PagePlan {
        self.inherit();
        let holders = std::mem::take(&mut self.known.holders);
        // Only the difference is written: what went back and forth within the page is nothing.
        self.plan.claims = beyond(&holders, held);
        self.plan.releases = beyond(held, &holders);
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
        self.plan
    }
}

/// Who holds what in `these` and not in `base`, in an order that does not change.
fn beyond(these: &Holders, base: &Holders) -> Vec<(Identifier, ContactId)> {
    let mut found: Vec<(Identifier, ContactId)> = Vec::new();
    for (identifier, holders) in these {
        let known = base.get(identifier).map_or(&[][..], Vec::as_slice);
        let new = holders.iter().filter(|holder| !known.contains(holder));
        found.extend(new.map(|holder| (identifier.clone(), *holder)));
    }
    found.sort();
    found
}
