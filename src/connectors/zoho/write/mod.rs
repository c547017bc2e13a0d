//! What Zoho lets us write.
//!
//! - There is no idempotency key. Contacts are upserted by our own field, which allows no value twice, so
//!   that one sent again meets itself; without that field they are inserted, and looked for ([`look`]).
//! - Never upserted by e-mail: that would overwrite somebody.
//! - An organization may allow no address twice: then the refusal names who has it, and that is who was
//!   meant. Nothing but the label is given to them.
//! - Tags are added in one request that takes none away.
//! - Workflows of the organization run on what we write, as on what people write.
//! - Two addresses and four numbers have fields; what is more stands in the description of a new contact.
//! - A task has a day and no time; when it was and how long it took stand in its description. A meeting is
//!   never done, a call of no time is at noon (UTC), which is the same day nearly everywhere.
//! - An activity's id says its module too (`Calls/57...`), and none can move to another.
//! - What an activity is about is named by module: `$se_module`. One about a lead names the lead there,
//!   and nobody beside it.

mod activity;
mod acts;
mod body;
mod find;
mod lead;
mod look;
mod text;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use self::activity::Module;
use super::{
    MANIFEST, Zoho, deals, decode, dialect, leads, map,
    read::{DEALS, PERSONS, ask, of_persons},
    wire,
};
use crate::{
    connectors::{
        Api, Cost, CrmError, Lane, Lifecycle, Stale, Writer,
        api::{Change, Names},
        writer::without_queries,
    },
    domain::{
        ActivityKind, ActivityType, PersonKind, RemoteDeal, RemoteId, RemoteOrganization,
        RemotePerson,
        action::{ActionKind, DealStage, Priority, TaskKind},
        effect::{ActivityToMake, Effect, OrganizationToMake, PersonToMake, Sent},
    },
};

pub(super) const REFERENCE: &str = "Tandem reference";

const CREATE_CONTACTS: &str = "ZohoCRM.modules.contacts.CREATE";
const UPDATE_CONTACTS: &str = "ZohoCRM.modules.contacts.UPDATE";
const CREATE_ACCOUNTS: &str = "ZohoCRM.modules.accounts.CREATE";

#[async_trait]
impl Writer for Zoho {
    async fn persons_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        find::persons(api, email).await
    }

    fn lifecycle(&self) -> Lifecycle {
        Lifecycle::Kind { scopes: leads::SCOPES }
    }

    fn person_kind(&self, id: &RemoteId) -> PersonKind {
        leads::kind(id)
    }

    async fn leads_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        leads::with_email(api, email).await
    }

    async fn organizations_named(
        &self,
        api: &Api,
        name: &str,
    ) -> Result<Vec<RemoteOrganization>, CrmError> {
        find::organizations(api, name).await
    }

    async fn activity_types(&self, api: &Api) -> Result<Vec<ActivityType>, CrmError> {
        let scope = "ZohoCRM.settings.modules.READ";
        let ask = ask("/crm/v8/settings/modules", &[], MANIFEST.costs.kinds, scope);
        let (modules, _) = api.read(&ask, decode::list::<wire::Module>).await?;
        Ok(modules.into_iter().filter_map(activity::known_kind).collect())
    }

    fn activity_type(&self, kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
        activity::kind(kind, types)
    }

    fn reference_name(&self) -> Option<&'static str> {
        Some(REFERENCE)
    }

    async fn send(&self, api: &Api, effect: &Effect) -> Result<Sent, CrmError> {
        match effect {
            Effect::CreatePerson(make) if body::kind(make) == PersonKind::Lead => {
                lead::create(api, make).await
            }
            Effect::CreatePerson(make) => create_person(api, make).await,
            Effect::AddLabels { person, labels } => add_labels(api, person, labels).await,
            Effect::CreateOrganization(make) => create_organization(api, make).await,
            Effect::CreateLabel { name } => create_label(api, name).await,
            Effect::CreateReference { name } => create_reference(api, name).await,
            Effect::CreateActivity(make) => create_activity(api, make).await,
            Effect::UpdateActivity { id, activity } => update_activity(api, id, activity).await,
            Effect::DeleteActivity { id } => delete_activity(api, id).await,
            Effect::Act(act) => acts::send(api, act).await,
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
        let (module, id) = Module::of(id)?;
        map::record_url(domain, module.name(), &id.to_string())
    }

    fn cannot(&self, action: ActionKind) -> Option<&'static str> {
        without_queries(action)
    }

    fn scope_of(&self, action: ActionKind) -> Option<&'static str> {
        match action {
            ActionKind::CreateNote => Some("ZohoCRM.modules.notes.CREATE"),
            ActionKind::CreateDeal => Some("ZohoCRM.modules.deals.CREATE"),
            ActionKind::UpdateDeal => Some("ZohoCRM.modules.deals.UPDATE"),
            ActionKind::CreateTask | ActionKind::UpdateTask => Some(Module::Tasks.scope()),
            ActionKind::LogCall => Some(Module::Calls.scope()),
            ActionKind::CreateContact => Some(CREATE_CONTACTS),
            ActionKind::UpdateContact => Some(UPDATE_CONTACTS),
            ActionKind::GetContact
            | ActionKind::GetDeal
            | ActionKind::SearchContact
            | ActionKind::SearchRecords => None,
        }
    }

    /// Of tasks; calls and meetings have none.
    fn priorities(&self) -> &'static [Priority] {
        &[Priority::Low, Priority::Normal, Priority::High]
    }

    fn task_type(&self, kind: TaskKind, types: &[ActivityType]) -> Option<String> {
        activity::task(kind, types)
    }

    async fn stages(&self, api: &Api) -> Result<Vec<DealStage>, CrmError> {
        Ok(deals::steps(api).await?.into_iter().map(|step| step.stage).collect())
    }

    async fn deal(&self, api: &Api, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
        acts::deal(api, id).await
    }

    fn deal_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String> {
        map::record_url(domain, DEALS.module, id.as_str())
    }
}

