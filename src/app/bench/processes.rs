//! The other processes of a measurement: the stand-in CRM, and the worker and the web server that
//! are measured.

use std::{collections::BTreeMap, path::Path, process::Stdio, time::Duration};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::Instant,
};

use super::{ground::Ground, wire::Wire};
use crate::{config::ProviderCredentials, sandbox::SandboxConfig};

/// A start that takes longer is none.
const START: Duration = Duration::from_mins(1);

/// This program again, with an environment of its own: nothing of the caller's reaches it.
fn program(words: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words).env_clear().env("TANDEM_ENV", "development").kill_on_drop(true);
    // What is measured is asked for.
    command.env("TANDEM_WITHOUT_WEBHOOKS", "true").env("TANDEM_POLL_MINUTES", "0");
    command.stdin(Stdio::null());
    Ok(command)
}

/// A stand-in CRM in a process of its own.
pub(super) struct Crm {
    pub slug: &'static str,
    pub url: url::Url,
    _process: Child,
}

impl Crm {
    pub(super) async fn start(
        slug: &'static str,
        persons: u32,
        latency_ms: u64,
    ) -> anyhow::Result<Self> {
        let persons = persons.to_string();
        let mut process = program(&["sandbox", slug, "--json", "--persons", &persons])?
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().context("the stand-in has no output")?;
        BufReader::new(output).read_line(&mut line).await?;
        let ready: Value = serde_json::from_str(&line).context("the stand-in did not start")?;
        let url = ready["url"].as_str().context("the stand-in did not tell its address")?;
        let crm = Self { slug, url: url.parse()?, _process: process };
        crm.ask("/__sandbox/latency", &json!({ "ms": latency_ms })).await?;
        Ok(crm)
    }

    /// The app that is registered with it.
    pub(super) fn app() -> ProviderCredentials {
        let app = SandboxConfig::default();
        ProviderCredentials {
            client_id: app.client_id,
            client_secret: SecretString::from(app.client_secret),
        }
    }

    /// A consent, without the page that a person would click on; `challenge` is that page's (PKCE).
    pub(super) async fn code(&self, challenge: Option<&str>) -> anyhow::Result<SecretString> {
        let answer = self.ask("/__sandbox/code", &json!({ "code_challenge": challenge })).await?;
        Ok(answer["code"].as_str().context("the stand-in gave no code")?.into())
    }

    /// Changes so many of its people; another seed, others.
    pub(super) async fn change(&self, persons: u32, seed: u32) -> anyhow::Result<()> {
        let ask = json!({ "change": persons, "seed": seed });
        let done = self.ask("/__sandbox/persons/mutate", &ask).await?;
        let changed = done["changed"].as_array().map_or(0, Vec::len);
        anyhow::ensure!(changed > 0, "the stand-in changed nobody");
        Ok(())
    }

    /// Delays every answer.
    pub(super) async fn delay(&self, ms: u64) -> anyhow::Result<()> {
        self.ask("/__sandbox/latency", &json!({ "ms": ms })).await?;
        Ok(())
    }

    /// Lets go of every limit of the plan: rates that no real account would allow.
    pub(super) async fn lift_limits(&self) -> anyhow::Result<()> {
        let plan = json!({ "burst": 90_000, "search_burst": 90_000, "daily": 2_000_000_000_u64 });
        self.ask("/__sandbox/plan", &plan).await?;
        Ok(())
    }

    /// Its own record of what wanted a change, and of what was made.
    pub(super) async fn record(&self) -> anyhow::Result<(Value, Value)> {
        let writes = self.send("GET", "/__sandbox/truth/writes", None).await?;
        Ok((writes, self.send("GET", "/__sandbox/truth/outbound", None).await?))
    }

    /// What it was asked so far, and how long it worked on it.
    pub(super) async fn counted(&self) -> anyhow::Result<Counted> {
        let counters = self.send("GET", "/__sandbox/counters", None).await?;
        let routes = counters["requests"].as_object().context("the stand-in counts requests")?;
        let requests =
            routes.iter().map(|(route, count)| (route.clone(), count.as_u64().unwrap_or_default()));
        Ok(Counted {
            requests: requests.collect(),
            worked: counters["worked_seconds"].as_f64().context("the stand-in has a clock")?,
            bytes: counters["bytes"].as_u64().context("the stand-in counts bytes")?,
        })
    }

