//! Changes from the other side: what other users of the CRM do meanwhile.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::stage::dice::Dice;

use super::super::{records::table::Row, world::Account};

/// How many of what; contacts are drawn from the living unless named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    #[serde(default, rename = "company_id")]
    _company: Option<u64>,
    /// Renames so many and gives each another number.
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
    change_ids: Vec<String>,
    #[serde(default)]
    delete_ids: Vec<String>,
    /// `[[gone, survivor], ...]`
    #[serde(default)]
    merge_ids: Vec<(String, String)>,
    /// Another seed draws others.
    #[serde(default)]
    seed: u64,
    /// Happens right after that many more pages of contacts have been answered.
    after_pages: Option<u64>,
    /// All changes get one and the same time, as one transaction gives it.
    #[serde(default)]
    at_once: bool,
}

/// Changes that wait.
#[derive(Debug)]
pub(crate) struct Plan {
    at: u64,
    ask: Ask,
}

/// What was done, by the ids of the contacts.
#[derive(Debug, Default)]
pub(crate) struct Mutation {
    changed: Vec<String>,
    deleted: Vec<String>,
    merged: Vec<(String, String)>,
    created: Vec<String>,
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
    pub(crate) fn mutate(&mut self, ask: Ask, now: i64) -> Value {
        if let Some(pages) = ask.after_pages {
            self.planned.push(Plan { at: self.pages + pages, ask });
            return json!({ "planned": true });
        }
        let done = self.mutate_now(&ask, now);
        let shown = done.json();
        self.mutations.push(done);
        shown
    }

    /// A page of contacts has been answered: what was planned for after it happens.
    pub(crate) fn answered(&mut self, now: i64) {
        self.pages += 1;
        let due = self.pages;
        let (ready, later) = self.planned.drain(..).partition(|plan: &Plan| plan.at <= due);
        self.planned = later;
        for plan in Vec::<Plan>::into_iter(ready) {
            let done = self.mutate_now(&plan.ask, now);
            self.mutations.push(done);
        }
    }

    fn mutate_now(&mut self, ask: &Ask, now: i64) -> Mutation {
        let Some(table) = self.tables.get_mut("Contact") else { return Mutation::default() };
        let mut dice = Dice::new(ask.seed, 99, table.next());
        let mut living: Vec<u64> =
            table.since_id(0).filter(|(_, row)| !row.deleted).map(|(number, _)| number).collect();
        let mut draw = |table: &super::super::records::table::Table,
                        named: &[String],
                        more: usize| {
            let mut drawn: Vec<u64> = named.iter().filter_map(|id| table.number(id)).collect();
            for _ in 0..more.min(living.len()) {
                let length = u64::try_from(living.len()).unwrap_or(1);
                drawn.push(living.swap_remove(usize::try_from(dice.below(length)).unwrap_or(0)));
            }
            drawn
        };
        let mut done = Mutation::default();
        let mut at = now;
        let mut tick = || {
            at += i64::from(!ask.at_once);
            at
        };
        for number in draw(table, &ask.change_ids, ask.change) {
            let Some(mut row) = table.living(number).cloned() else { continue };
            let last = format!("Changed-{number}");
            let first = table.value(&row, "FirstName").as_str().unwrap_or("Anna").to_owned();
            table.set(&mut row, "Name", json!(format!("{first} {last}")));
            table.set(&mut row, "FirstName", json!(first));
            table.set(&mut row, "LastName", json!(last));
            table.set(&mut row, "Phone", json!(format!("+4930{}", 40_000_000 + number)));
            row.stamp = tick();
            table.put(number, row);
            done.changed.push(table.id(number));
        }
        for number in draw(table, &ask.delete_ids, ask.delete) {
            table.delete(number, None, tick());
            done.deleted.push(table.id(number));
        }
        let pairs = ask.merge_ids.iter();
        let pairs =
            pairs.filter_map(|(gone, kept)| Some((table.number(gone)?, table.number(kept)?)));
        let mut pairs: Vec<(u64, u64)> = pairs.collect();
        for _ in 0..ask.merge {
            if let [gone, kept] = draw(table, &[], 2)[..] {
                pairs.push((gone, kept));
            }
        }
        for (gone, kept) in pairs {
            table.delete(gone, Some(kept), tick());
            if let Some(mut row) = table.row(kept).cloned() {
                row.stamp = tick();
                table.put(kept, row);
            }
            done.merged.push((table.id(gone), table.id(kept)));
        }
        for _ in 0..ask.create {
            let number = table.next();
            let at = tick();
            let mut row = Row { made: at, stamp: at, ..Row::default() };
            let last = format!("Neu {number}");
            for (name, value) in [
                ("FirstName", "Nora".to_owned()),
                ("Name", format!("Nora {last}")),
                ("LastName", last),
                ("Email", format!("nora.{number}@new.example")),
                ("Phone", format!("+4930{}", 20_000_000 + number)),
                ("OwnerId", self.org.user_id(self.org.admin().number)),
            ] {
                table.set(&mut row, name, json!(value));
            }
            table.put(number, row);
            done.created.push(table.id(number));
        }
        done
    }
}
