//! A connection's tokens in Postgres, sealed under its company's data key.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{
    connectors::{AccessToken, ApiBase, CrmError, Grant},
    db::{
        self, DbError, Scope, TenantTx,
        tokens::{Lease, Refreshed, SealedTokens},
    },
    domain::{CompanyId, ConnectionId},
    failpoint,
    flows::{Provider, SharedHub, deliver, reconnect},
    vault::{self, DataKey, Place, VaultError},
};

use super::{
    ACCESS, ORPHAN, REFRESH, alive,
    ground::{Begun, Candidate, End, Kept, Reach, Seen, Standing, TokenStore, Trouble},
    protocol::{EARLY, Times},
    seal::data_key,
    spool::{self, Waiting},
};

/// More late answers than this are not tried in one attempt: each may take the provider's patience.
const MOST: usize = 3;

#[derive(Debug, Clone)]
pub struct Stored {
    pub(super) hub: SharedHub,
    pub(super) company_id: CompanyId,
    pub(super) connection_id: ConnectionId,
    pub(super) provider: Provider,
}

/// What sealing an answer takes, read before the provider is asked.
#[derive(Debug)]
pub struct Sealer {
    key: DataKey,
    /// The late answers that are being tried.
    orphans: Vec<i64>,
    reach: Reach,
}

/// An answer as it is stored.
#[derive(Debug)]
pub struct Answer {
    pub(super) seen: i64,
    pub(super) lease: i64,
    pub(super) access: Vec<u8>,
    pub(super) refresh: Vec<u8>,
    /// The refresh token once more, sealed for the place beside the attempt.
    pub(super) orphan: Vec<u8>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) api_base: String,
    pub(super) granted_scopes: Option<Vec<String>>,
    /// Late answers that this one was made with, or that it proves old.
    pub(super) spent: Vec<i64>,
    pub(super) revives: bool,
}

impl Stored {
    pub fn new(
        hub: SharedHub,
        company_id: CompanyId,
        connection_id: ConnectionId,
        provider: Provider,
    ) -> Self {
        Self { hub, company_id, connection_id, provider }
    }

    pub(super) fn times(&self) -> Times {
        Times::of(self.hub.config.refresh_lease)
    }

    fn base(&self, stored: &str) -> Result<ApiBase, CrmError> {
        // Judged again at each use: a row is not trusted more than an answer.
        self.provider.endpoints.api_base(stored).map_err(|_| CrmError::ForbiddenHost)
    }

