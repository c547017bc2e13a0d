//! What members ask for: notes, deals, changes of a person.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    UPDATE_CONTACTS,
    body::{self, lookup, objection},
    change, look, one, outcome, person, text,
};
use crate::{
    connectors::{
        Api, CrmError, Stale,
        api::Names,
        lifecycle::NO_MORE,
        zoho::{
            MANIFEST, Zoho,
            deals::{self, Step},
            decode, leads,
            read::{DEALS, MOST_PAGES, PERSONS, ask},
            wire,
        },
    },
    domain::{
        PersonKind, RemoteDeal, RemoteId,
        action::{DealStatus, PersonChange},
        effect::{Act, DealToMake, NoteToMake, PersonToMake, Sent},
    },
};

static NOTE: Names =
    &[("Note_Content", "text", None), ("Parent_Id", "person", Some(Stale::Person))];

static DEAL: Names = &[
    ("Deal_Name", "title", None),
    ("Amount", "amount", None),
    ("Currency", "currency", None),
    ("Stage", "stage", None),
    ("Pipeline", "pipeline", None),
    ("Closing_Date", "closes_on", None),
    ("Contact_Name", "person", Some(Stale::Person)),
    ("Account_Name", "organization", Some(Stale::Organization)),
    ("Owner", "owner", Some(Stale::Owner)),
];

const READ_NOTES: &str = "ZohoCRM.modules.notes.READ";

pub(super) async fn send(api: &Api, act: &Act) -> Result<Sent, CrmError> {
    match act {
        Act::CreateNote(make) => create_note(api, make).await,
        Act::CreateDeal(make) => create_deal(api, make).await,
        Act::UpdateDeal { id, deal } => update_deal(api, id, deal).await,
        Act::UpdatePerson { id, change } => update_person(api, id, change).await,
    }
}

pub(super) async fn look(
    api: &Api,
    act: &Act,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    match act {
        Act::CreateNote(make) => notes(api, make, since).await,
        Act::CreateDeal(make) => {
            let person = make.person.as_ref().and_then(decode::number);
            let of = person.map(|person| format!("Contact_Name = '{person}'"));
            let young = look::young(api, DEALS.module, of.as_deref(), since).await?;
            let known = deals::of_deals(api).await?;
            let found = DEALS.by_ids(api, &known, &young).await?.items;
            Ok(found.into_iter().filter(|there| is(make, there)).map(|there| there.id).collect())
        }
        // Sent again: twice is the same.
        Act::UpdateDeal { .. } | Act::UpdatePerson { .. } => Ok(Vec::new()),
    }
}

/// The notes of a contact or a lead.
fn notes_of(person: &RemoteId) -> Option<String> {
    let number = leads::plain(person)?;
    Some(one(module(leads::kind(person)), number) + "/Notes")
}

fn module(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Contact => PERSONS.module,
        PersonKind::Lead => leads::MODULE,
    }
}

async fn create_note(api: &Api, make: &NoteToMake) -> Result<Sent, CrmError> {
    let path = notes_of(&make.person).ok_or_else(|| {
        body::number(&make.person, "person", Stale::Person).err().unwrap_or(CrmError::Missing)
    })?;
    let content = text::description(&make.text);
    if content.is_empty() {
        return Err(CrmError::unsent(
            "a note needs a text",
            objection("text", "A text is required."),
        ));
    }
    let body = json!({ "data": [{ "Note_Content": content }] });
    let scope = "ZohoCRM.modules.notes.CREATE";
    let change = change(Method::POST, &path, Some(body), scope, NOTE);
    Ok(Sent { id: api.write(&change, outcome).await?.id, person: None })
}

async fn notes(
    api: &Api,
    make: &NoteToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let Some(path) = notes_of(&make.person) else { return Ok(Vec::new()) };
    let wanted = text::one_line(&text::description(&make.text));
    let mut found = Vec::new();
    for page in 1..=MOST_PAGES {
        let page = page.to_string();
        let query = [
            ("fields", "id,Note_Content,Created_Time"),
            ("page", page.as_str()),
            ("per_page", "200"),
        ];
        let ask = ask(&path, &query, MANIFEST.costs.list, READ_NOTES);
        let read = api.read(&ask, decode::list::<wire::Note>).await;
        let (notes, more) = match read {
            Err(CrmError::Missing) => return Ok(found),
            other => other?,
        };
        found.extend(notes.into_iter().filter_map(|note| {
            let young = note.created.0.is_none_or(|at| at >= since);
            let same = text::one_line(note.text.0.as_deref().unwrap_or_default()) == wanted;
            note.id.0.filter(|_| young && same)
        }));
        if !more {
            break;
        }
    }
    Ok(found)
}

