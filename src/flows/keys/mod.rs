//! Keys: master keys, checked at every start and rotated while everything runs; data keys, replaced
//! the same way.

mod data;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    db::{self, Scope, rotation},
    flows::{Hub, SealError, install, second_factor},
    vault::Vault,
};

/// Refuses a master key that this database was not sealed with, and remembers new ones.
pub async fn check(db: &db::Db, vault: &Vault) -> Result<(), SealError> {
    let mut tx = db.door().await?;
    let known = db::tokens::masters(&mut tx).await?;
    let loaded: Vec<&str> = vault.masters().ids().collect();
    for master in &known {
        // The line of a retired key may leave the file; while it is there, it must be the right one.
        if !master.retired || loaded.contains(&master.master_id.as_str()) {
            vault.check_canary(&master.master_id, &master.canary)?;
        }
    }
    for id in loaded {
        let known = known.iter().find(|master| master.master_id == id);
        if known.is_none_or(|master| master.retired && id == vault.masters().active()) {
            db::tokens::insert_master(&mut tx, id, &vault.canary(id)?).await?;
        }
    }
    Ok(tx.commit().await?)
}

pub use data::{Replaced, replace};

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rotated {
    pub companies: usize,
    pub of: usize,
    pub keys: usize,
    /// Installs that wait for somebody to confirm them.
    pub installations: usize,
    /// Secrets of people's authenticators.
    pub second_factors: usize,
    /// Master keys that nothing is sealed under any more.
    pub retired: usize,
}

/// Wraps every company's data keys with the first master key of the file. Tokens are not touched,
/// readers never wait, and a rotation that was stopped goes on where it was.
pub async fn rotate(hub: &Hub, progress: &mut dyn FnMut(Rotated)) -> Result<Rotated, SealError> {
    let active = hub.vault.masters().active().to_owned();
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    let mut done = Rotated { of: companies.len(), ..Rotated::default() };
    for company_id in companies {
        let mut tx = hub.db.tenant(company_id, Scope::All).await?;
        for key in db::tokens::keys_not_under(&mut tx, &active).await? {
            db::tokens::rewrap(&mut tx, &hub.vault.rewrap(company_id, &key)?).await?;
            done.keys += 1;
        }
        tx.commit().await?;
        done.companies += 1;
        progress(done);
    }
    // What waits at the door has no company and no data key.
    done.installations = install::reseal(hub).await?;
    // Nor has what belongs to a person.
    done.second_factors = second_factor::reseal(hub).await?;
    retire(hub, &active, &mut done).await?;
    progress(done);
    Ok(done)
}

/// A second look finds keys that a process with the old file made meanwhile; then nothing needs
/// the old master keys.
async fn retire(hub: &Hub, active: &str, done: &mut Rotated) -> Result<(), SealError> {
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    for company_id in companies {
        let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
        if rotation::is_any_key_not_under(&mut tx, active).await? {
            return Ok(());
        }
    }
    let mut tx = hub.db.door().await?;
    let waits = !db::installations::not_under(&mut tx, active).await?.is_empty();
    if waits || !db::second_factors::not_under(&mut tx, active).await?.is_empty() {
        return Ok(());
    }
    for master in db::tokens::masters(&mut tx).await? {
        if master.master_id != active && !master.retired {
            db::tokens::retire_master(&mut tx, &master.master_id).await?;
            done.retired += 1;
        }
    }
    Ok(tx.commit().await?)
}

/// How things stand with all keys.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The master key that wraps now.
    pub master: String,
    /// Master keys whose lines must stay in the file.
    pub masters_needed: Vec<String>,
    pub companies: usize,
    /// Since when a rotation of data keys is under way.
    pub rotating_since: Option<DateTime<Utc>>,
    pub data_keys: rotation::Standing,
}

pub async fn status(hub: &Hub) -> Result<Status, SealError> {
    let master = hub.vault.masters().active().to_owned();
    let mut tx = hub.db.door().await?;
    let rotating_since = rotation::open_since(&mut tx).await?;
    let known = db::tokens::masters(&mut tx).await?;
    drop(tx);
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    let mut all = rotation::Standing::default();
    for company_id in &companies {
        let mut tx = hub.db.tenant_reading(*company_id, Scope::All).await?;
        let one = rotation::standing(&mut tx, &master).await?;
        all.active += one.active;
        all.retiring += one.retiring;
        all.retired += one.retired;
        all.under_other_masters += one.under_other_masters;
        all.sealed += one.sealed;
        all.stale += one.stale;
    }
    Ok(Status {
        master,
        masters_needed: known
            .into_iter()
            .filter(|known| !known.retired)
            .map(|known| known.master_id)
            .collect(),
        companies: companies.len(),
        rotating_since,
        data_keys: all,
    })
}
