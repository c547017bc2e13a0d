//! Somebody changes people at a CRM, and the book follows by itself.

use serde_json::{Value, json};

use super::stage::{BASIC, SIGNED, Stage, TOKEN};
use crate::flows::stage::eventually;

/// With workers that run as in production: nobody asks for anything.
async fn follows(slug: &'static str) {
    let stage = Stage::imported(slug).await;
    let changed = stage.somebody().await;
    let gone: String = stage
        .hub
        .value(
            "select remote_id from mapping where kind = 'person' and state = 'linked'
             and is_primary order by remote_id desc limit 1",
        )
        .await;
    let before = stage.count("contact").await;
    let number = |id: &str| id.parse::<u64>().unwrap();
    let working = stage.working();
    let done = stage
        .control(
            "/persons/mutate",
            json!({ "change_ids": [number(&changed)], "delete_ids": [number(&gone)], "create": 1 }),
        )
        .await;
    let created = done["created"][0].as_str().map(str::to_owned);
    let created = created.unwrap_or_else(|| done["created"][0].to_string());
    eventually("the changed person", || async {
        stage.last_name(&changed).await.is_some_and(|name| name.starts_with("Changed-"))
    })
    .await;
    eventually("the new person", || async { stage.last_name(&created).await.is_some() }).await;
    let is_gone = "mapping where kind = 'person' and state = 'gone'";
    eventually("the deleted person", || async { stage.count(is_gone).await == 1 }).await;
    drop(working);

    assert_eq!(stage.count("contact").await, before + 1, "whoever is gone there stays in the book");
    let runs = stage.runs().await;
    let hooked: Vec<&Value> = runs.iter().filter(|run| run["by_webhook"] == true).collect();
    assert!(!hooked.is_empty());
    for run in hooked {
        assert_eq!((&run["mode"], &run["requested_by"]), (&json!("selective"), &Value::Null));
        assert_eq!(run["adds_up"], true, "{run:#}");
    }
    let webhooks = &stage.connection().await["webhooks"];
    assert_eq!(webhooks["state"], "on", "{webhooks:#}");
    assert!(webhooks["last_received_at"].is_string(), "{webhooks:#}");
    for call in stage.told("/webhooks").await.as_array().unwrap() {
        assert_eq!((&call["answered"], &call["attempt"]), (&json!(204), &json!(1)), "{call:#}");
    }
}

#[tokio::test]
async fn what_happens_at_a_crm_with_basic_credentials_arrives_by_itself() {
    follows(BASIC).await;
}

#[tokio::test]
async fn what_happens_at_a_crm_that_signs_arrives_by_itself() {
    follows(SIGNED).await;
}

#[tokio::test]
async fn what_happens_at_a_crm_with_channels_that_end_arrives_by_itself() {
    follows(TOKEN).await;
}

/// What we deliver comes back as a hint, and is no news.
async fn is_no_news(slug: &'static str) {
    let stage = Stage::imported(slug).await;
    let lead = json!({
        "full_name": "Grace Hopper", "warmness": 5,
        "emails": [{ "value": "grace@hopper.example", "label": "work" }],
    });
    let browser = &stage.acme.owner.browser;
    let contact = browser.post("/api/contacts", lead).await.expect(201);
    stage.settle().await;
    let deliveries = browser.get("/api/deliveries?limit=10").await.expect(200);
    assert_eq!(deliveries["items"][0]["state"], "delivered", "{deliveries:#}");
    eventually("the CRM's call", || async { stage.count("hook_event").await > 0 }).await;
    let (contacts, path) =
        (stage.count("contact").await, format!("/api/contacts/{}", contact["id"]));
    let path = path.replace('"', "");
    let before = browser.get(&path).await.expect(200);
    stage.settle().await;

    assert_eq!(stage.count("hook_event where taken_at is null").await, 0);
    let runs = stage.runs().await;
    let hooked: Vec<&Value> = runs.iter().filter(|run| run["by_webhook"] == true).collect();
    assert!(!hooked.is_empty(), "{runs:#?}");
    for run in hooked {
        assert_eq!(run["counts"]["unchanged"], run["seen"], "{run:#}");
    }
    assert_eq!(stage.count("contact").await, contacts);
    assert_eq!(browser.get(&path).await.expect(200), before);
    assert_eq!(stage.count("delivery").await, 1, "nothing goes there once more");
}

#[tokio::test]
async fn what_we_wrote_at_a_crm_with_basic_credentials_is_no_news() {
    is_no_news(BASIC).await;
}

#[tokio::test]
async fn what_we_wrote_at_a_crm_that_signs_is_no_news() {
    is_no_news(SIGNED).await;
}

#[tokio::test]
async fn what_we_wrote_at_a_crm_with_channels_that_end_is_no_news() {
    is_no_news(TOKEN).await;
}
