//! What members ask for beside activities: notes, changes of a contact, and deals.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Map, json};

use super::{
    body::{self, known, objection, tie},
    change, deal, find, id_of, look,
    object::Object,
    one, stage,
};
use crate::{
    connectors::{
        Api, CrmError, Stale,
        api::Names,
        html,
        hubspot::{
            CONTACTS_WRITE,
            records::{Kind, is_id},
            wire,
        },
    },
    domain::{
        RemoteId,
        action::PersonChange,
        effect::{Act, NoteToMake, PersonToMake, Sent},
    },
};

/// What a body may have, as in activities.
const MOST_BODY: usize = 65_000;

static NOTE: Names = &[
    ("hs_note_body", "text", None),
    ("contacts", "person", Some(Stale::Person)),
    ("companies", "organization", Some(Stale::Organization)),
];

pub(super) async fn send(api: &Api, act: &Act) -> Result<Sent, CrmError> {
    match act {
        Act::CreateNote(make) => create_note(api, make).await,
        Act::CreateDeal(make) => deal::create(api, make).await,
        Act::UpdateDeal { id, deal } => deal::update(api, id, deal).await,
        Act::UpdatePerson { id, change } => update_person(api, id, change).await,
    }
}

/// What sets a state is sent again rather than looked for.
pub(super) async fn look(
    api: &Api,
    act: &Act,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    match act {
        Act::CreateNote(make) => {
            let wanted = html::to_text(&text(make)?);
            let properties = ["hs_note_body", "hs_createdate"];
            let young = look::tied(api, &make.person, "notes", &properties, since).await?;
            let same = young.into_iter().filter(|there: &wire::Record| {
                html::to_text(there.text("hs_note_body").unwrap_or_default()) == wanted
            });
            Ok(same.filter_map(|there| there.id.0).collect())
        }
        Act::CreateDeal(make) => deal::look(api, make, since).await,
        Act::UpdateDeal { .. } | Act::UpdatePerson { .. } => Ok(Vec::new()),
    }
}

fn text(make: &NoteToMake) -> Result<String, CrmError> {
    let text = html::from_text(&make.text, MOST_BODY);
    if text.is_empty() {
        let said = objection("text", "Write something.");
        return Err(CrmError::unsent("a note needs a text", said));
    }
    Ok(text)
}

async fn create_note(api: &Api, make: &NoteToMake) -> Result<Sent, CrmError> {
    // A note must have a time, and is not told one: it is written now. Nothing hangs on it.
    let now: DateTime<Utc> = SystemTime::now().into();
    let person = known(&make.person, "person", Stale::Person)?;
    let mut ties = vec![tie(person, 202)];
    if let Some(organization) = &make.organization {
        ties.push(tie(known(organization, "organization", Stale::Organization)?, 190));
    }
    let sent = json!({
        "properties": {
            "hs_timestamp": now.timestamp_millis().to_string(), "hs_note_body": text(make)?,
        },
        "associations": ties,
    });
    let change = change(Method::POST, Object::Note.path(), Some(sent), CONTACTS_WRITE, NOTE);
    Ok(Sent { id: api.write(&change, id_of).await?, person: None })
}

/// What is given, and nothing else. Of a list there is one place: the primary one is kept.
async fn update_person(api: &Api, id: &RemoteId, given: &PersonChange) -> Result<Sent, CrmError> {
    if !is_id(id.as_str()) {
        return Err(CrmError::Missing);
    }
    let mut properties = Map::new();
    let mut put = |key: &str, value: &str| {
        properties.insert(key.to_owned(), json!(value.trim()));
    };
    if let Some(name) = &given.name {
        let make = PersonToMake { name: name.clone(), ..PersonToMake::default() };
        let (first, last) = body::names(&make);
        put("firstname", &first);
        put("lastname", &last);
    }
    if let Some(emails) = &given.emails {
        put("email", body::primary(emails).map_or("", |one| one.value.as_str()));
    }
    if let Some(phones) = &given.phones {
        let (phone, mobile) = body::numbers(phones);
        put("phone", phone.unwrap_or_default());
        put("mobilephone", mobile.unwrap_or_default());
    }
    if let Some(wanted) = given.lifecycle_stage {
        put(stage::FIELD, stage::word(wanted));
        stage::goes_forward(api, id, wanted).await?;
    }
    let path = one(Kind::Contacts.path(), id.as_str());
    let sent = json!({ "properties": properties });
    let change = change(Method::PATCH, &path, Some(sent), CONTACTS_WRITE, body::PERSON);
    let done = api
        .write(&change, |body| match super::dialect::existing(body) {
            // The address is somebody else's: nothing was changed.
            Some(_) => Ok(false),
            None => id_of(body).map(|_| true),
        })
        .await?;
    if !done {
        let said = objection("emails", "Another contact at the CRM has this address.");
        let reason = "the address belongs to another contact";
        return Err(CrmError::Refused { reason, status: 409, code: None, said });
    }
    Ok(Sent { id: id.clone(), person: find::person(api, id).await.ok() })
}
