//! What Pipedrive lets us write.
//!
//! - There is no idempotency key, and the search index lags: a create whose answer was lost is
//!   looked for in lists ([`look`]).
//! - Creating answers 200, not 201; the whole record is in it.
//! - `emails`, `phones` and `label_ids` of a change replace what was there. Only labels are changed
//!   here, so they are read first; a label that somebody takes away between the two requests comes
//!   back, for there is no conditional request.
//! - A person's custom field that was deleted, a label or an owner that is gone refuse the whole
//!   record: [`crate::connectors::Stale`] says which.
//! - Labels are options of the built-in field `label_ids`. That options can be added to it, as to
//!   fields of one's own, is documented only in general.
//! - `due_time` is UTC, a note is HTML of at most 100 KB, and an activity's person is whoever takes
//!   part first.
//! - An organization's country is a part of its address. `industry` (an option's id) and `website`
//!   exist where the account has the feature, that is: the field.
//! - A task has a priority, as the number of an option whose meaning is not documented: none is sent.
//! - No address of a single activity in the web application is documented: there is no link.

mod activity;
mod body;
mod deal;
mod find;
mod html;
mod look;
mod note;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{MANIFEST, ORGANIZATIONS, PERSONS, Pipedrive, ask, decode, dialect, map, wire};
use crate::{
    connectors::{
        Api, Cost, CrmError, Lane, Lifecycle, Stale, Writer,
        api::{Change, Names},
        writer::without_queries,
    },
    domain::{
        ActivityKind, ActivityType, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson,
        action::{ActionKind, DealStage, PersonChange},
        effect::{Act, ActivityToMake, Effect, OrganizationToMake, PersonToMake, Sent},
    },
};

const ACTIVITIES: &str = "/api/v2/activities";
const LABELS: &str = "/api/v2/personFields/label_ids/options";
const PERSON_FIELDS: &str = "/api/v2/personFields";
const CONTACTS: &str = "contacts:full";
const CONTACT_FIELDS: &str = "contact-fields:full";
const NO_STAGE: &str = "People have no lifecycle stage in Pipedrive: a lead is a record of its own \
    there, beside its person. Leave the stage out, and make the lead there or a deal from here.";
const ACTIVITY_SCOPE: &str = "activities:full";

#[async_trait]
impl Writer for Pipedrive {
    async fn persons_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        find::persons(api, email).await
    }

    fn lifecycle(&self) -> Lifecycle {
        Lifecycle::Nowhere(NO_STAGE)
    }

    async fn organizations_named(
        &self,
        api: &Api,
        name: &str,
    ) -> Result<Vec<RemoteOrganization>, CrmError> {
        find::organizations(api, name).await
    }

    async fn activity_types(&self, api: &Api) -> Result<Vec<ActivityType>, CrmError> {
        let ask = ask("/api/v1/activityTypes", &[], MANIFEST.costs.kinds, ACTIVITY_SCOPE);
        Ok(api.read(&ask, |body| decode::page(body, activity::known_kind)).await?.items)
    }

    fn activity_type(&self, kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
        activity::kind(kind, types)
    }

    fn reference_name(&self) -> Option<&'static str> {
        Some("Tandem reference")
    }

    async fn send(&self, api: &Api, effect: &Effect) -> Result<Sent, CrmError> {
        match effect {
            Effect::CreatePerson(make) => create_person(api, make).await,
            Effect::AddLabels { person, labels } => add_labels(api, person, labels).await,
            Effect::CreateOrganization(make) => create_organization(api, make).await,
            Effect::CreateLabel { name } => create_label(api, name).await,
            Effect::CreateReference { name } => create_reference(api, name).await,
            Effect::CreateActivity(make) => create_activity(api, make).await,
            Effect::UpdateActivity { id, activity } => update_activity(api, id, activity).await,
            Effect::DeleteActivity { id } => delete_activity(api, id).await,
            Effect::Act(Act::CreateNote(make)) => note::create(api, make).await,
            Effect::Act(Act::CreateDeal(make)) => deal::create(api, make).await,
            Effect::Act(Act::UpdateDeal { id, deal }) => deal::update(api, id, deal).await,
            Effect::Act(Act::UpdatePerson { id, change }) => update_person(api, id, change).await,
        }
    }

    async fn look(
        &self,
        api: &Api,
        effect: &Effect,
        since: DateTime<Utc>,
    ) -> Result<Vec<RemoteId>, CrmError> {
        look::look(api, effect, since).await
    }

    fn activity_url(&self, _: Option<&str>, _: &RemoteId) -> Option<String> {
        None
    }

    fn cannot(&self, action: ActionKind) -> Option<&'static str> {
        without_queries(action)
    }

    fn scope_of(&self, action: ActionKind) -> Option<&'static str> {
        match action {
            ActionKind::CreateTask | ActionKind::UpdateTask | ActionKind::LogCall => {
                Some(ACTIVITY_SCOPE)
            }
            ActionKind::CreateDeal | ActionKind::UpdateDeal => Some(deal::WRITE),
            ActionKind::GetDeal => Some(deal::READ),
            ActionKind::CreateNote
            | ActionKind::CreateContact
            | ActionKind::UpdateContact
            | ActionKind::GetContact
            | ActionKind::SearchContact => Some(CONTACTS),
            ActionKind::SearchRecords => None,
        }
    }

    async fn stages(&self, api: &Api) -> Result<Vec<DealStage>, CrmError> {
        deal::stages(api).await
    }

    async fn deal(&self, api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
        deal::get(api, id).await
    }

    fn deal_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::url(domain, "deal", id)
    }
}

