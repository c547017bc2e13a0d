//! A CRM calls: whoever it is, is judged before anything is parsed; hints are kept in one insert, and
//! nothing else is done while the CRM waits for its answer.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    connectors::{Hint, Hooks, Incoming},
    db::{self, DbError, Scope, hooks::NewEvent},
    domain::{CompanyId, ConnectionId, RemoteId},
    flows::{Hub, Provider, hooks::work},
};

/// Hints of one event rarely come alone: those that follow within this time are worked together. And what
/// we wrote ourselves is written down here by then.
const GATHER: TimeDelta = TimeDelta::seconds(1);

#[derive(Debug, thiserror::Error)]
pub enum HearError {
    /// No such address, or not the CRM: all are told the same.
    #[error("a call that is not the CRM's")]
    NotTheirs,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// At a connection's own address.
pub async fn of_connection(
    hub: &Hub,
    provider: &Provider,
    token: &str,
    call: Incoming<'_>,
) -> Result<(), HearError> {
    let Some(Hooks::PerConnection(hooks)) = provider.connector.hooks() else {
        return Err(HearError::NotTheirs);
    };
    let token_hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let mut door = hub.db.door().await?;
    let called = db::hooks::called(&mut door, provider.slug(), &token_hash).await?;
    door.commit().await?;
    let Some(called) = called else { return Err(refused(provider, "nobody has this address")) };
    let shown: [u8; 32] = match hooks.shown(call) {
        Some(secret) => Sha256::digest(secret.expose_secret().as_bytes()).into(),
        None => return Err(refused(provider, "it shows no secret")),
    };
    if !bool::from(shown.as_slice().ct_eq(&called.secret_hash)) {
        return Err(refused(provider, "it shows another secret"));
    }
    let mut hints = hooks.read(call.body);
    let all = hints.len();
    // Of another account than the one that is connected: an address that was handed on.
    hints.retain(|hint| hint.account_id.as_ref().is_none_or(|id| *id == called.account_id));
    if hints.len() < all {
        tracing::warn!(provider = provider.slug(), "a webhook tells of another account");
    }
    let whose = (called.company_id, called.connection_id);
    keep(hub, provider, whose, &hints.iter().collect::<Vec<_>>()).await?;
    Ok(())
}

/// At the app's address, where the calls name the account.
pub async fn of_app(hub: &Hub, provider: &Provider, call: Incoming<'_>) -> Result<(), HearError> {
    let (Some(Hooks::PerApp(hook)), Some(app), false) =
        (provider.connector.hooks(), &provider.credentials, hub.config.without_webhooks)
    else {
        return Err(HearError::NotTheirs);
    };
    if let Err(error) = hook.verify(call, &app.client_secret, hub.clock.now()) {
        tracing::warn!(provider = provider.slug(), %error, "a webhook was not the provider's");
        return Err(HearError::NotTheirs);
    }
    let hints = hook.read(call.body);
    let mut by_account: BTreeMap<&str, Vec<&Hint>> = BTreeMap::new();
    let mut nameless = 0;
    for hint in &hints {
        match hint.account_id.as_deref() {
            Some(account) => by_account.entry(account).or_default().push(hint),
            None => nameless += 1,
        }
    }
    if nameless > 0 {
        tracing::warn!(provider = provider.slug(), nameless, "a webhook names no account");
    }
    for (account, hints) in by_account {
        let mut door = hub.db.door().await?;
        let holders = db::holders::of_account(&mut door, provider.slug(), account).await?;
        door.commit().await?;
        for holder in holders.iter().filter(|holder| holder.state != "disconnected") {
            keep(hub, provider, (holder.company_id, holder.connection_id), &hints).await?;
        }
    }
    Ok(())
}

fn refused(provider: &Provider, why: &'static str) -> HearError {
    tracing::warn!(provider = provider.slug(), why, "a webhook was not the provider's");
    HearError::NotTheirs
}

/// Inbox and job commit together.
async fn keep(
    hub: &Hub,
    provider: &Provider,
    (company_id, connection_id): (CompanyId, ConnectionId),
    hints: &[&Hint],
) -> Result<(), DbError> {
    if hints.is_empty() {
        return Ok(());
    }
    let now = hub.clock.now();
    let events: Vec<NewEvent<'_>> = hints
        .iter()
        .map(|hint| NewEvent {
            event_key: &hint.event,
            remote_id: hint.person.as_ref().map(RemoteId::as_str),
            gone: hint.gone,
            happened_at: hint.happened_at,
        })
        .collect();
    let unread = hints.iter().filter(|hint| hint.person.is_none()).count();
    if unread > 0 {
        tracing::warn!(provider = provider.slug(), unread, "a webhook could not be read");
    }
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    match db::hooks::hear(&mut tx, connection_id, &events, now).await {
        Ok(new) if new > 0 => {}
        // All were heard before; or the connection was forgotten meanwhile.
        Ok(_) | Err(DbError::Dangling { .. }) => return Ok(()),
        Err(error) => return Err(error),
    }
    work::enqueue(&mut tx, provider.slug(), connection_id, now + GATHER).await?;
    tx.commit().await
}
