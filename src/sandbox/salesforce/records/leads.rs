//! Leads of the first day: one for each twenty contacts, who are nobody among those. A third of them
//! has been converted.

use serde_json::json;

use crate::sandbox::stage::{dice::Dice, names};

use super::{
    orgs::Org,
    population::Tables,
    table::Row,
    time::{CHANGED_FROM, MADE_FROM},
};

/// The purpose of the draws.
const LEAD: u64 = 5;

pub(super) fn put(tables: &mut Tables, org: &'static Org, contacts: u64, seed: u64) {
    let Some(table) = tables.get_mut("Lead") else { return };
    for nth in 1..=contacts.div_ceil(20) {
        let mut dice = Dice::new(seed, LEAD, nth);
        let (first, last) = (*dice.pick(names::FIRST), *dice.pick(names::LAST));
        let at = i64::try_from(nth).unwrap_or(0) * 60_000;
        let mut row = Row { made: MADE_FROM + at, stamp: CHANGED_FROM + at, ..Row::default() };
        let name = format!("{} {}", first.0, last.0);
        let email = format!("{}.{}.{nth}@prospects.example", first.1, last.1);
        let company = format!("Prospects {}", nth % 7);
        let texts = [
            ("FirstName", first.0),
            ("LastName", last.0),
            ("Name", &name),
            ("Company", &company),
            ("Email", &email),
            ("Status", dice.pick::<&str>(&["Open - Not Contacted", "Working - Contacted"])),
        ];
        for (field, text) in texts {
            table.set(&mut row, field, json!(text));
        }
        table.set(&mut row, "IsConverted", json!(nth % 3 == 0));
        table.set(&mut row, "OwnerId", json!(org.user_id(org.admin().number)));
        table.put(nth, row);
    }
}
