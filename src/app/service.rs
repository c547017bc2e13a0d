//! `tandem serve`, `work`, `migrate` and `doctor`: production, against what operators give it.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use sqlx::postgres::PgConnectOptions;

use crate::{
    app,
    config::{Config, ConfigError},
    db, failpoint,
    flows::SharedHub,
    http, jobs,
};

/// Connections to Postgres per process; 2 cores keep few of them busy.
const CONNECTIONS: u32 = 16;
/// Jobs that one worker process runs at once.
const JOBS: usize = 8;

/// Answers the web; with `TANDEM_SINGLE_PROCESS` it runs the jobs, too.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    config.check_service()?;
    arm(&config)?;
    let stopping = app::stopping()?;
    let Some(hub) = app::hub_at_last(config, CONNECTIONS, &stopping).await? else {
        return Ok(());
    };
    crate::telemetry::recorder();
    let listener = http::listen(hub.config.listen).await?;
    tracing::info!(address = %hub.config.listen, "serving");
    let worker =
        hub.config.single_process.then(|| jobs::run(Arc::clone(&hub), JOBS, stopping.clone()));
    let answering =
        http::serve(listener, http::app(Arc::clone(&hub), stopping.clone()), stopping.clone());
    let private = private_metrics(&hub, stopping.clone());
    match worker {
        Some(worker) => {
            let (served, (), measured) = tokio::join!(answering, worker, private);
            served.and(measured)?;
        }
        None => {
            let (served, measured) = tokio::join!(answering, private);
            served.and(measured)?;
        }
    }
    app::close(&hub).await;
    Ok(())
}

/// Runs jobs until it is told to stop.
pub async fn work(config: Config) -> anyhow::Result<()> {
    config.check_service()?;
    arm(&config)?;
    let stopping = app::stopping()?;
    let Some(hub) = app::hub_at_last(config, CONNECTIONS, &stopping).await? else {
        return Ok(());
    };
    crate::telemetry::recorder();
    tracing::info!("working");
    let ((), measured) = tokio::join!(
        jobs::run(Arc::clone(&hub), JOBS, stopping.clone()),
        private_metrics(&hub, stopping.clone()),
    );
    measured?;
    app::close(&hub).await;
    Ok(())
}

/// Tests of crashes say where this process dies.
fn arm(config: &Config) -> Result<(), ConfigError> {
    match &config.failpoint {
        Some(words) if cfg!(debug_assertions) && !failpoint::arm(words) => {
            Err(ConfigError::one("TANDEM_FAILPOINT names no failpoint: see src/failpoint.rs."))
        }
        Some(_) if !cfg!(debug_assertions) => {
            tracing::warn!("TANDEM_FAILPOINT is set; this build has no failpoints");
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A second address for figures, if one is configured.
async fn private_metrics(
    hub: &SharedHub,
    stopping: tokio_util::sync::CancellationToken,
) -> std::io::Result<()> {
    let Some(address) = hub.config.metrics_listen else { return Ok(()) };
    let listener = http::listen(address).await?;
    http::serve(listener, http::figures_alone(), stopping).await
}

/// Brings the database to this version, as its owner.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    let url = config.owner_database_url.as_ref().ok_or_else(|| {
        ConfigError::one(
            "TANDEM_OWNER_DATABASE_URL is not set: migrations run as the owner of the database.",
        )
    })?;
    let owner: PgConnectOptions = url
        .expose_secret()
        .parse()
        .map_err(|_| ConfigError::one("TANDEM_OWNER_DATABASE_URL is not a PostgreSQL address."))?;
    db::migrate(owner, None).await.context("the database was not migrated")?;
    app::say("The database is up to date.")
}

/// Checks what a start would refuse, and says it all in sentences.
pub async fn doctor(config: Config) -> anyhow::Result<()> {
    config.check_service()?;
    let hub = app::hub(config, 2).await?;
    let redis = tokio::time::timeout(Duration::from_secs(5), hub.cache.ping()).await;
    anyhow::ensure!(
        matches!(redis, Ok(Ok(()))),
        "Redis does not answer. Check REDIS_URL and that Redis is running."
    );
    let mut words =
        String::from("Database, roles, migrations, master keys and Redis are in order.\n");
    for provider in hub.providers.all() {
        let standing = match hub.config.provider_hint(provider.slug()) {
            Some(hint) => format!("{}: not offered. {hint}\n", provider.name()),
            None => format!("{}: offered.\n", provider.name()),
        };
        words.push_str(&standing);
    }
    words.push_str(match &hub.biller {
        Some(biller) if biller.stripe.is_live() => "Stripe: plans are sold, and money moves.\n",
        Some(_) => "Stripe: plans are sold in test mode; no money moves.\n",
        None => "Stripe: plans are not sold. Set STRIPE_SECRET_KEY to sell them.\n",
    });
    hub.db.close().await;
    app::say(&words)
}
