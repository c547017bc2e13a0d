//! `/api/v2/deals`.

use serde_json::{Map, Value, json};

use super::{
    super::{
        clock,
        records::{
            deals::{Deal, Status},
            fields::Of,
            population::purpose,
        },
        world::{Account, sees},
    },
    body,
    call::{Answer, Call, Refusal, Reply},
    list::{Listing, include},
    persons::deals_of,
    pipelines,
};

const INCLUDE: &[&str] = &[
    "next_activity_id",
    "last_activity_id",
    "first_won_time",
    "products_count",
    "files_count",
    "notes_count",
    "followers_count",
    "email_messages_count",
    "activities_count",
    "done_activities_count",
    "undone_activities_count",
    "participants_count",
    "last_incoming_mail_time",
    "last_outgoing_mail_time",
    "smart_bcc_email",
    "source_lead_id",
];

const BODY: &[&str] = &[
    "title",
    "owner_id",
    "person_id",
    "org_id",
    "pipeline_id",
    "stage_id",
    "value",
    "currency",
    "add_time",
    "update_time",
    "stage_change_time",
    "is_deleted",
    "is_archived",
    "archive_time",
    "status",
    "probability",
    "lost_reason",
    "visible_to",
    "close_time",
    "won_time",
    "lost_time",
    "expected_close_date",
    "label_ids",
    "custom_fields",
];

/// Some of those that `/currencies` lists.
const CURRENCIES: &[&str] = &[
    "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HUF", "INR", "JPY", "NOK", "NZD",
    "PLN", "SEK", "SGD", "USD", "ZAR",
];

pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    page(account, call, false)
}

/// `GET /deals/archived`: these are in no other list.
pub(crate) fn archived(account: &mut Account, call: &Call) -> Answer {
    page(account, call, true)
}

fn page(account: &Account, call: &Call, archived: bool) -> Answer {
    let filters = ["person_id", "org_id", "pipeline_id", "stage_id", "status"];
    let mut listing = Listing::read(call, &filters)?;
    let include = include(call, INCLUDE)?;
    let person = call.number("person_id")?;
    let numbers = [
        (call.number("org_id")?, (|deal| deal.org_id) as fn(&Deal) -> Option<u64>),
        (person, |deal| deal.person_id),
        (call.number("pipeline_id")?, |deal| Some(deal.pipeline_id)),
        (call.number("stage_id")?, |deal| Some(deal.stage_id)),
        (listing.owner, |deal| deal.owner_id),
    ];
    let words: Option<Vec<&str>> = call.param("status").map(|text| text.split(',').collect());
    if words.iter().flatten().any(|word| *word != "deleted" && Status::read(word).is_none()) {
        return Err(Refusal::invalid("status: must be one of open, won, lost, deleted"));
    }
    listing.with_deleted = words.as_ref().is_some_and(|words| words.contains(&"deleted"));
    let wanted = |word: &str| words.as_ref().is_none_or(|words| words.contains(&word));
    let only = match (&listing.ids, person) {
        (Some(ids), _) => Some(ids.clone()),
        (_, Some(person)) => {
            Some(deals_of(account, person).into_iter().map(|deal| deal.id).collect())
        }
        _ => None,
    };
    let population = &account.population;
    let owner = listing.owner;
    let (deals, next) = listing.page(
        &account.deals,
        &population.deals,
        |index| population.deal(index),
        |index| {
            owner.is_none_or(|owner| population.owner(purpose::DEAL, index) == Some(owner))
                && wanted(population.deal_status(index).word())
        },
        |deal: &Deal| {
            sees(call.user, deal.owner_id, deal.visible_to)
                && deal.is_archived == archived
                && wanted(deal.word())
                && numbers
                    .iter()
                    .all(|(number, of)| number.is_none_or(|number| of(deal) == Some(number)))
        },
        only,
    );
    Ok(Reply::page(&deals, next.as_deref(), |deal, out| deal.write(out, &extras(&include))))
}

