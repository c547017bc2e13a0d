//! Connecting a CRM: from the button to the provider's consent page and back.
//!
//! The state is random, single use, ten minutes old at most, and bound to session, member, company
//! and provider: a consent that somebody else started, or that was meant for another provider, never
//! attaches to this company (RFC 9700 sections 2.1 and 4.4).

mod denied;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use rand::RngExt;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    connectors::{authorize_url, fresh_verifier},
    db::{
        self, DbError, Scope, TenantTx, connections,
        connections::{Connected, Connection, NewState},
    },
    domain::{CompanyId, ConnectionId, MemberId},
    failpoint::reach,
    flows::{
        FlowError, Provider, SharedHub, account, deliver,
        grant::{self, Consent, Granted},
        hooks, import,
        install::{self, Arrived},
        installers::{self, lives_on_another},
        poll,
        providers::callback_url,
        throttle, tokens,
    },
    policy::{self, Action},
};

pub use self::denied::{CallbackError, Denied};

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

/// What the provider's redirect carries; all of it untrusted.
#[derive(Debug, Default)]
pub struct Callback {
    pub code: Option<SecretString>,
    pub state: Option<String>,
    pub error: Option<String>,
    /// Who says that it answers (RFC 9207).
    pub issuer: Option<String>,
    /// Where the code is to be traded, as a provider with several data centres says.
    pub login: Option<String>,
}

/// Begins: where the browser goes to ask for consent; at `login` where people of the company sign in at
/// a host of their own, which one that is connected need not say again. `None` when this installation has no app at
/// the provider.
pub async fn begin(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
    login: Option<&str>,
) -> Result<Option<Url>, FlowError> {
    let Some(credentials) = &provider.credentials else { return Ok(None) };
    let state = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
    let manifest = provider.connector.manifest();
    let known = match login {
        Some(_) => None,
        None => own_login(hub, who.company_id, provider).await?,
    };
    let login = login.or(known.as_deref());
    let endpoints = match login {
        Some(login) => provider.endpoints.at_login(login).map_err(|_| {
            FlowError::Refused("This is not an address at which people sign in to this CRM.")
        })?,
        None => provider.endpoints.clone(),
    };
    let verifier = manifest.pkce.then(fresh_verifier);
    let url = authorize_url(
        manifest,
        &endpoints,
        &credentials.client_id,
        &callback_url(&hub.public_url(), provider.slug()),
        &state,
        verifier.as_ref(),
    );
    let mut tx = hub.db.tenant(who.company_id, Scope::All).await?;
    let sealed = match &verifier {
        Some(verifier) => {
            let slug = provider.slug();
            Some(tokens::seal_verifier(hub, &mut tx, &hash(&state), slug, verifier).await?)
        }
        None => None,
    };
    let new = NewState {
        state_hash: &hash(&state),
        session_hash: who.session_hash,
        member_id: who.member_id,
        provider: provider.slug(),
        verifier: sealed.as_deref(),
        login,
        expires_at: hub.clock.now() + LIFETIME,
    };
    connections::insert_state(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(Some(url))
}

/// Where people of a company signed in that is connected already.
async fn own_login(
    hub: &SharedHub,
    company_id: CompanyId,
    provider: &Provider,
) -> Result<Option<String>, DbError> {
    if provider.connector.manifest().own_login.is_none() {
        return Ok(None);
    }
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let connection = connections::find(&mut tx, provider.slug()).await?;
    let alive = connection.filter(|connection| connection.state != "disconnected");
    Ok(alive.and_then(|connection| provider.endpoints.own_login(&connection.api_base)))
}

/// Why there is no consent: somebody said no, or nobody there may be asked yet.
fn refused(provider: &Provider, error: &str) -> Denied {
    let codes = provider.connector.manifest().not_installed;
    if codes.iter().any(|code| code.eq_ignore_ascii_case(error)) {
        Denied::NotInstalled
    } else {
        Denied::Denied
    }
}

/// Ends: checks the state, exchanges the code, asks whose account it is, and stores the tokens.
pub async fn finish(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
    callback: Callback,
) -> Result<Finished, CallbackError> {
    throttle::attempt(hub, &format!("callback:{}", who.member_id), CALLBACKS)
        .await
        .map_err(|_| Denied::TooOften)?;
    if callback.issuer.as_deref().is_some_and(|issuer| !provider.endpoints.is_issuer(issuer)) {
        // Before the state is used up: the honest answer may still come.
        return Err(Denied::ProviderMismatch.into());
    }
    let state = callback.state.as_deref().filter(|state| !state.is_empty());
    let refused = callback.error.as_deref().map(|error| refused(provider, error));
    if let Some(refused) = refused
        && state.is_none()
    {
        return Err(refused.into());
    }
    let taken = take_state(hub, who, provider, state.ok_or(Denied::StateMissing)?).await?;
    reach("connect.state_taken");
    if let Some(refused) = refused {
        return Err(refused.into());
    }
    let code = callback.code.ok_or(Denied::CodeRefused)?;
    let credentials = provider.credentials.clone().ok_or(Denied::NotConfigured)?;
    let logins = [taken.login.as_deref(), callback.login.as_deref()];
    let consent = Consent::new(provider, &code, taken.verifier.as_ref(), logins)?;
    let granted = grant::obtain(hub, provider, &credentials, consent).await?;
    reach("connect.account_known");
    match store_once_more(hub, who, provider, &granted, OtherUser::Ask).await? {
        Stored::Connection(id) => {
            account::first_use(hub, who.company_id, id, provider, &granted.account).await;
            Ok(Finished::Connected(id))
        }
        Stored::AnotherUser | Stored::Kept => {
            Ok(Finished::MustChoose(install::park(hub, provider, &granted).await?))
        }
        Stored::Refused { denied, give_back } => {
            // Not ours to keep: give it back rather than leave a grant that nobody knows of.
            if give_back {
                grant::give_back(hub, provider, &credentials, &granted, None).await;
            }
            Err(denied.into())
        }
    }
}

/// Two consents that came back at once: the second finds what the first has made.
pub(super) async fn store_once_more(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
    granted: &Granted,
    other_user: OtherUser,
) -> Result<Stored, CallbackError> {
    match store(hub, who, provider, granted, other_user).await {
        Err(CallbackError::Flow(FlowError::Db(DbError::Conflict { .. }))) => {
            store(hub, who, provider, granted, other_user).await
        }
        other => other,
    }
}

async fn take_state(
    hub: &SharedHub,
    who: Connecting<'_>,
    provider: &Provider,
    state: &str,
) -> Result<Taken, CallbackError> {
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
    let verifier = match &row.verifier {
        Some(sealed) => {
            let slug = provider.slug();
            let opened = tokens::open_verifier(hub, &mut tx, &state_hash, slug, sealed).await;
            Some(opened.map_err(FlowError::from)?)
        }
        None => None,
    };
    tx.commit().await?;
    Ok(Taken { login: row.login, verifier })
}

/// What was kept beside a state.
struct Taken {
    login: Option<String>,
    verifier: Option<SecretString>,
}

/// How a consent ended well.
pub enum Finished {
    Connected(ConnectionId),
    /// The account is connected with another of its users: a person decides who stays.
    MustChoose(Arrived),
}

/// What is done with a live connection that another user of the same account has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherUser {
    /// Nobody was asked yet.
    Ask,
    /// The connection stays with its user; the one who came is named beside it.
    Keep,
    Replace,
}

