//! Data keys, replaced while everything runs: a new one seals at once, what the old one sealed is
//! sealed again behind the readers' backs, and the old one retires when nothing needs it.
//!
//! There is no cache of open keys: every reader looks its key up by the id in the value's header, in
//! the transaction that read the value, so no process has to be told.

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use serde::Serialize;

use crate::{
    db::{self, Scope, TenantTx, rotation, rotation::Stale},
    domain::CompanyId,
    flows::{Hub, SealError, tokens},
    vault::{self, DataKey, Place, VaultError},
};

/// Companies at a time: enough to keep one database busy, few enough to leave it to the others.
const AT_ONCE: usize = 4;
/// A refresh that comes in between wins, and its value may be the old key's again.
const TRIES: usize = 20;

/// How far a rotation of data keys has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Replaced {
    pub companies: u64,
    pub of: u64,
    /// New keys.
    pub keys: u64,
    /// Values that were sealed again.
    pub sealed: u64,
    /// Exchanges that a refresh was faster than, and that were tried again.
    pub overtaken: u64,
    pub retired: u64,
    /// Keys that were retired 30 days ago.
    pub destroyed: u64,
    /// Companies whose rotation failed; the rotation stays open and goes on at the next call.
    pub failed: u64,
}

/// Replaces the data key of every company that has one; goes on where a stopped rotation was.
pub async fn replace(hub: &Hub, progress: &mut dyn FnMut(Replaced)) -> Result<Replaced, SealError> {
    let mut tx = hub.db.door().await?;
    let began = rotation::begin(&mut tx).await?;
    tx.commit().await?;
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    let mut done = Replaced { of: companies.len() as u64, ..Replaced::default() };
    let mut working = stream::iter(companies)
        .map(|company_id| async move { (company_id, one(hub, company_id, began).await) })
        .buffer_unordered(AT_ONCE);
    while let Some((company_id, outcome)) = working.next().await {
        match outcome {
            Ok(part) => done.add(part),
            Err(error) => {
                // One company's trouble is not the next one's.
                tracing::error!(%company_id, %error, "a company's data key was not replaced");
                done.failed += 1;
            }
        }
        done.companies += 1;
        progress(done);
    }
    drop(working);
    if done.failed == 0 {
        let mut tx = hub.db.door().await?;
        rotation::finish(&mut tx, began).await?;
        tx.commit().await?;
    }
    Ok(done)
}

impl Replaced {
    fn add(&mut self, part: Self) {
        self.keys += part.keys;
        self.sealed += part.sealed;
        self.overtaken += part.overtaken;
        self.retired += part.retired;
        self.destroyed += part.destroyed;
    }
}

async fn one(
    hub: &Hub,
    company_id: CompanyId,
    began: DateTime<Utc>,
) -> Result<Replaced, SealError> {
    let mut part = Replaced::default();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    if rotation::is_due(&mut tx, began).await? {
        let key = hub.vault.new_data_key(company_id)?;
        part.keys += u64::from(rotation::replace(&mut tx, &key, began).await?);
    }
    // From here on everybody seals with the new one.
    tx.commit().await?;
    for _ in 0..TRIES {
        let (sealed, overtaken) = seal_again(hub, company_id).await?;
        part.sealed += sealed;
        part.overtaken += overtaken;
        if overtaken == 0 {
            break;
        }
    }
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    part.retired = rotation::retire(&mut tx).await?;
    part.destroyed = rotation::destroy(&mut tx).await?;
    tx.commit().await?;
    Ok(part)
}

/// Seals what is under older keys with the active one: `(done, overtaken)`.
async fn seal_again(hub: &Hub, company_id: CompanyId) -> Result<(u64, u64), SealError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let Some(active) = db::tokens::active_key(&mut tx).await? else { return Ok((0, 0)) };
    let key = hub.vault.open_data_key(company_id, &active)?;
    let (mut done, mut overtaken) = (0, 0);
    for stale in rotation::stale_tokens(&mut tx, active.dek_id).await? {
        let access = again(hub, &mut tx, &key, &stale, tokens::ACCESS).await?;
        let refresh = again(hub, &mut tx, &key, &stale, tokens::REFRESH).await?;
        let values = u64::from(access.is_some()) + u64::from(refresh.is_some());
        if rotation::swap_tokens(&mut tx, &stale, access.as_deref(), refresh.as_deref()).await? {
            done += values;
        } else {
            overtaken += 1;
        }
    }
    for stale in rotation::stale_orphans(&mut tx, active.dek_id).await? {
        let place = Place {
            connection_id: stale.connection_id,
            provider: &stale.provider,
            column: tokens::ORPHAN,
            generation: stale.lease_gen,
        };
        let sealed = reseal(hub, &mut tx, &key, place, &stale.orphan).await?;
        if rotation::swap_orphan(&mut tx, &stale, &sealed).await? {
            done += 1;
        } else {
            overtaken += 1;
        }
    }
    tx.commit().await?;
    Ok((done, overtaken))
}

async fn again(
    hub: &Hub,
    tx: &mut TenantTx,
    key: &DataKey,
    stale: &Stale,
    column: &'static str,
) -> Result<Option<Vec<u8>>, SealError> {
    let value = if column == tokens::ACCESS { &stale.access_token } else { &stale.refresh_token };
    let Some(value) = value else { return Ok(None) };
    let place = Place {
        connection_id: stale.connection_id,
        provider: &stale.provider,
        column,
        generation: stale.token_gen,
    };
    Ok(Some(reseal(hub, tx, key, place, value).await?))
}

async fn reseal(
    hub: &Hub,
    tx: &mut TenantTx,
    key: &DataKey,
    place: Place<'_>,
    sealed: &[u8],
) -> Result<Vec<u8>, SealError> {
    let dek_id = vault::key_of(sealed).ok_or(VaultError::Refused)?;
    let wrapped = db::tokens::data_key(tx, dek_id).await?.ok_or(VaultError::Refused)?;
    let old = hub.vault.open_data_key(tx.company_id(), &wrapped)?;
    Ok(key.seal_again(&old, place, sealed)?)
}
