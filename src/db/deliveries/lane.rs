//! The lane of a connection's deliveries, and its circuit.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, TenantTx},
    domain::ConnectionId,
};

/// Nothing of the lane is taken up before then.
pub async fn pause(
    tx: &mut TenantTx,
    lane: &str,
    until: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    sqlx::query("update lane set resumes_at = $2 where lane_key = $1")
        .bind(lane)
        .bind(until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How a connection's circuit stands: failures in a row, how often it opened, until when; others wait
/// with theirs until the end of the transaction.
pub async fn circuit(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<(i32, i32, Option<DateTime<Utc>>), DbError> {
    Ok(sqlx::query_as(
        "select circuit_failures, circuit_opened, circuit_until from connection
         where connection_id = $1 for no key update",
    )
    .bind(connection_id)
    .fetch_one(tx.conn())
    .await?)
}

/// Writes how it stands.
pub async fn set_circuit(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    failures: i32,
    opened: i32,
    until: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    sqlx::query(
        "update connection
         set circuit_failures = $2, circuit_opened = $3, circuit_until = $4
         where connection_id = $1",
    )
    .bind(connection_id)
    .bind(failures)
    .bind(opened)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the right to ask whether the CRM is back, until `until`; `false` when another has it.
pub async fn take_probe(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, DbError> {
    let taken = sqlx::query(
        "update connection set circuit_until = $3
         where connection_id = $1 and circuit_until <= $2",
    )
    .bind(connection_id)
    .bind(now)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// What waited for the CRM to come back goes on at once.
pub async fn go_on(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    lane: &str,
) -> Result<(), DbError> {
    sqlx::query(
        "update delivery set next_at = null
         where connection_id = $1 and state = 'retrying' and cause = 'down'",
    )
    .bind(connection_id)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "update job set run_at = now() where lane_key = $1 and state = 'ready' and run_at > now()",
    )
    .bind(lane)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One job for each contact that has deliveries waiting at a connection.
pub async fn enqueue_all(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    lane: (&str, i32),
    kind: &str,
    max_attempts: i32,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into lane (company_id, lane_key, cap) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(company_id)
    .bind(lane.0)
    .bind(lane.1)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into job (company_id, job_id, lane_key, kind, subject, dedup, max_attempts)
         select $1, gen_random_uuid(), $3, $4, delivery_id, $2::text || ':' || contact_id, $5
         from (
             select distinct on (contact_id) contact_id, delivery_id
             from delivery
             where connection_id = $2 and state in ('queued', 'retrying', 'unknown', 'sending')
             order by contact_id, seq
         ) waits
         on conflict (company_id, kind, dedup) where dedup is not null and state = 'ready'
         do update set run_at = least(job.run_at, excluded.run_at)",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(lane.0)
    .bind(kind)
    .bind(max_attempts)
    .execute(tx.conn())
    .await?;
    Ok(())
}
