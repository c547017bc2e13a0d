//! Reads what has changed at a CRM without being asked or told (decision 46).
//!
//! A connection whose people were taken in has turns. When it is its turn, a run of mode `incremental`
//! begins, and from there on everything is as in an import that somebody asked for. It makes way for
//! whoever asks for something, and leaves them more of the day's budget than other jobs do.

pub mod turn;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::{BudgetView, Limits},
    db::{self, DbError, Scope, TenantTx, connections::Connection, runs::NewRun},
    domain::{CompanyId, ConnectionId},
    flows::{Hub, Provider, SharedHub, account, hooks, import},
    policy::{self, Plan},
};

/// A run of the clock, by the name that there is only one of at a time.
const RUN: &str = "clock";
/// Turns that one look takes; the others are taken by the next one.
const MOST: i64 = 2_000;
/// Whoever has the connection now is waited for.
const WHEN_BUSY: TimeDelta = TimeDelta::minutes(2);
/// Of a day's tokens, one in so many is left to people, deliveries and imports that somebody asks for.
const LEAVES: u32 = 5;

const SHORT: &str = "What is left of the CRM's daily budget is kept for people. Changes are read again as soon as there is more.";
const PLAN: &str = "The plan does not include scheduled sync.";

/// How a connection comes to know of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The CRM tells; now and then it is asked all the same.
    AtOnce,
    Regularly,
    /// When somebody imports.
    OnRequest,
}

/// How it is, and how often it is asked; nothing here is about one moment.
pub fn arrival(
    hub: &Hub,
    provider: &Provider,
    connection: &Connection,
    plan: Plan,
) -> (Arrival, Option<TimeDelta>) {
    let every = rhythm(hub, provider, connection);
    let asks = connection.watermark.is_some() && has_it(plan, provider);
    let every = every.filter(|_| asks);
    if is_told(hub, provider, connection) {
        return (Arrival::AtOnce, every);
    }
    (if every.is_some() { Arrival::Regularly } else { Arrival::OnRequest }, every)
}

fn is_told(hub: &Hub, provider: &Provider, connection: &Connection) -> bool {
    !hub.config.without_webhooks
        && provider.connector.hooks().is_some()
        && connection.hooks_state.as_deref() == Some("on")
}

/// `None`: never.
fn rhythm(hub: &Hub, provider: &Provider, connection: &Connection) -> Option<TimeDelta> {
    let often = often(hub).filter(|time| !time.is_zero())?;
    Some(if is_told(hub, provider, connection) { turn::SELDOM.max(often) } else { often })
}

fn often(hub: &Hub) -> Option<TimeDelta> {
    TimeDelta::from_std(hub.config.poll_every).ok()
}

/// The turn after this moment of a connection that nobody tells of changes.
fn soon(hub: &Hub, id: ConnectionId) -> DateTime<Utc> {
    turn::next(hub.clock.now(), often(hub).unwrap_or(turn::SELDOM), id)
}

/// The turn after this moment when runs of the clock have failed so often in a row.
fn later(hub: &Hub, provider: &Provider, of: &Connection, failures: i32) -> DateTime<Utc> {
    let rhythm = rhythm(hub, provider, of).unwrap_or(turn::SELDOM);
    turn::next(hub.clock.now(), turn::after_failures(rhythm, failures), of.connection_id)
}

fn has_it(plan: Plan, provider: &Provider) -> bool {
    policy::allows(plan, provider.connector.manifest().plan_feature)
        && policy::allows(plan, policy::SCHEDULED_SYNC)
}

/// By the clock: whose turn it is, of all companies. How many runs it began.
pub async fn take_turns(hub: &SharedHub) -> Result<usize, DbError> {
    if hub.config.poll_every.is_zero() {
        return Ok(0);
    }
    let mut tx = hub.db.runner().await?;
    let due = db::polls::due(&mut tx, hub.clock.now(), MOST).await?;
    drop(tx);
    let mut begun = 0;
    for (company_id, connection_id) in due {
        match take_turn(hub, company_id, connection_id).await {
            Ok(new) => begun += usize::from(new),
            // One connection's trouble is not the next one's.
            Err(error) => tracing::warn!(%connection_id, %error, "a turn could not be taken"),
        }
    }
    Ok(begun)
}

