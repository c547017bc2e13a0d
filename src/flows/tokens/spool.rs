//! A refreshed token on its way into the database, sealed, on a volume: a crash in that moment would
//! otherwise lose the only copy of a rotated token, and the customer had to connect again.
//!
//! Whoever shares the volume stores what a dead neighbour left: at its start, and before it asks
//! for a token of the same connection itself.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    connectors::CrmError,
    db::{self, DbError},
    domain::{CompanyId, ConnectionId},
    flows::{Hub, SharedHub},
};

use super::{
    ground::Kept,
    stored::{Answer, Stored},
};

/// An answer as it waits. Nothing in it opens without the vault.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    company_id: Uuid,
    connection_id: Uuid,
    /// Files of a version that did not write it are of the only provider there was.
    #[serde(default)]
    provider: String,
    generation: i64,
    pub(super) lease: i64,
    access_token: String,
    refresh_token: String,
    #[serde(default)]
    orphan: String,
    expires_at: DateTime<Utc>,
    api_base: String,
    granted_scopes: Option<Vec<String>>,
    #[serde(default)]
    spent: Vec<i64>,
    #[serde(default)]
    revives: bool,
}

impl Waiting {
    pub(super) fn of(store: &Stored, answer: &Answer) -> Self {
        Self {
            company_id: store.company_id.uuid(),
            connection_id: store.connection_id.uuid(),
            provider: store.provider.slug().to_owned(),
            generation: answer.seen,
            lease: answer.lease,
            access_token: BASE64.encode(&answer.access),
            refresh_token: BASE64.encode(&answer.refresh),
            orphan: BASE64.encode(&answer.orphan),
            expires_at: answer.expires_at,
            api_base: answer.api_base.clone(),
            granted_scopes: answer.granted_scopes.clone(),
            spent: answer.spent.clone(),
            revives: answer.revives,
        }
    }

    /// Whether it was asked for with this generation's token.
    pub(super) fn answers(&self, generation: i64) -> bool {
        self.generation == generation
    }

    fn answer(&self) -> Option<Answer> {
        Some(Answer {
            seen: self.generation,
            lease: self.lease,
            access: BASE64.decode(&self.access_token).ok()?,
            refresh: BASE64.decode(&self.refresh_token).ok()?,
            orphan: BASE64.decode(&self.orphan).ok()?,
            expires_at: self.expires_at,
            api_base: self.api_base.clone(),
            granted_scopes: self.granted_scopes.clone(),
            spent: self.spent.clone(),
            revives: self.revives,
        })
    }
}

fn name(connection_id: Uuid, lease: i64) -> String {
    format!("{connection_id}-{lease}.json")
}

/// Writes an answer down before it is stored, if there is a volume for it.
pub(super) fn put(hub: &Hub, waiting: &Waiting) {
    let Some(folder) = &hub.config.spool_dir else { return };
    if let Err(error) = write(folder, waiting) {
        // The answer is still in memory, and storing it is all that counts.
        tracing::error!(%error, "the spool of refreshed tokens cannot be written");
    }
}

/// The file goes when its answer is stored.
pub(super) fn forget(hub: &Hub, connection_id: ConnectionId, lease: i64) {
    let Some(folder) = &hub.config.spool_dir else { return };
    match fs::remove_file(folder.join(name(connection_id.uuid(), lease))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "a stored token stays in the spool; the next start clears it");
        }
        _ => {}
    }
}

/// A file is whole or not there: neighbours read while we write.
fn write(folder: &Path, waiting: &Waiting) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(name(waiting.connection_id, waiting.lease));
    let half = path.with_extension("half");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&half)?;
    file.write_all(&serde_json::to_vec(waiting).map_err(io::Error::other)?)?;
    file.sync_all()?;
    fs::rename(&half, &path)?;
    fs::File::open(folder)?.sync_all()
}

fn files(hub: &Hub) -> Vec<PathBuf> {
    let Some(folder) = &hub.config.spool_dir else { return Vec::new() };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

fn read(path: &Path) -> Option<Waiting> {
    fs::read(path).ok().and_then(|raw| serde_json::from_slice(&raw).ok())
}

/// What waits for this connection.
pub(super) fn left_for(
    hub: &Hub,
    company_id: CompanyId,
    connection_id: ConnectionId,
) -> Vec<Waiting> {
    let prefix = format!("{connection_id}-");
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_suffix(".json").is_some_and(|name| name.starts_with(&prefix))
    };
    let mut found: Vec<Waiting> =
        files(hub).into_iter().filter(ours).filter_map(|path| read(&path)).collect();
    found.retain(|waiting| {
        (waiting.company_id, waiting.connection_id) == (company_id.uuid(), connection_id.uuid())
    });
    found.sort_by_key(|waiting| waiting.lease);
    found
}

/// Stores one of them and clears it away.
pub(super) async fn store(store: &Stored, waiting: &Waiting) -> Result<Option<Kept>, DbError> {
    let kept = match waiting.answer() {
        Some(answer) => Some(store.put_away(&answer).await?),
        None => None,
    };
    if kept == Some(Kept::Stored) {
        tracing::warn!(connection_id = %waiting.connection_id, "a token was saved from the spool");
    }
    forget(&store.hub, store.connection_id, waiting.lease);
    Ok(kept)
}

/// Stores what a crash left in the spool. Returns how many answers were saved.
pub async fn recover(hub: &SharedHub) -> Result<usize, DbError> {
    let files = files(hub);
    if files.is_empty() {
        return Ok(0);
    }
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    let mut saved = 0;
    for path in files {
        let Some(waiting) = read(&path) else {
            // Half a file: the crash came while it was written.
            tracing::error!(
                "a file of the token spool cannot be read; it is left for you to look at"
            );
            continue;
        };
        let company = companies.iter().find(|company| company.uuid() == waiting.company_id);
        let provider = match &*waiting.provider {
            "" => hub.providers.all().next(),
            slug => hub.providers.get(slug),
        };
        if let (Some(company_id), Some(provider)) = (company, provider) {
            let owner = Stored {
                hub: Arc::clone(hub),
                company_id: *company_id,
                connection_id: ConnectionId::from_uuid(waiting.connection_id),
                provider: provider.clone(),
            };
            match store(&owner, &waiting).await? {
                Some(Kept::Stored) => saved += 1,
                // Declared dead while this lay here: it may be what the provider waits for.
                Some(Kept::Late) => saved += usize::from(rescued(&owner, &waiting).await),
                _ => {}
            }
        }
        // Also what belongs to nobody any more, and a whole file that was not yet named so.
        fs::remove_file(path).ok();
    }
    Ok(saved)
}

async fn rescued(owner: &Stored, waiting: &Waiting) -> bool {
    match owner.tokens().rescue(waiting.generation).await {
        Ok(done) => done,
        Err(CrmError::Revoked) => false,
        Err(error) => {
            tracing::warn!(connection_id = %waiting.connection_id, %error, "a late answer was not tried");
            false
        }
    }
}
