//! Numbers about the records around a record, computed when asked for.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::{
    records::{ids::Slot, persons::Extra},
    world::Account,
};

/// Deals by status: open, won, lost.
type Tally = [u64; 3];

/// The changed deals, counted once for a whole page.
#[derive(Debug)]
pub(crate) struct Counts<'a> {
    account: &'a Account,
    by_person: HashMap<u64, Tally>,
    by_organization: HashMap<u64, Tally>,
}

impl<'a> Counts<'a> {
    pub(crate) fn new(account: &'a Account) -> Self {
        let mut counts =
            Self { account, by_person: HashMap::new(), by_organization: HashMap::new() };
        for deal in account.deals.changes().filter(|deal| !deal.is_deleted) {
            let status = deal.status.index();
            if let Some(person) = deal.person_id {
                counts.by_person.entry(person).or_default()[status] += 1;
            }
            if let Some(organization) = deal.org_id {
                counts.by_organization.entry(organization).or_default()[status] += 1;
            }
        }
        counts
    }

    pub(crate) fn person(&self, id: u64, include: &[&'static str]) -> Vec<Extra> {
        if include.is_empty() {
            return vec![];
        }
        let mut tally = self.by_person.get(&id).copied().unwrap_or_default();
        if let Slot::Living(index) = self.account.population.persons.ids.slot(id) {
            self.add_generated(index, &mut tally);
        }
        extras(include, tally, 0)
    }

    pub(crate) fn organization(&self, id: u64, include: &[&'static str]) -> Vec<Extra> {
        if include.is_empty() {
            return vec![];
        }
        let population = &self.account.population;
        let mut tally = self.by_organization.get(&id).copied().unwrap_or_default();
        if let Slot::Living(index) = population.organizations.ids.slot(id) {
            for person in population.staff.members(index) {
                if population.employer(person) == Some(index) {
                    self.add_generated(person, &mut tally);
                }
            }
        }
        extras(include, tally, people_of(self.account, id).len())
    }

    /// Adds the deals of a person that nobody has changed.
    fn add_generated(&self, person: u64, tally: &mut Tally) {
        let population = &self.account.population;
        for deal in population.customers.members(person) {
            if population.customer(deal) == Some(person)
                && self.account.deals.change(population.deals.ids.id(deal)).is_none()
            {
                tally[population.deal_status(deal).index()] += 1;
            }
        }
    }
}

fn extras(include: &[&'static str], [open, won, lost]: Tally, people: usize) -> Vec<Extra> {
    include
        .iter()
        .map(|&name| {
            let value = match name {
                "open_deals_count" => json!(open),
                "closed_deals_count" => json!(won + lost),
                "won_deals_count" => json!(won),
                "lost_deals_count" => json!(lost),
                "people_count" => json!(people),
                "marketing_status" => json!("no_consent"),
                name if name.ends_with("_count") => json!(0),
                _ => Value::Null,
            };
            (name, value)
        })
        .collect()
}

/// The ids of the living persons of an organization.
pub(crate) fn people_of(account: &Account, organization: u64) -> Vec<u64> {
    let population = &account.population;
    let mut people = vec![];
    if let Slot::Living(index) = population.organizations.ids.slot(organization) {
        people.extend(
            population
                .staff
                .members(index)
                .filter(|&person| population.employer(person) == Some(index))
                .map(|person| population.persons.ids.id(person))
                .filter(|&id| account.persons.change(id).is_none()),
        );
    }
    let changed = account.persons.changes();
    people.extend(
        changed
            .filter(|person| person.org_id == Some(organization) && !person.is_deleted)
            .map(|person| person.id),
    );
    people
}
