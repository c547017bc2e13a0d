//! What a run of the clock makes way for: people, what is left of a day, and a CRM in trouble.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tandem::flows::poll;

use super::{A_TURN, SILENT, imported, time};

#[tokio::test]
async fn a_turn_waits_for_the_run_that_somebody_asked_for() {
    let stage = imported().await;
    let asked = stage.start(json!({ "mode": "incremental" })).await;
    stage.hub.pass(A_TURN).await;
    assert_eq!(poll::take_turns(&stage.hub.hub).await.unwrap(), 0);
    assert_eq!(stage.runs().await.len(), 2);
    let next = time(&stage.changes().await["next_at"]) - stage.hub.clock.now();
    assert!(next > TimeDelta::minutes(1) && next < TimeDelta::minutes(3), "it comes back: {next}");
    stage.work().await;
    assert_eq!(stage.run(&asked).await["state"], "completed");
    // It was looked a moment ago.
    assert_eq!(stage.turn_after(TimeDelta::minutes(3)).await, 0);
    assert_eq!(stage.turn_after(A_TURN).await, 1);
}

#[tokio::test]
async fn a_run_of_the_clock_makes_way_and_what_others_have_read_it_does_not_read_again() {
    let stage = imported().await;
    stage.rename(3, 1).await;
    stage.hub.pass(A_TURN).await;
    assert_eq!(poll::take_turns(&stage.hub.hub).await.unwrap(), 1);
    let ours = stage.runs().await[0]["id"].as_str().unwrap().to_owned();
    let asked = stage.start(json!({ "mode": "incremental" })).await;
    stage.work().await;
    let (waits, done) = (stage.run(&ours).await, stage.run(&asked).await);
    assert_eq!((&waits["state"], &waits["seen"]), (&json!("waiting"), &json!(0)), "{waits:#}");
    assert_eq!((&done["state"], &done["counts"]["updated"]), (&json!("completed"), &json!(3)));
    let waits = waits["requests"].clone();
    stage.later(TimeDelta::minutes(1)).await;
    let over = stage.run(&ours).await;
    assert_eq!((&over["state"], &over["requests"]), (&json!("cancelled"), &waits), "{over:#}");
    assert!(over["state_reason"].as_str().unwrap().contains("Another import"), "{over:#}");
}

#[tokio::test]
async fn a_run_of_the_clock_goes_on_where_it_made_way_for_a_few_people() {
    let stage = imported().await;
    stage.rename(3, 1).await;
    let one: String =
        stage.hub.value("select remote_id from mapping where kind = 'person' limit 1").await;
    stage.hub.pass(A_TURN).await;
    assert_eq!(poll::take_turns(&stage.hub.hub).await.unwrap(), 1);
    let ours = stage.runs().await[0]["id"].as_str().unwrap().to_owned();
    let asked = stage.start(json!({ "mode": "selective", "ids": [one] })).await;
    stage.work().await;
    assert_eq!(stage.run(&asked).await["state"], "completed");
    assert_eq!(stage.run(&ours).await["state"], "waiting");
    stage.later(TimeDelta::minutes(1)).await;
    assert_eq!(stage.run(&ours).await["state"], "completed");
    assert_eq!(stage.renamed().await, 3);
}

#[tokio::test]
async fn what_is_left_of_a_short_day_is_left_to_people() {
    let stage = imported().await;
    let daily = stage.card().await["budget"]["daily_limit"].as_u64().unwrap();
    // Others of the account have used most of it; somebody's search brings the news.
    stage.control("POST", "/plan", json!({ "spent": daily - daily / 10 })).await;
    let browser = &stage.acme.owner.browser;
    browser.get(&format!("/api/integrations/{SILENT}/contacts")).await.expect(200);
    assert_eq!(stage.turn_after(A_TURN).await, 0);
    let changes = stage.changes().await;
    assert!(changes["reason"].as_str().unwrap().contains("daily budget"), "{changes:#}");
    assert_eq!(stage.runs().await.len(), 1);
    // People go on, and so does an import that one of them asks for.
    let run = stage.import(json!({ "mode": "incremental" })).await;
    assert_eq!(run["state"], "completed", "{run:#}");

    stage.control("POST", "/plan", json!({ "spent": 0 })).await;
    browser.get(&format!("/api/integrations/{SILENT}/contacts")).await.expect(200);
    stage.turn_after(TimeDelta::days(1)).await;
    assert_eq!(stage.changes().await["reason"], Value::Null);
    assert_eq!(stage.runs().await[0]["by_schedule"], true);
}

