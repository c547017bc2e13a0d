//! One company's backlog is nobody else's.

use std::time::{Duration, Instant};

use serde_json::json;
use tandem::policy::Plan;

use super::{
    super::{
        campaign::BACK,
        process::{Process, Setting},
    },
    acts::{ends, raise, settle, stage},
    record::{self, Given},
};
use crate::harness::{long, report};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_single_lead_is_not_delayed_by_the_backlog_of_another_company() {
    let stage = stage().await;
    let other = stage.hub.company(Plan::Business).await;
    stage.connect(&other.owner.browser).await;
    // Both know the words of the account: they have the same one, and so the same windows. Those are
    // out of the way below, or they would decide who waits.
    raise(&stage.acme.owner.browser, "ours").await;
    settle(&stage).await;
    raise(&other.owner.browser, "theirs").await;
    settle(&stage).await;
    let backlog = if long() { 1_000 } else { 80 };
    for nth in 0..backlog {
        raise(&stage.acme.owner.browser, &format!("backlog{nth}")).await;
    }
    stage.control("POST", "/latency", json!({ "ms": 50 })).await;
    let _worker = Process::work(&stage, &Setting::unlimited());
    let ours = "delivery where state = 'delivered'";
    let begun = Instant::now();
    while stage.count(ours).await < 8 {
        assert!(begun.elapsed() < BACK, "the backlog does not move");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let asked = Instant::now();
    let contact = raise(&other.owner.browser, "single").await;
    let id: uuid::Uuid = contact.parse().unwrap();
    loop {
        let now: String = sqlx::query_scalar("select state from delivery where contact_id = $1")
            .bind(id)
            .fetch_one(&stage.hub.owner)
            .await
            .unwrap();
        if now == "delivered" {
            break;
        }
        assert!(asked.elapsed() < BACK, "the single lead is {now}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = asked.elapsed();
    let left = stage.count("delivery where state <> 'delivered'").await;
    assert!(left > backlog / 4, "it waited for the backlog: {left} of {backlog} are left");
    ends(&stage).await;
    let held = record::judge(&stage, Given { deaths: false, same_clock: true }).await;
    let figures = json!({
        "backlog": backlog, "left_when_it_was_there": left, "ms": took.as_millis(),
        "held": held.table(),
    });
    report("deliveries_fairness", &figures);
}