fn extras(include: &[&'static str]) -> Vec<(&'static str, Value)> {
    include
        .iter()
        .map(|&name| (name, if name.ends_with("_count") { json!(0) } else { Value::Null }))
        .collect()
}

pub(crate) fn get(account: &mut Account, call: &Call) -> Answer {
    call.only(&["include_fields", "custom_fields", "include_labels", "include_option_labels"])?;
    let include = include(call, INCLUDE)?;
    let deal = visible(account, call)?;
    Ok(Reply::record(|out| deal.write(out, &extras(&include))))
}

pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let mut deal = Deal {
        id: account.deals.next_id(),
        title: None,
        creator_user_id: call.user.id,
        owner_id: Some(call.user.id),
        value: Some(0.0),
        currency: account.company.currency.to_owned(),
        person_id: None,
        org_id: None,
        pipeline_id: 1,
        stage_id: 1,
        status: Status::Open,
        probability: None,
        lost_reason: None,
        add_time: call.now,
        update_time: call.now,
        stage_change_time: None,
        close_time: None,
        expected_close_date: None,
        label_ids: vec![],
        is_archived: false,
        is_deleted: false,
        visible_to: 3,
        custom: vec![],
    };
    apply(account, &mut deal, &body, call.now)?;
    if deal.title.as_deref().is_none_or(|title| title.trim().is_empty()) {
        return Err(Refusal::invalid("title: is required"));
    }
    account.made.deals.push(deal.id);
    account.deals.put(deal.clone());
    Ok(Reply::record(|out| deal.write(out, &[])))
}

pub(crate) fn update(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let mut deal = visible(account, call)?;
    if deal.is_deleted {
        return Err(Refusal::missing("Deal"));
    }
    apply(account, &mut deal, &body, call.now)?;
    deal.update_time = call.now;
    account.deals.put(deal.clone());
    Ok(Reply::record(|out| deal.write(out, &[])))
}

pub(crate) fn delete(account: &mut Account, call: &Call) -> Answer {
    let mut deal = visible(account, call)?;
    deal.is_deleted = true;
    deal.update_time = call.now;
    let id = deal.id;
    account.deals.put(deal);
    Ok(Reply::data(json!({ "id": id })))
}

fn visible(account: &Account, call: &Call) -> Result<Deal, Refusal> {
    account
        .deal(call.id()?)
        .filter(|deal| sees(call.user, deal.owner_id, deal.visible_to))
        .ok_or_else(|| Refusal::missing("Deal"))
}

fn apply(
    account: &Account,
    deal: &mut Deal,
    body: &Map<String, Value>,
    now: u64,
) -> Result<(), Refusal> {
    if let Some(title) = body::text(body, "title")? {
        deal.title = Some(title);
    }
    if let Some(owner) = body::owner(account, body)? {
        deal.owner_id = Some(owner);
    }
    if body::nullable(body, "person_id", &mut deal.person_id)?
        && let Some(id) = deal.person_id
    {
        body::must_exist("person_id", id, account.person(id))?;
    }
    if body::nullable(body, "org_id", &mut deal.org_id)?
        && let Some(id) = deal.org_id
    {
        body::must_exist("org_id", id, account.organization(id))?;
    }
    match body.get("value") {
        None => {}
        Some(Value::Null) => deal.value = None,
        Some(value) => {
            let value =
                value.as_f64().ok_or_else(|| Refusal::invalid("value: must be a number"))?;
            deal.value = Some(value);
        }
    }
    if let Some(currency) = body::text(body, "currency")? {
        if !CURRENCIES.contains(&currency.as_str()) {
            return Err(Refusal::invalid(format!("currency: '{currency}' is not supported")));
        }
        deal.currency = currency;
    }
    if let Some(stage) = body::number(body, "stage_id")? {
        let pipeline = pipelines::pipeline_of(stage)
            .ok_or_else(|| Refusal::invalid(format!("stage_id: {stage} does not exist")))?;
        (deal.stage_id, deal.pipeline_id) = (stage, pipeline);
        deal.stage_change_time = Some(now);
    } else if let Some(pipeline) = body::number(body, "pipeline_id")? {
        let stage = pipelines::first_stage(pipeline)
            .ok_or_else(|| Refusal::invalid(format!("pipeline_id: {pipeline} does not exist")))?;
        (deal.stage_id, deal.pipeline_id) = (stage, pipeline);
    }
    if let Some(word) = body::text(body, "status")? {
        deal.status =
            Status::read(&word).ok_or_else(|| Refusal::invalid("status: is not valid"))?;
        deal.close_time = (deal.status != Status::Open).then_some(now);
    }
    body::nullable(body, "probability", &mut deal.probability)?;
    if let Some(reason) = body::text(body, "lost_reason")? {
        deal.lost_reason = Some(reason);
    }
    if let Some(day) = body::text(body, "expected_close_date")? {
        if !clock::is_date(&day) {
            return Err(Refusal::invalid("expected_close_date: is not a valid date"));
        }
        deal.expected_close_date = Some(day);
    }
    if let Some(archived) = body::flag(body, "is_archived")? {
        deal.is_archived = archived;
    }
    body::visible_to(body, &mut deal.visible_to)?;
    body::label_ids(account.fields(Of::Deal), body, &mut deal.label_ids)?;
    body::custom_fields(account.fields(Of::Deal), body, &mut deal.custom)
}
