//! A run on its way: taken up, moved on, put down, ended.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, RunId, intake::Counts},
};

/// A worker takes the run up, the first time or again.
pub async fn take_up(tx: &mut TenantTx, run_id: RunId) -> Result<bool, DbError> {
    let taken = sqlx::query(
        "update sync_run
         set state = 'running', state_reason = null, waiting_until = null,
             attempts = attempts + 1, started_at = coalesce(started_at, now())
         where run_id = $1 and state in ('queued', 'running', 'waiting')",
    )
    .bind(run_id)
    .execute(tx.conn())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// What a committed page adds to its run.
#[derive(Debug, Clone, Default)]
pub struct Advance<'a> {
    pub phase: &'a str,
    pub cursor: Option<&'a str>,
    pub counts: Counts,
    /// seen, created, updated, unchanged
    pub organizations: [i64; 4],
    /// seen, written, unchanged, quarantined
    pub deals: [i64; 4],
    pub limit_reached: bool,
    /// Persons to look at again, because something about them changed elsewhere.
    pub more_ids: &'a [String],
    pub requests: i64,
    pub tokens: i64,
}

/// Moves the run one page on, or fails with [`DbError::Fenced`] when another worker did.
/// Returns whether somebody asked to cancel.
pub async fn advance(
    tx: &mut TenantTx,
    run_id: RunId,
    page: i32,
    by: &Advance<'_>,
) -> Result<bool, DbError> {
    let counts = by.counts;
    let cancel: Option<bool> = sqlx::query_scalar(
        "update sync_run
         set page = page + 1, phase = $3, cursor = $4, attempts = 1,
             seen = seen + $5, created = created + $6, updated = updated + $7,
             linked = linked + $8, unchanged = unchanged + $9, skipped = skipped + $10,
             conflict = conflict + $11, quarantined = quarantined + $12,
             organizations_seen = organizations_seen + $13,
             organizations_created = organizations_created + $14,
             organizations_updated = organizations_updated + $15,
             organizations_unchanged = organizations_unchanged + $16,
             deals_seen = deals_seen + $17, deals_written = deals_written + $18,
             deals_unchanged = deals_unchanged + $19,
             deals_quarantined = deals_quarantined + $20,
             limit_reached = limit_reached or $21,
             ids = case when cardinality($22::text[]) = 0 then ids
                        else array(select distinct unnest(coalesce(ids, '{}') || $22)) end,
             requests = requests + $23, tokens_spent = tokens_spent + $24
         where run_id = $1 and page = $2 and state = 'running'
         returning cancel_requested",
    )
    .bind(run_id)
    .bind(page)
    .bind(by.phase)
    .bind(by.cursor)
    .bind(counts.seen)
    .bind(counts.created)
    .bind(counts.updated)
    .bind(counts.linked)
    .bind(counts.unchanged)
    .bind(counts.skipped)
    .bind(counts.conflict)
    .bind(counts.quarantined)
    .bind(by.organizations[0])
    .bind(by.organizations[1])
    .bind(by.organizations[2])
    .bind(by.organizations[3])
    .bind(by.deals[0])
    .bind(by.deals[1])
    .bind(by.deals[2])
    .bind(by.deals[3])
    .bind(by.limit_reached)
    .bind(by.more_ids)
    .bind(by.requests)
    .bind(by.tokens)
    .fetch_optional(tx.conn())
    .await?;
    cancel.ok_or(DbError::Fenced)
}

/// Fails with [`DbError::Fenced`] when the run has left this page, or is no longer running.
pub async fn is_at(tx: &mut TenantTx, run_id: RunId, page: i32) -> Result<(), DbError> {
    let there: Option<i32> = sqlx::query_scalar(
        "select page from sync_run where run_id = $1 and page = $2 and state = 'running'",
    )
    .bind(run_id)
    .bind(page)
    .fetch_optional(tx.conn())
    .await?;
    there.map(drop).ok_or(DbError::Fenced)
}

/// Counts organizations that come between two pages: seen, created, updated, unchanged.
pub async fn count_organizations(
    tx: &mut TenantTx,
    run_id: RunId,
    page: i32,
    [seen, created, updated, unchanged]: [i64; 4],
) -> Result<(), DbError> {
    let counted = sqlx::query(
        "update sync_run
         set organizations_seen = organizations_seen + $3,
             organizations_created = organizations_created + $4,
             organizations_updated = organizations_updated + $5,
             organizations_unchanged = organizations_unchanged + $6
         where run_id = $1 and page = $2 and state = 'running'",
    )
    .bind(run_id)
    .bind(page)
    .bind(seen)
    .bind(created)
    .bind(updated)
    .bind(unchanged)
    .execute(tx.conn())
    .await?;
    if counted.rows_affected() == 1 { Ok(()) } else { Err(DbError::Fenced) }
}

