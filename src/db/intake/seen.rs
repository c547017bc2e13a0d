//! Which records a run has seen, and which are gone.

use std::collections::HashSet;

use crate::{
    db::{DbError, TenantTx, book},
    domain::{ConnectionId, RemoteId, RunId},
};

/// What a note speaks of: ids of one kind mean nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Organization,
    Deal,
    Person,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Deal => "deal",
            Self::Person => "person",
        }
    }
}

/// Notes which records this page of a run has seen.
pub async fn note_seen(
    tx: &mut TenantTx,
    run_id: RunId,
    page: i32,
    kind: Kind,
    ids: &[&str],
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into sync_seen (company_id, run_id, page, kind, remote_ids)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(company_id)
    .bind(run_id)
    .bind(page)
    .bind(kind.as_str())
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everything of a kind that this run has seen.
pub async fn seen(
    tx: &mut TenantTx,
    run_id: RunId,
    kind: Kind,
) -> Result<HashSet<RemoteId>, DbError> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select unnest(remote_ids) from sync_seen where run_id = $1 and kind = $2",
    )
    .bind(run_id)
    .bind(kind.as_str())
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(RemoteId).collect())
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
         select unnest(remote_ids) from sync_seen where run_id = $2 and kind = 'person'",
    )
    .bind(connection_id)
    .bind(run_id)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(RemoteId).collect())
}

/// Marks records as gone at the provider; their contacts stay. Takes the book first, as a page does:
/// both write mappings and their count.
pub async fn mark_gone(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    ids: &[&str],
) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    book::lock(tx).await?;
    sqlx::query(
        "update mapping set state = 'gone', last_synced_at = now()
         where connection_id = $1 and kind = 'person' and state = 'linked' and remote_id = any($2)",
    )
    .bind(connection_id)
    .bind(ids)
    .execute(tx.conn())
    .await?;
    promote(tx, connection_id, ids).await
}

/// Where the primary person of a contact is gone (merged into another one, often), the next one
/// leads; it is looked at anew the next time it comes.
pub async fn promote(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    gone: &[&str],
) -> Result<(), DbError> {
    sqlx::query(
        "with heir as (
             select distinct on (next.contact_id) next.remote_id
             from mapping lost
             join mapping next
               on next.company_id = lost.company_id and next.contact_id = lost.contact_id
              and next.connection_id = lost.connection_id and next.kind = 'person'
              and next.state = 'linked'
             where lost.connection_id = $1 and lost.kind = 'person' and lost.state = 'gone'
               and lost.is_primary and lost.remote_id = any($2)
               and not exists (
                   select from mapping leader
                   where leader.company_id = lost.company_id
                     and leader.contact_id = lost.contact_id
                     and leader.connection_id = lost.connection_id and leader.kind = 'person'
                     and leader.state = 'linked' and leader.is_primary
               )
             order by next.contact_id, next.remote_id
         )
         update mapping set is_primary = true, fingerprint = 0
         from heir
         where connection_id = $1 and kind = 'person' and mapping.remote_id = heir.remote_id",
    )
    .bind(connection_id)
    .bind(gone)
    .execute(tx.conn())
    .await?;
    Ok(())
}
