//! Who is believed, and what is done while the CRM waits for its answer.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::json;
use tandem::policy::Plan;

use super::stage::{BASIC, SIGNED, Stage, TOKEN, basic, contact_event, event_of};
use crate::harness::Answer;

/// All of them are told the same, and nothing of them is kept.
async fn are_refused(stage: &Stage, answers: Vec<Answer>, kept: i64) {
    for answer in &answers {
        assert_eq!(answer.problem(401), "unauthenticated");
        assert_eq!(answer.anonymous(), answers[0].anonymous(), "all are told the same");
    }
    assert_eq!(stage.count("hook_event").await, kept);
}

#[tokio::test]
async fn without_the_address_and_the_secret_nobody_is_believed() {
    let stage = Stage::imported(BASIC).await;
    let known = stage.known().await;
    stage.settle().await;
    let kept = stage.count("hook_event").await;
    let event = event_of("e1", &stage.somebody().await).to_string();
    let mut answers = vec![stage.call(&known.path, &[], event.clone()).await];
    let shorter = &known.secret[1..];
    for secret in ["", "x", shorter, &format!("{}x", known.secret)] {
        answers.push(stage.call(&known.path, &basic(secret), event.clone()).await);
    }
    let token = known.path.rsplit('/').next().unwrap().to_owned();
    for path in [
        format!("{}x", known.path),
        known.path.replace(&token, "x"),
        // The secret, as if it were the address.
        known.path.replace(&token, &known.secret),
        known.path.replace(BASIC, TOKEN),
        known.path.replace(BASIC, SIGNED),
        known.path.replace(BASIC, "salesforce"),
        known.path.replace(BASIC, "nobody"),
        format!("/api/webhooks/{BASIC}"),
        "/api/webhooks/nobody".to_owned(),
    ] {
        answers.push(stage.call(&path, &basic(&known.secret), event.clone()).await);
    }
    // A bearer token and two headers are no credentials; nor is a body that nobody understands.
    let bearer = [("authorization", format!("Bearer {}", known.secret))];
    answers.push(stage.call(&known.path, &bearer, event.clone()).await);
    let [one] = basic(&known.secret);
    answers.push(stage.call(&known.path, &[one.clone(), one], event.clone()).await);
    answers.push(stage.call(&known.path, &[], "\u{0}[[[[").await);
    are_refused(&stage, answers, kept).await;
    assert_eq!(stage.work().await, 0);

    // Another account's event at the right address: heard, and nothing follows.
    let other = event.replace("7001", "7002");
    assert_eq!(stage.call(&known.path, &basic(&known.secret), other).await.status, 204);
    assert_eq!(stage.count("hook_event").await, kept);
    assert_eq!(stage.call(&known.path, &basic(&known.secret), event).await.status, 204);
    assert_eq!(stage.count("hook_event").await, kept + 1);

    // Nothing of what the CRM was given is stored.
    let stored: i64 = sqlx::query_scalar(
        "select count(*) from hook_channel c where c::text like '%' || $1 || '%'
                                                or c::text like '%' || $2 || '%'",
    )
    .bind(&known.secret)
    .bind(&token)
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap();
    assert_eq!((stage.count("hook_channel").await, stored), (1, 0));
}

#[tokio::test]
async fn without_the_token_of_its_channel_nobody_is_believed() {
    let stage = Stage::imported(TOKEN).await;
    let known = stage.known().await;
    stage.settle().await;
    let kept = stage.count("hook_event").await;
    let person = stage.somebody().await;
    let body = |token: &str| {
        json!({
            "server_time": 1_795_000_000_000_u64, "module": "Contacts", "ids": [person],
            "operation": "update", "channel_id": "7", "token": token,
        })
        .to_string()
    };
    let mut answers = vec![stage.call(&known.path, &[], "{}").await];
    for token in ["", "x", &known.secret[1..]] {
        answers.push(stage.call(&known.path, &[], body(token)).await);
    }
    answers.push(stage.call(&format!("{}x", known.path), &[], body(&known.secret)).await);
    answers.push(stage.call(&known.path, &basic(&known.secret), body("x")).await);
    are_refused(&stage, answers, kept).await;
    assert_eq!(stage.call(&known.path, &[], body(&known.secret)).await.status, 204);
    assert_eq!(stage.count("hook_event").await, kept + 1);
}

#[tokio::test]
async fn what_was_not_signed_just_now_for_our_address_is_not_believed() {
    let stage = Stage::imported(SIGNED).await;
    let person = stage.somebody().await.parse().unwrap();
    let (path, body) = ("/api/webhooks/hubspot", json!([contact_event(person, 1)]).to_string());
    let right = stage.signed(&body, 0);
    let mut answers = vec![stage.call(path, &[], body.clone()).await];
    // Replayed after six minutes, and from six minutes ahead.
    for seconds in [-360, 360] {
        answers.push(stage.call(path, &stage.signed(&body, seconds), body.clone()).await);
    }
    let [signature, time] = right.clone();
    answers.push(stage.call(path, std::slice::from_ref(&signature), body.clone()).await);
    answers.push(stage.call(path, std::slice::from_ref(&time), body.clone()).await);
    let other = if signature.1.starts_with('A') { "B" } else { "A" };
    let forged = [(signature.0, format!("{other}{}", &signature.1[1..])), time.clone()];
    answers.push(stage.call(path, &forged, body.clone()).await);
    answers.push(stage.call(path, &right, body.replace("lastname", "firstname")).await);
    let twice = [signature.clone(), signature, time];
    answers.push(stage.call(path, &twice, body.clone()).await);
    are_refused(&stage, answers, 0).await;

    // The same bytes and the same signature: now, and once more after six minutes.
    assert_eq!(stage.call(path, &right, body.clone()).await.status, 204);
    assert_eq!(stage.count("hook_event").await, 1);
    stage.hub.clock.advance(TimeDelta::minutes(6));
    assert_eq!(stage.call(path, &right, body).await.problem(401), "unauthenticated");
    // A portal that nobody here has connected is answered like any other.
    let mut stranger = contact_event(person, 2);
    stranger["portalId"] = json!(7);
    assert_eq!(stage.tell_signed(&json!([stranger])).await.status, 204);
    assert_eq!(stage.count("hook_event").await, 1);
}

