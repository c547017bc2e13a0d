//! Runs that the clock began: what they make way for, and which of them nobody misses.

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, RunId},
};

/// Whether anything but hints is being read of this connection, or waits to be.
pub async fn is_busy(tx: &mut TenantTx, id: ConnectionId, hints: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (select from sync_run where connection_id = $1 and dedup <> $2
                        and state in ('queued', 'running', 'waiting'))",
    )
    .bind(id)
    .bind(hints)
    .fetch_one(tx.conn())
    .await?)
}

/// Whether somebody, or a change at the CRM, wants the connection that a run of the clock has.
pub async fn is_wanted(tx: &mut TenantTx, id: ConnectionId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "select exists (select from sync_run where connection_id = $1 and state = 'queued'
                        and not by_clock)",
    )
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
}

/// Of runs of the clock that found nothing, the last one stays. Only if `run_id` is such a run.
pub async fn keep_last_empty(
    tx: &mut TenantTx,
    id: ConnectionId,
    run_id: RunId,
) -> Result<(), DbError> {
    sqlx::query(
        "with empty as (
             select run_id from sync_run
             where connection_id = $1 and by_clock and state = 'completed'
               and created + updated + linked + skipped + conflict + quarantined = 0
               and organizations_created + organizations_updated = 0
               and deals_written + deals_quarantined = 0
         )
         delete from sync_run
         where connection_id = $1 and run_id <> $2 and run_id in (select run_id from empty)
           and $2 in (select run_id from empty)",
    )
    .bind(id)
    .bind(run_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}
