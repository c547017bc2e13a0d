//! Workers that die at a named place of each step, or at any moment: the real binary, ended without a
//! word.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::json;
use tandem::failpoint;

use super::{
    super::{
        campaign::{Outcome, all},
        process::{Process, Setting},
    },
    acts::{delete, edit, ends, log, raise, raise_known, stage_at},
    record::{self, Given},
    requests::others,
    steps::Step,
    story::{STEPS, Watched, tell},
};
use crate::{
    flows::stage::slug,
    harness::{long, report, seed},
};

const GIVEN: Given = Given { deaths: true, same_clock: true };
/// Places that each attempt comes by once.
const PER_ATTEMPT: [&str; 7] = [
    "deliver.begin_written",
    "deliver.begin_committed",
    "deliver.begun",
    "deliver.answered",
    "deliver.end_written",
    "deliver.end_committed",
    "deliver.committed",
];

async fn kill_at(slug: &'static str, name: &'static str, arrival: u32) -> Outcome {
    let stage = stage_at(slug).await;
    if name == "deliver.looked" {
        let cut = Step::Person.aim(slug, json!({ "kind": "applied_reset" }));
        stage.fault(cut).await;
    }
    if matches!(name, "deliver.probing" | "deliver.circuit_written") {
        // Enough for the circuit: it opens at five failures in a row.
        let down = json!({ "kind": "status_5xx", "times": 40 });
        stage.fault(down).await;
        for nth in 0..6 {
            raise(&stage.acme.owner.browser, &format!("down{nth}")).await;
        }
    }
    let mut watched = Watched::start(&stage, &setting(slug).dying_at(name, arrival));
    if stage.count("delivery").await > 0 {
        watched.dies(&stage, name).await;
        stage.control("DELETE", "/faults", json!({})).await;
    }
    tell(&stage, &mut watched, name).await;
    watched.dies(&stage, name).await;
    let mut outcome = std::mem::take(&mut watched.outcome);
    outcome.held = record::judge(&stage, GIVEN).await;
    println!("{slug} {name}={arrival}: back after {:?} s", outcome.recoveries);
    outcome
}

/// The windows of a CRM are kept where one stands for all.
fn setting(slug: &str) -> Setting {
    if slug == self::slug() { Setting::default() } else { Setting::unlimited() }
}

fn plan() -> Vec<(&'static str, u32)> {
    let mut plan = Vec::new();
    for name in PER_ATTEMPT {
        plan.extend((1..=8).map(|arrival| (name, arrival)));
    }
    plan.extend((1..=4).map(|arrival| ("deliver.taken_up", arrival)));
    plan.extend([("deliver.gathered", 1), ("deliver.gathered", 2), ("deliver.learned", 1)]);
    plan.extend([("deliver.looked", 1), ("deliver.probing", 1), ("deliver.circuit_written", 1)]);
    plan
}