/// What is given; the rest stays.
async fn update_person(api: &Api, id: &RemoteId, make: &PersonChange) -> Result<Sent, CrmError> {
    let body = body::person_change(make);
    let path = one(PERSONS, id, Stale::Person)?;
    let change = change(Method::PATCH, &path, Some(body), CONTACTS, body::PERSON);
    person_sent(api.write(&change, person).await?)
}

async fn create_person(api: &Api, make: &PersonToMake) -> Result<Sent, CrmError> {
    let body = body::person(make)?;
    let change = change(Method::POST, PERSONS, Some(body), CONTACTS, body::PERSON);
    let mut fresh = api.write(&change, person).await?;
    // Counts come only with lists; somebody who is new has no deals.
    fresh.open_deals = fresh.open_deals.or(Some(0));
    fresh.closed_deals = fresh.closed_deals.or(Some(0));
    person_sent(fresh)
}

async fn add_labels(api: &Api, id: &RemoteId, labels: &[RemoteId]) -> Result<Sent, CrmError> {
    let there = living_person(api, id).await?;
    let missing = labels.iter().filter(|label| !there.labels.contains(label));
    let missing: Vec<RemoteId> = missing.cloned().collect();
    if missing.is_empty() {
        return person_sent(there);
    }
    let mut all = there.labels;
    all.extend(missing);
    let body = json!({ "label_ids": body::labels(&all)? });
    let path = one(PERSONS, id, Stale::Person)?;
    let change = change(Method::PATCH, &path, Some(body), CONTACTS, body::PERSON);
    person_sent(api.write(&change, person).await?)
}

async fn create_organization(api: &Api, make: &OrganizationToMake) -> Result<Sent, CrmError> {
    let places = find::places(api, make).await?;
    let body = body::organization(make, &places)?;
    let change = change(Method::POST, ORGANIZATIONS, Some(body), CONTACTS, body::ORGANIZATION);
    let read = |body: &[u8]| map::organization(decode::object(body)?).ok_or(NO_ID);
    Ok(Sent { id: api.write(&change, read).await?.id, person: None })
}

async fn create_label(api: &Api, name: &str) -> Result<Sent, CrmError> {
    let name = html::one_line(name);
    let change =
        change(Method::POST, LABELS, Some(json!([{ "label": name }])), CONTACTS, body::LABEL);
    let read = |body: &[u8]| {
        let (options, _) = decode::list::<wire::FieldOption>(body)?;
        let added = options.into_iter().find(|option| option.label.0.as_deref() == Some(&*name));
        added.and_then(|option| option.id.0).ok_or("it names no new label")
    };
    Ok(Sent { id: RemoteId(api.write(&change, read).await?), person: None })
}

