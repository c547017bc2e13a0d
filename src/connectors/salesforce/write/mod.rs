//! What Salesforce lets us write.
//!
//! - A contact with our mark is upserted by it: the same create twice makes one contact. Without the
//!   field for marks it is posted, and an answer that was lost is looked for by all that was sent.
//! - Up to 200 contacts are upserted, and as many accounts made, in one request ([`many`]).
//! - A label is a word in a multi-select picklist of ours: contacts have no labels of their own, and
//!   the standard lists are the company's (decision 40). The id of one is the field and the word.
//! - An update replaces the words of that field, so they are read first; a word that somebody takes
//!   away between the two requests comes back.
//! - A duplicate rule that only warns is overruled, for we have looked for the address. One that
//!   forbids names the contacts that it means: if one of them has the address, that is the person.
//! - A contact has one place for an address and four for numbers: the others stand in the description.
//! - A meeting is an event, everything else a task. A task has a day and no time; an event is never
//!   done; neither becomes the other, and the subtype of a task stays what it was.
//! - A lead is a person of whom a member has said that sales has not qualified them yet ([`person`]).
//! - Two fields of ours are made through the Tooling API, which takes an administrator; without one
//!   both are done without ([`prepare`]).

mod activity;
mod body;
mod deal;
pub(super) mod find;
mod look;
mod many;
mod person;
mod phones;
mod prepare;
mod text;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::Value;

use super::{
    MANIFEST, SCOPE, Salesforce, decode, dialect, fields, map, path, people, search, wire,
};
use crate::{
    connectors::{
        Api, Connector, Cost, CrmError, Lane, Lifecycle, Many, QueryLanguage, Records, Writer,
        api::{Change, Names},
    },
    domain::{
        ActivityKind, ActivityType, PersonKind, RemoteDeal, RemoteId, RemoteOrganization,
        RemotePerson,
        action::{ActionKind, DealStage, Priority},
        effect::{Act, ActivityToMake, Effect, OrganizationToMake, Sent},
    },
};

use self::{
    activity::{Object, Statuses},
    person::{Made, duplicate, made},
};

/// Warnings are for people who type; ours has looked.
const OVERRULE: &[(&str, &str)] =
    &[("sforce-duplicate-rule-header", "allowSave=true; includeRecordDetails=false")];

#[async_trait]
impl Writer for Salesforce {
    async fn persons_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        find::persons(api, email).await
    }

    fn lifecycle(&self) -> Lifecycle {
        Lifecycle::Kind { scopes: &[] }
    }

    fn person_kind(&self, id: &RemoteId) -> PersonKind {
        people::kind(id)
    }

    async fn leads_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        people::leads(api, email).await
    }

    async fn organizations_named(
        &self,
        api: &Api,
        name: &str,
    ) -> Result<Vec<RemoteOrganization>, CrmError> {
        find::organizations(api, name).await
    }

    async fn activity_types(&self, api: &Api) -> Result<Vec<ActivityType>, CrmError> {
        let task = fields::describe(api, "Task").await?;
        let event = fields::describe(api, "Event").await?;
        Ok(activity::kinds(task, &event))
    }

    fn activity_type(&self, kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
        activity::kind(kind, types)
    }

    fn reference_name(&self) -> Option<&'static str> {
        Some(prepare::NAME)
    }

    async fn send(&self, api: &Api, effect: &Effect) -> Result<Sent, CrmError> {
        match effect {
            Effect::CreatePerson(make) => person::create(api, make).await,
            Effect::AddLabels { person, labels } => person::add_labels(api, person, labels).await,
            Effect::CreateOrganization(make) => create_organization(api, make).await,
            Effect::CreateLabel { name } => prepare::label(api, name).await,
            Effect::CreateReference { name } => prepare::reference(api, name).await,
            Effect::CreateActivity(make) => create_activity(api, make).await,
            Effect::UpdateActivity { id, activity } => update_activity(api, id, activity).await,
            Effect::DeleteActivity { id } => delete_activity(api, id).await,
            Effect::Act(Act::CreateDeal(make)) => deal::create(api, make).await,
            Effect::Act(Act::UpdateDeal { id, deal }) => deal::update(api, id, deal).await,
            Effect::Act(Act::UpdatePerson { id, change }) => person::change(api, id, change).await,
            Effect::Act(Act::CreateNote(_)) => Err(CrmError::cannot()),
        }
    }

    fn many(&self) -> Option<&dyn Many> {
        Some(self)
    }

    async fn look(
        &self,
        api: &Api,
        effect: &Effect,
        since: DateTime<Utc>,
    ) -> Result<Vec<RemoteId>, CrmError> {
        look::look(api, effect, since).await
    }

    fn cannot(&self, action: ActionKind) -> Option<&'static str> {
        (action == ActionKind::CreateNote)
            .then_some("Notes in Salesforce are files, and Tandem makes no files there.")
    }

    fn priorities(&self) -> &'static [Priority] {
        &[Priority::Low, Priority::Normal, Priority::High]
    }

    async fn stages(&self, api: &Api) -> Result<Vec<DealStage>, CrmError> {
        deal::stages(api).await
    }

    async fn deal(&self, api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
        deal::get(api, id).await
    }

    fn deal_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::record_url(domain, id)
    }

    fn query_language(&self) -> Option<&'static QueryLanguage> {
        Some(&search::LANGUAGE)
    }

    fn check_query(&self, text: &str) -> Result<(), String> {
        search::check(text)
    }

    async fn search_records(&self, api: &Api, text: &str) -> Result<Records, CrmError> {
        search::run(api, text).await
    }

    fn record_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::record_url(domain, id)
    }

    fn activity_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::record_url(domain, id)
    }
}

