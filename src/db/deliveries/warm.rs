//! Leads in bulk, and what people decide about deliveries.

use chrono::{DateTime, Utc};

use super::{Outlet, PATIENCE};
use crate::{
    db::{DbError, TenantTx},
    domain::{
        Cause, ConnectionId, ContactId, DeliveryId, DeliveryKind, DeliveryState, MemberId, Trigger,
    },
};

/// Contacts that a connection should have and does not: warm, or with a meeting ahead; without a
/// person there and without a lead. What failed or was given up is for a retry.
macro_rules! qualifying {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " from contact
             where (contact.warmness >= (select warm_threshold from company)
                    or contact.contact_id in (
                        select activity.contact_id from activity
                        where kind = 'MEETING' and not done and due_at > $2
                    ))
               and not exists (
                   select from mapping
                   where mapping.contact_id = contact.contact_id and mapping.connection_id = $1
                     and mapping.kind = 'person' and mapping.state = 'linked'
               )
               and not exists (
                   select from delivery
                   where delivery.contact_id = contact.contact_id and delivery.connection_id = $1
                     and delivery.kind = 'warm_lead'
               ) ",
            $after
        )
    };
}

/// How many contacts qualify, of those the key may see; at most so many are counted.
pub async fn qualifying(
    tx: &mut TenantTx,
    outlet: &Outlet,
    now: DateTime<Utc>,
    most: i64,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar(qualifying!("select count(*) from (select", "limit $3) counted"))
        .bind(outlet.connection_id)
        .bind(now)
        .bind(most)
        .fetch_one(tx.conn())
        .await?)
}

/// A lead that was written for a contact.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Made {
    pub contact_id: ContactId,
    pub delivery_id: DeliveryId,
}

/// Makes leads of up to so many contacts that qualify, and locks them.
pub async fn lead_many(
    tx: &mut TenantTx,
    outlet: &Outlet,
    by: MemberId,
    held: Option<Cause>,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Made>, DbError> {
    let company_id = tx.company_id();
    let contacts: Vec<ContactId> = sqlx::query_scalar(qualifying!(
        "select contact.contact_id",
        "order by contact.contact_id limit $3 for no key update of contact"
    ))
    .bind(outlet.connection_id)
    .bind(now)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<DeliveryId> = contacts.iter().map(|_| DeliveryId::fresh()).collect();
    let state = if held.is_some() { DeliveryState::Held } else { DeliveryState::Queued };
    Ok(sqlx::query_as(
        "insert into delivery
             (company_id, delivery_id, connection_id, provider, kind, contact_id, seq, trigger,
              requested_by, state, cause, give_up_at, marker, created_at, updated_at)
         select $1, new.delivery_id, $2, $3, $4, new.contact_id, coalesce(last.seq, 0) + 1, $5, $6,
                $7, $8, $9, gen_random_uuid(), $10, $10
         from unnest($11::uuid[], $12::uuid[]) as new (delivery_id, contact_id)
         cross join lateral (
             select max(seq) as seq from delivery
             where delivery.connection_id = $2 and delivery.contact_id = new.contact_id
         ) last
         on conflict do nothing
         returning contact_id, delivery_id",
    )
    .bind(company_id)
    .bind(outlet.connection_id)
    .bind(&outlet.provider)
    .bind(DeliveryKind::WarmLead.word())
    .bind(Trigger::Push.word())
    .bind(by)
    .bind(state.word())
    .bind(held.map(Cause::word))
    .bind(now + PATIENCE)
    .bind(now)
    .bind(ids)
    .bind(contacts)
    .fetch_all(tx.conn())
    .await?)
}

/// Notes whom somebody chose among the candidates: a remote id, or `new`.
pub async fn choose(
    tx: &mut TenantTx,
    id: DeliveryId,
    chosen: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let noted = sqlx::query(
        "update delivery set chosen = $2, updated_at = $5
         where delivery_id = $1 and state = $3 and cause = $4",
    )
    .bind(id)
    .bind(chosen)
    .bind(DeliveryState::Failed.word())
    .bind(Cause::Ambiguous.word())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Deliveries of a provider that ended without success, the oldest first; without a state those that
/// failed and those that were given up, but for what nobody misses.
pub async fn ended(
    tx: &mut TenantTx,
    provider: &str,
    state: Option<DeliveryState>,
    cause: Option<Cause>,
    most: i64,
) -> Result<Vec<DeliveryId>, DbError> {
    Ok(sqlx::query_scalar(
        "select delivery_id from delivery
         where provider = $1 and state in ('failed', 'dead') and ($2::text is null or state = $2)
           and case when $3::text is null then coalesce(cause not in ('withdrawn', 'superseded'), true)
                    else cause = $3 end
         order by delivery_id limit $4",
    )
    .bind(provider)
    .bind(state.map(DeliveryState::word))
    .bind(cause.map(Cause::word))
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// Stores who a member is at a connection, or that nobody there is.
pub async fn set_user(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    member_id: MemberId,
    remote_user_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    let Some(remote_user_id) = remote_user_id else {
        sqlx::query("delete from member_remote_user where connection_id = $1 and member_id = $2")
            .bind(connection_id)
            .bind(member_id)
            .execute(tx.conn())
            .await?;
        return Ok(());
    };
    sqlx::query(
        "insert into member_remote_user
             (company_id, connection_id, member_id, remote_user_id, found_at)
         values ($1, $2, $3, $4, $5)
         on conflict (company_id, connection_id, member_id)
         do update set remote_user_id = excluded.remote_user_id, found_at = excluded.found_at",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(member_id)
    .bind(remote_user_id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
