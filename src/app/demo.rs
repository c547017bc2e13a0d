//! `tandem demo`: the whole product in one process, with sandbox CRMs and no credentials.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;

use crate::{
    app,
    command_line::DemoArgs,
    config::{BILLER_PATIENCE, BillerConfig, Config, MasterKeys as KeySource, ProviderCredentials},
    connectors, db,
    embedded::{self, PrivatePostgres},
    flows::{self, demo as cast},
    http, jobs,
    sandbox::{Sandbox, SandboxConfig, StripeSandbox},
    vault::MasterKeys,
};

const CONNECTIONS: u32 = 24;
const JOBS: usize = 4;
const KEYS: &str = "master.keys";

/// Runs the demo until Ctrl-C; its data stays for the next time.
pub async fn demo(config: Config, args: DemoArgs) -> anyhow::Result<()> {
    if args.reset {
        return reset(&config.data_dir).await;
    }
    // The port first: finding it taken should take no time and leave nothing running.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = http::listen(address).await?;
    let port = listener.local_addr()?.port();
    let stopping = app::stopping()?;
    fs::create_dir_all(&config.data_dir)?;
    let postgres = PrivatePostgres::start(&config.data_dir.join("postgres"), true).await?;

    let served = serve(config, &args, listener, port, &postgres, &stopping).await;
    stopping.cancel();
    let stopped = postgres.stop().await;
    served?;
    Ok(stopped?)
}

async fn serve(
    mut config: Config,
    args: &DemoArgs,
    listener: TcpListener,
    port: u16,
    postgres: &PrivatePostgres,
    stopping: &tokio_util::sync::CancellationToken,
) -> anyhow::Result<()> {
    let sandboxes = sandboxes(&mut config, args, port).await?;
    let stripe = if args.stripe { Some(stripe(&mut config, port).await?) } else { None };
    config.public_url = Some(format!("http://localhost:{port}").parse()?);
    config.listen.set_port(port);
    config.spool_dir.get_or_insert_with(|| config.data_dir.join("spool"));
    config.master_keys = Some(KeySource::File(master_keys(&config.data_dir)?));
    config.database_url = Some(database(postgres).await?.into());

    let url = format!("http://localhost:{port}");
    let hub = app::hub(config, CONNECTIONS).await?;
    flows::recover_spooled(&hub).await?;
    cast::populate(&hub).await?;
    crate::telemetry::recorder();
    let answering =
        http::serve(listener, http::app(Arc::clone(&hub), stopping.clone()), stopping.clone());
    let working = jobs::run(Arc::clone(&hub), JOBS, stopping.clone());
    let paid_at = stripe.as_ref().map(|stripe| stripe.url.as_str());
    app::say(&if args.json {
        line(&url, &sandboxes, paid_at)
    } else {
        words(&url, &sandboxes, paid_at)
    })?;
    let (answered, ()) = tokio::join!(answering, working);
    app::close(&hub).await;
    for sandbox in sandboxes.into_iter().map(|(_, sandbox)| sandbox).chain(stripe) {
        sandbox.stop().await;
    }
    Ok(answered?)
}

/// Forgets what earlier runs kept; nothing else in the folder is touched.
async fn reset(data_dir: &Path) -> anyhow::Result<()> {
    embedded::erase(&data_dir.join("postgres")).await?;
    let gone = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    gone(fs::remove_dir_all(data_dir.join("mail")))?;
    gone(fs::remove_dir_all(data_dir.join("spool")))?;
    gone(fs::remove_file(data_dir.join(KEYS)))?;
    for connector in connectors::all() {
        gone(fs::remove_file(data_dir.join(format!("{}.port", connector.manifest().slug))))?;
    }
    Ok(())
}

