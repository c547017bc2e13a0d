//! Data keys on their way out: what is still sealed under an old one, and its exchange by
//! compare-and-set, so that a refresh in between wins.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::ConnectionId,
    vault::WrappedKey,
};

/// Begins a rotation, or joins the one that was not finished; when it began.
pub async fn begin(tx: &mut DoorTx) -> Result<DateTime<Utc>, DbError> {
    sqlx::query(
        "insert into key_rotation (rotation_id, started_at) values ($1, clock_timestamp())
         on conflict ((finished_at is null)) where finished_at is null do nothing",
    )
    .bind(Uuid::now_v7())
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar("select started_at from key_rotation where finished_at is null")
        .fetch_one(tx.conn())
        .await?)
}

/// The rotation that began then has come through.
pub async fn finish(tx: &mut DoorTx, began: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query("update key_rotation set finished_at = now() where started_at = $1")
        .bind(began)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Since when a rotation is under way, if one is.
pub async fn open_since(tx: &mut DoorTx) -> Result<Option<DateTime<Utc>>, DbError> {
    Ok(sqlx::query_scalar("select started_at from key_rotation where finished_at is null")
        .fetch_optional(tx.conn())
        .await?)
}

/// Whether the company's active key is older than the rotation.
pub async fn is_due(tx: &mut TenantTx, began: DateTime<Utc>) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (select from company_dek where state = 'active' and created_at < $1)",
    )
    .bind(began)
    .fetch_one(tx.conn())
    .await?)
}

