//! The CRM at its worst, in the middle of an import by a real worker: each fault of the stand-in,
//! and what is changed over there between two pages.
//!
//! A used-up day and a shut-out make a run stay away for longer than a test may last;
//! `flows::import_faults` has them, with simulated time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tandem::sandbox::SandboxConfig;

use super::{
    campaign::{BACK, all, ends, mark},
    process::{Process, Setting},
    truth::{self, Held},
};
use crate::{
    flows::stage::Stage,
    harness::{long, report, seed},
};

/// The lists that are broken, each in its second page.
const LISTS: [&str; 3] = ["persons", "organizations", "deals"];

/// What one scenario brought: its name and how long after the fault the run went on, in seconds.
#[derive(Default)]
pub(super) struct Survived {
    pub(super) recoveries: Vec<(String, f64)>,
    pub(super) held: Held,
}

impl Survived {
    pub(super) fn add(&mut self, other: Self) {
        self.recoveries.extend(other.recoveries);
        self.held.add(&other.held);
    }

    pub(super) fn figures(&self) -> Value {
        let slowest = self.recoveries.iter().map(|(_, took)| *took).fold(0.0, f64::max);
        let per_fault: serde_json::Map<String, Value> = self
            .recoveries
            .iter()
            .map(|(name, took)| (name.clone(), json!((took * 10.0).round() / 10.0)))
            .collect();
        json!({
            "seed": seed(),
            "scenarios": self.recoveries.len(),
            "slowest_recovery_s": (slowest * 10.0).round() / 10.0,
            "recoveries_s": per_fault,
            "held": self.held.table(),
        })
    }
}

/// Three pages of deals, two of everything else.
pub(super) fn size() -> SandboxConfig {
    SandboxConfig { organizations: 620, deals: 1_100, ..SandboxConfig::of_size(720, 3) }
}

/// The faults of one answer, as the script of the stand-in has them, without the path.
fn faults() -> Vec<Value> {
    vec![
        json!({ "kind": "burst_429", "retry_after": 3, "times": 2 }),
        json!({ "kind": "burst_429", "retry_after": null, "times": 5 }),
        json!({ "kind": "status_5xx", "status": 500, "times": 5 }),
        json!({ "kind": "status_5xx", "status": 503, "times": 9 }),
        json!({ "kind": "timeout", "times": 4 }),
        json!({ "kind": "half_answer", "times": 5 }),
        json!({ "kind": "wrong_length", "times": 5 }),
        json!({ "kind": "gzip_bomb", "bytes": 1_u64 << 30, "times": 2 }),
        json!({ "kind": "html_200", "times": 5 }),
        json!({ "kind": "empty_json", "times": 5 }),
        json!({ "kind": "invalid_utf8", "times": 5 }),
        json!({ "kind": "duplicate_keys", "times": 5 }),
        json!({ "kind": "redirect", "times": 5 }),
        json!({ "kind": "slow_ms", "ms": 900, "times": 1 }),
        json!({ "kind": "slow_ms", "ms": 4_000, "times": 4 }),
        json!({ "kind": "status", "status": 400, "times": 1 }),
        json!({ "kind": "status", "status": 401, "times": 1 }),
    ]
}

async fn breaks(list: &'static str, mut fault: Value) -> Survived {
    let stage = Stage::with(size()).await;
    let name = match (&fault["status"], &fault["ms"]) {
        (Value::Null, Value::Null) => format!("{} in {list}", fault["kind"]),
        (Value::Null, ms) => format!("{} {ms} in {list}", fault["kind"]),
        (status, _) => format!("{} {status} in {list}", fault["kind"]),
    };
    let name = name.replace('"', "");
    fault["path"] = json!(format!("/api/v2/{list}"));
    fault["after"] = json!(1);
    stage.fault(fault).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let setting = Setting { timeout: 1, ..Setting::default() };
    let _worker = Process::work(&stage, &setting);
    let (since, was) = quiet(&stage, &run).await;
    let back = goes_on(&stage, &run, &name, since, was).await;
    let over = ends(&stage, &run, Instant::now()).await;
    assert_eq!(over["state"], "completed", "{name}: {over}");
    println!("{name}: back after {back:.1} s");
    let held = truth::of_a_first_import(&stage, &run).await;
    Survived { recoveries: vec![(name, back)], held }
}

