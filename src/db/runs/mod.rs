//! Rows of `sync_run`: one import or sync, with its cursor, counts and state.

mod clock;
mod files;
mod progress;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, FileId, MemberId, RunId, intake::Counts},
};

pub use clock::{is_busy, is_wanted, keep_last_empty};
pub use files::{CSV, Sheet, of_file, start_file};
pub use progress::{
    Advance, Hold, advance, cancel, cancel_all, count, count_organizations, end, is_at, resume,
    take_back, take_up, wait,
};

/// A run as stored.
#[derive(Debug, Clone, FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
pub struct Run {
    pub run_id: RunId,
    /// `None` for the run of a file.
    pub connection_id: Option<ConnectionId>,
    pub file_id: Option<FileId>,
    /// The run whose rows were corrected for this one.
    pub fixes: Option<RunId>,
    pub provider: String,
    pub mode: String,
    pub direction: String,
    pub state: String,
    pub state_reason: Option<String>,
    pub waiting_until: Option<DateTime<Utc>>,
    pub phase: String,
    pub cursor: Option<String>,
    pub ids: Option<Vec<String>>,
    pub updated_since: Option<DateTime<Utc>>,
    pub page: i32,
    pub requested_by: Option<MemberId>,
    pub requested_by_name: Option<String>,
    pub cancel_requested: bool,
    pub limit_reached: bool,
    /// Nobody asked for it: the CRM told of a change.
    pub by_hook: bool,
    /// Nobody asked for it: it was the connection's turn.
    pub by_clock: bool,
    pub estimate: Option<i64>,
    pub seen: i64,
    pub created: i64,
    pub updated: i64,
    pub linked: i64,
    pub unchanged: i64,
    pub skipped: i64,
    pub conflict: i64,
    pub quarantined: i64,
    pub organizations_seen: i64,
    pub organizations_created: i64,
    pub organizations_updated: i64,
    pub organizations_unchanged: i64,
    pub deals_seen: i64,
    pub deals_written: i64,
    pub deals_unchanged: i64,
    pub deals_quarantined: i64,
    pub requests: i64,
    pub tokens_spent: i64,
    pub attempts: i32,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl Run {
    pub fn counts(&self) -> Counts {
        Counts {
            seen: self.seen,
            created: self.created,
            updated: self.updated,
            linked: self.linked,
            unchanged: self.unchanged,
            skipped: self.skipped,
            conflict: self.conflict,
            quarantined: self.quarantined,
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "completed" | "failed" | "cancelled")
    }
}

/// A run to queue.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    pub connection_id: ConnectionId,
    pub provider: &'a str,
    pub mode: &'a str,
    pub ids: Option<&'a [String]>,
    pub updated_since: Option<DateTime<Utc>>,
    pub requested_by: Option<MemberId>,
    pub estimate: Option<i64>,
    /// Where it begins; what comes before is known already.
    pub phase: &'a str,
    pub by_hook: bool,
    pub by_clock: bool,
    /// The same import asked twice is one run.
    pub dedup: &'a str,
}

/// Queues a run, or finds the one that is already on its way: `(run, whether it is new)`.
pub async fn start(tx: &mut TenantTx, new: &NewRun<'_>) -> Result<(RunId, bool), DbError> {
    let company_id = tx.company_id();
    // A run may end between the insert that met it and the look for it; then the place is free.
    for _ in 0..3 {
        let made: Option<RunId> = sqlx::query_scalar(
            "insert into sync_run
                 (company_id, run_id, connection_id, provider, mode, ids, updated_since,
                  requested_by, estimate, dedup, phase, by_hook, by_clock)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (company_id, connection_id, dedup)
                 where state in ('queued', 'running', 'waiting')
             do nothing
             returning run_id",
        )
        .bind(company_id)
        .bind(RunId::fresh())
        .bind(new.connection_id)
        .bind(new.provider)
        .bind(new.mode)
        .bind(new.ids)
        .bind(new.updated_since)
        .bind(new.requested_by)
        .bind(new.estimate)
        .bind(new.dedup)
        .bind(new.phase)
        .bind(new.by_hook)
        .bind(new.by_clock)
        .fetch_optional(tx.conn())
        .await?;
        if let Some(run_id) = made {
            return Ok((run_id, true));
        }
        let known: Option<RunId> = sqlx::query_scalar(
            "select run_id from sync_run
             where connection_id = $1 and dedup = $2 and state in ('queued', 'running', 'waiting')",
        )
        .bind(new.connection_id)
        .bind(new.dedup)
        .fetch_optional(tx.conn())
        .await?;
        if let Some(run_id) = known {
            return Ok((run_id, false));
        }
    }
    Err(DbError::Conflict { constraint: "sync_run_once".to_owned() })
}

pub async fn get(tx: &mut TenantTx, run_id: RunId) -> Result<Option<Run>, DbError> {
    Ok(sqlx::query_as(
        "select sync_run.*, member.name as requested_by_name
         from sync_run
         left join member
           on member.company_id = sync_run.company_id and member_id = requested_by
         where run_id = $1",
    )
    .bind(run_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether a run of this connection is on its way: any, or one that will read what has changed.
pub async fn is_under_way(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    dedup: &str,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (select from sync_run where connection_id = $1 and dedup = $2
                        and state in ('queued', 'running', 'waiting'))",
    )
    .bind(connection_id)
    .bind(dedup)
    .fetch_one(tx.conn())
    .await?)
}

/// Newest first, after `before`.
pub async fn list(
    tx: &mut TenantTx,
    provider: Option<&str>,
    state: Option<&str>,
    before: Option<RunId>,
    limit: i64,
) -> Result<Vec<Run>, DbError> {
    Ok(sqlx::query_as(
        "select sync_run.*, member.name as requested_by_name
         from sync_run
         left join member
           on member.company_id = sync_run.company_id and member_id = requested_by
         where ($1::text is null or provider = $1)
           and ($2::text is null or state = $2)
           and ($3::uuid is null or run_id < $3)
         order by run_id desc
         limit $4",
    )
    .bind(provider)
    .bind(state)
    .bind(before)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}

/// A finished run moves the connection's watermark and its estimate.
pub async fn remember(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    watermark: Option<DateTime<Utc>>,
    persons: Option<i64>,
) -> Result<(), DbError> {
    sqlx::query(
        "update connection
         set watermark = coalesce(greatest(watermark, $2), watermark),
             persons_estimate = coalesce($3, persons_estimate)
         where connection_id = $1",
    )
    .bind(connection_id)
    .bind(watermark)
    .bind(persons)
    .execute(tx.conn())
    .await?;
    Ok(())
}
