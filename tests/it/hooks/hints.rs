//! What follows from hints: a run that reads again, once, whatever the order and however often they come.

use serde_json::json;

use super::stage::{BASIC, SIGNED, Stage, contact_event};
use crate::flows::stage::eventually;

/// More hints wait than one run would read by their ids, all of strangers.
async fn too_many(stage: &Stage) {
    stage
        .sql(
            "insert into hook_event (company_id, connection_id, event_key, remote_id, received_at)
             select company_id, connection_id, sha256(n::text::bytea), (7000000 + n)::text, now()
             from connection cross join generate_series(1, 501) n",
        )
        .await;
}

#[tokio::test]
async fn an_event_that_comes_again_has_had_its_effect() {
    let stage = Stage::imported(BASIC).await;
    let known = stage.known().await;
    stage.settle().await;
    let (person, runs) = (stage.somebody().await, stage.runs().await.len());
    let kept = stage.count("hook_event").await;
    let tell = || stage.tell(&known, "once", &person);
    let (a, b, c) = tokio::join!(tell(), tell(), tell());
    for answer in [a, b, c, tell().await] {
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    assert_eq!(stage.count("hook_event").await, kept + 1);
    stage.settle().await;
    assert_eq!(stage.runs().await.len(), runs + 1);
    assert_eq!(tell().await.status, 204);
    stage.settle().await;
    assert_eq!(stage.runs().await.len(), runs + 1, "it comes too late to be anything new");
}

#[tokio::test]
async fn in_whatever_order_events_come_the_book_holds_what_is_so_now() {
    let stage = Stage::imported(SIGNED).await;
    let person = stage.somebody().await;
    let number: u64 = person.parse().unwrap();
    // The CRM's own calls go nowhere: the test makes them.
    stage.control("/webhooks/target", json!({ "url": null })).await;
    stage.control("/persons/mutate", json!({ "change_ids": [number] })).await;
    stage.control("/persons/mutate", json!({ "change_ids": [number], "seed": 2 })).await;
    // The later one comes first, the older one when everything is done.
    assert_eq!(stage.tell_signed(&json!([contact_event(number, 2_000)])).await.status, 204);
    stage.settle().await;
    let now = stage.last_name(&person).await.unwrap();
    assert!(now.starts_with("Changed-"), "{now}");
    assert_eq!(stage.tell_signed(&json!([contact_event(number, 1_000)])).await.status, 204);
    stage.settle().await;
    assert_eq!(stage.last_name(&person).await.unwrap(), now);
    let run = &stage.runs().await[0];
    assert_eq!((&run["seen"], &run["counts"]["unchanged"]), (&json!(1), &json!(1)), "{run:#}");
}

#[tokio::test]
async fn many_hints_are_gathered_and_of_too_many_the_changes_are_read_instead() {
    let stage = Stage::imported(BASIC).await;
    let known = stage.known().await;
    stage.settle().await;
    let (person, runs) = (stage.somebody().await, stage.runs().await.len());
    for event in ["a", "b", "c"] {
        assert_eq!(stage.tell(&known, event, &person).await.status, 204);
    }
    stage.settle().await;
    let run = &stage.runs().await[0];
    assert_eq!((stage.runs().await.len(), &run["seen"]), (runs + 1, &json!(1)), "{run:#}");
    // Words of the account were read an hour ago at most: one request is enough.
    assert_eq!(run["requests"], 1, "{run:#}");

    too_many(&stage).await;
    assert_eq!(stage.tell(&known, "d", &person).await.status, 204);
    stage.settle().await;
    let run = &stage.runs().await[0];
    assert_eq!(
        (stage.runs().await.len(), &run["mode"]),
        (runs + 2, &json!("incremental")),
        "{run:#}"
    );
    assert_eq!(stage.count("hook_event where taken_at is null").await, 0);
}

#[tokio::test]
async fn whoever_is_gone_is_found_among_too_many_hints_though_no_list_shows_them() {
    let stage = Stage::imported(BASIC).await;
    let person = stage.somebody().await;
    too_many(&stage).await;
    let gone = json!({ "delete_ids": [person.parse::<u64>().unwrap()] });
    stage.control("/persons/mutate", gone).await;
    eventually("the call", || async { stage.count("hook_event where gone").await == 1 }).await;
    stage.settle().await;
    let modes: Vec<_> = stage.runs().await.iter().take(2).map(|run| run["mode"].clone()).collect();
    assert_eq!(modes, ["selective", "incremental"]);
    assert_eq!(stage.count("mapping where kind = 'person' and state = 'gone'").await, 1);
    assert_eq!(stage.count("hook_event where taken_at is null").await, 0);
}

#[tokio::test]
async fn before_anybody_took_the_account_in_only_the_chosen_are_followed() {
    let stage = Stage::of(BASIC).await;
    let done = stage.control("/persons/mutate", json!({ "create": 1 })).await;
    let stranger = done["created"][0].to_string();
    let told = "hook_event";
    eventually("the call", || async { stage.count(told).await == 1 }).await;
    stage.settle().await;
    assert_eq!((stage.runs().await.len(), stage.count("contact").await), (0, 0), "{stranger}");
    assert_eq!(stage.count("hook_event where taken_at is null").await, 0);

    // Somebody picks that one by hand: from now on it is followed, and nobody else.
    let ids = json!({ "mode": "selective", "ids": [stranger] });
    let path = format!("/api/integrations/{BASIC}/sync");
    stage.acme.owner.browser.post(&path, ids).await.expect(202);
    stage.settle().await;
    assert_eq!(stage.count("contact").await, 1);
    let number: u64 = stranger.parse().unwrap();
    stage.control("/persons/mutate", json!({ "change_ids": [number], "create": 1 })).await;
    let waits = "hook_event where taken_at is null";
    eventually("both calls", || async { stage.count(waits).await == 2 }).await;
    stage.settle().await;
    assert_eq!(stage.count("contact").await, 1);
    assert!(stage.last_name(&stranger).await.unwrap().starts_with("Changed-"));
}
