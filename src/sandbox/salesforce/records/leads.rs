//! Leads of the first day: one for each twenty contacts, who are nobody among those. A third of them
//! has been converted.
//!
//! Conversion is a call of the SOAP API over there; here somebody does it in the control plane.

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

/// Makes a contact of a lead, as somebody does in the web application; its id.
pub(crate) fn convert(tables: &mut Tables, id: &str, now: i64) -> Option<String> {
    let leads = tables.get("Lead")?;
    let number = leads.number(id)?;
    let mut lead = leads.living(number)?.clone();
    let fields = ["FirstName", "LastName", "Name", "Email", "Phone", "MobilePhone", "OwnerId"];
    let values = fields.map(|field| leads.value(&lead, field).clone());
    let contacts = tables.get_mut("Contact")?;
    let mut contact = Row { made: now, stamp: now, ..Row::default() };
    for (field, value) in fields.into_iter().zip(values) {
        contacts.set(&mut contact, field, value);
    }
    let made = contacts.next();
    let made_id = contacts.id(made);
    contacts.put(made, contact);
    let leads = tables.get_mut("Lead")?;
    leads.set(&mut lead, "IsConverted", json!(true));
    leads.set(&mut lead, "ConvertedContactId", json!(made_id));
    leads.set(&mut lead, "Status", json!("Closed - Converted"));
    lead.stamp = now.max(lead.stamp + 1);
    leads.put(number, lead);
    Some(made_id)
}

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
