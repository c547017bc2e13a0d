//! Several at once: requests, processes, runs.

use futures_util::future::join_all;
use serde_json::json;
use tandem::flows::import;
use tokio_util::sync::CancellationToken;

use super::stage::{Stage, slug};

#[tokio::test]
async fn fifty_requests_at_once_for_the_same_import_are_one_run() {
    let stage = Stage::of(60).await;
    let path = format!("/api/integrations/{}/sync", slug());
    let owner = &stage.acme.owner.browser;
    for body in [
        json!({ "mode": "full" }),
        json!({ "mode": "selective", "ids": ["1", "2"] }),
        json!({ "mode": "incremental" }),
    ] {
        let answers = join_all((0..50).map(|_| owner.post(&path, body.clone()))).await;
        let answers: Vec<_> = answers.iter().map(|answer| answer.expect(202)).collect();
        let first = answers.iter().filter(|answer| answer["already_running"] == false).count();
        assert_eq!(first, 1, "{body}");
        assert!(answers.iter().all(|answer| answer["run_id"] == answers[0]["run_id"]));
    }
    assert_eq!((stage.count("sync_run").await, stage.count("job").await), (3, 3));
    stage.work().await;
    assert_eq!(stage.count("sync_run where state = 'completed'").await, 3);
    assert_eq!(stage.count("job").await, 0);
    stage.is_sound().await;
}

#[tokio::test]
async fn the_limit_of_the_plan_counts_contacts_not_records() {
    let stage = Stage::of(600).await;
    let fits = stage.truth().await["import"]["contacts"].as_i64().unwrap();
    let room = 100_000 - fits;
    sqlx::query("update book set contacts = $1")
        .bind(room)
        .execute(&stage.hub.owner)
        .await
        .unwrap();

    let run = stage.import(json!({ "mode": "full" })).await;

    assert_eq!(
        (&run["state"], &run["limit_reached"]),
        (&json!("completed"), &json!(false)),
        "{run}"
    );
    let linked = run["counts"]["linked"].as_i64().unwrap();
    assert!(linked > 0, "more records than places were taken in");
}

#[tokio::test]
async fn a_full_plan_ends_the_run_in_words_and_keeps_what_fitted() {
    let stage = Stage::of(620).await;
    stage.sql("update book set contacts = 100000 - 300").await;

    let run = stage.import(json!({ "mode": "full" })).await;

    assert_eq!(
        (&run["state"], &run["limit_reached"]),
        (&json!("completed"), &json!(true)),
        "{run}"
    );
    assert_eq!((&run["counts"]["created"], &run["adds_up"]), (&json!(300), &json!(true)));
    assert!(run["state_reason"].as_str().unwrap().contains("contact limit"), "{run}");
    assert_eq!(stage.count("contact").await, 300);
    assert_eq!(stage.count("book where contacts = 100000").await, 1);
    let entries = format!("/api/sync-logs/{}/entries?outcome=skipped", run["id"].as_str().unwrap());
    let entries = stage.acme.owner.browser.get(&entries).await.expect(200);
    assert_eq!(entries["items"][0]["reason"], "the plan has no room for more contacts");
}

#[tokio::test]
async fn two_runs_in_two_processes_cannot_pass_the_limit_together() {
    let stage = Stage::of(620).await;
    stage.sql("update book set contacts = 100000 - 150").await;
    let ids: Vec<String> = stage
        .control("GET", "/truth/persons?limit=600", json!(null))
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|person| person["id"].to_string())
        .collect();
    let (some, others) = ids.split_at(300);
    let some = stage.start(json!({ "mode": "selective", "ids": some })).await;
    let others = stage.start(json!({ "mode": "selective", "ids": others })).await;
    let twin = stage.twin().await;
    let stopping = CancellationToken::new();

    // Past the queue, which would have them follow one another.
    let (one, other) = tokio::join!(
        import::work(&stage.hub.hub, stage.acme.id, Stage::id(&some), &stopping),
        import::work(&twin, stage.acme.id, Stage::id(&others), &stopping),
    );

    one.unwrap();
    other.unwrap();
    let (some, others) = (stage.run(&some).await, stage.run(&others).await);
    let created = |run: &serde_json::Value| run["counts"]["created"].as_i64().unwrap();
    assert_eq!(created(&some) + created(&others), 150, "{some}\n{others}");
    assert!(some["adds_up"] == true && others["adds_up"] == true);
    assert_eq!(stage.count("contact").await, 150);
    assert_eq!(stage.count("book where contacts = 100000").await, 1);
}

#[tokio::test]
async fn two_runs_of_the_same_people_in_two_processes_make_nobody_twice() {
    let stage = Stage::of(600).await;
    let ids: Vec<String> = stage
        .control("GET", "/truth/persons?limit=500", json!(null))
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|person| person["id"].to_string())
        .collect();
    let full = stage.start(json!({ "mode": "full" })).await;
    let chosen = stage.start(json!({ "mode": "selective", "ids": ids })).await;
    let twin = stage.twin().await;
    let stopping = CancellationToken::new();

    let (one, other) = tokio::join!(
        import::work(&stage.hub.hub, stage.acme.id, Stage::id(&full), &stopping),
        import::work(&twin, stage.acme.id, Stage::id(&chosen), &stopping),
    );

    one.unwrap();
    other.unwrap();
    let (full, chosen) = (stage.run(&full).await, stage.run(&chosen).await);
    assert_eq!(
        (&full["state"], &chosen["state"]),
        (&json!("completed"), &json!("completed")),
        "{full}\n{chosen}"
    );
    assert!(full["adds_up"] == true && chosen["adds_up"] == true);
    stage.is_sound().await;
    let truth = stage.truth().await;
    assert_eq!(stage.count("organization").await, truth["organizations"].as_i64().unwrap());
    let twice = "(select from contact where exists (select from jsonb_array_elements(emails))
                  group by search, custom_fields having count(*) > 1) twice";
    assert_eq!(stage.count(twice).await, 0);
}

#[tokio::test]
async fn two_workers_on_one_run_write_each_page_once() {
    let stage = Stage::of(620).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let twin = stage.twin().await;
    let stopping = CancellationToken::new();

    let (one, other) = tokio::join!(
        import::work(&stage.hub.hub, stage.acme.id, Stage::id(&run), &stopping),
        import::work(&twin, stage.acme.id, Stage::id(&run), &stopping),
    );

    one.unwrap();
    other.unwrap();
    let run = stage.run(&run).await;
    stage.holds_the_truth(&run).await;
    let truth = stage.truth().await;
    assert_eq!(run["organizations"]["seen"], truth["organizations"]);
    assert_eq!(run["deals"]["seen"], truth["deals"]);
    assert_eq!(run["phase"], "reconcile");
}