/// How a worker knows the run that it put on its desk: another worker that takes it up, or commits
/// a page, changes one of the two. Whoever slept through that may say nothing about the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    pub page: i32,
    pub attempts: i32,
}

/// Ends a run, once; adds what it spent since its last page.
pub async fn end(
    tx: &mut TenantTx,
    run_id: RunId,
    hold: Hold,
    state: &str,
    reason: Option<&str>,
    (requests, tokens): (i64, i64),
) -> Result<bool, DbError> {
    let ended = sqlx::query(
        "update sync_run
         set state = $2, state_reason = $3, waiting_until = null, finished_at = now(),
             requests = requests + $4, tokens_spent = tokens_spent + $5
         where run_id = $1 and page = $6 and attempts = $7 and state = 'running'",
    )
    .bind(run_id)
    .bind(state)
    .bind(reason)
    .bind(requests)
    .bind(tokens)
    .bind(hold.page)
    .bind(hold.attempts)
    .execute(tx.conn())
    .await?;
    if ended.rows_affected() == 1 && state == "completed" {
        sqlx::query("delete from sync_seen where run_id = $1")
            .bind(run_id)
            .execute(tx.conn())
            .await?;
    }
    Ok(ended.rows_affected() == 1)
}

/// Puts a run down until `until`; it goes on by itself. `false` when it is another worker's.
pub async fn wait(
    tx: &mut TenantTx,
    run_id: RunId,
    hold: Hold,
    until: DateTime<Utc>,
    reason: &str,
    (requests, tokens): (i64, i64),
) -> Result<bool, DbError> {
    let done = sqlx::query(
        "update sync_run
         set state = 'waiting', state_reason = $3, waiting_until = $2,
             requests = requests + $4, tokens_spent = tokens_spent + $5
         where run_id = $1 and page = $6 and attempts = $7 and state = 'running'",
    )
    .bind(run_id)
    .bind(until)
    .bind(reason)
    .bind(requests)
    .bind(tokens)
    .bind(hold.page)
    .bind(hold.attempts)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds requests that no page carries.
pub async fn count(
    tx: &mut TenantTx,
    run_id: RunId,
    (requests, tokens): (i64, i64),
) -> Result<(), DbError> {
    sqlx::query(
        "update sync_run set requests = requests + $2, tokens_spent = tokens_spent + $3
         where run_id = $1",
    )
    .bind(run_id)
    .bind(requests)
    .bind(tokens)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks a run to stop: at once when no worker has it, otherwise after the page it is at.
pub async fn cancel(tx: &mut TenantTx, run_id: RunId) -> Result<(), DbError> {
    sqlx::query(
        "update sync_run
         set cancel_requested = true,
             state_reason = case when state = 'running' then state_reason
                                 else 'Cancelled; what was imported stays.' end,
             finished_at = case when state = 'running' then null else now() end,
             waiting_until = null,
             state = case when state = 'running' then state else 'cancelled' end
         where run_id = $1 and state in ('queued', 'running', 'waiting')",
    )
    .bind(run_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets an ended run go on from its last committed page; `false` when it cannot.
pub async fn resume(tx: &mut TenantTx, run_id: RunId) -> Result<bool, DbError> {
    let resumed = sqlx::query(
        "update sync_run
         set state = 'queued', state_reason = null, finished_at = null, cancel_requested = false
         where run_id = $1 and state in ('failed', 'cancelled')",
    )
    .bind(run_id)
    .execute(tx.conn())
    .await?;
    Ok(resumed.rows_affected() == 1)
}

/// Queues the newest run of a connection again if it failed for this reason, unless the same import
/// was asked for since.
pub async fn take_back(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    reason: &str,
) -> Result<Option<RunId>, DbError> {
    Ok(sqlx::query_scalar(
        "update sync_run
         set state = 'queued', state_reason = null, finished_at = null, cancel_requested = false
         where run_id = (select run_id from sync_run where connection_id = $1
                         order by run_id desc limit 1)
           and state = 'failed' and state_reason = $2
           and not exists (
               select from sync_run other
               where other.connection_id = $1 and other.dedup = sync_run.dedup
                 and other.state in ('queued', 'running', 'waiting')
           )
         returning run_id",
    )
    .bind(connection_id)
    .bind(reason)
    .fetch_optional(tx.conn())
    .await?)
}

/// Runs of a connection that are on their way: queued and waiting ones end here, a running one
/// stops after its page.
pub async fn cancel_all(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<(), DbError> {
    let active: Vec<RunId> = sqlx::query_scalar(
        "select run_id from sync_run
         where connection_id = $1 and state in ('queued', 'running', 'waiting')",
    )
    .bind(connection_id)
    .fetch_all(tx.conn())
    .await?;
    for run_id in active {
        cancel(tx, run_id).await?;
    }
    Ok(())
}
