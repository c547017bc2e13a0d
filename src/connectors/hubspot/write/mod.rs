//! What HubSpot lets us write.
//!
//! - There is no idempotency key. A contact's address and our reference are unique: a second create is
//!   refused with the id of the first (409), which is what was wanted. A contact without a company is
//!   upserted by our reference; one with a company is created, as only that ties both in one request.
//! - A contact that was there gets nothing but the lead status, and that only where it says nothing or
//!   that nobody has spoken with them yet (decision 39).
//! - The lifecycle stage is set of who is new, and moved forward where a member asks for it ([`stage`]).
//! - Additional addresses cannot be written; of numbers there is one, and one mobile one.
//! - Activities are objects of four kinds, tied to contact and company as they are made. What kind one
//!   is does not change: an activity that becomes another stays the object that it was.
//! - A company has nothing that is unique: whether one was made is searched for, and the index lags.

mod act;
mod activity;
mod body;
mod deal;
mod find;
mod look;
mod object;
mod stage;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    COMPANIES_WRITE, CONTACT_PROPERTIES, CONTACTS_READ, CONTACTS_WRITE, COST, DEALS_WRITE, HubSpot,
    SCHEMAS_WRITE, ask, decode, dialect, map,
    place::Own,
    records::{Kind, is_id},
    wire,
};
use crate::{
    connectors::{
        Api, CrmError, Lifecycle, Stale, Writer,
        api::{Change, Names},
        html,
        writer::without_queries,
    },
    domain::{
        ActivityKind, ActivityType, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson,
        action::{ActionKind, DealStage, Priority, TaskKind},
        effect::{ActivityToMake, Effect, OrganizationToMake, PersonToMake, Sent},
    },
};

use self::object::Object;

const LEAD_STATUS: &str = map::LABELS;
const NO_ID: &str = "the record has no usable id";
/// The type id of the tie to a contact's primary company.
const PRIMARY_COMPANY: u16 = 1;
/// Statuses that an account begins with and that say that nobody has spoken with them yet.
const GIVE_WAY: &[&str] = &["NEW", "OPEN", "ATTEMPTED_TO_CONTACT"];

#[async_trait]
impl Writer for HubSpot {
    async fn persons_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        find::persons(api, email).await
    }

    fn lifecycle(&self) -> Lifecycle {
        Lifecycle::Field
    }

    async fn organizations_named(
        &self,
        api: &Api,
        name: &str,
    ) -> Result<Vec<RemoteOrganization>, CrmError> {
        find::organizations(api, name).await
    }

    async fn activity_types(&self, _: &Api) -> Result<Vec<ActivityType>, CrmError> {
        Ok(object::kinds())
    }

    fn activity_type(&self, kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
        object::kind(kind, types)
    }

    fn task_type(&self, kind: TaskKind, types: &[ActivityType]) -> Option<String> {
        object::task(kind, types)
    }

    fn priorities(&self) -> &'static [Priority] {
        &[Priority::Low, Priority::Normal, Priority::High]
    }

    fn cannot(&self, action: ActionKind) -> Option<&'static str> {
        without_queries(action)
    }

    fn scope_of(&self, action: ActionKind) -> Option<&'static str> {
        matches!(action, ActionKind::CreateDeal | ActionKind::UpdateDeal).then_some(DEALS_WRITE)
    }

    async fn stages(&self, api: &Api) -> Result<Vec<DealStage>, CrmError> {
        Ok(deal::stages(api).await?.into_iter().map(|stage| stage.stage).collect())
    }

    async fn deal(&self, api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
        deal::get(api, id).await
    }

    fn deal_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::record_url(domain, "0-3", id.as_str())
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
            Effect::Act(act) => act::send(api, act).await,
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

    fn activity_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        let (object, number) = object::parsed(id)?;
        map::record_url(domain, object.type_id(), number)
    }
}

/// What came of making a contact.
enum Made {
    New(Box<RemotePerson>),
    /// There is one already; nothing of it was changed.
    There(RemoteId),
}

