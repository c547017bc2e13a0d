//! A stand-in CRM, a hub that knows it, and the way of a browser through the consent page.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tandem::{
    cache::Cache,
    config::{Config, Environment, ProviderCredentials},
    connectors,
    db::Db,
    domain::ConnectionId,
    flows::{ConnectionTokens, Hub, Provider, Providers, SharedHub, SingleFlight},
    policy::Plan,
    sandbox::{Sandbox, SandboxConfig},
    vault,
};
use tokio::net::TcpListener;
use url::Url;

use crate::harness::{Answer, Browser, Company, TestHub};

pub(crate) fn slug() -> &'static str {
    connectors::all()[0].manifest().slug
}

/// The companies of the stand-in that tests connect.
pub(crate) const NORDWIND: u64 = 7_001;
pub(crate) const ALPEN: u64 = 7_002;

pub(crate) struct Crm {
    sandbox: Sandbox,
    config: SandboxConfig,
    http: reqwest::Client,
}

impl Crm {
    pub(crate) async fn start() -> Self {
        Self::with(SandboxConfig::of_size(60, 7)).await
    }

    pub(crate) async fn with(config: SandboxConfig) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let sandbox = Sandbox::start(slug(), listener, config.clone()).await.unwrap();
        Self { sandbox, config, http: reqwest::Client::builder().build().unwrap() }
    }

    pub(crate) fn url(&self) -> Url {
        self.sandbox.url.parse().unwrap()
    }

    /// Sends consent, tokens and data of a hub here.
    pub(crate) fn offer(&self, config: &mut Config) {
        config.offer_sandbox(slug(), self.credentials(), &self.url());
    }

    /// The same for consent and tokens; the API's hosts are judged as in production.
    pub(crate) fn offer_with_real_hosts(&self, config: &mut Config) {
        let upper = slug().to_uppercase();
        let variables = [
            ("TANDEM_DATA_DIR".to_owned(), config.data_dir.to_string_lossy().into_owned()),
            (format!("{upper}_CLIENT_ID"), self.config.client_id.clone()),
            (format!("{upper}_CLIENT_SECRET"), self.config.client_secret.clone()),
            (format!("TANDEM_CRM_{upper}_OAUTH_URL"), self.sandbox.url.clone()),
        ];
        let public_url = config.public_url.take();
        *config = Config::read(Environment::Development, &variables.into()).unwrap();
        config.public_url = public_url;
    }

    pub(crate) fn credentials(&self) -> ProviderCredentials {
        ProviderCredentials {
            client_id: self.config.client_id.clone(),
            client_secret: self.config.client_secret.clone().into(),
        }
    }

    /// A call of the control plane.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/__sandbox{path}", self.sandbox.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {:?}", answer.text().await);
        answer.json().await.unwrap()
    }

    /// A question to the control plane.
    pub(crate) async fn control_get(&self, path: &str) -> Value {
        let url = format!("{}/__sandbox{path}", self.sandbox.url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The next token request takes that long.
    pub(crate) async fn slow_token(&self, ms: u64) {
        let fault = json!({ "kind": "slow_ms", "path": "/oauth/token", "ms": ms });
        self.control("/faults", fault).await;
    }

    pub(crate) async fn counters(&self) -> Value {
        self.control_get("/counters").await
    }

    /// Token calls of a kind: a grant type, `revoke` or `refused`.
    pub(crate) async fn tokens(&self, kind: &str) -> u64 {
        self.counters().await["tokens"][kind].as_u64().unwrap_or(0)
    }

    /// Calls of the API, not of the authorization server.
    pub(crate) async fn api_calls(&self) -> u64 {
        let counters = self.counters().await;
        let requests = counters["requests"].as_object().unwrap().clone();
        requests
            .iter()
            .filter(|(route, _)| !route.contains("/oauth/"))
            .map(|(_, count)| count.as_u64().unwrap())
            .sum()
    }

    /// What the person at the consent page does with the address we sent them to: the path and
    /// query that the CRM sends them back to.
    pub(crate) async fn consent(&self, authorize: &str, decision: &str, company: u64) -> String {
        let asked = Url::parse(authorize).unwrap();
        let mut form: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
        form.push(("decision".into(), decision.into()));
        form.push(("company".into(), company.to_string()));
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client.post(asked.clone()).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 302, "{:?}", answer.text().await);
        let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        format!("{}?{}", back.path(), back.query().unwrap())
    }
}

