//! How a delivery stands.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    db::{DbError, TenantTx},
    domain::{Cause, ConnectionId, ContactId, DeliveryId, DeliveryKind, DeliveryState},
};

/// A delivery as it was before a change, locked.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Before {
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
    #[sqlx(try_from = "String")]
    pub kind: DeliveryKind,
}

/// Locks a delivery; `None` unless it is as it was seen, where that matters.
pub async fn lock(
    tx: &mut TenantTx,
    id: DeliveryId,
    seen: Option<(DeliveryState, i32)>,
) -> Result<Option<Before>, DbError> {
    let before: Option<Before> =
        sqlx::query_as("select state, kind from delivery where delivery_id = $1 for update")
            .bind(id)
            .fetch_optional(tx.conn())
            .await?;
    let Some((state, last)) = seen else { return Ok(before) };
    if before.is_none_or(|before| before.state != state) {
        return Ok(None);
    }
    // Read after the lock: whoever began an attempt meanwhile has committed it.
    let newest: i32 = sqlx::query_scalar(
        "select coalesce(max(n), 0) from delivery_attempt where delivery_id = $1",
    )
    .bind(id)
    .fetch_one(tx.conn())
    .await?;
    Ok(before.filter(|_| newest == last))
}

/// The other delivery of the same activity and kind that waits, and whether an attempt of it is open.
/// Only one may wait: it sends what is there then.
pub async fn other_edit(
    tx: &mut TenantTx,
    id: DeliveryId,
) -> Result<Option<(DeliveryId, bool)>, DbError> {
    Ok(sqlx::query_as(
        "select other.delivery_id, exists (
             select from delivery_attempt mine
             where mine.company_id = other.company_id and mine.delivery_id = other.delivery_id
               and mine.outcome in ('sending', 'unknown')
         )
         from delivery
         join delivery other using (company_id, connection_id, activity_id, kind)
         where delivery.delivery_id = $1 and other.delivery_id <> $1
           and other.state in ('queued', 'held', 'retrying')
         for update of other",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether another delivery of the same activity waits, and brings what this one did not.
pub async fn is_followed(tx: &mut TenantTx, id: DeliveryId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (
             select from delivery
             join delivery other using (company_id, connection_id, activity_id)
             where delivery.delivery_id = $1 and other.delivery_id <> $1
               and other.state in ('queued', 'held', 'retrying')
         )",
    )
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
}

/// How it stands from now on.
#[derive(Debug)]
pub struct Standing<'a> {
    pub state: DeliveryState,
    pub cause: Option<Cause>,
    pub reason: Option<&'a str>,
    pub fields: Option<&'a Value>,
    pub candidates: Option<&'a Value>,
    pub attempts: i32,
    pub looks: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
}

pub async fn stand(tx: &mut TenantTx, id: DeliveryId, by: &Standing<'_>) -> Result<(), DbError> {
    sqlx::query(
        "update delivery
         set state = $2, cause = $3, reason = left($4, 500), fields = $5, candidates = $6,
             attempts = $7, looks = $8, next_at = $9, updated_at = $10,
             delivered_at = case when $2 = 'delivered' then $10 else delivered_at end
         where delivery_id = $1",
    )
    .bind(id)
    .bind(by.state.word())
    .bind(by.cause.map(Cause::word))
    .bind(by.reason)
    .bind(by.fields)
    .bind(by.candidates)
    .bind(by.attempts)
    .bind(by.looks)
    .bind(by.next_at)
    .bind(by.now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What it left at the CRM, and what went otherwise than usual.
pub async fn note(
    tx: &mut TenantTx,
    id: DeliveryId,
    remote_id: Option<&str>,
    organization: Option<&str>,
    remarks: &[&str],
) -> Result<(), DbError> {
    sqlx::query(
        "update delivery
         set remote_id = coalesce($2, remote_id),
             organization_remote_id = coalesce($3, organization_remote_id),
             remarks = (select coalesce(array_agg(distinct word), '{}')
                        from unnest(remarks || $4::text[]) as word)
         where delivery_id = $1",
    )
    .bind(id)
    .bind(remote_id)
    .bind(organization)
    .bind(remarks)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A contact goes: what waits for it is withdrawn in the same transaction. What may be on its way
/// finishes. Returns what was withdrawn.
pub async fn withdraw(
    tx: &mut TenantTx,
    contacts: &[ContactId],
    now: DateTime<Utc>,
) -> Result<Vec<DeliveryId>, DbError> {
    Ok(sqlx::query_scalar(
        "update delivery
         set state = 'dead', cause = 'withdrawn', next_at = null, updated_at = $2,
             reason = 'The contact was deleted before it was sent.'
         where contact_id = any($1) and state in ('queued', 'held', 'retrying')
           and not exists (
               select from delivery_attempt mine
               where mine.company_id = delivery.company_id
                 and mine.delivery_id = delivery.delivery_id
                 and mine.outcome in ('sending', 'unknown')
           )
         returning delivery_id",
    )
    .bind(contacts)
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Nothing of a connection is sent until a person lifts it; returns how many wait for that.
pub async fn hold(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<u64, DbError> {
    let held = sqlx::query(
        "update delivery
         set state = 'held', cause = $2, reason = null, next_at = null, updated_at = $3
         where connection_id = $1 and state in ('queued', 'retrying', 'held')",
    )
    .bind(connection_id)
    .bind(cause.word())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(held.rows_affected())
}

/// What was held goes on, with its patience anew; the caller enqueues the work. Returns how many.
pub async fn release(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<u64, DbError> {
    let released = sqlx::query(
        "update delivery
         set state = 'queued', cause = null, reason = null, next_at = null, attempts = 0,
             give_up_at = $2, updated_at = $3
         where connection_id = $1 and state = 'held'",
    )
    .bind(connection_id)
    .bind(now + super::PATIENCE)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(released.rows_affected())
}