async fn create_person(api: &Api, make: &PersonToMake) -> Result<Sent, CrmError> {
    let properties = body::person(make)?;
    let path = Kind::Contacts.path();
    let (path, sent) = match (&make.organization, &make.marker) {
        (Some(organization), _) => {
            let id = body::known(organization, "organization", Stale::Organization)?;
            let ties = [body::tie(id, PRIMARY_COMPANY)];
            (path.to_owned(), json!({ "properties": properties, "associations": ties }))
        }
        (None, Some(marker)) => {
            let input = json!({
                "id": marker.value, "idProperty": marker.field, "properties": properties,
                "objectWriteTraceId": marker.value,
            });
            (format!("{path}/batch/upsert"), json!({ "inputs": [input] }))
        }
        (None, None) => (path.to_owned(), json!({ "properties": properties, "associations": [] })),
    };
    let change = change(Method::POST, &path, Some(sent), CONTACTS_WRITE, body::PERSON);
    let mark = make.marker.iter().map(|marker| (marker.field.clone(), false)).collect();
    let own = Own(mark);
    match api.write(&change, |body| made(body, &own)).await {
        Ok(Made::New(mut person)) => {
            // The answer says all but what it is tied to: it is as the next import will read it.
            person.organization.clone_from(&make.organization);
            Ok(Sent { id: person.id.clone(), person: Some(*person) })
        }
        Ok(Made::There(id)) => add_labels(api, &id, &make.labels).await,
        Err(error @ CrmError::Refused { status: 400 | 409, .. }) => {
            // Sent once before, without our having heard of it: the mark is already taken, by ours.
            let marked = match &make.marker {
                Some(marker) => find::holder(api, &marker.field, &marker.value).await,
                None => Ok(None),
            };
            let Ok(Some(id)) = marked else { return Err(error) };
            Ok(Sent { person: find::person(api, &id).await.ok(), id })
        }
        Err(error) => Err(error),
    }
}

/// A record, the one result of a batch, or a refusal that names who is there.
fn made(body: &[u8], own: &Own) -> Result<Made, &'static str> {
    if let Some(id) = dialect::existing(body) {
        return Ok(Made::There(RemoteId(id)));
    }
    let record = match decode::records(body, Some) {
        Ok(read) => read.items.into_iter().next().ok_or(NO_ID)?,
        Err(_) => decode::one(body)?,
    };
    let person = map::person(record, own).ok_or(NO_ID)?;
    Ok(Made::New(Box::new(person)))
}

/// Sets the lead status where it is free; what a person has decided stays.
async fn add_labels(api: &Api, id: &RemoteId, labels: &[RemoteId]) -> Result<Sent, CrmError> {
    let mut there = living(api, id).await?;
    let has = there.labels.first().map(RemoteId::as_str);
    let is_free = has.is_none_or(|status| GIVE_WAY.contains(&status));
    let Some(label) = labels.first().filter(|label| is_free && !there.labels.contains(label))
    else {
        return Ok(Sent { id: there.id.clone(), person: Some(there) });
    };
    let path = one(Kind::Contacts.path(), there.id.as_str());
    let sent = json!({ "properties": { LEAD_STATUS: label } });
    let change = change(Method::PATCH, &path, Some(sent), CONTACTS_WRITE, body::PERSON);
    let read = |body: &[u8]| {
        let record: wire::Record = decode::one(body)?;
        if record.id.0.is_some() { Ok(record.updated_at.0) } else { Err(NO_ID) }
    };
    let updated = api.write(&change, read).await?;
    there.labels = vec![label.clone()];
    there.updated_at = updated.or(there.updated_at);
    Ok(Sent { id: there.id.clone(), person: Some(there) })
}

/// Those archived and those merged into others are missing alike.
async fn living(api: &Api, id: &RemoteId) -> Result<RemotePerson, CrmError> {
    if !is_id(id.as_str()) {
        return Err(CrmError::Missing);
    }
    find::person(api, id).await
}

async fn create_organization(api: &Api, make: &OrganizationToMake) -> Result<Sent, CrmError> {
    let industry = find::industry(api, make.industry.as_deref()).await?;
    let properties = body::organization(make, industry)?;
    let sent = json!({ "properties": properties, "associations": [] });
    let path = Kind::Companies.path();
    let change = change(Method::POST, path, Some(sent), COMPANIES_WRITE, body::ORGANIZATION);
    Ok(Sent { id: api.write(&change, id_of).await?, person: None })
}

/// Adds an option to the lead status. The list replaces the list: an option that somebody adds
/// between the two requests is lost, for there is no conditional request.
async fn create_label(api: &Api, name: &str) -> Result<Sent, CrmError> {
    let name = html::one_line(name);
    let there = property(api, LEAD_STATUS).await?;
    if let Some(id) = option(&there, &name) {
        return Ok(Sent { id, person: None });
    }
    let known: Vec<_> = there.options.0.iter().filter_map(|row| row.0.as_ref()).collect();
    let value = body::free_value(&name, |value| {
        known.iter().any(|choice| choice.value.0.as_deref() == Some(value))
    });
    let mut options: Vec<Value> = known
        .iter()
        .enumerate()
        .map(|(at, choice)| {
            json!({
                "label": choice.label.0, "value": choice.value.0, "displayOrder": at,
                "hidden": choice.hidden.0.unwrap_or(false),
            })
        })
        .collect();
    options.push(json!({
        "label": name, "value": value, "displayOrder": options.len(), "hidden": false,
    }));
    let path = format!("{CONTACT_PROPERTIES}/{LEAD_STATUS}");
    let sent = json!({ "options": options });
    let change = change(Method::PATCH, &path, Some(sent), SCHEMAS_WRITE, body::LABEL);
    let read =
        |body: &[u8]| option(&decode::one(body)?, &name).ok_or("it does not have the new label");
    Ok(Sent { id: api.write(&change, read).await?, person: None })
}

