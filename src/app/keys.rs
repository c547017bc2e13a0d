//! `tandem keys`: master and data keys of the token vault.

use crate::{app, command_line::RotateArgs, config::Config, flows, vault::MasterKeys};

/// Prints a new master key as a line of the file; its id is the day.
pub fn new_key() -> anyhow::Result<()> {
    let id = crate::clock::Clock::system().now().format("%Y-%m-%d").to_string();
    app::say(&MasterKeys::fresh_line(&id))
}

/// Master keys: wraps every company's data key with the first line of the file. Data keys: gives
/// every company a new one and seals its tokens again. Everything runs meanwhile; progress goes to
/// the log, the result is one line of JSON.
pub async fn rotate_keys(config: Config, args: RotateArgs) -> anyhow::Result<()> {
    config.check_service()?;
    let hub = app::hub(config, 6).await?;
    let mut result = serde_json::Map::new();
    if args.master || !args.data {
        let mut told = Told::default();
        let done = flows::keys::rotate(&hub, &mut |done| {
            if told.is_time(done.companies as u64) {
                tracing::info!(
                    companies = done.companies,
                    of = done.of,
                    keys = done.keys,
                    "rotating master keys"
                );
            }
        })
        .await?;
        result.insert("under".to_owned(), hub.vault.masters().active().into());
        result.insert("master".to_owned(), serde_json::to_value(done)?);
    }
    let mut failed = 0;
    if args.data {
        let mut told = Told::default();
        let done = flows::keys::replace(&hub, &mut |done| {
            if told.is_time(done.companies) {
                tracing::info!(
                    companies = done.companies,
                    of = done.of,
                    sealed = done.sealed,
                    "replacing data keys"
                );
            }
        })
        .await?;
        failed = done.failed;
        result.insert("data".to_owned(), serde_json::to_value(done)?);
    }
    hub.db.close().await;
    app::say(&serde_json::Value::Object(result).to_string())?;
    anyhow::ensure!(
        failed == 0,
        "{failed} companies were left out; the log says why. Run it again."
    );
    Ok(())
}

/// How things stand, as JSON.
pub async fn keys_status(config: Config) -> anyhow::Result<()> {
    config.check_service()?;
    let hub = app::hub(config, 2).await?;
    let status = flows::keys::status(&hub).await?;
    hub.db.close().await;
    app::say(&serde_json::to_string(&status)?)
}

/// A line of progress for every 500 companies.
#[derive(Default)]
struct Told(u64);

impl Told {
    fn is_time(&mut self, companies: u64) -> bool {
        let due = companies >= self.0 + 500;
        if due {
            self.0 = companies;
        }
        due
    }
}