/// Waits until the script of faults has been played; when that was, and how far the run was.
async fn quiet(stage: &Stage, run: &str) -> (Instant, (i32, String)) {
    let begun = Instant::now();
    while stage.control("GET", "/faults", Value::Null).await != json!([]) {
        assert!(begun.elapsed() < 3 * BACK, "no worker came by the fault");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (Instant::now(), mark(stage, run).await)
}

/// Waits until the run has left this place; seconds.
pub(super) async fn goes_on(
    stage: &Stage,
    run: &str,
    name: &str,
    since: Instant,
    was: (i32, String),
) -> f64 {
    loop {
        let now = mark(stage, run).await;
        if now.0 > was.0 || now.1 == "completed" {
            return since.elapsed().as_secs_f64();
        }
        assert!(since.elapsed() < BACK, "{name}: nobody goes on with {was:?}, it is {now:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_the_crm_answers_the_run_goes_on_within_a_minute_and_ends_with_the_truth() {
    let mut scenarios = Vec::new();
    for (list_nth, list) in LISTS.into_iter().enumerate() {
        for (nth, fault) in faults().into_iter().enumerate() {
            // The short version breaks each list in one way: a status, a page, letters.
            if long() || nth == [2, 8, 10][list_nth] {
                scenarios.push(breaks(list, fault));
            }
        }
    }
    let mut total = Survived::default();
    for one in all(scenarios).await {
        total.add(one);
    }
    report("faults_of_the_crm", &total.figures());
}

/// Waits until the run has committed a page of persons, and is not over.
async fn among_persons(stage: &Stage, run: &str) {
    let begun = Instant::now();
    loop {
        let seen = stage.run(run).await;
        if seen["seen"].as_i64().unwrap() > 0 {
            return;
        }
        assert!(begun.elapsed() < BACK, "no page of persons: {seen}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A run of three pages of persons, slow enough to come in between, and its worker.
async fn slowly() -> (Stage, String, Process) {
    let stage = Stage::of(1_200).await;
    stage.control("POST", "/latency", json!({ "ms": 150 })).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let worker = Process::work(&stage, &Setting::default());
    (stage, run, worker)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_that_expires_between_two_pages_costs_one_refresh() {
    let (stage, run, _worker) = slowly().await;
    among_persons(&stage, &run).await;
    stage.control("POST", "/tokens/expire", json!({})).await;
    let over = ends(&stage, &run, Instant::now()).await;
    assert_eq!(over["state"], "completed", "{over}");
    let mut total = Survived::default();
    total.held.add(&truth::of_a_first_import(&stage, &run).await);
    assert_eq!(stage.counters().await["tokens"]["refresh_token"], 1);
    report("token_expired", &total.figures());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_that_is_revoked_between_two_pages_waits_for_a_consent_and_nothing_else() {
    let (stage, run, _worker) = slowly().await;
    among_persons(&stage, &run).await;
    stage.control("POST", "/tokens/revoke", json!({})).await;
    let over = ends(&stage, &run, Instant::now()).await;
    assert_eq!(over["state"], "failed", "{over}");
    assert!(over["state_reason"].as_str().unwrap().contains("new consent"), "{over}");
    let was = mark(&stage, &run).await;
    stage.connect(&stage.acme.owner.browser).await;
    let mut total = Survived::default();
    let back = goes_on(&stage, &run, "a new consent", Instant::now(), was).await;
    ends(&stage, &run, Instant::now()).await;
    total.recoveries.push(("a new consent".to_owned(), back));
    total.held.add(&truth::of_a_first_import(&stage, &run).await);
    report("grant_revoked", &total.figures());
}

/// Changes, deletions, merges and newcomers between the pages of a run.
async fn changed_meanwhile(dice: u64) -> Held {
    let stage = Stage::of(1_200).await;
    for after in 1..=2 {
        let change = json!({
            "after_pages": after, "change": 30, "delete": 12, "merge": 8, "create": 9,
            "seed": dice * 10 + after,
        });
        stage.control("POST", "/persons/mutate", change).await;
    }
    let _worker = Process::work(&stage, &Setting::default());
    let run = stage.start(json!({ "mode": "full" })).await;
    ends(&stage, &run, Instant::now()).await;
    let mut held = truth::of_any_run(&stage, &run).await;
    // What the first run could not see any more, the next one sees, and the one after finds nothing.
    let second = stage.start(json!({ "mode": "full" })).await;
    let over = ends(&stage, &second, Instant::now()).await;
    assert_eq!(over["seen"], stage.truth().await["persons"], "{over}");
    held.add(&truth::of_any_run(&stage, &second).await);
    held.add(&truth::of_the_living(&stage).await);
    held.add(&comes_to_rest(&stage, second, dice).await);
    held
}

/// Runs until one finds nothing to do. Where the leading person of a contact was merged away, the next
/// run asks the next one. Who waits because another contact holds the address until a later page lets go
/// of it is told as a conflict, and is taken by the next run: theirs is the contact that has the address
/// now, or nobody has it and they are new. Of several who wait for each other each run takes one.
async fn comes_to_rest(stage: &Stage, mut before: String, dice: u64) -> Held {
    let mut held = Held::default();
    loop {
        let waited = truth::logged_as(stage, &before, "conflict").await;
        let run = stage.start(json!({ "mode": "full" })).await;
        let over = ends(stage, &run, Instant::now()).await;
        let mut taken = 0;
        for outcome in ["linked", "created"] {
            let late = truth::logged_as(stage, &run, outcome).await;
            assert!(
                late.is_subset(&waited),
                "seed {dice}: {outcome} {late:?} of {waited:?}: {over}"
            );
            taken += late.len();
        }
        let wait = truth::logged_as(stage, &run, "conflict").await;
        assert!(wait.is_subset(&waited), "seed {dice}: {wait:?} wait, of {waited:?}: {over}");
        assert_eq!(wait.len() + taken, waited.len(), "seed {dice}: who waited is lost: {over}");
        held.note("who waited is taken or waits on");
        if taken == 0 && over["counts"]["updated"] == 0 {
            held.note("a book comes to rest");
            return held;
        }
        before = run;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn records_changed_deleted_and_merged_between_pages_are_neither_lost_nor_doubled() {
    let scenarios = (0..if long() { 12 } else { 1 }).map(|nth| changed_meanwhile(seed() + nth));
    let mut total = Survived::default();
    for held in all(scenarios).await {
        total.held.add(&held);
    }
    report("changed_between_pages", &total.figures());
}
