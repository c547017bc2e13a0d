//! Sees to it that a CRM tells: opens a connection's channel, looks whether it is still there, opens
//! another before it ends, and closes it at the end.
//!
//! A channel's token and secret are chance; the CRM gets them, we keep their hashes and never need them
//! again: what ends is not renewed but replaced, and for a moment both are heard. The row is written before
//! the CRM is asked, so a lost answer loses nothing: the next try opens another one.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    connectors::{self, Agreed, Caller, Channels, CrmError, Hooks, Wanted},
    db::{
        self, DbError, Scope, TenantTx,
        connections::Connection,
        hooks::{Channel, Standing},
    },
    domain::{CompanyId, ConnectionId},
    flows::{
        FlowError, Next, Provider, SharedHub, account,
        account::Account,
        hooks::{address, at_work, work},
        ledger::Purpose,
        poll, reconnect,
    },
};

pub const JOB: &str = "hooks_keep";

/// After a trouble that passes; and after one that somebody has to do something about.
const SOON: TimeDelta = TimeDelta::minutes(5);
const MUCH_LATER: TimeDelta = TimeDelta::hours(6);
/// How long an end waits for the CRM: whoever disconnects sits in front of it.
const GOODBYE: Duration = Duration::from_secs(5);

const NOT_PUBLIC: &str =
    "The provider calls https addresses only, and Tandem has none here (TANDEM_PUBLIC_URL).";

pub(super) async fn enqueue(
    tx: &mut TenantTx,
    provider: &str,
    connection_id: ConnectionId,
) -> Result<(), DbError> {
    let (lane, key) = (format!("hooks:{provider}"), connection_id.to_string());
    db::jobs::enqueue(tx, super::job(&lane, JOB, connection_id, &key)).await
}

/// The job.
pub async fn work(
    hub: &SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
) -> Result<Next, FlowError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let Some((connection, provider)) = at_work(hub, &mut tx, connection_id).await? else {
        return Ok(Next::Done);
    };
    let hooks = match provider.connector.hooks() {
        None => return Ok(Next::Done),
        Some(Hooks::PerApp(_)) => {
            stand(&mut tx, connection_id, "on", None, (None, None)).await?;
            tx.commit().await?;
            return Ok(Next::Done);
        }
        Some(Hooks::PerConnection(hooks)) => hooks,
    };
    if let Some(why) = obstacle(hub, provider, hooks, &connection) {
        stand(&mut tx, connection_id, "off", Some(&why), (None, Some(now + MUCH_LATER))).await?;
        poll::no_longer_told(hub, &mut tx, connection_id).await?;
        tx.commit().await?;
        return Ok(Next::Done);
    }
    let channels = db::hooks::channels(&mut tx, connection_id).await?;
    tx.commit().await?;

    let account = account::client(hub, company_id, connection, provider, Caller::Job).await;
    let kept = keep(hub, company_id, &account, hooks, &channels).await;
    account.book(hub, company_id, Purpose::Connect).await;
    let Err(FlowError::Crm(error)) = kept else { return kept.map(|()| Next::Done) };
    // A permission that only this needs is no reason to ask for a new consent.
    if matches!(error, CrmError::Expired | CrmError::Revoked) {
        reconnect::judge(hub, company_id, &account.connection, &error).await?;
    }
    let passes = error.passes() || matches!(error, CrmError::Uncertain { .. });
    let later = if passes { SOON } else { MUCH_LATER };
    let state = if matches!(error, CrmError::MissingScope { .. }) { "off" } else { "failing" };
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let (words, until) = (error.to_string(), account.connection.hooks_until);
    stand(&mut tx, connection_id, state, Some(&words), (until, Some(now + later))).await?;
    poll::no_longer_told(hub, &mut tx, connection_id).await?;
    tx.commit().await?;
    Ok(Next::Done)
}

/// Why the CRM is not even asked.
fn obstacle(
    hub: &SharedHub,
    provider: &Provider,
    hooks: &dyn Channels,
    connection: &Connection,
) -> Option<String> {
    let scope = hooks.scope();
    if !connectors::grants(&connection.granted_scopes, scope) {
        return Some(format!(
            "The connection lacks the permission `{scope}`. Connect again and allow it to hear of \
             changes as they happen."
        ));
    }
    // A stand-in calls whatever it is told.
    let callable = hub.is_https() || provider.endpoints.is_plain();
    (!callable).then(|| NOT_PUBLIC.to_owned())
}

