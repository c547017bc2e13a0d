//! Real processes around a provider that rotates refresh tokens and ends the grant when one is used
//! twice: killed at every step of a refresh, stopped and woken, asked by thousands at once.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tandem::{
    cache::Cache,
    clock::Clock,
    config::{Config, ProviderCredentials},
    connectors::TokenSource as _,
    db::Db,
    domain::{CompanyId, ConnectionId},
    flows::{ConnectionTokens, Hub},
    vault::{MasterKeys, Vault},
};
use tokio::task::JoinSet;

use super::{
    Rig,
    crm::slug,
    processes::{Serve, Services, until},
};
use crate::harness::{long, report};

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests have no `Config`")]
    std::env::var(name).ok()
}

/// Asks until there is an answer other than "not now"; its status.
async fn asked(services: &Services, serve: &Serve, within: Duration) -> u16 {
    let begun = Instant::now();
    loop {
        let answer = services.users(serve).send().await.unwrap().status().as_u16();
        if answer != 503 {
            return answer;
        }
        assert!(begun.elapsed() < within, "it never answers");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Seconds that a process may hold the right to ask in these tests.
const LEASE: u64 = 5;

/// Every step of a refresh at which a process can die, in their order.
const STEPS: &[&str] = &[
    "tokens.leased",
    "tokens.lease_committed",
    "tokens.asking",
    "tokens.answered",
    "tokens.spooled",
    "tokens.stored",
    "tokens.store_committed",
    "tokens.unspooling",
];

async fn killed_at(step: &'static str) {
    let services = Services::new().await;
    let rig = &services.rig;
    let lease = LEASE.to_string();
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    let fail = format!("{step}=1");
    let mut dying = services
        .start_with(&[("TANDEM_REFRESH_LEASE_SECONDS", &lease), ("TANDEM_FAILPOINT", &fail)])
        .await;
    assert!(services.users(&dying).send().await.is_err(), "{step}: it lives");
    dying.child.wait().unwrap();

    // Somebody starts it again, and nobody does anything else.
    let next = services.start_with(&[("TANDEM_REFRESH_LEASE_SECONDS", &lease)]).await;
    let status = asked(&services, &next, Duration::from_mins(1)).await;
    let refused = rig.crm.tokens("refused").await;
    if step == "tokens.answered" {
        // The one place where the only copy dies: it is said, and said truthfully.
        assert_eq!((rig.state().await.as_str(), refused), ("needs_reconnect", 1), "{status}");
        let reason: String = rig.hub.value("select state_reason from connection").await;
        assert!(reason.contains("was lost before it could be stored"), "{reason}");
        let mails = "select count(*) from job where kind = 'mail_reconnect'";
        assert_eq!(rig.hub.value::<i64>(mails).await, 1);
    } else {
        assert_eq!((status, refused), (200, 0), "{step}");
        assert_eq!((rig.state().await.as_str(), services.spooled()), ("active", 0), "{step}");
        // What is stored is what the provider takes next.
        rig.expire().await;
        assert_eq!(asked(&services, &next, Duration::from_mins(1)).await, 200, "{step}");
        assert_eq!(rig.crm.tokens("refused").await, 0, "{step}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_that_dies_at_any_step_of_a_refresh_loses_no_grant_in_silence() {
    let mut deaths = JoinSet::new();
    for (at, step) in STEPS.iter().enumerate() {
        deaths.spawn(async move {
            // Each starts two processes.
            tokio::time::sleep(Duration::from_millis(700 * at as u64)).await;
            killed_at(step).await;
        });
    }
    while let Some(death) = deaths.join_next().await {
        death.unwrap();
    }
}

/// The holder of the lease is stopped with its answer on the way, and woken after `stopped`.
async fn stopped_for(lease: u64, stopped: Duration) -> (Services, [Serve; 2], u16) {
    let services = Services::new().await;
    let rig = &services.rig;
    let seconds = lease.to_string();
    let variables = [("TANDEM_REFRESH_LEASE_SECONDS", seconds.as_str())];
    let (one, two) = tokio::join!(services.start_with(&variables), services.start_with(&variables));
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    rig.crm.slow_token(700).await;
    let mut asking = JoinSet::new();
    asking.spawn(services.users(&one).send());
    until(rig, "select count(*) = 1 from refresh_attempt").await;
    // Time for the request to leave; the answer takes longer.
    tokio::time::sleep(Duration::from_millis(250)).await;
    one.signal("STOP");
    let begun = Instant::now();
    // Others ask all the time.
    while begun.elapsed() < stopped {
        let asking = services.users(&two).timeout(Duration::from_secs(2)).send();
        if let Ok(answer) = asking.await {
            assert_ne!(answer.status(), 500);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    one.signal("CONT");
    let status = asked(&services, &two, Duration::from_mins(1)).await;
    asking.join_next().await.unwrap().unwrap().unwrap();
    (services, [one, two], status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_was_stopped_and_woken_stores_its_answer() {
    let (lease, stopped) = if long() { (50, 40) } else { (8, 6) };
    let (services, [_one, two], status) = stopped_for(lease, Duration::from_secs(stopped)).await;
    let rig = &services.rig;
    assert_eq!((status, rig.state().await.as_str()), (200, "active"));
    assert_eq!((rig.crm.tokens("refresh_token").await, rig.crm.tokens("refused").await), (1, 0));
    assert_eq!(services.generation().await, 2);
    rig.expire().await;
    assert_eq!(asked(&services, &two, Duration::from_mins(1)).await, 200);
    assert_eq!(rig.crm.tokens("refused").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_sleeps_longer_than_its_lease_costs_the_grant_and_it_is_said() {
    let (services, _both, status) = stopped_for(5, Duration::from_secs(8)).await;
    let rig = &services.rig;
    assert_eq!(rig.state().await, "needs_reconnect", "{status}");
    let reason: String = rig.hub.value("select state_reason from connection").await;
    assert!(reason.contains("was lost before it could be stored"), "{reason}");
    // The late answer was tried, too, and the provider wanted none of it.
    until(rig, "select count(finished_at) = 3 from refresh_attempt").await;
    let left = "select count(*) from refresh_attempt where orphan is not null";
    assert_eq!(rig.hub.value::<i64>(left).await, 0);
    let attempts: Vec<String> =
        rig.hub.value("select array_agg(outcome order by lease_gen) from refresh_attempt").await;
    assert_eq!(attempts, ["fenced", "refused", "refused"]);
}

/// What a caller process needs; it is this test program again, with `TANDEM_CALLERS_OF` set.
fn caller_config(rig: &Rig, connection_id: ConnectionId, callers: usize) -> Value {
    let app = rig.crm.credentials();
    json!({
        "database": rig.hub.database.login_url(),
        "public_url": rig.hub.url,
        "keys": rig.hub.master_keys,
        "company": rig.acme.id.uuid(),
        "connection": connection_id.uuid(),
        "crm": rig.crm.url().as_str(),
        "client_id": app.client_id,
        "client_secret": app.client_secret.expose_secret(),
        "folder": std::env::temp_dir(),
        "callers": callers,
    })
}

/// A process of callers: says `ready`, waits for a line, asks, and says what it got.
async fn be_callers(config: &Value) {
    let text = |name: &str| config[name].as_str().unwrap().to_owned();
    let id = |name: &str| text(name).parse::<uuid::Uuid>().unwrap();
    let mut settings = Config::for_tests(&PathBuf::from(text("folder")));
    settings.public_url = Some(text("public_url").parse().unwrap());
    let credentials = ProviderCredentials {
        client_id: text("client_id"),
        client_secret: text("client_secret").into(),
    };
    settings.offer_sandbox(slug(), credentials, &text("crm").parse().unwrap());
    let db = Db::connect(text("database").parse().unwrap(), 8).await.unwrap();
    let vault = Vault::new(MasterKeys::parse(&text("keys")).unwrap());
    let hub =
        Arc::new(Hub::new(settings, db, Cache::in_process(), vault, Clock::system()).unwrap());
    let tokens = ConnectionTokens::new(
        Arc::clone(&hub),
        // A company's id comes from a claimed job or a session only; here from the database.
        company_of(&hub, id("company")).await,
        ConnectionId::from_uuid(id("connection")),
        hub.providers.get(slug()).unwrap().clone(),
    );
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let mut asking = JoinSet::new();
    for _ in 0..config["callers"].as_u64().unwrap() {
        let tokens = tokens.clone();
        asking.spawn(async move { tokens.access_token().await });
    }
    let (mut got, mut failed) = (std::collections::BTreeSet::new(), 0);
    let mut why = String::new();
    for answer in asking.join_all().await {
        match answer {
            Ok(token) => {
                got.insert(hex::encode(Sha256::digest(token.secret.expose_secret())));
            }
            Err(error) => {
                failed += 1;
                why = error.to_string();
            }
        }
    }
    println!("\nanswer {}", json!({ "tokens": got, "failed": failed, "why": why }));
}

async fn company_of(hub: &Hub, id: uuid::Uuid) -> CompanyId {
    let mut tx = hub.db.runner().await.unwrap();
    let companies = tandem::db::jobs::companies(&mut tx).await.unwrap();
    companies.into_iter().find(|company| company.uuid() == id).unwrap()
}

struct Callers {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Callers {
    fn start(config: &Value) -> Self {
        let name =
            "connections::rotating::ten_thousand_callers_in_four_processes_cause_one_token_request";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env("TANDEM_CALLERS_OF", config.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The test runner has its own words before.
        while lines.next().unwrap().unwrap() != "ready" {}
        Self { child, lines }
    }

    fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    fn answer(&mut self) -> Value {
        loop {
            let line = self.lines.next().unwrap().unwrap();
            if let Some(answer) = line.strip_prefix("answer ") {
                return serde_json::from_str(answer).unwrap();
            }
        }
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_callers_in_four_processes_cause_one_token_request() {
    if let Some(config) = variable("TANDEM_CALLERS_OF") {
        return be_callers(&serde_json::from_str(&config).unwrap()).await;
    }
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    let config = caller_config(&rig, rig.connection_id().await, 2_500);
    let rounds = if long() { 10 } else { 1 };
    for round in 1..=rounds {
        let mut processes: Vec<Callers> = (0..4).map(|_| Callers::start(&config)).collect();
        rig.expire().await;
        rig.crm.slow_token(500).await;
        let begun = Instant::now();
        processes.iter_mut().for_each(Callers::go);
        let answers: Vec<Value> = processes.iter_mut().map(Callers::answer).collect();
        let took = begun.elapsed().as_secs_f64();
        println!("10,000 callers answered in {took} s");
        let name = format!("ten_thousand_callers_{round}");
        report(&name, &json!({ "callers": 10_000, "processes": 4, "seconds": took }));
        for answer in &answers {
            assert_eq!(answer["failed"], 0, "{}", answer["why"]);
            assert_eq!(answer["tokens"], answers[0]["tokens"], "they all got the same token");
            assert_eq!(answer["tokens"].as_array().unwrap().len(), 1);
        }
        assert_eq!(rig.crm.tokens("refresh_token").await, round);
    }
    assert_eq!(rig.crm.tokens("refused").await, 0);
}
