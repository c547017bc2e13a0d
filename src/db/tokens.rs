//! Sealed tokens, data keys, and the lease that makes a refresh happen once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::ConnectionId,
    vault::WrappedKey,
};

/// A connection's tokens as stored.
#[derive(Debug, Clone, FromRow)]
pub struct SealedTokens {
    pub provider: String,
    pub state: String,
    pub api_base: String,
    pub access_token: Option<Vec<u8>>,
    pub refresh_token: Option<Vec<u8>>,
    pub token_gen: i64,
    pub token_expires_at: Option<DateTime<Utc>>,
    /// Somebody asked with this generation's refresh token and stored no answer, yet or ever.
    pub unanswered: bool,
}

pub async fn sealed(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<SealedTokens>, DbError> {
    Ok(sqlx::query_as(
        "select provider, state, api_base, access_token, refresh_token, token_gen, token_expires_at,
                exists (
                    select from refresh_attempt attempt
                    where attempt.company_id = connection.company_id
                      and attempt.connection_id = connection.connection_id
                      and attempt.token_gen = connection.token_gen
                      and outcome in ('sent', 'unknown')
                ) as unanswered
         from connection where connection_id = $1",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// The same, holding the row against refreshes and other consents until the transaction ends.
pub async fn sealed_for_update(
    tx: &mut TenantTx,
    id: ConnectionId,
) -> Result<Option<SealedTokens>, DbError> {
    sqlx::query("select from connection where connection_id = $1 for update")
        .bind(id)
        .execute(tx.conn())
        .await?;
    sealed(tx, id).await
}

/// A wish for the right to refresh.
#[derive(Debug)]
pub struct Lease<'a> {
    pub id: ConnectionId,
    pub token_gen: i64,
    pub holder: &'a str,
    pub lasts: Duration,
    /// Only a connection that a refresh has declared dead, instead of only an active one.
    pub dead: bool,
}

/// The right, and when the same refresh token was first sent without an answer.
#[derive(Debug, FromRow)]
pub struct Leased {
    pub lease_gen: i64,
    pub unanswered: Option<DateTime<Utc>>,
    /// The same, or with one that came too late.
    pub missed: Option<DateTime<Utc>>,
}

/// Takes the right to refresh generation `token_gen`; `None` while another holds it, or when the
/// generation moved. Writes the intent in the same transaction: the database's clock decides.
pub async fn lease(tx: &mut TenantTx, wish: &Lease<'_>) -> Result<Option<Leased>, DbError> {
    let company_id = tx.company_id();
    let leased: Option<Leased> = sqlx::query_as(
        "update connection
         set lease_gen = lease_gen + 1,
             lease_until = clock_timestamp() + make_interval(secs => $4)
         where connection_id = $1 and token_gen = $2
           and (lease_until is null or lease_until < clock_timestamp())
           and case when $3 then state = 'needs_reconnect' and exists (
                   select from refresh_attempt
                   where refresh_attempt.connection_id = $1 and refresh_attempt.token_gen = $2
                     and outcome = 'refused'
               ) else state = 'active' end
         returning lease_gen, (
             select min(started_at) from refresh_attempt
             where refresh_attempt.connection_id = $1 and refresh_attempt.token_gen = $2
               and outcome in ('sent', 'unknown')
         ) as unanswered, (
             select min(started_at) from refresh_attempt
             where refresh_attempt.connection_id = $1 and refresh_attempt.token_gen = $2
               and outcome in ('sent', 'unknown', 'fenced')
         ) as missed",
    )
    .bind(wish.id)
    .bind(wish.token_gen)
    .bind(wish.dead)
    .bind(wish.lasts.as_secs_f64())
    .fetch_optional(tx.conn())
    .await?;
    if let Some(leased) = &leased {
        sqlx::query(
            "insert into refresh_attempt (company_id, connection_id, lease_gen, token_gen, instance)
             values ($1, $2, $3, $4, $5)",
        )
        .bind(company_id)
        .bind(wish.id)
        .bind(leased.lease_gen)
        .bind(wish.token_gen)
        .bind(wish.holder)
        .execute(tx.conn())
        .await?;
    }
    Ok(leased)
}

/// Ends the right to refresh of a holder that is known to be dead, once what it may have sent has
/// reached the provider; whether there was one.
pub async fn release(
    tx: &mut TenantTx,
    id: ConnectionId,
    dead: &[String],
    on_its_way: Duration,
) -> Result<bool, DbError> {
    let released = sqlx::query(
        "update connection set lease_until = null
         where connection_id = $1 and lease_until is not null and exists (
             select from refresh_attempt
             where refresh_attempt.connection_id = $1
               and refresh_attempt.lease_gen = connection.lease_gen
               and instance = any($2)
               and started_at < clock_timestamp() - make_interval(secs => $3)
         )",
    )
    .bind(id)
    .bind(dead)
    .bind(on_its_way.as_secs_f64())
    .execute(tx.conn())
    .await?;
    Ok(released.rows_affected() == 1)
}

/// A refresh token that came too late to be stored: sealed for its own place.
#[derive(Debug, FromRow)]
pub struct Orphan {
    pub lease_gen: i64,
    pub token_gen: i64,
    pub sealed: Vec<u8>,
}

/// Newest first.
pub async fn orphans(tx: &mut TenantTx, id: ConnectionId) -> Result<Vec<Orphan>, DbError> {
    Ok(sqlx::query_as(
        "select lease_gen, token_gen, orphan as sealed from refresh_attempt
         where connection_id = $1 and orphan is not null
         order by lease_gen desc",
    )
    .bind(id)
    .fetch_all(tx.conn())
    .await?)
}

/// They were tried, and are of no use any more.
pub async fn drop_orphans(
    tx: &mut TenantTx,
    id: ConnectionId,
    leases: &[i64],
) -> Result<(), DbError> {
    if leases.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update refresh_attempt set orphan = null
         where connection_id = $1 and lease_gen = any($2)",
    )
    .bind(id)
    .bind(leases)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a refresh brought, sealed for generation `token_gen + 1`.
#[derive(Debug)]
pub struct Refreshed<'a> {
    pub access_token: &'a [u8],
    pub refresh_token: &'a [u8],
    pub expires_at: DateTime<Utc>,
    pub api_base: &'a str,
    pub granted_scopes: Option<&'a [String]>,
    /// It was a late answer that the connection was declared dead without.
    pub revives: bool,
}

/// Stores the answer if the lease is still ours; `false` when we were fenced.
pub async fn store(
    tx: &mut TenantTx,
    id: ConnectionId,
    token_gen: i64,
    lease_gen: i64,
    new: &Refreshed<'_>,
) -> Result<bool, DbError> {
    let stored = sqlx::query(
        "update connection
         set access_token = $4, refresh_token = $5, token_expires_at = $6, api_base = $7,
             granted_scopes = coalesce($8, granted_scopes), token_gen = token_gen + 1,
             token_refreshed_at = now(), lease_until = null,
             state = case when $9 and state = 'needs_reconnect' then 'active' else state end,
             state_reason = case when $9 and state = 'needs_reconnect' then null
                                 else state_reason end
         where connection_id = $1 and token_gen = $2 and lease_gen = $3",
    )
    .bind(id)
    .bind(token_gen)
    .bind(lease_gen)
    .bind(new.access_token)
    .bind(new.refresh_token)
    .bind(new.expires_at)
    .bind(new.api_base)
    .bind(new.granted_scopes)
    .bind(new.revives)
    .execute(tx.conn())
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// Writes down how an attempt ended; an answer that came too late is kept, sealed. Returns whether
/// the lease was still ours, and then the row stays locked until the transaction ends.
pub async fn end_attempt(
    tx: &mut TenantTx,
    id: ConnectionId,
    lease_gen: i64,
    outcome: &str,
    orphan: Option<&[u8]>,
) -> Result<bool, DbError> {
    sqlx::query(
        "update refresh_attempt set outcome = $3, finished_at = now(), orphan = $4
         where connection_id = $1 and lease_gen = $2",
    )
    .bind(id)
    .bind(lease_gen)
    .bind(outcome)
    .bind(orphan)
    .execute(tx.conn())
    .await?;
    let released = sqlx::query(
        "update connection set lease_until = null where connection_id = $1 and lease_gen = $2",
    )
    .bind(id)
    .bind(lease_gen)
    .execute(tx.conn())
    .await?;
    // The log of attempts is for the last weeks; orphans stay until they were tried.
    sqlx::query(
        "delete from refresh_attempt
         where connection_id = $1 and orphan is null and started_at < now() - interval '30 days'",
    )
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(released.rows_affected() == 1)
}

/// Whether the company has the connection, and since when its token was last renewed before `old`.
pub async fn dormant(
    tx: &mut TenantTx,
    before: DateTime<Utc>,
) -> Result<Vec<ConnectionId>, DbError> {
    Ok(sqlx::query_scalar(
        "select connection_id from connection
         where state = 'active' and token_refreshed_at < $1 and refresh_token is not null",
    )
    .bind(before)
    .fetch_all(tx.conn())
    .await?)
}

#[derive(FromRow)]
struct KeyRow {
    dek_id: Uuid,
    wrapped: Vec<u8>,
    master_id: String,
}

impl From<KeyRow> for WrappedKey {
    fn from(row: KeyRow) -> Self {
        Self { dek_id: row.dek_id, wrapped: row.wrapped, master_id: row.master_id }
    }
}

/// The data key that seals now.
pub async fn active_key(tx: &mut TenantTx) -> Result<Option<WrappedKey>, DbError> {
    let row: Option<KeyRow> =
        sqlx::query_as("select dek_id, wrapped, master_id from company_dek where state = 'active'")
            .fetch_optional(tx.conn())
            .await?;
    Ok(row.map(WrappedKey::from))
}

/// The data key that sealed something.
pub async fn data_key(tx: &mut TenantTx, dek_id: Uuid) -> Result<Option<WrappedKey>, DbError> {
    let row: Option<KeyRow> =
        sqlx::query_as("select dek_id, wrapped, master_id from company_dek where dek_id = $1")
            .bind(dek_id)
            .fetch_optional(tx.conn())
            .await?;
    Ok(row.map(WrappedKey::from))
}

/// Adds the company's first data key; does nothing when somebody was faster.
pub async fn insert_key(tx: &mut TenantTx, key: &WrappedKey) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into company_dek (company_id, dek_id, wrapped, master_id)
         values ($1, $2, $3, $4)
         on conflict (company_id) where state = 'active' do nothing",
    )
    .bind(company_id)
    .bind(key.dek_id)
    .bind(&key.wrapped)
    .bind(&key.master_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Data keys of the company that another master key than `active` wraps.
pub async fn keys_not_under(tx: &mut TenantTx, active: &str) -> Result<Vec<WrappedKey>, DbError> {
    let rows: Vec<KeyRow> = sqlx::query_as(
        "select dek_id, wrapped, master_id from company_dek where master_id <> $1 for update",
    )
    .bind(active)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(WrappedKey::from).collect())
}

pub async fn rewrap(tx: &mut TenantTx, key: &WrappedKey) -> Result<(), DbError> {
    sqlx::query("update company_dek set wrapped = $2, master_id = $3 where dek_id = $1")
        .bind(key.dek_id)
        .bind(&key.wrapped)
        .bind(&key.master_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A master key that this database knows, with a text sealed under it.
#[derive(Debug, Clone, FromRow)]
pub struct Master {
    pub master_id: String,
    pub canary: Vec<u8>,
    /// Nothing is sealed under it any more.
    pub retired: bool,
}

pub async fn masters(tx: &mut DoorTx) -> Result<Vec<Master>, DbError> {
    Ok(sqlx::query_as(
        "select master_id, canary, retired_at is not null as retired from master_key",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Remembers a master key, or takes a retired one into use again.
pub async fn insert_master(tx: &mut DoorTx, id: &str, canary: &[u8]) -> Result<(), DbError> {
    sqlx::query(
        "insert into master_key (master_id, canary) values ($1, $2)
         on conflict (master_id) do update set retired_at = null",
    )
    .bind(id)
    .bind(canary)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nothing is sealed under it any more: its line may leave the file.
pub async fn retire_master(tx: &mut DoorTx, id: &str) -> Result<(), DbError> {
    sqlx::query(
        "update master_key set retired_at = now() where master_id = $1 and retired_at is null",
    )
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}
