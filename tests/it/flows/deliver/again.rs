//! Replays are new attempts of the same delivery.

use chrono::TimeDelta;
use serde_json::json;

use super::{Stage, at, list};

#[tokio::test]
async fn a_replay_of_what_may_have_been_done_looks_first() {
    let stage = Stage::of(3).await;
    stage.fault(at("/api/v2/persons", "applied_reset")).await;
    stage.person(json!({ "emails": [{ "value": "g@x.example" }] })).await;
    stage.work().await;
    assert_eq!(stage.delivery().await["state"], "unknown");
    // Given up while nobody could look.
    stage.sql("update delivery set state = 'dead', cause = 'gave_up'").await;
    let delivery = stage.delivery().await;
    stage.retry(&delivery).await;
    stage.work().await;
    stage.later(TimeDelta::seconds(3)).await;
    assert_eq!(stage.delivery().await["state"], "delivered");
    assert_eq!(list(&stage.outbound().await, "persons").len(), 1);
}
