//! Requests that may come again: which are under way, and what the others were answered.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::db::{DbError, TenantTx};

/// What names a request among those of a company.
#[derive(Debug, Clone)]
pub struct Name {
    /// The member's id, or the API key's.
    pub caller: Uuid,
    pub operation: String,
    pub key_hash: [u8; 32],
}

/// A request as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Known {
    pub request_hash: Vec<u8>,
    /// Who may answer, or did.
    pub claim_id: Uuid,
    /// `None` while it is under way.
    pub status: Option<i16>,
    pub answer: Option<Vec<u8>>,
}

/// Takes the right to do the work: for a new name, for one that was forgotten, and for one whose
/// worker is gone. `false` when somebody else has it or had it.
pub async fn claim(
    tx: &mut TenantTx,
    name: &Name,
    request_hash: &[u8; 32],
    claim_id: Uuid,
    (now, lease, kept): (DateTime<Utc>, TimeDelta, TimeDelta),
) -> Result<bool, DbError> {
    let company_id = tx.company_id();
    let claimed = sqlx::query(
        "insert into idempotency_key as known
             (company_id, caller, operation, key_hash, request_hash, claim_id, claimed_until,
              created_at)
         values ($1, $2, $3, $4, $5, $6, $8, $7)
         on conflict (company_id, caller, operation, key_hash) do update
         set request_hash = excluded.request_hash, claim_id = excluded.claim_id,
             claimed_until = excluded.claimed_until, created_at = excluded.created_at,
             status = null, answer = null
         where known.created_at <= $9
            or (known.status is null and known.claimed_until <= $7
                and known.request_hash = excluded.request_hash)",
    )
    .bind(company_id)
    .bind(name.caller)
    .bind(&name.operation)
    .bind(name.key_hash.as_slice())
    .bind(request_hash.as_slice())
    .bind(claim_id)
    .bind(now)
    .bind(now + lease)
    .bind(now - kept)
    .execute(tx.conn())
    .await?;
    Ok(claimed.rows_affected() == 1)
}

pub async fn find(tx: &mut TenantTx, name: &Name) -> Result<Option<Known>, DbError> {
    Ok(sqlx::query_as(
        "select request_hash, claim_id, status, answer from idempotency_key
         where caller = $1 and operation = $2 and key_hash = $3",
    )
    .bind(name.caller)
    .bind(&name.operation)
    .bind(name.key_hash.as_slice())
    .fetch_optional(tx.conn())
    .await?)
}

/// Keeps the answer. [`DbError::Fenced`] when somebody else took the request over: then nothing of
/// this transaction may happen.
pub async fn answer(
    tx: &mut TenantTx,
    name: &Name,
    claim_id: Uuid,
    status: i16,
    answer: Option<&[u8]>,
) -> Result<(), DbError> {
    let kept = sqlx::query(
        "update idempotency_key set status = $5, answer = $6
         where caller = $1 and operation = $2 and key_hash = $3 and claim_id = $4
           and status is null",
    )
    .bind(name.caller)
    .bind(&name.operation)
    .bind(name.key_hash.as_slice())
    .bind(claim_id)
    .bind(status)
    .bind(answer)
    .execute(tx.conn())
    .await?;
    if kept.rows_affected() == 1 { Ok(()) } else { Err(DbError::Fenced) }
}

/// Nothing was done: the name is free again.
pub async fn release(tx: &mut TenantTx, name: &Name, claim_id: Uuid) -> Result<(), DbError> {
    sqlx::query(
        "delete from idempotency_key
         where caller = $1 and operation = $2 and key_hash = $3 and claim_id = $4
           and status is null",
    )
    .bind(name.caller)
    .bind(&name.operation)
    .bind(name.key_hash.as_slice())
    .bind(claim_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what is old; returns how many.
pub async fn sweep(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, DbError> {
    let swept = sqlx::query("delete from idempotency_key where created_at <= $1")
        .bind(before)
        .execute(tx.conn())
        .await?;
    Ok(swept.rows_affected())
}
