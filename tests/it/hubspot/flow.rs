//! From the consent page to a delivered lead and its activity, and back into the next import.

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tandem::{
    config::ProviderCredentials,
    jobs,
    policy::{Plan, Role},
    sandbox::Sandbox,
};
use tokio::net::TcpListener;
use url::Url;

use super::of_size;
use crate::harness::{Company, TestHub};

struct Flow {
    hub: TestHub,
    crm: Sandbox,
    acme: Company,
    http: reqwest::Client,
}

impl Flow {
    async fn connected() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = of_size(40);
        let credentials = ProviderCredentials {
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone().into(),
        };
        let crm = Sandbox::start("hubspot", listener, config).await.unwrap();
        let url = crm.url.parse().unwrap();
        let hub = TestHub::with(|ours| ours.offer_sandbox("hubspot", credentials, &url)).await;
        let acme = hub.company(Plan::Business).await;
        sqlx::query("update member set email = 'anna@nordwind.example' where member_id = $1")
            .bind(acme.owner.id)
            .execute(&hub.owner)
            .await
            .unwrap();
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let flow = Self { hub, crm, acme, http };
        flow.consent().await;
        flow
    }

    /// As a browser: to the page, yes, and back.
    async fn consent(&self) {
        let browser = &self.acme.owner.browser;
        let out = browser.get("/api/integrations/hubspot/connect").await;
        assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
        let page = Url::parse(out.header("location")).unwrap();
        let asked: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        let scopes = &asked.iter().find(|(name, _)| name == "scope").unwrap().1;
        assert!(scopes.split(' ').count() >= 8, "{scopes}");
        let shown = self.http.get(page.clone()).send().await.unwrap();
        assert_eq!(shown.status(), StatusCode::OK);
        let mut form = asked.clone();
        form.extend([("company".into(), "62515".into()), ("decision".into(), "allow".into())]);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let answer = self
            .http
            .post(format!("{}/oauth/authorize", self.crm.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap();
        let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let landed = browser.get(&path).await;
        assert!(landed.header("location").ends_with("status=connected"), "{landed:?}");
    }

    async fn control(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}/__sandbox{path}", self.crm.url)).send().await;
        answer.unwrap().json().await.unwrap()
    }

    async fn work(&self) {
        jobs::drain(&self.hub.hub).await.unwrap();
    }

    async fn import(&self, mode: &str) -> Value {
        // A window of requests ends only when time passes.
        self.hub.clock.advance(TimeDelta::minutes(1));
        let browser = &self.acme.owner.browser;
        let body = json!({ "mode": mode });
        let started = browser.post("/api/integrations/hubspot/sync", body).await.expect(202);
        self.work().await;
        let path = format!("/api/sync-logs/{}", started["run_id"].as_str().unwrap());
        browser.get(&path).await.expect(200)
    }
}

#[tokio::test]
async fn a_warm_lead_and_its_call_arrive_and_are_no_news_to_the_next_import() {
    let flow = Flow::connected().await;
    let run = flow.import("full").await;
    assert_eq!(run["state"], "completed", "{run:#}");
    assert_eq!(run["seen"], 40, "{run:#}");

    let browser = &flow.acme.owner.browser;
    let lead = json!({
        "full_name": "Grace Hopper", "warmness": 5, "organization_name": "Compilers Ltd",
        "emails": [{ "value": "Grace@hopper.example", "label": "work" }],
        "phones": [{ "value": "030 901820" }],
    });
    let contact = browser.post("/api/contacts", lead).await.expect(201);
    let call = json!({
        "contact_id": contact["id"], "kind": "CALL", "note": "<b>Hi</b>", "done": true,
    });
    browser.post("/api/activities", call).await.expect(201);
    flow.work().await;
    let deliveries = browser.get("/api/deliveries?limit=100").await.expect(200);
    for delivery in deliveries["items"].as_array().unwrap() {
        assert_eq!(delivery["state"], "delivered", "{delivery:#}");
        assert_eq!(delivery["remarks"], json!([]), "{delivery:#}");
    }
    let there = flow.control("/truth/outbound").await;
    let (person, organization) = (&there["persons"][0], &there["organizations"][0]);
    assert_eq!(
        (&person["name"], &person["owner_id"]),
        (&json!("Grace Hopper"), &json!("41629779"))
    );
    assert_eq!(person["emails"], json!(["grace@hopper.example"]));
    assert_eq!(
        (&person["org_id"], &person["label_ids"]),
        (&organization["id"], &json!(["WARM_LEAD"]))
    );
    assert_eq!(person["custom_fields"].as_object().unwrap().len(), 1, "our mark");
    let activity = &there["activities"][0];
    assert_eq!((&activity["type"], &activity["person_id"]), (&json!("calls"), &person["id"]));
    assert!(activity["note"].as_str().unwrap().contains("&lt;b&gt;Hi"), "{activity}");

    for mode in ["incremental", "full"] {
        let run = flow.import(mode).await;
        assert_eq!(run["state"], "completed", "{run:#}");
        let path = format!("/api/sync-logs/{}/entries", run["id"].as_str().unwrap());
        let entries = browser.get(&path).await.expect(200);
        for none in ["created", "updated", "linked"] {
            assert_eq!(run["counts"][none], 0, "{mode} {run:#} {entries:#} {deliveries:#}");
        }
    }
}

#[tokio::test]
async fn a_lead_of_somebody_whom_it_does_not_know_arrives_without_an_owner() {
    let flow = Flow::connected().await;
    let browser = &flow.acme.member(Role::Admin).browser;
    let lead = json!({
        "full_name": "Ada Unowned", "warmness": 5, "emails": [{ "value": "ada@unowned.example" }],
    });
    browser.post("/api/contacts", lead).await.expect(201);
    flow.work().await;
    let deliveries = browser.get("/api/deliveries?limit=10").await.expect(200);
    let delivery = &deliveries["items"][0];
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    assert_eq!(delivery["remarks"][0]["code"], "no_owner", "{delivery:#}");
    let there = flow.control("/truth/outbound").await;
    assert_eq!(there["persons"][0]["owner_id"], Value::Null, "{there:#}");
}

#[tokio::test]
async fn a_lead_whose_status_somebody_chose_keeps_it_and_the_delivery_says_so() {
    let flow = Flow::connected().await;
    let people = flow.control("/truth/persons").await;
    let chosen = |one: &&Value| {
        let status = one["label_ids"][0].as_str().unwrap_or("NEW");
        !["NEW", "OPEN", "ATTEMPTED_TO_CONTACT", "WARM_LEAD"].contains(&status)
            && one["emails"][0].is_string()
    };
    let person = people.as_array().unwrap().iter().find(chosen).expect("somebody has a status");
    let browser = &flow.acme.owner.browser;
    let lead = json!({
        "full_name": "Kept Status", "warmness": 5, "emails": [{ "value": person["emails"][0] }],
    });
    browser.post("/api/contacts", lead).await.expect(201);
    flow.work().await;
    let deliveries = browser.get("/api/deliveries?limit=10").await.expect(200);
    let delivery = &deliveries["items"][0];
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    assert_eq!(delivery["remote_id"], person["id"], "{delivery:#}");
    assert_eq!(delivery["remarks"][0]["code"], "label_stays", "{delivery:#}");
    assert!(delivery["remarks"][0]["words"].as_str().unwrap().contains("it stays"));
    let path = format!("/truth/persons?ids={}", person["id"].as_str().unwrap());
    let there = flow.control(&path).await;
    assert_eq!(there[0]["label_ids"], person["label_ids"]);
}
