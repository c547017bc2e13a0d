//! Whether something that may have been done was done: by what only one may have, and by what is tied
//! to the contact; by the search, whose index lags, only where there is no other way.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    LEAD_STATUS, act, activity,
    body::names,
    find,
    object::{self, Object},
    property,
};
use crate::{
    connectors::{
        Api, CrmError, html,
        hubspot::{
            CONTACTS_READ, SEARCH_PAGE, decode, map,
            place::Own,
            posted,
            records::{self, Kind, is_id},
            search, wire,
        },
    },
    domain::{
        RemoteId, RemotePerson,
        effect::{ActivityToMake, Effect, PersonToMake},
    },
};

/// Their clock may go behind ours by that much.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// Records of one kind at one contact that are looked at, the youngest first.
const MOST_TIED: usize = 100;

pub(super) async fn look(
    api: &Api,
    effect: &Effect,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let since = since - OVERLAP;
    match effect {
        Effect::CreatePerson(make) => persons(api, make, since).await,
        Effect::CreateOrganization(make) => {
            let ids = young(api, Kind::Companies, since).await?;
            let map = |record: wire::Record, _: &Own| map::organization(record);
            let page = records::batch(api, Kind::Companies, &ids, &Own::default(), map).await?;
            let named = page.items.into_iter().filter(|one| find::is_named(one, &make.name));
            Ok(named.map(|one| one.id).collect())
        }
        Effect::CreateLabel { name } => {
            let there = property(api, LEAD_STATUS).await?;
            Ok(super::option(&there, name).into_iter().collect())
        }
        Effect::CreateReference { name } => {
            match property(api, super::body::REFERENCE_NAME).await {
                Ok(there) if there.label.0.as_deref().map(str::trim) == Some(name) => {
                    Ok(there.name.0.map(RemoteId).into_iter().collect())
                }
                Ok(_) | Err(CrmError::Missing) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        }
        Effect::AddLabels { person, labels } => match find::person(api, person).await {
            Ok(there) => Ok(has(&there, labels).then_some(there.id).into_iter().collect()),
            Err(CrmError::Missing) => Ok(Vec::new()),
            Err(error) => Err(error),
        },
        Effect::CreateActivity(make) => activities(api, make, since).await,
        Effect::UpdateActivity { id, activity: make } => {
            let Some((object, number)) = object::parsed(id) else { return Ok(Vec::new()) };
            match super::activity_there(api, object, number).await {
                Ok(there) if activity::is(make, object, &there) => Ok(vec![id.clone()]),
                Ok(_) | Err(CrmError::Missing) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        }
        Effect::DeleteActivity { id } => {
            let Some((object, number)) = object::parsed(id) else { return Ok(vec![id.clone()]) };
            match super::activity_there(api, object, number).await {
                Ok(_) => Ok(Vec::new()),
                Err(CrmError::Missing) => Ok(vec![id.clone()]),
                Err(error) => Err(error),
            }
        }
        Effect::Act(act) => act::look(api, act, since).await,
    }
}

fn has(there: &RemotePerson, labels: &[RemoteId]) -> bool {
    labels.iter().all(|label| there.labels.contains(label))
}

/// By our marker, which only one may have; by the address, which is unique too; by everything else
/// among those made since.
async fn persons(
    api: &Api,
    make: &PersonToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    if let Some(marker) = &make.marker {
        let marked = match find::holder(api, &marker.field, &marker.value).await {
            // The property may have been deleted meanwhile, and every mark with it.
            Err(CrmError::Refused { .. }) => None,
            marked => marked?,
        };
        if let Some(id) = marked {
            return Ok(vec![id]);
        }
    }
    if let Some(email) = super::body::primary(&make.emails) {
        let found = find::persons(api, &email.value).await?;
        return Ok(found.into_iter().filter(|there| is(make, there)).map(|one| one.id).collect());
    }
    let ids = young(api, Kind::Contacts, since).await?;
    let map = |record: wire::Record, own: &Own| map::person(record, own);
    let page = records::batch(api, Kind::Contacts, &ids, &Own::default(), map).await?;
    Ok(page.items.into_iter().filter(|there| is(make, there)).map(|one| one.id).collect())
}

/// Whether a person is the one that was sent, by all that is kept as it was sent.
fn is(make: &PersonToMake, there: &RemotePerson) -> bool {
    let same = |ours: &Option<RemoteId>, its: &Option<RemoteId>| ours.is_none() || ours == its;
    let (first, last) = names(make);
    let its = |part: &Option<String>| html::one_line(part.as_deref().unwrap_or_default());
    its(&there.first_name) == first
        && its(&there.last_name) == last
        && same(&make.owner, &there.owner)
        && same(&make.organization, &there.organization)
}

/// Ids of what was made since, as far as the index knows; one page.
async fn young(api: &Api, kind: Kind, since: DateTime<Utc>) -> Result<Vec<RemoteId>, CrmError> {
    let filter = json!({
        "propertyName": "createdate", "operator": "GTE",
        "value": since.timestamp_millis().to_string(),
    });
    let body = json!({
        "filterGroups": [{ "filters": [filter] }],
        "sorts": [{ "propertyName": "createdate", "direction": "DESCENDING" }],
        "properties": ["hs_object_id"], "limit": SEARCH_PAGE,
    });
    let (ids, more) = search(api, kind, body, decode::ids).await?;
    if more {
        // Somebody imports over there. Not having seen it would prove nothing.
        return Err(CrmError::Unreadable {
            what: "too much was made there meanwhile to look through",
        });
    }
    Ok(ids)
}

/// Among the activities that are tied to the contact.
async fn activities(
    api: &Api,
    make: &ActivityToMake,
    since: DateTime<Utc>,
) -> Result<Vec<RemoteId>, CrmError> {
    let object = Object::of(make)?;
    let young = tied(api, &make.person, object.plural(), object.properties(), since).await?;
    let found = young.into_iter().filter(|there| activity::is(make, object, there));
    Ok(found.filter_map(|there| Some(object::joined(object, &there.id.0?))).collect())
}

/// What is tied to a contact and was made since, the youngest first.
pub(super) async fn tied(
    api: &Api,
    person: &RemoteId,
    kind: &str,
    properties: &[&str],
    since: DateTime<Utc>,
) -> Result<Vec<wire::Record>, CrmError> {
    if !is_id(person.as_str()) {
        return Ok(Vec::new());
    }
    let path = format!("/crm/associations/2026-09/contacts/{kind}/batch/read");
    let ask = posted(&path, json!({ "inputs": [{ "id": person }] }), CONTACTS_READ);
    let ties = |ties: wire::Ties| {
        let to = ties.to.0.into_iter().filter_map(|row| row.0?.id.0);
        Some(to.collect::<Vec<RemoteId>>())
    };
    let mut ids = api.read(&ask, |body| decode::list(body, ties)).await?.0.concat();
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids.sort_by_key(|id| std::cmp::Reverse(id.as_str().parse().unwrap_or(0_u64)));
    ids.truncate(MOST_TIED);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let inputs: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let body = json!({ "inputs": inputs, "properties": properties, "propertiesWithHistory": [] });
    let path = format!("/crm/objects/2026-09/{kind}/batch/read");
    let ask = posted(&path, body, CONTACTS_READ);
    let read = api.read(&ask, |body| decode::records(body, Some)).await?;
    let is_young = |there: &wire::Record| {
        let made = ["hs_createdate", "createdate"].into_iter().find_map(|name| there.text(name));
        let made = made.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        // Without a time it may be any time.
        made.or(there.created_at.0).is_none_or(|at| at >= since)
    };
    Ok(read.items.into_iter().filter(is_young).collect())
}
