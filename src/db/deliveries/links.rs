//! What a delivery leaves in the book: which record at the CRM is whose, and the account's words.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{ActivityId, ConnectionId, ContactId, OrganizationId},
};

/// Links a person; `false` when it belongs to another contact of ours.
pub async fn person(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contact_id: ContactId,
    remote_id: &str,
    fingerprint: i64,
) -> Result<bool, DbError> {
    let company_id = tx.company_id();
    let linked = sqlx::query(
        "insert into mapping
             (company_id, connection_id, kind, remote_id, contact_id, fingerprint, is_primary,
              sync_direction)
         select $1, $2, 'person', $4, $3, $5, not exists (
                    select from mapping
                    where contact_id = $3 and connection_id = $2 and kind = 'person'
                      and state = 'linked' and is_primary
                ), 'bidirectional'
         on conflict (company_id, connection_id, kind, remote_id) do update
         set state = 'linked', sync_direction = 'bidirectional', last_synced_at = now()
         where mapping.contact_id = excluded.contact_id",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(contact_id)
    .bind(remote_id)
    .bind(fingerprint)
    .execute(tx.conn())
    .await?;
    Ok(linked.rows_affected() == 1)
}

/// Links an organization that is still in the book; the next import reads it.
pub async fn organization(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    organization_id: OrganizationId,
    remote_id: &str,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into mapping
             (company_id, connection_id, kind, remote_id, organization_id, fingerprint,
              sync_direction)
         select $1, $2, 'organization', $4, organization_id, 0, 'bidirectional'
         from organization where organization_id = $3
         on conflict do nothing",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(organization_id)
    .bind(remote_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What an organization looks like that we have just made: nothing of it is news to an import.
pub async fn organization_read(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    remote_id: &str,
    fingerprint: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "update mapping set fingerprint = $3
         where connection_id = $1 and kind = 'organization' and remote_id = $2 and fingerprint = 0",
    )
    .bind(connection_id)
    .bind(remote_id)
    .bind(fingerprint)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets an organization that is gone at the CRM.
pub async fn organization_gone(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    remote_id: &str,
) -> Result<(), DbError> {
    sqlx::query(
        "delete from mapping
         where connection_id = $1 and kind = 'organization' and remote_id = $2",
    )
    .bind(connection_id)
    .bind(remote_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn activity(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    activity_id: ActivityId,
    remote_id: &str,
    version: i32,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into activity_mapping (company_id, connection_id, activity_id, remote_id, version)
         values ($1, $2, $3, $4, $5)
         on conflict (company_id, connection_id, activity_id) do update
         set remote_id = excluded.remote_id, last_synced_at = now(),
             version = greatest(activity_mapping.version, excluded.version)",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(activity_id)
    .bind(remote_id)
    .bind(version)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn activity_gone(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    activity_id: ActivityId,
) -> Result<(), DbError> {
    sqlx::query("delete from activity_mapping where connection_id = $1 and activity_id = $2")
        .bind(connection_id)
        .bind(activity_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Names of labels and fields as last read, locked until the transaction ends.
pub async fn lock_fields(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<Option<Value>, DbError> {
    let fields: Option<Option<Value>> = sqlx::query_scalar(
        "select remote_fields from connection where connection_id = $1 for no key update",
    )
    .bind(connection_id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(fields.flatten())
}

pub async fn remember_types(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    types: &Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "update connection set remote_types = $2, remote_types_at = $3 where connection_id = $1",
    )
    .bind(connection_id)
    .bind(types)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The account does not let us make a field for our marker.
pub async fn reference_refused(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query("update connection set reference_refused_at = $2 where connection_id = $1")
        .bind(connection_id)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether the company wants what was logged before a contact became linked.
pub async fn pushes_earlier(tx: &mut TenantTx) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar("select push_earlier from company").fetch_one(tx.conn()).await?)
}

/// Activities of these contacts that the connection has never heard of, oldest first.
pub async fn earlier(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, ActivityId)>, DbError> {
    let contacts: Vec<Uuid> = contacts.iter().map(|id| id.uuid()).collect();
    Ok(sqlx::query_as(
        "select activity.contact_id, activity_id
         from unnest($2::uuid[]) as linked (contact_id)
         cross join lateral (
             select contact_id, activity_id, due_at, company_id from activity
             where activity.contact_id = linked.contact_id offset 0
         ) activity
         where not exists (
               select from delivery
               where delivery.company_id = activity.company_id
                 and delivery.activity_id = activity.activity_id and connection_id = $1
           )
         order by due_at, activity_id",
    )
    .bind(connection_id)
    .bind(contacts)
    .fetch_all(tx.conn())
    .await?)
}
