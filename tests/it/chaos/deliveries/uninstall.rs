//! The app is taken out of the account while leads are on their way.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    super::{
        campaign::BACK,
        process::{Process, Setting},
    },
    acts::{ends, open, raise, reconnect, stage, stories},
    record::{self, Given},
};
use crate::harness::{long, report};

/// What was on its way arrives or not, and the log says which; nothing else is sent; a new consent lets
/// the rest go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_uninstall_among_leads_sends_nothing_more_and_a_new_consent_delivers_each_once() {
    let stage = stage().await;
    let who = &stage.acme.owner.browser;
    let leads = if long() { 60 } else { 20 };
    for nth in 0..leads {
        raise(who, &format!("uninstalled{nth}")).await;
    }
    stage.control("POST", "/latency", json!({ "ms": 150 })).await;
    let _worker = Process::work(&stage, &Setting::unlimited());
    let sending = "delivery_attempt where step = 'person' and outcome = 'sending'";
    let begun = Instant::now();
    while stage.count(sending).await == 0 {
        assert!(begun.elapsed() < BACK, "no person is sent: {}", stories(&stage).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.uninstall().await;
    let tokens = "connection where state <> 'disconnected' or access_token is not null
                  or refresh_token is not null";
    assert_eq!(stage.count(tokens).await, 0, "a token is left");
    ends(&stage).await;
    // Those whose answer said that the access is gone ask for a new consent until they are looked at.
    let other =
        "delivery where state <> 'delivered' and (state, cause) <> ('held', 'disconnected')";
    let begun = Instant::now();
    while stage.count(other).await > 0 {
        assert!(begun.elapsed() < BACK, "it is not held: {}", stories(&stage).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let done = stage.count("delivery where state = 'delivered'").await;
    assert!(done < leads, "nothing was left to hold");
    let asked = stage.counters().await["total"].clone();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(stage.counters().await["total"], asked, "something is asked without a consent");

    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    reconnect(&stage).await;
    assert!(open(&stage).await > 0, "nobody takes it up again");
    ends(&stage).await;
    assert_eq!(
        stage.count("delivery where state = 'delivered'").await,
        leads,
        "{}",
        stories(&stage).await
    );
    let given = Given { deaths: false, same_clock: true };
    let sound = record::judge(&stage, given).await;
    let figures = json!({ "leads": leads, "before": done, "held": sound.table() });
    report("deliveries_uninstall", &figures);
}