/// A hub, a CRM and a company that may connect it.
pub(crate) struct Rig {
    pub(crate) crm: Crm,
    pub(crate) hub: TestHub,
    pub(crate) acme: Company,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::of(Crm::start().await).await
    }

    pub(crate) async fn of(crm: Crm) -> Self {
        Self::with(crm, |_| ()).await
    }

    pub(crate) async fn with(crm: Crm, change: impl FnOnce(&mut Config)) -> Self {
        let hub = TestHub::with(|config| {
            crm.offer(config);
            change(config);
        })
        .await;
        let acme = hub.company(Plan::Business).await;
        Self { crm, hub, acme }
    }

    /// The same with a connection.
    pub(crate) async fn connected() -> Self {
        let rig = Self::new().await;
        rig.connect(NORDWIND).await;
        rig
    }

    /// Presses the button; the address of the consent page.
    pub(crate) async fn begin(&self, browser: &Browser) -> String {
        let answer = browser.get(&format!("/api/integrations/{}/connect", slug())).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        answer.header("location").to_owned()
    }

    /// The whole way of the owner; panics unless it ends connected.
    pub(crate) async fn connect(&self, company: u64) -> ConnectionId {
        let browser = &self.acme.owner.browser;
        let page = self.begin(browser).await;
        let back = self.crm.consent(&page, "allow", company).await;
        let answer = browser.get(&back).await;
        assert_eq!(landed(&answer), connected_page());
        self.connection_id().await
    }

    pub(crate) async fn connection_id(&self) -> ConnectionId {
        ConnectionId::from_uuid(self.hub.value("select connection_id from connection").await)
    }

    pub(crate) async fn state(&self) -> String {
        self.hub.value("select state from connection").await
    }

    /// As `GET /api/integrations/status` shows the connection.
    pub(crate) async fn status(&self) -> Value {
        let status = self.acme.owner.browser.get("/api/integrations/status").await.expect(200);
        status["providers"][0]["connection"].clone()
    }

    pub(crate) async fn sync(&self, mode: &str) -> Answer {
        let path = format!("/api/integrations/{}/sync", slug());
        self.acme.owner.browser.post(&path, json!({ "mode": mode })).await
    }

    pub(crate) async fn run(&self, run_id: &Value) -> Value {
        let path = format!("/api/sync-logs/{}", run_id.as_str().unwrap());
        self.acme.owner.browser.get(&path).await.expect(200)
    }

    pub(crate) fn provider(&self) -> Provider {
        self.hub.hub.providers.get(slug()).unwrap().clone()
    }

    pub(crate) async fn tokens(&self) -> ConnectionTokens {
        self.tokens_of(&self.hub.hub).await
    }

    /// The tokens as another process sees them.
    pub(crate) async fn tokens_of(&self, hub: &SharedHub) -> ConnectionTokens {
        let provider = hub.providers.get(slug()).unwrap().clone();
        ConnectionTokens::new(Arc::clone(hub), self.acme.id, self.connection_id().await, provider)
    }

    /// A second process on the same database.
    pub(crate) async fn process(&self) -> SharedHub {
        self.process_with(|config| self.crm.offer(config)).await
    }

    pub(crate) async fn process_with(&self, change: impl FnOnce(&mut Config)) -> SharedHub {
        let mut config = Config::for_tests(&self.hub.hub.config.data_dir);
        config.public_url = self.hub.hub.config.public_url.clone();
        change(&mut config);
        Arc::new(Hub {
            db: Db::connect(self.hub.database.login(), 12).await.unwrap(),
            cache: Cache::with_clock(Arc::new(self.hub.clock.clone())),
            refreshing: SingleFlight::default(),
            rooms: connectors::Rooms::default(),
            instance: "another".to_owned(),
            providers: Providers::from_config(&config).unwrap(),
            config: Arc::new(config),
            ..(*self.hub.hub).clone()
        })
    }

    /// What only the vault may open.
    pub(crate) async fn refresh_token(&self) -> String {
        let sealed = self.hub.value("select refresh_token from connection").await;
        self.opened(sealed, "connection.refresh_token").await
    }

    pub(crate) async fn access_token(&self) -> String {
        let sealed = self.hub.value("select access_token from connection").await;
        self.opened(sealed, "connection.access_token").await
    }

    async fn opened(&self, sealed: Vec<u8>, column: &'static str) -> String {
        let generation: i64 = self.hub.value("select token_gen from connection").await;
        let mut tx = self.hub.tenant(&self.acme).await;
        let dek = vault::key_of(&sealed).unwrap();
        let wrapped = tandem::db::tokens::data_key(&mut tx, dek).await.unwrap().unwrap();
        let key = self.hub.hub.vault.open_data_key(self.acme.id, &wrapped).unwrap();
        let place = vault::Place {
            connection_id: self.connection_id().await,
            provider: slug(),
            column,
            generation,
        };
        key.open(place, &sealed).unwrap().expose_secret().to_owned()
    }

    /// Makes the stored access token one that has expired here and there.
    pub(crate) async fn expire(&self) {
        self.crm.control("/tokens/expire", json!({})).await;
        self.owner("update connection set token_expires_at = now() - interval '1 min'").await;
    }

    /// A statement as the owner of the database.
    pub(crate) async fn owner(&self, sql: &'static str) -> u64 {
        sqlx::query(sql).execute(&self.hub.owner).await.unwrap().rows_affected()
    }
}

/// Where a callback sent the browser.
pub(crate) fn landed(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").to_owned()
}

pub(crate) fn connected_page() -> String {
    format!("/contacts/{0}?integration={0}&status=connected", slug())
}

pub(crate) fn error_page(reason: &str) -> String {
    format!("/integrations?integration={}&status=error&reason={reason}", slug())
}

pub(crate) fn state_of(authorize: &str) -> String {
    let url = Url::parse(authorize).unwrap();
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

/// A callback as somebody could forge it.
pub(crate) fn callback(query: &str) -> String {
    format!("/api/integrations/{}/callback?{query}", slug())
}
