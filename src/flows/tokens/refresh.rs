//! One refresh: lease, ask, store. Only the holder of the newest lease stores its answer, and only
//! it may say that a connection is dead.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::{
    connectors::{self, AccessToken, ApiBase, CrmError, Grant, OAuthError, Revocable},
    db::{
        self, DbError, Scope,
        tokens::{Refreshed, SealedTokens},
    },
    failpoint::reach,
    flows::reconnect,
    vault::DataKey,
};

use super::{
    ACCESS, ConnectionTokens, EARLY, REFRESH, Trouble,
    seal::data_key,
    spool::{self, Waiting},
};

/// How long an answer is carried in memory when the database is away: it may be the only copy.
const CARRY: Duration = Duration::from_mins(1);

/// What is needed to ask, read before the lease is taken.
struct Before {
    row: SealedTokens,
    refresh_token: SecretString,
    /// Seals the answer although the database may be away by then.
    key: DataKey,
}

impl ConnectionTokens {
    /// Refreshes generation `seen`; `None` while another process does, or when it has.
    pub(super) async fn refresh(&self, seen: i64) -> Result<Option<AccessToken>, Trouble> {
        let credentials = self.provider.credentials.clone().ok_or(CrmError::Misconfigured)?;
        let Some(before) = self.before(seen).await? else { return Ok(None) };
        let Some(lease) = self.lease(seen).await? else { return Ok(None) };
        tracing::info!(
            connection_id = %self.connection_id, generation = seen, lease,
            "refreshing an access token"
        );
        let answer = connectors::refresh(
            &self.provider.http,
            &self.provider.endpoints,
            &credentials,
            &before.refresh_token,
        )
        .await;
        reach("tokens.answered");
        match answer {
            Ok(grant) => self.keep(seen, lease, &before, grant).await,
            Err(error) => self.refuse(seen, lease, error).await,
        }
    }

