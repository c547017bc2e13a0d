//! Changes from the other side: what other users of the CRM do meanwhile.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    records::{
        kind::Kind,
        record::{DIALLED, Millis, Record},
    },
    world::Account,
};
use crate::sandbox::stage::dice::Dice;

/// How many of what; ids are drawn from the living unless named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    #[serde(default, rename = "company_id")]
    _company: Option<u64>,
    /// Renames so many and gives each another number, all in the same millisecond.
    #[serde(default)]
    change: usize,
    #[serde(default)]
    delete: usize,
    /// Merges so many into so many others.
    #[serde(default)]
    merge: usize,
    #[serde(default)]
    create: usize,
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
    /// Happens right after that many more pages of contacts have been answered.
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
        let texts = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<_>>();
        let merged: Vec<Value> = self
            .merged
            .iter()
            .map(|(from, into)| json!({ "from": from.to_string(), "into": into.to_string() }))
            .collect();
        json!({
            "changed": texts(&self.changed), "deleted": texts(&self.deleted), "merged": merged,
            "created": texts(&self.created),
        })
    }
}

impl Account {
    /// Does it now, or plans it; answers what was done.
    pub(crate) fn mutate(&mut self, ask: Ask, now: Millis) -> Value {
        if let Some(pages) = ask.after_pages {
            self.planned.push(Plan { at: self.pages + pages, ask });
            return json!({ "planned": true });
        }
        let done = self.mutate_now(&ask, now);
        let shown = done.json();
        self.mutations.push(done);
        shown
    }

    /// What waited for the pages answered so far happens.
    pub(crate) fn planned_changes(&mut self, now: Millis) {
        let (due, waiting): (Vec<Plan>, Vec<Plan>) =
            std::mem::take(&mut self.planned).into_iter().partition(|plan| plan.at <= self.pages);
        self.planned = waiting;
        for plan in due {
            let done = self.mutate_now(&plan.ask, now);
            self.mutations.push(done);
        }
    }

    fn mutate_now(&mut self, ask: &Ask, now: Millis) -> Mutation {
        let mut done = Mutation::default();
        let next = self.book.next_id(Kind::Contacts);
        let mut dice = Dice::new(ask.seed, 100, next);
        let mut living: Vec<u64> = self
            .book
            .all(Kind::Contacts)
            .filter(|record| record.is_living())
            .map(|record| record.id)
            .collect();
        let mut draw = |count: usize| -> Vec<u64> {
            let mut drawn = vec![];
            while drawn.len() < count && !living.is_empty() {
                let at = dice.below(living.len() as u64);
                drawn.push(living.swap_remove(usize::try_from(at).unwrap_or(0)));
            }
            drawn
        };
        let (change, delete) = (draw(ask.change), draw(ask.delete));
        let (gone, stay) = (draw(ask.merge), draw(ask.merge));
        for id in change.into_iter().chain(ask.change_ids.iter().copied()) {
            if let Some(record) = self.book.living(Kind::Contacts, id).cloned() {
                self.put(Kind::Contacts, renamed(record, now));
                done.changed.push(id);
            }
        }
        for id in delete.into_iter().chain(ask.delete_ids.iter().copied()) {
            if self.archive(Kind::Contacts, id, now) {
                done.deleted.push(id);
            }
        }
        for (from, into) in gone.into_iter().zip(stay).chain(ask.merge_ids.iter().copied()) {
            if self.merge(from, into, now) {
                done.merged.push((from, into));
            }
        }
        for _ in 0..ask.create {
            let record = newcomer(self.book.next_id(Kind::Contacts), now);
            done.created.push(record.id);
            self.put(Kind::Contacts, record);
        }
        done
    }
}

fn newcomer(id: u64, now: Millis) -> Record {
    let phone = format!("+4930{:08}", 20_000_000 + id % 10_000_000);
    Record { id, created: now, modified: now, ..Record::default() }
        .with("firstname", "Nora")
        .with("lastname", format!("Neu {id}"))
        .with("email", format!("nora.{id}@new.example"))
        .with("phone", phone.clone())
        .with(DIALLED, phone)
}

fn renamed(mut record: Record, now: Millis) -> Record {
    record.set("lastname", format!("Changed-{}", now % 100_000));
    record.modified = now.max(record.modified + 1);
    record
}
