//! Changes from the other side: what other users of the CRM do meanwhile.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::{
    super::stage::dice::Dice,
    records::{Module, Record, book::Sort, id_of},
    world::Account,
};

/// How many of what; ids are drawn from the living unless named, as text or numbers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    #[serde(default, rename = "company_id")]
    _company: Value,
    /// Renames so many and gives each another number.
    #[serde(default)]
    change: u64,
    #[serde(default)]
    delete: u64,
    /// Merges so many into so many others.
    #[serde(default)]
    merge: u64,
    #[serde(default)]
    create: u64,
    #[serde(default, deserialize_with = "ids")]
    change_ids: Vec<u64>,
    #[serde(default, deserialize_with = "ids")]
    delete_ids: Vec<u64>,
    /// `[[gone, survivor], ...]`
    #[serde(default)]
    merge_ids: Vec<(Value, Value)>,
    /// Another seed draws other ids.
    #[serde(default)]
    seed: u64,
    /// Happens right after that many more pages of contacts have been answered.
    after_pages: Option<u64>,
}

fn ids<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    let given = Vec::<Value>::deserialize(from)?;
    let read = |value: &Value| id_of(value).ok_or_else(|| serde::de::Error::custom("no id"));
    given.iter().map(read).collect()
}

/// Changes that wait.
#[derive(Debug)]
pub(crate) struct Plan {
    at: u64,
    ask: Ask,
}

impl Account {
    /// Does it now, or plans it; answers what was done.
    pub(crate) fn mutate(&mut self, ask: Ask, now: u64) -> Value {
        if let Some(pages) = ask.after_pages {
            self.planned.push(Plan { at: self.lists + pages, ask });
            return json!({ "planned": true });
        }
        let done = self.mutate_now(&ask, now);
        self.mutations.push(done.clone());
        done
    }

    /// A page of contacts went out: what waited for it happens.
    pub(crate) fn list_answered(&mut self, now: u64) {
        self.lists += 1;
        let (due, waiting): (Vec<Plan>, Vec<Plan>) =
            std::mem::take(&mut self.planned).into_iter().partition(|plan| plan.at <= self.lists);
        self.planned = waiting;
        for plan in due {
            let done = self.mutate_now(&plan.ask, now);
            self.mutations.push(done);
        }
    }

    fn mutate_now(&mut self, ask: &Ask, now: u64) -> Value {
        let (mut changed, mut deleted, mut merged, mut created) = (vec![], vec![], vec![], vec![]);
        let mut dice = Dice::new(self.population.seed, 100 + ask.seed, self.mutations.len() as u64);
        let mut taken = HashSet::new();
        let drawn = self.draw(&mut dice, &mut taken, ask.change);
        for id in drawn.into_iter().chain(ask.change_ids.iter().copied()) {
            if let Some(person) = self.living(Module::Contacts, id) {
                self.put(Module::Contacts, renamed(person, now));
                changed.push(id.to_string());
            }
        }
        let drawn = self.draw(&mut dice, &mut taken, ask.delete);
        for id in drawn.into_iter().chain(ask.delete_ids.iter().copied()) {
            if self.remove(id, None, now) {
                deleted.push(id.to_string());
            }
        }
        let gone = self.draw(&mut dice, &mut taken, ask.merge);
        let stay = self.draw(&mut dice, &mut taken, ask.merge);
        let named = ask.merge_ids.iter().filter_map(|(one, other)| id_of(one).zip(id_of(other)));
        for (from, into) in gone.into_iter().zip(stay).chain(named) {
            if from != into && self.merge(from, into, now) {
                merged.push(json!({ "from": from.to_string(), "into": into.to_string() }));
            }
        }
        for _ in 0..ask.create {
            let id = self.next_id(Module::Contacts);
            let person = self.newcomer(&mut dice, id, now);
            self.put(Module::Contacts, person);
            created.push(id.to_string());
        }
        json!({ "changed": changed, "deleted": deleted, "merged": merged, "created": created })
    }

    /// The loser of a merge goes like any other; what pointed at it points at the survivor.
    fn merge(&mut self, from: u64, into: u64, now: u64) -> bool {
        let (loser, survivor) =
            (self.living(Module::Contacts, from), self.living(Module::Contacts, into));
        let (Some(loser), Some(mut survivor)) = (loser, survivor) else { return false };
        for (key, value) in loser.values {
            survivor.values.entry(key).or_insert(value);
        }
        survivor.modified = now;
        self.put(Module::Contacts, survivor);
        let of = |deal: &Record| deal.lookup("Contact_Name") == Some(from);
        let deals: Vec<Record> =
            self.walk(Module::Deals, Sort::Id, None).map(|(_, deal)| deal).filter(of).collect();
        for mut deal in deals {
            deal.values.insert("Contact_Name".into(), json!({ "id": into.to_string() }));
            deal.modified = now;
            self.put(Module::Deals, deal);
        }
        self.remove(from, Some(into), now)
    }

    fn remove(&mut self, id: u64, into: Option<u64>, now: u64) -> bool {
        let Some(mut person) = self.living(Module::Contacts, id) else { return false };
        person.deleted = Some(now);
        person.merged_into = into;
        person.modified = now;
        self.put(Module::Contacts, person);
        true
    }

    /// Ids of generated contacts that still live, none twice.
    fn draw(&self, dice: &mut Dice, taken: &mut HashSet<u64>, count: u64) -> Vec<u64> {
        let roll = &self.population.contacts;
        let mut drawn = vec![];
        // Gives up when nearly everybody is gone.
        for _ in 0..count.saturating_mul(20) {
            if drawn.len() as u64 == count {
                break;
            }
            let id = roll.id(dice.below(roll.living));
            if self.living(Module::Contacts, id).is_some() && taken.insert(id) {
                drawn.push(id);
            }
        }
        drawn
    }

    fn newcomer(&self, dice: &mut Dice, id: u64, now: u64) -> Record {
        let mut person =
            self.population.contact(dice.below(self.population.contacts.living.max(1)));
        let phone = format!("+4930{:08}", 20_000_000 + id % 10_000_000);
        person.id = id;
        for (key, value) in [
            ("First_Name", "Nora".to_owned()),
            ("Last_Name", format!("Neu {id}")),
            ("Email", format!("nora.{id}@new.example")),
            ("Phone", phone.clone()),
        ] {
            person.values.insert(key.into(), json!(value));
        }
        for key in ["Secondary_Email", "Mobile", "Home_Phone", "Other_Phone"] {
            person.values.remove(key);
        }
        person.e164 = vec![phone];
        person.tags = vec![];
        person.created = now;
        person.modified = now;
        person
    }
}

fn renamed(mut person: Record, now: u64) -> Record {
    person.values.insert("Last_Name".into(), json!(format!("Changed-{}", now % 100_000)));
    person.modified = now.max(person.modified + 1);
    person
}