/// What came of the one record that was sent.
struct Outcome {
    id: RemoteId,
    /// It was there already, and nothing was written.
    existed: bool,
}

fn outcome(body: &[u8]) -> Result<Outcome, &'static str> {
    let outcome: wire::Outcome = decode::object(body)?;
    let details = outcome.details.0.unwrap_or_default();
    let existed = match outcome.code.0.as_deref() {
        Some("SUCCESS") => false,
        Some("DUPLICATE_DATA") => true,
        _ => return Err("it does not say what came of it"),
    };
    let id = if existed { details.duplicate.0.or(details.id.0) } else { details.id.0 };
    Ok(Outcome { id: id.ok_or("the record has no usable id")?, existed })
}

async fn create_person(api: &Api, make: &PersonToMake) -> Result<Sent, CrmError> {
    let record = body::person(make)?;
    let (path, body) = match &make.marker {
        Some(marker) => {
            let check = json!([marker.field]);
            (
                "/crm/v8/Contacts/upsert",
                json!({ "data": [record], "duplicate_check_fields": check }),
            )
        }
        None => ("/crm/v8/Contacts", json!({ "data": [record] })),
    };
    let change = change(Method::POST, path, Some(body), CREATE_CONTACTS, body::PERSON);
    let outcome = api.write(&change, outcome).await?;
    if outcome.existed {
        return add_labels(api, &outcome.id, &make.labels).await;
    }
    // It is made, whether or not it can be read now.
    Ok(Sent { person: person(api, &outcome.id).await.ok(), id: outcome.id })
}

/// One that lives, as lists show it.
async fn person(api: &Api, id: &RemoteId) -> Result<RemotePerson, CrmError> {
    let known = of_persons(api).await?;
    let found = PERSONS.by_ids(api, &known, std::slice::from_ref(id)).await?;
    found.items.into_iter().next().ok_or(CrmError::Missing)
}

async fn add_labels(api: &Api, id: &RemoteId, labels: &[RemoteId]) -> Result<Sent, CrmError> {
    let mut there = person(api, id).await?;
    let missing = labels.iter().filter(|label| !there.labels.contains(label));
    let missing: Vec<RemoteId> = missing.cloned().collect();
    if !missing.is_empty() {
        let tags: Vec<Value> = missing.iter().map(|name| json!({ "name": name })).collect();
        let path =
            one("Contacts", body::number(id, "person", Stale::Person)?) + "/actions/add_tags";
        let body = json!({ "tags": tags, "over_write": false });
        let change = change(Method::POST, &path, Some(body), UPDATE_CONTACTS, body::LABEL);
        api.write(&change, outcome).await?;
        there = match person(api, id).await {
            Ok(now) => now,
            Err(_) => return Ok(Sent { id: id.clone(), person: None }),
        };
    }
    Ok(Sent { id: there.id.clone(), person: Some(there) })
}

async fn create_organization(api: &Api, make: &OrganizationToMake) -> Result<Sent, CrmError> {
    let industry = find::industry(api, make.industry.as_deref()).await?;
    let record = body::organization(make, industry)?;
    let body = json!({ "data": [record] });
    let path = "/crm/v8/Accounts";
    let change = change(Method::POST, path, Some(body), CREATE_ACCOUNTS, body::ORGANIZATION);
    Ok(Sent { id: api.write(&change, outcome).await?.id, person: None })
}

