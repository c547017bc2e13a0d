//! Rows of `poll`: whose turn it is to be asked for what has changed, and when that was last read.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    db::{DbError, RunnerTx, TenantTx},
    domain::{CompanyId, ConnectionId},
};

/// Connections of all companies whose turn it is, whoever waits longest first.
pub async fn due(
    tx: &mut RunnerTx,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<(CompanyId, ConnectionId)>, DbError> {
    Ok(sqlx::query_as(
        "select company_id, connection_id from poll where due_at <= $1 order by due_at limit $2",
    )
    .bind(now)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// A turn, as the card shows it.
#[derive(Debug, Clone, FromRow)]
pub struct Poll {
    pub due_at: DateTime<Utc>,
    pub looked_at: Option<DateTime<Utc>>,
    pub failures: i32,
    pub reason: Option<String>,
}

pub async fn get(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<Poll>, DbError> {
    Ok(sqlx::query_as("select * from poll where connection_id = $1")
        .bind(id)
        .fetch_optional(tx.conn())
        .await?)
}

/// Takes a turn that is due, until the end of `tx`; `false` when another worker was faster.
pub async fn take(
    tx: &mut TenantTx,
    id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let taken = sqlx::query(
        "select from poll where connection_id = $1 and due_at <= $2 for update skip locked",
    )
    .bind(id)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    Ok(taken.is_some())
}

/// The next turn, and why this one was passed over.
pub async fn put_off(
    tx: &mut TenantTx,
    id: ConnectionId,
    due_at: DateTime<Utc>,
    reason: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query("update poll set due_at = $2, reason = $3 where connection_id = $1")
        .bind(id)
        .bind(due_at)
        .bind(reason)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What has changed was read to its end, whoever asked for it.
pub async fn looked(
    tx: &mut TenantTx,
    id: ConnectionId,
    now: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into poll (company_id, connection_id, due_at, looked_at) values ($1, $2, $3, $4)
         on conflict (company_id, connection_id) do update
         set due_at = excluded.due_at, looked_at = excluded.looked_at, failures = 0, reason = null",
    )
    .bind(company_id)
    .bind(id)
    .bind(due_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A run of the clock failed; the next turn is for the caller to say.
pub async fn failed(tx: &mut TenantTx, id: ConnectionId) -> Result<i32, DbError> {
    let failures = sqlx::query_scalar(
        "update poll set failures = failures + 1 where connection_id = $1 returning failures",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(failures.unwrap_or(1))
}

/// A connection whose people were taken in gets a turn, or an earlier one.
pub async fn sooner(
    tx: &mut TenantTx,
    id: ConnectionId,
    due_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "insert into poll (company_id, connection_id, due_at)
         select company_id, connection_id, $2 from connection
         where connection_id = $1 and watermark is not null and state <> 'disconnected'
         on conflict (company_id, connection_id) do update
         set due_at = least(poll.due_at, excluded.due_at)",
    )
    .bind(id)
    .bind(due_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Connections that work and whose people were taken in, and that have no turn: of an older version.
pub async fn forgotten(tx: &mut TenantTx) -> Result<Vec<ConnectionId>, DbError> {
    Ok(sqlx::query_scalar(
        "select connection_id from connection
         where state = 'active' and watermark is not null
           and not exists (
               select from poll where poll.company_id = connection.company_id
                                  and poll.connection_id = connection.connection_id
           )",
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn forget(tx: &mut TenantTx, id: ConnectionId) -> Result<(), DbError> {
    sqlx::query("delete from poll where connection_id = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}
