//! One refresh: take the right, ask, store. Only the holder of the newest lease stores its answer,
//! and only it may say that a connection is dead.
//!
//! An answer that comes too late is newer than the token it was asked with, so the next attempt
//! tries it first: an orphan rescues its connection when it is the newest grant.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{
    connectors::{AccessToken, CrmError, Grant, OAuthError},
    db::DbError,
    flows::reconnect,
};

use super::{
    ground::{
        Begun, Candidate, End, Kept, Machine, Reach, Standing, TokenProvider, TokenStore, Trouble,
    },
    protocol::Tokens,
};

impl<S: TokenStore, P: TokenProvider, M: Machine> Tokens<S, P, M> {
    /// Refreshes generation `seen`; `None` while another process does, or when it has.
    pub(super) async fn refresh(
        &self,
        seen: i64,
        reach: Reach,
    ) -> Result<Option<AccessToken>, Trouble> {
        // A neighbour on the same volume may have died with the answer in its hand; asking while it
        // lies there would use a token twice.
        self.store.recover().await?;
        self.reach(seen, reach).await
    }

    /// Tries late answers of a connection that a refresh has declared dead.
    pub async fn rescue(&self, seen: i64) -> Result<bool, Trouble> {
        Ok(self.refresh(seen, Reach::Dead).await?.is_some())
    }

    async fn reach(&self, seen: i64, reach: Reach) -> Result<Option<AccessToken>, Trouble> {
        if !self.provider.is_configured() {
            return Err(CrmError::Misconfigured.into());
        }
        let asked_for = self.machine.steady();
        let Some(begun) = self.store.begin(seen, reach).await? else { return Ok(None) };
        tracing::info!(
            connection_id = %self.connection_id, generation = seen, lease = begun.lease,
            "refreshing an access token"
        );
        let mut dead = Vec::new();
        let mut last = OAuthError::InvalidGrant;
        for candidate in &begun.candidates {
            self.machine.reached("tokens.asking").await;
            if self.machine.steady().saturating_sub(asked_for) > self.times.patience {
                // The machine slept: somebody else may have asked by now, or be about to.
                last = OAuthError::Down { what: "the right to ask ran out" };
                break;
            }
            // A neighbour that slept through its lease may have written its answer down since we
            // looked into the spool: whoever asks next has it stored before.
            if self.store.is_answered(&begun).await {
                last = OAuthError::Down { what: "another process has the answer" };
                break;
            }
            match self.provider.refresh(&candidate.token, &begun.api_base).await {
                Ok(grant) => return self.keep(&begun, candidate, grant).await,
                Err(OAuthError::InvalidGrant) => dead.extend(candidate.orphan),
                Err(error) => {
                    last = error;
                    break;
                }
            }
        }
        self.refuse(&begun, dead, last).await
    }

    /// Stores the answer, however long the database takes to come back.
    async fn keep(
        &self,
        begun: &Begun<S::Sealer>,
        sent: &Candidate,
        grant: Grant,
    ) -> Result<Option<AccessToken>, Trouble> {
        self.machine.reached("tokens.answered").await;
        let answer = self.store.seal(begun, &grant, &sent.token)?;
        self.store.spool(&answer).await;
        self.machine.reached("tokens.spooled").await;
        let kept = self.store_at_last(&answer).await?;
        self.machine.reached("tokens.unspooling").await;
        self.store.unspool(&answer).await;
        match kept {
            Kept::Stored => {
                let api_base = grant.api_domain.unwrap_or_else(|| begun.api_base.clone());
                let (secret, generation) = (grant.access_token, begun.seen + 1);
                Ok(Some(AccessToken { secret, generation, api_base }))
            }
            Kept::Fenced => {
                self.overtaken(begun);
                Ok(None)
            }
            Kept::Late => {
                self.overtaken(begun);
                Box::pin(self.reach(begun.seen, Reach::Dead)).await
            }
            Kept::Ended => {
                let token = grant.refresh_token.as_ref().unwrap_or(&sent.token);
                self.provider.give_back(token, &begun.api_base).await;
                Err(CrmError::Revoked.into())
            }
        }
    }

    fn overtaken(&self, begun: &Begun<S::Sealer>) {
        tracing::error!(
            connection_id = %self.connection_id, lease = begun.lease,
            "a refresh was overtaken; its answer is kept, sealed, and tried next"
        );
    }

    async fn store_at_last(&self, answer: &S::Answer) -> Result<Kept, DbError> {
        let until = self.machine.steady() + self.times.carry;
        let mut pause = Duration::from_millis(200);
        loop {
            match self.store.store(answer).await {
                Err(error) if error.is_passing() && self.machine.steady() < until => {
                    tracing::warn!(connection_id = %self.connection_id, %error, "a refreshed token waits for the database");
                    self.machine.sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                other => return other,
            }
        }
    }

    async fn refuse(
        &self,
        begun: &Begun<S::Sealer>,
        orphans: Vec<i64>,
        error: OAuthError,
    ) -> Result<Option<AccessToken>, Trouble> {
        let (end, error) = match error {
            OAuthError::InvalidGrant => {
                let reason = reason(begun.missed);
                (End::Dead { orphans, reason }, CrmError::Revoked)
            }
            // Ours to repair: no connection dies of it.
            OAuthError::InvalidClient => (End::Ours, CrmError::Misconfigured),
            OAuthError::ForbiddenHost { .. } => (End::Ours, CrmError::ForbiddenHost),
            OAuthError::Throttled { .. } => (End::Unknown, error.into()),
            _ => (
                End::Unknown,
                CrmError::Down { what: "it did not renew the token", status: None, wait: None },
            ),
        };
        match self.store.refuse(begun, &end).await? {
            Standing::Moved => Ok(None),
            // Overtaken: it was a race, not a revocation, or whoever holds the lease will find out.
            Standing::Overtaken if matches!(error, CrmError::Revoked) => Ok(None),
            _ => Err(error.into()),
        }
    }
}

/// Why a connection needs a new consent, truthfully: if we lost an answer, we say so.
fn reason(missed: Option<DateTime<Utc>>) -> String {
    match missed {
        None => reconnect::REVOKED.to_owned(),
        Some(at) => reconnect::lost(at),
    }
}
