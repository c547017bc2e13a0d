//! A CRM that tells by itself is asked as well, now and then: hints get lost.

use chrono::TimeDelta;
use serde_json::json;
use tandem::flows::poll;

use crate::hooks::stage::{BASIC, Stage};

async fn turn_after(stage: &Stage, time: TimeDelta) -> usize {
    stage.hub.pass(time).await;
    let begun = poll::take_turns(&stage.hub.hub).await.unwrap();
    stage.work().await;
    begun
}

#[tokio::test]
async fn a_crm_that_tells_is_asked_seldom_and_what_it_did_not_tell_is_found() {
    let stage = Stage::imported(BASIC).await;
    let changes = stage.connection().await["changes"].clone();
    assert_eq!((&changes["arrive"], &changes["every_minutes"]), (&json!("at_once"), &json!(360)));
    // The CRM gave the channel up, and nobody knows yet.
    let person = stage.somebody().await;
    stage.control("/webhooks/end", json!({})).await;
    let change = json!({ "change_ids": [person.parse::<u64>().unwrap()] });
    stage.control("/persons/mutate", change).await;
    assert_eq!(turn_after(&stage, TimeDelta::minutes(150)).await, 0);
    assert!(!stage.last_name(&person).await.unwrap().starts_with("Changed-"));
    assert_eq!(turn_after(&stage, TimeDelta::minutes(400)).await, 1);
    assert!(stage.last_name(&person).await.unwrap().starts_with("Changed-"));
    let run = &stage.runs().await[0];
    assert_eq!((&run["by_schedule"], &run["by_webhook"]), (&json!(true), &json!(false)), "{run:#}");
}

#[tokio::test]
async fn a_crm_that_may_not_tell_any_more_is_asked_as_often_as_one_that_never_does() {
    let stage = Stage::imported(BASIC).await;
    stage
        .sql("update connection set granted_scopes = array_remove(granted_scopes, 'webhooks:full')")
        .await;
    stage.sql("update connection set hooks_due_at = now()").await;
    stage.later(TimeDelta::seconds(1)).await;
    let changes = stage.connection().await["changes"].clone();
    assert_eq!((&changes["arrive"], &changes["every_minutes"]), (&json!("regularly"), &json!(15)));
    assert_eq!(turn_after(&stage, super::A_TURN).await, 1);
    assert_eq!(turn_after(&stage, super::A_TURN).await, 1);
}
