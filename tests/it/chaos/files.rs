//! Workers that die while they read a file: whoever takes the run up reads over what is written.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    campaign::{BACK, Outcome, all, ends},
    process::{Process, Setting},
    truth::{self, Held},
};
use crate::{
    flows::stage::Stage,
    harness::{long, report, seed},
};

/// Three pages of 500, the last not full.
const ROWS: usize = 1_300;
/// Each of these holds no address where there should be one.
const BAD: usize = 100;

/// Where a worker dies while it reads, and on which arrival.
const PLACES: [(&str, u32); 8] = [
    ("import.persons_fetched", 1),
    ("import.persons_fetched", 2),
    ("import.persons_resolved", 3),
    ("import.persons_stored", 2),
    ("import.persons_logged", 2),
    ("import.page_advanced", 2),
    ("import.page_committed", 1),
    ("import.page_committed", 2),
];

fn sheet() -> String {
    let row = |n: usize| match n % BAD {
        0 => format!("Person {n};nobody at all;\r\n"),
        _ => format!("Person {n};person{n}@file.example;Organization {}\r\n", n % 7),
    };
    (1..=ROWS).fold("Name;E-mail;Company\r\n".to_owned(), |text, n| text + &row(n))
}

async fn begin(stage: &Stage) -> String {
    let browser = &stage.acme.owner.browser;
    let request = browser.request(Method::POST, "/api/imports/csv");
    let request = request.header("content-type", "text/csv").body(sheet());
    let file = browser.send(request).await.expect(201);
    let settings = json!({
        "charset": file["charset"], "delimiter": file["delimiter"], "header": file["header"],
        "columns": file["columns"],
    });
    let path = format!("/api/imports/csv/{}/start", file["id"].as_str().unwrap());
    let started = browser.post(&path, settings).await.expect(202);
    started["run_id"].as_str().unwrap().to_owned()
}

/// Every good row is one contact with its address, every bad one waits to be corrected, and both are
/// in the log once.
async fn holds(stage: &Stage, run: &Value) -> Held {
    let mut held = Held::default();
    let (good, bad) = (ROWS - ROWS / BAD, ROWS / BAD);
    assert_eq!((&run["state"], &run["adds_up"]), (&json!("completed"), &json!(true)), "{run}");
    assert_eq!(run["seen"], json!(ROWS), "{run}");
    assert_eq!(run["counts"]["created"], json!(good), "{run}");
    assert_eq!(run["counts"]["quarantined"], json!(bad), "{run}");
    held.note("the counts of a file add up");
    let contacts = i64::try_from(good).unwrap();
    assert_eq!(stage.count("contact").await, contacts);
    assert_eq!(stage.count("book where contacts = (select count(*) from contact)").await, 1);
    assert_eq!(stage.count("organization").await, 7);
    let found: Vec<String> =
        sqlx::query_scalar("select value from identifier where kind = 'email'")
            .fetch_all(&stage.hub.owner)
            .await
            .unwrap();
    let found: BTreeSet<String> = found.into_iter().collect();
    let wanted = (1..=ROWS).filter(|n| n % BAD > 0).map(|n| format!("person{n}@file.example"));
    assert_eq!(found, wanted.collect());
    held.note("every row of a file is one contact");
    let id = run["id"].as_str().unwrap();
    let logged = |outcome: &'static str| truth::logged_as(stage, id, outcome);
    assert_eq!((logged("created").await.len(), logged("quarantined").await.len()), (good, bad));
    let rows = stage.acme.owner.browser.get(&format!("/api/imports/csv/runs/{id}/rows")).await;
    assert_eq!(rows.expect(200)["items"].as_array().unwrap().len(), bad);
    held.note("every row of a file is in the log once");
    truth::rest(stage, &mut held).await;
    held
}

async fn kill_at((name, arrival): (&'static str, u32)) -> Outcome {
    let setting = Setting::default();
    let stage = Stage::of(1).await;
    let run = begin(&stage).await;
    let mut worker = Process::work(&stage, &setting.dying_at(name, arrival));
    let begun = Instant::now();
    while !worker.fell() {
        assert!(begun.elapsed() < BACK, "no worker came by {name}={arrival}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut outcome = Outcome::default();
    outcome.killed(&format!("{name} of a file"));
    let died = Instant::now();
    let _next = Process::work(&stage, &setting);
    let over = ends(&stage, &run, died).await;
    outcome.recoveries.push(died.elapsed().as_secs_f64());
    outcome.held = holds(&stage, &over).await;
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_dies_over_a_file_loses_no_row_and_doubles_none() {
    let mut places = PLACES.to_vec();
    if !long() {
        places.shuffle(&mut StdRng::seed_from_u64(seed()));
        places.truncate(2);
    }
    println!("seed {}: {places:?}", seed());
    let mut total = Outcome::default();
    for one in all(places.into_iter().map(kill_at)).await {
        total.add(one);
    }
    report("kills_over_files", &total.figures());
}
