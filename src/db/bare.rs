//! Rows as an import left them, and the plainest way to write them again: what `tandem bench`
//! measures imports against.

use std::collections::VecDeque;

use sqlx::{Connection as _, FromRow, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, RunId},
};

/// What Postgres says about one of its settings.
pub async fn setting(options: PgConnectOptions, name: &str) -> Result<String, DbError> {
    let mut connection = PgConnection::connect_with(&options).await?;
    let value = sqlx::query_scalar("select current_setting($1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(value)
}

/// Columns of organizations; contacts refer to them.
#[derive(Debug, FromRow)]
pub struct Organizations {
    ids: Vec<Uuid>,
    names: Vec<String>,
}

pub async fn organizations(tx: &mut TenantTx) -> Result<Organizations, DbError> {
    Ok(sqlx::query_as(
        "select coalesce(array_agg(organization_id), '{}') as ids,
                coalesce(array_agg(name), '{}') as names
         from organization",
    )
    .fetch_one(tx.conn())
    .await?)
}

pub async fn insert_organizations(
    tx: &mut TenantTx,
    organizations: &Organizations,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into organization (company_id, organization_id, name)
         select $1, id, name from unnest($2::uuid[], $3::text[]) as new (id, name)",
    )
    .bind(company_id)
    .bind(&organizations.ids)
    .bind(&organizations.names)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Some contacts with their identifiers and mappings, and the log of a page. Lists and documents
/// are text, so that nothing is encoded while the clock runs.
#[derive(Debug)]
pub struct Page {
    contacts: Contacts,
    identifiers: Identifiers,
    mappings: Mappings,
    entries: Option<Entries>,
}

impl Page {
    pub fn contacts(&self) -> usize {
        self.contacts.ids.len()
    }

    pub fn mappings(&self) -> usize {
        self.mappings.remote_ids.len()
    }
}

#[derive(Debug, FromRow)]
struct Contacts {
    ids: Vec<Uuid>,
    full_names: Vec<String>,
    first_names: Vec<Option<String>>,
    last_names: Vec<Option<String>>,
    emails: Vec<String>,
    phones: Vec<String>,
    organizations: Vec<Option<Uuid>>,
    organization_names: Vec<Option<String>>,
    sources: Vec<Option<String>>,
    tags: Vec<String>,
    custom_fields: Vec<String>,
    searches: Vec<String>,
}

#[derive(Debug, FromRow)]
struct Identifiers {
    kinds: Vec<String>,
    values: Vec<String>,
    holders: Vec<Uuid>,
    contacts: Vec<Uuid>,
}

#[derive(Debug, FromRow)]
struct Mappings {
    remote_ids: Vec<String>,
    contacts: Vec<Uuid>,
    fingerprints: Vec<i64>,
    primary: Vec<bool>,
}

#[derive(Debug, FromRow)]
struct Entries {
    page: i32,
    seqs: Vec<i32>,
    outcomes: Vec<String>,
    remote_ids: Vec<String>,
    contacts: Vec<String>,
    names: Vec<Option<String>>,
    before: Vec<Option<String>>,
    after: Vec<Option<String>>,
    reasons: Vec<Option<String>>,
}

/// Everything that the company holds, `size` contacts a page, in the order in which it was written.
pub async fn pages(tx: &mut TenantTx, size: i64) -> Result<Vec<Page>, DbError> {
    let mut logs: VecDeque<Entries> = entries(tx).await?.into();
    let (mut pages, mut last) = (Vec::new(), Uuid::nil());
    loop {
        let contacts = contacts(tx, last, size).await?;
        let Some(&end) = contacts.ids.last() else { break };
        last = end;
        let identifiers = identifiers(tx, &contacts.ids).await?;
        let mappings = mappings(tx, &contacts.ids).await?;
        pages.push(Page { contacts, identifiers, mappings, entries: logs.pop_front() });
    }
    Ok(pages)
}

async fn contacts(tx: &mut TenantTx, after: Uuid, size: i64) -> Result<Contacts, DbError> {
    Ok(sqlx::query_as(
        "select coalesce(array_agg(contact_id), '{}') as ids,
                coalesce(array_agg(full_name), '{}') as full_names,
                coalesce(array_agg(first_name), '{}') as first_names,
                coalesce(array_agg(last_name), '{}') as last_names,
                coalesce(array_agg(emails::text), '{}') as emails,
                coalesce(array_agg(phones::text), '{}') as phones,
                coalesce(array_agg(organization_id), '{}') as organizations,
                coalesce(array_agg(organization_name), '{}') as organization_names,
                coalesce(array_agg(source), '{}') as sources,
                coalesce(array_agg(tags::text), '{}') as tags,
                coalesce(array_agg(custom_fields::text), '{}') as custom_fields,
                coalesce(array_agg(search), '{}') as searches
         from (select * from contact where contact_id > $1 order by contact_id limit $2) as page",
    )
    .bind(after)
    .bind(size)
    .fetch_one(tx.conn())
    .await?)
}

async fn identifiers(tx: &mut TenantTx, contacts: &[Uuid]) -> Result<Identifiers, DbError> {
    Ok(sqlx::query_as(
        "select coalesce(array_agg(kind), '{}') as kinds,
                coalesce(array_agg(value), '{}') as values,
                coalesce(array_agg(holder), '{}') as holders,
                coalesce(array_agg(contact_id), '{}') as contacts
         from (select * from identifier where contact_id = any($1) order by kind, value, holder)
              as page",
    )
    .bind(contacts)
    .fetch_one(tx.conn())
    .await?)
}

async fn mappings(tx: &mut TenantTx, contacts: &[Uuid]) -> Result<Mappings, DbError> {
    Ok(sqlx::query_as(
        "select coalesce(array_agg(remote_id), '{}') as remote_ids,
                coalesce(array_agg(contact_id), '{}') as contacts,
                coalesce(array_agg(fingerprint), '{}') as fingerprints,
                coalesce(array_agg(is_primary), '{}') as primary
         from mapping
         where kind = 'person' and contact_id = any($1)",
    )
    .bind(contacts)
    .fetch_one(tx.conn())
    .await?)
}

async fn entries(tx: &mut TenantTx) -> Result<Vec<Entries>, DbError> {
    Ok(sqlx::query_as(
        "select page, array_agg(seq) as seqs, array_agg(outcome) as outcomes,
                array_agg(remote_ids::text) as remote_ids,
                array_agg(contact_ids::text) as contacts,
                array_agg(remote_name) as names,
                array_agg(before::text) as before, array_agg(after::text) as after,
                array_agg(reason) as reasons
         from sync_entry
         group by run_id, page
         order by run_id, page",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes a page: four statements.
pub async fn insert(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    run_id: RunId,
    page: &Page,
) -> Result<(), DbError> {
    insert_contacts(tx, &page.contacts).await?;
    let company_id = tx.company_id();
    let new = &page.identifiers;
    sqlx::query(
        "insert into identifier (company_id, kind, value, holder, contact_id)
         select $1, kind, value, holder, contact_id
         from unnest($2::text[], $3::text[], $4::uuid[], $5::uuid[])
              as new (kind, value, holder, contact_id)",
    )
    .bind(company_id)
    .bind(&new.kinds)
    .bind(&new.values)
    .bind(&new.holders)
    .bind(&new.contacts)
    .execute(tx.conn())
    .await?;
    let new = &page.mappings;
    sqlx::query(
        "insert into mapping
             (company_id, connection_id, kind, remote_id, contact_id, fingerprint, is_primary)
         select $1, $2, 'person', remote_id, contact_id, fingerprint, is_primary
         from unnest($3::text[], $4::uuid[], $5::bigint[], $6::boolean[])
              as new (remote_id, contact_id, fingerprint, is_primary)",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(&new.remote_ids)
    .bind(&new.contacts)
    .bind(&new.fingerprints)
    .bind(&new.primary)
    .execute(tx.conn())
    .await?;
    let Some(new) = &page.entries else { return Ok(()) };
    sqlx::query(
        "insert into sync_entry
             (company_id, run_id, page, seq, outcome, remote_ids, contact_ids, remote_name, before,
              after, reason)
         select $1, $2, $3, seq, outcome, remote::text[], contacts::uuid[], name, before::jsonb,
                after::jsonb, reason
         from unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::text[])
              as new (seq, outcome, remote, contacts, name, before, after, reason)",
    )
    .bind(company_id)
    .bind(run_id)
    .bind(new.page)
    .bind(&new.seqs)
    .bind(&new.outcomes)
    .bind(&new.remote_ids)
    .bind(&new.contacts)
    .bind(&new.names)
    .bind(&new.before)
    .bind(&new.after)
    .bind(&new.reasons)
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_contacts(tx: &mut TenantTx, new: &Contacts) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into contact
             (company_id, contact_id, full_name, first_name, last_name, emails, phones,
              organization_id, organization_name, source, tags, custom_fields, search)
         select $1, id, full_name, first_name, last_name, emails::jsonb, phones::jsonb,
                organization_id, organization_name, source, tags::text[], custom_fields::jsonb,
                search
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
              as new (id, full_name, first_name, last_name, emails, phones, organization_id,
                      organization_name, source, tags, custom_fields, search)",
    )
    .bind(company_id)
    .bind(&new.ids)
    .bind(&new.full_names)
    .bind(&new.first_names)
    .bind(&new.last_names)
    .bind(&new.emails)
    .bind(&new.phones)
    .bind(&new.organizations)
    .bind(&new.organization_names)
    .bind(&new.sources)
    .bind(&new.tags)
    .bind(&new.custom_fields)
    .bind(&new.searches)
    .execute(tx.conn())
    .await?;
    Ok(())
}
