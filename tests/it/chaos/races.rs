//! Several at once, past the queue that would have them take turns.
//!
//! One provider has one connection per company, so two connections with the same people are two
//! companies that connected the same account: nothing of one may reach the other.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tandem::{flows::import, policy::Plan};
use tokio_util::sync::CancellationToken;

use super::{
    campaign::{all, ends},
    process::{Process, Setting},
    truth::{self, Held},
};
use crate::{
    flows::stage::{Stage, slug},
    harness::{long, report, seed},
};

/// How often each race is run.
fn rounds() -> u64 {
    if long() { 12 } else { 1 }
}

async fn raced<F>(name: &str, race: impl Fn(u64) -> F)
where
    F: Future<Output = Held> + Send + 'static,
{
    let mut total = Held::default();
    for held in all((0..rounds()).map(|nth| race(seed().wrapping_add(nth)))).await {
        total.add(&held);
    }
    report(name, &json!({ "seed": seed(), "rounds": rounds(), "held": total.table() }));
}

/// Every run of the company at once, each in a process of its own.
async fn at_once(stage: &Stage, runs: &[String]) {
    let stopping = CancellationToken::new();
    let working = runs.iter().map(|run| async {
        let twin = stage.twin().await;
        // Somebody else's page is no failure: whoever is fenced off leaves the run to them.
        import::work(&twin, stage.acme.id, Stage::id(run), &stopping).await.unwrap();
    });
    join_all(working).await;
    stage.work().await;
    for run in runs {
        // Two of the same run: what one was fenced off from, the job brings to an end.
        let (over, _) = stage.until_over(run).await;
        assert_eq!(over["state"], "completed", "{over}");
    }
}