    fn place(&self, column: &'static str, generation: i64) -> Place<'static> {
        let (connection_id, provider) = (self.connection_id, self.provider.slug());
        Place { connection_id, provider, column, generation }
    }

    pub(super) async fn open(
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

    /// Late answers, newest first, and when the first question stayed unanswered.
    async fn orphans(&self, tx: &mut TenantTx) -> Result<Vec<(i64, Candidate)>, Trouble> {
        let mut found = Vec::new();
        for orphan in db::tokens::orphans(tx, self.connection_id).await? {
            match self.open(tx, &orphan.sealed, ORPHAN, orphan.lease_gen).await {
                Ok(token) => {
                    let candidate = Candidate { token, orphan: Some(orphan.lease_gen) };
                    found.push((orphan.token_gen, candidate));
                }
                // It cannot help anybody, and would be looked at for ever.
                Err(Trouble::Crm(_)) => {
                    db::tokens::drop_orphans(tx, self.connection_id, &[orphan.lease_gen]).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// What may be the newest refresh token, in the order to try it. A late answer was made with
    /// this generation's token, so it is newer; late answers to older ones come last.
    async fn candidates(
        &self,
        tx: &mut TenantTx,
        row: &SealedTokens,
        reach: Reach,
    ) -> Result<Vec<Candidate>, Trouble> {
        let seen = row.token_gen;
        let (newer, older): (Vec<_>, Vec<_>) =
            self.orphans(tx).await?.into_iter().partition(|(generation, _)| *generation == seen);
        let mut candidates: Vec<Candidate> = newer.into_iter().map(|(_, token)| token).collect();
        if candidates.is_empty() && reach != Reach::Dead {
            let sealed = row.refresh_token.as_deref().ok_or(CrmError::Revoked)?;
            let token = self.open(tx, sealed, REFRESH, seen).await?;
            candidates.push(Candidate { token, orphan: None });
            candidates.extend(older.into_iter().map(|(_, token)| token));
        }
        candidates.truncate(MOST);
        Ok(candidates)
    }

    pub(super) async fn put_away(&self, answer: &Answer) -> Result<Kept, DbError> {
        let id = self.connection_id;
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let new = Refreshed {
            access_token: &answer.access,
            refresh_token: &answer.refresh,
            expires_at: answer.expires_at,
            api_base: &answer.api_base,
            granted_scopes: answer.granted_scopes.as_deref(),
            revives: answer.revives,
        };
        let stored = db::tokens::store(&mut tx, id, answer.seen, answer.lease, &new).await?;
        let kept = if stored {
            Kept::Stored
        } else {
            match db::tokens::sealed_for_update(&mut tx, id).await? {
                None => Kept::Ended,
                Some(row) if row.state == "disconnected" => Kept::Ended,
                // Somebody found it in the spool and was faster.
                Some(row) if row.refresh_token.as_ref() == Some(&answer.refresh) => {
                    return Ok(Kept::Stored);
                }
                Some(row) if row.state == "needs_reconnect" && row.token_gen == answer.seen => {
                    Kept::Late
                }
                Some(_) => Kept::Fenced,
            }
        };
        let (outcome, orphan) = match kept {
            Kept::Stored => ("stored", None),
            Kept::Fenced | Kept::Late => ("fenced", Some(&*answer.orphan)),
            // Disconnected meanwhile: nothing of it may stay.
            Kept::Ended => ("fenced", None),
        };
        db::tokens::end_attempt(&mut tx, id, answer.lease, outcome, orphan).await?;
        db::tokens::drop_orphans(&mut tx, id, &answer.spent).await?;
        if kept == Kept::Late {
            reconnect::try_later(&mut tx, id).await?;
        }
        if stored && answer.revives {
            let now = self.hub.clock.now();
            deliver::release(&mut tx, id, self.provider.slug(), now).await?;
            let (action, nothing) = ("connection.rescued", json!({}));
            db::audit::append(&mut tx, None, action, Some(id.uuid()), &nothing).await?;
        }
        failpoint::reach("tokens.stored");
        tx.commit().await?;
        failpoint::reach("tokens.store_committed");
        Ok(kept)
    }
}

impl TokenStore for Stored {
    type Sealer = Sealer;
    type Answer = Answer;

    async fn look(&self) -> Result<Seen, Trouble> {
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let row =
            db::tokens::sealed(&mut tx, self.connection_id).await?.ok_or(CrmError::Revoked)?;
        match row.state.as_str() {
            "active" => {}
            "paused" => {
                return Err(CrmError::Suspended { reason: "the connection is paused" }.into());
            }
            _ => return Err(CrmError::Revoked.into()),
        }
        let sealed = row.access_token.as_deref().ok_or(CrmError::Revoked)?;
        let secret = self.open(&mut tx, sealed, ACCESS, row.token_gen).await?;
        let (generation, api_base) = (row.token_gen, self.base(&row.api_base)?);
        Ok(Seen {
            token: AccessToken { secret, generation, api_base },
            expires_at: row.token_expires_at,
            unanswered: row.unanswered,
        })
    }

    async fn begin(&self, seen: i64, reach: Reach) -> Result<Option<Begun<Sealer>>, Trouble> {
        alive::announce(&self.hub);
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let lease = Lease {
            id: self.connection_id,
            token_gen: seen,
            holder: &self.hub.instance,
            lasts: self.times().lease,
            dead: reach == Reach::Dead,
        };
        let Some(leased) = db::tokens::lease(&mut tx, &lease).await? else { return Ok(None) };
        if reach == Reach::Unasked && leased.unanswered.is_some() {
            return Ok(None);
        }
        failpoint::reach("tokens.leased");
        let row = db::tokens::sealed(&mut tx, self.connection_id).await?;
        let row = row.ok_or(CrmError::Revoked)?;
        let candidates = self.candidates(&mut tx, &row, reach).await?;
        if candidates.is_empty() {
            return Ok(None);
        }
        let key = data_key(&self.hub, &mut tx).await?;
        let api_base = self.base(&row.api_base)?;
        tx.commit().await?;
        failpoint::reach("tokens.lease_committed");
        let orphans = candidates.iter().filter_map(|candidate| candidate.orphan).collect();
        Ok(Some(Begun {
            seen,
            lease: leased.lease_gen,
            candidates,
            api_base,
            missed: leased.missed,
            sealer: Sealer { key, orphans, reach },
        }))
    }

    fn seal(
        &self,
        begun: &Begun<Sealer>,
        grant: &Grant,
        sent: &SecretString,
    ) -> Result<Answer, Trouble> {
        // Providers that do not rotate send no refresh token, or the same one: keep what works.
        let refresh = grant.refresh_token.as_ref().unwrap_or(sent).expose_secret();
        let base = grant.api_domain.as_ref().unwrap_or(&begun.api_base).as_str();
        let (key, next) = (&begun.sealer.key, begun.seen + 1);
        Ok(Answer {
            seen: begun.seen,
            lease: begun.lease,
            access: key.seal(self.place(ACCESS, next), grant.access_token.expose_secret())?,
            refresh: key.seal(self.place(REFRESH, next), refresh)?,
            orphan: key.seal(self.place(ORPHAN, begun.lease), refresh)?,
            expires_at: self.hub.clock.now()
                + TimeDelta::from_std(grant.expires_in).unwrap_or(EARLY),
            api_base: self.base(base)?.as_str().to_owned(),
            granted_scopes: (!grant.scopes.is_empty()).then(|| grant.scopes.clone()),
            spent: begun.sealer.orphans.clone(),
            revives: begun.sealer.reach == Reach::Dead,
        })
    }

    async fn spool(&self, answer: &Answer) {
        spool::put(&self.hub, &Waiting::of(self, answer));
    }

    async fn unspool(&self, answer: &Answer) {
        spool::forget(&self.hub, self.connection_id, answer.lease);
    }

    async fn recover(&self) -> Result<(), DbError> {
        // Before the spool: what lies there by now was put there by the living or by these.
        let dead = alive::dead(&self.hub);
        for waiting in spool::left_for(&self.hub, self.company_id, self.connection_id) {
            spool::store(self, &waiting).await?;
        }
        if !dead.is_empty() {
            let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
            let on_its_way = self.times().answer;
            if db::tokens::release(&mut tx, self.connection_id, &dead, on_its_way).await? {
                tx.commit().await?;
                tracing::warn!(connection_id = %self.connection_id, "whoever refreshed this token has died");
            }
        }
        Ok(())
    }

    async fn is_answered(&self, begun: &Begun<Sealer>) -> bool {
        // A file that could not be removed has become a late answer, and stands in nobody's way.
        let tried = |lease: i64| begun.sealer.orphans.contains(&lease);
        spool::left_for(&self.hub, self.company_id, self.connection_id)
            .iter()
            .any(|waiting| waiting.answers(begun.seen) && !tried(waiting.lease))
    }

    async fn store(&self, answer: &Answer) -> Result<Kept, DbError> {
        self.put_away(answer).await
    }

    async fn refuse(&self, begun: &Begun<Sealer>, end: &End) -> Result<Standing, DbError> {
        let (id, lease) = (self.connection_id, begun.lease);
        let outcome = if *end == End::Unknown { "unknown" } else { "refused" };
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        // Locks the row while the lease is ours, so that no new consent comes in between.
        let ours = db::tokens::end_attempt(&mut tx, id, lease, outcome, None).await?;
        let row = db::tokens::sealed(&mut tx, id).await?;
        let standing = if row.is_none_or(|row| row.token_gen != begun.seen) {
            Standing::Moved
        } else if !ours {
            Standing::Overtaken
        } else if let End::Dead { orphans, reason } = end {
            db::tokens::drop_orphans(&mut tx, id, orphans).await?;
            if db::tokens::orphans(&mut tx, id).await?.is_empty() {
                reconnect::needed(&mut tx, id, reason, self.hub.clock.now()).await?;
                Standing::Ours
            } else {
                Standing::Overtaken
            }
        } else {
            Standing::Ours
        };
        failpoint::reach("tokens.refused");
        tx.commit().await?;
        Ok(standing)
    }
}
