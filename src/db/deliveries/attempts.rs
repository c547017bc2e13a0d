//! Attempts: committed before the bytes leave, and ended once.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{ActivityId, ConnectionId, ContactId, DeliveryId},
};

/// An attempt that is about to leave.
#[derive(Debug)]
pub struct NewAttempt<'a> {
    pub delivery_id: DeliveryId,
    /// Number of the last one that was seen.
    pub last: i32,
    pub step: &'a str,
    pub effect: &'a Value,
    pub subject: Option<Uuid>,
    /// The activity must still have this version, unless it is to be deleted.
    pub activity: Option<(ActivityId, i32)>,
    pub checks_version: bool,
    pub now: DateTime<Utc>,
}

/// Keeps members from changing the contact meanwhile; when it was changed last, `None` when it is
/// gone.
pub async fn hold_contact(
    tx: &mut TenantTx,
    contact_id: ContactId,
) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(sqlx::query_scalar("select updated_at from contact where contact_id = $1 for share")
        .bind(contact_id)
        .fetch_optional(tx.conn())
        .await?)
}

/// Whether the contact is there, kept so until the transaction ends.
pub async fn keep_contact(tx: &mut TenantTx, contact_id: ContactId) -> Result<bool, DbError> {
    let there: Option<i32> =
        sqlx::query_scalar("select 1 from contact where contact_id = $1 for key share")
            .bind(contact_id)
            .fetch_optional(tx.conn())
            .await?;
    Ok(there.is_some())
}

/// Attempts of others that make the same thing, or have made it; the rest of a condition follows.
macro_rules! others {
    ($same:literal) => {
        concat!(
            "select max(started_at) from delivery_attempt other
             join delivery using (company_id, delivery_id)
             where other.step = $2 and other.step in ('organization', 'label', 'reference')
               and (other.outcome in ('sending', 'unknown')
                    or other.outcome in ('done', 'found') and other.finished_at >= $4)
               and other.delivery_id <> $3 and connection_id = $1 and ",
            $same
        )
    };
}

/// Since when another delivery is making the same thing for the account, or has made it after
/// `since`. What it is about is locked, so that two that ask at once do not both hear no: the
/// organization, or the connection whose words it adds to.
pub async fn in_the_making(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    new: &NewAttempt<'_>,
    since: Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let (lock, row, others) = match new.subject {
        Some(organization) => (
            "select from organization where organization_id = $1 for no key update",
            organization,
            others!("other.subject = $5"),
        ),
        None => (
            "select from connection where connection_id = $1 for no key update",
            connection_id.uuid(),
            others!("other.subject is null and $5::uuid is null"),
        ),
    };
    sqlx::query(lock).bind(row).execute(tx.conn()).await?;
    Ok(sqlx::query_scalar(others)
        .bind(connection_id)
        .bind(new.step)
        .bind(new.delivery_id)
        .bind(since)
        .bind(new.subject)
        .fetch_one(tx.conn())
        .await?)
}

/// A person that is being sent, or of whom nobody knows whether the CRM has it.
#[derive(Debug, FromRow)]
pub struct InTheMaking {
    pub effect: Value,
    pub started_at: DateTime<Utc>,
}

pub async fn people_in_the_making(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<Vec<InTheMaking>, DbError> {
    Ok(sqlx::query_as(
        "select effect, started_at from delivery_attempt
         join delivery using (company_id, delivery_id)
         where step = 'person' and outcome in ('sending', 'unknown') and connection_id = $1",
    )
    .bind(connection_id)
    .fetch_all(tx.conn())
    .await?)
}

/// Whether an organization of ours is at the connection by now.
pub async fn has_organization(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    organization_id: Uuid,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (
             select from mapping
             where organization_id = $2 and connection_id = $1 and kind = 'organization'
         )",
    )
    .bind(connection_id)
    .bind(organization_id)
    .fetch_one(tx.conn())
    .await?)
}

/// Writes the attempt; its number, or `None` when the delivery is not as it was seen.
pub async fn begin(tx: &mut TenantTx, new: &NewAttempt<'_>) -> Result<Option<i32>, DbError> {
    let begun = sqlx::query(
        "update delivery
         set state = 'sending', cause = null, reason = null, next_at = null, updated_at = $5
         where delivery_id = $1 and state in ('queued', 'retrying', 'held')
           and not exists (
               select from delivery_attempt mine
               where mine.company_id = delivery.company_id
                 and mine.delivery_id = delivery.delivery_id
                 and (mine.n > $2 or mine.outcome in ('sending', 'unknown'))
           )
           and not exists (
               select from delivery before
               where before.company_id = delivery.company_id
                 and before.connection_id = delivery.connection_id
                 and before.contact_id = delivery.contact_id and before.seq < delivery.seq
                 and before.state not in ('delivered', 'failed', 'dead')
           )
           and ($3::uuid is null or $4 = (select version from activity where activity_id = $3))",
    )
    .bind(new.delivery_id)
    .bind(new.last)
    .bind(new.activity.filter(|_| new.checks_version).map(|(id, _)| id))
    .bind(new.activity.map(|(_, version)| version))
    .bind(new.now)
    .execute(tx.conn())
    .await?;
    if begun.rows_affected() == 0 {
        return Ok(None);
    }
    let company_id = tx.company_id();
    sqlx::query(
        "insert into delivery_attempt
             (company_id, delivery_id, n, step, effect, subject, version, started_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(company_id)
    .bind(new.delivery_id)
    .bind(new.last + 1)
    .bind(new.step)
    .bind(new.effect)
    .bind(new.subject)
    .bind(new.activity.map(|(_, version)| version))
    .bind(new.now)
    .execute(tx.conn())
    .await?;
    Ok(Some(new.last + 1))
}

/// How an attempt ended.
#[derive(Debug)]
pub struct Ending<'a> {
    pub delivery_id: DeliveryId,
    pub n: i32,
    pub outcome: &'a str,
    pub status: Option<i32>,
    pub remote_id: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub now: DateTime<Utc>,
}

/// Ends an attempt that is open; `false` when somebody has ended it already.
pub async fn end(tx: &mut TenantTx, ending: &Ending<'_>) -> Result<bool, DbError> {
    let ended = sqlx::query(
        "update delivery_attempt
         set outcome = $3, status = coalesce($4, status), remote_id = coalesce($5, remote_id),
             reason = coalesce(left($6, 500), reason), finished_at = $7
         where delivery_id = $1 and n = $2 and outcome in ('sending', 'unknown')",
    )
    .bind(ending.delivery_id)
    .bind(ending.n)
    .bind(ending.outcome)
    .bind(ending.status)
    .bind(ending.remote_id)
    .bind(ending.reason)
    .bind(ending.now)
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}
