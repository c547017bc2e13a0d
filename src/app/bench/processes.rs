//! The other processes of a measurement: the stand-in CRM, and the worker that is measured.

use std::{path::Path, process::Stdio};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use super::{cpu, ground::Ground};
use crate::{config::ProviderCredentials, sandbox::SandboxConfig};

/// This program again, with an environment of its own: nothing of the caller's reaches it.
fn program(words: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words).env_clear().env("TANDEM_ENV", "development").kill_on_drop(true);
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

    /// A consent, without the page that a person would click on.
    pub(super) async fn code(&self) -> anyhow::Result<SecretString> {
        let answer = self.ask("/__sandbox/code", &json!({})).await?;
        Ok(answer["code"].as_str().context("the stand-in gave no code")?.into())
    }

    /// Asks the control plane. HTTP by hand: it is a stand-in on this machine, not a stranger.
    async fn ask(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let host = self.url.host_str().context("the stand-in has no host")?;
        let port = self.url.port().context("the stand-in has no port")?;
        let body = body.to_string();
        let mut stream = TcpStream::connect((host, port)).await?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the stand-in hung up")?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "the stand-in refused {path}: {body}");
        Ok(serde_json::from_str(body)?)
    }
}

/// `tandem work`: what is measured.
pub(super) struct Worker {
    process: Child,
    pid: u32,
}

impl Worker {
    pub(super) fn start(
        ground: &Ground,
        crm: &Crm,
        keys: &Path,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let slug = crm.slug.to_uppercase();
        let app = Crm::app();
        let process = program(&["work"])?
            .env("DATABASE_URL", ground.url.expose_secret())
            .env("TANDEM_PUBLIC_URL", ground.hub.public_url().as_str())
            .env("TANDEM_MASTER_KEYS_FILE", keys)
            .env("TANDEM_DATA_DIR", folder)
            .env("TANDEM_LOG", "warn")
            .env(format!("{slug}_CLIENT_ID"), app.client_id)
            .env(format!("{slug}_CLIENT_SECRET"), app.client_secret.expose_secret())
            .env(format!("TANDEM_CRM_{slug}_OAUTH_URL"), crm.url.as_str())
            .env(format!("TANDEM_CRM_{slug}_API_URL"), crm.url.as_str())
            .stdout(Stdio::null())
            .spawn()?;
        let pid = process.id().context("the worker ended at once")?;
        Ok(Self { process, pid })
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    pub(super) fn peak_rss_mb(&self) -> anyhow::Result<f64> {
        cpu::peak_rss_mb(self.pid)
    }

    /// It has nothing to do, so it may be ended at once.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }
}