async fn create_organization(api: &Api, make: &OrganizationToMake) -> Result<Sent, CrmError> {
    let body = Value::Object(body::organization(make)?);
    let path = path("sobjects/Account");
    let change =
        Change { headers: OVERRULE, ..change(Method::POST, &path, Some(body), body::ORGANIZATION) };
    match api.write(&change, made).await? {
        Made::New(id) => Ok(Sent { id, person: None }),
        Made::Known(ids) => {
            let found = Salesforce.organizations_by_id(api, &ids).await?.items;
            let named = |one: &RemoteOrganization| !one.deleted && find::is_named(one, &make.name);
            let mut named = found.into_iter().filter(named);
            match (named.next(), named.next()) {
                (Some(one), None) => Ok(Sent { id: one.id, person: None }),
                _ => Err(duplicate("organization")),
            }
        }
    }
}

/// Words for what is done and what is not; asked for where they are needed.
async fn statuses(api: &Api) -> Result<Statuses, CrmError> {
    let text = "SELECT ApiName, IsClosed, IsDefault FROM TaskStatus ORDER BY SortOrder LIMIT 200";
    let known = fields::query(api, false, text, decode::list::<wire::Status>).await?;
    Ok(Statuses::of(&known))
}

async fn create_activity(api: &Api, make: &ActivityToMake) -> Result<Sent, CrmError> {
    // What can never be sent is said without asking.
    activity::body(make, &Statuses::default())?;
    let object = Object::to_make(make)?;
    let is_done = object == Object::Task && make.done;
    let words = if is_done { statuses(api).await? } else { Statuses::default() };
    let body = Value::Object(activity::body(make, &words)?);
    let path = path(&format!("sobjects/{}", object.name()));
    let change = change(Method::POST, &path, Some(body), activity::ACTIVITY);
    Ok(Sent { id: api.write(&change, decode::made).await?, person: None })
}

/// All fields, unless they are as they should be already.
async fn update_activity(
    api: &Api,
    id: &RemoteId,
    make: &ActivityToMake,
) -> Result<Sent, CrmError> {
    activity::body(make, &Statuses::default())?;
    let (object, there) = living_activity(api, id).await?;
    if object != Object::to_make(make)? {
        let words = "A task does not become an event there, nor an event a task.";
        return Err(CrmError::unsent("it is of another kind", body::objection("kind", words)));
    }
    if !activity::is(make, &there, true) {
        let words = if object == Object::Task { statuses(api).await? } else { Statuses::default() };
        let mut body = activity::body(make, &words)?;
        body.remove("TaskSubtype");
        let path = path(&format!("sobjects/{}/{id}", object.name()));
        let body = Some(Value::Object(body));
        let change = change(Method::PATCH, &path, body, activity::ACTIVITY);
        api.write(&change, decode::nothing).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

/// What is gone is deleted.
async fn delete_activity(api: &Api, id: &RemoteId) -> Result<Sent, CrmError> {
    let object = Object::of(id).ok_or(CrmError::Missing)?;
    let path = path(&format!("sobjects/{}/{id}", object.name()));
    let mut change = change(Method::DELETE, &path, None, activity::ACTIVITY);
    change.cost.tokens = MANIFEST.costs.delete;
    match api.write(&change, decode::nothing).await {
        Ok(()) | Err(CrmError::Missing) => Ok(Sent { id: id.clone(), person: None }),
        Err(error) => Err(error),
    }
}

async fn living_activity(api: &Api, id: &RemoteId) -> Result<(Object, wire::Activity), CrmError> {
    let object = Object::of(id).ok_or(CrmError::Missing)?;
    let (fields, of) = (object.fields(), object.name());
    let text = format!("SELECT {fields} FROM {of} WHERE Id = '{id}'");
    let found = fields::query(api, false, &text, decode::list::<wire::Activity>).await?;
    let there = found.into_iter().find(|there| there.deleted.0 != Some(true));
    there.map(|there| (object, there)).ok_or(CrmError::Missing)
}

fn change(method: Method, path: &str, body: Option<Value>, names: Names) -> Change<'_> {
    let cost = Cost { tokens: MANIFEST.costs.write, lane: Lane::General };
    Change {
        dialect: &dialect::WORDS,
        method,
        path,
        query: &[],
        headers: &[],
        cost,
        scope: SCOPE,
        body,
        names,
    }
}
