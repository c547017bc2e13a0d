//! A company that is connected to a stand-in which tells of changes, and calls as anybody could make them.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::AssertSqlSafe;
use tandem::{
    config::ProviderCredentials,
    flows::hooks,
    jobs,
    policy::Plan,
    sandbox::{Sandbox, SandboxConfig},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::harness::{Answer, Company, TestHub};

/// Those that tell.
pub(crate) const BASIC: &str = "pipedrive";
pub(crate) const SIGNED: &str = "hubspot";
pub(crate) const TOKEN: &str = "zoho";

pub(crate) const SECRET: &str = "sandbox-secret";

pub(crate) struct Stage {
    pub(crate) hub: TestHub,
    pub(crate) acme: Company,
    pub(crate) crm: Sandbox,
    slug: &'static str,
    http: Client,
}

/// Where a CRM calls a connection, and what it shows there.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) path: String,
    pub(crate) secret: String,
}

impl Stage {
    /// Connected, and the CRM was asked to tell.
    pub(crate) async fn of(slug: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config =
            SandboxConfig { persons: 40, organizations: 10, deals: 20, ..SandboxConfig::default() };
        let credentials = ProviderCredentials {
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone().into(),
        };
        let crm = Sandbox::start(slug, listener, config).await.unwrap();
        let url = crm.url.parse().unwrap();
        let hub = TestHub::with(|ours| {
            ours.without_webhooks = false;
            ours.offer_sandbox(slug, credentials, &url);
        })
        .await;
        let acme = hub.company(Plan::Business).await;
        let stage = Self { hub, acme, crm, slug, http: Client::builder().build().unwrap() };
        if slug == SIGNED {
            let target = format!("{}/api/webhooks/{slug}", stage.hub.url);
            stage.control("/webhooks/target", json!({ "url": target })).await;
        }
        stage.connect().await;
        stage.work().await;
        stage
    }

    /// The same with everybody in the book.
    pub(crate) async fn imported(slug: &'static str) -> Self {
        let stage = Self::of(slug).await;
        let run = stage.import("full").await;
        assert_eq!(run["state"], "completed", "{run:#}");
        stage
    }

