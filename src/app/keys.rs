//! `tandem keys`: master keys of the token vault.

use crate::{app, config::Config, flows, vault::MasterKeys};

/// Prints a new master key as a line of the file; its id is the day.
pub fn new_key() -> anyhow::Result<()> {
    let id = crate::clock::Clock::system().now().format("%Y-%m-%d").to_string();
    app::say(&MasterKeys::fresh_line(&id))
}

/// Wraps every company's data key with the first master key of the file, while everything runs.
pub async fn rotate_keys(config: Config) -> anyhow::Result<()> {
    config.check_service()?;
    let hub = app::hub(config, 2).await?;
    let active = hub.vault.masters().active().to_owned();
    let mut told = 0;
    let done = flows::keys::rotate(&hub, &mut |so_far| {
        if so_far.companies >= told + 1_000 {
            told = so_far.companies;
            tracing::info!(companies = so_far.companies, keys = so_far.keys, "rotating");
        }
    })
    .await?;
    hub.db.close().await;
    app::say(&format!(
        "{} companies looked at, {} data keys wrapped with `{active}`, {} master keys retired.",
        done.companies, done.keys, done.retired,
    ))
}
