//! The whole way with Salesforce: consent with PKCE, import, a warm lead and its activities, and the
//! end of a grant whose refresh token was used twice.

mod asking;

use chrono::TimeDelta;
use reqwest::Client;
use serde_json::{Value, json};
use tandem::{
    config::{Config, ProviderCredentials},
    jobs,
    policy::Plan,
    sandbox::{Sandbox, SandboxConfig},
};
use tokio::net::TcpListener;
use url::Url;

use crate::harness::{Company, TestHub};

struct Way {
    hub: TestHub,
    crm: Sandbox,
    acme: Company,
    http: Client,
}

impl Way {
    async fn connected() -> Self {
        Self::connected_with(|_| {}).await
    }

    async fn connected_with(change: impl FnOnce(&mut Config)) -> Self {
        let config = SandboxConfig::of_size(60, 5);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let crm = Sandbox::start("salesforce", listener, config.clone()).await.unwrap();
        let credentials = ProviderCredentials {
            client_id: config.client_id,
            client_secret: config.client_secret.into(),
        };
        let url = crm.url.parse().unwrap();
        let hub = TestHub::with(|ours| {
            ours.offer_sandbox("salesforce", credentials, &url);
            change(ours);
        })
        .await;
        let acme = hub.company(Plan::Teams).await;
        let way = Self { hub, crm, acme, http: Client::builder().build().unwrap() };
        way.connect().await;
        way
    }

    /// From the button over the consent page, as a browser would, and back.
    async fn connect(&self) {
        let landed = self.decide("allow").await;
        assert!(landed.ends_with("status=connected"), "{landed}");
    }

    /// The same with another answer on that page; where the browser ends up.
    async fn decide(&self, decision: &str) -> String {
        let browser = &self.acme.owner.browser;
        let out = browser.get("/api/integrations/salesforce/connect").await;
        assert_eq!(out.status, 303, "{}", out.text);
        let page = Url::parse(out.header("location")).unwrap();
        assert_eq!(page.path(), "/services/oauth2/authorize");
        let asked = |name: &str| page.query_pairs().find(|(key, _)| key == name).unwrap().1;
        assert_eq!(asked("code_challenge_method"), "S256");
        assert_eq!(asked("scope"), "api refresh_token openid");
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        form.push(("decision".into(), decision.into()));
        form.push(("company".into(), "7001".into()));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let back = client.post(page.clone()).form(&form).send().await.unwrap();
        assert_eq!(back.status(), 302);
        let back = Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
        let landed = browser.get(&format!("{}?{}", back.path(), back.query().unwrap())).await;
        landed.header("location").to_owned()
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/__sandbox{path}", self.crm.url);
        let request = self.http.request(method.parse().unwrap(), url).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn work(&self) {
        jobs::drain(&self.hub.hub).await.unwrap();
    }

    async fn import(&self) -> Value {
        let browser = &self.acme.owner.browser;
        let path = "/api/integrations/salesforce/sync";
        let run = browser.post(path, json!({ "mode": "full" })).await.expect(202);
        self.work().await;
        let run = run["run_id"].as_str().unwrap();
        browser.get(&format!("/api/sync-logs/{run}")).await.expect(200)
    }

    async fn state(&self) -> String {
        self.hub.value("select state from connection").await
    }

    async fn made(&self, path: &str, body: Value) -> String {
        let made = self.acme.owner.browser.post(path, body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn from_consent_to_a_warm_lead_and_its_call_and_meeting() {
    let way = Way::connected().await;
    let truth = way.control("GET", "/truth", json!({})).await;
    let run = way.import().await;
    assert_eq!((&run["state"], &run["seen"]), (&json!("completed"), &truth["persons"]), "{run:#}");
    assert_eq!(run["adds_up"], true, "{run:#}");

    let contact = way
        .made(
            "/api/contacts",
            json!({
                "full_name": "Grace O'Hopper", "warmness": 5, "organization_name": "Compilers Ltd",
                "emails": [{ "value": "Grace@hopper.example", "label": "work" },
                           { "value": "g.hopper@private.example", "label": "home" }],
                "phones": [{ "value": "030 901820" }],
            }),
        )
        .await;
    way.work().await;
    for kind in ["CALL", "MEETING"] {
        way.made("/api/activities", json!({ "contact_id": contact, "kind": kind })).await;
    }
    way.work().await;
    let page = way.acme.owner.browser.get("/api/deliveries?limit=100").await.expect(200);
    let states: Vec<&Value> =
        page["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["delivered"; 3], "{page:#}");

    let there = way.control("GET", "/truth/outbound", json!({})).await;
    let (person, organization) = (&there["persons"][0], &there["organizations"][0]);
    assert_eq!(there["persons"].as_array().unwrap().len(), 1);
    assert_eq!(
        json!([person["first_name"], person["last_name"], person["label_ids"]]),
        json!(["Grace", "O'Hopper", ["Warm Lead"]])
    );
    assert_eq!(
        (&person["org_id"], &organization["name"]),
        (&organization["id"], &json!("Compilers Ltd"))
    );
    let marker: uuid::Uuid =
        way.hub.value("select marker from delivery where kind = 'warm_lead'").await;
    assert_eq!(person["custom_fields"]["Tandem_Reference__c"], json!(marker.to_string()));
    let kinds: Vec<&Value> =
        there["activities"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, ["Call", "Event"]);
    assert!(there["activities"][0]["person_id"] == person["id"]);

    // What we made is no news.
    let again = way.import().await;
    assert_eq!((&again["counts"]["created"], &again["counts"]["updated"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn each_refresh_rotates_the_token_and_a_lost_answer_ends_in_a_truthful_reconnect() {
    let way = Way::connected().await;
    for _ in 0..2 {
        way.control("POST", "/tokens/expire", json!({})).await;
        assert_eq!(way.import().await["state"], "completed");
    }
    let counters = way.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["tokens"]["refresh_token"], 2);
    assert_eq!(counters["tokens"]["refused"], Value::Null, "no old token was shown");

    // The CRM renews, and its answer is lost: what we have is dead, and showing it ends the grant.
    way.control("POST", "/tokens/expire", json!({})).await;
    let lost = json!({ "kind": "applied_reset", "path": "/services/oauth2/token" });
    way.control("POST", "/faults", lost).await;
    way.import().await;
    for _ in 0..6 {
        if way.state().await != "active" {
            break;
        }
        way.hub.clock.advance(TimeDelta::minutes(20));
        sqlx::query("update job set run_at = now() where state = 'ready'")
            .execute(&way.hub.owner)
            .await
            .unwrap();
        way.work().await;
    }
    assert_eq!(way.state().await, "needs_reconnect");
    let status = way.acme.owner.browser.get("/api/integrations/status").await.expect(200);
    assert!(status.to_string().contains("needs_reconnect"), "{status}");

    way.connect().await;
    assert_eq!(way.state().await, "active");
}