    async fn ask(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send("POST", path, Some(&body.to_string())).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<&str>) -> anyhow::Result<Value> {
        let mut wire = Wire::connect(&self.url).await?;
        let answer = wire.ask(method, path, &[], body).await?;
        anyhow::ensure!(answer.status == 200, "the stand-in refused {path}: {}", answer.status);
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

/// The stand-in's own record.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    /// By route, the control plane's left out.
    pub requests: BTreeMap<String, u64>,
    /// Seconds between requests and answers, without the latency that was asked for.
    worked: f64,
    /// Of its answers.
    bytes: u64,
}

impl Counted {
    pub(super) fn since(&self, before: &Self) -> Self {
        let requests = self.requests.iter().map(|(route, count)| {
            (route.clone(), count - before.requests.get(route).copied().unwrap_or_default())
        });
        Self {
            requests: requests.filter(|(_, count)| *count > 0).collect(),
            worked: self.worked - before.worked,
            bytes: self.bytes - before.bytes,
        }
    }

    pub(super) fn megabytes(&self) -> f64 {
        u32::try_from(self.bytes >> 10).map_or(f64::MAX, f64::from) / 1_024.0
    }

    pub(super) fn all(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Of one request, in seconds.
    pub(super) fn mean_seconds(&self) -> Option<f64> {
        let requests = u32::try_from(self.all()).ok().filter(|all| *all > 0)?;
        Some(self.worked / f64::from(requests))
    }
}

/// `tandem work` or `tandem serve`: what is measured.
pub(super) struct Service {
    process: Child,
    pid: u32,
}

/// What a service of the bench needs to know.
#[derive(Clone, Copy)]
pub(super) struct Orders<'a> {
    pub ground: &'a Ground,
    pub crm: &'a Crm,
    pub keys: &'a Path,
    pub folder: &'a Path,
    /// How often what the CRM allows may be asked; 1, unless its limits are lifted.
    pub beyond_limits: u32,
}

impl Service {
    pub(super) fn work(orders: Orders<'_>) -> anyhow::Result<Self> {
        Self::start("work", orders, "127.0.0.1:0")
    }

    /// Answers at the address when this returns.
    pub(super) async fn serve(orders: Orders<'_>) -> anyhow::Result<(Self, url::Url)> {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut service = Self::start("serve", orders, &free.to_string())?;
        let url: url::Url = format!("http://{free}").parse()?;
        let begun = Instant::now();
        loop {
            anyhow::ensure!(service.is_alive(), "the web server ended at once");
            anyhow::ensure!(begun.elapsed() < START, "the web server does not answer");
            if let Ok(mut wire) = Wire::connect(&url).await
                && wire.ask("GET", "/health/ready", &[], None).await?.status == 200
            {
                return Ok((service, url));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn start(
        word: &str,
        Orders { ground, crm, keys, folder, beyond_limits }: Orders<'_>,
        listen: &str,
    ) -> anyhow::Result<Self> {
        let slug = crm.slug.to_uppercase();
        let app = Crm::app();
        let process = program(&[word])?
            .env("DATABASE_URL", ground.url.expose_secret())
            .env("TANDEM_PUBLIC_URL", ground.hub.public_url().as_str())
            .env("TANDEM_LISTEN", listen)
            .env("TANDEM_MASTER_KEYS_FILE", keys)
            .env("TANDEM_DATA_DIR", folder)
            .env("TANDEM_LOG", "warn")
            // One member asks as often as a whole company does; more than this is refused.
            .env("TANDEM_RATE_LIMIT_FACTOR", "1000")
            .env("TANDEM_CRM_LIMIT_FACTOR", beyond_limits.to_string())
            .env(format!("{slug}_CLIENT_ID"), app.client_id)
            .env(format!("{slug}_CLIENT_SECRET"), app.client_secret.expose_secret())
            .env(format!("TANDEM_CRM_{slug}_OAUTH_URL"), crm.url.as_str())
            .env(format!("TANDEM_CRM_{slug}_API_URL"), crm.url.as_str())
            .stdout(Stdio::null())
            .spawn()?;
        let pid = process.id().context("the service ended at once")?;
        Ok(Self { process, pid })
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// It has nothing to do, so it may be ended at once.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }
}
