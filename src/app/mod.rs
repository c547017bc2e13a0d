//! Builds everything from `Config`; the only room that knows all rooms. One file per command.

mod audit;
mod bench;
mod demo;
mod keys;
mod sandbox;
mod service;

use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::{
    cache::Cache,
    clock::Clock,
    config::{Config, ConfigError, MasterKeys as KeySource},
    db::{Db, DbError, StartError},
    flows::{self, Hub, SealError, SharedHub},
    http,
    vault::{MasterKeys, Vault},
};

pub use audit::verify_audit;
pub use bench::bench;
pub use demo::demo;
pub use keys::{keys_status, new_key, rotate_keys};
pub use sandbox::sandbox;
pub use service::{doctor, migrate, serve, work};

/// Prints the `OpenAPI` document.
pub fn openapi() -> anyhow::Result<()> {
    say(&http::openapi_document())
}

/// Everything that serving and working need, checked: database, master keys, Redis.
async fn hub(config: Config, connections: u32) -> anyhow::Result<SharedHub> {
    let url = config.database_url.clone().context("DATABASE_URL is not set.")?;
    let options = url.expose_secret().parse().map_err(|_| {
        ConfigError::one("DATABASE_URL is not a PostgreSQL address, such as postgres://tandem_login:...@host/tandem.")
    })?;
    let vault = vault(&config)?;
    let cache = match &config.redis_url {
        Some(url) => Cache::connect(url.expose_secret())?,
        None => Cache::in_process(),
    };
    let db = Db::start(options, connections).await?;
    flows::keys::check(&db, &vault).await.map_err(|error| match error {
        // The file does not belong to this database: as wrong as a missing one.
        SealError::Vault(error) => ConfigError::one(format!("{error}.")).into(),
        SealError::Db(error) => anyhow::Error::from(error),
    })?;
    Ok(Arc::new(Hub::new(config, db, cache, vault, Clock::system())?))
}

/// The same for a service, with what a crash left in the spool stored: a database that is away is
/// waited for, since it comes back by itself and whoever starts services may give up on one that
/// ends. `None` when it is told to stop meanwhile.
async fn hub_at_last(
    config: Config,
    connections: u32,
    stopping: &CancellationToken,
) -> anyhow::Result<Option<SharedHub>> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(500);
    loop {
        let error = match ready(config.clone(), connections).await {
            Ok(hub) => return Ok(Some(hub)),
            Err(error) => error,
        };
        let waited = begun.elapsed();
        if !is_passing(&error) || waited >= config.database_patience {
            return Err(error);
        }
        tracing::warn!(
            waited_s = waited.as_secs(),
            patience_s = config.database_patience.as_secs(),
            "waiting for the database: {error:#}"
        );
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return Ok(None),
        }
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn ready(config: Config, connections: u32) -> anyhow::Result<SharedHub> {
    let hub = hub(config, connections).await?;
    flows::recover_spooled(&hub).await?;
    Ok(hub)
}

fn is_passing(error: &anyhow::Error) -> bool {
    let start = error.downcast_ref::<StartError>().is_some_and(StartError::is_passing);
    start || error.downcast_ref::<DbError>().is_some_and(DbError::is_passing)
}

/// Lets refreshes that are under way store what they get, then leaves the database.
async fn close(hub: &SharedHub) {
    hub.refreshing.settled().await;
    hub.db.close().await;
}

fn vault(config: &Config) -> anyhow::Result<Vault> {
    let lines = match &config.master_keys {
        Some(KeySource::File(path)) => std::fs::read_to_string(path).map_err(|error| {
            ConfigError::one(format!(
                "the master key file {} cannot be read: {error}.",
                path.display()
            ))
        })?,
        Some(KeySource::Inline(lines)) => lines.expose_secret().to_owned(),
        None => String::new(),
    };
    let lines = zeroize::Zeroizing::new(lines);
    Ok(Vault::new(
        MasterKeys::parse(&lines).map_err(|error| ConfigError::one(format!("{error}.")))?,
    ))
}

/// Cancelled by Ctrl-C or SIGTERM.
#[expect(clippy::disallowed_methods, reason = "waits for a signal, and holds nothing of anybody")]
fn stopping() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.cancel();
    });
    Ok(token)
}

/// What a command answers; the log goes elsewhere.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
