//! Members who are in each other's way, or in that of a delivery that is under way.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::{
    super::{
        campaign::BACK,
        process::{Process, Setting},
    },
    acts::{ends, log, open, plan, raise, resume, settle, stage, stories},
    record::{self, Given},
};
use crate::harness::{long, report};

const ALIVE: Given = Given { deaths: false, same_clock: true };

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_members_who_raise_the_same_contact_at_the_same_moment_make_one_lead() {
    let stage = stage().await;
    let (one, other) = (&stage.acme.owner.browser, &stage.acme.admin.browser);
    let _worker = Process::work(&stage, &Setting::default());
    let contacts = if long() { 60 } else { 8 };
    for nth in 0..contacts {
        let cold = json!({ "full_name": format!("Lead {nth}"), "warmness": 0,
                           "emails": [{ "value": format!("both.{nth}@warm.example") }] });
        let made = one.post("/api/contacts", cold).await.expect(201);
        let path = format!("/api/contacts/{}", made["id"].as_str().unwrap());
        let raises = [(one, 7), (other, 9), (one, 10), (other, 8)];
        let answers = join_all(
            raises.map(|(who, warmness)| who.patch(&path, json!({ "warmness": warmness }))),
        );
        for answer in answers.await {
            answer.expect(200);
        }
    }
    ends(&stage).await;
    assert_eq!(stage.count("delivery where state = 'delivered'").await, contacts);
    assert_eq!(stage.count("delivery").await, contacts, "a lead per contact");
    let held = record::judge(&stage, ALIVE).await;
    report("deliveries_same_contact", &json!({ "contacts": contacts, "held": held.table() }));
}

/// The contact goes while its person is on its way: what was done stays done and is told, nothing of
/// it is done again, and what waited behind it is withdrawn.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_contact_deleted_while_its_person_is_on_its_way_is_told_of_and_not_sent_again() {
    let stage = stage().await;
    let who = &stage.acme.owner.browser;
    raise(who, "first").await;
    settle(&stage).await;
    stage.control("POST", "/latency", json!({ "ms": 300 })).await;
    let _worker = Process::work(&stage, &Setting::default());
    for nth in 0..if long() { 12 } else { 2 } {
        let contact = raise(who, &format!("gone{nth}")).await;
        log(who, &contact, "Behind it").await;
        let begun = Instant::now();
        while stage.count("delivery_attempt where step = 'person' and outcome = 'sending'").await
            == 0
        {
            assert!(begun.elapsed() < BACK, "the person is not sent: {}", stories(&stage).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let gone = who.delete(&format!("/api/contacts/{contact}")).await;
        assert!(gone.status.is_success(), "{}", gone.text);
        ends(&stage).await;
    }
    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    let told = "delivery where kind = 'warm_lead' and 'contact_gone' = any(remarks)
                and remote_id is not null and state = 'delivered'";
    assert_eq!(stage.count(told).await, if long() { 12 } else { 2 }, "{}", stories(&stage).await);
    let behind = "delivery where kind <> 'warm_lead' and (state, cause) <> ('dead', 'withdrawn')";
    assert_eq!(stage.count(behind).await, 0, "{}", stories(&stage).await);
    let held = record::judge(&stage, ALIVE).await;
    report("deliveries_contact_deleted", &json!({ "held": held.table() }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_downgrade_holds_what_is_queued_and_an_upgrade_delivers_each_once() {
    let stage = stage().await;
    let who = &stage.acme.owner.browser;
    let contacts = if long() { 1_000 } else { 60 };
    for nth in 0..contacts {
        raise(who, &format!("queued{nth}")).await;
    }
    stage.sql("delete from member where role in ('admin', 'golden_ticket', 'consultant')").await;
    stage.control("POST", "/latency", json!({ "ms": 30 })).await;
    let _workers = [(); 2].map(|()| Process::work(&stage, &Setting::unlimited()));
    let delivered = "delivery where state = 'delivered'";
    let begun = Instant::now();
    while stage.count(delivered).await < contacts / 10 {
        assert!(begun.elapsed() < BACK, "nothing is delivered: {}", stories(&stage).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    plan(&stage, "growth").await;
    ends(&stage).await;
    let (done, held) = (
        stage.count(delivered).await,
        stage.count("delivery where state = 'held' and cause in ('plan', 'paused')").await,
    );
    assert!(held > 0 && done + held == contacts, "{done} and {held}: {}", stories(&stage).await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(stage.count(delivered).await, done, "something was sent while it was held");
    plan(&stage, "business").await;
    resume(&stage).await;
    assert!(open(&stage).await > 0, "nobody takes it up again");
    ends(&stage).await;
    assert_eq!(stage.count(delivered).await, contacts, "{}", stories(&stage).await);
    let sound = record::judge(&stage, ALIVE).await;
    let figures =
        json!({ "queued": contacts, "before": done, "held_back": held, "held": sound.table() });
    report("deliveries_downgrade", &figures);
}