    async fn before(&self, seen: i64) -> Result<Option<Before>, Trouble> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let row = self.row(&mut tx).await?;
        if row.token_gen != seen {
            return Ok(None);
        }
        let sealed = row.refresh_token.as_deref().ok_or(CrmError::Revoked)?;
        let refresh_token = self.open(&mut tx, sealed, REFRESH, seen).await?;
        let key = data_key(&self.hub, &mut tx).await?;
        tx.commit().await?;
        Ok(Some(Before { row, refresh_token, key }))
    }

    async fn lease(&self, seen: i64) -> Result<Option<i64>, Trouble> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let lease =
            db::tokens::lease(&mut tx, self.connection_id, seen, &self.hub.instance).await?;
        reach("tokens.leased");
        tx.commit().await?;
        reach("tokens.lease_committed");
        Ok(lease)
    }

    /// Stores the answer, however long the database takes to come back.
    async fn keep(
        &self,
        seen: i64,
        lease: i64,
        before: &Before,
        grant: Grant,
    ) -> Result<Option<AccessToken>, Trouble> {
        // Providers that do not rotate send no refresh token, or the same one: keep what works.
        let refresh = grant.refresh_token.as_ref().unwrap_or(&before.refresh_token);
        let base = grant.api_domain.as_ref().map_or(before.row.api_base.as_str(), ApiBase::as_str);
        let api_base = self.base(base)?;
        let key = &before.key;
        let sealed = Sealed {
            access: key.seal(self.place(ACCESS, seen + 1), grant.access_token.expose_secret())?,
            refresh: key.seal(self.place(REFRESH, seen + 1), refresh.expose_secret())?,
            expires_at: self.hub.clock.now()
                + TimeDelta::from_std(grant.expires_in).unwrap_or(EARLY),
            api_base: base.to_owned(),
            granted_scopes: (!grant.scopes.is_empty()).then(|| grant.scopes.clone()),
        };
        let spooled = spool::put(&self.hub, &self.waiting(seen, lease, &sealed));
        reach("tokens.spooled");
        let kept = self.store_at_last(seen, lease, &sealed).await?;
        spooled.forget();
        match kept {
            Kept::Stored => {
                let (secret, generation) = (grant.access_token, seen + 1);
                Ok(Some(AccessToken { secret, generation, api_base }))
            }
            Kept::Fenced => {
                tracing::error!(
                    connection_id = %self.connection_id, lease,
                    "a refresh was overtaken; its answer is kept, sealed"
                );
                Ok(None)
            }
            Kept::Ended => {
                self.give_back(refresh).await;
                Err(CrmError::Revoked.into())
            }
        }
    }

    fn waiting(&self, seen: i64, lease: i64, sealed: &Sealed) -> Waiting {
        Waiting {
            company_id: self.company_id.uuid(),
            connection_id: self.connection_id.uuid(),
            generation: seen,
            lease,
            access_token: spool::encoded(&sealed.access),
            refresh_token: spool::encoded(&sealed.refresh),
            expires_at: sealed.expires_at,
            api_base: sealed.api_base.clone(),
            granted_scopes: sealed.granted_scopes.clone(),
        }
    }

    async fn store_at_last(&self, seen: i64, lease: i64, sealed: &Sealed) -> Result<Kept, Trouble> {
        let until = Instant::now() + CARRY;
        let mut pause = Duration::from_millis(200);
        loop {
            match self.store(seen, lease, sealed).await {
                Err(error) if error.is_passing() && Instant::now() < until => {
                    tracing::warn!(connection_id = %self.connection_id, %error, "a refreshed token waits for the database");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                other => return Ok(other?),
            }
        }
    }

    async fn store(&self, seen: i64, lease: i64, sealed: &Sealed) -> Result<Kept, DbError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let new = Refreshed {
            access_token: &sealed.access,
            refresh_token: &sealed.refresh,
            expires_at: sealed.expires_at,
            api_base: &sealed.api_base,
            granted_scopes: sealed.granted_scopes.as_deref(),
        };
        let id = self.connection_id;
        let kept = if db::tokens::store(&mut tx, id, seen, lease, &new).await? {
            Kept::Stored
        } else {
            let row = db::tokens::sealed(&mut tx, id).await?;
            if row.is_none_or(|row| row.state == "disconnected") {
                Kept::Ended
            } else {
                Kept::Fenced
            }
        };
        let (outcome, orphan) = match &kept {
            Kept::Stored => ("stored", None),
            Kept::Fenced => ("fenced", Some(&*sealed.refresh)),
            // Disconnected meanwhile: nothing of it may stay.
            Kept::Ended => ("fenced", None),
        };
        db::tokens::end_attempt(&mut tx, id, lease, outcome, orphan).await?;
        reach("tokens.stored");
        tx.commit().await?;
        reach("tokens.store_committed");
        Ok(kept)
    }

    async fn refuse(
        &self,
        seen: i64,
        lease: i64,
        error: OAuthError,
    ) -> Result<Option<AccessToken>, Trouble> {
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
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        // Locks the row while the lease is ours, so that no new consent comes in between.
        let ours =
            db::tokens::end_attempt(&mut tx, self.connection_id, lease, outcome, None).await?;
        let row = db::tokens::sealed(&mut tx, self.connection_id).await?;
        let moved = row.as_ref().is_some_and(|row| row.token_gen != seen);
        let revoked = matches!(error, CrmError::Revoked);
        if revoked && ours && !moved {
            reconnect::needed(&mut tx, self.connection_id, reconnect::REVOKED).await?;
        }
        reach("tokens.refused");
        tx.commit().await?;
        // Overtaken: it was a race, not a revocation, or whoever holds the lease will find out.
        if moved || (revoked && !ours) { Ok(None) } else { Err(error.into()) }
    }

    async fn give_back(&self, token: &SecretString) {
        let Some(credentials) = &self.provider.credentials else { return };
        let answer = connectors::revoke(
            &self.provider.http,
            &self.provider.endpoints,
            credentials,
            Revocable::Refresh(token),
        )
        .await;
        if let Err(error) = answer {
            tracing::warn!(connection_id = %self.connection_id, %error, "a refresh that came after the end was not revoked");
        }
    }
}

/// An answer as it is stored.
struct Sealed {
    access: Vec<u8>,
    refresh: Vec<u8>,
    expires_at: DateTime<Utc>,
    api_base: String,
    granted_scopes: Option<Vec<String>>,
}

/// What became of an answer.
enum Kept {
    Stored,
    /// Another lease went on; the answer is in the attempt's row.
    Fenced,
    /// The connection was ended meanwhile.
    Ended,
}
