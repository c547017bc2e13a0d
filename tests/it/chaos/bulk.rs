//! Workers that die while an org puts a long list together for a first import: between the order and the
//! first page of its result, and between the pages.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tandem::sandbox::SandboxConfig;
use tokio::net::TcpListener;

use super::{
    campaign::{BACK, Outcome, all, ends, mark},
    process::{Process, Setting},
    truth,
};
use crate::{
    flows::stage::Stage,
    harness::{Database, long, report},
};

/// The only one here whose lists are put together by a job.
const SLUG: &str = "salesforce";
/// The first page, and more than ten thousand behind it.
const MANY: u32 = 12_300;
/// The first page and a part of another, which is walked by keys.
const FEW: u32 = 2_300;

struct Death {
    name: &'static str,
    arrival: u32,
    persons: u32,
    /// How many jobs the org has made in the end.
    made: u32,
}

const fn at(name: &'static str, arrival: u32, persons: u32, made: u32) -> Death {
    Death { name, arrival, persons, made }
}

const DEATHS: [Death; 6] = [
    at("import.page_committed", 5, FEW, 0),
    // The job's id is in the cursor of the first page: whoever goes on reads the same job.
    at("import.page_committed", 5, MANY, 1),
    // It died with the id in its head: the org is asked once more, and the first job ends by itself.
    at("import.persons_fetched", 1, MANY, 2),
    // A page of the result was fetched and not committed.
    at("import.persons_resolved", 2, MANY, 1),
    at("import.page_advanced", 6, MANY, 1),
    // All of it was read, and the job not yet deleted.
    at("import.page_committed", 8, MANY, 1),
];

async fn large(persons: u32) -> Stage {
    let config = SandboxConfig { persons, organizations: 20, deals: 0, ..SandboxConfig::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lift = |ours: &mut tandem::config::Config| ours.crm_limit_factor = 1_000;
    let stage = Stage::before(SLUG, Database::create().await, listener, config, lift).await;
    stage.lift_limits().await;
    stage.connect(&stage.acme.owner.browser).await;
    stage
}

async fn kill_at(Death { name, arrival, persons, made }: Death) -> Outcome {
    let setting = Setting::unlimited();
    let stage = large(persons).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let mut outcome = Outcome::default();
    let begun = Instant::now();
    let mut worker = Process::work(&stage, &setting.dying_at(name, arrival));
    while !worker.fell() {
        assert!(begun.elapsed() < BACK, "no worker came by {name}={arrival}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    outcome.killed(&format!("{name}={arrival}"));
    let (died, before) = (Instant::now(), mark(&stage, &run).await);
    let _next = Process::work(&stage, &setting);
    while mark(&stage, &run).await == before {
        assert!(died.elapsed() < BACK, "{name}: nobody goes on with {before:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    outcome.recoveries.push(died.elapsed().as_secs_f64());
    let over = ends(&stage, &run, died).await;

    let there = stage.truth().await;
    assert_eq!(over["seen"], there["persons"], "{name}={arrival}: {over:#}");
    outcome.held = truth::of_any_run(&stage, &run).await;
    let (people, linked): (i64, i64) = sqlx::query_as(
        "select count(distinct remote_id), count(*) from mapping where kind = 'person'",
    )
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap();
    // Those who match two contacts, or cannot be read, are in the log and nowhere else.
    let of = |outcome: &str| over["counts"][outcome].as_i64().unwrap();
    assert_eq!((people, linked), (linked, of("created") + of("linked")), "{over:#}");
    assert_eq!(of("unchanged") + of("updated"), 0, "nobody was written twice: {over:#}");
    outcome.held.note("everybody is linked once");
    let jobs = stage.control("GET", "/jobs", Value::Null).await;
    assert_eq!(jobs, json!({ "made": made, "left": made.saturating_sub(1) }), "{name}={arrival}");
    outcome.held.note("the org made no job in vain but the one whose id was lost");
    println!("{name}={arrival}: all in {:.1?}", begun.elapsed());
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_with_a_job_of_the_orgs_loses_nothing_and_doubles_nothing() {
    let mut total = Outcome::default();
    // Those with a job import 12,300 people, ten seconds each: the short version walks by keys.
    let deaths = DEATHS.into_iter().filter(|death| long() || death.persons == FEW);
    for one in all(deaths.map(kill_at)).await {
        total.add(one);
    }
    report("kills_with_a_job", &total.figures());
}
