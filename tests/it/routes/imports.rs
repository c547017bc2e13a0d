//! `/api/imports/csv`: a file from its bytes to the contacts, and every way to refuse it.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::stream;
use reqwest::Method;
use serde_json::{Value, json};
use tandem::{
    db::Scope,
    domain::RunId,
    flows::{
        contacts::By,
        csv::{self, Bounds},
        import as imports,
    },
    jobs,
    policy::Plan,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use crate::harness::{Answer, Browser, Company, TestHub};

pub(super) async fn acme(plan: Plan) -> (TestHub, Company) {
    let hub = TestHub::new().await;
    let acme = hub.company(plan).await;
    (hub, acme)
}

pub(super) async fn bring(browser: &Browser, bytes: impl Into<Vec<u8>>) -> Answer {
    let request = browser.request(Method::POST, "/api/imports/csv");
    browser.send(request.header("content-type", "text/csv").body(bytes.into())).await
}

/// As it was guessed.
fn settings(file: &Value) -> Value {
    json!({ "charset": file["charset"], "delimiter": file["delimiter"], "header": file["header"],
        "columns": file["columns"] })
}

async fn start(browser: &Browser, file: &Value) -> Answer {
    let path = format!("/api/imports/csv/{}/start", file["id"].as_str().unwrap());
    browser.post(&path, settings(file)).await
}

async fn run(browser: &Browser, started: &Value) -> Value {
    browser
        .get(&format!("/api/sync-logs/{}", started["run_id"].as_str().unwrap()))
        .await
        .expect(200)
}

/// Imports a file as it was guessed, and looks at the run when it is over.
pub(super) async fn import(hub: &TestHub, browser: &Browser, text: &str) -> Value {
    let file = bring(browser, text).await.expect(201);
    let started = start(browser, &file).await.expect(202);
    jobs::drain(&hub.hub).await.unwrap();
    let run = run(browser, &started).await;
    assert_eq!((&run["state"], &run["adds_up"]), (&json!("completed"), &json!(true)), "{run}");
    run
}

fn counts(run: &Value) -> (i64, i64, i64, i64, i64) {
    let of = |word: &str| run["counts"][word].as_i64().unwrap();
    (of("created"), of("linked"), of("unchanged"), of("conflict"), of("quarantined"))
}

const FILE: &str = "Vorname;Name;E-Mail;Telefon;Firma;Stadt\r\n\
    Ada;Lovelace;ada@x.example;030 901820;Analytical;London\r\n\
    Grace;Hopper;;;Navy;\r\n\
    Grace;Hopper;;;Navy;\r\n\
    Bob;;no address;;;\r\n\
    ;;ADA@x.example;;;\r\n\
    ;;;;Nobody;\r\n";

#[tokio::test]
async fn a_file_becomes_contacts_once_and_its_bad_rows_are_corrected_where_they_are() {
    let (hub, acme) = acme(Plan::Business).await;
    let browser = &acme.owner.browser;
    let file = bring(browser, FILE).await.expect(201);
    let fields: Vec<&str> = file["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    let expected = ["first_name", "last_name", "email", "phone", "organization", "custom"];
    assert_eq!(fields, expected, "{file}");
    assert_eq!((&file["charset"], &file["delimiter"]), (&json!("utf-8"), &json!("semicolon")));
    assert_eq!(file["first_rows"][0][0], "Ada");

    let first = import(&hub, browser, FILE).await;
    assert_eq!(counts(&first), (2, 0, 2, 0, 2), "{first}");
    let ada = browser.get("/api/contacts?search=ada@x.example").await.expect(200);
    let ada = &ada["items"][0];
    assert_eq!(ada["full_name"], "Ada Lovelace");
    assert_eq!(ada["organization"]["name"], "Analytical", "{ada}");
    assert_eq!((&ada["source"], &ada["tags"]), (&json!("csv"), &json!(["csv-import"])));
    assert_eq!(ada["custom_fields"], json!({ "Stadt": "London" }));
    assert_eq!(ada["owner"]["member_id"], acme.owner.id.to_string());

    // The same file again: nobody is made and nobody is changed.
    let before = hub
        .value::<String>(
            "select md5(string_agg(contact::text, '' order by contact_id)) from contact",
        )
        .await;
    let second = import(&hub, browser, FILE).await;
    assert_eq!(counts(&second), (0, 0, 4, 0, 2), "{second}");
    let after = hub
        .value::<String>(
            "select md5(string_agg(contact::text, '' order by contact_id)) from contact",
        )
        .await;
    assert_eq!(before, after);
    assert_eq!(hub.value::<i64>("select count(*) from csv_chunk where file_id in (select file_id from csv_file where state = 'started')").await, 0);

    let rows = format!("/api/imports/csv/runs/{}/rows", first["id"].as_str().unwrap());
    let bad = browser.get(&rows).await.expect(200);
    let reasons: Vec<_> = bad["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_i64().unwrap(), row["reason"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(reasons[0], (5, "“E-Mail” holds something that is no e-mail address.".to_owned()));
    assert_eq!(reasons[1], (7, "It has neither a name nor an e-mail address.".to_owned()));
    let sheet = browser.get(&format!("{rows}/file")).await;
    assert_eq!(sheet.header("content-type"), "text/csv; charset=utf-8");
    assert!(sheet.text.contains("\"5\",\"“E-Mail”"), "{}", sheet.text);

    // One is corrected, one is made worse: only these two run, and the second waits again.
    let fixes = json!({ "rows": [
        { "row": 5, "cells": ["Bob", "", "bob@x.example", "", "", ""] },
        { "row": 7, "cells": ["", "", "still none", "", "", ""] },
    ] });
    let request = browser.request(Method::POST, &rows).header("idempotency-key", "fix");
    let started = browser.send(request.json(&fixes)).await.expect(202);
    let request = browser.request(Method::POST, &rows).header("idempotency-key", "fix");
    assert_eq!(browser.send(request.json(&fixes)).await.expect(202), started);
    assert_eq!(browser.post(&rows, fixes).await.problem(409), "conflict");
    jobs::drain(&hub.hub).await.unwrap();
    let again = run(browser, &started).await;
    assert_eq!((counts(&again), &again["fixes"]), ((1, 0, 0, 0, 1), &first["id"]), "{again}");
    let bad = browser.get(&rows).await.expect(200);
    assert_eq!((&bad["total"], &bad["items"][0]["row"]), (&json!(1), &json!(7)), "{bad}");
    assert_eq!(bad["items"][0]["cells"][2], "still none");
    // Nothing of a cell is in the log, but in the one place where rows are corrected.
    let leaks = "select count(*) from sync_entry where sync_entry::text like '%no address%'";
    assert_eq!(hub.value::<i64>(leaks).await, 0);

    // Kept for 30 days, and then no longer.
    hub.clock.advance(TimeDelta::days(31));
    csv::sweep(&hub.hub, acme.id).await.unwrap();
    assert_eq!(hub.value::<i64>("select count(*) from csv_bad_row").await, 0);
    assert_eq!(hub.value::<i64>("select count(*) from csv_file").await, 0);
}

#[tokio::test]
async fn a_file_is_started_once_by_those_who_see_it_and_within_the_plan() {
    let (hub, acme) = acme(Plan::Free).await;
    let globex = hub.company(Plan::Free).await;
    let browser = &acme.consultant.browser;
    let many: Vec<String> = (0..600).map(|at| format!("Person {at},p{at}@x.example\n")).collect();
    let file = bring(browser, format!("Name,Mail\n{}", many.concat())).await.expect(201);
    let path = format!("/api/imports/csv/{}", file["id"].as_str().unwrap());
    let theirs = &globex.owner.browser;
    assert_eq!(theirs.get(&path).await.problem(404), "not_found");
    assert_eq!(start(theirs, &file).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&path).await.problem(404), "not_found");
    // Read otherwise, it is one column.
    let otherwise = browser.get(&format!("{path}?delimiter=tab&header=false")).await.expect(200);
    assert_eq!(otherwise["columns"].as_array().unwrap().len(), 1);
    let mut wrong = settings(&file);
    wrong["columns"][1]["field"] = json!("ignore");
    wrong["columns"][0]["field"] = json!("ignore");
    let refused = browser.post(&format!("{path}/start"), wrong).await;
    assert!(refused.json()["detail"].as_str().unwrap().contains("a name or an e-mail"));

    let started = start(browser, &file).await.expect(202);
    let again = start(browser, &file).await.expect(202);
    assert_eq!((&again["run_id"], &again["already_running"]), (&started["run_id"], &json!(true)));
    jobs::drain(&hub.hub).await.unwrap();
    let run = run(browser, &started).await;
    assert_eq!((&run["counts"]["created"], &run["limit_reached"]), (&json!(500), &json!(true)));
    assert_eq!(
        (&run["adds_up"], hub.value::<i64>("select count(*) from contact").await),
        (&json!(true), 500)
    );
    assert_eq!(browser.delete(&path).await.problem(404), "not_found", "a started file stays");
}

#[tokio::test]
async fn workers_that_stop_or_race_take_each_row_once() {
    let (hub, acme) = acme(Plan::Business).await;
    let browser = &acme.owner.browser;
    // Larger than one piece, so that a worker that takes over reads across several.
    let many: Vec<String> = (0..4_000)
        .map(|at| format!("Person {at};p{at}@x.example;\"{}\n{at}\"\n", "note ".repeat(20)))
        .collect();
    let file = bring(browser, format!("Name;Mail;Note\n{}", many.concat())).await.expect(201);
    let started = start(browser, &file).await.expect(202);
    let id = started["run_id"].as_str().unwrap();
    browser.post(&format!("/api/sync-logs/{id}/cancel"), json!({})).await.expect(202);
    jobs::drain(&hub.hub).await.unwrap();
    assert_eq!(run(browser, &started).await["state"], "cancelled");
    browser.post(&format!("/api/sync-logs/{id}/resume"), json!({})).await.expect(202);

    let (stopping, run_id) = (CancellationToken::new(), RunId::from_uuid(id.parse().unwrap()));
    let stop = async {
        while hub.value::<i32>("select page from sync_run").await < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        stopping.cancel();
    };
    let work = || imports::work(&hub.hub, acme.id, run_id, &stopping);
    let (one, other, ()) = tokio::join!(work(), work(), stop);
    one.unwrap();
    other.unwrap();
    let pages = hub.value::<i32>("select page from sync_run").await;
    assert!((2..8).contains(&pages), "stopped after {pages} pages");
    jobs::drain(&hub.hub).await.unwrap();
    let done = run(browser, &started).await;
    assert_eq!(
        (&done["state"], counts(&done)),
        (&json!("completed"), (4_000, 0, 0, 0, 0)),
        "{done}"
    );
    let rows = "select count(distinct remote_id) from sync_entry, unnest(remote_ids) remote_id";
    assert_eq!(hub.value::<i64>(rows).await, 4_000);
    assert_eq!(hub.value::<i64>("select count(*) from contact").await, 4_000);
    assert_eq!(hub.value::<i64>("select count(*) from csv_chunk").await, 0);
    browser.post(&format!("/api/sync-logs/{id}/resume"), json!({})).await.problem(409);
}

#[tokio::test]
async fn what_is_no_file_of_rows_is_refused_with_what_to_do() {
    let (hub, acme) = acme(Plan::Business).await;
    let browser = &acme.owner.browser;
    assert_eq!(bring(browser, "").await.problem(400), "empty_file");
    assert_eq!(bring(browser, &b"PK\x03\x04rest"[..]).await.problem(400), "not_text");
    let request = browser.request(Method::POST, "/api/imports/csv").body("x");
    browser.send(request.header("content-type", "text/html")).await.problem(415);
    // Said to be a gigabyte: refused before a byte of it is read.
    let address = hub.url.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let cookie = browser.cookie().unwrap();
    let head = format!(
        "POST /api/imports/csv HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\norigin: {0}\r\n\
         sec-fetch-site: same-origin\r\nx-tandem-csrf: 1\r\ncontent-type: text/csv\r\n\
         content-length: 1073741824\r\n\r\n",
        hub.url
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 2_048];
    let read = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer[..read.unwrap().unwrap()]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("200 MiB at most"), "{answer}");

    let by = By { company_id: acme.id, member_id: acme.owner.id, scope: Scope::All };
    // One that does not say how large it is: refused once it is; one that stops: not waited for.
    let small = Bounds { bytes: 1 << 20, pause: Duration::from_millis(50) };
    let piece = Bytes::from(vec![b'x'; 300 << 10]);
    let endless = stream::repeat_with(move || Ok(piece.clone()));
    let refused = csv::receive(&hub.hub, by, endless, small).await;
    assert!(matches!(refused, Err(csv::FileError::TooLarge)), "{refused:?}");
    let slow = stream::pending();
    let refused = csv::receive(&hub.hub, by, slow, small).await;
    assert!(matches!(refused, Err(csv::FileError::TooSlow)), "{refused:?}");
    let broken = stream::iter([Ok(Bytes::from("a,b")), Err(std::io::Error::other("gone"))]);
    let refused = csv::receive(&hub.hub, by, broken, small).await;
    assert!(matches!(refused, Err(csv::FileError::Broken)), "{refused:?}");
    assert_eq!(
        hub.value::<i64>("select count(*) from csv_file").await,
        0,
        "nothing is left of them"
    );
    // Of files that nobody starts, three stay.
    for at in 0..5 {
        bring(browser, format!("Name\nPerson {at}")).await.expect(201);
    }
    assert_eq!(hub.value::<i64>("select count(*) from csv_file").await, 3);
    hub.clock.advance(TimeDelta::days(2));
    csv::sweep(&hub.hub, acme.id).await.unwrap();
    assert_eq!(hub.value::<i64>("select count(*) from csv_chunk").await, 0);
}
