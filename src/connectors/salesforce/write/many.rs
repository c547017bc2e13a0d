//! Up to 200 records in one request, each with its own outcome.
//!
//! - Contacts are upserted by our mark, in a collection as alone. Accounts have no mark: of those whose
//!   answer was lost each is looked for by its name, as alone.
//! - Whoever is taken for a duplicate goes once more by itself: nothing was made, and only an answer to
//!   a single record is known to name whom it is taken for.
//! - The contacts that were made are read again together, as the next import will read them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{OVERRULE, body, change, find, look, person::as_sent};
use crate::{
    connectors::{
        Api, Connector, CrmError, Many, Told,
        api::{Change, Names},
        salesforce::{
            Salesforce,
            decode::{self, Part},
            dialect,
            fields::REFERENCE,
            path,
        },
    },
    domain::{
        PersonKind, RemoteId, RemoteOrganization, RemotePerson,
        effect::{Effect, PersonToMake, Sent},
    },
};

/// Records of a collection.
const MOST: usize = 200;

type Record = Result<Map<String, Value>, CrmError>;

#[async_trait]
impl Many for Salesforce {
    fn most(&self) -> usize {
        MOST
    }

    fn takes(&self, effect: &Effect) -> bool {
        match effect {
            // All of a collection are of one kind, and found by one field.
            Effect::CreatePerson(make) => {
                body::kind(make) == PersonKind::Contact
                    && make.marker.as_ref().is_some_and(|marker| marker.field == REFERENCE)
            }
            Effect::CreateOrganization(_) => true,
            _ => false,
        }
    }

    async fn persons_with_emails(
        &self,
        api: &Api,
        emails: &[String],
    ) -> Result<Vec<Vec<RemotePerson>>, CrmError> {
        find::persons_of_all(api, emails).await
    }

    async fn organizations_with_names(
        &self,
        api: &Api,
        names: &[String],
    ) -> Result<Vec<Vec<RemoteOrganization>>, CrmError> {
        find::organizations_of_all(api, names).await
    }

    async fn look_for_all(
        &self,
        api: &Api,
        effects: &[(Effect, DateTime<Utc>)],
    ) -> Result<Vec<Vec<RemoteId>>, CrmError> {
        let make = |(effect, since): &'_ (Effect, DateTime<Utc>)| match effect {
            Effect::CreatePerson(make) => Ok((make.clone(), *since)),
            _ => Err(CrmError::cannot()),
        };
        let makes: Vec<_> = effects.iter().map(make).collect::<Result<_, _>>()?;
        let makes: Vec<_> = makes.iter().map(|(make, since)| (make, *since)).collect();
        look::people(api, &makes).await
    }

    async fn send_all(&self, api: &Api, effects: &[Effect]) -> Result<Vec<Told<Sent>>, CrmError> {
        let records: Vec<Record> = effects.iter().map(record).collect();
        let people = matches!(effects.first(), Some(Effect::CreatePerson(_)));
        let (method, to, names) = if people {
            let to = format!("composite/sobjects/Contact/{REFERENCE}");
            (Method::PATCH, to, body::PERSON)
        } else {
            (Method::POST, "composite/sobjects".to_owned(), body::ORGANIZATION)
        };
        let made = save(api, (method, &path(&to), names), &records).await?;
        if people { Ok(read_again(api, &records, made).await) } else { Ok(made) }
    }
}

/// One as it stands in a collection, or why it is not sent at all.
fn record(effect: &Effect) -> Record {
    let (kind, mut record) = match effect {
        Effect::CreatePerson(make) => ("Contact", person(make)?),
        Effect::CreateOrganization(make) => ("Account", body::organization(make)?),
        _ => return Err(CrmError::cannot()),
    };
    record.insert("attributes".to_owned(), json!({ "type": kind }));
    Ok(record)
}

fn person(make: &PersonToMake) -> Record {
    let mut record = body::person(make)?;
    if let Some(marker) = &make.marker {
        // Refuses a mark that does not fit.
        body::marked(PersonKind::Contact, marker)?;
        record.insert(marker.field.clone(), json!(marker.value));
    }
    Ok(record)
}

async fn save(
    api: &Api,
    (method, path, names): (Method, &str, Names),
    records: &[Record],
) -> Result<Vec<Told<Sent>>, CrmError> {
    let fine: Vec<&Map<String, Value>> =
        records.iter().filter_map(|one| one.as_ref().ok()).collect();
    let mut parts = Vec::new().into_iter();
    let body = json!({ "allOrNone": false, "records": fine });
    let change = Change { headers: OVERRULE, ..change(method, path, Some(body), names) };
    if !fine.is_empty() {
        parts = api.write(&change, |body| decode::parts(body, fine.len())).await?.into_iter();
    }
    let mut told = |record: &Record| match record {
        Err(error) => Told::Answer(Err(error.clone())),
        Ok(_) => match parts.next().unwrap_or(Part::Unclear) {
            Part::Made(id) => Told::Answer(Ok(Sent { id, person: None })),
            Part::Refused(code, _) if is_duplicate(&code) => Told::Alone,
            Part::Refused(code, errors) => {
                let (status, errors) = (dialect::status_of(&code), errors.get());
                Told::Answer(Err(api.part(&change, status, errors.as_bytes())))
            }
            Part::Unclear => {
                let what = "it does not say what became of one of many";
                Told::Answer(Err(CrmError::Uncertain { what, status: Some(200) }))
            }
        },
    };
    Ok(records.iter().map(&mut told).collect())
}

fn is_duplicate(code: &str) -> bool {
    matches!(code, "DUPLICATES_DETECTED" | "DUPLICATE_VALUE")
}

/// They are there; that they cannot be read just now does not undo it.
async fn read_again(api: &Api, records: &[Record], made: Vec<Told<Sent>>) -> Vec<Told<Sent>> {
    let ids: Vec<RemoteId> = made
        .iter()
        .filter_map(|told| match told {
            Told::Answer(Ok(sent)) => Some(sent.id.clone()),
            _ => None,
        })
        .collect();
    let read = Salesforce.persons_by_id(api, &ids).await.unwrap_or_default().items;
    let whole = |(record, told): (&Record, Told<Sent>)| match (record, told) {
        (Ok(record), Told::Answer(Ok(Sent { id, .. }))) => {
            let there = read.iter().find(|person| person.id == id && !person.deleted).cloned();
            let person = there.unwrap_or_else(|| as_sent(&id, record));
            Told::Answer(Ok(Sent { id, person: Some(person) }))
        }
        (_, told) => told,
    };
    records.iter().zip(made).map(whole).collect()
}
