//! People: contacts, and leads of those whom sales has not qualified yet.
//!
//! - A lead has a mark of its own kind. Whether leads have the field for it is seen before one is made,
//!   and where they do not, it is made right then: a second time is the same. Where that is not allowed,
//!   the lead goes without, and is looked for by all that was sent.
//! - Nobody's lead is converted here: that makes an account and a deal, which is a person's decision.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    OVERRULE,
    body::{self, kind},
    change as changing, dialect, prepare,
};
use crate::{
    connectors::{
        Api, Connector, CrmError,
        api::Change,
        lifecycle::NO_MORE,
        salesforce::{
            Salesforce, decode,
            fields::{self, LABELS, REFERENCE},
            map, path, people,
        },
    },
    domain::{
        PersonKind, RemoteId, RemotePerson,
        action::PersonChange,
        effect::{Marker, PersonToMake, Sent},
    },
};

/// What an order to make something came to.
pub(super) enum Made {
    New(RemoteId),
    /// These are said to be it.
    Known(Vec<RemoteId>),
}

pub(super) fn made(body: &[u8]) -> Result<Made, &'static str> {
    match dialect::duplicates(body) {
        Some(known) => Ok(Made::Known(known)),
        None => decode::made(body).map(Made::New),
    }
}

pub(super) fn duplicate(field: &str) -> CrmError {
    let words = "A rule of your org takes it for a record that is there already.";
    CrmError::Refused {
        reason: "it is taken for a duplicate",
        status: 400,
        code: Some("DUPLICATES_DETECTED".to_owned()),
        said: body::objection(field, words),
    }
}

pub(super) async fn create(api: &Api, make: &PersonToMake) -> Result<Sent, CrmError> {
    let body = body::person(make)?;
    let kind = kind(make);
    let (method, to) = match marker(api, kind, make).await? {
        Some(marker) => (Method::PATCH, body::marked(kind, &marker)?),
        None => (Method::POST, format!("sobjects/{}", people::object(kind))),
    };
    let path = path(&to);
    let sent = Value::Object(body.clone());
    let change = Change { headers: OVERRULE, ..changing(method, &path, Some(sent), body::PERSON) };
    match api.write(&change, made).await? {
        Made::New(id) => {
            // It is there; that it cannot be read just now does not undo it.
            let read = living(api, &id).await;
            let person = read.unwrap_or_else(|_| as_sent(&id, &body));
            Ok(Sent { id, person: Some(person) })
        }
        Made::Known(ids) => {
            let ours = |person: &RemotePerson| {
                let theirs = person.emails.iter().map(|email| email.value.trim().to_lowercase());
                let ours = || make.emails.iter().map(|email| email.value.trim().to_lowercase());
                !person.deleted && theirs.into_iter().any(|one| ours().any(|own| own == one))
            };
            let found = Salesforce.persons_by_id(api, &ids).await?.items;
            let mut found = found.into_iter().filter(ours);
            match (found.next(), found.next()) {
                (Some(person), None) if make.labels.is_empty() => {
                    Ok(Sent { id: person.id.clone(), person: Some(person) })
                }
                (Some(person), None) => add_labels(api, &person.id, &make.labels).await,
                _ => Err(duplicate("emails")),
            }
        }
    }
}

/// The contact as it must be now, from what was sent.
pub(super) fn as_sent(id: &RemoteId, body: &Map<String, Value>) -> RemotePerson {
    let mut shown = body.clone();
    shown.insert("Id".into(), json!(id.as_str()));
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let name = [text("FirstName"), text("LastName")];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    shown.insert("Name".into(), json!(name));
    let bytes = Value::Object(shown).to_string();
    decode::object(bytes.as_bytes()).ok().and_then(map::person).unwrap_or_default()
}

pub(super) async fn add_labels(
    api: &Api,
    id: &RemoteId,
    labels: &[RemoteId],
) -> Result<Sent, CrmError> {
    let there = living(api, id).await?;
    let missing: Vec<&RemoteId> =
        labels.iter().filter(|label| !there.labels.contains(label)).collect();
    if missing.is_empty() {
        return Ok(Sent { id: id.clone(), person: Some(there) });
    }
    let mut all = there.labels.clone();
    all.extend(missing.into_iter().cloned());
    let body = json!({ LABELS: body::labels(&all)? });
    let path = path(&format!("sobjects/Contact/{id}"));
    let change = changing(Method::PATCH, &path, Some(body), body::PERSON);
    api.write(&change, decode::nothing).await?;
    // The words as they stand there now; when it was changed is read with the next page.
    Ok(Sent { id: id.clone(), person: Some(RemotePerson { labels: all, ..there }) })
}

/// What a member has changed of a person, and nothing else.
pub(super) async fn change(
    api: &Api,
    id: &RemoteId,
    asked: &PersonChange,
) -> Result<Sent, CrmError> {
    let kind = people::kind(id);
    let body = body::changed(asked, kind)?;
    match living(api, id).await {
        Err(CrmError::Missing) if kind == PersonKind::Lead => {
            let said = body::objection("contact_id", NO_MORE);
            return Err(CrmError::unsent("the lead is no more", said));
        }
        other => drop(other?),
    }
    if !body.is_empty() {
        let path = path(&format!("sobjects/{}/{id}", people::object(kind)));
        let change = changing(Method::PATCH, &path, Some(Value::Object(body)), body::PERSON);
        api.write(&change, decode::nothing).await?;
    }
    Ok(Sent { id: id.clone(), person: living(api, id).await.ok() })
}

/// The mark that a record of this kind can have.
async fn marker(
    api: &Api,
    kind: PersonKind,
    make: &PersonToMake,
) -> Result<Option<Marker>, CrmError> {
    let Some(marker) = &make.marker else { return Ok(None) };
    if kind == PersonKind::Contact {
        return Ok(Some(marker.clone()));
    }
    let own = Marker { field: REFERENCE.to_owned(), value: marker.value.clone() };
    if fields::custom_of(api, "Lead").await?.contains_key(REFERENCE) {
        return Ok(Some(own));
    }
    match prepare::reference_of(api, kind).await {
        Ok(()) => Ok(Some(own)),
        Err(CrmError::Refused { .. } | CrmError::MissingScope { .. } | CrmError::Missing) => {
            Ok(None)
        }
        // Of the field nothing is known, but of the lead it is: it was not sent.
        Err(CrmError::Uncertain { what, status }) => {
            Err(CrmError::Down { what, status, wait: None })
        }
        Err(error) => Err(error),
    }
}

/// Those merged into others, those deleted and converted leads are missing alike.
pub(super) async fn living(api: &Api, id: &RemoteId) -> Result<RemotePerson, CrmError> {
    let found = Salesforce.persons_by_id(api, std::slice::from_ref(id)).await?.items;
    found.into_iter().find(|person| !person.deleted).ok_or(CrmError::Missing)
}