/// Makes `key` the active one in place of one that is older than `began`; does nothing when somebody
/// was faster.
pub async fn replace(
    tx: &mut TenantTx,
    key: &WrappedKey,
    began: DateTime<Utc>,
) -> Result<bool, DbError> {
    let old = sqlx::query(
        "update company_dek set state = 'retiring' where state = 'active' and created_at < $1",
    )
    .bind(began)
    .execute(tx.conn())
    .await?;
    if old.rows_affected() == 0 {
        return Ok(false);
    }
    let company_id = tx.company_id();
    sqlx::query(
        "insert into company_dek (company_id, dek_id, wrapped, master_id, created_at)
         values ($1, $2, $3, $4, clock_timestamp())",
    )
    .bind(company_id)
    .bind(key.dek_id)
    .bind(&key.wrapped)
    .bind(&key.master_id)
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Tokens of which one is sealed under another key than the active one.
#[derive(Debug, FromRow)]
pub struct Stale {
    pub connection_id: ConnectionId,
    pub provider: String,
    pub token_gen: i64,
    pub access_token: Option<Vec<u8>>,
    pub refresh_token: Option<Vec<u8>>,
}

pub async fn stale_tokens(tx: &mut TenantTx, active: Uuid) -> Result<Vec<Stale>, DbError> {
    Ok(sqlx::query_as(
        "select connection_id, provider, token_gen, access_token, refresh_token from connection
         where substring(access_token from 2 for 16) <> uuid_send($1)
            or substring(refresh_token from 2 for 16) <> uuid_send($1)",
    )
    .bind(active)
    .fetch_all(tx.conn())
    .await?)
}

/// Exchanges both, unless they are others by now.
pub async fn swap_tokens(
    tx: &mut TenantTx,
    old: &Stale,
    access_token: Option<&[u8]>,
    refresh_token: Option<&[u8]>,
) -> Result<bool, DbError> {
    let done = sqlx::query(
        "update connection set access_token = $5, refresh_token = $6
         where connection_id = $1 and token_gen = $2
           and access_token is not distinct from $3 and refresh_token is not distinct from $4",
    )
    .bind(old.connection_id)
    .bind(old.token_gen)
    .bind(&old.access_token)
    .bind(&old.refresh_token)
    .bind(access_token)
    .bind(refresh_token)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A late answer that is sealed under another key than the active one.
#[derive(Debug, FromRow)]
pub struct StaleOrphan {
    pub connection_id: ConnectionId,
    pub provider: String,
    pub lease_gen: i64,
    pub orphan: Vec<u8>,
}

pub async fn stale_orphans(tx: &mut TenantTx, active: Uuid) -> Result<Vec<StaleOrphan>, DbError> {
    Ok(sqlx::query_as(
        "select connection_id, provider, refresh_attempt.lease_gen, orphan
         from refresh_attempt join connection using (company_id, connection_id)
         where orphan is not null and substring(orphan from 2 for 16) <> uuid_send($1)",
    )
    .bind(active)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn swap_orphan(
    tx: &mut TenantTx,
    old: &StaleOrphan,
    orphan: &[u8],
) -> Result<bool, DbError> {
    let done = sqlx::query(
        "update refresh_attempt set orphan = $4
         where connection_id = $1 and lease_gen = $2 and orphan = $3",
    )
    .bind(old.connection_id)
    .bind(old.lease_gen)
    .bind(&old.orphan)
    .bind(orphan)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Retires keys that seal no more and that nothing is sealed under; a verifier of a consent that is
/// under way holds its key for the minutes that it lives. Returns how many.
pub async fn retire(tx: &mut TenantTx) -> Result<u64, DbError> {
    let retired = sqlx::query(
        "update company_dek dek set state = 'retired', retired_at = now()
         where state = 'retiring'
           and not exists (
               select from connection
               where substring(access_token from 2 for 16) = uuid_send(dek_id)
                  or substring(refresh_token from 2 for 16) = uuid_send(dek_id))
           and not exists (
               select from refresh_attempt
               where orphan is not null and substring(orphan from 2 for 16) = uuid_send(dek_id))
           and not exists (
               select from oauth_state
               where substring(verifier from 2 for 16) = uuid_send(dek_id)
                 and used_at is null and expires_at > now())",
    )
    .execute(tx.conn())
    .await?;
    Ok(retired.rows_affected())
}

/// Destroys keys that were retired 30 days ago: by then no spool and no slow process can bring
/// something back that is sealed under them. One that did come back is spared.
pub async fn destroy(tx: &mut TenantTx) -> Result<u64, DbError> {
    let gone = sqlx::query(
        "delete from company_dek dek
         where state = 'retired' and retired_at < now() - interval '30 days'
           and not exists (
               select from connection
               where substring(access_token from 2 for 16) = uuid_send(dek_id)
                  or substring(refresh_token from 2 for 16) = uuid_send(dek_id))
           and not exists (
               select from refresh_attempt
               where orphan is not null and substring(orphan from 2 for 16) = uuid_send(dek_id))",
    )
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected())
}

/// How things stand with the keys of a company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, FromRow)]
pub struct Standing {
    pub active: i64,
    pub retiring: i64,
    pub retired: i64,
    /// Keys that another master key than the first of the file wraps.
    pub under_other_masters: i64,
    pub sealed: i64,
    /// Values that are sealed under another key than the active one.
    pub stale: i64,
}

pub async fn standing(tx: &mut TenantTx, master: &str) -> Result<Standing, DbError> {
    Ok(sqlx::query_as(
        "with value (key) as (
             select substring(access_token from 2 for 16) from connection
             where access_token is not null
             union all
             select substring(refresh_token from 2 for 16) from connection
             where refresh_token is not null
             union all
             select substring(orphan from 2 for 16) from refresh_attempt where orphan is not null
         )
         select count(*) filter (where state = 'active') as active,
                count(*) filter (where state = 'retiring') as retiring,
                count(*) filter (where state = 'retired') as retired,
                count(*) filter (where master_id <> $1) as under_other_masters,
                (select count(*) from value) as sealed,
                (select count(*) from value where key not in (
                     select uuid_send(dek_id) from company_dek where state = 'active'
                 )) as stale
         from company_dek",
    )
    .bind(master)
    .fetch_one(tx.conn())
    .await?)
}

/// Whether another master key than `active` is still needed by this company.
pub async fn is_any_key_not_under(tx: &mut TenantTx, active: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar("select exists (select from company_dek where master_id <> $1)")
        .bind(active)
        .fetch_one(tx.conn())
        .await?)
}
