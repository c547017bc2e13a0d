//! Tokens for calls: opened when needed, refreshed early, once, by whoever comes first.
//!
//! Within a process a mutex per connection lets one caller through; between processes a lease in
//! Postgres does, with a generation that fences whoever comes too late. The intent is committed
//! before the bytes leave.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    connectors::{self, AccessToken, ApiBase, CrmError, Grant, OAuthError, TokenSource},
    db::{
        self, DbError, Scope, TenantTx, connections,
        tokens::{Refreshed, SealedTokens},
    },
    domain::{CompanyId, ConnectionId},
    flows::{Hub, Provider, SharedHub, reconnect},
    vault::{self, DataKey, Place, VaultError},
};

/// Refresh that long before a token expires.
const EARLY: TimeDelta = TimeDelta::minutes(5);
/// How long to wait for somebody else's refresh: longer than the provider may take.
const PATIENCE: Duration = Duration::from_secs(35);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const ACCESS: &str = "connection.access_token";
const REFRESH: &str = "connection.refresh_token";

/// One caller per connection and process asks for a refresh; the others wait for its answer.
#[derive(Debug, Clone, Default)]
pub struct SingleFlight(Arc<Mutex<HashMap<ConnectionId, Arc<tokio::sync::Mutex<()>>>>>);

impl SingleFlight {
    fn gate(&self, id: ConnectionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Gates that nobody stands at are forgotten.
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry(id).or_default())
    }
}

/// The tokens of one connection.
pub(super) struct ConnectionTokens {
    hub: SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
    provider: Provider,
}

/// What a look at the row showed.
struct Seen {
    token: AccessToken,
    expires_soon: bool,
    expired: bool,
}

enum Trouble {
    Crm(CrmError),
    Db(DbError),
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<CrmError> for Trouble {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "a token could not be sealed or opened");
        Self::Crm(CrmError::TokenUnavailable { what: "the vault refused" })
    }
}

impl Trouble {
    fn into_crm(self) -> CrmError {
        match self {
            Self::Crm(error) => error,
            Self::Db(error) => {
                tracing::warn!(%error, "tokens could not be read or stored");
                CrmError::TokenUnavailable { what: "the database did not answer" }
            }
        }
    }
}

impl ConnectionTokens {
    pub(super) fn new(
        hub: SharedHub,
        company_id: CompanyId,
        connection_id: ConnectionId,
        provider: Provider,
    ) -> Self {
        Self { hub, company_id, connection_id, provider }
    }

    /// Renews whatever is stored, expired or not.
    pub(super) async fn renew_now(&self) -> Result<(), CrmError> {
        let seen = self.look().await.map_err(Trouble::into_crm)?;
        self.renew(seen.token.generation).await.map_err(Trouble::into_crm).map(drop)
    }

    async fn look(&self) -> Result<Seen, Trouble> {
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let row = self.row(&mut tx).await?;
        let sealed = row.access_token.as_deref().ok_or(CrmError::Revoked)?;
        let secret = self.open(&mut tx, sealed, ACCESS, row.token_gen).await?;
        let left = row.token_expires_at.map(|at| at - self.hub.clock.now());
        Ok(Seen {
            token: AccessToken {
                secret,
                generation: row.token_gen,
                api_base: self.base(&row.api_base)?,
            },
            expires_soon: left.is_none_or(|left| left < EARLY),
            expired: left.is_none_or(|left| left <= TimeDelta::zero()),
        })
    }

    async fn row(&self, tx: &mut TenantTx) -> Result<SealedTokens, Trouble> {
        let row = db::tokens::sealed(tx, self.connection_id).await?.ok_or(CrmError::Revoked)?;
        match row.state.as_str() {
            "active" => Ok(row),
            "paused" => Err(CrmError::Suspended { reason: "the connection is paused" }.into()),
            _ => Err(CrmError::Revoked.into()),
        }
    }

    fn base(&self, stored: &str) -> Result<ApiBase, CrmError> {
        // Judged again at each use: a row is not trusted more than an answer.
        self.provider.endpoints.api_base(stored).map_err(|_| CrmError::ForbiddenHost)
    }

