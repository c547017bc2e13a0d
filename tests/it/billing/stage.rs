//! A hub that is paid through a stand-in of Stripe, with events that wait until a test delivers them.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tandem::{
    config::BillerConfig,
    db::Scope,
    jobs,
    policy::{Plan, Role},
    sandbox::{Sandbox, StripeSandbox},
};
use tokio::net::TcpListener;

use crate::harness::{Answer, Browser, Company, Member, TestHub};

/// The stand-in, and our account there.
pub(crate) struct Till {
    pub(crate) sandbox: Sandbox,
    pub(crate) there: StripeSandbox,
    http: reqwest::Client,
}

impl Till {
    pub(crate) async fn open(there: StripeSandbox) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let sandbox = Sandbox::start_stripe(listener, there.clone()).unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        Self { sandbox, there, http: http.unwrap() }
    }

    pub(crate) fn config(&self) -> BillerConfig {
        let prices =
            self.there.prices.iter().map(|(id, name)| (name.to_lowercase(), vec![id.clone()]));
        BillerConfig {
            secret_key: self.there.secret_key.clone().into(),
            webhook_secret: self.there.webhook_secret.clone().into(),
            prices: prices.collect::<BTreeMap<_, _>>(),
            api_url: Some(self.sandbox.url.parse().unwrap()),
            patience: Duration::from_secs(1),
        }
    }

    pub(crate) async fn try_control(&self, path: &str, body: Value) -> Option<Value> {
        let url = format!("{}/__sandbox{path}", self.sandbox.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        if answer.status().is_success() { Some(answer.json().await.unwrap()) } else { None }
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        self.try_control(path, body).await.unwrap_or_else(|| panic!("{path} was refused"))
    }

    pub(crate) async fn truth(&self) -> Value {
        let url = format!("{}/__sandbox/truth", self.sandbox.url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Presses a button of a page; where it leads.
    pub(crate) async fn press(&self, page: &str, button: &str) -> String {
        let answer = self.http.post(page).form(&[("do", button)]).send().await.unwrap();
        let location = answer.headers().get("location");
        location.map_or_else(String::new, |location| location.to_str().unwrap().to_owned())
    }

    /// What the app answered to these events, one after the other; all of them without numbers.
    pub(crate) async fn deliver(&self, events: Option<&[usize]>) -> Vec<u64> {
        let body = events.map_or(json!({}), |events| json!({ "events": events }));
        let answers = self.control("/deliver", body).await["answers"].clone();
        answers.as_array().unwrap().iter().map(|one| one.as_u64().unwrap_or(0)).collect()
    }

    pub(crate) fn sign(&self, at: DateTime<Utc>, body: &str) -> String {
        let secret = self.there.webhook_secret.as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(format!("{}.{body}", at.timestamp()).as_bytes());
        format!("t={},v1={}", at.timestamp(), hex::encode(mac.finalize().into_bytes()))
    }
}

pub(super) struct Stage {
    pub(super) hub: TestHub,
    pub(super) till: Till,
    /// Free, with an owner and an admin.
    pub(super) acme: Company,
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut BillerConfig)) -> Self {
        let till = Till::open(StripeSandbox::default()).await;
        let mut ours = till.config();
        change(&mut ours);
        let hub = TestHub::with(|config| config.biller = Some(ours)).await;
        let url = format!("{}/api/webhooks/stripe", hub.url);
        till.control("/webhook", json!({ "url": url })).await;
        till.control("/hold", json!({ "on": true })).await;
        let acme = hub.company(Plan::Free).await;
        sqlx::query("delete from member where role in ('golden_ticket', 'consultant')")
            .execute(&hub.owner)
            .await
            .unwrap();
        Self { hub, till, acme }
    }

    pub(super) fn owner(&self) -> &Browser {
        &self.acme.owner.browser
    }

    /// One more who may pay.
    pub(super) async fn second_owner(&self) -> Member {
        self.hub.member(self.acme.id, Role::Owner).await
    }

    pub(super) async fn ask(&self, plan: &str) -> Answer {
        let wish = json!({ "plan": plan, "from": "acme-crm" });
        self.owner().post("/api/billing/checkout", wish).await
    }

    /// The page to pay at, or of the portal.
    pub(super) async fn page(&self, plan: &str) -> String {
        self.ask(plan).await.expect(200)["url"].as_str().unwrap().to_owned()
    }

    /// Has a plan paid for, its events delivered and their effects done.
    pub(super) async fn pay(&self, plan: &str) {
        let page = self.page(plan).await;
        self.till.press(&page, "pay").await;
        self.till.deliver(None).await;
        self.drain().await;
        assert_eq!(self.plan().await, plan);
    }

    /// Something that happens to the first subscription over there.
    pub(super) async fn happens(&self, change: Value) {
        let id = self.till.truth().await["subscriptions"][0]["id"].clone();
        let mut change = change;
        change["id"] = id;
        self.till.control("/subscription", change).await;
        let last = self.till.truth().await["events"].as_array().unwrap().len() - 1;
        assert_eq!(self.till.deliver(Some(&[last])).await, [204]);
        self.drain().await;
    }

    pub(super) async fn drain(&self) -> usize {
        jobs::drain(&self.hub.hub).await.unwrap()
    }

    pub(super) async fn plan(&self) -> String {
        let mut tx = self.hub.hub.db.tenant(self.acme.id, Scope::All).await.unwrap();
        tandem::db::companies::plan(&mut tx).await.unwrap().word().to_owned()
    }

    pub(super) async fn billing(&self) -> Value {
        self.owner().get("/api/billing").await.expect(200)
    }

    /// A webhook as somebody else sends it.
    pub(super) async fn webhook(
        &self,
        signatures: &[&str],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let stranger = self.hub.stranger();
        let mut request = stranger.bare(Method::POST, "/api/webhooks/stripe").body(body.into());
        request = request.header("content-type", "application/json; charset=utf-8");
        for signature in signatures {
            request = request.header("stripe-signature", *signature);
        }
        stranger.send(request).await
    }

    /// How often subscriptions were read.
    pub(super) async fn reads(&self) -> usize {
        let truth = self.till.truth().await;
        let calls = truth["calls"].as_array().unwrap().iter();
        calls.filter(|call| call["path"] == "/subscriptions").count()
    }
}