type Sandboxes = Vec<(&'static str, Sandbox)>;

/// Starts a stand-in for every CRM, on the port it had last time: connections made with it keep
/// working.
async fn sandboxes(
    config: &mut Config,
    args: &DemoArgs,
    app_port: u16,
) -> anyhow::Result<Sandboxes> {
    let mut running = Vec::new();
    for connector in connectors::all() {
        let manifest = connector.manifest();
        let slug = manifest.slug;
        let note = config.data_dir.join(format!("{slug}.port"));
        let before: Option<u16> =
            fs::read_to_string(&note).ok().and_then(|port| port.trim().parse().ok());
        let listener = match before {
            Some(port) => {
                TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
                    format!(
                        "port {port} of the {} sandbox is taken by another program",
                        manifest.name
                    )
                })?
            }
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        fs::write(&note, listener.local_addr()?.port().to_string())?;
        let callback = format!("http://localhost:{app_port}/api/integrations/{slug}/callback");
        let crm = SandboxConfig {
            redirect_uri: Some(callback),
            webhook: Some(format!("http://localhost:{app_port}/api/webhooks/{slug}")),
            ..SandboxConfig::of_size(args.persons, args.seed)
        };
        let credentials = ProviderCredentials {
            client_id: crm.client_id.clone(),
            client_secret: crm.client_secret.clone().into(),
        };
        let sandbox = Sandbox::start(slug, listener, crm).await?;
        config.offer_sandbox(slug, credentials, &sandbox.url.parse()?);
        running.push((slug, sandbox));
    }
    Ok(running)
}

/// Starts a stand-in of Stripe, and has plans paid for there, as in production: keys, webhooks and all.
async fn stripe(config: &mut Config, app_port: u16) -> anyhow::Result<Sandbox> {
    let there = StripeSandbox {
        webhook: Some(format!("http://localhost:{app_port}/api/webhooks/stripe")),
        ..StripeSandbox::default()
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let prices = there.prices.iter().map(|(id, plan)| (plan.to_lowercase(), vec![id.clone()]));
    let ours = BillerConfig {
        secret_key: there.secret_key.clone().into(),
        webhook_secret: there.webhook_secret.clone().into(),
        prices: prices.collect(),
        api_url: None,
        patience: BILLER_PATIENCE,
    };
    let sandbox = Sandbox::start_stripe(listener, there)?;
    config.biller = Some(BillerConfig { api_url: Some(sandbox.url.parse()?), ..ours });
    Ok(sandbox)
}

/// The demo's own master key, made at its first start.
fn master_keys(data_dir: &Path) -> anyhow::Result<std::path::PathBuf> {
    let path = data_dir.join(KEYS);
    if !path.exists() {
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(MasterKeys::fresh_line("demo").as_bytes())?;
        file.sync_all()?;
    }
    Ok(path)
}

/// Makes and migrates the database; the address of its login role.
async fn database(postgres: &PrivatePostgres) -> anyhow::Result<String> {
    db::create_database(postgres.url("postgres").parse()?, "tandem").await?;
    let owner: PgConnectOptions = postgres.url("tandem").parse()?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    db::migrate(owner, Some(&password)).await?;
    let mut url: url::Url = postgres.url("tandem").parse()?;
    url.set_username("tandem_login").ok();
    url.set_password(Some(&password)).ok();
    Ok(url.into())
}

fn line(url: &str, sandboxes: &Sandboxes, stripe: Option<&str>) -> String {
    let crms: serde_json::Map<String, Value> = sandboxes
        .iter()
        .map(|(slug, crm)| ((*slug).to_owned(), Value::from(crm.url.as_str())))
        .collect();
    let members: Vec<Value> = cast::members()
        .into_iter()
        .map(|member| {
            json!({
                "email": member.email,
                "password": cast::PASSWORD,
                "role": member.role.word(),
                "company": member.company,
                "plan": member.plan.word(),
            })
        })
        .collect();
    let first = sandboxes.first().map(|(slug, _)| slug);
    json!({
        "url": url,
        "provider": first,
        "sandboxes": crms,
        "stripe": stripe,
        "members": members,
    })
    .to_string()
}

fn words(url: &str, sandboxes: &Sandboxes, stripe: Option<&str>) -> String {
    let mut text =
        format!("\n  Tandem is ready: {url}\n\n  Sign in (password for all: {})\n", cast::PASSWORD);
    for member in cast::members() {
        let (plan, role) = (member.plan.word(), member.role.word());
        let _ = writeln!(text, "    {:<34} {role:<14} {} ({plan})", member.email, member.company);
    }
    for (slug, crm) in sandboxes {
        let _ = writeln!(text, "\n  Sandbox {slug}: {}", crm.url);
    }
    if let Some(stripe) = stripe {
        let _ = writeln!(text, "  Sandbox stripe: {stripe}");
    }
    let _ = writeln!(
        text,
        "  Mail lands on {url}/dev/mailbox. Ctrl-C stops everything; data is kept.\n"
    );
    text
}