    fn place(&self, column: &'static str, generation: i64) -> Place<'static> {
        Place {
            connection_id: self.connection_id,
            provider: self.provider.slug(),
            column,
            generation,
        }
    }

    async fn open(
        &self,
        tx: &mut TenantTx,
        sealed: &[u8],
        column: &'static str,
        generation: i64,
    ) -> Result<SecretString, Trouble> {
        let dek_id = vault::key_of(sealed).ok_or(VaultError::Refused)?;
        let wrapped = db::tokens::data_key(tx, dek_id).await?.ok_or(VaultError::Refused)?;
        let key = self.hub.vault.open_data_key(self.company_id, &wrapped)?;
        Ok(key.open(self.place(column, generation), sealed)?)
    }

    /// Makes `seen` a newer generation, or finds that somebody has.
    async fn renew(&self, seen: i64) -> Result<AccessToken, Trouble> {
        let gate = self.hub.refreshing.gate(self.connection_id);
        let _turn = gate.lock().await;
        let give_up = tokio::time::Instant::now() + PATIENCE;
        loop {
            let now = self.look().await?;
            if now.token.generation != seen {
                return Ok(now.token);
            }
            if let Some(lease) = self.lease(seen).await? {
                return self.ask(seen, lease).await;
            }
            // Another process asks. Until its answer is here, a token that still works will do.
            if !now.expired || tokio::time::Instant::now() > give_up {
                return if now.expired {
                    Err(CrmError::TokenUnavailable { what: "a refresh is still under way" }.into())
                } else {
                    Ok(now.token)
                };
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn lease(&self, seen: i64) -> Result<Option<i64>, Trouble> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let lease =
            db::tokens::lease(&mut tx, self.connection_id, seen, &self.hub.instance).await?;
        tx.commit().await?;
        Ok(lease)
    }

    /// Asks the provider, holding the lease.
    async fn ask(&self, seen: i64, lease: i64) -> Result<AccessToken, Trouble> {
        let credentials = self.provider.credentials.clone().ok_or(CrmError::Misconfigured)?;
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let row = self.row(&mut tx).await?;
        let sealed = row.refresh_token.as_deref().ok_or(CrmError::Revoked)?;
        let secret = self.open(&mut tx, sealed, REFRESH, seen).await?;
        drop(tx);

        tracing::info!(
            connection_id = %self.connection_id, generation = seen, lease,
            "refreshing an access token"
        );
        let answer = connectors::refresh(
            &self.provider.http,
            &self.provider.endpoints,
            &credentials,
            &secret,
        )
        .await;
        match answer {
            Ok(grant) => self.store(seen, lease, &row, &secret, grant).await,
            Err(error) => self.refuse(seen, lease, error).await,
        }
    }

    async fn store(
        &self,
        seen: i64,
        lease: i64,
        row: &SealedTokens,
        old_refresh: &SecretString,
        grant: Grant,
    ) -> Result<AccessToken, Trouble> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let key = data_key(&self.hub, &mut tx).await?;
        let access = key.seal(self.place(ACCESS, seen + 1), grant.access_token.expose_secret())?;
        // Providers that do not rotate send no refresh token, or the same one: keep what works.
        let refresh = grant.refresh_token.as_ref().unwrap_or(old_refresh);
        let refresh = key.seal(self.place(REFRESH, seen + 1), refresh.expose_secret())?;
        let base = grant.api_domain.as_ref().map_or(row.api_base.as_str(), ApiBase::as_str);
        let lifetime = TimeDelta::from_std(grant.expires_in).unwrap_or(EARLY);
        let new = Refreshed {
            access_token: &access,
            refresh_token: &refresh,
            expires_at: self.hub.clock.now() + lifetime,
            api_base: base,
            granted_scopes: (!grant.scopes.is_empty()).then_some(grant.scopes.as_slice()),
        };
        let stored = db::tokens::store(&mut tx, self.connection_id, seen, lease, &new).await?;
        let (outcome, orphan) = if stored { ("stored", None) } else { ("fenced", Some(&*refresh)) };
        db::tokens::end_attempt(&mut tx, self.connection_id, lease, outcome, orphan).await?;
        tx.commit().await?;
        if stored {
            let api_base = self.base(base)?;
            return Ok(AccessToken { secret: grant.access_token, generation: seen + 1, api_base });
        }
        tracing::error!(
            connection_id = %self.connection_id, lease,
            "a refresh was overtaken; its answer is kept, sealed"
        );
        Ok(self.look().await?.token)
    }

    async fn refuse(
        &self,
        seen: i64,
        lease: i64,
        error: OAuthError,
    ) -> Result<AccessToken, Trouble> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let (outcome, error) = match error {
            OAuthError::InvalidGrant => ("refused", CrmError::Revoked),
            // Ours to repair: no connection dies of it.
            OAuthError::InvalidClient => ("refused", CrmError::Misconfigured),
            OAuthError::ForbiddenHost { .. } => ("refused", CrmError::ForbiddenHost),
            _ => (
                "unknown",
                CrmError::Down { what: "it did not renew the token", status: None, wait: None },
            ),
        };
        db::tokens::end_attempt(&mut tx, self.connection_id, lease, outcome, None).await?;
        let row = db::tokens::sealed(&mut tx, self.connection_id).await?;
        let moved = row.as_ref().is_some_and(|row| row.token_gen != seen);
        if matches!(error, CrmError::Revoked) && !moved {
            reconnect::needed(&mut tx, self.connection_id, reconnect::REVOKED).await?;
        }
        tx.commit().await?;
        if moved {
            // It was a race, not a revocation.
            return Ok(self.look().await?.token);
        }
        if matches!(error, CrmError::Down { .. } | CrmError::Misconfigured) {
            let now = self.look().await?;
            if !now.expired {
                return Ok(now.token);
            }
        }
        Err(error.into())
    }
}

#[async_trait]
impl TokenSource for ConnectionTokens {
    async fn access_token(&self) -> Result<AccessToken, CrmError> {
        let seen = self.look().await.map_err(Trouble::into_crm)?;
        if !seen.expires_soon {
            return Ok(seen.token);
        }
        self.renew(seen.token.generation).await.map_err(Trouble::into_crm)
    }

