//! A run while somebody watches it, stops it, or lets it go on.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tandem::jobs;
use tokio_util::sync::CancellationToken;

use super::stage::{Stage, eventually};

/// Reads events until `enough` is true of one, or the stream ends.
async fn watch(stage: &Stage, run: &str, enough: impl Fn(&Value) -> bool) -> (Vec<Value>, bool) {
    let path = format!("/api/sync-logs/{run}/events");
    let request = stage.acme.owner.browser.request(Method::GET, &path);
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut text, mut events) = (String::new(), Vec::new());
    while let Some(chunk) = answer.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        while let Some(end) = text.find("\n\n") {
            let block: String = text.drain(..end + 2).collect();
            let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) else {
                continue;
            };
            assert!(block.lines().any(|line| line == "event: run"), "{block}");
            events.push(serde_json::from_str(data).unwrap());
            if enough(&events[events.len() - 1]) {
                return (events, false);
            }
        }
    }
    (events, true)
}

#[tokio::test]
async fn progress_survives_a_reconnect_and_ends_with_the_run() {
    let stage = Stage::of(1_100).await;
    stage.control("POST", "/latency", json!({ "ms": 60 })).await;
    let run = stage.start(json!({ "mode": "full" })).await;

    let watching = async {
        let (first, ended) = watch(&stage, &run, |_| true).await;
        assert!(!ended && first[0]["id"] == json!(run));
        // The line breaks; another one is opened.
        watch(&stage, &run, |_| false).await
    };
    let ((events, ended), ()) = tokio::join!(watching, stage.work());

    assert!(ended, "the stream ends when the run does");
    let last = &events[events.len() - 1];
    assert_eq!((&last["state"], &last["adds_up"]), (&json!("completed"), &json!(true)), "{last}");
    let seen: Vec<i64> = events.iter().map(|event| event["seen"].as_i64().unwrap()).collect();
    assert!(seen.is_sorted() && seen.len() > 2, "it moves on before it ends: {seen:?}");
    let (late, ended) = watch(&stage, &run, |_| false).await;
    assert!(ended && late.len() == 1, "who comes late gets the end at once");
}

#[tokio::test]
async fn a_cancelled_run_keeps_what_it_did_and_can_go_on() {
    let stage = Stage::of(1_100).await;
    stage.control("POST", "/latency", json!({ "ms": 100 })).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let owner = &stage.acme.owner.browser;

    let cancelling = async {
        eventually("a first page", || async { stage.run(&run).await["seen"] != 0 }).await;
        owner.post(&format!("/api/sync-logs/{run}/cancel"), json!({})).await.expect(202);
    };
    let ((), ()) = tokio::join!(stage.work(), cancelling);

    let stopped = stage.run(&run).await;
    assert_eq!(
        (&stopped["state"], &stopped["adds_up"]),
        (&json!("cancelled"), &json!(true)),
        "{stopped}"
    );
    assert!(stopped["seen"].as_i64().unwrap() < 1_100, "{stopped}");
    assert_eq!(json!(stage.count("contact").await), stopped["counts"]["created"]);
    assert_eq!(stage.count("job").await, 0);
    stage.is_sound().await;

    owner.post(&format!("/api/sync-logs/{run}/resume"), json!({})).await.expect(202);
    stage.work().await;
    let done = stage.run(&run).await;
    stage.holds_the_truth(&done).await;
    assert_eq!(owner.post(&format!("/api/sync-logs/{run}/resume"), json!({})).await.status, 409);
}

#[tokio::test]
async fn a_queued_run_is_cancelled_at_once() {
    let stage = Stage::of(60).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let path = format!("/api/sync-logs/{run}/cancel");
    let seen = stage.acme.owner.browser.post(&path, json!({})).await.expect(202);
    assert_eq!(seen["state"], "cancelled");
    stage.work().await;
    assert_eq!((stage.count("contact").await, stage.count("job").await), (0, 0));
    assert_eq!(stage.run(&run).await["state"], "cancelled");
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_leaves_the_run_to_the_next() {
    let stage = Stage::of(1_100).await;
    stage.control("POST", "/latency", json!({ "ms": 80 })).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let stopping = CancellationToken::new();
    let stop = async {
        eventually("a first page", || async { stage.run(&run).await["seen"] != 0 }).await;
        stopping.cancel();
    };
    tokio::join!(jobs::run(stage.hub.hub.clone(), 2, stopping.clone()), stop);
    let put_down = stage.run(&run).await;
    assert_eq!(put_down["state"], "running", "{put_down}");
    assert!(put_down["seen"].as_i64().unwrap() < 1_100);

    let twin = stage.twin().await;
    let stopping = CancellationToken::new();
    let done = async {
        eventually("the end", || async { stage.run(&run).await["state"] == "completed" }).await;
        stopping.cancel();
    };
    tokio::join!(jobs::run(twin, 2, stopping.clone()), done);

    tokio::time::sleep(Duration::from_millis(10)).await;
    stage.holds_the_truth(&stage.run(&run).await).await;
}
