//! A stand-in, a grant from it, and a client for it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tandem::{
    cache::Cache,
    connectors::{
        self, AccessToken, Api, ApiBase, BudgetHandle, Caller, Connector, Credentials, CrmError,
        Endpoints, From, Grant, Http, Meter, OAuthError, TokenSource, missing_scopes,
    },
    domain::RemotePerson,
    sandbox::{Sandbox, SandboxConfig},
};
use tokio::net::TcpListener;
use url::Url;

use super::rig::connector;

pub(crate) struct Stage {
    pub(crate) connector: &'static dyn Connector,
    pub(crate) crm: Sandbox,
    pub(crate) endpoints: Endpoints,
    pub(crate) credentials: Credentials,
    pub(crate) http: Http,
    pub(crate) tokens: Arc<Refreshing>,
    pub(crate) budget: BudgetHandle,
    pub(crate) meter: Arc<Meter>,
    pub(crate) api: Api,
}

/// Refreshes for real.
pub(crate) struct Refreshing {
    pub(crate) endpoints: Endpoints,
    pub(crate) credentials: Credentials,
    pub(crate) http: Http,
    pub(crate) base: ApiBase,
    pub(crate) access: Mutex<SecretString>,
    pub(crate) refresh: Mutex<SecretString>,
    pub(crate) generation: AtomicI64,
    pub(crate) refreshes: AtomicU32,
}

#[async_trait]
impl TokenSource for Refreshing {
    async fn access_token(&self) -> Result<AccessToken, CrmError> {
        Ok(AccessToken {
            secret: self.access.lock().unwrap().clone(),
            generation: self.generation.load(SeqCst),
            api_base: self.base.clone(),
        })
    }

    async fn refused(&self, _: i64) -> Result<AccessToken, CrmError> {
        self.refreshes.fetch_add(1, SeqCst);
        let token = self.refresh.lock().unwrap().clone();
        let grant =
            connectors::refresh(&self.http, &self.endpoints, &self.credentials, &token).await?;
        *self.access.lock().unwrap() = grant.access_token;
        if let Some(newer) = grant.refresh_token {
            *self.refresh.lock().unwrap() = newer;
        }
        self.generation.fetch_add(1, SeqCst);
        self.access_token().await
    }
}

pub(crate) fn credentials() -> Credentials {
    Credentials { client_id: "sandbox-client".to_owned(), client_secret: "sandbox-secret".into() }
}

pub(crate) fn callback() -> Url {
    "http://localhost:9/callback".parse().unwrap()
}

pub(crate) fn small() -> SandboxConfig {
    SandboxConfig { persons: 1_200, organizations: 200, deals: 600, ..SandboxConfig::default() }
}

impl Stage {
    pub(crate) async fn new(config: SandboxConfig) -> Self {
        Self::patient(config, Duration::from_secs(20)).await
    }

    pub(crate) async fn patient(config: SandboxConfig, timeout: Duration) -> Self {
        Self::of(connector(), config, timeout).await
    }

    pub(crate) async fn of(
        connector: &'static dyn Connector,
        config: SandboxConfig,
        timeout: Duration,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let manifest = connector.manifest();
        let crm = Sandbox::start(manifest.slug, listener, config).await.unwrap();
        let url: Url = crm.url.parse().unwrap();
        let endpoints = Endpoints::overridden(manifest, Some(&url), Some(&url)).unwrap();
        let http = Http::with_timeout(true, timeout);
        let grant = grant(&crm, &endpoints, &http).await.unwrap();
        assert_eq!(missing_scopes(manifest, &grant.scopes), [""; 0]);
        let tokens = Arc::new(Refreshing {
            endpoints: endpoints.clone(),
            credentials: credentials(),
            http: http.clone(),
            base: grant.api_domain.unwrap_or_else(|| endpoints.default_api_base().clone()),
            access: Mutex::new(grant.access_token),
            refresh: Mutex::new(grant.refresh_token.unwrap()),
            generation: AtomicI64::new(1),
            refreshes: AtomicU32::new(0),
        });
        let budget = Cache::in_process().budget("connection", manifest.limits());
        let meter = Arc::new(Meter::default());
        let source = Arc::clone(&tokens) as Arc<dyn TokenSource>;
        let api =
            Api::new(http.clone(), source, Arc::clone(&budget), Caller::Job, Arc::clone(&meter));
        let credentials = credentials();
        Self { connector, crm, endpoints, credentials, http, tokens, budget, meter, api }
    }

    /// All persons, page by page.
    pub(crate) async fn persons(&self) -> Result<Vec<RemotePerson>, CrmError> {
        let (mut all, mut from) = (Vec::new(), From::default());
        loop {
            let mut page = self.connector.persons(&self.api, &from).await?;
            assert_eq!(page.quarantined, []);
            all.append(&mut page.items);
            match page.next {
                Some(next) => from.cursor = Some(next),
                None => return Ok(all),
            }
        }
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        control(&self.crm, method, path, body).await
    }

    /// As the company itself would, past the connector.
    pub(crate) async fn delete(&self, path: &str) {
        let url = format!("{}{path}", self.crm.url);
        let token = self.tokens.access_token().await.unwrap().secret;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.delete(url).bearer_auth(token.expose_secret()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.control("POST", "/faults", fault).await;
    }
}

pub(crate) async fn control(crm: &Sandbox, method: &str, path: &str, body: Value) -> Value {
    let url = format!("{}/__sandbox{path}", crm.url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.request(method.parse().unwrap(), url).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

pub(crate) async fn grant(
    crm: &Sandbox,
    endpoints: &Endpoints,
    http: &Http,
) -> Result<Grant, OAuthError> {
    let code = control(crm, "POST", "/code", json!({})).await;
    let code = SecretString::from(code["code"].as_str().unwrap());
    connectors::exchange(http, endpoints, &credentials(), &code, &callback(), None).await
}
