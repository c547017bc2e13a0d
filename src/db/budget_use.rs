//! Rows of `budget_use`: what was used of an account's daily budget, by day and purpose.

use chrono::NaiveDate;
use sqlx::FromRow;

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, RunId},
};

/// What one purpose used on one day (UTC).
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Use {
    pub day: NaiveDate,
    /// `import`, `browse`, `connect`, `delivery`, or `refresh`.
    pub purpose: String,
    pub requests: i64,
    pub tokens: i64,
    /// Answers that told us to slow down.
    pub throttled: i64,
}

/// Adds to a day.
pub async fn add(tx: &mut TenantTx, id: ConnectionId, new: &Use) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into budget_use as kept
             (company_id, connection_id, day, purpose, requests, tokens, throttled)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (company_id, connection_id, day, purpose) do update
         set requests = kept.requests + excluded.requests,
             tokens = kept.tokens + excluded.tokens,
             throttled = kept.throttled + excluded.throttled",
    )
    .bind(company_id)
    .bind(id)
    .bind(new.day)
    .bind(&new.purpose)
    .bind(new.requests)
    .bind(new.tokens)
    .bind(new.throttled)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds what a run has used since this was last called for it, whoever called.
pub async fn add_run(
    tx: &mut TenantTx,
    run_id: RunId,
    day: NaiveDate,
    throttled: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "with run as (
             select company_id, connection_id, run_id, requests, tokens_spent,
                    requests - booked_requests as new_requests,
                    tokens_spent - booked_tokens as new_tokens
             from sync_run where run_id = $1 for update
         ), booked as (
             update sync_run
             set booked_requests = run.requests, booked_tokens = run.tokens_spent
             from run
             where sync_run.company_id = run.company_id and sync_run.run_id = run.run_id
                 and (new_requests > 0 or new_tokens > 0)
         )
         insert into budget_use as kept
             (company_id, connection_id, day, purpose, requests, tokens, throttled)
         select company_id, connection_id, $2, 'import', new_requests, new_tokens, $3
         from run where new_requests > 0 or new_tokens > 0 or $3 > 0
         on conflict (company_id, connection_id, day, purpose) do update
         set requests = kept.requests + excluded.requests,
             tokens = kept.tokens + excluded.tokens,
             throttled = kept.throttled + excluded.throttled",
    )
    .bind(run_id)
    .bind(day)
    .bind(throttled)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Every purpose of every day since `since`, oldest first. Refreshes of the token stand in a log of
/// their own, and cost no tokens.
pub async fn since(
    tx: &mut TenantTx,
    id: ConnectionId,
    since: NaiveDate,
) -> Result<Vec<Use>, DbError> {
    Ok(sqlx::query_as(
        "select day, purpose, requests, tokens, throttled
         from budget_use where connection_id = $1 and day >= $2
         union all
         select (started_at at time zone 'utc')::date, 'refresh', count(*), 0, 0
         from refresh_attempt
         where connection_id = $1 and (started_at at time zone 'utc')::date >= $2
         group by 1
         order by 1, 2",
    )
    .bind(id)
    .bind(since)
    .fetch_all(tx.conn())
    .await?)
}

/// How much the last complete import saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Sizes {
    pub persons: i64,
    pub organizations: i64,
    pub deals: i64,
}

pub async fn last_sizes(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<Sizes>, DbError> {
    Ok(sqlx::query_as(
        "select seen as persons, organizations_seen as organizations, deals_seen as deals
         from sync_run
         where connection_id = $1 and mode = 'full' and state = 'completed' and not limit_reached
         order by run_id desc limit 1",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}