/// Stage and pipeline belong together and are required, so what is not said is chosen.
fn placed(make: &DealToMake, pipeline: Option<&RemoteId>, steps: &[Step]) -> Map<String, Value> {
    let mut body = Map::new();
    let fits = |step: &&Step| pipeline.is_none() || step.stage.pipeline.as_ref() == pipeline;
    let mut there = steps.iter().filter(fits);
    let step = match &make.stage {
        Some(stage) => there.find(|step| step.stage.id == *stage),
        None => {
            let status = make.status.unwrap_or_default();
            there.find(|step| step.status == status)
        }
    };
    let stage = step.map(|step| step.stage.id.clone()).or_else(|| make.stage.clone());
    let pipeline = step.and_then(|step| step.stage.pipeline.clone()).or_else(|| pipeline.cloned());
    if let Some(stage) = stage {
        body.insert("Stage".into(), json!(stage));
    }
    if let Some(pipeline) = pipeline {
        body.insert("Pipeline".into(), json!(pipeline));
    }
    body
}

async fn create_deal(api: &Api, make: &DealToMake) -> Result<Sent, CrmError> {
    let steps = deals::steps(api).await?;
    let mut body = placed(make, make.pipeline.as_ref(), &steps);
    words(api, make, &mut body).await?;
    for (key, id, field, stale) in [
        ("Contact_Name", &make.person, "person", Stale::Person),
        ("Account_Name", &make.organization, "organization", Stale::Organization),
        ("Owner", &make.owner, "owner", Stale::Owner),
    ] {
        if let Some(id) = id {
            body.insert(key.into(), lookup(id, field, stale)?);
        }
    }
    let body = json!({ "data": [body] });
    let scope = "ZohoCRM.modules.deals.CREATE";
    let change = change(Method::POST, "/crm/v8/Deals", Some(body), scope, DEAL);
    Ok(Sent { id: api.write(&change, outcome).await?.id, person: None })
}

