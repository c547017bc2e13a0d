//! Looking at a CRM's people before taking them in: what each is to the book, field by field.
//!
//! The badge comes from the same plan that an import would carry out, so it cannot promise
//! something else than what happens.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::{
    connectors::{Caller, Cursor, From as Start},
    db::{self, Scope, connections},
    domain::{
        CompanyId, ContactId, Fields, RemoteId, RemotePerson, RemoteUser,
        intake::{
            ContactFields, Incoming, Known, OrganizationRef, Outcome, OwnerRef, Source, normalize,
            plan, resolve,
        },
    },
    flows::{FlowError, Provider, SharedHub, account, ledger::Purpose, reconnect},
};

/// What a remote person is to the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badge {
    /// Importing makes a contact.
    New,
    /// The book knows somebody with one of its addresses or numbers.
    Linked,
    /// Mapped, and different at the CRM.
    Changed,
    /// Mapped, and the same.
    Synced,
}

/// One field, here and there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    pub field: &'static str,
    pub here: Option<String>,
    pub there: Option<String>,
    /// What importing would leave here.
    pub after: Option<String>,
}

/// A remote person beside the book.
#[derive(Debug, Clone)]
pub struct Beside {
    pub person: RemotePerson,
    pub name: String,
    pub organization_name: Option<String>,
    pub owner_name: Option<String>,
    pub labels: Vec<String>,
    pub custom: Vec<(String, serde_json::Value)>,
    pub badge: Badge,
    /// Why an import would hold it for a person to decide.
    pub held: Option<String>,
    /// `None` when there is none, or the member may not see it.
    pub contact: Option<(ContactId, String)>,
    pub compared: Vec<Compared>,
}

/// A page of them.
#[derive(Debug)]
pub struct Browsed {
    pub people: Vec<Beside>,
    pub next: Option<String>,
    pub tokens_spent: u64,
    pub account_name: String,
}

/// What a member looks for.
#[derive(Debug, Clone, Default)]
pub struct Look {
    pub search: Option<String>,
    pub cursor: Option<String>,
    pub limit: u16,
}

/// Reads a page from the CRM and sets it beside the book.
pub async fn browse(
    hub: &SharedHub,
    company_id: CompanyId,
    scope: Scope,
    provider: &Provider,
    look: Look,
) -> Result<Browsed, FlowError> {
    let account = account::open(hub, company_id, provider, Caller::Person).await?;
    let read = read(hub, company_id, scope, &account, look).await;
    account.book(hub, company_id, Purpose::Browse).await;
    match read {
        Err(FlowError::Crm(error)) => {
            reconnect::judge(hub, company_id, &account.connection, &error).await?;
            Err(FlowError::Crm(error))
        }
        other => other,
    }
}

