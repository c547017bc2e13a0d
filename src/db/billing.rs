//! Rows of `billing_account`, `billing_subscription` and `billing_event`: what a company pays, as the
//! payment provider last said. Live and test mode are apart in every row.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::CompanyId,
};

/// A company as a customer.
#[derive(Debug, Clone, FromRow)]
pub struct BillingAccount {
    pub customer_id: String,
    /// Where somebody may still pay.
    pub checkout_id: Option<String>,
    pub read_at: Option<DateTime<Utc>>,
}

/// A subscription as it was last read.
#[derive(Debug, Clone, FromRow)]
pub struct Subscription {
    pub subscription_id: String,
    pub item_id: Option<String>,
    pub price_id: Option<String>,
    pub status: String,
    pub period_end: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub past_due_since: Option<DateTime<Utc>>,
    pub started_at: DateTime<Utc>,
}

/// Something that happened over there.
#[derive(Debug, Clone)]
pub struct BillingEvent<'a> {
    pub event_id: &'a str,
    pub kind: &'a str,
    pub made_at: DateTime<Utc>,
}

/// Whose customer it is; at the door, where no company is known.
pub async fn companies_of(
    tx: &mut DoorTx,
    customer_id: &str,
    livemode: bool,
) -> Result<Vec<CompanyId>, DbError> {
    Ok(sqlx::query_scalar(
        "select company_id from billing_account where customer_id = $1 and livemode = $2
         order by company_id",
    )
    .bind(customer_id)
    .bind(livemode)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn account(tx: &mut TenantTx, livemode: bool) -> Result<Option<BillingAccount>, DbError> {
    Ok(sqlx::query_as(
        "select customer_id, checkout_id, read_at from billing_account where livemode = $1",
    )
    .bind(livemode)
    .fetch_optional(tx.conn())
    .await?)
}

/// The company's customer from now on, unless it has one: of two that were made at once, the first counts.
pub async fn keep_customer(
    tx: &mut TenantTx,
    livemode: bool,
    customer_id: &str,
    now: DateTime<Utc>,
) -> Result<String, DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into billing_account (company_id, livemode, customer_id, created_at)
         values ($1, $2, $3, $4) on conflict (company_id, livemode) do nothing",
    )
    .bind(company_id)
    .bind(livemode)
    .bind(customer_id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar("select customer_id from billing_account where livemode = $1")
        .bind(livemode)
        .fetch_one(tx.conn())
        .await?)
}

/// The provider does not know it any more; what was stored of it goes along.
pub async fn forget_customer(
    tx: &mut TenantTx,
    livemode: bool,
    customer_id: &str,
) -> Result<(), DbError> {
    sqlx::query("delete from billing_account where livemode = $1 and customer_id = $2")
        .bind(livemode)
        .bind(customer_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes where somebody pays from now on; the place before it comes back, to be closed.
pub async fn swap_checkout(
    tx: &mut TenantTx,
    livemode: bool,
    checkout_id: &str,
) -> Result<Option<String>, DbError> {
    let before: Option<Option<String>> = sqlx::query_scalar(
        "select checkout_id from billing_account where livemode = $1 for no key update",
    )
    .bind(livemode)
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query("update billing_account set checkout_id = $2 where livemode = $1")
        .bind(livemode)
        .bind(checkout_id)
        .execute(tx.conn())
        .await?;
    Ok(before.flatten())
}

/// Numbers a question that is about to be asked; nothing where the company is no customer.
pub async fn ask(tx: &mut TenantTx, livemode: bool) -> Result<Option<(String, i64)>, DbError> {
    Ok(sqlx::query_as(
        "update billing_account set asked = asked + 1 where livemode = $1
         returning customer_id, asked",
    )
    .bind(livemode)
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the answer to this question is newer than what is stored; it then counts as stored.
///
/// A later question was asked after every event that led to an earlier one, so its answer knows them.
pub async fn is_news(
    tx: &mut TenantTx,
    livemode: bool,
    question: i64,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let newer = sqlx::query(
        "update billing_account set answered = $2, read_at = $3
         where livemode = $1 and answered < $2",
    )
    .bind(livemode)
    .bind(question)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(newer.rows_affected() == 1)
}

/// Stores what was read, whole: a subscription that was not among it is over.
pub async fn store(
    tx: &mut TenantTx,
    livemode: bool,
    read: &[Subscription],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    let ids: Vec<&str> = read.iter().map(|one| one.subscription_id.as_str()).collect();
    sqlx::query(
        "update billing_subscription set status = 'canceled', past_due_since = null
         where livemode = $1 and subscription_id <> all($2)
           and status not in ('canceled', 'incomplete_expired')",
    )
    .bind(livemode)
    .bind(&ids)
    .execute(tx.conn())
    .await?;
    for one in read {
        sqlx::query(
            "insert into billing_subscription as known
                 (company_id, livemode, subscription_id, item_id, price_id, status, period_end,
                  ends_at, started_at, past_due_since)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $6 = 'past_due' then $10 end)
             on conflict (company_id, livemode, subscription_id) do update
             set item_id = excluded.item_id, price_id = excluded.price_id,
                 status = excluded.status, period_end = excluded.period_end,
                 ends_at = excluded.ends_at, started_at = excluded.started_at,
                 -- The grace does not begin anew with each look.
                 past_due_since = case when excluded.status = 'past_due'
                     then coalesce(known.past_due_since, excluded.past_due_since) end",
        )
        .bind(company_id)
        .bind(livemode)
        .bind(&one.subscription_id)
        .bind(&one.item_id)
        .bind(&one.price_id)
        .bind(&one.status)
        .bind(one.period_end)
        .bind(one.ends_at)
        .bind(one.started_at)
        .bind(now)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Newest first.
pub async fn subscriptions(
    tx: &mut TenantTx,
    livemode: bool,
) -> Result<Vec<Subscription>, DbError> {
    Ok(sqlx::query_as(
        "select subscription_id, item_id, price_id, status, period_end, ends_at, past_due_since,
                started_at
         from billing_subscription where livemode = $1
         order by started_at desc, subscription_id",
    )
    .bind(livemode)
    .fetch_all(tx.conn())
    .await?)
}

/// Takes an event into the inbox; false where it is there already.
pub async fn hear(
    tx: &mut TenantTx,
    livemode: bool,
    event: &BillingEvent<'_>,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let company_id = tx.company_id();
    let heard = sqlx::query(
        "insert into billing_event (company_id, livemode, event_id, kind, made_at, received_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (company_id, livemode, event_id) do nothing",
    )
    .bind(company_id)
    .bind(livemode)
    .bind(event.event_id)
    .bind(event.kind)
    .bind(event.made_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(heard.rows_affected() == 1)
}

/// Forgets events that nobody repeats any more.
pub async fn sweep_events(tx: &mut TenantTx, before: DateTime<Utc>) -> Result<u64, DbError> {
    let swept = sqlx::query("delete from billing_event where received_at <= $1")
        .bind(before)
        .execute(tx.conn())
        .await?;
    Ok(swept.rows_affected())
}
