//! A provider that fails in the middle of an import: the run says so, and goes on.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tandem::{connectors::Http, flows::Hub, jobs, sandbox::SandboxConfig};

use super::stage::{Stage, eventually, slug};

fn full() -> Value {
    json!({ "mode": "full" })
}

/// Two pages of persons; the second one is where it happens.
const PERSONS: u32 = 510;

/// Breaks the second page of persons four times, which is all the patience of one call; checks
/// that the run waits in words and then ends with the truth.
async fn waits_and_goes_on(kind: &'static str) {
    let stage = Stage::of(PERSONS).await;
    let fault = json!({ "kind": kind, "path": "/api/v2/persons", "after": 1, "times": 4 });
    stage.fault(fault).await;
    let run = stage.start(full()).await;

    if kind == "timeout" {
        // Nobody waits half a minute for a test.
        let http = Http::with_timeout(true, Duration::from_millis(400));
        let providers = stage.hub.hub.providers.with_http(&http);
        let hurried = Arc::new(Hub { providers, ..Hub::clone(&stage.hub.hub) });
        jobs::drain(&hurried).await.unwrap();
    } else {
        stage.work().await;
    }

    let waiting = stage.run(&run).await;
    assert_eq!(waiting["state"], "waiting", "{kind}: {waiting}");
    assert!(waiting["state_reason"].as_str().unwrap().starts_with("Waiting: "), "{waiting}");
    assert!(waiting["waiting_until"].is_string(), "{waiting}");
    assert_eq!((&waiting["seen"], &waiting["adds_up"]), (&json!(500), &json!(true)), "{waiting}");

    let (over, waits) = stage.until_over(&run).await;
    assert_eq!(waits, 1, "{kind}: {over}");
    stage.holds_the_truth(&over).await;
    // All but those whose connection was cut were answered, and all were asked.
    let asked = stage.counters().await["requests"]["GET /api/v2/persons"].clone();
    assert_eq!(asked, json!(2 + 4), "{kind}");
    assert_eq!(over["requests"], json!(stage.pages() + 4), "{kind}: the log counts retries, too");
}

#[tokio::test]
async fn answers_that_cannot_be_read_make_the_run_wait_and_go_on() {
    let kinds = ["half_answer", "wrong_length", "html_200", "empty_json", "invalid_utf8"];
    join_all(kinds.map(waits_and_goes_on)).await;
}

#[tokio::test]
async fn a_provider_that_is_down_or_silent_or_points_elsewhere_makes_the_run_wait_and_go_on() {
    join_all(["status_5xx", "redirect", "timeout"].map(waits_and_goes_on)).await;
}

#[tokio::test]
async fn a_provider_that_stays_down_fails_the_run_in_words_and_it_can_be_resumed() {
    let stage = Stage::of(60).await;
    let run = stage.start(full()).await;
    stage.fault(json!({ "kind": "status_5xx", "path": "/api/v2/persons", "times": 4 })).await;
    // As if it had been down for long.
    stage.sql("update sync_run set attempts = 1999").await;
    stage.sql("update sync_run set phase = 'persons'").await;
    stage.work().await;

    let failed = stage.run(&run).await;
    assert_eq!(
        (&failed["state"], &failed["resumable"]),
        (&json!("failed"), &json!(true)),
        "{failed}"
    );
    assert!(failed["state_reason"].as_str().unwrap().contains("can be resumed"), "{failed}");
    assert_eq!(stage.count("job").await, 0);

    let path = format!("/api/sync-logs/{run}/resume");
    stage.acme.owner.browser.post(&path, json!({})).await.expect(202);
    stage.work().await;
    stage.holds_the_truth(&stage.run(&run).await).await;
}

