//! Workers that die at a named place or at any moment: the real binary, ended without a word.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::{Value, json};
use tandem::failpoint;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    process::{Process, Setting},
    truth::{self, Held},
};
use crate::{
    flows::stage::Stage,
    harness::{long, report, seed},
};

/// Everything must be back by then.
const BACK: Duration = Duration::from_secs(60);
/// How many scenarios run at once: most of their time they wait for a lease to end.
const AT_ONCE: usize = 6;

/// What must be going on for a worker to come by a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// A full import into an empty book.
    First,
    /// A full import after some were deleted there.
    Gone,
    /// Chosen people whose organizations nobody knows.
    Chosen,
    /// The CRM is down for a while.
    Down,
    /// The CRM refuses the cursor of the second page.
    Refused,
    /// Somebody cancels.
    Cancelled,
    /// The access token has expired.
    Expired,
    /// The refresh is refused: the company took Tandem out.
    Revoked,
    /// Another worker died before.
    Orphaned,
    /// Not a worker's place.
    Served,
}

fn scene(name: &str) -> Scene {
    match name {
        "import.enqueued" | "import.started" => Scene::Served,
        "import.unseen_asked" | "import.gone_marked" | "import.gone_committed" => Scene::Gone,
        "import.strangers_written" | "import.strangers_committed" => Scene::Chosen,
        "import.wait_written" | "import.wait_committed" | "import.put_down" => Scene::Down,
        "import.list_reset" => Scene::Refused,
        "import.end_written" | "import.end_committed" => Scene::Cancelled,
        "tokens.refused" => Scene::Revoked,
        "jobs.reaped" => Scene::Orphaned,
        _ if name.starts_with("tokens.") => Scene::Expired,
        _ if name.starts_with("connect.") || name.starts_with("disconnect.") => Scene::Served,
        _ => Scene::First,
    }
}

/// Whether only a web process comes by this place.
pub(super) fn served(name: &str) -> bool {
    scene(name) == Scene::Served
}

/// What one scenario brought.
#[derive(Debug, Default)]
struct Outcome {
    kills: BTreeMap<String, u32>,
    /// From the death to the next committed step of the run, in seconds.
    recoveries: Vec<f64>,
    held: Held,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        for (name, times) in other.kills {
            *self.kills.entry(name).or_default() += times;
        }
        self.recoveries.extend(other.recoveries);
        self.held.add(&other.held);
    }

    fn killed(&mut self, name: &str) {
        *self.kills.entry(name.to_owned()).or_default() += 1;
    }

    fn figures(&self) -> Value {
        let most = self.recoveries.iter().copied().fold(0.0, f64::max);
        json!({
            "seed": seed(),
            "kills": self.kills.values().sum::<u32>(),
            "kills_per_point": self.kills,
            "recoveries": self.recoveries.len(),
            "slowest_recovery_s": (most * 10.0).round() / 10.0,
            "held": self.held.table(),
        })
    }
}

/// How far a run is; any change is a committed step.
pub(super) async fn mark(stage: &Stage, run: &str) -> (i32, String) {
    sqlx::query_as("select page, state from sync_run where run_id = $1")
        .bind(Stage::id(run))
        .fetch_one(&stage.hub.owner)
        .await
        .unwrap()
}

fn is_over(state: &str) -> bool {
    ["completed", "failed", "cancelled"].contains(&state)
}