async fn read(
    hub: &SharedHub,
    company_id: CompanyId,
    scope: Scope,
    account: &account::Account,
    look: Look,
) -> Result<Browsed, FlowError> {
    let connector = account.provider.connector;
    let cursor = look.cursor.as_deref().and_then(Cursor::parse);
    let page = match look.search.as_deref().map(str::trim).filter(|term| !term.is_empty()) {
        Some(term) => connector.search_persons(&account.api, term, cursor.as_ref()).await?,
        None => {
            let from = Start { cursor, updated_since: None, limit: Some(look.limit) };
            connector.persons(&account.api, &from).await?
        }
    };
    let (users, fields) = words(hub, company_id, account).await?;
    let organizations = organizations(hub, company_id, account, &page.items).await?;

    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let members = db::directory::members_by_email(&mut tx).await?;
    let company = db::directory::company(&mut tx).await?;
    let owners: HashMap<RemoteId, OwnerRef> = users
        .iter()
        .map(|user| {
            let email = user.email.as_deref().map(str::to_lowercase);
            let member = email.and_then(|email| members.get(&email).copied());
            (user.id.clone(), OwnerRef { name: user.name.clone(), member })
        })
        .collect();
    let manifest = connector.manifest();
    let country = account.connection.account_country.clone().unwrap_or(company.country);
    let source = Source {
        follows: true,
        prefix: manifest.custom_prefix,
        provider: manifest.slug,
        tag: format!("{}-import", manifest.slug),
        country: &country,
        fields: &fields,
        owners: &owners,
        organizations: &organizations,
        default_owner: None,
    };
    let incoming: Vec<Incoming> = page
        .items
        .iter()
        .map(|person| {
            let resolved = resolve(person.clone(), &source);
            let print = resolved.fingerprint();
            normalize(resolved, print, &country)
        })
        .collect();

    let connection_id = account.connection.connection_id;
    let ids: Vec<&str> = page.items.iter().map(|person| person.id.as_str()).collect();
    let mappings = db::intake::person_mappings(&mut tx, connection_id, &ids).await?;
    let mut identifiers: Vec<_> =
        incoming.iter().flat_map(|one| &one.identifiers).cloned().collect();
    identifiers.sort();
    identifiers.dedup();
    let holders = db::intake::holders(&mut tx, &identifiers).await?;
    let touched: BTreeSet<ContactId> = holders
        .values()
        .flatten()
        .copied()
        .chain(mappings.values().map(|mapping| mapping.contact_id))
        .collect();
    let touched: Vec<ContactId> = touched.into_iter().collect();
    let contacts = db::intake::candidates(&mut tx, Some(connection_id), &touched).await?;
    drop(tx);
    let mut tx = hub.db.tenant_reading(company_id, scope).await?;
    let visible: HashSet<ContactId> =
        db::intake::candidates(&mut tx, Some(connection_id), &touched).await?.into_keys().collect();
    drop(tx);

    let known = Known { mappings, holders, contacts, room: None };
    let people = page
        .items
        .into_iter()
        .zip(incoming)
        .map(|(person, incoming)| beside(person, &incoming, &known, &source, &visible))
        .collect();
    Ok(Browsed {
        people,
        next: page.next.map(|next| next.as_str().to_owned()),
        tokens_spent: account.meter.read().tokens,
        account_name: account.connection.account_name.clone(),
    })
}

/// The CRM's users as they are now, kept for whoever looks next.
pub async fn users(
    hub: &SharedHub,
    company_id: CompanyId,
    provider: &Provider,
) -> Result<Vec<RemoteUser>, FlowError> {
    let account = account::open(hub, company_id, provider, Caller::Person).await?;
    let read = provider.connector.users(&account.api).await;
    account.book(hub, company_id, Purpose::Browse).await;
    let users = read?;
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let (id, kept) = (account.connection.connection_id, serde_json::to_value(&users).ok());
    connections::remember_words(&mut tx, id, kept.as_ref(), None).await?;
    tx.commit().await?;
    Ok(users)
}

/// Users and field names: as the last run read them, or read now and kept.
async fn words(
    hub: &SharedHub,
    company_id: CompanyId,
    account: &account::Account,
) -> Result<(Vec<RemoteUser>, Fields), FlowError> {
    let connection = &account.connection;
    let users =
        connection.remote_users.clone().and_then(|users| serde_json::from_value(users).ok());
    let fields =
        connection.remote_fields.clone().and_then(|fields| serde_json::from_value(fields).ok());
    if let (Some(users), Some(fields)) = (users, fields) {
        return Ok((users, fields));
    }
    let connector = account.provider.connector;
    let (users, fields) =
        tokio::try_join!(connector.users(&account.api), connector.fields(&account.api))?;
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let (users_json, fields_json) =
        (serde_json::to_value(&users).ok(), serde_json::to_value(&fields).ok());
    connections::remember_words(
        &mut tx,
        connection.connection_id,
        users_json.as_ref(),
        fields_json.as_ref(),
    )
    .await?;
    tx.commit().await?;
    Ok((users, fields))
}

