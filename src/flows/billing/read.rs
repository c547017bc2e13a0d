//! Reads a company's subscriptions from Stripe, stores them, and lets the plan follow.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{Biller, entitlement};
use crate::{
    db::{self, DbError, Scope, TenantTx, billing::Subscription, jobs::NewJob},
    domain::CompanyId,
    flows::{FlowError, Hub, Next, plan},
    outside::stripe,
};

/// The kind of its job.
pub const JOB: &str = "billing_read";
/// Stripe is looked at again when it was away.
const LATER: TimeDelta = TimeDelta::seconds(20);
/// A webhook that never came is made up for so late at most.
const STALE: TimeDelta = TimeDelta::hours(6);
/// Stripe repeats an event for three days; longer, so that none is taken for a new one.
const INBOX: TimeDelta = TimeDelta::days(30);

/// Has it read as soon as somebody can; one that waits is enough.
pub async fn enqueue(tx: &mut TenantTx) -> Result<(), DbError> {
    let company_id = tx.company_id();
    db::jobs::enqueue(
        tx,
        NewJob {
            lane: "billing",
            cap: 1,
            kind: JOB,
            subject: Some(company_id.uuid()),
            run_at: None,
            dedup: Some("read"),
            max_attempts: 8,
        },
    )
    .await
}

/// The job: what Stripe says now is stored, unless something newer is.
pub async fn work(hub: &Hub, company_id: CompanyId) -> Result<Next, FlowError> {
    let Some(biller) = &hub.biller else { return Ok(Next::Done) };
    let livemode = biller.stripe.is_live();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let asked = db::billing::ask(&mut tx, livemode).await?;
    tx.commit().await?;
    let Some((customer, question)) = asked else { return Ok(Next::Done) };

    let found = match biller.stripe.subscriptions(&customer).await {
        Ok(found) => found,
        Err(error) if error.is_passing() => {
            let at = hub.clock.now() + LATER;
            return Ok(Next::later(Some(at), "Stripe does not answer"));
        }
        Err(error) => return Err(error.into()),
    };

    let now = hub.clock.now();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    // Before the account's row, as whoever changes a plan by hand.
    let before = db::companies::lock_plan(&mut tx).await?;
    if db::billing::is_news(&mut tx, livemode, question, now).await? {
        let found: Vec<Subscription> = found.iter().map(row).collect();
        db::billing::store(&mut tx, livemode, &found, now).await?;
        let stored = db::billing::subscriptions(&mut tx, livemode).await?;
        tell_unknown_prices(company_id, &stored, biller);
        if let Some(plan) = entitlement::plan(&stored, &biller.prices, before, now)
            && plan != before
        {
            plan::put_on(&mut tx, None, (before, plan), now).await?;
        }
    }
    tx.commit().await?;
    Ok(Next::Done)
}

/// Somebody pays for what the configuration does not know: an operator has to say which plan it is.
fn tell_unknown_prices(company_id: CompanyId, stored: &[Subscription], biller: &Biller) {
    let unknown: BTreeSet<&str> = entitlement::alive(stored)
        .filter_map(|one| one.price_id.as_deref())
        .filter(|price| biller.prices.plan_of(price).is_none())
        .collect();
    for price in unknown {
        tracing::error!(%company_id, price, "a subscription has a price that is no plan's");
    }
}

fn row(read: &stripe::Subscription) -> Subscription {
    Subscription {
        subscription_id: read.id.clone(),
        item_id: read.item_id().map(str::to_owned),
        price_id: read.price_id().map(str::to_owned),
        status: read.status.clone(),
        period_end: read.period_end(),
        ends_at: read.ends_at(),
        past_due_since: None,
        started_at: read.created,
    }
}

/// By the clock: webhooks that never came, graces that have ended, and an inbox that grows.
pub async fn look_after(hub: &Hub, company_id: CompanyId) -> Result<(), DbError> {
    let Some(biller) = &hub.biller else { return Ok(()) };
    let livemode = biller.stripe.is_live();
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let Some(account) = db::billing::account(&mut tx, livemode).await? else { return Ok(()) };
    let stored = db::billing::subscriptions(&mut tx, livemode).await?;
    let plan = db::companies::plan(&mut tx).await?;
    let stale = account.read_at.is_none_or(|at| at + STALE <= now);
    let follows = entitlement::plan(&stored, &biller.prices, plan, now);
    // What follows is another plan by now: a grace has ended.
    if stale || follows.is_some_and(|follows| follows != plan) {
        enqueue(&mut tx).await?;
    }
    db::billing::sweep_events(&mut tx, now - INBOX).await?;
    tx.commit().await
}

/// Somebody asks to have it read now.
pub async fn again(hub: &Hub, company_id: CompanyId) -> Result<(), super::BillingError> {
    let livemode = hub.payee()?.stripe.is_live();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    if db::billing::account(&mut tx, livemode).await?.is_none() {
        return Err(super::BillingError::NoSubscription);
    }
    enqueue(&mut tx).await?;
    Ok(tx.commit().await?)
}
