//! Changes at a CRM that arrive without a click and without a call: whose turn it is, what a turn makes way
//! for, and what it leaves in the log.

mod arriving;
mod swept;
mod yielding;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tandem::flows::poll;

use crate::flows::stage::Stage;

/// One that tells nothing by itself.
const SILENT: &str = "salesforce";

/// A turn of 15 minutes is 22.5 minutes away at most.
const A_TURN: TimeDelta = TimeDelta::minutes(24);

/// With everybody in the book.
async fn imported() -> Stage {
    let stage = Stage::at(SILENT, 40).await;
    let run = stage.import(json!({ "mode": "full" })).await;
    assert_eq!(run["state"], "completed", "{run:#}");
    stage
}

impl Stage {
    /// Lets time pass, takes the turns that are due by then, and works; how many runs began.
    async fn turn_after(&self, time: TimeDelta) -> usize {
        self.hub.pass(time).await;
        let begun = poll::take_turns(&self.hub.hub).await.unwrap();
        self.work().await;
        begun
    }

    /// Runs, the newest first.
    async fn runs(&self) -> Vec<Value> {
        let page = self.acme.owner.browser.get("/api/sync-logs").await.expect(200);
        page["items"].as_array().unwrap().clone()
    }

    async fn card(&self) -> Value {
        let status = self.acme.owner.browser.get("/api/integrations/status").await.expect(200);
        let mut providers = status["providers"].as_array().unwrap().iter();
        providers.find(|one| one["provider"] == self.slug).unwrap()["connection"].clone()
    }

    async fn changes(&self) -> Value {
        self.card().await["changes"].clone()
    }

    /// Somebody renames so many people over there.
    async fn rename(&self, people: usize, seed: u64) {
        let done = self
            .control("POST", "/persons/mutate", json!({ "change": people, "seed": seed }))
            .await;
        assert_eq!(done["changed"].as_array().unwrap().len(), people, "{done:#}");
    }

    async fn renamed(&self) -> i64 {
        self.count("contact where last_name like 'Changed-%'").await
    }
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}