async fn take_turn(
    hub: &SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
) -> Result<bool, DbError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let connection = db::connections::get(&mut tx, connection_id).await?;
    drop(tx);
    let Some(connection) = connection else { return Ok(false) };
    let Some(provider) = hub.providers.get(&connection.provider) else { return Ok(false) };
    // The cache is asked before a transaction is open.
    let is_short = is_short_of_budget(hub, provider, &connection).await;

    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    if !db::polls::take(&mut tx, connection_id, now).await? {
        return Ok(false);
    }
    let Some(connection) = db::connections::get(&mut tx, connection_id).await? else {
        return Ok(false);
    };
    let Some(rhythm) = rhythm(hub, provider, &connection) else { return Ok(false) };
    let plan = db::companies::plan(&mut tx).await?;
    let next = turn::next(now, rhythm, connection_id);
    let is_busy = db::runs::is_busy(&mut tx, connection_id, hooks::work::RUN).await?;
    let mut begun = false;
    let (next, reason) = match connection.state.as_str() {
        // A new consent, a resume or an upgrade needs nobody to think of this.
        "active" if !has_it(plan, provider) => (next, Some(PLAN)),
        "active" if is_busy => (now + WHEN_BUSY, None),
        "active" if is_short => (next, Some(SHORT)),
        "active" if connection.watermark.is_some() => {
            begun = begin_run(&mut tx, &connection, now).await?;
            (next, None)
        }
        _ => (next, None),
    };
    db::polls::put_off(&mut tx, connection_id, next, reason).await?;
    tx.commit().await?;
    Ok(begun)
}

async fn begin_run(
    tx: &mut TenantTx,
    connection: &Connection,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let new = NewRun {
        connection_id: connection.connection_id,
        provider: &connection.provider,
        mode: "incremental",
        ids: None,
        updated_since: connection.watermark,
        requested_by: None,
        estimate: None,
        phase: if hooks::work::knows_words(connection, now) {
            import::AFTER_WORDS
        } else {
            import::FIRST
        },
        by_hook: false,
        by_clock: true,
        dedup: RUN,
    };
    let (run_id, is_new) = db::runs::start(tx, &new).await?;
    if is_new {
        import::enqueue(tx, &connection.provider, run_id).await?;
    }
    Ok(is_new)
}

/// Whether a run of the clock would take what people may need today.
async fn is_short_of_budget(hub: &SharedHub, provider: &Provider, connection: &Connection) -> bool {
    let view = account::budget(hub, provider, connection).await.view().await;
    is_short(&view, &account::limits(hub, provider))
}

pub(super) fn is_short(view: &BudgetView, limits: &Limits) -> bool {
    let left = view.left.min(view.daily_remaining.unwrap_or(u32::MAX));
    left < view.daily_tokens(limits).div_ceil(LEAVES)
}

/// What has changed was read to its end, whoever asked for it: the next turn.
pub(super) async fn looked(
    hub: &Hub,
    tx: &mut TenantTx,
    provider: &Provider,
    connection: &Connection,
) -> Result<(), DbError> {
    let next = later(hub, provider, connection, 0);
    db::polls::looked(tx, connection.connection_id, hub.clock.now(), next).await
}

/// A run of the clock failed: the next turn comes later each time.
pub(super) async fn failed(
    hub: &Hub,
    tx: &mut TenantTx,
    provider: &Provider,
    connection: &Connection,
) -> Result<(), DbError> {
    let failures = db::polls::failed(tx, connection.connection_id).await?;
    let next = later(hub, provider, connection, failures);
    db::polls::put_off(tx, connection.connection_id, next, None).await
}

/// A connection works (again): what changed meanwhile is read with the next look.
pub(super) async fn begin(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    db::polls::sooner(tx, connection_id, now).await
}

/// The CRM stopped telling: a turn that was far away comes sooner.
pub(super) async fn no_longer_told(
    hub: &Hub,
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<(), DbError> {
    db::polls::sooner(tx, connection_id, soon(hub, connection_id)).await
}

/// By the clock: whoever was imported by an older version has no turn yet.
pub async fn look_after(hub: &Hub, company_id: CompanyId) -> Result<(), DbError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let forgotten = db::polls::forgotten(&mut tx).await?;
    if forgotten.is_empty() {
        return Ok(());
    }
    for id in forgotten {
        db::polls::sooner(&mut tx, id, soon(hub, id)).await?;
    }
    tx.commit().await
}