#[tokio::test]
async fn five_megabytes_are_too_many_and_a_hundred_events_with_a_bad_one_are_not() {
    let stage = Stage::imported(SIGNED).await;
    let person = stage.somebody().await.parse().unwrap();
    for bytes in [(1 << 20) + 1, 5 << 20] {
        let mut event = contact_event(person, 1);
        event["propertyValue"] = json!("x".repeat(bytes));
        let answer = stage.tell_signed(&json!([event])).await;
        assert_eq!(answer.problem(413), "too_large");
    }
    assert_eq!(stage.count("hook_event").await, 0);

    let mut events: Vec<_> = (0..100).map(|at| contact_event(person + at, 1_000 + at)).collect();
    events[41] =
        json!({ "portalId": 62_515, "subscriptionType": "contact.creation", "objectId": {} });
    // A character that no database can hold costs nobody anything.
    events[42]["propertyValue"] = json!("\u{0}");
    assert_eq!(stage.tell_signed(&json!(events)).await.status, 204);
    assert_eq!(stage.count("hook_event").await, 100);
    assert_eq!(stage.count("hook_event where remote_id is null").await, 1);
    // Nobody knows whom it was about: whatever has changed is read.
    stage.settle().await;
    let run = &stage.runs().await[0];
    assert_eq!(
        (&run["mode"], &run["by_webhook"]),
        (&json!("incremental"), &json!(true)),
        "{run:#}"
    );
    assert_eq!(run["state"], "completed", "{run:#}");
    assert_eq!(stage.count("hook_event where taken_at is null").await, 0);
}

#[tokio::test]
async fn an_answer_keeps_the_hint_and_does_nothing_else() {
    let stage = Stage::imported(BASIC).await;
    let known = stage.known().await;
    stage.settle().await;
    let person = stage.somebody().await;
    let asked = stage.told("/counters").await["requests"].clone();
    let (runs, sums) = (stage.runs().await.len(), stage.count("sync_entry").await);
    let mut times = Vec::new();
    for event in 0..21 {
        let begun = Instant::now();
        let answer = stage.tell(&known, &format!("quick-{event}"), &person).await;
        times.push(begun.elapsed());
        assert_eq!(answer.status, 204, "{}", answer.text);
        assert_eq!(answer.text, "");
    }
    times.sort();
    assert!(times[10] < Duration::from_millis(100), "{times:?}");
    assert_eq!(stage.told("/counters").await["requests"], asked, "nothing is asked of the CRM");
    assert_eq!((stage.runs().await.len(), stage.count("sync_entry").await), (runs, sums));
    assert_eq!(stage.count("hook_event where taken_at is null").await, 21);
    assert_eq!(stage.count("job where kind = 'hooks_work' and state = 'ready'").await, 1);
}

#[tokio::test]
async fn after_the_end_of_a_connection_nobody_is_believed() {
    let stage = Stage::imported(BASIC).await;
    let known = stage.known().await;
    let person = stage.somebody().await;
    let path = format!("/api/integrations/{BASIC}/disconnect");
    stage.acme.owner.browser.post(&path, json!({})).await.expect(200);
    let answer = stage.tell(&known, "after", &person).await;
    assert_eq!(answer.problem(401), "unauthenticated");
    assert_eq!(stage.count("hook_channel").await + stage.count("hook_event").await, 0);
    assert_eq!(stage.connection().await["webhooks"], json!(null));
    // It was told to stop while it could still be told.
    let deleted = stage.told("/counters").await["requests"].to_string();
    assert!(deleted.contains("DELETE /api/v1/webhooks"), "{deleted}");
}

#[tokio::test]
async fn hints_of_a_plan_that_lacks_the_crm_wait_for_it() {
    let stage = Stage::imported(BASIC).await;
    let known = stage.known().await;
    stage.settle().await;
    let browser = &stage.acme.owner.browser;
    stage.hub.plan(&stage.acme, Plan::Starter).await;
    let person = stage.somebody().await;
    let runs = stage.runs().await.len();
    assert_eq!(stage.tell(&known, "small", &person).await.status, 204);
    stage.settle().await;
    stage.sql("update connection set state = 'paused'").await;
    assert_eq!(stage.tell(&known, "paused", &person).await.status, 204);
    stage.settle().await;
    assert_eq!(stage.runs().await.len(), runs);
    assert_eq!(stage.count("hook_event where taken_at is null").await, 2);

    stage.hub.plan(&stage.acme, Plan::Business).await;
    browser.post(&format!("/api/integrations/{BASIC}/resume"), json!({})).await.expect(200);
    stage.settle().await;
    assert_eq!(stage.count("hook_event where taken_at is null").await, 0);
    assert_eq!(stage.runs().await.len(), runs + 1);
}
