//! Connecting a CRM: from the button to the provider's consent page and back.
//!
//! The state is random, single use, ten minutes old at most, and bound to session, member, company
//! and provider: a consent that somebody else started, or that was meant for another provider, never
//! attaches to this company (RFC 9700 sections 2.1 and 4.4).

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use rand::RngExt;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    connectors::{
        self, AccessToken, Api, ApiBase, Caller, CrmError, Grant, Meter, OAuthError, Revocable,
        TokenSource, authorize_url,
    },
    db::{
        self, DbError, Scope, TenantTx, connections,
        connections::{Connected, NewState},
    },
    domain::{Account, CompanyId, ConnectionId, MemberId},
    failpoint::reach,
    flows::{
        FlowError, Provider, SharedHub, account, deliver, import, providers::callback_url,
        throttle, tokens,
    },
    policy::{self, Action},
};

/// How long a consent may take.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Callbacks per member: somebody who tries every provider thrice needs a dozen, a guesser more.
const CALLBACKS: throttle::Allowance = (60, Duration::from_mins(10));

/// Who connects, and in which session: the callback must come back to the same one.
#[derive(Debug, Clone, Copy)]
pub struct Connecting<'a> {
    pub company_id: CompanyId,
    pub member_id: MemberId,
    pub session_hash: &'a [u8],
}

/// Why a connection was not made; each has its own message on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    Denied,
    StateMissing,
    StateUnknown,
    StateExpired,
    StateUsed,
    OtherSession,
    ProviderMismatch,
    CodeRefused,
    HostRefused,
    AccountMismatch,
    ProviderDown,
    NotConfigured,
    TooOften,
    /// The role was lowered, or the member removed, while the provider was asked.
    Forbidden,
    /// The plan became too small meanwhile.
    Plan,
}

impl Denied {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::StateMissing => "state_missing",
            Self::StateUnknown => "state_unknown",
            Self::StateExpired => "state_expired",
            Self::StateUsed => "state_used",
            Self::OtherSession => "other_session",
            Self::ProviderMismatch => "provider_mismatch",
            Self::CodeRefused => "code_refused",
            Self::HostRefused => "host_refused",
            Self::AccountMismatch => "account_mismatch",
            Self::ProviderDown => "provider_down",
            Self::NotConfigured => "not_configured",
            Self::TooOften => "too_often",
            Self::Forbidden => "forbidden",
            Self::Plan => "plan",
        }
    }
}

/// A callback that ended without a connection.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    #[error("not connected: {}", .0.as_str())]
    Denied(Denied),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<Denied> for CallbackError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<DbError> for CallbackError {
    fn from(error: DbError) -> Self {
        Self::Flow(error.into())
    }
}

/// What the provider's redirect carries; all of it untrusted.
#[derive(Debug, Default)]
pub struct Callback {
    pub code: Option<SecretString>,
    pub state: Option<String>,
    pub error: Option<String>,
    /// Who says that it answers (RFC 9207).
    pub issuer: Option<String>,
}