/// A tag's name is its id here. One that is there already is as good.
async fn create_label(api: &Api, name: &str) -> Result<Sent, CrmError> {
    let name = text::one_line(name);
    let body = json!({ "tags": [{ "name": name }] });
    let scope = "ZohoCRM.settings.tags.CREATE";
    let path = "/crm/v8/settings/tags";
    let mut change = change(Method::POST, path, Some(body), scope, body::LABEL);
    change.query = &[("module", "Contacts")];
    api.write(&change, outcome).await?;
    Ok(Sent { id: RemoteId(name), person: None })
}

/// A field that allows no value twice: what is upserted by it.
async fn create_reference(api: &Api, name: &str) -> Result<Sent, CrmError> {
    let key = create_reference_of(api, PERSONS.module, name).await?;
    Ok(Sent { id: RemoteId(key), person: None })
}

/// The same of another module; the new field's name over there.
async fn create_reference_of(api: &Api, module: &str, name: &str) -> Result<String, CrmError> {
    let field = json!({
        "field_label": name, "data_type": "text", "length": 100,
        "unique": { "casesensitive": false },
    });
    let scope = "ZohoCRM.settings.fields.CREATE";
    let body = json!({ "fields": [field] });
    let path = "/crm/v8/settings/fields";
    let mut change = change(Method::POST, path, Some(body), scope, body::REFERENCE);
    let query = [("module", module)];
    change.query = &query;
    api.write(&change, outcome).await?;
    // The answer has its id and not its name, by which everything else asks for it.
    let uncertain = |what| CrmError::Uncertain { what, status: None };
    let own = super::read::own_fields_of(api, module).await;
    let own = own.map_err(|_| uncertain("its fields could not be read again"))?;
    let made = own.into_iter().find(|(_, field)| field.name.trim() == name);
    let (api_name, _) = made.ok_or_else(|| uncertain("the new field is not there yet"))?;
    Ok(api_name)
}

async fn create_activity(api: &Api, make: &ActivityToMake) -> Result<Sent, CrmError> {
    let module = Module::named(&make.kind)?;
    let body = json!({ "data": [activity::body(module, make)?] });
    let path = format!("/crm/v8/{}", module.name());
    let change = change(Method::POST, &path, Some(body), module.scope(), activity::NAMES);
    let id = api.write(&change, outcome).await?.id;
    Ok(Sent { id: module.id(&id), person: None })
}

/// All fields, unless they are as they should be already.
async fn update_activity(
    api: &Api,
    id: &RemoteId,
    make: &ActivityToMake,
) -> Result<Sent, CrmError> {
    let Some((module, number)) = Module::of(id) else { return Err(CrmError::Missing) };
    if Module::named(&make.kind)? != module {
        let said = body::objection(
            "kind",
            "There it cannot become another kind: delete it and log it anew.",
        );
        return Err(CrmError::unsent("an activity cannot change its kind", said));
    }
    // What can never be sent is said without asking.
    let body = activity::body(module, make)?;
    let there = living_activity(api, module, number).await?;
    if !activity::is(module, make, &there) {
        let body = activity::changed(module, body, make, &there);
        let path = one(module.name(), number);
        let body = json!({ "data": [body] });
        let change = change(Method::PUT, &path, Some(body), module.scope(), activity::NAMES);
        api.write(&change, outcome).await?;
    }
    Ok(Sent { id: id.clone(), person: None })
}

/// What is gone is deleted.
async fn delete_activity(api: &Api, id: &RemoteId) -> Result<Sent, CrmError> {
    let Some((module, number)) = Module::of(id) else { return Err(CrmError::Missing) };
    let path = one(module.name(), number);
    let mut change = change(Method::DELETE, &path, None, module.scope(), activity::NAMES);
    change.cost.tokens = MANIFEST.costs.delete;
    match api.write(&change, outcome).await {
        Ok(_) | Err(CrmError::Missing) => Ok(Sent { id: id.clone(), person: None }),
        Err(error) => Err(error),
    }
}

async fn living_activity(api: &Api, module: Module, id: u64) -> Result<wire::Activity, CrmError> {
    let path = one(module.name(), id);
    let ask = ask(&path, &[], MANIFEST.costs.record, module.scope());
    let (found, _) = api.read(&ask, decode::list::<wire::Activity>).await?;
    found.into_iter().next().ok_or(CrmError::Missing)
}

/// The address of one record. An id goes into a path only as a number.
fn one(module: &str, id: u64) -> String {
    format!("/crm/v8/{module}/{id}")
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
