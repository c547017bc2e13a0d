//! Tokens for calls: opened when needed, refreshed early, once, by whoever comes first.
//!
//! Within a process a mutex per connection lets one caller through; between processes a lease in
//! Postgres does, with a generation that fences whoever comes too late. The intent is committed
//! before the bytes leave.

mod refresh;
mod seal;
mod spool;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use secrecy::SecretString;
use tokio::{sync::OwnedMutexGuard, time::Instant};
use tokio_util::task::TaskTracker;

use crate::{
    connectors::{AccessToken, ApiBase, CrmError, TokenSource},
    db::{self, DbError, Scope, TenantTx, tokens::SealedTokens},
    domain::{CompanyId, ConnectionId},
    flows::{Provider, SharedHub},
    vault::{self, Place, VaultError},
};

pub use seal::SealError;
pub(super) use seal::{data_key, refresh_token, seal_grant};
pub use spool::recover as recover_spooled;

/// Refresh that long before a token expires.
const EARLY: TimeDelta = TimeDelta::minutes(5);
/// How long to wait for somebody else's refresh: longer than the provider may take.
const PATIENCE: Duration = Duration::from_secs(35);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const ACCESS: &str = "connection.access_token";
const REFRESH: &str = "connection.refresh_token";

/// One caller per connection and process asks for a refresh; the others wait for its answer.
#[derive(Debug, Clone, Default)]
pub struct SingleFlight {
    gates: Arc<Mutex<HashMap<ConnectionId, Gate>>>,
    under_way: TaskTracker,
}

/// Holds the last failure, for those who stood at the gate when it happened.
type Gate = Arc<tokio::sync::Mutex<Option<Failed>>>;
type Turn = OwnedMutexGuard<Option<Failed>>;

#[derive(Debug)]
struct Failed {
    generation: i64,
    at: Instant,
    error: CrmError,
}

impl SingleFlight {
    fn gate(&self, id: ConnectionId) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        // Gates that nobody stands at are forgotten.
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry(id).or_default())
    }

    /// Waits until no refresh is under way: what a provider answers must be stored before the
    /// process ends.
    pub async fn settled(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }
}

/// The tokens of one connection.
#[derive(Debug, Clone)]
pub struct ConnectionTokens {
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

/// Why a newer token is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It expires soon: while it works, it will do.
    Early,
    /// The provider refused it: it will never do again.
    Refused,
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
    pub fn new(
        hub: SharedHub,
        company_id: CompanyId,
        connection_id: ConnectionId,
        provider: Provider,
    ) -> Self {
        Self { hub, company_id, connection_id, provider }
    }

    /// Renews whatever is stored, expired or not.
    pub async fn renew_now(&self) -> Result<(), CrmError> {
        let seen = self.look().await.map_err(Trouble::into_crm)?;
        self.renew(seen.token.generation, Why::Early).await.map(drop)
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
    async fn renew(&self, seen: i64, why: Why) -> Result<AccessToken, CrmError> {
        let arrived = Instant::now();
        let mut turn = self.hub.refreshing.gate(self.connection_id).lock_owned().await;
        let give_up = Instant::now() + PATIENCE;
        loop {
            let now = self.look().await.map_err(Trouble::into_crm)?;
            if now.token.generation != seen {
                return Ok(now.token);
            }
            let will_do = why == Why::Early && !now.expired;
            // Whoever had the turn before failed while this caller waited: asking again for each
            // of hundreds of callers would be a storm.
            let failure = turn
                .as_ref()
                .filter(|failed| failed.generation == seen && failed.at > arrived)
                .map(|failed| failed.error.clone());
            let failure = match failure {
                Some(error) => Some(error),
                None => match self.attempt(seen, turn).await {
                    Ok((_, Ok(Some(token)))) => return Ok(token),
                    Ok((back, Ok(None))) => {
                        turn = back;
                        None
                    }
                    Ok((_, Err(error))) | Err(error) => return or(will_do, now.token, error),
                },
            };
            if let Some(error) = failure {
                return or(will_do, now.token, error);
            }
            // Another process asks. Until its answer is here, a token that still works will do.
            if will_do {
                return Ok(now.token);
            }
            if Instant::now() > give_up {
                return Err(CrmError::TokenUnavailable { what: "a refresh is still under way" });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// One refresh, in a task of its own: a caller that is dropped meanwhile (a browser that hung
    /// up, a job that lost its lease) must not take the only copy of a rotated token with it.
    async fn attempt(
        &self,
        seen: i64,
        mut turn: Turn,
    ) -> Result<(Turn, Result<Option<AccessToken>, CrmError>), CrmError> {
        let tokens = self.clone();
        let work = async move {
            let outcome = tokens.refresh(seen).await.map_err(Trouble::into_crm);
            *turn = outcome.as_ref().err().map(|error| Failed {
                generation: seen,
                at: Instant::now(),
                error: error.clone(),
            });
            (turn, outcome)
        };
        let task = self.hub.refreshing.under_way.spawn(work);
        // A panic; the lease ends by itself.
        task.await.map_err(|_| CrmError::TokenUnavailable { what: "the refresh broke off" })
    }
}

/// The old token while it works and only the refresh is in trouble.
fn or(will_do: bool, token: AccessToken, error: CrmError) -> Result<AccessToken, CrmError> {
    match error {
        CrmError::Down { .. } | CrmError::Misconfigured | CrmError::TokenUnavailable { .. }
            if will_do =>
        {
            Ok(token)
        }
        error => Err(error),
    }
}

#[async_trait]
impl TokenSource for ConnectionTokens {
    async fn access_token(&self) -> Result<AccessToken, CrmError> {
        let seen = self.look().await.map_err(Trouble::into_crm)?;
        if !seen.expires_soon {
            return Ok(seen.token);
        }
        self.renew(seen.token.generation, Why::Early).await
    }

    async fn refused(&self, generation: i64) -> Result<AccessToken, CrmError> {
        self.renew(generation, Why::Refused).await
    }
}
