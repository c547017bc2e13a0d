//! Requests that are cut off at random moments: at a byte of the question, at a byte of the answer,
//! at a moment between, and handlers that are dropped between two polls.
//!
//! Afterwards no transaction is open, no answer holds a stranger's row, and what was acknowledged
//! is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use futures_util::future::join_all;
use poem::{Endpoint as _, http::Method};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tandem::{
    db::{Db, Scope},
    flows::{
        Hub,
        contacts::{self, By, Change},
    },
    http,
    policy::Plan,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{Browser, Company, TestHub, long, report, seed},
    rls::pool::cancel_after,
};

/// A few more at once than connections: whatever somebody leaves behind, the next one gets, and
/// hanging up in the queue for a connection, where nothing can be left behind, is rare.
const AT_ONCE: usize = 4;
const CONNECTIONS: u32 = 3;

fn cuts() -> u32 {
    if long() { 10_000 } else { 1_000 }
}

/// When the client hangs up.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// After so many bytes of the question.
    Question(usize),
    /// So long after the question.
    Between(Duration),
    /// After so many bytes of the answer.
    Answer(usize),
    Never,
}

impl Cut {
    fn random(random: &mut StdRng, question: usize) -> Self {
        match random.random_range(0..10) {
            0 => Self::Question(random.random_range(0..question)),
            // A request takes two to ten milliseconds here; in the first transactions begin.
            1..=4 => Self::Between(Duration::from_micros(random.random_range(0..4_000))),
            5 => Self::Between(Duration::from_micros(random.random_range(0..12_000))),
            6 => Self::Answer(random.random_range(1..600)),
            _ => Self::Never,
        }
    }
}

/// Sends a request and hangs up as told; the whole answer, when it came.
async fn send(address: SocketAddr, question: Vec<u8>, cut: Cut, hard: bool) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    if hard {
        // A reset instead of a polite end.
        stream.set_zero_linger().unwrap();
    }
    let sent = if let Cut::Question(at) = cut { &question[..at] } else { &question[..] };
    stream.write_all(sent).await.ok()?;
    let mut answer = Vec::new();
    match cut {
        Cut::Question(_) => return None,
        Cut::Between(time) => {
            tokio::time::timeout(time, stream.read_to_end(&mut answer)).await.ok()?.ok()?;
        }
        Cut::Answer(most) => {
            while answer.len() < most {
                let mut some = [0; 64];
                let room = some.len().min(most - answer.len());
                match stream.read(&mut some[..room]).await.ok()? {
                    0 => break,
                    read => answer.extend_from_slice(&some[..read]),
                }
            }
        }
        Cut::Never => {
            stream.read_to_end(&mut answer).await.ok()?;
        }
    }
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    // Half an answer is none.
    (body.len() >= length.unwrap_or(0)).then(|| answer.clone())
}