async fn create_reference(api: &Api, name: &str) -> Result<Sent, CrmError> {
    let body = json!({ "field_name": name, "field_type": "varchar" });
    let change = change(Method::POST, PERSON_FIELDS, Some(body), CONTACT_FIELDS, body::REFERENCE);
    let read = |body: &[u8]| {
        let field: wire::Field = decode::object(body)?;
        field.code.0.ok_or("it names no new field")
    };
    Ok(Sent { id: RemoteId(api.write(&change, read).await?), person: None })
}

async fn create_activity(api: &Api, make: &ActivityToMake) -> Result<Sent, CrmError> {
    let body = Value::Object(activity::body(make)?);
    let change = change(Method::POST, ACTIVITIES, Some(body), ACTIVITY_SCOPE, activity::ACTIVITY);
    Ok(Sent { id: api.write(&change, id_of).await?, person: None })
}

/// All fields, unless they are as they should be already.
async fn update_activity(
    api: &Api,
    id: &RemoteId,
    make: &ActivityToMake,
) -> Result<Sent, CrmError> {
    // What can never be sent is said without asking.
    activity::body(make)?;
    let there = living_activity(api, id).await?;
    if !activity::is(make, &there) {
        let body = Value::Object(activity::changed(make, &there)?);
        let path = one(ACTIVITIES, id, Stale::Person)?;
        let change = change(Method::PATCH, &path, Some(body), ACTIVITY_SCOPE, activity::ACTIVITY);
        api.write(&change, id_of).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

/// What is gone is deleted.
async fn delete_activity(api: &Api, id: &RemoteId) -> Result<Sent, CrmError> {
    let Ok(path) = one(ACTIVITIES, id, Stale::Person) else { return Err(CrmError::Missing) };
    let mut change = change(Method::DELETE, &path, None, ACTIVITY_SCOPE, activity::ACTIVITY);
    change.cost.tokens = MANIFEST.costs.delete;
    match api.write(&change, id_of).await {
        Ok(_) | Err(CrmError::Missing) => Ok(Sent { id: id.clone(), person: None }),
        Err(error) => Err(error),
    }
}

/// Those merged into others and those deleted are missing alike.
async fn living_person(api: &Api, id: &RemoteId) -> Result<RemotePerson, CrmError> {
    let Ok(path) = one(PERSONS, id, Stale::Person) else { return Err(CrmError::Missing) };
    let ask = ask(&path, &[], MANIFEST.costs.record, CONTACTS);
    let there = api.read(&ask, person).await?;
    if there.deleted { Err(CrmError::Missing) } else { Ok(there) }
}

async fn living_activity(api: &Api, id: &RemoteId) -> Result<wire::Activity, CrmError> {
    let Ok(path) = one(ACTIVITIES, id, Stale::Person) else { return Err(CrmError::Missing) };
    let ask = ask(&path, &[], MANIFEST.costs.record, ACTIVITY_SCOPE);
    let there: wire::Activity = api.read(&ask, decode::object).await?;
    if there.is_deleted.0 == Some(true) { Err(CrmError::Missing) } else { Ok(there) }
}

const NO_ID: &str = "the record has no usable id";

fn person(body: &[u8]) -> Result<RemotePerson, &'static str> {
    map::person(decode::object(body)?).ok_or(NO_ID)
}

fn id_of(body: &[u8]) -> Result<RemoteId, &'static str> {
    decode::object::<decode::OnlyId>(body)?.id.0.ok_or(NO_ID)
}

#[expect(clippy::unnecessary_wraps, reason = "the end of every verb about a person")]
fn person_sent(person: RemotePerson) -> Result<Sent, CrmError> {
    Ok(Sent { id: person.id.clone(), person: Some(person) })
}

/// The address of one record. An id goes into a path only as a number.
fn one(list: &str, id: &RemoteId, stale: Stale) -> Result<String, CrmError> {
    Ok(format!("{list}/{}", body::number(id, "id", stale)?))
}

fn change<'a>(
    method: Method,
    path: &'a str,
    body: Option<Value>,
    scope: &'static str,
    names: Names,
) -> Change<'a> {
    let cost = Cost { tokens: MANIFEST.costs.write, lane: Lane::General };
    Change {
        dialect: &dialect::WORDS,
        method,
        path,
        query: &[],
        headers: &[],
        cost,
        scope,
        body,
        names,
    }
}