async fn full_incremental_and_chosen(seed: u64) -> Held {
    let mut dice = StdRng::seed_from_u64(seed);
    let stage = Stage::of(620).await;
    let people = stage.control("GET", "/truth/persons?limit=620", Value::Null).await;
    let ids: Vec<String> = people
        .as_array()
        .unwrap()
        .iter()
        .filter(|_| dice.random_bool(0.4))
        .map(|person| person["id"].to_string())
        .collect();
    let full = stage.start(json!({ "mode": "full" })).await;
    let again = stage.start(json!({ "mode": "incremental" })).await;
    let chosen = stage.start(json!({ "mode": "selective", "ids": ids })).await;
    // The full one twice: a worker that lost its lease and does not know it yet.
    at_once(&stage, &[full.clone(), full.clone(), again.clone(), chosen.clone()]).await;
    let mut held = Held::default();
    for run in [&full, &again, &chosen] {
        held.add(&truth::of_any_run(&stage, run).await);
    }
    held.add(&truth::of_the_living(&stage).await);
    let truth = stage.truth().await;
    assert_eq!(stage.count("organization").await, truth["organizations"].as_i64().unwrap());
    assert_eq!(stage.count("remote_deal").await, truth["deals"].as_i64().unwrap());
    let third = stage.import(json!({ "mode": "full" })).await;
    for none in ["created", "updated"] {
        assert_eq!(third["counts"][none], 0, "seed {seed}: {third}");
    }
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imports_of_one_connection_at_once_make_nobody_twice() {
    raced("races_of_imports", full_incremental_and_chosen).await;
}

async fn two_companies(_seed: u64) -> Held {
    let stage = Stage::of(620).await;
    let other = stage.hub.company(Plan::Business).await;
    stage.connect(&other.owner.browser).await;
    let ours = stage.start(json!({ "mode": "full" })).await;
    let theirs = stage.start_as(&other.owner.browser, json!({ "mode": "full" })).await;
    let _workers =
        [Process::work(&stage, &Setting::default()), Process::work(&stage, &Setting::default())];
    let over = ends(&stage, &ours, Instant::now()).await;
    let begun = Instant::now();
    let path = format!("/api/sync-logs/{theirs}");
    let same = loop {
        let run = other.owner.browser.get(&path).await.expect(200);
        if run["state"] == "completed" {
            break run;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{run}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(over["counts"], same["counts"], "the same people, the same outcome");
    stage.is_sound().await;
    for (crossed, what) in [
        (
            "mapping join contact using (contact_id)
             where mapping.company_id <> contact.company_id",
            "a link to another company's contact",
        ),
        (
            "(select company_id, count(*) from contact group by company_id) books
             where count <> (select contacts from book where book.company_id = books.company_id)",
            "a count that is not the book's",
        ),
    ] {
        assert_eq!(stage.count(crossed).await, 0, "{what}");
    }
    let mut held = truth::of_any_run(&stage, &ours).await;
    let kept: i64 = over["counts"]["created"].as_i64().unwrap();
    assert_eq!(stage.count("contact").await, 2 * kept);
    held.add(&truth::of_the_living(&stage).await);
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_companies_that_import_the_same_people_at_once_get_a_book_each() {
    raced("races_of_companies", two_companies).await;
}

/// A member renames contacts and adds people whom the CRM also has, while everything is imported
/// again after changes over there.
async fn edited_meanwhile(seed: u64) -> Held {
    let mut dice = StdRng::seed_from_u64(seed);
    let stage = Stage::of(620).await;
    stage.import(json!({ "mode": "full" })).await;
    let contacts: Vec<uuid::Uuid> =
        sqlx::query_scalar("select contact_id from contact order by contact_id limit 60")
            .fetch_all(&stage.hub.owner)
            .await
            .unwrap();
    let change = json!({ "change": 300, "create": 40, "seed": seed });
    let done = stage.control("POST", "/persons/mutate", change).await;
    let newcomers: Vec<u64> =
        done["created"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    stage.control("POST", "/latency", json!({ "ms": 40 })).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let owner = &stage.acme.owner.browser;
    let over = AtomicBool::new(false);
    let editing = async {
        let mut said: BTreeMap<uuid::Uuid, String> = BTreeMap::new();
        let mut added = newcomers.iter();
        while !over.load(Relaxed) {
            let id = contacts[dice.random_range(0..contacts.len())];
            let name = format!("As we say {}", dice.random::<u32>());
            let path = format!("/api/contacts/{id}");
            let answer = owner.patch(&path, json!({ "full_name": name })).await;
            answer.expect(200);
            said.insert(id, name);
            if let Some(newcomer) = added.next() {
                let address = format!("nora.{newcomer}@new.example");
                let contact =
                    json!({ "full_name": "Ours First", "emails": [{ "value": address }] });
                // The import may have been quicker.
                let answer = owner.post("/api/contacts", contact).await;
                assert!([201, 409].contains(&answer.status.as_u16()), "{}", answer.text);
            }
        }
        said
    };
    let working = async {
        stage.work().await;
        over.store(true, Relaxed);
    };
    let (said, ()) = tokio::join!(editing, working);
    assert!(said.len() > 3, "the member had no time: {}", said.len());
    let mut held = truth::of_any_run(&stage, &run).await;
    for (id, name) in said {
        let kept: String =
            sqlx::query_scalar("select full_name from contact where contact_id = $1")
                .bind(id)
                .fetch_one(&stage.hub.owner)
                .await
                .unwrap();
        assert_eq!(kept, name, "seed {seed}: what a member wrote last stays");
    }
    // Whoever came second was linked to what the first had made.
    let twice = "(select from identifier where kind = 'email' and value like 'nora.%@new.example'
                  group by value having count(distinct contact_id) > 1) twice";
    assert_eq!(stage.count(twice).await, 0, "seed {seed}");
    held.add(&truth::of_the_living(&stage).await);
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_member_writes_during_an_import_stays_and_is_not_doubled() {
    raced("races_of_a_member", edited_meanwhile).await;
}

async fn limit_together(seed: u64) -> Held {
    let mut dice = StdRng::seed_from_u64(seed);
    let room: i64 = dice.random_range(1..500);
    let stage = Stage::of(620).await;
    sqlx::query("update book set contacts = 100000 - $1")
        .bind(room)
        .execute(&stage.hub.owner)
        .await
        .unwrap();
    let people = stage.control("GET", "/truth/persons?limit=620", Value::Null).await;
    let ids: Vec<String> =
        people.as_array().unwrap().iter().map(|person| person["id"].to_string()).collect();
    let cut = dice.random_range(100..500);
    let (some, others) = ids.split_at(cut);
    let mut runs = Vec::new();
    for ids in [some, others] {
        runs.push(stage.start(json!({ "mode": "selective", "ids": ids })).await);
    }
    at_once(&stage, &runs).await;
    let mut created = 0;
    for run in &runs {
        let run = stage.run(run).await;
        assert_eq!(run["adds_up"], true, "seed {seed}: {run}");
        created += run["counts"]["created"].as_i64().unwrap();
    }
    let wanted = stage.truth().await["import"]["contacts"].as_i64().unwrap();
    assert!(room < wanted, "there are more people than places");
    assert_eq!(created, room, "seed {seed}: not one more, and not one fewer");
    assert_eq!(stage.count("contact").await, created, "seed {seed}");
    assert_eq!(stage.count("book where contacts = 100000").await, 1, "seed {seed}");
    let mut held = Held::default();
    truth::rest(&stage, &mut held).await;
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_runs_that_reach_the_limit_together_fill_it_to_the_last_place() {
    raced("races_to_the_limit", limit_together).await;
}

/// A worker in the middle of a run, and a moment that the dice choose.
async fn in_the_middle(seed: u64) -> (Arc<Stage>, String, Process) {
    let mut dice = StdRng::seed_from_u64(seed);
    let stage = Arc::new(Stage::of(1_100).await);
    stage.control("POST", "/latency", json!({ "ms": 120 })).await;
    let run = stage.start(json!({ "mode": "full" })).await;
    let worker = Process::work(&stage, &Setting::default());
    let begun = Instant::now();
    while stage.run(&run).await["state"] == "queued" {
        assert!(begun.elapsed() < Duration::from_mins(1), "nobody takes the run up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(dice.random_range(0..900))).await;
    (stage, run, worker)
}

async fn disconnected_meanwhile(seed: u64) -> Held {
    let (stage, run, _worker) = in_the_middle(seed).await;
    let owner = &stage.acme.owner.browser;
    // By hand, or by somebody who takes the app out over there.
    if seed.is_multiple_of(2) {
        let path = format!("/api/integrations/{}/disconnect", slug());
        owner.post(&path, json!({})).await.expect(200);
    } else {
        stage.uninstall().await;
    }
    let stopped = ends(&stage, &run, Instant::now()).await;
    assert!(["cancelled", "failed"].contains(&stopped["state"].as_str().unwrap()), "{stopped}");
    assert_eq!(stopped["adds_up"], true, "{stopped}");
    let contacts = stage.count("contact").await;
    assert_eq!(json!(contacts), stopped["counts"]["created"], "seed {seed}");
    stage.is_sound().await;
    let tokens = "connection where state <> 'disconnected' or access_token is not null
                  or refresh_token is not null";
    assert_eq!(stage.count(tokens).await, 0, "seed {seed}");
    // Connected again, it goes on from where it was put down.
    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    stage.connect(owner).await;
    owner.post(&format!("/api/sync-logs/{run}/resume"), json!({})).await.expect(202);
    ends(&stage, &run, Instant::now()).await;
    truth::of_a_first_import(&stage, &run).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_disconnect_or_an_uninstall_during_a_run_stops_it_and_leaves_no_token() {
    raced("races_of_a_disconnect", disconnected_meanwhile).await;
}

async fn downgraded_meanwhile(seed: u64) -> Held {
    let (stage, run, _worker) = in_the_middle(seed).await;
    // A smaller plan has fewer seats.
    stage.sql("delete from member where role in ('admin', 'golden_ticket', 'consultant')").await;
    let owner = &stage.acme.owner.browser;
    owner.post("/api/billing/plan", json!({ "plan": "growth" })).await.expect(200);
    let stopped = ends(&stage, &run, Instant::now()).await;
    let reason = stopped["state_reason"].as_str().unwrap();
    assert_eq!(
        (&stopped["state"], &stopped["adds_up"]),
        (&json!("failed"), &json!(true)),
        "{stopped}"
    );
    assert!(reason.contains("plan") || reason.contains("paused"), "{reason}");
    assert_eq!(json!(stage.count("contact").await), stopped["counts"]["created"], "seed {seed}");
    owner.post("/api/billing/plan", json!({ "plan": "business" })).await.expect(200);
    owner.post(&format!("/api/integrations/{}/resume", slug()), json!({})).await.expect(200);
    owner.post(&format!("/api/sync-logs/{run}/resume"), json!({})).await.expect(202);
    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    ends(&stage, &run, Instant::now()).await;
    truth::of_a_first_import(&stage, &run).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_downgrade_during_a_run_stops_it_in_words_and_an_upgrade_lets_it_go_on() {
    raced("races_of_a_downgrade", downgraded_meanwhile).await;
}