/// Organizations of the page: those of the book, and the names of those that it does not have yet.
async fn organizations(
    hub: &SharedHub,
    company_id: CompanyId,
    account: &account::Account,
    people: &[RemotePerson],
) -> Result<HashMap<RemoteId, OrganizationRef>, FlowError> {
    let named: BTreeSet<&RemoteId> =
        people.iter().filter_map(|person| person.organization.as_ref()).collect();
    let ids: Vec<&str> = named.iter().map(|id| id.as_str()).collect();
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let mut found =
        db::intake::organizations(&mut tx, account.connection.connection_id, &ids).await?;
    drop(tx);
    let unknown: Vec<RemoteId> =
        named.into_iter().filter(|id| !found.contains_key(*id)).cloned().collect();
    if !unknown.is_empty() {
        let connector = account.provider.connector;
        let page = connector.organizations_by_id(&account.api, &unknown).await?;
        for organization in page.items {
            let name = crate::domain::intake::name_of(&organization);
            // Not ours yet: an id that no organization of the book has.
            let id = crate::domain::OrganizationId::fresh();
            found.insert(organization.id, OrganizationRef { id, name });
        }
    }
    Ok(found)
}

fn beside(
    person: RemotePerson,
    incoming: &Incoming,
    known: &Known,
    source: &Source<'_>,
    visible: &HashSet<ContactId>,
) -> Beside {
    let mapping = known.mappings.get(&person.id).filter(|mapping| !mapping.gone);
    let mut fresh = ContactId::fresh;
    let planned = plan(std::slice::from_ref(incoming), known.clone(), source, &mut fresh);
    let held = planned
        .entries
        .iter()
        .find(|entry| matches!(entry.outcome, Outcome::Conflict | Outcome::Skipped))
        .and_then(|entry| entry.reason.clone());
    let badge = match mapping {
        Some(mapping) if mapping.fingerprint == incoming.fingerprint => Badge::Synced,
        Some(_) if planned.counts.updated == 0 => Badge::Synced,
        Some(_) => Badge::Changed,
        None if planned.counts.linked > 0 || planned.counts.conflict > 0 => Badge::Linked,
        None => Badge::New,
    };
    let contact_id = planned.mappings.first().map(|mapping| mapping.contact_id);
    let seen = contact_id.filter(|id| visible.contains(id));
    let here = seen.and_then(|id| known.contacts.get(&id)).map(|known| &known.fields);
    let after = planned
        .inserts
        .iter()
        .map(|(_, fields)| fields)
        .chain(
            planned.updates.iter().filter(|(id, _)| visible.contains(id)).map(|(_, fields)| fields),
        )
        .next()
        .or(here);
    let there = ContactFields::new(incoming, source);
    let label = format!("{}label", source.prefix);
    let labels = incoming.resolved.custom_fields.get(&label).and_then(|label| label.as_str());
    Beside {
        name: there.full_name.clone(),
        organization_name: there.organization_name.clone(),
        owner_name: person
            .owner
            .as_ref()
            .and_then(|id| source.owners.get(id))
            .and_then(|owner| owner.name.clone()),
        labels: labels
            .map(|labels| labels.split(", ").map(str::to_owned).collect())
            .unwrap_or_default(),
        custom: incoming
            .resolved
            .custom_fields
            .iter()
            .filter(|(name, _)| !name.starts_with(source.prefix))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        badge,
        held,
        contact: seen.zip(here).map(|(id, fields)| (id, fields.full_name.clone())),
        compared: compare(here, &there, after),
        person,
    }
}

fn compare(
    here: Option<&ContactFields>,
    there: &ContactFields,
    after: Option<&ContactFields>,
) -> Vec<Compared> {
    type Read = fn(&ContactFields) -> Option<String>;
    let rows: [(&'static str, Read); 5] = [
        ("name", |fields| said(&fields.full_name)),
        ("emails", |fields| list(fields.emails.iter().map(|address| address.value.as_str()))),
        ("phones", |fields| list(fields.phones.iter().map(|number| number.value.as_str()))),
        ("organization", |fields| fields.organization_name.clone()),
        ("tags", |fields| list(fields.tags.iter().map(String::as_str))),
    ];
    rows.into_iter()
        .map(|(field, read)| Compared {
            field,
            here: here.and_then(read),
            there: read(there),
            after: after.and_then(read),
        })
        .collect()
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn list<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    said(&values.collect::<Vec<_>>().join(", "))
}