fn question(browser: &Browser, method: &str, path: &str, body: Option<&Value>) -> Vec<u8> {
    let cookie = browser.cookie().unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {cookie}\r\n\
         x-tandem-csrf: 1\r\n"
    );
    let body = body.map(Value::to_string).unwrap_or_default();
    if !body.is_empty() {
        let length = body.len();
        write!(head, "content-type: application/json\r\ncontent-length: {length}\r\n").unwrap();
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// What one side was told, and asked for.
#[derive(Default)]
struct Told {
    asked: BTreeSet<String>,
    written: BTreeMap<String, String>,
    deleted: BTreeSet<String>,
    whole: usize,
}

/// What a request wants.
enum Want {
    Write(String),
    Delete(String),
    Read,
}

struct Trial<'a> {
    hub: &'a TestHub,
    companies: [&'a Company; 2],
    told: [Told; 2],
    address: SocketAddr,
}

/// The words that each side's contacts are called by.
const NAMES: [&str; 2] = ["Acmeperson", "Globexperson"];

impl Trial<'_> {
    fn next(&mut self, number: u32, random: &mut StdRng) -> (usize, Want, Vec<u8>) {
        let side = random.random_range(0..2_usize);
        let browser = &self.companies[side].owner.browser;
        let told = &mut self.told[side];
        let contacts = "/api/contacts";
        match random.random_range(0..10) {
            0..=4 => {
                let name = format!("{} {number}", NAMES[side]);
                let form = json!({
                    "full_name": name,
                    "emails": [{ "value": format!("n{number}@{}.example", NAMES[side]) }],
                });
                told.asked.insert(name.clone());
                (side, Want::Write(name), question(browser, "POST", contacts, Some(&form)))
            }
            5 if !told.written.is_empty() => {
                let id = told.written.pop_first().unwrap().1;
                let path = format!("{contacts}/{id}");
                (side, Want::Delete(id), question(browser, "DELETE", &path, None))
            }
            6 => (side, Want::Read, question(browser, "GET", "/api/auth/session", None)),
            7 => (side, Want::Read, question(browser, "GET", "/api/team/members", None)),
            _ => {
                let path = format!("{contacts}?limit=20&search=person");
                (side, Want::Read, question(browser, "GET", &path, None))
            }
        }
    }

    /// A whole answer: it must be the asker's alone, and what it says counts.
    fn read(&mut self, side: usize, want: Want, answer: &str) {
        let (mine, other) = (self.companies[side], self.companies[1 - side]);
        for foreign in [NAMES[1 - side], &other.id.to_string(), &other.owner.email] {
            assert!(!answer.contains(foreign), "{} was told of {}: {answer}", mine.id, other.id);
        }
        let status = &answer[9..12];
        let told = &mut self.told[side];
        told.whole += 1;
        match want {
            Want::Write(name) => {
                assert_eq!(status, "201", "{answer}");
                let body: Value =
                    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
                told.written.insert(name, body["id"].as_str().unwrap().to_owned());
            }
            Want::Delete(id) => {
                assert_eq!(status, "204", "{answer}");
                told.deleted.insert(id);
            }
            Want::Read => assert_eq!(status, "200", "{answer}"),
        }
    }

    async fn all(&self, side: usize, sql: &'static str) -> BTreeSet<String> {
        let rows: Vec<String> = sqlx::query_scalar(sql)
            .bind(self.companies[side].id)
            .fetch_all(&self.hub.owner)
            .await
            .unwrap();
        let count = rows.len();
        let distinct: BTreeSet<String> = rows.into_iter().collect();
        assert_eq!(distinct.len(), count, "a row is there twice");
        distinct
    }

    /// What was acknowledged is there, and nothing that nobody asked for.
    async fn judge(&self) {
        for side in 0..2 {
            let told = &self.told[side];
            let ids =
                self.all(side, "select contact_id::text from contact where company_id = $1").await;
            let lost: Vec<_> = told.written.values().filter(|id| !ids.contains(*id)).collect();
            assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
            let back: Vec<_> = told.deleted.iter().filter(|id| ids.contains(*id)).collect();
            assert!(back.is_empty(), "acknowledged as deleted and there: {back:?}");
            let names = self.all(side, "select full_name from contact where company_id = $1").await;
            assert!(names.is_subset(&told.asked), "{:?}", names.difference(&told.asked));
        }
        let counted = "select count(*) from book where contacts <> (
                           select count(*) from contact where contact.company_id = book.company_id)";
        assert_eq!(self.hub.value::<i64>(counted).await, 0, "half a write was kept");
    }
}

