//! From the button through consent and import to a warm lead and an activity over there.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tandem::{
    config::{Config, Environment, ProviderCredentials},
    jobs,
    policy::Plan,
    sandbox::{Sandbox, SandboxConfig},
};
use tokio::net::TcpListener;
use url::Url;

use super::list;
use crate::harness::{Company, Database, TestHub};

struct Stage {
    hub: TestHub,
    crm: Sandbox,
    acme: Company,
}

impl Stage {
    async fn new() -> Self {
        let config = SandboxConfig::of_size(450, 3);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let crm = Sandbox::start("zoho", listener, config.clone()).await.unwrap();
        let credentials = ProviderCredentials {
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.into(),
        };
        let url = crm.url.parse().unwrap();
        let hub = TestHub::on(Database::create().await, |ours| {
            ours.offer_sandbox("zoho", credentials, &url);
        })
        .await;
        let acme = hub.company(Plan::Business).await;
        Self { hub, crm, acme }
    }

    /// Says yes on the page itself; where the browser is sent back to.
    async fn consent(&self) -> Url {
        let out = self.acme.owner.browser.get("/api/integrations/zoho/connect").await;
        assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
        let page = Url::parse(out.header("location")).unwrap();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let shown = client.get(page.clone()).send().await.unwrap();
        assert_eq!(shown.status(), 200);
        let mut form: Vec<(String, String)> =
            page.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        form.push(("company".into(), "5725767000000020001".into()));
        form.push(("decision".into(), "allow".into()));
        let said = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = client
            .post(format!("{}/oauth/v2/auth", self.crm.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(said);
        let back = request.send().await.unwrap();
        assert_eq!(back.status(), 302);
        back.headers()["location"].to_str().unwrap().parse().unwrap()
    }

    async fn outbound(&self) -> Value {
        let url = format!("{}/__sandbox/truth/outbound", self.crm.url);
        Client::builder().build().unwrap().get(url).send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn a_callback_that_names_a_strange_accounts_server_gets_neither_code_nor_secret() {
    let hub = TestHub::on(Database::create().await, |ours| {
        // The real addresses: only what the callback says would lead away from them.
        let variables = [
            ("TANDEM_DATA_DIR".to_owned(), ours.data_dir.to_string_lossy().into_owned()),
            ("ZOHO_CLIENT_ID".to_owned(), "ours".to_owned()),
            ("ZOHO_CLIENT_SECRET".to_owned(), "secret".to_owned()),
        ];
        let public_url = ours.public_url.take();
        *ours = Config::read(Environment::Development, &variables.into()).unwrap();
        ours.public_url = public_url;
    })
    .await;
    let acme = hub.company(Plan::Business).await;
    for server in [
        "https://evil.example",
        "https://accounts.zoho.eu.evil.example",
        "https://evil.example/accounts.zoho.eu",
        "http://accounts.zoho.eu",
        "https://www.zohoapis.eu",
    ] {
        let out = acme.owner.browser.get("/api/integrations/zoho/connect").await;
        let page = Url::parse(out.header("location")).unwrap();
        assert_eq!(page.host_str(), Some("accounts.zoho.com"));
        let (_, state) = page.query_pairs().find(|(key, _)| key == "state").unwrap();
        let mut back = Url::parse("http://localhost/api/integrations/zoho/callback").unwrap();
        back.query_pairs_mut()
            .append_pair("state", &state)
            .append_pair("code", "1000.code")
            .append_pair("location", "../../evil")
            .append_pair("accounts-server", server);
        let landed =
            acme.owner.browser.get(&format!("{}?{}", back.path(), back.query().unwrap())).await;
        let location = landed.header("location");
        assert!(location.contains("host_refused"), "{server}: {location}");
        assert!(!location.contains("evil"), "{location}");
    }
    let connections: i64 = hub.value("select count(*) from connection").await;
    assert_eq!(connections, 0);
}

#[tokio::test]
async fn a_company_connects_imports_and_has_its_lead_and_activity_delivered() {
    let stage = Stage::new().await;
    let browser = &stage.acme.owner.browser;
    let back = stage.consent().await;
    let said = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!((said("location").as_str(), said("accounts-server")), ("eu", stage.crm.url.clone()));
    let landed = browser.get(&format!("{}?{}", back.path(), back.query().unwrap())).await;
    assert!(landed.header("location").ends_with("status=connected"), "{landed:?}");

    let started = browser.post("/api/integrations/zoho/sync", json!({ "mode": "full" })).await;
    let run = started.expect(202)["run_id"].as_str().unwrap().to_owned();
    jobs::drain(&stage.hub.hub).await.unwrap();
    let run = browser.get(&format!("/api/sync-logs/{run}")).await.expect(200);
    assert_eq!((&run["state"], &run["seen"]), (&json!("completed"), &json!(450)), "{run:#}");
    assert_eq!(run["adds_up"], true, "{run:#}");

    let contact = json!({
        "full_name": "Grace Hopper", "warmness": 5, "organization_name": "Compilers Ltd",
        "emails": [{ "value": "Grace@hopper.example", "label": "work" }],
        "phones": [{ "value": "030 901820" }],
    });
    let contact = browser.post("/api/contacts", contact).await.expect(201);
    let activity = json!({ "contact_id": contact["id"], "kind": "CALL" });
    browser.post("/api/activities", activity).await.expect(201);
    jobs::drain(&stage.hub.hub).await.unwrap();

    let deliveries = browser.get("/api/deliveries?limit=100").await.expect(200);
    for delivery in list(&deliveries, "items") {
        assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    }
    assert_eq!(list(&deliveries, "items").len(), 2);
    let there = stage.outbound().await;
    let (person, organization) = (&list(&there, "persons")[0], &list(&there, "organizations")[0]);
    assert_eq!((&person["name"], &person["org_id"]), (&json!("Grace Hopper"), &organization["id"]));
    assert_eq!(person["label_ids"], json!(["Warm Lead"]));
    assert!(person["custom_fields"]["Tandem_reference"].is_string(), "{person:#}");
    let call = &list(&there, "activities")[0];
    assert_eq!((&call["type"], &call["person_id"]), (&json!("Calls"), &person["id"]));

    // What we made is no news to the next import.
    let again = browser.post("/api/integrations/zoho/sync", json!({ "mode": "full" })).await;
    let run = again.expect(202)["run_id"].as_str().unwrap().to_owned();
    jobs::drain(&stage.hub.hub).await.unwrap();
    let run = browser.get(&format!("/api/sync-logs/{run}")).await.expect(200);
    for none in ["created", "updated", "linked"] {
        assert_eq!(run["counts"][none], 0, "{run:#}");
    }
}