/// Begins: where the browser goes to ask for consent. `None` when this installation has no app at
/// the provider.
pub async fn begin(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
) -> Result<Option<Url>, FlowError> {
    let Some(credentials) = &provider.credentials else { return Ok(None) };
    let state = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
    let manifest = provider.connector.manifest();
    // No provider with PKCE is connected yet; one that has it stores its verifier sealed.
    let url = authorize_url(
        manifest,
        &provider.endpoints,
        &credentials.client_id,
        &callback_url(&hub.public_url(), provider.slug()),
        &state,
        None,
    );
    let mut tx = hub.db.tenant(who.company_id, Scope::All).await?;
    let new = NewState {
        state_hash: &hash(&state),
        session_hash: who.session_hash,
        member_id: who.member_id,
        provider: provider.slug(),
        verifier: None,
        expires_at: hub.clock.now() + LIFETIME,
    };
    connections::insert_state(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(Some(url))
}

/// Ends: checks the state, exchanges the code, asks whose account it is, and stores the tokens.
pub async fn finish(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
    callback: Callback,
) -> Result<ConnectionId, CallbackError> {
    throttle::attempt(hub, &format!("callback:{}", who.member_id), CALLBACKS)
        .await
        .map_err(|_| Denied::TooOften)?;
    if callback.issuer.as_deref().is_some_and(|issuer| !provider.endpoints.is_issuer(issuer)) {
        // Before the state is used up: the honest answer may still come.
        return Err(Denied::ProviderMismatch.into());
    }
    let state = callback.state.as_deref().filter(|state| !state.is_empty());
    if callback.error.is_some() && state.is_none() {
        return Err(Denied::Denied.into());
    }
    take_state(hub, who, provider, state.ok_or(Denied::StateMissing)?).await?;
    reach("connect.state_taken");
    if callback.error.is_some() {
        return Err(Denied::Denied.into());
    }
    let code = callback.code.ok_or(Denied::CodeRefused)?;
    let credentials = provider.credentials.clone().ok_or(Denied::NotConfigured)?;
    let redirect = callback_url(&hub.public_url(), provider.slug());

    let grant = connectors::exchange(
        &provider.http,
        &provider.endpoints,
        &credentials,
        &code,
        &redirect,
        None,
    )
    .await
    .map_err(|error| {
        tracing::warn!(provider = provider.slug(), %error, "a consent brought no token");
        match error {
            OAuthError::InvalidGrant | OAuthError::CodeRefused => Denied::CodeRefused,
            OAuthError::InvalidClient => Denied::NotConfigured,
            OAuthError::ForbiddenHost { .. } => Denied::HostRefused,
            _ => Denied::ProviderDown,
        }
    })?;
    reach("connect.exchanged");
    let base =
        grant.api_domain.clone().unwrap_or_else(|| provider.endpoints.default_api_base().clone());
    let account = whose(hub, provider, &grant, &base).await.map_err(|error| {
        tracing::warn!(provider = provider.slug(), %error, "a new token did not tell its account");
        match error {
            CrmError::ForbiddenHost => Denied::HostRefused,
            CrmError::Expired | CrmError::Revoked | CrmError::MissingScope { .. } => {
                Denied::CodeRefused
            }
            _ => Denied::ProviderDown,
        }
    })?;
    reach("connect.account_known");
    let stored = match store(hub, who, provider, &grant, &base, &account).await {
        // Two consents came back at once: the second finds what the first has made.
        Err(CallbackError::Flow(FlowError::Db(DbError::Conflict { .. }))) => {
            store(hub, who, provider, &grant, &base, &account).await
        }
        other => other,
    };
    match stored? {
        Stored::Connection(id) => {
            account::first_use(hub, who.company_id, id, provider, &account).await;
            Ok(id)
        }
        Stored::Refused { denied, give_back } => {
            // Not ours to keep: give it back rather than leave a grant that nobody knows of.
            if give_back
                && let Some(token) = &grant.refresh_token
                && let Err(error) = connectors::revoke(
                    &provider.http,
                    &provider.endpoints,
                    &credentials,
                    Revocable::Refresh(token),
                )
                .await
            {
                tracing::warn!(provider = provider.slug(), %error, "an unwanted grant was not revoked");
            }
            Err(denied.into())
        }
    }
}

async fn take_state(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
    state: &str,
) -> Result<(), CallbackError> {
    let state_hash = hash(state);
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(who.company_id, Scope::All).await?;
    let row = connections::state(&mut tx, &state_hash).await?.ok_or(Denied::StateUnknown)?;
    if row.session_hash != who.session_hash || row.member_id != who.member_id {
        return Err(Denied::OtherSession.into());
    }
    if row.provider != provider.slug() {
        return Err(Denied::ProviderMismatch.into());
    }
    if row.used_at.is_some() {
        return Err(Denied::StateUsed.into());
    }
    if row.expires_at <= now {
        return Err(Denied::StateExpired.into());
    }
    if !connections::use_state(&mut tx, &state_hash, now).await? {
        return Err(Denied::StateUsed.into());
    }
    Ok(tx.commit().await?)
}

/// What became of a grant.
enum Stored {
    Connection(ConnectionId),
    /// `give_back` unless a connection lives on the same install, which a revocation would end.
    Refused {
        denied: Denied,
        give_back: bool,
    },
}

async fn store(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
    grant: &Grant,
    base: &ApiBase,
    account: &Account,
) -> Result<Stored, CallbackError> {
    let mut tx = hub.db.tenant(who.company_id, Scope::All).await?;
    let known = connections::find(&mut tx, provider.slug()).await?;
    if known.as_ref().is_some_and(|known| known.account_id != account.company_id.as_str()) {
        // Mappings of one account mean nothing in another.
        return Ok(Stored::Refused { denied: Denied::AccountMismatch, give_back: true });
    }
    if let Some(denied) = entitlement(&mut tx, who.member_id, provider).await? {
        return Ok(Stored::Refused { denied, give_back: known.is_none() });
    }
    let (connection_id, generation) = match &known {
        Some(known) => {
            let sealed = db::tokens::sealed_for_update(&mut tx, known.connection_id).await?;
            (known.connection_id, sealed.map_or(0, |sealed| sealed.token_gen) + 1)
        }
        None => (ConnectionId::fresh(), 1),
    };
    let sealed =
        tokens::seal_grant(hub, &mut tx, connection_id, provider.slug(), generation, grant).await;
    let (access, refresh) = sealed.map_err(FlowError::from)?;
    let manifest = provider.connector.manifest();
    let asked: Vec<String> = manifest.scopes.iter().map(|scope| scope.name.to_owned()).collect();
    let lifetime = TimeDelta::from_std(grant.expires_in).unwrap_or(TimeDelta::minutes(30));
    let new = Connected {
        connection_id,
        provider: provider.slug(),
        account,
        api_base: base.as_str(),
        granted_scopes: if grant.scopes.is_empty() { &asked } else { &grant.scopes },
        connected_by: who.member_id,
        access_token: &access,
        refresh_token: refresh.as_deref(),
        token_gen: generation,
        token_expires_at: hub.clock.now() + lifetime,
    };
    connections::upsert(&mut tx, &new).await?;
    if known.is_some() {
        deliver::release(&mut tx, connection_id, provider.slug(), hub.clock.now()).await?;
    }
    if known.as_ref().is_some_and(|known| known.state == "needs_reconnect") {
        import::go_on_after_consent(&mut tx, connection_id, provider.slug()).await?;
    }
    let action = if known.is_some() { "connection.reconnected" } else { "connection.connected" };
    let detail = json!({ "provider": provider.slug() });
    db::audit::append(&mut tx, Some(who.member_id), action, Some(connection_id.uuid()), &detail)
        .await?;
    reach("connect.stored");
    tx.commit().await?;
    reach("connect.committed");
    Ok(Stored::Connection(connection_id))
}

/// Why the member may not connect any more: asking the provider took seconds, in which the role or
/// the plan may have changed. The plan stays as it is until the transaction ends, so a downgrade
/// either comes first and is seen, or comes after and finds the connection to pause.
async fn entitlement(
    tx: &mut TenantTx,
    member_id: MemberId,
    provider: &Provider,
) -> Result<Option<Denied>, DbError> {
    let plan = db::companies::lock_plan(tx).await?;
    let role = db::members::role(tx, member_id).await?;
    if !role.is_some_and(|role| policy::may(role, Action::ManageConnections)) {
        return Ok(Some(Denied::Forbidden));
    }
    let feature = provider.connector.manifest().plan_feature;
    Ok((!policy::allows(plan, feature)).then_some(Denied::Plan))
}

/// A token that was just granted and is stored nowhere yet.
struct Fresh {
    secret: SecretString,
    base: ApiBase,
}

#[async_trait]
impl TokenSource for Fresh {
    async fn access_token(&self) -> Result<AccessToken, CrmError> {
        Ok(AccessToken { secret: self.secret.clone(), generation: 1, api_base: self.base.clone() })
    }

    async fn refused(&self, _generation: i64) -> Result<AccessToken, CrmError> {
        Err(CrmError::Revoked)
    }
}

async fn whose(
    hub: &SharedHub,
    provider: &Provider,
    grant: &Grant,
    base: &ApiBase,
) -> Result<Account, CrmError> {
    let tokens = Arc::new(Fresh { secret: grant.access_token.clone(), base: base.clone() });
    let manifest = provider.connector.manifest();
    // The account is not known yet, so this one call is counted on a budget of its own.
    let alone = format!("new:{}", uuid::Uuid::now_v7());
    let budget = hub.cache.budget(alone.as_str(), manifest.limits());
    let api =
        Api::new(provider.http.clone(), tokens, budget, Caller::Person, Arc::new(Meter::default()));
    provider.connector.account(&api).await
}

fn hash(state: &str) -> Vec<u8> {
    Sha256::digest(state.as_bytes()).to_vec()
}
