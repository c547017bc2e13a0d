//! Workers that die at a named place or at any moment: the real binary, ended without a word.

use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::json;
use tandem::failpoint;

use super::{
    campaign::{BACK, Outcome, all, ends, is_over, mark},
    process::{Process, Setting},
    scenes::{Scene, cancel, judge, scene, served, set},
    truth,
};
use crate::{
    flows::stage::Stage,
    harness::{long, report, seed},
};

/// Kills a worker at this place, lets another go on, and checks everything.
async fn kill_at(name: &'static str, arrival: u32) -> Outcome {
    // The long version has the patience of production.
    let setting = Setting { lease: if long() { 20 } else { 2 }, ..Setting::default() };
    let begun = Instant::now();
    let scene = scene(name);
    let stage = Stage::of(620).await;
    let run = set(&stage, scene).await;
    let mut outcome = Outcome::default();
    if scene == Scene::Orphaned {
        let mut first = Process::work(&stage, &setting.dying_at("import.opened", 1));
        falls(&mut first, name).await;
        outcome.killed("import.opened");
    }
    let mut worker = Process::work(&stage, &setting.dying_at(name, arrival));
    if scene == Scene::Cancelled {
        cancel(&stage, &run).await;
    }
    falls(&mut worker, name).await;
    outcome.killed(name);

    let died = Instant::now();
    let before = mark(&stage, &run).await;
    // What a supervisor does.
    let _next = Process::work(&stage, &setting);
    if !is_over(&before.1) {
        while mark(&stage, &run).await == before {
            assert!(died.elapsed() < BACK, "{name}: nobody goes on with {before:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    while is_over(&before.1) && stage.count("job").await > 0 {
        assert!(died.elapsed() < BACK, "{name}: nobody settles the job");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    outcome.recoveries.push(died.elapsed().as_secs_f64());
    let over = ends(&stage, &run, died).await;
    outcome.held = judge(&stage, scene, &run, &over).await;
    let (took, back) = (begun.elapsed(), outcome.recoveries[0]);
    println!("{name}={arrival}: back after {back:.1} s, all in {took:.1?}");
    outcome
}

async fn falls(worker: &mut Process, name: &str) {
    let begun = Instant::now();
    while !worker.fell() {
        assert!(begun.elapsed() < BACK, "no worker came by {name}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// All places that workers come by; the later arrivals where there are any.
fn plan() -> Vec<(&'static str, u32)> {
    let mut plan: Vec<(&str, u32)> = Vec::new();
    for name in failpoint::NAMES
        .iter()
        .copied()
        .filter(|name| !served(name) && !name.starts_with("deliver."))
    {
        plan.push((name, 1));
        // Twelve heartbeats or two runs would have to go by.
        let again = ["import.page_advanced", "import.page_committed"].contains(&name)
            || (name.starts_with("import.persons_") && scene(name) == Scene::First);
        if again {
            plan.push((name, 2));
        }
    }
    plan
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_at_a_named_place_loses_nothing_and_doubles_nothing() {
    let mut plan = plan();
    assert!(plan.len() >= 25, "{plan:?}");
    if !long() {
        let mut dice = StdRng::seed_from_u64(seed());
        plan.shuffle(&mut dice);
        plan.truncate(5);
    }
    println!("seed {}: {plan:?}", seed());
    let mut total = Outcome::default();
    for one in all(plan.into_iter().map(|(name, arrival)| kill_at(name, arrival))).await {
        total.add(one);
    }
    report("kills_at_named_places", &total.figures());
}

/// Two workers on a run, one of them killed again and again.
async fn kill_at_random(seed: u64, kills: u32) -> Outcome {
    let setting = Setting::default();
    let mut dice = StdRng::seed_from_u64(seed);
    let stage = Stage::of(1_100).await;
    stage.control("POST", "/latency", json!({ "ms": 60 })).await;
    let mut outcome = Outcome::default();
    let mut workers = [Process::work(&stage, &setting), Process::work(&stage, &setting)];
    let mut run = stage.start(json!({ "mode": "full" })).await;
    let mut is_first = true;
    let mut dead_since: Option<(Instant, (i32, String))> = None;
    while outcome.kills.values().sum::<u32>() < kills {
        tokio::time::sleep(Duration::from_millis(dice.random_range(20..900))).await;
        let now = mark(&stage, &run).await;
        if is_over(&now.1) {
            let held = if is_first {
                truth::of_a_first_import(&stage, &run).await
            } else {
                truth::of_any_run(&stage, &run).await
            };
            outcome.held.add(&held);
            is_first = false;
            dead_since = None;
            let change =
                json!({ "change": 40, "delete": 5, "create": 5, "seed": dice.random::<u32>() });
            stage.control("POST", "/persons/mutate", change).await;
            run = stage.start(json!({ "mode": "full" })).await;
            continue;
        }
        if let Some((died, was)) = &dead_since {
            if now == *was {
                assert!(died.elapsed() < BACK, "seed {seed}: nobody goes on with {was:?}");
                continue;
            }
            outcome.recoveries.push(died.elapsed().as_secs_f64());
        }
        let one = dice.random_range(0..2_usize);
        workers[one].kill();
        workers[one] = Process::work(&stage, &setting);
        outcome.killed("at random");
        dead_since = Some((Instant::now(), mark(&stage, &run).await));
    }
    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    ends(&stage, &run, Instant::now()).await;
    let held = if is_first {
        truth::of_a_first_import(&stage, &run).await
    } else {
        truth::of_any_run(&stage, &run).await
    };
    outcome.held.add(&held);
    assert!(workers.iter_mut().all(Process::is_alive), "seed {seed}: a worker ended by itself");
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_killed_at_any_moment_lose_nothing_and_double_nothing() {
    let (stages, kills) = if long() { (12, 15) } else { (1, 4) };
    println!("seed {}", seed());
    let seeds = (0..stages).map(|nth| seed().wrapping_add(nth));
    let mut total = Outcome::default();
    for one in all(seeds.map(|seed| kill_at_random(seed, kills))).await {
        total.add(one);
    }
    report("kills_at_random", &total.figures());
}
