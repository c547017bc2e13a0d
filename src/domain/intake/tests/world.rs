//! A book in memory and persons for it: what a database does with a plan, without one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{
    ContactId, Fields, MemberId, OrganizationId, RemoteId, RemotePerson, RemoteValue,
    intake::{
        Candidate, ContactFields, Holders, Identifier, IdentifierKind, Incoming, Known,
        OrganizationRef, OwnerRef, PagePlan, PersonMapping, Source, normalize, plan, resolve,
        unasked,
    },
};

pub(super) const COUNTRY: &str = "DE";

/// What the words of a page are read with.
#[derive(Default)]
pub(super) struct Words {
    pub fields: Fields,
    pub owners: HashMap<RemoteId, OwnerRef>,
    pub organizations: HashMap<RemoteId, OrganizationRef>,
    pub default_owner: Option<MemberId>,
}

impl Words {
    pub(super) fn source(&self) -> Source<'_> {
        Source {
            follows: true,
            prefix: "crm_",
            provider: "crm",
            tag: "crm-import".to_owned(),
            country: COUNTRY,
            fields: &self.fields,
            owners: &self.owners,
            organizations: &self.organizations,
            default_owner: self.default_owner,
        }
    }

    pub(super) fn organization(&mut self, id: &str, name: &str) -> OrganizationId {
        let reference = OrganizationRef { id: OrganizationId::fresh(), name: name.to_owned() };
        let ours = reference.id;
        self.organizations.insert(RemoteId(id.to_owned()), reference);
        ours
    }
}

pub(super) fn value(text: &str) -> RemoteValue {
    RemoteValue { value: text.to_owned(), label: None, primary: false }
}

pub(super) fn person(id: &str, name: &str, emails: &[&str], phones: &[&str]) -> RemotePerson {
    RemotePerson {
        id: RemoteId(id.to_owned()),
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        emails: emails.iter().map(|text| value(text)).collect(),
        phones: phones.iter().map(|text| value(text)).collect(),
        ..RemotePerson::default()
    }
}

/// The book between two pages.
#[derive(Default)]
pub(super) struct Book {
    pub contacts: BTreeMap<ContactId, (ContactFields, Vec<String>)>,
    /// Every claim that the database would accept.
    pub identifiers: Vec<(Identifier, ContactId)>,
    pub mappings: HashMap<RemoteId, PersonMapping>,
    pub room: Option<u64>,
    pub words: Words,
}

impl Book {
    /// Somebody whom a member wrote down.
    pub(super) fn write_down(&mut self, name: &str, emails: &[&str], phones: &[&str]) -> ContactId {
        let words = Words::default();
        let incoming = self.incoming(&person("0", name, emails, phones));
        let mut fields = ContactFields::new(&incoming, &words.source());
        (fields.source, fields.tags) = (None, Vec::new());
        fields.custom_fields.clear();
        let id = ContactId::fresh();
        for identifier in fields.identifiers() {
            self.claim(identifier, id);
        }
        self.contacts.insert(id, (fields, Vec::new()));
        id
    }

    pub(super) fn incoming(&self, person: &RemotePerson) -> Incoming {
        let resolved = resolve(person.clone(), &self.words.source());
        let fingerprint = resolved.fingerprint();
        normalize(resolved, fingerprint, COUNTRY)
    }

    fn holders(&self, asked: &[Identifier]) -> Holders {
        let mut holders = Holders::new();
        for (identifier, contact) in &self.identifiers {
            if asked.contains(identifier) {
                holders.entry(identifier.clone()).or_default().push(*contact);
            }
        }
        holders
    }

    fn candidate(&self, id: ContactId) -> Candidate {
        let (fields, edited) = self.contacts[&id].clone();
        let mappings = self.mappings.values();
        let mapped = mappings.filter(|found| found.contact_id == id && !found.gone).count();
        Candidate { fields, edited, mapped: u32::try_from(mapped).unwrap_or(u32::MAX) }
    }

    /// Where the leading person of a contact is gone, the next one leads and is looked at anew.
    fn promote(&mut self) {
        let orphaned: BTreeSet<ContactId> = {
            let led = |gone| {
                let leaders = self.mappings.values().filter(|found| found.is_primary);
                let leaders = leaders.filter(move |found| found.gone == gone);
                leaders.map(|found| found.contact_id).collect::<BTreeSet<_>>()
            };
            &led(true) - &led(false)
        };
        for contact in orphaned {
            let mut heirs: Vec<_> = self
                .mappings
                .iter_mut()
                .filter(|(_, found)| found.contact_id == contact && !found.gone)
                .collect();
            heirs.sort_by(|one, other| one.0.cmp(other.0));
            if let Some((_, heir)) = heirs.into_iter().next() {
                (heir.is_primary, heir.fingerprint) = (true, 0);
            }
        }
    }

