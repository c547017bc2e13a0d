//! An install that begins at the CRM: its callback brings a code and no state, so nobody knows whose
//! it is.
//!
//! The code is exchanged at once (it lives minutes), and the tokens wait sealed, for the browser that
//! came and for ten minutes, until a signed-in person says in so many words where they belong. Whoever
//! is sent somebody else's callback as a link sees whose account it is, and nothing is attached by
//! itself (RFC 9700 section 4.7; decision 32).

mod confirm;
mod expire;
mod sealed;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{
        self, DbError, Scope,
        connections::Connection,
        installations::{NewInstallation, Pending, Standing},
    },
    domain::{CompanyId, InstallationId, OpaqueToken, TokenHash},
    flows::{
        FlowError, Hub, Provider, SealError, SharedHub,
        connect::{Callback, CallbackError, Denied},
        grant::{self, Consent, Granted},
        installers::lives_on_another,
        sign_in, throttle,
    },
};

pub use confirm::{Choice, Confirmed, InstallError, Refusal, confirm, decline};
pub use expire::{give_back_expired, sweep};
pub(super) use sealed::reseal;

/// How long an install waits for somebody to confirm it.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How long a browser is told how its installation ended; its cookie lives as long.
pub const REMEMBERED: TimeDelta = TimeDelta::days(1);
/// Installs per network address: an office behind one address installs a handful of times; each one
/// more would make us ask the provider.
const ARRIVALS: throttle::Allowance = (20, Duration::from_mins(10));

/// An install that waits.
pub struct Arrived {
    pub installation_id: InstallationId,
    /// For the cookie of the browser that came with it, and nothing else.
    pub browser: OpaqueToken,
}

/// A callback without a state: exchanges its code and lets it wait.
pub async fn arrive(
    hub: &SharedHub,
    provider: &Provider,
    callback: Callback,
    from: &str,
) -> Result<Arrived, CallbackError> {
    throttle::attempt(hub, &sign_in::key("install", from), ARRIVALS)
        .await
        .map_err(|_| Denied::TooOften)?;
    if callback.issuer.as_deref().is_some_and(|issuer| !provider.endpoints.is_issuer(issuer)) {
        return Err(Denied::ProviderMismatch.into());
    }
    let code = callback.code.ok_or(Denied::CodeRefused)?;
    let credentials = provider.credentials.clone().ok_or(Denied::NotConfigured)?;
    let consent = Consent::new(provider, &code, None, [callback.login.as_deref(), None])?;
    let granted = grant::obtain(hub, provider, &credentials, consent).await?;
    Ok(park(hub, provider, &granted).await?)
}

/// Seals a grant for the browser that brought it.
pub(super) async fn park(
    hub: &Hub,
    provider: &Provider,
    Granted { grant, base, account }: &Granted,
) -> Result<Arrived, FlowError> {
    let (installation_id, browser) = (InstallationId::fresh(), OpaqueToken::fresh());
    let sealed = sealed::seal(hub, installation_id, provider.slug(), grant);
    let (access, refresh) = sealed.map_err(SealError::from)?;
    let now = hub.clock.now();
    let lifetime = TimeDelta::from_std(grant.expires_in).unwrap_or(TimeDelta::minutes(30));
    let new = NewInstallation {
        installation_id,
        browser: &browser.hash(),
        provider: provider.slug(),
        account,
        api_base: base.as_str(),
        granted_scopes: &grant.scopes,
        access_token: &access,
        refresh_token: refresh.as_deref(),
        master_id: hub.vault.masters().active(),
        token_expires_at: now + lifetime,
        expires_at: now + LIFETIME,
    };
    let mut tx = hub.db.door().await?;
    db::installations::insert(&mut tx, &new, now).await?;
    tx.commit().await?;
    Ok(Arrived { installation_id, browser })
}

/// Why there is nothing to confirm here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    #[error("no install waits in this browser")]
    None,
    /// Another browser's, or another one took its place; nobody is told whether it exists.
    #[error("this install was not begun in this browser")]
    Elsewhere,
    #[error("it was confirmed before")]
    Used,
    #[error("it was not confirmed in time")]
    Expired,
    #[error("it was declined")]
    Declined,
    #[error("it was uninstalled at the provider")]
    Uninstalled,
}

/// The installation of this browser; `named` is what its page says it is.
async fn of_browser(
    hub: &Hub,
    browser: Option<&TokenHash>,
    named: Option<uuid::Uuid>,
) -> Result<Result<Standing, Gone>, DbError> {
    let missing = if named.is_some() { Gone::Elsewhere } else { Gone::None };
    let Some(browser) = browser else { return Ok(Err(missing)) };
    let mut tx = hub.db.door().await?;
    let Some(found) = db::installations::of_browser(&mut tx, browser).await? else {
        return Ok(Err(missing));
    };
    if named.is_some_and(|named| named != found.installation_id.uuid()) {
        return Ok(Err(Gone::Elsewhere));
    }
    Ok(match found.ended.as_deref() {
        Some("used") => Err(Gone::Used),
        Some("declined") => Err(Gone::Declined),
        Some("uninstalled") => Err(Gone::Uninstalled),
        Some(_) => Err(Gone::Expired),
        None if found.expires_at <= hub.clock.now() => Err(Gone::Expired),
        None => Ok(found),
    })
}

/// What waits for a browser, as its page shows it.
pub struct Waiting {
    pub pending: Pending,
    pub provider: Provider,
}

/// What waits in this browser.
pub async fn waiting(
    hub: &Hub,
    browser: Option<&TokenHash>,
    named: Option<uuid::Uuid>,
) -> Result<Result<Waiting, Gone>, DbError> {
    let found = match of_browser(hub, browser, named).await? {
        Ok(found) => found,
        Err(gone) => return Ok(Err(gone)),
    };
    let mut tx = hub.db.door().await?;
    let pending = db::installations::get(&mut tx, found.installation_id).await?;
    drop(tx);
    let provider = hub.providers.get(&found.provider).cloned();
    let waiting = pending.zip(provider).map(|(pending, provider)| Waiting { pending, provider });
    match waiting {
        Some(waiting) => Ok(Ok(waiting)),
        // It ended since it was looked for: say how.
        None => Ok(Err(of_browser(hub, browser, named).await?.err().unwrap_or(Gone::Expired))),
    }
}

/// What confirming would do to a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing of this provider is connected.
    Connects,
    /// The same account and user, connected again.
    Renews,
    /// The same account, connected by another user: somebody must say who stays.
    OtherUser { account_user: Option<String> },
    /// The connection no longer works, or was ended; this takes it up.
    Revives,
    /// Another account is connected, and its links mean nothing in this one.
    OtherAccount { account_name: String },
}

pub async fn effect(
    hub: &Hub,
    company_id: CompanyId,
    pending: &Pending,
) -> Result<Effect, DbError> {
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let known = db::connections::find(&mut tx, &pending.provider).await?;
    Ok(known.map_or(Effect::Connects, |known| effect_on(known, pending)))
}

fn effect_on(known: Connection, pending: &Pending) -> Effect {
    if known.account_id != pending.account.company_id.as_str() {
        return Effect::OtherAccount { account_name: known.account_name };
    }
    if lives_on_another(&known, &pending.account) {
        return Effect::OtherUser { account_user: known.account_user };
    }
    match known.state.as_str() {
        "active" | "paused" => Effect::Renews,
        _ => Effect::Revives,
    }
}

/// When a grant's token ends, as the time from now that it was given with.
fn left(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    until.and_then(|until| (until - now).to_std().ok()).unwrap_or_default()
}
