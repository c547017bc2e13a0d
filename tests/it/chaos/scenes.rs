//! What must be going on for a worker to come by a failpoint, and how such a run has to end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    campaign::{BACK, ends, mark},
    truth::{self, Held},
};
use crate::flows::stage::Stage;

/// What must be going on for a worker to come by a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    /// A full import into an empty book.
    First,
    /// A full import after some were deleted there.
    Gone,
    /// Chosen people whose organizations nobody knows.
    Chosen,
    /// The CRM is down for a while.
    Down,
    /// The CRM refuses the cursor of the second page.
    Refused,
    /// A full import that lasts for longer than a quarter of a lease.
    Slow,
    /// Somebody cancels.
    Cancelled,
    /// The access token has expired.
    Expired,
    /// The refresh is refused: the company took Tandem out.
    Revoked,
    /// Another worker died before.
    Orphaned,
    /// Not a worker's place.
    Served,
}

pub(super) fn scene(name: &str) -> Scene {
    match name {
        "import.enqueued" | "import.started" => Scene::Served,
        "import.unseen_asked" | "import.gone_marked" | "import.gone_committed" => Scene::Gone,
        "import.strangers_written" | "import.strangers_committed" => Scene::Chosen,
        "import.wait_written" | "import.wait_committed" | "import.put_down" => Scene::Down,
        "import.list_reset" => Scene::Refused,
        "import.end_written" | "import.end_committed" => Scene::Cancelled,
        "tokens.refused" => Scene::Revoked,
        "jobs.beaten" => Scene::Slow,
        "jobs.reaped" => Scene::Orphaned,
        _ if name.starts_with("tokens.") => Scene::Expired,
        _ if name.starts_with("connect.") || name.starts_with("disconnect.") => Scene::Served,
        _ => Scene::First,
    }
}

/// Whether only a web process comes by this place.
pub(super) fn served(name: &str) -> bool {
    scene(name) == Scene::Served
}

/// The run that makes a worker come by.
pub(super) async fn set(stage: &Stage, scene: Scene) -> String {
    let persons = "/api/v2/persons";
    match scene {
        Scene::Gone => {
            let first = stage.import(json!({ "mode": "full" })).await;
            assert_eq!(first["state"], "completed", "{first}");
            stage.control("POST", "/persons/mutate", json!({ "delete": 6, "change": 9 })).await;
        }
        Scene::Down => {
            let fault = json!({ "kind": "status_5xx", "path": persons, "after": 1, "times": 4 });
            stage.fault(fault).await;
        }
        Scene::Refused => {
            let fault = json!({ "kind": "status", "status": 400, "path": persons, "after": 1 });
            stage.fault(fault).await;
        }
        Scene::Expired => {
            stage.control("POST", "/tokens/expire", json!({})).await;
        }
        Scene::Revoked => {
            stage.control("POST", "/tokens/revoke", json!({})).await;
        }
        Scene::Chosen => {
            let people = stage.control("GET", "/truth/persons?limit=150", Value::Null).await;
            let ids: Vec<String> =
                people.as_array().unwrap().iter().map(|person| person["id"].to_string()).collect();
            return stage.start(json!({ "mode": "selective", "ids": ids })).await;
        }
        Scene::Cancelled => {
            stage.control("POST", "/latency", json!({ "ms": 150 })).await;
        }
        Scene::Slow => {
            stage.control("POST", "/latency", json!({ "ms": 1_000 })).await;
        }
        Scene::First | Scene::Orphaned | Scene::Served => {}
    }
    stage.start(json!({ "mode": "full" })).await
}

/// Cancels once a worker has the run.
pub(super) async fn cancel(stage: &Stage, run: &str) {
    let begun = Instant::now();
    while mark(stage, run).await.1 != "running" {
        assert!(begun.elapsed() < BACK, "nobody took the run up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let path = format!("/api/sync-logs/{run}/cancel");
    stage.acme.owner.browser.post(&path, json!({})).await.expect(202);
}

pub(super) async fn judge(stage: &Stage, scene: Scene, run: &str, over: &Value) -> Held {
    match scene {
        Scene::Cancelled => {
            assert_eq!(over["state"], "cancelled", "{over}");
            stage.control("POST", "/latency", json!({ "ms": 0 })).await;
            let path = format!("/api/sync-logs/{run}/resume");
            stage.acme.owner.browser.post(&path, json!({})).await.expect(202);
            ends(stage, run, Instant::now()).await;
            truth::of_a_first_import(stage, run).await
        }
        Scene::Revoked => {
            // Only the company can give a new consent.
            assert_eq!(over["state"], "failed", "{over}");
            assert!(over["state_reason"].as_str().unwrap().contains("new consent"), "{over}");
            stage.connect(&stage.acme.owner.browser).await;
            ends(stage, run, Instant::now()).await;
            truth::of_a_first_import(stage, run).await
        }
        Scene::Gone | Scene::Chosen => truth::of_any_run(stage, run).await,
        _ => truth::of_a_first_import(stage, run).await,
    }
}
