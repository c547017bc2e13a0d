//! Writing deliveries, in the transaction of the change that causes them. The caller has locked the
//! contact's row, which settles the order of its deliveries.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    db::{DbError, TenantTx, deliveries::PATIENCE},
    domain::{
        ActivityId, Cause, ConnectionId, ContactId, DeliveryId, DeliveryKind, DeliveryState,
        MemberId, Trigger,
    },
};

/// A connection that deliveries may be meant for.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Outlet {
    pub connection_id: ConnectionId,
    pub provider: String,
    pub state: String,
}

/// Every connection of the company that has not been ended.
pub async fn outlets(tx: &mut TenantTx) -> Result<Vec<Outlet>, DbError> {
    Ok(sqlx::query_as(
        "select connection_id, provider, state from connection
         where state <> 'disconnected' order by provider",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The warmness from which a contact is warm.
pub async fn threshold(tx: &mut TenantTx) -> Result<i16, DbError> {
    Ok(sqlx::query_scalar("select warm_threshold from company").fetch_one(tx.conn()).await?)
}

/// Whether a living person at the connection is this contact.
pub async fn is_mapped(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contact_id: ContactId,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (
             select from mapping
             where contact_id = $2 and connection_id = $1 and kind = 'person' and state = 'linked'
         )",
    )
    .bind(connection_id)
    .bind(contact_id)
    .fetch_one(tx.conn())
    .await?)
}

/// The one warm lead of a contact at a connection.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Lead {
    pub delivery_id: DeliveryId,
    #[sqlx(try_from = "String")]
    pub state: DeliveryState,
}

pub async fn lead(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contact_id: ContactId,
) -> Result<Option<Lead>, DbError> {
    Ok(sqlx::query_as(
        "select delivery_id, state from delivery
         where connection_id = $1 and contact_id = $2 and kind = 'warm_lead'",
    )
    .bind(connection_id)
    .bind(contact_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// A delivery to write.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery<'a> {
    pub outlet: &'a Outlet,
    pub kind: DeliveryKind,
    pub contact_id: ContactId,
    pub activity_id: Option<ActivityId>,
    /// What a member asked for; with the kind of that name, and only with it.
    pub action: Option<&'a Value>,
    pub trigger: Trigger,
    pub requested_by: Option<MemberId>,
    /// Why it cannot be sent now; `None` for one that can.
    pub held: Option<Cause>,
    pub now: DateTime<Utc>,
}

/// Writes it behind the contact's others; `None` when one that waits says the same.
pub async fn insert(
    tx: &mut TenantTx,
    new: &NewDelivery<'_>,
) -> Result<Option<DeliveryId>, DbError> {
    let company_id = tx.company_id();
    let state = if new.held.is_some() { DeliveryState::Held } else { DeliveryState::Queued };
    let id = DeliveryId::fresh();
    let written = sqlx::query(
        "insert into delivery
             (company_id, delivery_id, connection_id, provider, kind, contact_id, activity_id, seq,
              trigger, requested_by, state, cause, give_up_at, marker, created_at, updated_at,
              action)
         select $1, $2, $3, $4, $5, $6, $7, coalesce(max(seq), 0) + 1, $8, $9, $10, $11, $12,
                gen_random_uuid(), $13, $13, $14
         from delivery where connection_id = $3 and contact_id = $6
         on conflict do nothing",
    )
    .bind(company_id)
    .bind(id)
    .bind(new.outlet.connection_id)
    .bind(&new.outlet.provider)
    .bind(new.kind.word())
    .bind(new.contact_id)
    .bind(new.activity_id)
    .bind(new.trigger.word())
    .bind(new.requested_by)
    .bind(state.word())
    .bind(new.held.map(Cause::word))
    .bind(new.now + PATIENCE)
    .bind(new.now)
    .bind(new.action)
    .execute(tx.conn())
    .await?;
    Ok((written.rows_affected() == 1).then_some(id))
}

/// Lets a delivery that ended without success be attempted anew: the same delivery, with the same
/// marker. `false` when it is not in such a state (any more).
pub async fn replay(
    tx: &mut TenantTx,
    id: DeliveryId,
    held: Option<Cause>,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let replayed = sqlx::query(
        "update delivery
         set state = case when $2::text is null then 'queued' else 'held' end, cause = $2,
             reason = null, fields = null, remarks = '{}', attempts = 0, looks = 0, next_at = null,
             give_up_at = $3, updated_at = $4
         where delivery_id = $1 and state in ('failed', 'dead')
           -- An edit that waits sends what is there then.
           and not exists (
               select from delivery waits
               where waits.company_id = delivery.company_id
                 and waits.connection_id = delivery.connection_id
                 and waits.activity_id = delivery.activity_id and waits.kind = delivery.kind
                 and waits.state in ('queued', 'held', 'retrying')
           )",
    )
    .bind(id)
    .bind(held.map(Cause::word))
    .bind(now + PATIENCE)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(replayed.rows_affected() == 1)
}
