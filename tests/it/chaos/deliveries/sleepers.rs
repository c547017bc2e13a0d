//! A worker that stops for longer than its lease between the commit of an attempt and its bytes, or
//! between the answer and its commit, and goes on as if nothing had happened: another has gone on.

use std::time::{Duration, Instant};

use super::{
    super::{
        campaign::{BACK, Outcome, all},
        process::{Process, Setting},
    },
    acts::stage,
    record::{self, Given},
    story::{STEPS, Watched, tell},
};
use crate::harness::{long, report};

async fn sleeps_at(name: &'static str, arrival: u32) -> Outcome {
    let stage = stage().await;
    let failpoint = Some(format!("{name}={arrival}:stop"));
    let mut sleeper = Process::work(&stage, &Setting { failpoint, ..Setting::default() });
    let mut outcome = Outcome::default();
    let what = format!("{name} of {}", STEPS[arrival as usize - 1]);
    let telling = async {
        // Another worker comes only when the first has fallen asleep, or it would take the work.
        let begun = Instant::now();
        while !sleeper.is_stopped() {
            assert!(begun.elapsed() < BACK, "no worker came by {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let slept = Instant::now();
        let next = Process::work(&stage, &Setting::default());
        // Longer than everything that another waits for before it does it again.
        tokio::time::sleep(Duration::from_secs(11)).await;
        sleeper.signal("CONT");
        (slept, next)
    };
    let mut nobody = Watched::none();
    let ((slept, _next), ()) = tokio::join!(telling, tell(&stage, &mut nobody, &what));
    outcome.killed(&format!("{what} asleep"));
    outcome.recoveries.push(slept.elapsed().as_secs_f64());
    // What it would still do, it does now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    outcome.held = record::judge(&stage, Given { deaths: true, same_clock: true }).await;
    assert!(sleeper.is_alive(), "{what}: the sleeper died of it");
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_slept_through_its_lease_sends_nothing_when_it_wakes() {
    let mut plan = vec![("deliver.begun", 4), ("deliver.answered", 5)];
    if long() {
        for name in ["deliver.begin_committed", "deliver.begun", "deliver.answered"] {
            plan.extend((1..=8).map(|arrival| (name, arrival)));
        }
    }
    let mut total = Outcome::default();
    for one in all(plan.into_iter().map(|(name, arrival)| sleeps_at(name, arrival))).await {
        total.add(one);
    }
    report("deliveries_sleepers", &total.figures());
}
