//! What a correct import ends with, from how the records were made.
//!
//! Addresses count when they are addresses, trimmed and in small letters; numbers count in
//! E.164. `import` plays the rules of matching over all living persons in the order of their
//! ids: any known address links, otherwise any known number links unless both sides have
//! addresses and share none (`phone_only`, held for review), otherwise the person is new;
//! identifiers of two different contacts are a conflict. Held and conflicting records add no
//! identifiers.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::super::{
    records::{
        book::{Sort, Step},
        ids::Slot,
        persons::Person,
    },
    world::Account,
};

fn living(account: &Account) -> impl Iterator<Item = Person> + '_ {
    let population = &account.population;
    account
        .persons
        .walk(&population.persons, Sort::Id, false, None)
        .filter_map(|(_, step)| match step {
            Step::Generated { index, .. } => Some(population.person(index)),
            Step::Changed { id } => account.persons.change(id).cloned(),
        })
        .filter(|person| !person.is_deleted)
}

/// Well-formed addresses, trimmed and in small letters.
fn addresses(person: &Person) -> Vec<String> {
    let mut found: Vec<String> = person
        .emails
        .iter()
        .filter_map(|entry| entry.value.as_deref())
        .map(|text| text.trim().to_lowercase())
        .filter(|text| is_address(text))
        .collect();
    found.dedup();
    found
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && host.contains('.')
            && !text.contains(char::is_whitespace)
            && !host.contains('@')
            && !host.starts_with('.')
    })
}

fn numbers(person: &Person) -> Vec<&str> {
    person.phones.iter().filter_map(|entry| entry.e164.as_deref()).collect()
}

/// Contacts that an import builds, by what identifies them.
#[derive(Default)]
struct Import {
    by_address: HashMap<String, usize>,
    by_number: HashMap<String, usize>,
    has_address: Vec<bool>,
    linked_by_address: u64,
    linked_by_number: u64,
    phone_only: u64,
    conflict: u64,
}

impl Import {
    fn judge(&mut self, addresses: &[String], numbers: &[&str]) {
        let by_address: HashSet<usize> =
            addresses.iter().filter_map(|text| self.by_address.get(text)).copied().collect();
        let by_number: HashSet<usize> =
            numbers.iter().filter_map(|text| self.by_number.get(*text)).copied().collect();
        let contact = match (by_address.len(), by_number.len()) {
            (0, 0) => {
                self.has_address.push(false);
                self.has_address.len() - 1
            }
            (1, _) if by_number.is_subset(&by_address) => {
                self.linked_by_address += 1;
                by_address.into_iter().next().unwrap_or_default()
            }
            (0, 1) => {
                let contact = by_number.into_iter().next().unwrap_or_default();
                if !addresses.is_empty() && self.has_address[contact] {
                    self.phone_only += 1;
                    return;
                }
                self.linked_by_number += 1;
                contact
            }
            _ => {
                self.conflict += 1;
                return;
            }
        };
        self.has_address[contact] |= !addresses.is_empty();
        for text in addresses {
            self.by_address.entry(text.clone()).or_insert(contact);
        }
        for text in numbers {
            self.by_number.entry((*text).to_owned()).or_insert(contact);
        }
    }
}

pub(crate) fn counts(account: &Account) -> Value {
    let population = &account.population;
    let (mut persons, mut nameless, mut bare, mut private) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut malformed, mut unreadable, mut unowned) = (0_u64, 0_u64, 0_u64);
    let (mut emails, mut phones, mut humans) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut import = Import::default();
    for person in living(account) {
        let (addresses, numbers) = (addresses(&person), numbers(&person));
        persons += 1;
        nameless += u64::from(person.name.as_deref().unwrap_or_default().trim().is_empty());
        bare += u64::from(addresses.is_empty() && numbers.is_empty());
        private += u64::from(person.visible_to == 1);
        unowned += u64::from(person.owner_id.is_none());
        malformed += (person.emails.len() - addresses.len().min(person.emails.len())) as u64;
        unreadable += (person.phones.len() - numbers.len()) as u64;
        humans.insert(human(account, person.id));
        import.judge(&addresses, &numbers);
        phones.extend(numbers.into_iter().map(ToOwned::to_owned));
        emails.extend(addresses);
    }
    let deleted = account.persons.changes().filter(|person| person.is_deleted).count();
    let merged = account.persons.changes().filter(|person| person.merged_into.is_some()).count();
    json!({
        "company_id": account.company.id,
        "persons": persons,
        "organizations": alive(
            population.organizations.ids.living(),
            account.organizations.changes().map(|record| {
                (record.is_deleted, population.organizations.ids.slot(record.id))
            }),
        ),
        "deals": alive(
            population.deals.ids.living(),
            account.deals.changes().map(|deal| {
                (deal.is_deleted, population.deals.ids.slot(deal.id))
            }),
        ),
        "purged_before": population.persons.ids.gone(),
        "deleted_since": deleted - merged,
        "merged_since": merged,
        "humans": humans.len(),
        "distinct_emails": emails.len(),
        "distinct_phones": phones.len(),
        "without_name": nameless,
        "without_identifier": bare,
        "without_owner": unowned,
        "private": private,
        "malformed_emails": malformed,
        "unreadable_phones": unreadable,
        "import": {
            "contacts": import.has_address.len(),
            "linked_by_email": import.linked_by_address,
            "linked_by_phone": import.linked_by_number,
            "phone_only": import.phone_only,
            "conflict": import.conflict,
        },
    })
}

fn alive(generated: u64, changes: impl Iterator<Item = (bool, Slot)>) -> u64 {
    let mut alive = generated;
    for (deleted, slot) in changes {
        match (deleted, slot) {
            (true, Slot::Living(_)) => alive -= 1,
            (false, Slot::Unused) => alive += 1,
            _ => {}
        }
    }
    alive
}

/// The id of the record that a record doubles, or its own.
fn human(account: &Account, id: u64) -> u64 {
    let population = &account.population;
    match population.persons.ids.slot(id) {
        Slot::Living(index) => population.persons.ids.id(population.human(index)),
        Slot::Gone | Slot::Unused => id,
    }
}

/// Persons with their identifiers as they are meant.
pub(crate) fn persons(account: &Account, ids: Option<Vec<u64>>, after: u64, limit: u64) -> Value {
    let shown = |person: &Person| {
        json!({
            "id": person.id,
            "name": person.name,
            "same_human_as": human(account, person.id),
            "emails": addresses(person),
            "phones": numbers(person),
            "is_deleted": person.is_deleted,
            "merged_into": person.merged_into,
            "org_id": person.org_id,
            "owner_id": person.owner_id,
        })
    };
    match ids {
        Some(ids) => ids
            .into_iter()
            .filter_map(|id| match account.person(id) {
                Some(person) => Some(shown(&person)),
                None => account
                    .population
                    .merged_into(id)
                    .map(|into| json!({ "id": id, "is_deleted": true, "merged_into": into })),
            })
            .collect(),
        None => living(account)
            .skip_while(|person| person.id <= after)
            .take(usize::try_from(limit).unwrap_or(1_000))
            .map(|person| shown(&person))
            .collect(),
    }
}
