//! `/api/v2/organizations`.

use serde_json::{Map, Value, json};

use super::{
    super::{
        records::{
            fields::Of,
            organizations::{Organization, plain_address},
            population::purpose,
        },
        world::{Account, sees},
    },
    body,
    call::{Answer, Call, Refusal, Reply},
    counts::Counts,
    list::{Listing, include},
};

const INCLUDE: &[&str] = &[
    "next_activity_id",
    "last_activity_id",
    "open_deals_count",
    "related_open_deals_count",
    "closed_deals_count",
    "related_closed_deals_count",
    "email_messages_count",
    "people_count",
    "activities_count",
    "done_activities_count",
    "undone_activities_count",
    "files_count",
    "notes_count",
    "followers_count",
    "won_deals_count",
    "related_won_deals_count",
    "lost_deals_count",
    "related_lost_deals_count",
    "smart_bcc_email",
];

const BODY: &[&str] = &[
    "name",
    "owner_id",
    "add_time",
    "update_time",
    "visible_to",
    "label_ids",
    "address",
    "website",
    "linkedin",
    "industry",
    "annual_revenue",
    "employee_count",
    "custom_fields",
];

pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    let listing = Listing::read(call, &[])?;
    let include = include(call, INCLUDE)?;
    let population = &account.population;
    let owner = listing.owner;
    let (organizations, next) = listing.page(
        &account.organizations,
        &population.organizations,
        |index| population.organization(index),
        |index| {
            owner.is_none_or(|owner| population.owner(purpose::ORGANIZATION, index) == Some(owner))
        },
        |record: &Organization| {
            sees(call.user, record.owner_id, record.visible_to)
                && owner.is_none_or(|owner| record.owner_id == Some(owner))
        },
        listing.ids.clone(),
    );
    let count = Counts::new(account);
    let labels = account.fields(Of::Organization);
    Ok(Reply::page(&organizations, next.as_deref(), |record, out| {
        let mut extras = count.organization(record.id, &include);
        if listing.labels {
            extras.push(("labels", body::labels(labels, &record.label_ids)));
        }
        match &listing.custom {
            None => record.write(out, &extras),
            Some(keys) => {
                let mut record = record.clone();
                record.custom.retain(|(key, _)| keys.contains(key));
                record.write(out, &extras);
            }
        }
    }))
}

pub(crate) fn get(account: &mut Account, call: &Call) -> Answer {
    call.only(&["include_fields", "custom_fields", "include_labels", "include_option_labels"])?;
    let include = include(call, INCLUDE)?;
    let record = visible(account, call)?;
    let extras = Counts::new(account).organization(record.id, &include);
    Ok(Reply::record(|out| record.write(out, &extras)))
}

pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let mut record = Organization {
        id: account.organizations.next_id(),
        name: None,
        owner_id: Some(call.user.id),
        add_time: call.now,
        update_time: call.now,
        address: None,
        is_deleted: false,
        visible_to: 3,
        label_ids: vec![],
        website: None,
        linkedin: None,
        industry: None,
        annual_revenue: None,
        employee_count: None,
        custom: vec![],
    };
    apply(account, &mut record, &body)?;
    if record.name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(Refusal::invalid("name: is required"));
    }
    account.made.organizations.push(record.id);
    account.organizations.put(record.clone());
    Ok(Reply::record(|out| record.write(out, &[])))
}

pub(crate) fn update(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let mut record = visible(account, call)?;
    if record.is_deleted {
        return Err(Refusal::missing("Organization"));
    }
    apply(account, &mut record, &body)?;
    record.update_time = call.now;
    account.organizations.put(record.clone());
    Ok(Reply::record(|out| record.write(out, &[])))
}

pub(crate) fn delete(account: &mut Account, call: &Call) -> Answer {
    let mut record = visible(account, call)?;
    record.is_deleted = true;
    record.update_time = call.now;
    let id = record.id;
    account.organizations.put(record);
    Ok(Reply::data(json!({ "id": id })))
}

fn visible(account: &Account, call: &Call) -> Result<Organization, Refusal> {
    account
        .organization(call.id()?)
        .filter(|record| sees(call.user, record.owner_id, record.visible_to))
        .ok_or_else(|| Refusal::missing("Organization"))
}

fn apply(
    account: &Account,
    record: &mut Organization,
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    if let Some(name) = body::text(body, "name")? {
        record.name = Some(name);
    }
    if let Some(owner) = body::owner(account, body)? {
        record.owner_id = Some(owner);
    }
    match body.get("address") {
        None => {}
        Some(Value::Null) => record.address = None,
        Some(address) => {
            let value = address["value"]
                .as_str()
                .ok_or_else(|| Refusal::invalid("address: value must be a string"))?;
            let mut whole = plain_address(value);
            for (key, part) in address.as_object().into_iter().flatten() {
                whole[key] = part.clone();
            }
            record.address = Some(whole);
        }
    }
    if let Some(website) = body::text(body, "website")? {
        record.website = Some(website);
    }
    if let Some(linkedin) = body::text(body, "linkedin")? {
        record.linkedin = Some(linkedin);
    }
    if body::nullable(body, "industry", &mut record.industry)?
        && let Some(id) = record.industry
    {
        let known = json!(id);
        let mut fields = account.fields(Of::Organization).iter();
        if !fields.any(|field| field.code == "industry" && field.accepts(&known)) {
            return Err(Refusal::invalid(format!("industry: option {id} does not exist")));
        }
    }
    body::nullable(body, "annual_revenue", &mut record.annual_revenue)?;
    body::nullable(body, "employee_count", &mut record.employee_count)?;
    body::visible_to(body, &mut record.visible_to)?;
    body::label_ids(account.fields(Of::Organization), body, &mut record.label_ids)?;
    body::custom_fields(account.fields(Of::Organization), body, &mut record.custom)
}