/// What became of a grant.
pub(super) enum Stored {
    Connection(ConnectionId),
    /// It lives on another user's access, and nobody has said who stays.
    AnotherUser,
    /// It stays with its user.
    Kept,
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
    Granted { grant, base, account }: &Granted,
    other_user: OtherUser,
) -> Result<Stored, CallbackError> {
    let mut tx = hub.db.tenant(who.company_id, Scope::All).await?;
    let denied = entitlement(&mut tx, who.member_id, provider).await?;
    let known = locked(&mut tx, provider.slug()).await?;
    if known.as_ref().is_some_and(|known| known.account_id != account.company_id.as_str()) {
        // Mappings of one account mean nothing in another.
        return Ok(Stored::Refused { denied: Denied::AccountMismatch, give_back: true });
    }
    if let Some(denied) = denied {
        return Ok(Stored::Refused { denied, give_back: known.is_none() });
    }
    let other = known.as_ref().filter(|known| lives_on_another(known, account));
    match (other, other_user) {
        (Some(_), OtherUser::Ask) => return Ok(Stored::AnotherUser),
        (Some(known), OtherUser::Keep) => {
            let id = known.connection_id;
            installers::keep(&mut tx, who.member_id, id, account, hub.clock.now()).await?;
            tx.commit().await?;
            return Ok(Stored::Kept);
        }
        _ => {}
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
    hooks::begin(hub, &mut tx, provider, connection_id).await?;
    poll::begin(&mut tx, connection_id, hub.clock.now()).await?;
    let action = if known.is_some() { "connection.reconnected" } else { "connection.connected" };
    let mut detail = json!({ "provider": provider.slug() });
    let (alive, now) = (other.is_some(), hub.clock.now());
    if let Some(user) = installers::settle(&mut tx, known.as_ref(), alive, account, now).await? {
        detail["replaced_user"] = user.into();
    }
    db::audit::append(&mut tx, Some(who.member_id), action, Some(connection_id.uuid()), &detail)
        .await?;
    reach("connect.stored");
    tx.commit().await?;
    reach("connect.committed");
    Ok(Stored::Connection(connection_id))
}

/// The connection as it is once nobody else changes it: two users of one account may come at once.
async fn locked(tx: &mut TenantTx, provider: &str) -> Result<Option<Connection>, DbError> {
    let Some(known) = connections::find(tx, provider).await? else { return Ok(None) };
    db::tokens::sealed_for_update(tx, known.connection_id).await?;
    connections::find(tx, provider).await
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

fn hash(state: &str) -> [u8; 32] {
    Sha256::digest(state.as_bytes()).into()
}