fn until(run: &Value) -> DateTime<Utc> {
    run["waiting_until"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn slow_down_makes_the_run_wait_as_long_as_it_was_told() {
    let stage = Stage::of(PERSONS).await;
    let path = "/api/v2/persons";
    let fault = json!({ "kind": "burst_429", "path": path, "after": 1, "retry_after": 30 });
    stage.fault(fault).await;
    let run = stage.start(full()).await;
    stage.work().await;

    let waiting = stage.run(&run).await;
    assert_eq!(waiting["state"], "waiting", "{waiting}");
    assert!(waiting["state_reason"].as_str().unwrap().contains("slow down"), "{waiting}");
    let wait = until(&waiting) - stage.hub.clock.now();
    assert!((20..=31).contains(&wait.num_seconds()), "{wait}");

    // Nothing for this connection goes out meanwhile.
    let asked = stage.counters().await["total"].clone();
    stage.later(TimeDelta::seconds(5)).await;
    assert_eq!(stage.run(&run).await["state"], "waiting");
    assert_eq!(stage.counters().await["total"], asked);

    stage.later(TimeDelta::seconds(30)).await;
    stage.holds_the_truth(&stage.run(&run).await).await;
}

#[tokio::test]
async fn a_used_up_day_makes_the_run_wait_for_the_next_look_and_go_on() {
    let stage = Stage::of(PERSONS).await;
    stage.fault(json!({ "kind": "daily_429", "path": "/api/v2/persons", "after": 1 })).await;
    let run = stage.start(full()).await;
    stage.work().await;

    let waiting = stage.run(&run).await;
    assert_eq!(waiting["state"], "waiting", "{waiting}");
    assert!(waiting["state_reason"].as_str().unwrap().contains("daily budget"), "{waiting}");
    let wait = until(&waiting) - stage.hub.clock.now();
    assert!((50..=60).contains(&wait.num_minutes()), "{wait}");

    let (over, waits) = stage.until_over(&run).await;
    assert!((3..=5).contains(&waits), "{waits}");
    stage.holds_the_truth(&over).await;
}

#[tokio::test]
async fn a_shut_out_makes_the_run_stay_away() {
    let stage = Stage::of(60).await;
    stage.fault(json!({ "kind": "html_403", "path": "/api/v2/persons" })).await;
    let run = stage.start(full()).await;
    stage.work().await;
    let waiting = stage.run(&run).await;
    assert!(waiting["state_reason"].as_str().unwrap().contains("shut us out"), "{waiting}");
    let (over, waits) = stage.until_over(&run).await;
    assert_eq!(waits, 1);
    stage.holds_the_truth(&over).await;
}

#[tokio::test]
async fn a_token_refused_once_is_renewed_and_nobody_notices() {
    let stage = Stage::of(PERSONS).await;
    let path = "/api/v2/persons";
    stage.fault(json!({ "kind": "status", "status": 401, "path": path, "after": 1 })).await;
    let run = stage.import(full()).await;
    stage.holds_the_truth(&run).await;
    assert_eq!(stage.counters().await["tokens"]["refresh_token"], 1);
}

#[tokio::test]
async fn a_revoked_grant_fails_the_run_in_words_and_a_new_consent_lets_it_go_on() {
    let stage = Stage::of(1_100).await;
    stage.control("POST", "/latency", json!({ "ms": 80 })).await;
    let run = stage.start(full()).await;
    let revoking = async {
        eventually("a first page", || async { stage.run(&run).await["seen"] != 0 }).await;
        stage.control("POST", "/tokens/revoke", json!({})).await;
    };
    tokio::join!(stage.work(), revoking);

    let failed = stage.run(&run).await;
    assert_eq!(
        (&failed["state"], &failed["adds_up"]),
        (&json!("failed"), &json!(true)),
        "{failed}"
    );
    assert!(failed["state_reason"].as_str().unwrap().contains("new consent"), "{failed}");
    let owner = &stage.acme.owner.browser;
    let status = owner.get("/api/integrations/status").await.expect(200);
    assert_eq!(status["providers"][0]["connection"]["state"], "needs_reconnect");
    let resume = format!("/api/sync-logs/{run}/resume");
    assert_eq!(owner.post(&resume, json!({})).await.problem(409), "needs_reconnect");
    let again = owner.post(&format!("/api/integrations/{}/sync", slug()), full()).await;
    assert_eq!(again.problem(409), "needs_reconnect");

    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    stage.connect(owner).await;
    // Nobody has to press anything else.
    assert_eq!(stage.run(&run).await["state"], "queued");
    stage.work().await;
    let over = stage.run(&run).await;
    stage.holds_the_truth(&over).await;
}

#[tokio::test]
async fn an_account_that_ended_fails_the_run_in_words_and_it_can_be_resumed() {
    let stage = Stage::of(PERSONS).await;
    let path = "/api/v2/persons";
    stage.fault(json!({ "kind": "status", "status": 402, "path": path, "after": 1 })).await;
    let run = stage.import(full()).await;
    assert_eq!((&run["state"], &run["seen"]), (&json!("failed"), &json!(500)), "{run}");
    assert!(run["state_reason"].as_str().unwrap().contains("suspended"), "{run}");
    let id = run["id"].as_str().unwrap();
    let resume = format!("/api/sync-logs/{id}/resume");
    stage.acme.owner.browser.post(&resume, json!({})).await.expect(202);
    stage.work().await;
    stage.holds_the_truth(&stage.run(id).await).await;
}

#[tokio::test]
async fn a_refused_cursor_starts_the_list_again_and_counts_nobody_twice() {
    let stage = Stage::of(1_200).await;
    let path = "/api/v2/persons";
    stage.fault(json!({ "kind": "status", "status": 400, "path": path, "after": 2 })).await;
    let run = stage.import(full()).await;
    stage.holds_the_truth(&run).await;
    assert_eq!(run["requests"], json!(stage.pages() + 3), "two pages again, and the refusal");
    let logged = stage.count("sync_entry, unnest(remote_ids) remote_id").await;
    assert_eq!(json!(logged), run["seen"]);
}

#[tokio::test]
async fn a_list_that_gets_further_each_time_may_start_again_more_than_once() {
    let stage = Stage::of(1_200).await;
    // The second page, and then the third, once two have been seen again.
    let refused = json!([
        { "kind": "status", "status": 400, "path": "/api/v2/persons", "after": 1 },
        { "kind": "status", "status": 400, "path": "/api/v2/persons", "after": 4 },
    ]);
    stage.fault(refused).await;
    let run = stage.import(full()).await;
    stage.holds_the_truth(&run).await;
    let asked = stage.counters().await["requests"]["GET /api/v2/persons"].clone();
    assert_eq!(asked, json!(3 + 2 + 2 + 1), "each refusal, and what was seen before it");
}

#[tokio::test]
async fn lists_of_organizations_and_deals_that_start_again_count_nobody_twice() {
    let config =
        SandboxConfig { organizations: 620, deals: 1_100, ..SandboxConfig::of_size(60, 3) };
    let stage = Stage::with(config).await;
    let refused = json!([
        { "kind": "status", "status": 400, "path": "/api/v2/organizations", "after": 1 },
        { "kind": "status", "status": 400, "path": "/api/v2/deals", "after": 2 },
    ]);
    stage.fault(refused).await;
    let run = stage.import(full()).await;
    stage.holds_the_truth(&run).await;
    let truth = stage.truth().await;
    for counted in ["seen", "created"] {
        assert_eq!(run["organizations"][counted], truth["organizations"], "{run}");
    }
    assert_eq!(run["organizations"]["unchanged"], 0, "{run}");
    assert_eq!(
        (&run["deals"]["seen"], &run["deals"]["written"], &run["deals"]["unchanged"]),
        (&truth["deals"], &truth["deals"], &json!(0)),
        "{run}"
    );
}

#[tokio::test]
async fn a_list_whose_cursor_is_never_accepted_is_not_read_for_ever() {
    let stage = Stage::of(PERSONS).await;
    let never = json!([
        { "kind": "status", "status": 400, "path": "/api/v2/persons", "after": 1 },
        { "kind": "status", "status": 400, "path": "/api/v2/persons", "after": 2 },
    ]);
    stage.fault(never).await;
    let run = stage.import(full()).await;
    assert_eq!((&run["state"], &run["adds_up"]), (&json!("failed"), &json!(true)), "{run}");
    assert!(run["state_reason"].as_str().unwrap().contains("can be resumed"), "{run}");
    let id = run["id"].as_str().unwrap();
    let resume = format!("/api/sync-logs/{id}/resume");
    stage.acme.owner.browser.post(&resume, json!({})).await.expect(202);
    stage.work().await;
    stage.holds_the_truth(&stage.run(id).await).await;
}