#[tokio::test]
async fn a_run_of_the_clock_stops_in_the_middle_when_the_day_gets_short() {
    let stage = imported().await;
    let daily = stage.card().await["budget"]["daily_limit"].as_u64().unwrap();
    stage.rename(1, 1).await;
    stage.hub.pass(A_TURN).await;
    assert_eq!(poll::take_turns(&stage.hub.hub).await.unwrap(), 1);
    stage.control("POST", "/plan", json!({ "spent": daily - daily / 10 })).await;
    stage.work().await;
    let run = &stage.runs().await[0];
    assert_eq!((&run["state"], &run["seen"]), (&json!("waiting"), &json!(0)), "{run:#}");
    assert!((1..=2).contains(&run["requests"].as_i64().unwrap()), "one page: {run:#}");
    assert!(run["state_reason"].as_str().unwrap().contains("kept for people"), "{run:#}");
}

#[tokio::test]
async fn a_crm_in_trouble_is_asked_less_often_each_time() {
    let stage = imported().await;
    stage.rename(1, 1).await;
    let down = json!({ "kind": "status_5xx", "path": "/query", "times": 400 });
    stage.fault(down).await;
    assert_eq!(stage.turn_after(A_TURN).await, 1);
    let id = stage.runs().await[0]["id"].as_str().unwrap().to_owned();
    let mut pauses = Vec::new();
    for _ in 0..3 {
        let run = stage.run(&id).await;
        assert_eq!(run["state"], "waiting", "{run:#}");
        pauses.push((time(&run["waiting_until"]) - stage.hub.clock.now()).num_seconds());
        assert_eq!(poll::take_turns(&stage.hub.hub).await.unwrap(), 0, "one is enough");
        stage.later(TimeDelta::minutes(30)).await;
    }
    assert!(pauses[0] > 60 && pauses[1] > pauses[0] && pauses[2] > pauses[1], "{pauses:?}");
    // A refusal ends the run, and the next turn is further away.
    stage.sql("update sync_run set attempts = 50 where state = 'waiting'").await;
    stage.later(TimeDelta::minutes(30)).await;
    assert_eq!(stage.run(&id).await["state"], "failed");
    let failures: i32 = stage.hub.value("select failures from poll").await;
    let next = time(&stage.changes().await["next_at"]) - stage.hub.clock.now();
    assert_eq!(failures, 1);
    assert!(next > TimeDelta::minutes(14), "{next}");

    stage.control("DELETE", "/faults", Value::Null).await;
    assert_eq!(stage.turn_after(TimeDelta::hours(1)).await, 1);
    assert_eq!(
        (stage.runs().await[0]["state"].clone(), stage.renamed().await),
        ("completed".into(), 1)
    );
    assert_eq!(stage.count("poll where failures > 0").await, 0);
}

#[tokio::test]
async fn a_lead_whose_answer_was_lost_is_no_stranger_to_a_look_that_finds_it_first() {
    for marked in [true, false] {
        let stage = imported().await;
        if !marked {
            stage.sql("update connection set reference_refused_at = now()").await;
        }
        for (method, path) in
            [("PATCH", "/Contact/Tandem_Reference__c/"), ("POST", "/sobjects/Contact$")]
        {
            let fault = json!({ "kind": "applied_reset", "method": method, "path": path });
            stage.fault(fault).await;
        }
        let before = stage.count("contact").await;
        let lead = json!({ "full_name": "Grace Hopper", "warmness": 5 });
        stage.acme.owner.browser.post("/api/contacts", lead).await.expect(201);
        stage.work().await;
        let is_unknown = "delivery where state = 'unknown'";
        assert_eq!(stage.count(is_unknown).await, 1, "the answer was lost");
        stage.sql("update poll set due_at = now() - interval '1 minute'").await;
        assert_eq!(stage.turn_after(TimeDelta::zero()).await, 1);
        let run = stage.runs().await.into_iter().find(|run| run["mode"] == "incremental").unwrap();
        assert_eq!((&run["state"], &run["counts"]["skipped"]), (&json!("completed"), &json!(1)));
        assert_eq!((stage.count(is_unknown).await, stage.count("contact").await), (1, before + 1));
        for _ in 0..6 {
            stage.later(TimeDelta::minutes(1)).await;
        }
        assert_eq!(stage.count("delivery where state = 'delivered'").await, 1);
        assert_eq!(stage.count("contact").await, before + 1);
        let again = stage.runs().await.into_iter().find(|run| run["mode"] == "selective").unwrap();
        assert_eq!(
            (&again["counts"]["unchanged"], &again["seen"]),
            (&json!(1), &json!(1)),
            "{again:#}"
        );
    }
}
