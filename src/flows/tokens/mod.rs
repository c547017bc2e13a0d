//! Tokens for calls: opened when needed, refreshed early, once, by whoever comes first.
//!
//! [`protocol`] and [`refresh`] decide; what they stand on ([`ground`]) is an argument: Postgres,
//! a provider and this machine here, a model of all three in the simulation.

mod alive;
pub mod ground;
pub mod protocol;
mod refresh;
mod seal;
mod spool;
pub mod stored;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    connectors::{self, AccessToken, ApiBase, CrmError, Grant, OAuthError, Revocable, TokenSource},
    domain::{CompanyId, ConnectionId},
    failpoint,
    flows::{Provider, SharedHub},
};

use self::{
    ground::{Machine, TokenProvider, Trouble},
    protocol::Tokens,
    stored::Stored,
};

pub use protocol::SingleFlight;
pub use seal::SealError;
pub(super) use seal::{data_key, open_verifier, refresh_token, seal_grant, seal_verifier};
pub use spool::recover as recover_spooled;

pub(super) const ACCESS: &str = "connection.access_token";
pub(super) const REFRESH: &str = "connection.refresh_token";
/// Bound to the lease that the answer came too late for.
pub(super) const ORPHAN: &str = "refresh_attempt.orphan";

/// The tokens of one connection.
#[derive(Debug, Clone)]
pub struct ConnectionTokens(Tokens<Stored, Asked, ThisMachine>);

impl ConnectionTokens {
    pub fn new(
        hub: SharedHub,
        company_id: CompanyId,
        connection_id: ConnectionId,
        provider: Provider,
    ) -> Self {
        let machine =
            ThisMachine { clock: hub.clock.clone(), tasks: hub.refreshing.under_way.clone() };
        let flight = hub.refreshing.clone();
        let store = Stored::new(hub, company_id, connection_id, provider.clone());
        let times = store.times();
        let provider = Asked { provider, patience: times.answer, connection_id };
        Self(Tokens { connection_id, store, provider, machine, flight, times })
    }

    /// Renews whatever is stored, expired or not.
    pub async fn renew_now(&self) -> Result<(), CrmError> {
        self.0.renew_now().await
    }

    /// Tries late answers of a connection that a refresh has declared dead.
    pub(super) async fn rescue(&self, seen: i64) -> Result<bool, CrmError> {
        self.0.rescue(seen).await.map_err(Trouble::into_crm)
    }
}

#[async_trait]
impl TokenSource for ConnectionTokens {
    async fn access_token(&self) -> Result<AccessToken, CrmError> {
        self.0.access_token().await
    }

    async fn refused(&self, generation: i64) -> Result<AccessToken, CrmError> {
        self.0.refused(generation).await
    }
}

/// The provider, over HTTP.
#[derive(Debug, Clone)]
struct Asked {
    provider: Provider,
    patience: Duration,
    connection_id: ConnectionId,
}

impl TokenProvider for Asked {
    fn is_configured(&self) -> bool {
        self.provider.credentials.is_some()
    }

    async fn refresh(&self, token: &SecretString, at: &ApiBase) -> Result<Grant, OAuthError> {
        let Some(credentials) = &self.provider.credentials else {
            return Err(OAuthError::InvalidClient);
        };
        let http = self.provider.http.awake_for(self.patience);
        let endpoints = self.provider.endpoints.of_account(at.as_str());
        connectors::refresh(&http, &endpoints, credentials, token).await
    }

    async fn give_back(&self, token: &SecretString, at: &ApiBase) {
        let Some(credentials) = &self.provider.credentials else { return };
        let endpoints = self.provider.endpoints.of_account(at.as_str());
        let http = &self.provider.http;
        let answer =
            connectors::revoke(http, &endpoints, credentials, Revocable::Refresh(token)).await;
        if let Err(error) = answer {
            tracing::warn!(connection_id = %self.connection_id, %error, "a refresh that came after the end was not revoked");
        }
    }
}

#[derive(Debug, Clone)]
struct ThisMachine {
    clock: Clock,
    tasks: TaskTracker,
}

/// One beginning of time for the process: callers compare what they were told.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Machine for ThisMachine {
    fn wall(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn steady(&self) -> Duration {
        STARTED.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn reached(&self, place: &'static str) {
        failpoint::reach(place);
    }

    async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.tasks.spawn(work).await.ok()
    }
}

impl Stored {
    /// The whole of it, for this store.
    pub(super) fn tokens(&self) -> ConnectionTokens {
        let hub = Arc::clone(&self.hub);
        ConnectionTokens::new(hub, self.company_id, self.connection_id, self.provider.clone())
    }
}
