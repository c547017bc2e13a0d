//! A refreshed token on its way into the database, sealed, on a volume: a crash in that moment would
//! otherwise lose the only copy of a rotated token, and the customer had to connect again.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    db::{self, DbError, Scope, tokens::Refreshed},
    domain::{CompanyId, ConnectionId},
    flows::Hub,
};

/// An answer as it waits. Nothing in it opens without the vault.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) company_id: Uuid,
    pub(super) connection_id: Uuid,
    pub(super) generation: i64,
    pub(super) lease: i64,
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) api_base: String,
    pub(super) granted_scopes: Option<Vec<String>>,
}

/// A file that goes when its answer is stored.
#[derive(Debug)]
pub(super) struct Spooled(Option<PathBuf>);

impl Spooled {
    pub(super) fn forget(self) {
        if let Some(Err(error)) = self.0.map(fs::remove_file) {
            tracing::warn!(%error, "a stored token stays in the spool; the next start clears it");
        }
    }
}

/// Writes an answer down before it is stored, if there is a volume for it.
pub(super) fn put(hub: &Hub, waiting: &Waiting) -> Spooled {
    let Some(folder) = &hub.config.spool_dir else { return Spooled(None) };
    match write(folder, waiting) {
        Ok(path) => Spooled(Some(path)),
        Err(error) => {
            // The answer is still in memory, and storing it is all that counts.
            tracing::error!(%error, "the spool of refreshed tokens cannot be written");
            Spooled(None)
        }
    }
}

pub(super) fn encoded(sealed: &[u8]) -> String {
    BASE64.encode(sealed)
}

fn write(folder: &Path, waiting: &Waiting) -> io::Result<PathBuf> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{}-{}.json", waiting.connection_id, waiting.lease));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(&serde_json::to_vec(waiting).map_err(io::Error::other)?)?;
    file.sync_all()?;
    fs::File::open(folder)?.sync_all()?;
    Ok(path)
}

/// Stores what a crash left in the spool. Returns how many answers were saved.
pub async fn recover(hub: &Hub) -> Result<usize, DbError> {
    let Some(folder) = &hub.config.spool_dir else { return Ok(0) };
    let Ok(entries) = fs::read_dir(folder) else { return Ok(0) };
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    if files.is_empty() {
        return Ok(0);
    }
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    let mut saved = 0;
    for path in files {
        let read = fs::read(&path).ok();
        let Some(waiting) = read.and_then(|raw| serde_json::from_slice::<Waiting>(&raw).ok())
        else {
            // Half a file: the crash came while it was written.
            tracing::error!(
                "a file of the token spool cannot be read; it is left for you to look at"
            );
            continue;
        };
        let company = companies.iter().find(|company| company.uuid() == waiting.company_id);
        if let Some(company_id) = company
            && store(hub, *company_id, &waiting).await?
        {
            tracing::warn!(connection_id = %waiting.connection_id, "a token was saved from the spool");
            saved += 1;
        }
        Spooled(Some(path)).forget();
    }
    Ok(saved)
}

async fn store(hub: &Hub, company_id: CompanyId, waiting: &Waiting) -> Result<bool, DbError> {
    let (Ok(access), Ok(refresh)) =
        (BASE64.decode(&waiting.access_token), BASE64.decode(&waiting.refresh_token))
    else {
        return Ok(false);
    };
    let id = ConnectionId::from_uuid(waiting.connection_id);
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let new = Refreshed {
        access_token: &access,
        refresh_token: &refresh,
        expires_at: waiting.expires_at,
        api_base: &waiting.api_base,
        granted_scopes: waiting.granted_scopes.as_deref(),
    };
    let row = db::tokens::sealed(&mut tx, id).await?;
    let stored = db::tokens::store(&mut tx, id, waiting.generation, waiting.lease, &new).await?;
    // Already stored, or the connection has ended: nothing is kept twice or too long.
    let is_late = row.is_none_or(|row| {
        row.state == "disconnected" || row.refresh_token.as_ref() == Some(&refresh)
    });
    let (outcome, orphan) = match (stored, is_late) {
        (true, _) => ("stored", None),
        (false, true) => return Ok(false),
        (false, false) => ("fenced", Some(&*refresh)),
    };
    db::tokens::end_attempt(&mut tx, id, waiting.lease, outcome, orphan).await?;
    tx.commit().await?;
    Ok(stored)
}
