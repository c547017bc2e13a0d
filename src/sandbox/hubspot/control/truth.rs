//! What is, and what was made, for tests that compare.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::{
    records::{
        kind::Kind,
        record::{DIALLED, Record, iso},
    },
    world::Account,
};

fn living(account: &Account) -> impl Iterator<Item = &Record> {
    account.book.all(Kind::Contacts).filter(|record| record.is_living())
}

fn addresses(record: &Record) -> Vec<String> {
    record.addresses().map(|own| own.trim().to_lowercase()).collect()
}

fn numbers(record: &Record) -> Vec<&str> {
    record.own(DIALLED).into_iter().flat_map(|all| all.split(' ')).collect()
}

fn name(record: &Record) -> String {
    let parts = ["firstname", "lastname"].into_iter().filter_map(|part| record.own(part));
    parts.collect::<Vec<_>>().join(" ").trim().to_owned()
}

pub(crate) fn counts(account: &Account) -> Value {
    let (mut persons, mut nameless, mut bare, mut unowned) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut emails, mut phones) = (HashSet::new(), HashSet::new());
    for record in living(account) {
        let (addresses, numbers) = (addresses(record), numbers(record));
        persons += 1;
        nameless += u64::from(name(record).is_empty());
        bare += u64::from(addresses.is_empty() && numbers.is_empty());
        unowned += u64::from(record.own("hubspot_owner_id").is_none());
        phones.extend(numbers.into_iter().map(ToOwned::to_owned));
        emails.extend(addresses);
    }
    let alive = |kind: Kind| account.book.all(kind).filter(|record| record.is_living()).count();
    let gone = |of: &dyn Fn(&Record) -> bool| {
        account.book.all(Kind::Contacts).filter(|record| of(record)).count()
    };
    json!({
        "company_id": account.portal.id,
        "persons": persons,
        "organizations": alive(Kind::Companies),
        "deals": alive(Kind::Deals),
        "archived": gone(&|record| record.archived.is_some()),
        "merged": gone(&|record| record.merged_into.is_some()),
        "distinct_emails": emails.len(),
        "distinct_phones": phones.len(),
        "without_name": nameless,
        "without_identifier": bare,
        "without_owner": unowned,
    })
}

/// Persons with their identifiers as they are meant.
pub(crate) fn persons(account: &Account, ids: Option<Vec<u64>>, after: u64, limit: u64) -> Value {
    let limit = usize::try_from(limit).unwrap_or(1_000);
    match ids {
        Some(ids) => ids
            .into_iter()
            .filter_map(|id| account.book.get(Kind::Contacts, id))
            .map(|record| person(account, record))
            .collect(),
        None => living(account)
            .skip_while(|record| record.id <= after)
            .take(limit)
            .map(|record| person(account, record))
            .collect(),
    }
}

fn person(account: &Account, record: &Record) -> Value {
    let links = account.book.links(Kind::Contacts, record.id, Kind::Companies);
    let primary = links.iter().find(|link| link.types.contains(&1)).or(links.first());
    let phones: Vec<&str> =
        ["phone", "mobilephone"].into_iter().filter_map(|key| record.own(key)).collect();
    let labels: Vec<&str> = record.own("hs_lead_status").into_iter().collect();
    json!({
        "id": record.id.to_string(),
        "name": name(record),
        "emails": addresses(record),
        "phones": phones,
        "dialled": numbers(record),
        "org_id": primary.map(|link| link.to.to_string()),
        "owner_id": record.own("hubspot_owner_id"),
        "label_ids": labels,
        "lifecycle_stage": record.own("lifecyclestage"),
        "is_deleted": !record.is_living(),
        "merged_into": record.merged_into.map(|into| into.to_string()),
        "custom_fields": own_fields(account, record),
    })
}

fn own_fields(account: &Account, record: &Record) -> Map<String, Value> {
    let own = account.properties(Kind::Contacts).iter().filter(|property| !property.built_in);
    own.filter_map(|property| Some((property.name.clone(), json!(record.own(&property.name)?))))
        .collect()
}

/// What was made through the API and how it is now, archived or not.
pub(crate) fn outbound(account: &Account) -> Value {
    let of = |wanted: Kind| {
        account
            .book
            .made
            .iter()
            .filter(move |(kind, _)| *kind == wanted)
            .filter_map(move |(kind, id)| account.book.get(*kind, *id))
    };
    let persons: Vec<Value> = of(Kind::Contacts).map(|record| person(account, record)).collect();
    let organizations: Vec<Value> = of(Kind::Companies)
        .map(|record| {
            json!({
                "id": record.id.to_string(), "name": record.own("name"),
                "owner_id": record.own("hubspot_owner_id"), "country": record.own("country"),
                "website": record.own("website"), "is_deleted": !record.is_living(),
            })
        })
        .collect();
    let activities = account.book.made.iter().filter(|(kind, _)| kind.is_engagement());
    let activities: Vec<Value> = activities
        .filter_map(|(kind, id)| Some(activity(account, *kind, account.book.get(*kind, *id)?)))
        .collect();
    let deals: Vec<Value> = of(Kind::Deals)
        .map(|record| {
            let person = account.book.links(Kind::Deals, record.id, Kind::Contacts).first();
            json!({
                "id": record.id.to_string(), "title": record.own("dealname"),
                "amount": record.own("amount"), "stage": record.own("dealstage"),
                "person_id": person.map(|link| link.to.to_string()),
                "is_deleted": !record.is_living(),
            })
        })
        .collect();
    let fields: Vec<Value> = account
        .properties(Kind::Contacts)
        .iter()
        .filter(|property| property.made.is_some())
        .map(|property| json!({ "code": property.name, "name": property.label }))
        .collect();
    let all = account.properties(Kind::Contacts).iter();
    let options: Vec<Value> = all
        .flat_map(|property| property.options.iter().map(move |choice| (property, choice)))
        .filter(|(property, choice)| property.built_in && choice.made)
        .map(|(property, choice)| {
            json!({ "field": property.name, "id": choice.value, "label": choice.label })
        })
        .collect();
    json!({
        "persons": persons, "organizations": organizations, "activities": activities,
        "deals": deals, "options": options, "fields": fields,
    })
}

fn activity(account: &Account, kind: Kind, record: &Record) -> Value {
    let own = |names: &[&str]| names.iter().find_map(|name| record.own(name));
    let first =
        |to: Kind| account.book.links(kind, record.id, to).first().map(|link| link.to.to_string());
    let is_done = match kind {
        Kind::Notes | Kind::Emails => true,
        _ => own(&["hs_task_status", "hs_call_status", "hs_meeting_outcome"]) == Some("COMPLETED"),
    };
    json!({
        "id": format!("{}/{}", kind.plural(), record.id),
        "type": kind.plural(),
        "subject": own(&["hs_task_subject", "hs_call_title", "hs_meeting_title"]),
        "note": own(&["hs_task_body", "hs_call_body", "hs_meeting_body", "hs_note_body"]),
        "done": is_done,
        "due": own(&["hs_timestamp"]),
        "duration": own(&["hs_call_duration"]),
        "end": own(&["hs_meeting_end_time"]),
        "person_id": first(Kind::Contacts),
        "org_id": first(Kind::Companies),
        "owner_id": own(&["hubspot_owner_id"]),
        "add_time": iso(record.created),
        "is_deleted": !record.is_living(),
    })
}
