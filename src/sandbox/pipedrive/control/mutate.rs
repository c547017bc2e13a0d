//! Changes from the other side: what other users of the CRM do meanwhile.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    super::stage::dice::Dice,
    api::persons::absorb,
    records::{
        fields::Of,
        ids::Slot,
        persons::{Entry, Person},
    },
    world::Account,
};

/// How many of what; ids are drawn from the living unless named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    #[serde(default, rename = "company_id")]
    _company: Option<u64>,
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
    #[serde(default)]
    change_ids: Vec<u64>,
    #[serde(default)]
    delete_ids: Vec<u64>,
    /// `[[gone, survivor], ...]`
    #[serde(default)]
    merge_ids: Vec<(u64, u64)>,
    /// Another seed draws other ids.
    #[serde(default)]
    seed: u64,
    /// Happens right after that many more pages of persons have been answered.
    after_pages: Option<u64>,
}

/// Changes that wait.
#[derive(Debug)]
pub(crate) struct Plan {
    at: u64,
    ask: Ask,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Mutation {
    changed: Vec<u64>,
    deleted: Vec<u64>,
    merged: Vec<(u64, u64)>,
    created: Vec<u64>,
}

impl Mutation {
    pub(crate) fn json(&self) -> Value {
        let merged: Vec<Value> =
            self.merged.iter().map(|(from, into)| json!({ "from": from, "into": into })).collect();
        json!({
            "changed": self.changed, "deleted": self.deleted, "merged": merged,
            "created": self.created,
        })
    }
}

impl Account {
    /// Does it now, or plans it; answers what was done.
    pub(crate) fn mutate(&mut self, ask: Ask, now: u64) -> Value {
        if let Some(pages) = ask.after_pages {
            self.planned.push(Plan { at: self.lists + pages, ask });
            return json!({ "planned": true });
        }
        let done = self.mutate_now(&ask, now);
        let shown = done.json();
        self.mutations.push(done);
        shown
    }

    /// As in an account whose labels nobody has set up.
    pub(crate) fn forget_labels(&mut self) {
        let fields = &mut self.fields[Of::Person as usize];
        for field in fields.iter_mut().filter(|field| field.code == "label_ids") {
            field.options = Some(vec![]);
        }
    }

    /// A page of persons went out: what waited for it happens.
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

    fn mutate_now(&mut self, ask: &Ask, now: u64) -> Mutation {
        let mut done = Mutation::default();
        let mut dice = Dice::new(self.population.seed, 100 + ask.seed, self.persons.next_id());
        let mut taken = std::collections::HashSet::new();
        let drawn = self.draw(&mut dice, &mut taken, ask.change);
        for id in drawn.into_iter().chain(ask.change_ids.iter().copied()) {
            if let Some(person) = self.living(id) {
                self.persons.put(renamed(person, now));
                done.changed.push(id);
            }
        }
        let drawn = self.draw(&mut dice, &mut taken, ask.delete);
        for id in drawn.into_iter().chain(ask.delete_ids.iter().copied()) {
            if let Some(person) = self.living(id) {
                self.remove_person(person, None, now);
                done.deleted.push(id);
            }
        }
        let gone = self.draw(&mut dice, &mut taken, ask.merge);
        let stay = self.draw(&mut dice, &mut taken, ask.merge);
        for (from, into) in gone.into_iter().zip(stay).chain(ask.merge_ids.iter().copied()) {
            if let (Some(gone), Some(survivor)) = (self.living(from), self.living(into))
                && from != into
            {
                absorb(self, gone, survivor, now);
                done.merged.push((from, into));
            }
        }
        for _ in 0..ask.create {
            let person = self.newcomer(&mut dice, now);
            done.created.push(person.id);
            self.persons.put(person);
        }
        done
    }

    fn living(&self, id: u64) -> Option<Person> {
        self.person(id).filter(|person| !person.is_deleted)
    }

    /// Ids of generated persons that still live, none twice.
    fn draw(
        &self,
        dice: &mut Dice,
        taken: &mut std::collections::HashSet<u64>,
        count: u64,
    ) -> Vec<u64> {
        let ids = &self.population.persons.ids;
        let mut drawn = vec![];
        // Gives up when nearly everybody is gone.
        for _ in 0..count.saturating_mul(20) {
            if drawn.len() as u64 == count {
                break;
            }
            let id = ids.id(dice.below(ids.living()));
            let lives = matches!(ids.slot(id), Slot::Living(_))
                && self.persons.change(id).is_none_or(|person| !person.is_deleted);
            if lives && taken.insert(id) {
                drawn.push(id);
            }
        }
        drawn
    }

    fn newcomer(&self, dice: &mut Dice, now: u64) -> Person {
        let id = self.persons.next_id();
        let mut person = self.population.person(dice.below(self.population.persons.ids.living()));
        let phone = format!("+4930{:08}", 20_000_000 + id % 10_000_000);
        person.id = id;
        person.name = Some(format!("Nora Neu {id}"));
        person.first_name = Some("Nora".into());
        person.last_name = Some(format!("Neu {id}"));
        person.emails = vec![Entry::work(format!("nora.{id}@new.example"))];
        person.phones = vec![Entry { e164: Some(phone.clone()), ..Entry::work(phone) }];
        person.visible_to = 3;
        person.label_ids = vec![];
        person.add_time = now;
        person.update_time = now;
        person
    }
}

fn renamed(mut person: Person, now: u64) -> Person {
    let last = format!("Changed-{}", now % 100_000);
    person.name = Some(format!("{} {last}", person.first_name.as_deref().unwrap_or("Anna")));
    person.last_name = Some(last);
    person.update_time = now.max(person.update_time + 1);
    person
}
