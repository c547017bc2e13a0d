//! Rows of `organization` and their mappings, a page at a time.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx, book},
    domain::{
        ConnectionId, OrganizationId, RemoteId,
        intake::{OrganizationMapping, OrganizationPlan, OrganizationRef, OrganizationRow},
    },
};

pub async fn mappings(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    ids: &[&str],
) -> Result<HashMap<RemoteId, OrganizationMapping>, DbError> {
    let rows: Vec<(String, OrganizationId, i64)> = sqlx::query_as(
        "select wanted.remote_id, organization_id, fingerprint
         from unnest($2::text[]) as wanted (remote_id)
         cross join lateral (
             select organization_id, fingerprint
             from mapping
             where connection_id = $1 and kind = 'organization'
               and mapping.remote_id = wanted.remote_id
             limit 1
         ) as known",
    )
    .bind(connection_id)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|(remote_id, organization_id, fingerprint)| {
            (RemoteId(remote_id), OrganizationMapping { organization_id, fingerprint })
        })
        .collect())
}

/// Organizations of these (lower-cased) names that this connection maps nothing to.
pub async fn unmapped(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    names: &[String],
) -> Result<HashMap<String, OrganizationId>, DbError> {
    let rows: Vec<(String, OrganizationId)> = sqlx::query_as(
        "select name_norm, organization_id from organization
         where name_norm = any($2)
           and not exists (
               select from mapping
               where mapping.company_id = organization.company_id
                 and mapping.organization_id = organization.organization_id
                 and connection_id = $1
           )
         order by organization_id desc",
    )
    // Planned anew each time: a plan from when there were few reads all of them for every page.
    .persistent(false)
    .bind(connection_id)
    .bind(names)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().collect())
}

/// Finds an organization by its exact name or makes it: for a contact that a member writes.
pub async fn named(tx: &mut TenantTx, name: &str) -> Result<OrganizationId, DbError> {
    let known: Option<OrganizationId> = sqlx::query_scalar(
        "select organization_id from organization
         where name_norm = left(lower($1), 200) order by organization_id limit 1",
    )
    .bind(name)
    .fetch_optional(tx.conn())
    .await?;
    if let Some(id) = known {
        return Ok(id);
    }
    let (company_id, id) = (tx.company_id(), OrganizationId::fresh());
    sqlx::query("insert into organization (company_id, organization_id, name) values ($1, $2, $3)")
        .bind(company_id)
        .bind(id)
        .bind(name)
        .execute(tx.conn())
        .await?;
    Ok(id)
}

/// The same for the names of a page, each once however it is written: by the name as the book
/// compares it. Two runs that meet the same new name write one after the other.
pub async fn named_many(
    tx: &mut TenantTx,
    names: &[&str],
) -> Result<HashMap<String, OrganizationRef>, DbError> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    book::lock(tx).await?;
    let company_id = tx.company_id();
    let fresh: Vec<Uuid> = names.iter().map(|_| OrganizationId::fresh().uuid()).collect();
    sqlx::query(
        "insert into organization (company_id, organization_id, name)
         select $1, id, name
         from (select distinct on (left(lower(name), 200)) id, name, left(lower(name), 200) as norm
               from unnest($2::uuid[], $3::text[]) as new (id, name)) as wanted
         where not exists (select from organization where name_norm = norm)",
    )
    .persistent(false)
    .bind(company_id)
    .bind(fresh)
    .bind(names)
    .execute(tx.conn())
    .await?;
    let rows: Vec<(String, OrganizationId, String)> = sqlx::query_as(
        "select wanted.name, known.organization_id, known.name
         from unnest($1::text[]) as wanted (name)
         cross join lateral (
             select organization_id, name from organization
             where name_norm = left(lower(wanted.name), 200)
             order by organization_id limit 1
         ) as known",
    )
    .persistent(false)
    .bind(names)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(asked, id, name)| (asked, OrganizationRef { id, name })).collect())
}

/// Writes a page of organizations and their mappings.
pub async fn write(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    plan: &OrganizationPlan,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    if !plan.inserts.is_empty() {
        let (ids, names, websites, countries) = columns(&plan.inserts);
        sqlx::query(
            "insert into organization (company_id, organization_id, name, website, country)
             select $1, id, name, website, country
             from unnest($2::uuid[], $3::text[], $4::text[], $5::text[])
                  as new (id, name, website, country)",
        )
        .bind(company_id)
        .bind(ids)
        .bind(names)
        .bind(websites)
        .bind(countries)
        .execute(tx.conn())
        .await?;
    }
    if !plan.updates.is_empty() {
        update(tx, &plan.updates).await?;
    }
    if !plan.mappings.is_empty() {
        let remote: Vec<&str> = plan.mappings.iter().map(|(id, _, _)| id.as_str()).collect();
        let ids: Vec<Uuid> = plan.mappings.iter().map(|(_, id, _)| id.uuid()).collect();
        let prints: Vec<i64> = plan.mappings.iter().map(|(_, _, print)| *print).collect();
        sqlx::query(
            "insert into mapping
                 (company_id, connection_id, kind, remote_id, organization_id, fingerprint)
             select $1, $2, 'organization', remote_id, organization_id, fingerprint
             from unnest($3::text[], $4::uuid[], $5::bigint[])
                  as new (remote_id, organization_id, fingerprint)
             on conflict (company_id, connection_id, kind, remote_id) do update
             set fingerprint = excluded.fingerprint, last_synced_at = now()",
        )
        .bind(company_id)
        .bind(connection_id)
        .bind(remote)
        .bind(ids)
        .bind(prints)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

async fn update(tx: &mut TenantTx, rows: &[OrganizationRow]) -> Result<(), DbError> {
    let (ids, names, websites, countries) = columns(rows);
    sqlx::query(
        "update organization
         set name = new.name, website = new.website, country = new.country, updated_at = now()
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
              as new (id, name, website, country)
         where organization_id = new.id",
    )
    .bind(&ids)
    .bind(&names)
    .bind(websites)
    .bind(countries)
    .execute(tx.conn())
    .await?;
    // Contacts carry the name, so that a list needs no join.
    sqlx::query(
        "update contact set organization_name = new.name, updated_at = now()
         from unnest($1::uuid[], $2::text[]) as new (id, name)
         where organization_id = new.id and organization_name is distinct from new.name
           and not ('organization' = any(edited))",
    )
    .bind(&ids)
    .bind(&names)
    .execute(tx.conn())
    .await?;
    Ok(())
}

type Columns<'a> = (Vec<Uuid>, Vec<&'a str>, Vec<Option<&'a str>>, Vec<Option<&'a str>>);

fn columns(rows: &[OrganizationRow]) -> Columns<'_> {
    (
        rows.iter().map(|row| row.organization_id.uuid()).collect(),
        rows.iter().map(|row| row.name.as_str()).collect(),
        rows.iter().map(|row| row.website.as_deref()).collect(),
        rows.iter().map(|row| row.country.as_deref()).collect(),
    )
}
