//! Web processes that die in the middle of a request: whoever presses the button again gets what
//! the first press promised, once.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tandem::{failpoint, policy::Plan};

use super::{
    campaign::{all, ends},
    process::{Process, Setting},
    scenes::served,
    truth,
};
use crate::{
    flows::stage::{Stage, slug},
    harness::{Browser, long, report, seed},
};

async fn falls(serve: &mut Process, name: &str) {
    let begun = Instant::now();
    while !serve.fell() {
        assert!(begun.elapsed() < Duration::from_mins(1), "nobody came by {name}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Presses a button of a process that dies of it.
async fn press(serve: &mut Process, browser: &Browser, method: Method, path: &str, name: &str) {
    let request = browser.request(method.clone(), path);
    let request =
        if method == Method::GET { request } else { request.json(&json!({ "mode": "full" })) };
    assert!(request.send().await.is_err(), "{name}: the answer came");
    falls(serve, name).await;
}

async fn one(name: &'static str) {
    let stage = Stage::of(60).await;
    let mut first = Process::serve(&stage, &Setting::default().dying_at(name, 1)).await;
    let company = stage.hub.company(Plan::Business).await;
    let owner = if name.starts_with("connect.") { &company.owner } else { &stage.acme.owner };
    let at = |serve: &Process| Browser::new(&serve.url, owner.browser.cookie());
    let browser = at(&first);
    let button = |verb: &str| format!("/api/integrations/{}/{verb}", slug());
    if name.starts_with("connect.") {
        let back = stage.consent(&browser).await;
        press(&mut first, &browser, Method::GET, &back, name).await;
        assert_eq!(stage.count("connection").await, 1 + i64::from(name == "connect.committed"));
        let second = Process::serve(&stage, &Setting::default()).await;
        stage.connect(&at(&second)).await;
        assert_eq!(stage.count("connection where state = 'active'").await, 2, "{name}");
        let _worker = Process::work(&stage, &Setting::default());
        let started =
            at(&second).post(&button("sync"), json!({ "mode": "full" })).await.expect(202);
        let path = format!("/api/sync-logs/{}", started["run_id"].as_str().unwrap());
        let begun = Instant::now();
        loop {
            let run = at(&second).get(&path).await.expect(200);
            if run["state"] == "completed" {
                assert_eq!(run["seen"], stage.truth().await["persons"], "{name}: {run}");
                return;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{name}: {run}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    if name.starts_with("import.") {
        press(&mut first, &browser, Method::POST, &button("sync"), name).await;
        let was_made = name == "import.started";
        assert_eq!(stage.count("sync_run").await, i64::from(was_made));
        assert_eq!(stage.count("job").await, i64::from(was_made), "{name}: a run and its job");
        let second = Process::serve(&stage, &Setting::default()).await;
        let again = at(&second).post(&button("sync"), json!({ "mode": "full" })).await.expect(202);
        assert_eq!(again["already_running"], was_made);
        let _worker = Process::work(&stage, &Setting::default());
        let run = again["run_id"].as_str().unwrap();
        ends(&stage, run, Instant::now()).await;
        truth::of_a_first_import(&stage, run).await;
        return;
    }
    assert!(name.starts_with("disconnect."), "{name}");
    press(&mut first, &browser, Method::POST, &button("disconnect"), name).await;
    let second = Process::serve(&stage, &Setting::default()).await;
    let answer = at(&second).post(&button("disconnect"), Value::Null).await;
    if name == "disconnect.committed" {
        assert_eq!(answer.problem(404), "not_connected");
    } else {
        answer.expect(200);
    }
    let gone = "connection where state = 'disconnected' and access_token is null
                and refresh_token is null";
    assert_eq!(stage.count(gone).await, 1, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_web_process_that_dies_in_a_request_leaves_all_of_it_or_nothing() {
    let names: Vec<&str> = failpoint::NAMES.iter().copied().filter(|name| served(name)).collect();
    assert!(names.len() >= 10, "{names:?}");
    let chosen = names.into_iter().enumerate().filter(|(nth, _)| long() || nth % 3 == 1);
    let chosen: Vec<&str> = chosen.map(|(_, name)| name).collect();
    all(chosen.iter().map(|name| one(name))).await;
    report("kills_of_the_web", &json!({ "seed": seed(), "kills": chosen.len(), "at": chosen }));
}
