//! Which records a full run has seen, and which are gone.

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, RemoteId, RunId},
};

/// Notes which records this page of a full run has seen.
pub async fn note_seen(
    tx: &mut TenantTx,
    run_id: RunId,
    page: i32,
    ids: &[&str],
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into sync_seen (company_id, run_id, page, remote_ids) values ($1, $2, $3, $4)",
    )
    .bind(company_id)
    .bind(run_id)
    .bind(page)
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Persons that are mapped but were not seen in the whole run.
pub async fn unseen(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    run_id: RunId,
) -> Result<Vec<RemoteId>, DbError> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select remote_id from mapping
         where connection_id = $1 and kind = 'person' and state = 'linked'
           and last_synced_at < (select started_at from sync_run where run_id = $2)
         except
         select unnest(remote_ids) from sync_seen where run_id = $2",
    )
    .bind(connection_id)
    .bind(run_id)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(RemoteId).collect())
}

/// Marks records as gone at the provider; their contacts stay. Returns how many.
pub async fn mark_gone(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    ids: &[&str],
) -> Result<u64, DbError> {
    Ok(sqlx::query(
        "update mapping set state = 'gone', last_synced_at = now()
         where connection_id = $1 and kind = 'person' and state = 'linked' and remote_id = any($2)",
    )
    .bind(connection_id)
    .bind(ids)
    .execute(tx.conn())
    .await?
    .rows_affected())
}