    /// These are no longer at the CRM, as a run finds out at its end.
    pub(super) fn forget(&mut self, gone: &[&str]) {
        for id in gone {
            if let Some(mapping) = self.mappings.get_mut(&RemoteId((*id).to_owned())) {
                mapping.gone = true;
            }
        }
        self.promote();
    }

    /// Plans a page as a run does: what is mapped and unchanged never reaches the plan.
    pub(super) fn plan(&self, page: &[RemotePerson]) -> PagePlan {
        let mut unchanged = 0;
        let mut changed = Vec::new();
        for person in page {
            let incoming = self.incoming(person);
            let same = |mapping: &PersonMapping| {
                mapping.fingerprint == incoming.fingerprint && !mapping.gone
            };
            if !person.deleted && self.mappings.get(&person.id).is_some_and(same) {
                unchanged += 1;
            } else {
                changed.push(incoming);
            }
        }
        let mappings = self.mappings.iter();
        let mappings: HashMap<RemoteId, PersonMapping> = mappings
            .filter(|(id, _)| changed.iter().any(|incoming| incoming.resolved.remote_id == **id))
            .map(|(id, mapping)| (id.clone(), mapping.clone()))
            .collect();
        // No more than a run loads: a plan that needs more would only fail there.
        let asked: Vec<Identifier> =
            changed.iter().flat_map(|one| &one.identifiers).cloned().collect();
        let mut holders = self.holders(&asked);
        let mut touched: BTreeSet<ContactId> = holders.values().flatten().copied().collect();
        touched.extend(mappings.values().map(|mapping| mapping.contact_id));
        let contacts = touched.into_iter().map(|id| (id, self.candidate(id))).collect();
        holders.extend(self.holders(&unasked(&contacts, &asked)));
        let known = Known { mappings, holders, contacts, room: self.room };
        let mut plan = plan(&changed, known, &self.words.source(), &mut ContactId::fresh);
        plan.counts.seen += unchanged;
        plan.counts.unchanged += unchanged;
        plan
    }

    /// Plans a page and does what the plan says.
    pub(super) fn import(&mut self, page: &[RemotePerson]) -> PagePlan {
        let plan = self.plan(page);
        assert!(plan.counts.adds_up(), "{:?}", plan.counts);
        for (id, fields) in plan.inserts.iter().chain(&plan.updates) {
            let edited = self.contacts.remove(id).map(|(_, edited)| edited).unwrap_or_default();
            self.contacts.insert(*id, (fields.clone(), edited));
        }
        for release in &plan.releases {
            self.identifiers.retain(|held| held != release);
        }
        for (identifier, contact) in &plan.claims {
            self.claim(identifier.clone(), *contact);
        }
        for new in &plan.mappings {
            if let Some(old) = self.mappings.get(&new.remote_id) {
                assert_eq!(old.contact_id, new.contact_id, "a mapping never moves");
            }
            let mapping = PersonMapping {
                contact_id: new.contact_id,
                fingerprint: new.fingerprint,
                is_primary: new.is_primary,
                gone: new.gone,
            };
            self.mappings.insert(new.remote_id.clone(), mapping);
        }
        if let Some(room) = &mut self.room {
            *room -= plan.inserts.len() as u64;
        }
        if plan.mappings.iter().any(|mapping| mapping.gone) {
            self.promote();
        }
        plan
    }

    /// What the primary key of identifiers allows: one holder of an e-mail, many of a number.
    fn claim(&mut self, identifier: Identifier, contact: ContactId) {
        let held = self.identifiers.iter().any(|(known, holder)| {
            *known == identifier && (identifier.kind == IdentifierKind::Email || *holder == contact)
        });
        assert!(!held, "a plan claims only what is free: {identifier:?}");
        self.identifiers.push((identifier, contact));
    }

    pub(super) fn of(&self, remote: &str) -> &ContactFields {
        &self.contacts[&self.mappings[&RemoteId(remote.to_owned())].contact_id].0
    }

    pub(super) fn contact_of(&self, remote: &str) -> ContactId {
        self.mappings[&RemoteId(remote.to_owned())].contact_id
    }
}
