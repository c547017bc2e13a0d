//! Does a request once, however often its caller sends it (`Idempotency-Key`).
//!
//! A request is claimed before the work. Its answer is written in the transaction of its effect, so
//! both are there or neither is; work that is more than one transaction keeps its answer afterwards
//! and can be done again without harm. What fails leaves nothing behind: the caller corrects it and
//! uses the key again. A claim whose process died is taken over when its lease ends, and fences the
//! first should it wake up.

use async_trait::async_trait;
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    db::{self, DbError, Scope, TenantTx, idempotency::Name},
    domain::{CompanyId, ConnectionId},
    flows::{Hub, SealError, tokens::data_key},
    vault::{self, DataKey, Place},
};

/// How long an answer is kept at least.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// Longer than any request takes: a statement may take a minute, a CRM half of one.
const LEASE: TimeDelta = TimeDelta::minutes(2);
const COLUMN: &str = "idempotency_key.answer";

/// What was answered, to be said again.
pub struct Answer {
    pub status: u16,
    pub body: Option<SecretString>,
}

/// What is to be done with a request that came with a key.
pub enum Verdict {
    /// The work, by the holder of this.
    Do(Claim),
    /// Nothing: this was the answer.
    Say(Answer),
    /// Nothing: it was done, but its answer can no longer be opened.
    Lost,
    /// Wait: the first one is under way.
    Busy,
    /// Refuse: the key came with another request.
    Another,
}

/// The right to do a request and to answer it.
pub struct Claim {
    company_id: CompanyId,
    name: Name,
    attempt: Uuid,
    key: DataKey,
}

/// Decides what becomes of a request; `caller` is a member or an API key.
pub async fn claim(
    hub: &Hub,
    company_id: CompanyId,
    caller: Uuid,
    (operation, key): (&str, &str),
    request_hash: &[u8; 32],
) -> Result<Verdict, SealError> {
    let name = Name {
        caller,
        // To be read by people; the hash holds the whole of it.
        operation: operation.chars().take(100).collect(),
        key_hash: Sha256::digest(format!("{operation}\n{key}")).into(),
    };
    let claim_id = Uuid::now_v7();
    let times = (hub.clock.now(), LEASE, KEPT);
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    if db::idempotency::claim(&mut tx, &name, request_hash, claim_id, times).await? {
        let key = data_key(hub, &mut tx).await?;
        tx.commit().await?;
        return Ok(Verdict::Do(Claim { company_id, name, attempt: claim_id, key }));
    }
    let Some(known) = db::idempotency::find(&mut tx, &name).await? else {
        // Released between the two statements.
        return Ok(Verdict::Busy);
    };
    if known.request_hash != request_hash {
        return Ok(Verdict::Another);
    }
    let Some(status) = known.status.and_then(|status| u16::try_from(status).ok()) else {
        return Ok(Verdict::Busy);
    };
    let Some(sealed) = known.answer else {
        return Ok(Verdict::Say(Answer { status, body: None }));
    };
    let opened = open(hub, &mut tx, known.claim_id, &sealed).await?;
    Ok(opened.map_or(Verdict::Lost, |body| Verdict::Say(Answer { status, body: Some(body) })))
}

/// `None` when the data key is gone, which outlives every answer unless the company was shredded.
async fn open(
    hub: &Hub,
    tx: &mut TenantTx,
    attempt: Uuid,
    sealed: &[u8],
) -> Result<Option<SecretString>, DbError> {
    let Some(dek_id) = vault::key_of(sealed) else { return Ok(None) };
    let Some(wrapped) = db::tokens::data_key(tx, dek_id).await? else { return Ok(None) };
    let key = hub.vault.open_data_key(tx.company_id(), &wrapped);
    Ok(key.and_then(|key| key.open(place(attempt), sealed)).ok())
}

/// An answer opens for the claim it was given to and nowhere else.
fn place(claim_id: Uuid) -> Place<'static> {
    Place {
        connection_id: ConnectionId::from_uuid(claim_id),
        provider: "",
        column: COLUMN,
        generation: 0,
    }
}

impl Claim {
    /// Keeps the answer as part of `tx`. [`DbError::Fenced`] when another attempt took over.
    pub async fn keep(&self, tx: &mut TenantTx, answer: &Answer) -> Result<(), SealError> {
        let sealed = match &answer.body {
            Some(body) => Some(self.key.seal(place(self.attempt), body.expose_secret())?),
            None => None,
        };
        let status = i16::try_from(answer.status).unwrap_or(200);
        let answer = sealed.as_deref();
        Ok(db::idempotency::answer(tx, &self.name, self.attempt, status, answer).await?)
    }

    /// Keeps the answer of work that was more than one transaction.
    pub async fn settle(&self, hub: &Hub, answer: &Answer) -> Result<(), SealError> {
        let mut tx = hub.db.tenant(self.company_id, Scope::All).await?;
        self.keep(&mut tx, answer).await?;
        Ok(tx.commit().await?)
    }

    /// Nothing was done.
    pub async fn release(&self, hub: &Hub) -> Result<(), DbError> {
        let mut tx = hub.db.tenant(self.company_id, Scope::All).await?;
        db::idempotency::release(&mut tx, &self.name, self.attempt).await?;
        tx.commit().await
    }
}

/// Whoever is told of an effect in the effect's own transaction, just before it commits.
#[async_trait]
pub trait Witness<T>: Send {
    async fn see(&mut self, tx: &mut TenantTx, effect: &T) -> Result<(), SealError>;
}

/// Nobody has to be told.
#[async_trait]
impl<T: Sync> Witness<T> for () {
    async fn see(&mut self, _: &mut TenantTx, _: &T) -> Result<(), SealError> {
        Ok(())
    }
}

/// Forgets a company's old answers.
pub async fn sweep(hub: &Hub, company_id: CompanyId) -> Result<u64, DbError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let swept = db::idempotency::sweep(&mut tx, hub.clock.now() - KEPT).await?;
    tx.commit().await?;
    Ok(swept)
}
