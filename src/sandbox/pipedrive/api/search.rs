//! `/api/v2/{persons,organizations,deals}/search`: partial records, at most a hundred.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{
        records::{
            book::{Book, Record, Sort, Step},
            population::Roll,
        },
        world::{Account, sees},
    },
    call::{Answer, Call, Refusal, Reply},
    list::limit,
};

const PARAMS: &[&str] = &["term", "fields", "exact_match", "include_fields", "limit", "cursor"];

/// What is looked for, in small letters.
struct Query<'a> {
    term: String,
    exact: bool,
    fields: Option<Vec<&'a str>>,
    limit: usize,
    after: u64,
}

impl<'a> Query<'a> {
    fn read(call: &'a Call, fields: &[&str], filters: &[&str]) -> Result<Self, Refusal> {
        let known: Vec<&str> = PARAMS.iter().chain(filters).copied().collect();
        call.only(&known)?;
        let exact = call.flag("exact_match")?.unwrap_or(false);
        let term = call.param("term").unwrap_or_default().trim().to_lowercase();
        if term.chars().count() < if exact { 1 } else { 2 } {
            return Err(Refusal::invalid("term: must be at least 2 characters long"));
        }
        let wanted: Option<Vec<&str>> = call.param("fields").map(|text| text.split(',').collect());
        if let Some(unknown) = wanted.iter().flatten().find(|field| !fields.contains(field)) {
            return Err(Refusal::invalid(format!("fields: '{unknown}' is not supported")));
        }
        let after = match call.param("cursor") {
            None => 0,
            Some(text) => text.parse().map_err(|_| Refusal::invalid("cursor: is not valid"))?,
        };
        // The documentation says 500; the real API refuses more than 100.
        Ok(Self { term, exact, fields: wanted, limit: limit(call, 100)?, after })
    }

    fn in_field(&self, field: &str, value: &str) -> bool {
        if self.fields.as_ref().is_some_and(|fields| !fields.contains(&field)) {
            return false;
        }
        let value = value.trim().to_lowercase();
        if self.exact { value == self.term } else { value.contains(&self.term) }
    }

    fn run<R: Record>(
        &self,
        book: &Book<R>,
        roll: &Roll,
        lag: Duration,
        make: impl Fn(u64) -> R,
        matches: impl Fn(&R) -> bool,
        item: impl Fn(&R) -> Value,
    ) -> Reply {
        let mut found: Vec<R> = book
            .walk(roll, Sort::Id, false, Some((self.after, self.after)))
            .filter_map(|(_, step)| match step {
                Step::Generated { index, .. } => Some(make(index)),
                Step::Changed { id } => book.change(id).cloned(),
            })
            .filter(|record| !record.is_deleted() && book.is_settled(record.id(), lag))
            .filter(&matches)
            .take(self.limit + 1)
            .collect();
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| more).map(|last| last.id().to_string());
        let items: Vec<Value> = found
            .iter()
            .map(|record| json!({ "result_score": 0.5, "item": item(record) }))
            .collect();
        Reply::json(
            200,
            &json!({
                "success": true,
                "data": { "items": items },
                "additional_data": { "next_cursor": next },
            }),
        )
    }
}

fn texts(custom: &[(String, Value)]) -> Vec<&str> {
    custom.iter().filter_map(|(_, value)| value.as_str()).collect()
}