/// Kills a worker at this place, lets another go on, and checks everything.
async fn kill_at(name: &'static str, arrival: u32) -> Outcome {
    let setting = Setting::default();
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

/// The run that makes a worker come by.
async fn set(stage: &Stage, scene: Scene) -> String {
    let persons = "/api/v2/persons";
    match scene {
        Scene::Gone => {
            let first = stage.import(json!({ "mode": "full" })).await;
            assert_eq!(first["state"], "completed", "{first}");
            stage.control("POST", "/persons/mutate", json!({ "delete": 6, "change": 9 })).await;
        }
        Scene::Down => {
            let fault = json!({ "kind": "status_5xx", "path": persons, "after": 1, "times": 4 });
            stage.fault(fault).await;
        }
        Scene::Refused => {
            let fault = json!({ "kind": "status", "status": 400, "path": persons, "after": 1 });
            stage.fault(fault).await;
        }
        Scene::Expired => {
            stage.control("POST", "/tokens/expire", json!({})).await;
        }
        Scene::Revoked => {
            stage.control("POST", "/tokens/revoke", json!({})).await;
        }
        Scene::Chosen => {
            let people = stage.control("GET", "/truth/persons?limit=150", Value::Null).await;
            let ids: Vec<String> =
                people.as_array().unwrap().iter().map(|person| person["id"].to_string()).collect();
            return stage.start(json!({ "mode": "selective", "ids": ids })).await;
        }
        Scene::Cancelled => {
            stage.control("POST", "/latency", json!({ "ms": 150 })).await;
        }
        Scene::First | Scene::Orphaned | Scene::Served => {}
    }
    stage.start(json!({ "mode": "full" })).await
}

/// Cancels once a worker has the run.
async fn cancel(stage: &Stage, run: &str) {
    let begun = Instant::now();
    while mark(stage, run).await.1 != "running" {
        assert!(begun.elapsed() < BACK, "nobody took the run up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let path = format!("/api/sync-logs/{run}/cancel");
    stage.acme.owner.browser.post(&path, json!({})).await.expect(202);
}

async fn falls(worker: &mut Process, name: &str) {
    let begun = Instant::now();
    while !worker.fell() {
        assert!(begun.elapsed() < BACK, "no worker came by {name}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits for the end of the run; it may take as long as an import takes, beside the recovery.
pub(super) async fn ends(stage: &Stage, run: &str, since: Instant) -> Value {
    loop {
        let seen = stage.run(run).await;
        if is_over(seen["state"].as_str().unwrap()) {
            return seen;
        }
        assert!(since.elapsed() < BACK * 3, "it does not end: {seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn judge(stage: &Stage, scene: Scene, run: &str, over: &Value) -> Held {
    match scene {
        Scene::Cancelled => {
            assert_eq!(over["state"], "cancelled", "{over}");
            stage.control("POST", "/latency", json!({ "ms": 0 })).await;
            let path = format!("/api/sync-logs/{run}/resume");
            stage.acme.owner.browser.post(&path, json!({})).await.expect(202);
            ends(stage, run, Instant::now()).await;
            truth::of_a_first_import(stage, run).await
        }
        Scene::Revoked => {
            // Only the company can give a new consent.
            assert_eq!(over["state"], "failed", "{over}");
            assert!(over["state_reason"].as_str().unwrap().contains("new consent"), "{over}");
            stage.connect(&stage.acme.owner.browser).await;
            ends(stage, run, Instant::now()).await;
            truth::of_a_first_import(stage, run).await
        }
        Scene::Gone | Scene::Chosen => truth::of_any_run(stage, run).await,
        _ => truth::of_a_first_import(stage, run).await,
    }
}

/// All places that workers come by; the later arrivals where there are any.
fn plan() -> Vec<(&'static str, u32)> {
    let mut plan: Vec<(&str, u32)> = Vec::new();
    for name in failpoint::NAMES.iter().copied().filter(|name| !served(name)) {
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

/// Runs scenarios on tasks of their own, some at a time; panics when one of them does.
pub(super) async fn all<F>(scenarios: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for scenario in scenarios {
        let turns = Arc::clone(&turns);
        running.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            scenario.await
        });
    }
    let mut brought = Vec::new();
    while let Some(one) = running.join_next().await {
        brought.push(one.unwrap());
    }
    brought
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_at_a_named_place_loses_nothing_and_doubles_nothing() {
    let mut plan = plan();
    assert!(plan.len() >= 25, "{plan:?}");
    if !long() {
        let mut dice = StdRng::seed_from_u64(seed());
        plan.shuffle(&mut dice);
        plan.truncate(8);
    }
    println!("seed {}: {plan:?}", seed());
    let mut total = Outcome::default();
    for one in all(plan.into_iter().map(|(name, arrival)| kill_at(name, arrival))).await {
        total.add(one);
    }
    report("kills_at_named_places", total.figures());
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
    let (stages, kills) = if long() { (12, 15) } else { (2, 4) };
    println!("seed {}", seed());
    let seeds = (0..stages).map(|nth| seed().wrapping_add(nth));
    let mut total = Outcome::default();
    for one in all(seeds.map(|seed| kill_at_random(seed, kills))).await {
        total.add(one);
    }
    report("kills_at_random", total.figures());
}
