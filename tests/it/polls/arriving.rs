//! Whose turn it is, and what comes of it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tandem::flows::poll;

use super::{A_TURN, SILENT, imported, time};
use crate::flows::stage::Stage;

#[tokio::test]
async fn a_change_arrives_without_a_click_at_a_crm_that_tells_nothing() {
    let stage = Stage::at(SILENT, 40).await;
    // Nobody has taken the account in: there is nothing that could have changed.
    assert_eq!(stage.turn_after(TimeDelta::hours(1)).await, 0);
    assert_eq!((stage.runs().await.len(), stage.count("poll").await), (0, 0));
    let changes = stage.changes().await;
    assert_eq!((&changes["arrive"], &changes["looked_at"]), (&json!("on_request"), &Value::Null));
    assert!(changes["reason"].as_str().unwrap().contains("Import everyone once"), "{changes:#}");

    let full = stage.import(json!({ "mode": "full" })).await;
    assert_eq!((&full["state"], &full["by_schedule"]), (&json!("completed"), &json!(false)));
    let card = stage.card().await;
    let (changes, now) = (&card["changes"], stage.hub.clock.now());
    assert_eq!((&changes["arrive"], &changes["every_minutes"]), (&json!("regularly"), &json!(15)));
    assert!(now - time(&changes["looked_at"]) < TimeDelta::minutes(1), "{changes:#}");
    let wait = time(&changes["next_at"]) - now;
    assert!(wait > TimeDelta::minutes(7) && wait < TimeDelta::minutes(23), "{changes:#}");
    assert_eq!(card["next_run"], changes["next_at"]);

    stage.rename(1, 1).await;
    assert_eq!(stage.turn_after(TimeDelta::minutes(7)).await, 0, "it is early");
    assert_eq!(stage.turn_after(A_TURN).await, 1);
    let run = &stage.runs().await[0];
    assert_eq!((&run["mode"], &run["state"]), (&json!("incremental"), &json!("completed")));
    assert_eq!((&run["by_schedule"], &run["requested_by"]), (&json!(true), &Value::Null));
    assert_eq!(run["counts"]["updated"], 1, "{run:#}");
    assert_eq!((stage.renamed().await, stage.runs().await.len()), (1, 2));
    let looked = time(&stage.changes().await["looked_at"]);
    assert!(stage.hub.clock.now() - looked < TimeDelta::minutes(1));
    // A day of turns follows by itself.
    assert_eq!(stage.turn_after(TimeDelta::minutes(1)).await, 0);
    assert_eq!(stage.turn_after(A_TURN).await, 1);
}

#[tokio::test]
async fn looks_that_find_nothing_cost_little_and_do_not_pile_up() {
    let stage = imported().await;
    let before = stage.sums().await;
    for _ in 0..3 {
        assert_eq!(stage.turn_after(A_TURN).await, 1);
    }
    let runs = stage.runs().await;
    assert_eq!(runs.len(), 2, "the import and the last look: {runs:#?}");
    assert!(runs[0]["requests"].as_i64().unwrap() <= 9, "{:#}", runs[0]);
    assert_eq!(stage.sums().await, before);
    assert_eq!(stage.card().await["running"], Value::Null);
    assert_eq!(stage.count("audit_log where action like 'import.%'").await, 1, "the import");

    // One that found something stays, whatever comes after it.
    stage.rename(2, 1).await;
    assert_eq!(stage.turn_after(A_TURN).await, 1);
    assert_eq!(stage.turn_after(A_TURN).await, 1);
    assert_eq!(stage.turn_after(A_TURN).await, 1);
    let runs = stage.runs().await;
    let updated: Vec<_> = runs.iter().map(|run| run["counts"]["updated"].clone()).collect();
    assert_eq!(updated[..2], [json!(0), json!(2)], "{runs:#?}");
    assert_eq!(runs.len(), 3, "{runs:#?}");
}

#[tokio::test]
async fn two_workers_that_look_at_once_begin_one_run() {
    let stage = imported().await;
    let twin = stage.twin().await;
    stage.hub.pass(A_TURN).await;
    let (ours, theirs) = tokio::join!(poll::take_turns(&stage.hub.hub), poll::take_turns(&twin));
    assert_eq!(ours.unwrap() + theirs.unwrap(), 1);
    assert_eq!(stage.runs().await.len(), 2);
    assert_eq!(poll::take_turns(&twin).await.unwrap(), 0);
}

#[tokio::test]
async fn a_plan_without_it_stops_the_turns_and_an_upgrade_starts_them_again() {
    let stage = imported().await;
    stage.sql("update company set plan = 'growth'").await;
    assert_eq!(stage.turn_after(A_TURN).await, 0);
    let changes = stage.changes().await;
    assert_eq!(
        (&changes["arrive"], &changes["every_minutes"]),
        (&json!("on_request"), &Value::Null)
    );
    assert!(changes["reason"].as_str().unwrap().contains("plan"), "{changes:#}");
    assert_eq!(stage.runs().await.len(), 1);
    stage.sql("update company set plan = 'teams'").await;
    assert_eq!(stage.turn_after(A_TURN).await, 1);
    assert_eq!(stage.changes().await["reason"], Value::Null);
}

#[tokio::test]
async fn turns_stop_with_the_consent_go_on_with_a_new_one_and_end_with_the_connection() {
    let stage = imported().await;
    stage.sql("update connection set state = 'needs_reconnect'").await;
    stage.rename(1, 1).await;
    assert_eq!(stage.turn_after(A_TURN).await, 0);
    assert_eq!(stage.changes().await["next_at"], Value::Null);
    stage.connect(&stage.acme.owner.browser).await;
    assert_eq!(stage.turn_after(TimeDelta::seconds(1)).await, 1, "at once");
    assert_eq!(stage.renamed().await, 1);

    let path = format!("/api/integrations/{SILENT}/disconnect");
    stage.acme.owner.browser.post(&path, json!({})).await.expect(200);
    assert_eq!((stage.count("poll").await, stage.turn_after(A_TURN).await), (0, 0));
    stage.connect(&stage.acme.owner.browser).await;
    assert_eq!(stage.turn_after(TimeDelta::seconds(1)).await, 1);
}

#[tokio::test]
async fn whoever_was_imported_by_an_older_version_gets_a_turn() {
    let stage = imported().await;
    stage.sql("delete from poll").await;
    assert_eq!(stage.turn_after(A_TURN).await, 0);
    poll::look_after(&stage.hub.hub, stage.acme.id).await.unwrap();
    assert_eq!(stage.turn_after(A_TURN).await, 1);
}

#[tokio::test]
async fn where_it_is_turned_off_nobody_looks() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let database = crate::harness::Database::create().await;
    let config = tandem::sandbox::SandboxConfig::of_size(5, 3);
    let off = |ours: &mut tandem::config::Config| ours.poll_every = std::time::Duration::ZERO;
    let stage = Stage::before(SILENT, database, listener, config, off).await;
    stage.connect(&stage.acme.owner.browser).await;
    stage.import(json!({ "mode": "full" })).await;
    assert_eq!(stage.turn_after(TimeDelta::days(1)).await, 0);
    let changes = stage.changes().await;
    assert_eq!((&changes["arrive"], &changes["next_at"]), (&json!("on_request"), &Value::Null));
}
