//! Stand-in CRMs over real HTTP, and one for Stripe; shares no code with `connectors` and `outside`.
//!
//! A room of strangers: what a stand-in knows about its CRM comes from the vendor's
//! documentation, never from our connector, so that a misreading on one side shows.
//!
//! ```text
//! let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
//! let crm = Sandbox::start("pipedrive", listener, SandboxConfig::default()).await?;
//! // crm.url answers like the CRM; crm.url + "/__sandbox/..." is the control plane
//! ```

use std::time::Duration;

use anyhow::Context as _;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

mod accept;
mod hubspot;
mod pipedrive;
mod salesforce;
mod stage;
mod stripe;
mod zoho;

pub use stripe::StripeSandbox;

/// How much a stand-in holds and how it behaves from the start.
///
/// The control plane changes most of it while it runs.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Living persons of the main company; deleted and merged ones come on top.
    pub persons: u32,
    pub organizations: u32,
    pub deals: u32,
    /// The same seed and sizes give the same data, byte for byte.
    pub seed: u64,
    /// Added to every answer.
    pub latency: Duration,
    pub client_id: String,
    pub client_secret: String,
    /// Scopes of the registered app, as the vendor's developer page would hold them.
    pub scopes: String,
    /// The one registered callback; `None` accepts any http(s) address.
    pub redirect_uri: Option<String>,
    /// Life of an access token, in seconds.
    pub expires_in: u32,
    /// Requests per rolling two seconds and token.
    pub burst: u32,
    /// Search requests per rolling two seconds and token.
    pub search_burst: u32,
    /// Tokens per day and company.
    pub daily: u64,
    /// What the token answer calls the API's address; `None` is the stand-in's own.
    pub api_domain: Option<String>,
    /// Where the app is told of changes, at CRMs that have one address for all its accounts.
    pub webhook: Option<String>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            persons: 20_000,
            organizations: 4_000,
            deals: 10_000,
            seed: 1,
            latency: Duration::ZERO,
            client_id: "sandbox-client".into(),
            client_secret: "sandbox-secret".into(),
            scopes: "base,contacts:full,deals:full,activities:full,users:read,webhooks:full,\
                     contact-fields:full"
                .into(),
            redirect_uri: None,
            expires_in: 3_599,
            // A Growth account of ten seats: 160 requests per 2 s, 30,000 x 2 x 10 tokens a day.
            burst: 160,
            search_burst: 10,
            daily: 600_000,
            api_domain: None,
            webhook: None,
        }
    }
}

impl SandboxConfig {
    /// As dirty and as connected as the default, with that many living persons.
    pub fn of_size(persons: u32, seed: u64) -> Self {
        let organizations = persons.div_ceil(5);
        Self { persons, organizations, deals: persons.div_ceil(2), seed, ..Self::default() }
    }
}

/// A running stand-in; dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts the stand-in of a provider on a listener that is already bound.
    #[expect(clippy::unused_async, reason = "starting may have to wait one day; callers await it")]
    pub async fn start(
        provider: &str,
        listener: TcpListener,
        config: SandboxConfig,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr().context("the listener has no address")?;
        let url = format!("http://{address}");
        let stop = CancellationToken::new();
        let cuts = accept::Cuts::default();
        match provider {
            "hubspot" => {
                let routes = hubspot::routes(config, cuts.clone());
                let serve = accept::serve(listener, routes, cuts, stop.clone())?;
                Ok(Self::run(url, stop, serve))
            }
            "pipedrive" => {
                let routes = pipedrive::routes(&url, config, cuts.clone());
                let serve = accept::serve(listener, routes, cuts, stop.clone())?;
                Ok(Self::run(url, stop, serve))
            }
            "salesforce" => {
                let routes = salesforce::routes(&url, config, cuts.clone());
                let serve = accept::serve(listener, routes, cuts, stop.clone())?;
                Ok(Self::run(url, stop, serve))
            }
            "zoho" => {
                let routes = zoho::routes(&url, config, cuts.clone());
                let serve = accept::serve(listener, routes, cuts, stop.clone())?;
                Ok(Self::run(url, stop, serve))
            }
            "stripe" => Self::start_stripe(listener, StripeSandbox::default()),
            other => anyhow::bail!("there is no sandbox for `{other}`"),
        }
    }

    /// Starts the stand-in of Stripe, who takes the money, on a listener that is already bound.
    pub fn start_stripe(listener: TcpListener, config: StripeSandbox) -> anyhow::Result<Self> {
        let address = listener.local_addr().context("the listener has no address")?;
        let url = format!("http://{address}");
        let stop = CancellationToken::new();
        let routes = stripe::routes(&url, config);
        let serve = accept::serve(listener, routes, accept::Cuts::default(), stop.clone())?;
        Ok(Self::run(url, stop, serve))
    }

    fn run(
        url: String,
        stop: CancellationToken,
        serve: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "a stand-in is a development server; nothing of ours is lost with it"
        )]
        let task = tokio::spawn(serve);
        Self { url, stop, task: Some(task) }
    }

    /// Stops answering and closes every connection.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // A panic of the server was already printed where it happened.
            let _ = task.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Runs a stand-in by itself until the process is told to stop.
///
/// `ready` receives the address once it answers (port 0 picks a free one).
pub async fn run_until_stopped(
    provider: &str,
    port: u16,
    config: SandboxConfig,
    ready: impl FnOnce(&str),
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("port {port} of 127.0.0.1 is taken"))?;
    let sandbox = Sandbox::start(provider, listener, config).await?;
    ready(&sandbox.url);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        signal = tokio::signal::ctrl_c() => signal?,
        _ = terminate.recv() => {}
    }
    sandbox.stop().await;
    Ok(())
}
