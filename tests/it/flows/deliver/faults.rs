//! What goes wrong between two machines: nothing is lost, nothing is there twice.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use serde_json::json;
use tandem::{connectors, jobs};
use tokio_util::sync::CancellationToken;

use super::{Stage, at, list};

fn ada() -> serde_json::Value {
    json!({ "full_name": "Ada", "emails": [{ "value": "ada@x.example" }], "organization_name": "X" })
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_looking() {
    for kind in ["applied_reset", "applied_5xx", "half_answer", "html_200", "empty_json"] {
        let stage = Stage::of(3).await;
        // The search never shows it.
        stage.control("POST", "/search_lag", json!({ "ms": 3_600_000 })).await;
        let mut fault = at("/api/v2/persons", kind);
        if ["html_200", "empty_json"].contains(&kind) {
            fault["applied"] = json!(true);
        }
        stage.fault(fault).await;
        stage.person(ada()).await;
        stage.work().await;
        let delivery = stage.delivery().await;
        assert_eq!(delivery["state"], "unknown", "{kind} {delivery:#}");
        stage.later(TimeDelta::seconds(3)).await;
        let delivery = stage.delivery().await;
        assert_eq!(delivery["state"], "delivered", "{kind} {delivery:#}");
        assert_eq!(stage.story(&delivery).await.last().unwrap().1, "found", "{kind}");
        assert_eq!(list(&stage.outbound().await, "persons").len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn what_never_turns_up_is_sent_once_more() {
    let stage = Stage::of(3).await;
    stage.fault(at("/api/v2/persons", "reset")).await;
    stage.person(ada()).await;
    stage.work().await;
    for seconds in [3, 60, 70] {
        assert_eq!(stage.delivery().await["state"], "unknown");
        stage.later(TimeDelta::seconds(seconds)).await;
    }
    let delivery = stage.delivery().await;
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    let ended: Vec<String> = stage
        .story(&delivery)
        .await
        .into_iter()
        .filter(|(step, _)| step == "person")
        .map(|(_, end)| end)
        .collect();
    assert_eq!(ended, ["absent", "done"]);
    assert_eq!(list(&stage.outbound().await, "persons").len(), 1);
}

#[tokio::test]
async fn what_the_crm_refuses_fails_with_its_words_and_goes_after_an_edit() {
    for connector in connectors::all() {
        let stage = Stage::at(connector.manifest().slug, 3).await;
        let contact = stage
            .person(json!({ "full_name": "Ada", "emails": [{ "value": "a@refused.example" }] }))
            .await;
        stage.work().await;
        let delivery = stage.delivery().await;
        let ended = (&delivery["state"], &delivery["cause"]);
        assert_eq!(ended, (&json!("failed"), &json!("refused")), "{delivery:#}");
        assert_eq!(delivery["objections"][0]["field"], "emails", "{delivery:#}");

        let path = format!("/api/contacts/{contact}");
        let edit = json!({ "emails": [{ "value": "ada@fine.example" }], "warmness": 0 });
        stage.acme.owner.browser.patch(&path, edit).await.expect(200);
        stage.retry(&delivery).await;
        stage.work().await;
        let delivery = stage.delivery().await;
        assert_eq!(delivery["state"], "delivered", "{delivery:#}");
        assert_eq!(list(&stage.outbound().await, "persons").len(), 1);
    }
}

#[tokio::test]
async fn an_outage_opens_the_circuit_and_one_look_that_succeeds_closes_it() {
    let stage = Stage::of(3).await;
    stage.fault(json!({ "kind": "status_5xx", "times": null })).await;
    for number in 0..6 {
        let email = format!("p{number}@x.example");
        stage.person(json!({ "full_name": "P", "emails": [{ "value": email }] })).await;
    }
    stage.work().await;
    assert_eq!(stage.count("connection where circuit_until is not null").await, 1);
    assert_eq!(stage.count("lane where resumes_at is not null").await, 1);
    let asked = stage.counters().await["total"].as_u64().unwrap();
    // Nobody asks while it is open.
    stage.work().await;
    assert_eq!(stage.counters().await["total"].as_u64().unwrap(), asked);

    stage.control("DELETE", "/faults", json!({})).await;
    stage.sql("update lane set resumes_at = now() where resumes_at is not null").await;
    for _ in 0..4 {
        stage.later(TimeDelta::seconds(40)).await;
    }
    assert_eq!(stage.count("delivery where state <> 'delivered'").await, 0);
    assert_eq!(stage.count("connection where circuit_until is not null").await, 0);
    assert_eq!(list(&stage.outbound().await, "persons").len(), 6);
}

/// Each is counted as the circuit stands when it is written, not as it stood when its call began.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failures_that_come_together_open_the_circuit_like_those_in_a_row() {
    let stage = Stage::of(3).await;
    stage.fault(json!({ "kind": "status_5xx", "times": null })).await;
    stage.control("POST", "/latency", json!({ "ms": 400 })).await;
    for number in 0..6 {
        let email = format!("p{number}@x.example");
        stage.person(json!({ "full_name": "P", "emails": [{ "value": email }] })).await;
    }
    let stopping = CancellationToken::new();
    #[expect(clippy::disallowed_methods, reason = "the worker stands beside the test")]
    let worker = tokio::spawn(jobs::run(Arc::clone(&stage.hub.hub), 2, stopping.clone()));
    let begun = Instant::now();
    while stage.count("delivery where attempts > 0").await < 6 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:#?}", stage.deliveries().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stopping.cancel();
    worker.await.unwrap();
    assert_eq!(stage.count("connection where circuit_until is not null").await, 1);
}

/// Put back, it would ask for both again, and use up the places that it waits for.
#[tokio::test]
async fn what_one_search_answered_is_kept_while_another_waits_for_the_crms_window() {
    let stage = Stage::of(3).await;
    let full = json!({ "kind": "burst_429", "path": "/organizations/search", "times": 2 });
    stage.fault(full).await;
    stage.person(ada()).await;
    stage.work().await;
    let delivery = stage.delivery().await;
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    let asked = stage.counters().await["requests"].clone();
    let count = |of: &str| asked[format!("GET /api/v2/{of}/search")].clone();
    assert_eq!((count("persons"), count("organizations")), (json!(1), json!(3)), "{asked}");
}