async fn keep(
    hub: &SharedHub,
    company_id: CompanyId,
    account: &Account,
    hooks: &'static dyn Channels,
    channels: &[Channel],
) -> Result<(), FlowError> {
    let now = hub.clock.now();
    let connection_id = account.connection.connection_id;
    let current = channels.iter().find(|channel| channel.remote_id.is_some());
    if let Some((channel, remote_id)) = current.and_then(|one| Some((one, one.remote_id.as_ref()?)))
    {
        let next = match channel.until {
            None if hooks.is_open(&account.api, remote_id).await? => Some(now + hooks.look_every()),
            None => None,
            Some(until) => Some(half_way(channel.asked_at, until)).filter(|at| *at > now),
        };
        if let Some(next) = next {
            let mut tx = hub.db.tenant(company_id, Scope::All).await?;
            stand(&mut tx, connection_id, "on", None, (channel.until, Some(next))).await?;
            tx.commit().await?;
            return Ok(());
        }
    }
    // What ends later than now was heard without a gap.
    let gap = current.is_some_and(|channel| channel.until.is_none_or(|until| until <= now));
    let (channel_id, agreed) = open(hub, company_id, account, hooks).await?;
    let due = agreed.until.map_or(now + hooks.look_every(), |until| half_way(now, until));
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let (remote_id, until) = (agreed.remote_id.as_str(), agreed.until);
    if !db::hooks::opened(&mut tx, connection_id, channel_id, remote_id, until).await? {
        drop(tx);
        // The connection has ended meanwhile.
        return Ok(hooks.close(&account.api, remote_id).await?);
    }
    stand(&mut tx, connection_id, "on", None, (until, Some(due))).await?;
    if gap {
        db::hooks::note_missed(&mut tx, connection_id, true).await?;
        work::enqueue(&mut tx, account.provider.slug(), connection_id, now).await?;
    }
    tx.commit().await?;
    for old in channels.iter().filter_map(|channel| channel.remote_id.as_deref()) {
        // It ends by itself, or its calls are believed no more.
        if let Err(error) = hooks.close(&account.api, old).await {
            tracing::info!(provider = account.provider.slug(), %error, "an old channel was not closed");
        }
    }
    Ok(())
}

/// Asks the CRM for a new channel.
async fn open(
    hub: &SharedHub,
    company_id: CompanyId,
    account: &Account,
    hooks: &dyn Channels,
) -> Result<(Uuid, Agreed), FlowError> {
    let now = hub.clock.now();
    let connection_id = account.connection.connection_id;
    let (channel_id, token, secret) = (Uuid::now_v7(), chance(), chance());
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let hashes = (hash(&token), hash(&secret));
    db::hooks::ask(&mut tx, connection_id, channel_id, (&hashes.0, &hashes.1), now).await?;
    tx.commit().await?;
    let wanted = Wanted {
        name: &format!("Tandem {connection_id}"),
        channel_id,
        address: &address(hub, &account.provider, Some(token.expose_secret())),
        secret: &secret,
        now,
    };
    Ok((channel_id, hooks.open(&account.api, &wanted).await?))
}

/// Somebody disconnects: the CRM is asked to stop, for as long as that person can wait. What it tells all the
/// same is not believed any more.
pub(in crate::flows) async fn end(
    hub: &SharedHub,
    company_id: CompanyId,
    connection: &Connection,
    provider: &Provider,
) {
    let Some(Hooks::PerConnection(hooks)) = provider.connector.hooks() else { return };
    if connection.state != "active" {
        return;
    }
    let goodbye = async {
        let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
        let channels = db::hooks::channels(&mut tx, connection.connection_id).await?;
        drop(tx);
        if channels.is_empty() {
            return Ok(());
        }
        let connection = connection.clone();
        let account = account::client(hub, company_id, connection, provider, Caller::Person).await;
        for remote_id in channels.iter().filter_map(|channel| channel.remote_id.as_deref()) {
            hooks.close(&account.api, remote_id).await?;
        }
        Ok::<(), FlowError>(())
    };
    match tokio::time::timeout(GOODBYE, goodbye).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::info!(provider = provider.slug(), %error, "a channel was not closed");
        }
        Err(_) => tracing::info!(provider = provider.slug(), "a channel was not closed in time"),
    }
}

async fn stand(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    state: &str,
    reason: Option<&str>,
    (until, due_at): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<(), DbError> {
    db::hooks::stand(tx, connection_id, Standing { state, reason, until, due_at }).await
}

/// Early enough for many more tries.
fn half_way(from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    from + (until - from) / 2
}

/// 256 bits, as 43 letters.
fn chance() -> SecretString {
    URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>()).into()
}

fn hash(secret: &SecretString) -> [u8; 32] {
    Sha256::digest(secret.expose_secret().as_bytes()).into()
}