pub(crate) fn persons(account: &mut Account, call: &Call) -> Answer {
    let fields = ["name", "email", "phone", "notes", "custom_fields"];
    let query = Query::read(call, &fields, &["organization_id"])?;
    let organization = call.number("organization_id")?;
    let population = &account.population;
    let values = |entries: &[super::super::records::persons::Entry]| {
        entries.iter().filter_map(|entry| entry.value.clone()).collect::<Vec<_>>()
    };
    Ok(query.run(
        &account.persons,
        &population.persons,
        account.search_lag,
        |index| population.person(index),
        |person| {
            sees(call.user, person.owner_id, person.visible_to)
                && organization.is_none_or(|id| person.org_id == Some(id))
                && (query.in_field("name", person.name.as_deref().unwrap_or_default())
                    || values(&person.emails).iter().any(|text| query.in_field("email", text))
                    || values(&person.phones).iter().any(|text| query.in_field("phone", text))
                    || texts(&person.custom)
                        .iter()
                        .any(|text| query.in_field("custom_fields", text)))
        },
        |person| {
            let organization =
                person.org_id.and_then(|id| account.organization(id)).map(|record| {
                    let address = record.address.as_ref().map(|address| address["value"].clone());
                    json!({ "id": record.id, "name": record.name, "address": address })
                });
            json!({
                "id": person.id, "type": "person", "name": person.name,
                "phones": values(&person.phones), "emails": values(&person.emails),
                "visible_to": person.visible_to, "owner": { "id": person.owner_id },
                "organization": organization, "custom_fields": texts(&person.custom), "notes": [],
            })
        },
    ))
}

pub(crate) fn organizations(account: &mut Account, call: &Call) -> Answer {
    let query = Query::read(call, &["name", "address", "notes", "custom_fields"], &[])?;
    let population = &account.population;
    let address = |value: &Option<Value>| {
        value.as_ref().and_then(|address| address["value"].as_str().map(ToOwned::to_owned))
    };
    Ok(query.run(
        &account.organizations,
        &population.organizations,
        account.search_lag,
        |index| population.organization(index),
        |record| {
            sees(call.user, record.owner_id, record.visible_to)
                && (query.in_field("name", record.name.as_deref().unwrap_or_default())
                    || query.in_field("address", &address(&record.address).unwrap_or_default())
                    || texts(&record.custom)
                        .iter()
                        .any(|text| query.in_field("custom_fields", text)))
        },
        |record| {
            json!({
                "id": record.id, "type": "organization", "name": record.name,
                "address": address(&record.address), "visible_to": record.visible_to,
                "owner": { "id": record.owner_id }, "custom_fields": texts(&record.custom),
                "notes": [],
            })
        },
    ))
}

pub(crate) fn deals(account: &mut Account, call: &Call) -> Answer {
    let filters = ["person_id", "organization_id", "status"];
    let query = Query::read(call, &["title", "notes", "custom_fields"], &filters)?;
    let (person, org) = (call.number("person_id")?, call.number("organization_id")?);
    let status = call.param("status");
    let population = &account.population;
    Ok(query.run(
        &account.deals,
        &population.deals,
        account.search_lag,
        |index| population.deal(index),
        |deal| {
            sees(call.user, deal.owner_id, deal.visible_to)
                && person.is_none_or(|id| deal.person_id == Some(id))
                && org.is_none_or(|id| deal.org_id == Some(id))
                && status.is_none_or(|word| deal.status.word() == word)
                && (query.in_field("title", deal.title.as_deref().unwrap_or_default())
                    || texts(&deal.custom).iter().any(|text| query.in_field("custom_fields", text)))
        },
        |deal| {
            let person = deal.person_id.and_then(|id| account.person(id));
            let organization = deal.org_id.and_then(|id| account.organization(id));
            json!({
                "id": deal.id, "type": "deal", "title": deal.title, "value": deal.value,
                "currency": deal.currency, "status": deal.status.word(),
                "visible_to": deal.visible_to, "owner": { "id": deal.owner_id },
                "stage": { "id": deal.stage_id, "name": super::pipelines::stage_name(deal.stage_id) },
                "person": person.map(|person| json!({ "id": person.id, "name": person.name })),
                "organization":
                    organization.map(|record| json!({ "id": record.id, "name": record.name })),
                "custom_fields": texts(&deal.custom), "notes": [], "is_archived": deal.is_archived,
            })
        },
    ))
}
