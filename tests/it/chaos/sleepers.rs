//! Workers that stand still while the world goes on, and wake.

use std::time::{Duration, Instant};

use super::{
    campaign::{BACK, Outcome, all, ends, mark},
    process::{Process, Setting},
    scenes::{judge, scene, set},
};
use crate::{
    flows::stage::Stage,
    harness::{long, report},
};

/// A worker that stands still at this place for longer than its lease, while another goes on, and
/// then wakes: what it still says about the run must count for nothing.
async fn sleeps_at(name: &'static str) -> Outcome {
    let stage = Stage::of(620).await;
    let scene = scene(name);
    let run = set(&stage, scene).await;
    let setting = Setting::default();
    let failpoint = Some(format!("{name}=1:stop"));
    let mut sleeper = Process::work(&stage, &Setting { failpoint, ..setting.clone() });
    let begun = Instant::now();
    while !sleeper.is_stopped() {
        assert!(begun.elapsed() < BACK, "no worker came by {name}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let slept = Instant::now();
    let was = mark(&stage, &run).await;
    let _next = Process::work(&stage, &setting);
    while mark(&stage, &run).await == was {
        assert!(slept.elapsed() < BACK, "{name}: nobody goes on with {was:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut outcome = Outcome::default();
    outcome.recoveries.push(slept.elapsed().as_secs_f64());
    // In the middle of the other one's work.
    sleeper.signal("CONT");
    let over = ends(&stage, &run, slept).await;
    outcome.killed(&format!("{name} asleep"));
    outcome.held = judge(&stage, scene, &run, &over).await;
    assert!(sleeper.is_alive(), "{name}: the sleeper died of it");
    println!("{name}: back after {:.1} s", outcome.recoveries[0]);
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_slept_through_its_lease_has_no_say_any_more() {
    let names = [
        "import.put_down",
        "import.persons_fetched",
        "jobs.beaten",
        "import.wait_written",
        "import.page_advanced",
        "import.persons_stored",
    ];
    let some = if long() { names.len() } else { 1 };
    let mut total = Outcome::default();
    for one in all(names.into_iter().take(some).map(sleeps_at)).await {
        total.add(one);
    }
    report("sleepers", &total.figures());
}