/// No connection of the service is in a transaction, once what is under way has ended.
async fn nobody_is_in_a_transaction(hub: &TestHub) {
    let mut open = Vec::new();
    for _ in 0..1_000 {
        open = sqlx::query_scalar::<_, String>(
            "select concat_ws(' ', state, now() - state_change, query) from pg_stat_activity
             where datname = current_database() and usename = 'tandem_login' and state <> 'idle'",
        )
        .fetch_all(&hub.owner)
        .await
        .unwrap();
        if open.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("still in a transaction: {open:?}");
}

/// The app with fewer connections than visitors.
async fn serve_narrowly(hub: &TestHub) -> (SocketAddr, CancellationToken) {
    let narrow = Arc::new(Hub {
        db: Db::connect(hub.database.login(), CONNECTIONS).await.unwrap(),
        ..(*hub.hub).clone()
    });
    let listener = http::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stopping = CancellationToken::new();
    let app = http::app(narrow, stopping.clone());
    #[expect(clippy::disallowed_methods, reason = "the server runs beside the test")]
    tokio::spawn(http::serve(listener, app, stopping.clone()));
    (address, stopping)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_cut_off_leave_no_transaction_no_foreign_row_and_lose_no_write() {
    let began = std::time::Instant::now();
    let hub = TestHub::new().await;
    let (acme, globex) = (hub.company(Plan::Enterprise).await, hub.company(Plan::Enterprise).await);
    let (address, stopping) = serve_narrowly(&hub).await;
    let mut trial =
        Trial { hub: &hub, companies: [&acme, &globex], told: Default::default(), address };
    let mut random = StdRng::seed_from_u64(seed());
    let (mut number, all) = (0, cuts());
    let mut cut_off = 0;
    while number < all {
        let mut wants = Vec::new();
        let mut sending = Vec::new();
        for _ in 0..AT_ONCE {
            number += 1;
            let (side, want, question) = trial.next(number, &mut random);
            let cut = Cut::random(&mut random, question.len());
            cut_off += u32::from(!matches!(cut, Cut::Never));
            sending.push(send(trial.address, question, cut, random.random()));
            wants.push((side, want));
        }
        let answers = join_all(sending).await;
        for ((side, want), answer) in wants.into_iter().zip(answers) {
            if let Some(answer) = answer {
                trial.read(side, want, &answer);
            }
        }
        // Now, before the next one finds what was left behind.
        nobody_is_in_a_transaction(&hub).await;
        // Allowances per minute are not what is tried here.
        hub.clock.advance(TimeDelta::seconds(1));
    }
    trial.judge().await;
    let whole = trial.told.iter().map(|told| told.whole).sum::<usize>();
    let written: usize = trial.told.iter().map(|told| told.written.len()).sum();
    let figures = json!({
        "requests": number, "cut_off": cut_off, "whole_answers": whole, "writes_kept": written,
        "seconds": began.elapsed().as_secs_f64(),
    });
    report("requests_cut_off", &figures);
    assert!(whole > 100 && written > 10, "{whole} {written}");

    // The pool still serves as many as it has connections, and every one of them commits.
    let mut told = Told::default();
    for round in 0..3 * CONNECTIONS {
        let name = format!("{} after {round}", NAMES[0]);
        told.asked.insert(name.clone());
        let form = json!({ "full_name": name });
        let asked = question(&acme.owner.browser, "POST", "/api/contacts", Some(&form));
        let answer = send(address, asked, Cut::Never, false).await.unwrap();
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        told.written.insert(name, body["id"].as_str().unwrap().to_owned());
    }
    trial.told[0].asked.append(&mut told.asked);
    trial.told[0].written.append(&mut told.written);
    trial.judge().await;
    stopping.cancel();
}

#[tokio::test]
async fn handlers_that_are_dropped_between_two_polls_leave_nothing_behind() {
    let hub = TestHub::new().await;
    let (acme, globex) = (hub.company(Plan::Enterprise).await, hub.company(Plan::Enterprise).await);
    // One connection: whoever comes next gets the one that was abandoned.
    let alone = Arc::new(Hub {
        db: Db::connect(hub.database.login(), 1).await.unwrap(),
        ..(*hub.hub).clone()
    });
    let app = http::app(Arc::clone(&alone), CancellationToken::new());
    let mut random = StdRng::seed_from_u64(seed());
    let rounds = (cuts() / 4).max(100);
    let (mut made, mut tried) = (0, 0);
    for round in 0..rounds {
        let name = format!("{} {round}", NAMES[1]);
        if round % 2 == 0 {
            // The whole app, as a server that gives up on a client drops it.
            let form = json!({ "full_name": name }).to_string();
            let request = poem::Request::builder()
                .method(Method::POST)
                .uri("/api/contacts".parse().unwrap())
                .header("cookie", globex.owner.browser.cookie().unwrap())
                .header("x-tandem-csrf", "1")
                .header("content-type", "application/json")
                .header("content-length", form.len())
                .body(form);
            cancel_after(random.random_range(1..40), app.call(request)).await;
        } else {
            // The flow itself, which nothing shields.
            let by = By { company_id: globex.id, member_id: globex.owner.id, scope: Scope::All };
            let change = Change { full_name: Some(name), ..Change::default() };
            cancel_after(random.random_range(1..40), contacts::create(&alone, by, change, &mut ()))
                .await;
        }
        tried += 1;
        // The next borrower is another company: it sees its own alone, and what it is told is so.
        let by = By { company_id: acme.id, member_id: acme.owner.id, scope: Scope::All };
        let change =
            Change { full_name: Some(format!("{} {round}", NAMES[0])), ..Change::default() };
        contacts::create(&alone, by, change, &mut ()).await.unwrap();
        made += 1;
        let mut tx = alone.db.tenant_reading(acme.id, Scope::All).await.unwrap();
        let members = tandem::db::members::list(&mut tx).await.unwrap();
        assert!(members.iter().all(|one| acme.members().iter().any(|m| m.id == one.member_id)));
        drop(tx);
    }
    nobody_is_in_a_transaction(&hub).await;
    let count = "select count(*) from contact where full_name like 'Acmeperson%'";
    assert_eq!(hub.value::<i64>(count).await, made, "acknowledged writes are lost");
    let count = "select count(*) from contact where full_name like 'Globexperson%'";
    let kept = hub.value::<i64>(count).await;
    report("handlers_dropped", &json!({ "dropped": tried, "had_written": kept }));
    assert!(kept < tried && kept > 0, "{kept} of {tried}: nothing was cut off in the middle");
    let counted = "select count(*) from book where contacts <> (
                       select count(*) from contact where contact.company_id = book.company_id)";
    assert_eq!(hub.value::<i64>(counted).await, 0, "half a write was kept");
}
