//! What is, for tests that compare.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::{
    records::table::{Row, Table},
    world::Account,
};

const PHONES: [&str; 4] = ["Phone", "MobilePhone", "HomePhone", "OtherPhone"];

fn living(table: Option<&Table>) -> impl Iterator<Item = (u64, &Row)> {
    table.into_iter().flat_map(|table| table.since_id(0)).filter(|(_, row)| !row.deleted)
}

pub(crate) fn counts(account: &Account) -> Value {
    let count = |name: &str| living(account.table(name)).count();
    let contacts = account.table("Contact");
    let (mut emails, mut nameless) = (HashSet::new(), 0_u64);
    for (_, row) in living(contacts) {
        let text = |name| contacts.and_then(|table| table.value(row, name).as_str());
        emails.extend(text("Email").map(|email| email.trim().to_lowercase()));
        nameless += u64::from(text("Name").is_none_or(|name| name == "."));
    }
    let gone = contacts.into_iter().flat_map(|table| table.since_id(0));
    let (merged, deleted): (Vec<_>, Vec<_>) =
        gone.filter(|(_, row)| row.deleted).partition(|(_, row)| row.master.is_some());
    json!({
        "company_id": account.org.number,
        "persons": count("Contact"),
        "organizations": count("Account"),
        "deals": count("Opportunity"),
        "activities": count("Task") + count("Event"),
        "distinct_emails": emails.len(),
        "without_name": nameless,
        "deleted": deleted.len(),
        "merged": merged.len(),
    })
}

fn person(table: &Table, number: u64, row: &Row) -> Value {
    let text = |name: &str| table.value(row, name).as_str();
    let phones: Vec<&str> = PHONES.iter().filter_map(|name| text(name)).collect();
    let labels: Vec<&str> =
        text("Tandem_Labels__c").map(|words| words.split(';').collect()).unwrap_or_default();
    let custom: serde_json::Map<String, Value> = table
        .object
        .fields
        .iter()
        .filter(|field| field.custom && !table.value(row, &field.name).is_null())
        .map(|field| (field.name.clone(), table.value(row, &field.name).clone()))
        .collect();
    json!({
        "id": table.id(number), "name": text("Name"), "first_name": text("FirstName"),
        "last_name": text("LastName"), "emails": text("Email").into_iter().collect::<Vec<_>>(),
        "phones": phones, "org_id": text("AccountId"), "owner_id": text("OwnerId"),
        "label_ids": labels, "custom_fields": custom, "is_deleted": row.deleted,
        "merged_into": row.master.map(|master| table.id(master)),
    })
}

pub(crate) fn persons(
    account: &Account,
    ids: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Value {
    let Some(table) = account.table("Contact") else { return json!([]) };
    if let Some(ids) = ids {
        let found = ids.split(',').filter_map(|id| {
            let number = table.number(id)?;
            Some(person(table, number, table.row(number)?))
        });
        return found.collect();
    }
    let after = after.and_then(|id| table.number(id)).unwrap_or(0);
    living(Some(table))
        .skip_while(|(number, _)| *number <= after)
        .take(limit)
        .map(|(number, row)| person(table, number, row))
        .collect()
}

/// What was made and how it is now, deleted or not.
pub(crate) fn outbound(account: &Account) -> Value {
    let (mut persons, mut leads) = (vec![], vec![]);
    let (mut organizations, mut activities) = (vec![], vec![]);
    for (name, number) in &account.made {
        let Some(table) = account.table(name) else { continue };
        let Some(row) = table.row(*number) else { continue };
        let value = |field: &str| table.value(row, field).clone();
        match *name {
            "Contact" => persons.push(person(table, *number, row)),
            "Lead" => {
                let mut shown = person(table, *number, row);
                shown["company"] = value("Company");
                shown["converted"] = value("IsConverted");
                leads.push(shown);
            }
            "Account" => organizations.push(json!({
                "id": table.id(*number), "name": value("Name"), "owner_id": value("OwnerId"),
                "address": value("BillingCountry"), "industry": value("Industry"),
                "website": value("Website"), "is_deleted": row.deleted,
            })),
            "Task" | "Event" => activities.push(activity(table, *number, row)),
            _ => {}
        }
    }
    let fields: Vec<Value> =
        account.made_fields.iter().map(|name| json!({ "code": name, "name": name })).collect();
    let contacts = account.table("Contact").into_iter().flat_map(|table| &table.object.fields);
    let options: Vec<Value> = contacts
        .filter(|field| account.made_fields.contains(&field.name))
        .flat_map(|field| field.choices.iter().map(move |choice| (&field.name, choice)))
        .map(|(name, choice)| json!({ "field": name, "id": choice.value, "label": choice.label }))
        .collect();
    json!({
        "persons": persons, "leads": leads, "organizations": organizations, "activities": activities,
        "options": options, "fields": fields,
    })
}

/// A text as its page shows it: descriptions are plain text, and the page escapes them.
fn page(text: &Value) -> Value {
    let Some(text) = text.as_str() else { return Value::Null };
    json!(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

fn activity(table: &Table, number: u64, row: &Row) -> Value {
    let value = |field: &str| table.value(row, field).clone();
    let is_event = table.object.name == "Event";
    let start = value("StartDateTime");
    let timed = is_event && value("IsAllDayEvent") != json!(true);
    json!({
        "id": table.id(number),
        "type": if is_event { json!("Event") } else { value("TaskSubtype") },
        "subject": value("Subject"), "note": page(&value("Description")),
        "done": if is_event { Value::Null } else { value("IsClosed") },
        "status": value("Status"), "due_date": value("ActivityDate"),
        "due_time": if timed { json!(start.as_str().map(|text| &text[11..19])) } else { Value::Null },
        "duration": if is_event { value("DurationInMinutes") } else { value("CallDurationInSeconds") },
        "person_id": value("WhoId"), "org_id": value("WhatId"), "owner_id": value("OwnerId"),
        "is_deleted": row.deleted,
    })
}
