//! Faults hit what they are meant to hit, as often as they are told to.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Stage, small};

const LIST: &str = "/api/v2/persons?limit=20";

impl Stage {
    async fn fault(&self, fault: Value) {
        self.control("POST", "/faults", fault).await;
    }
}

#[tokio::test]
async fn a_fault_waits_hits_so_many_times_and_is_gone() {
    let stage = Stage::new(small()).await;
    stage.fault(json!({"kind": "status_5xx", "path": "/persons", "after": 1, "times": 2})).await;
    let mut statuses = vec![];
    for path in [LIST, "/api/v1/users/me", LIST, LIST, LIST] {
        statuses.push(stage.get(path).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 503, 503, 200]);
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["faults"], json!({"status_5xx": 2}));

    stage.fault(json!([{"kind": "status", "status": 402, "times": null}])).await;
    assert_eq!(stage.get(LIST).await.status(), StatusCode::PAYMENT_REQUIRED);
    stage.control("DELETE", "/faults", json!({})).await;
    assert_eq!(stage.get(LIST).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn both_kinds_of_429_say_which_they_are() {
    let stage = Stage::new(small()).await;
    stage.fault(json!([{"kind": "burst_429", "retry_after": 3}, {"kind": "daily_429"}])).await;
    let burst = stage.get(LIST).await;
    assert_eq!(burst.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(burst.headers()["retry-after"], "3");
    assert_eq!(burst.headers()["x-ratelimit-remaining"], "0");
    let daily = stage.get(LIST).await;
    assert_eq!(daily.headers()["x-daily-ratelimit-token-remaining"], "0");
    assert!(!daily.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn damaged_answers_are_damaged_as_named() {
    let stage = Stage::new(small()).await;
    let whole = stage.get(LIST).await.bytes().await.unwrap();

    stage.fault(json!({"kind": "half_answer"})).await;
    let half = stage.get(LIST).await;
    assert_eq!(half.status(), StatusCode::OK);
    assert!(half.bytes().await.is_err(), "the connection breaks inside the body");

    stage.fault(json!({"kind": "wrong_length"})).await;
    let short = stage.get(LIST).await.bytes().await.unwrap();
    assert_eq!(short.len(), whole.len() / 2, "complete for HTTP");
    assert!(serde_json::from_slice::<Value>(&short).is_err());

    stage.fault(json!({"kind": "invalid_utf8"})).await;
    let bytes = stage.get(LIST).await.bytes().await.unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
    assert_eq!(bytes.len(), whole.len() + 2);

    stage.fault(json!({"kind": "duplicate_keys"})).await;
    let text = stage.get(LIST).await.text().await.unwrap();
    assert_eq!((text.matches("\"success\":").count(), text.matches("\"data\":").count()), (2, 2));

    stage.fault(json!({"kind": "empty_json"})).await;
    assert_eq!(stage.json(LIST).await, json!({}));
}

#[tokio::test]
async fn pages_of_html_and_redirects_come_instead_of_answers() {
    let stage = Stage::new(small()).await;
    stage.fault(json!([{"kind": "html_403"}, {"kind": "html_200"}, {"kind": "redirect"}])).await;
    let forbidden = stage.get(LIST).await;
    assert_eq!(forbidden.status(), StatusCode::FORBIDDEN);
    assert!(forbidden.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(forbidden.text().await.unwrap().contains("produced by Cloudflare"));
    let fine = stage.get(LIST).await;
    assert_eq!(fine.status(), StatusCode::OK);
    assert!(fine.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let moved = stage.get(LIST).await;
    assert_eq!(moved.headers()["location"], "https://evil.example/");
}

#[tokio::test]
async fn a_gzip_bomb_unpacks_to_what_was_ordered() {
    let stage = Stage::new(small()).await;
    stage.fault(json!({"kind": "gzip_bomb", "bytes": 100_000_000_u64})).await;
    let mut response = stage.get(LIST).await;
    let mut unpacked = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        assert!(chunk.iter().all(|byte| *byte == b' '));
        unpacked += chunk.len();
        if unpacked > 100_000_000 {
            break;
        }
    }
    assert!(unpacked > 100_000_000, "{unpacked}");
}

#[tokio::test]
async fn slow_answers_are_right_and_missing_ones_never_come() {
    let stage = Stage::new(small()).await;
    stage.fault(json!({"kind": "slow_ms", "ms": 300})).await;
    let start = Instant::now();
    assert_eq!(stage.get(LIST).await.status(), StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_millis(300));

    stage.fault(json!({"kind": "timeout"})).await;
    let request = stage.http.get(format!("{}{LIST}", stage.crm.url));
    let error = request.timeout(Duration::from_millis(300)).send().await.unwrap_err();
    assert!(error.is_timeout());

    stage.control("POST", "/latency", json!({"ms": 120})).await;
    let start = Instant::now();
    assert_eq!(stage.get(LIST).await.status(), StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_millis(120));

    // An answer that never comes does not keep the stand-in alive.
    stage.fault(json!({"kind": "timeout"})).await;
    let hanging = stage.http.get(format!("{}{LIST}", stage.crm.url)).send();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::time::timeout(Duration::from_secs(2), stage.crm.stop()).await.unwrap();
    };
    let (answer, ()) = tokio::join!(hanging, stop);
    assert!(answer.is_err());
}