    /// From the button to the consent page and back through our own callback.
    pub(crate) async fn connect(&self) {
        let browser = &self.acme.owner.browser;
        let out = browser.get(&format!("/api/integrations/{}/connect", self.slug)).await;
        assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
        let page = Url::parse(out.header("location")).unwrap();
        let asked =
            |name: &str| page.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let redirect = asked("redirect_uri");
        let given = self.control("/code", json!({ "redirect_uri": redirect })).await;
        let mut back = Url::parse(&redirect).unwrap();
        back.query_pairs_mut().append_pair("state", &asked("state"));
        for name in ["code", "location", "accounts-server"] {
            if let Some(value) = given[name].as_str() {
                back.query_pairs_mut().append_pair(name, value);
            }
        }
        let landed = browser.get(&format!("{}?{}", back.path(), back.query().unwrap())).await;
        assert!(landed.header("location").ends_with("status=connected"), "{landed:?}");
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/__sandbox{path}", self.crm.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {:?}", answer.text().await);
        answer.json().await.unwrap()
    }

    pub(crate) async fn told(&self, path: &str) -> Value {
        let url = format!("{}/__sandbox{path}", self.crm.url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Runs what is due.
    pub(crate) async fn work(&self) -> usize {
        jobs::drain(&self.hub.hub).await.unwrap()
    }

    /// Lets time pass, and works what is due by then.
    pub(crate) async fn later(&self, by: TimeDelta) {
        self.hub.clock.advance(by);
        hooks::look_after(&self.hub.hub, self.acme.id).await.unwrap();
        self.sql("update job set run_at = now() where state = 'ready'").await;
        self.work().await;
    }

    /// Everything that was told is worked.
    pub(crate) async fn settle(&self) {
        for _ in 0..8 {
            self.sql("update job set run_at = now() where state = 'ready'").await;
            if self.work().await == 0 {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    pub(crate) async fn import(&self, mode: &str) -> Value {
        let browser = &self.acme.owner.browser;
        let path = format!("/api/integrations/{}/sync", self.slug);
        let started = browser.post(&path, json!({ "mode": mode })).await.expect(202);
        self.work().await;
        let path = format!("/api/sync-logs/{}", started["run_id"].as_str().unwrap());
        browser.get(&path).await.expect(200)
    }

    /// Runs, the newest first.
    pub(crate) async fn runs(&self) -> Vec<Value> {
        let page = self.acme.owner.browser.get("/api/sync-logs").await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn connection(&self) -> Value {
        let status = self.acme.owner.browser.get("/api/integrations/status").await.expect(200);
        let mut providers = status["providers"].as_array().unwrap().iter();
        let found = providers.find(|one| one["provider"] == self.slug);
        found.unwrap()["connection"].clone()
    }

    pub(crate) async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.hub.owner).await.unwrap();
    }

    pub(crate) async fn count(&self, from: &'static str) -> i64 {
        let sql = format!("select count(*) from {from}");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.hub.owner).await.unwrap()
    }

    /// Any person of the book, by its id over there.
    pub(crate) async fn somebody(&self) -> String {
        let sql = "select remote_id from mapping where kind = 'person' and state = 'linked'
                   and is_primary order by remote_id limit 1";
        self.hub.value(sql).await
    }

    /// The last name that the book has for whom the CRM calls so.
    pub(crate) async fn last_name(&self, remote_id: &str) -> Option<String> {
        sqlx::query_scalar(
            "select last_name from contact join mapping using (company_id, contact_id)
             where kind = 'person' and remote_id = $1",
        )
        .bind(remote_id)
        .fetch_optional(&self.hub.owner)
        .await
        .unwrap()
        .flatten()
    }

    /// What the CRM was given, as its own calls show it: a change is made to see one.
    pub(crate) async fn known(&self) -> Known {
        let id = self.somebody().await;
        let before = self.told("/webhooks").await.as_array().unwrap().len();
        self.control("/persons/mutate", json!({ "change_ids": [id.parse::<u64>().unwrap()] }))
            .await;
        let mut call = Value::Null;
        for _ in 0..500 {
            let calls = self.told("/webhooks").await;
            if let Some(next) = calls.get(before) {
                call = next.clone();
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let path = Url::parse(call["to"].as_str().unwrap()).unwrap().path().to_owned();
        let body: Value = serde_json::from_str(call["body"].as_str().unwrap()).unwrap();
        let secret = match body["token"].as_str() {
            Some(token) => token.to_owned(),
            None => {
                let basic = call["headers"][0][1].as_str().unwrap().trim_start_matches("Basic ");
                let pair = STANDARD.decode(basic).map(|pair| String::from_utf8(pair).unwrap());
                pair.unwrap_or_default().split_once(':').unwrap_or_default().1.to_owned()
            }
        };
        Known { path, secret }
    }

    /// A call as anybody could make it.
    pub(crate) async fn call(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let stranger = self.hub.stranger();
        let mut request = stranger.bare(Method::POST, path).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        stranger.send(request.header("content-type", "application/json")).await
    }

    /// An event about a person, told as the CRM with Basic credentials does.
    pub(crate) async fn tell(&self, known: &Known, event: &str, person: &str) -> Answer {
        self.call(&known.path, &basic(&known.secret), event_of(event, person).to_string()).await
    }

    /// Events of the CRM that signs, signed now.
    pub(crate) async fn tell_signed(&self, events: &Value) -> Answer {
        let body = events.to_string();
        let headers = self.signed(&body, 0);
        self.call("/api/webhooks/hubspot", &headers, body).await
    }

    /// The signature of so many seconds from now.
    pub(crate) fn signed(&self, body: &str, seconds: i64) -> [(&'static str, String); 2] {
        let at = self.hub.clock.now() + TimeDelta::seconds(seconds);
        let time = at.timestamp_millis().to_string();
        let uri = format!("{}/api/webhooks/hubspot", self.hub.url);
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("POST{uri}{body}{time}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        [("x-hubspot-signature-v3", signature), ("x-hubspot-request-timestamp", time)]
    }

    /// Works like a process of its own, until dropped.
    pub(crate) fn working(&self) -> Working {
        let stopping = CancellationToken::new();
        #[expect(clippy::disallowed_methods, reason = "workers run beside the test")]
        tokio::spawn(jobs::run(self.hub.hub.clone(), 2, stopping.clone()));
        Working(stopping)
    }
}

pub(crate) struct Working(CancellationToken);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

pub(crate) fn basic(secret: &str) -> [(&'static str, String); 1] {
    [("authorization", format!("Basic {}", STANDARD.encode(format!("tandem:{secret}"))))]
}

pub(crate) fn event_of(event: &str, person: &str) -> Value {
    json!({ "meta": {
        "action": "change", "entity": "person", "entity_id": person, "company_id": "7001",
        "id": event, "timestamp": "2026-11-14T18:16:56.057Z", "webhook_id": "1", "attempt": 1,
    }, "data": { "id": 1, "name": "Whatever the call says" }, "previous": {} })
}

/// An event of a contact.
pub(crate) fn contact_event(person: u64, moment: u64) -> Value {
    json!({
        "eventId": moment, "subscriptionId": 104, "portalId": 62_515, "appId": 1,
        "occurredAt": moment, "subscriptionType": "contact.propertyChange", "attemptNumber": 0,
        "objectId": person, "propertyName": "lastname", "propertyValue": "Whatever",
        "changeSource": "CRM_UI",
    })
}
