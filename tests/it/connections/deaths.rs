//! How long a company is without tokens when a process dies in the middle of a refresh, with the
//! settings that Tandem comes with.

use std::time::{Duration, Instant};

use serde_json::{Map, json};
use tokio::task::JoinSet;

use super::processes::Services;
use crate::harness::{long, report};

/// Where the spool is: on a volume that outlives the process, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Volume {
    Kept,
    None,
}

/// Kills a process at this step, starts the next at once, and returns how long a caller asks until
/// there is an answer other than "not now", in seconds, and which.
async fn without_tokens(step: &str, volume: Volume) -> (f64, u16) {
    let services = Services::new().await;
    let rig = &services.rig;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    let fail = format!("{step}=1");
    let nowhere: &[(&str, &str)] =
        if volume == Volume::None { &[("TANDEM_SPOOL_DIR", "")] } else { &[] };
    let mut dying = services.start_with(&[&[("TANDEM_FAILPOINT", &*fail)], nowhere].concat()).await;
    assert!(services.users(&dying).send().await.is_err(), "{step}: it lives");
    dying.child.wait().unwrap();
    let died = Instant::now();
    let next = services.start_with(nowhere).await;
    loop {
        let status = services.users(&next).send().await.unwrap().status().as_u16();
        if status != 503 {
            return (died.elapsed().as_secs_f64(), status);
        }
        assert!(died.elapsed() < Duration::from_mins(1), "{step}, {volume:?}: no tokens yet");
        // As a run looks again.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_death_in_a_refresh_leaves_nobody_without_tokens_for_a_minute() {
    let steps = ["tokens.leased", "tokens.lease_committed", "tokens.asking", "tokens.answered"];
    let mut cases: Vec<_> = steps.map(|step| (step, Volume::Kept)).into();
    cases.push(("tokens.spooled", Volume::Kept));
    cases.extend(steps.map(|step| (step, Volume::None)));
    if !long() {
        cases = vec![("tokens.asking", Volume::Kept)];
    }
    let mut deaths = JoinSet::new();
    for (at, (step, volume)) in cases.into_iter().enumerate() {
        deaths.spawn(async move {
            // Each starts two processes.
            tokio::time::sleep(Duration::from_millis(700 * at as u64)).await;
            (step, volume, without_tokens(step, volume).await)
        });
    }
    let mut figures = Map::new();
    for (step, volume, (seconds, status)) in deaths.join_all().await {
        // The only copy died with its process, and that is said; the others lose nothing.
        let expected = if step == "tokens.answered" { 409 } else { 200 };
        assert_eq!(status, expected, "{step}, {volume:?}");
        if volume == Volume::Kept {
            assert!(seconds < 35.0, "{step}: its volume tells of a death, after {seconds} s");
        }
        figures
            .insert(format!("{step}, volume {volume:?}"), json!((seconds * 10.0).round() / 10.0));
    }
    report("without_tokens_s", &json!(figures));
}