/// The value of the option of that name, whatever its case.
fn option(property: &wire::Property, name: &str) -> Option<RemoteId> {
    let wanted = html::one_line(name).to_lowercase();
    let mut choices = property.choices();
    let found = choices.find(|(_, label)| html::one_line(label).to_lowercase() == wanted);
    found.map(|(value, _)| RemoteId(value.to_owned()))
}

async fn property(api: &Api, name: &str) -> Result<wire::Property, CrmError> {
    let path = format!("{CONTACT_PROPERTIES}/{name}");
    api.read(&ask(&path, &[], CONTACTS_READ), decode::one).await
}

/// A property that no two contacts may share a value of: that can only be said as it is made.
async fn create_reference(api: &Api, name: &str) -> Result<Sent, CrmError> {
    let sent = json!({
        "name": body::REFERENCE_NAME, "label": name, "groupName": "contactinformation",
        "type": "string", "fieldType": "text", "hasUniqueValue": true,
        "description": "How Tandem knows the contacts that it made.",
    });
    let change =
        change(Method::POST, CONTACT_PROPERTIES, Some(sent), SCHEMAS_WRITE, body::REFERENCE);
    let read = |body: &[u8]| {
        let property: wire::Property = decode::one(body)?;
        property.name.0.ok_or("it names no new property")
    };
    let name = match api.write(&change, read).await {
        // There already, from an earlier connection.
        Err(CrmError::Refused { status: 409, .. }) => {
            property(api, body::REFERENCE_NAME).await?.name.0.ok_or(CrmError::Missing)?
        }
        made => made?,
    };
    Ok(Sent { id: RemoteId(name), person: None })
}

async fn create_activity(api: &Api, make: &ActivityToMake) -> Result<Sent, CrmError> {
    let object = Object::of(make)?;
    let sent = activity::body(make, object)?;
    let change =
        change(Method::POST, object.path(), Some(sent), CONTACTS_WRITE, activity::ACTIVITY);
    let id = api.write(&change, id_of).await?;
    Ok(Sent { id: object::joined(object, &id), person: None })
}

/// All properties, unless they are as they should be already.
async fn update_activity(
    api: &Api,
    id: &RemoteId,
    make: &ActivityToMake,
) -> Result<Sent, CrmError> {
    let (object, number) = object::parsed(id).ok_or(CrmError::Missing)?;
    // What can never be sent is said without asking.
    let properties = activity::properties(make, object)?;
    let there = activity_there(api, object, number).await?;
    if !activity::is(make, object, &there) {
        let path = one(object.path(), number);
        let sent = json!({ "properties": properties });
        let change = change(Method::PATCH, &path, Some(sent), CONTACTS_WRITE, activity::ACTIVITY);
        api.write(&change, id_of).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

async fn activity_there(api: &Api, object: Object, number: &str) -> Result<wire::Record, CrmError> {
    let path = one(object.path(), number);
    let properties = object.properties().join(",");
    let query = [("properties", properties.as_str())];
    let there: wire::Record = api.read(&ask(&path, &query, CONTACTS_READ), decode::one).await?;
    if there.archived.0 == Some(true) { Err(CrmError::Missing) } else { Ok(there) }
}

/// What is gone is deleted.
async fn delete_activity(api: &Api, id: &RemoteId) -> Result<Sent, CrmError> {
    let (object, number) = object::parsed(id).ok_or(CrmError::Missing)?;
    let path = one(object.path(), number);
    let change = change(Method::DELETE, &path, None, CONTACTS_WRITE, activity::ACTIVITY);
    match api.write(&change, |_| Ok(())).await {
        Ok(()) | Err(CrmError::Missing) => Ok(Sent { id: id.clone(), person: None }),
        Err(error) => Err(error),
    }
}

fn id_of(body: &[u8]) -> Result<RemoteId, &'static str> {
    decode::one::<wire::OnlyId>(body)?.id.0.ok_or(NO_ID)
}

/// The address of one record; its id was judged before.
fn one(list: &str, id: &str) -> String {
    format!("{list}/{id}")
}

fn change<'a>(
    method: Method,
    path: &'a str,
    body: Option<Value>,
    scope: &'static str,
    names: Names,
) -> Change<'a> {
    let dialect = &dialect::WORDS;
    Change { dialect, method, path, query: &[], headers: &[], cost: COST, scope, body, names }
}