    async fn refused(&self, generation: i64) -> Result<AccessToken, CrmError> {
        self.renew(generation).await.map_err(Trouble::into_crm)
    }
}

/// The company's data key, made at first use.
pub(super) async fn data_key(hub: &Hub, tx: &mut TenantTx) -> Result<DataKey, SealError> {
    let company_id = tx.company_id();
    if let Some(wrapped) = db::tokens::active_key(tx).await? {
        return Ok(hub.vault.open_data_key(company_id, &wrapped)?);
    }
    db::tokens::insert_key(tx, &hub.vault.new_data_key(company_id)?).await?;
    let wrapped = db::tokens::active_key(tx).await?.ok_or(VaultError::Refused)?;
    Ok(hub.vault.open_data_key(company_id, &wrapped)?)
}

/// Why nothing could be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<SealError> for Trouble {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Db(error) => error.into(),
            SealError::Vault(error) => error.into(),
        }
    }
}

/// The first tokens of a connection, or those of a new consent: `(access, refresh)`, sealed.
pub(super) async fn seal_grant(
    hub: &Hub,
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    provider: &'static str,
    generation: i64,
    grant: &Grant,
) -> Result<(Vec<u8>, Option<Vec<u8>>), SealError> {
    let key = data_key(hub, tx).await?;
    let place = |column| Place { connection_id, provider, column, generation };
    let access = key.seal(place(ACCESS), grant.access_token.expose_secret())?;
    let refresh = match &grant.refresh_token {
        Some(token) => Some(key.seal(place(REFRESH), token.expose_secret())?),
        None => None,
    };
    Ok((access, refresh))
}

/// The refresh token, to be revoked; `None` when there is none to open.
pub(super) async fn refresh_token(
    hub: &SharedHub,
    company_id: CompanyId,
    connection: &connections::Connection,
    provider: &Provider,
) -> Option<SecretString> {
    let tokens = ConnectionTokens::new(
        Arc::clone(hub),
        company_id,
        connection.connection_id,
        provider.clone(),
    );
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await.ok()?;
    let row = db::tokens::sealed(&mut tx, connection.connection_id).await.ok()??;
    let sealed = row.refresh_token?;
    tokens.open(&mut tx, &sealed, REFRESH, row.token_gen).await.ok()
}