async fn update_deal(api: &Api, id: &RemoteId, make: &DealToMake) -> Result<Sent, CrmError> {
    let number = body::number(id, "deal", Stale::Person).map_err(|_| CrmError::Missing)?;
    let there = deal(api, id).await?.ok_or(CrmError::Missing)?;
    let moves = make.stage.is_some() || make.status.is_some() || make.pipeline.is_some();
    let mut body = if moves {
        let pipeline = make.pipeline.as_ref().or(there.pipeline.as_ref());
        placed(make, pipeline, &deals::steps(api).await?)
    } else {
        Map::new()
    };
    words(api, make, &mut body).await?;
    if !body.is_empty() {
        let path = one("Deals", number);
        let body = json!({ "data": [body] });
        let scope = "ZohoCRM.modules.deals.UPDATE";
        let change = change(Method::PUT, &path, Some(body), scope, DEAL);
        api.write(&change, outcome).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

/// Title, day, amount and currency.
async fn words(
    api: &Api,
    make: &DealToMake,
    body: &mut Map<String, Value>,
) -> Result<(), CrmError> {
    if let Some(title) = &make.title {
        body.insert("Deal_Name".into(), json!(text::one_line(title)));
    }
    if let Some(day) = make.closes_on {
        body.insert("Closing_Date".into(), json!(day.format("%Y-%m-%d").to_string()));
    }
    if let Some(amount) = &make.amount {
        let number: Option<f64> =
            amount.trim().parse().ok().filter(|amount: &f64| amount.is_finite());
        let said = || objection("amount", "Use a decimal number.");
        let number = number.ok_or_else(|| CrmError::unsent("an amount is no number", said()))?;
        body.insert("Amount".into(), json!(number));
    }
    let Some(currency) = &make.currency else { return Ok(()) };
    if Zoho::org(api).await?.currency.0.as_deref() == Some(currency) {
        return Ok(());
    }
    // An account of one currency ignores the field, and the amount would be in that one.
    let query = [("module", "Deals")];
    let scope = "ZohoCRM.settings.fields.READ";
    let ask = ask("/crm/v8/settings/fields", &query, MANIFEST.costs.fields, scope);
    let (fields, _) = api.read(&ask, decode::list::<wire::Field>).await?;
    if !fields.iter().any(|field| field.api_name.0.as_deref() == Some("Currency")) {
        let said = objection("currency", "The account has one currency, and it is another.");
        return Err(CrmError::unsent("there is no such currency", said));
    }
    body.insert("Currency".into(), json!(currency));
    Ok(())
}

/// Whether a deal is the one that was sent.
fn is(make: &DealToMake, there: &RemoteDeal) -> bool {
    let amount = make.amount.as_ref().and_then(|amount| amount.trim().parse::<f64>().ok());
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let close = |its: f64| amount.is_none_or(|ours| (ours - its).abs() < 0.005);
    let title = text::one_line(make.title.as_deref().unwrap_or_default());
    text::one_line(there.title.as_deref().unwrap_or_default()) == title
        && there.value.map_or(amount.is_none(), close)
        && same(&make.stage, &there.stage)
        && same(&make.person, &there.person)
        && same(&make.organization, &there.organization)
        && same(&make.owner, &there.owner)
        && (make.status.unwrap_or_default() == DealStatus::Open
            || there.status.as_deref() == make.status.map(DealStatus::word))
}

pub(super) async fn deal(api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
    let known = deals::of_deals(api).await?;
    let found = DEALS.by_ids(api, &known, std::slice::from_ref(id)).await?;
    Ok(found.items.into_iter().next())
}

/// A list that is given replaces what was there, so that fields without a value of it are emptied.
async fn update_person(api: &Api, id: &RemoteId, wanted: &PersonChange) -> Result<Sent, CrmError> {
    let number = leads::plain(id).filter(|number| *number > 0).ok_or(CrmError::Missing)?;
    let kind = leads::kind(id);
    let make = PersonToMake {
        name: wanted.name.clone().unwrap_or_default(),
        emails: wanted.emails.clone().unwrap_or_default(),
        phones: wanted.phones.clone().unwrap_or_default(),
        ..PersonToMake::default()
    };
    let mut body = Map::new();
    if wanted.name.is_some() {
        let said = || objection("full_name", "A name is required.");
        let name =
            body::name(&make).ok_or_else(|| CrmError::unsent("a person needs a name", said()))?;
        body.insert("First_Name".into(), json!(name.0));
        body.insert("Last_Name".into(), json!(name.1));
    }
    let lists = [
        (wanted.emails.is_some(), body::emails(&make), "emails", &body::EMAILS[..]),
        (wanted.phones.is_some(), body::phones(&make, kind), "phones", body::places(kind)),
    ];
    for (given, placed, field, keys) in lists {
        if !placed.rest.is_empty() {
            let said = objection(field, &format!("There is room for {}.", keys.len()));
            return Err(CrmError::unsent("a person has no room for so many", said));
        }
        for key in keys.iter().filter(|_| given) {
            let value =
                placed.placed.iter().find(|(placed, _)| placed == key).map(|(_, value)| value);
            body.insert((*key).to_owned(), json!(value));
        }
    }
    if kind == PersonKind::Lead
        && matches!(leads::living(api, number).await, Err(CrmError::Missing))
    {
        let said = objection("contact_id", NO_MORE);
        return Err(CrmError::unsent("the lead is no more", said));
    }
    if !body.is_empty() {
        let path = one(module(kind), number);
        let body = json!({ "data": [body] });
        let scope = if kind == PersonKind::Lead { leads::UPDATE } else { UPDATE_CONTACTS };
        let change = change(Method::PUT, &path, Some(body), scope, body::PERSON);
        if api.write(&change, outcome).await?.existed {
            let said = objection("emails", "Another contact has this address.");
            return Err(CrmError::unsent("the address is somebody else's", said));
        }
    }
    let now = match kind {
        PersonKind::Contact => person(api, id).await,
        PersonKind::Lead => leads::living(api, number).await,
    };
    Ok(Sent { id: id.clone(), person: now.ok() })
}