#[test]
fn every_place_of_the_machine_has_its_death() {
    let plan = plan();
    // What a turn settles without an attempt is rare, and the simulation crashes there.
    let others = ["deliver.settled"];
    for name in failpoint::NAMES.iter().filter(|name| name.starts_with("deliver.")) {
        let known = plan.iter().any(|(planned, _)| planned == name) || others.contains(name);
        assert!(known, "{name} kills nobody");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_at_any_place_of_any_step_loses_nothing_and_doubles_nothing() {
    let mut plan = plan();
    if !long() {
        plan.shuffle(&mut StdRng::seed_from_u64(seed()));
        plan.retain(|(name, _)| PER_ATTEMPT.contains(name));
        // One that was sent and one that was not, whatever the dice say.
        plan.truncate(3);
        plan.extend([("deliver.begin_committed", 4), ("deliver.answered", 4)]);
    }
    println!("seed {}", seed());
    let mut total = Outcome::default();
    for one in all(plan.into_iter().map(|(name, arrival)| kill_at(slug(), name, arrival))).await {
        total.add(one);
    }
    let mut figures = total.figures();
    figures["steps"] = json!(STEPS);
    report("deliveries_kills_at_named_places", &figures);
}

/// The short version: the CRM has done it, and nobody lives to write it down; of a person, and of one
/// of the organization, the label, and the activity.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_every_other_crm_a_worker_that_dies_while_it_sends_doubles_nothing() {
    let mut dice = StdRng::seed_from_u64(seed());
    let mut deaths = Vec::new();
    for slug in others() {
        if long() {
            deaths.extend(plan().into_iter().map(|(name, arrival)| (slug, name, arrival)));
        } else {
            let other = [1, 2, 5][dice.random_range(0..3)];
            deaths.extend([4, other].map(|arrival| (slug, "deliver.answered", arrival)));
        }
    }
    println!("seed {}", seed());
    let mut total = Outcome::default();
    let deaths = deaths.into_iter().map(|(slug, name, arrival)| kill_at(slug, name, arrival));
    for one in all(deaths).await {
        total.add(one);
    }
    report("deliveries_kills_at_every_other_crm", &total.figures());
}

/// Three workers, one of them killed again and again, while members go on working.
async fn kill_at_random(slug: &'static str, seed: u64, kills: u32) -> Outcome {
    let setting = setting(slug);
    let mut dice = StdRng::seed_from_u64(seed);
    let stage = stage_at(slug).await;
    stage.control("POST", "/latency", json!({ "ms": 40 })).await;
    let who = &stage.acme.owner.browser;
    let mut workers = [(); 3].map(|()| Process::work(&stage, &setting));
    let (mut outcome, mut contacts, mut activities) = (Outcome::default(), Vec::new(), Vec::new());
    let mut nth = 0;
    while outcome.kills.values().sum::<u32>() < kills {
        for _ in 0..dice.random_range(2..7) {
            nth += 1;
            match dice.random_range(0..6) {
                0 | 1 => contacts.push(raise(who, &format!("r{nth}")).await),
                2 => contacts.push(raise_known(&stage, who, &format!("r{nth}")).await),
                3 if !contacts.is_empty() => {
                    let contact = &contacts[dice.random_range(0..contacts.len())];
                    activities.push(log(who, contact, &format!("Call {nth}")).await);
                }
                4 if !activities.is_empty() => {
                    let activity = &activities[dice.random_range(0..activities.len())];
                    edit(who, activity, &format!("Edited {nth}")).await;
                }
                5 if !activities.is_empty() => {
                    let gone = dice.random_range(0..activities.len());
                    delete(who, &activities.swap_remove(gone)).await;
                }
                _ => {}
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.random_range(20..600))).await;
        let one = dice.random_range(0..workers.len());
        workers[one].kill();
        record::nothing_came_unannounced(&stage).await;
        workers[one] = Process::work(&stage, &setting);
        outcome.killed("at random");
    }
    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    ends(&stage).await;
    outcome.held = record::judge(&stage, GIVEN).await;
    assert_eq!(stage.count("delivery where state = 'failed'").await, 0, "seed {seed}");
    assert!(workers.iter_mut().all(Process::is_alive), "seed {seed}: a worker ended by itself");
    println!("{slug}, seed {seed}: {nth} acts, {} contacts", contacts.len());
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_killed_at_any_moment_of_a_delivery_lose_nothing_and_double_nothing() {
    let (stages, kills) = if long() { (12, 13) } else { (1, 4) };
    println!("seed {}", seed());
    let mut stages: Vec<_> =
        (0..stages).map(|nth| (slug(), seed().wrapping_add(nth), kills)).collect();
    if long() {
        stages.extend(others().flat_map(|slug| (0..4).map(move |nth| (slug, seed() + nth, kills))));
    }
    let mut total = Outcome::default();
    for one in
        all(stages.into_iter().map(|(slug, seed, kills)| kill_at_random(slug, seed, kills))).await
    {
        total.add(one);
    }
    report("deliveries_kills_at_random", &total.figures());
}
