//! Each step of a lead and of an activity, met by each fault: a worker in the test's own process, and
//! simulated time.

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tandem::{
    config::{Config, ProviderCredentials},
    sandbox::SandboxConfig,
};
use tokio::net::TcpListener;

use super::{
    super::{campaign::all, truth::Held},
    acts::{impatient, reconnect, replay_all, roomy, settle, stories},
    gate::Gate,
    record::{self, Given},
    requests::{Spoken, others},
    steps::Step,
};
use crate::{
    flows::stage::{Stage, slug},
    harness::{Database, long, report, seed},
};

/// Who has to do something before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Help {
    Nobody,
    /// Whoever may connect, by giving a new consent.
    Reconnect,
    /// A member, by letting it be attempted anew after an edit.
    Replay,
}

/// What happens to the request.
#[derive(Debug, Clone)]
enum Fault {
    /// A line of the stand-in's script.
    Scripted(Value),
    /// Nobody answers at the port.
    NoConnection,
    /// The company took Tandem out.
    Revoked,
}

/// Those that leave it open whether it was done come first: the stand-in's clock does not move with
/// the simulated one, and what is looked for is looked for by its time.
fn faults() -> Vec<(&'static str, Fault, Help)> {
    let scripted = |name, script| (name, Fault::Scripted(script), Help::Nobody);
    vec![
        scripted("cut, applied", json!({ "kind": "applied_reset" })),
        scripted("silence, applied", json!({ "kind": "applied_timeout" })),
        scripted("half an answer", json!({ "kind": "half_answer" })),
        scripted("wrong length", json!({ "kind": "wrong_length" })),
        scripted("502, applied", json!({ "kind": "applied_5xx", "status": 502 })),
        scripted("web page, applied", json!({ "kind": "html_200", "applied": true })),
        scripted("empty object, applied", json!({ "kind": "empty_json", "applied": true })),
        scripted("cut", json!({ "kind": "reset" })),
        scripted("silence", json!({ "kind": "timeout" })),
        scripted("500", json!({ "kind": "status_5xx", "status": 500 })),
        scripted("web page", json!({ "kind": "html_200" })),
        ("no connection", Fault::NoConnection, Help::Nobody),
        scripted("429 of the burst", json!({ "kind": "burst_429", "retry_after": 1 })),
        scripted("401", json!({ "kind": "status", "status": 401 })),
        (
            "401 twice",
            Fault::Scripted(json!({ "kind": "status", "status": 401, "times": 2 })),
            Help::Reconnect,
        ),
        ("revoked", Fault::Revoked, Help::Reconnect),
        ("400", Fault::Scripted(json!({ "kind": "status", "status": 400 })), Help::Replay),
        scripted("402", json!({ "kind": "status", "status": 402 })),
        scripted("shut out", json!({ "kind": "html_403" })),
        scripted("429 of the day", json!({ "kind": "daily_429" })),
    ]
}

/// At every other CRM these are met in the short version, too: answers that are lost after it was
/// done, limits, and the end of an access.
const COSTLY: [&str; 8] = [
    "cut, applied",
    "502, applied",
    "web page",
    "429 of the burst",
    "401",
    "revoked",
    "400",
    "429 of the day",
];

/// A company whose CRM stands behind a door.
async fn behind_a_gate(slug: &'static str) -> (Stage, Gate) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = Gate::before(listener.local_addr().unwrap());
    let config = SandboxConfig { api_domain: Some(gate.url()), ..roomy() };
    let credentials = ProviderCredentials {
        client_id: config.client_id.clone(),
        client_secret: config.client_secret.clone().into(),
    };
    let url = gate.url().parse().unwrap();
    let change = |ours: &mut Config| {
        impatient(ours);
        ours.offer_sandbox(slug, credentials, &url);
    };
    let database = Database::create().await;
    let stage = Stage::before(slug, database, listener, config, change).await;
    stage.lift_limits().await;
    // The label is a step, too.
    stage.control("DELETE", "/labels", json!({})).await;
    for (path, key) in Spoken::at(slug).behind_a_gate {
        stage.control("POST", path, json!({ *key: gate.url() })).await;
    }
    stage.connect(&stage.acme.owner.browser).await;
    (stage, gate)
}

/// One step, one fault.
async fn meet(stage: &Stage, gate: &mut Gate, (step, nth): Cell, tag: &str) {
    let (name, fault, mut help) = faults().swap_remove(nth);
    let what = format!("{}: {} x {name}", stage.slug, step.name());
    let arranged = step.arrange(stage, tag).await;
    match &fault {
        Fault::Scripted(script) => stage.fault(step.aim(stage.slug, script.clone())).await,
        Fault::NoConnection => gate.shut().await,
        Fault::Revoked => drop(stage.control("POST", "/tokens/revoke", json!({})).await),
    }
    step.set_off(stage, arranged).await;
    if matches!(fault, Fault::NoConnection) {
        stage.work().await;
        assert_eq!(stage.count("delivery where state = 'retrying'").await, 1, "{what}");
        gate.open();
    }
    settle(stage).await;
    let left = stage.control("GET", "/faults", Value::Null).await;
    assert_eq!(left, json!([]), "{what}: the fault met nobody");
    if help == Help::Replay && matches!(step, Step::Label | Step::Reference) {
        // A person without them is better than none.
        help = Help::Nobody;
    }
    let open = "delivery where state <> 'delivered'";
    assert_eq!(stage.count(open).await > 0, help != Help::Nobody, "{what}: {help:?}");
    match help {
        Help::Nobody => {}
        Help::Reconnect => {
            assert_eq!(
                stage.count("delivery where state = 'held' and cause <> 'reconnect'").await,
                0
            );
            reconnect(stage).await;
        }
        Help::Replay => {
            assert_eq!(
                stage.count("delivery where state = 'failed' and cause = 'refused'").await,
                1
            );
            replay_all(stage).await;
        }
    }
    settle(stage).await;
    assert_eq!(stage.count(open).await, 0, "{what}: {}", stories(stage).await);
}

/// A step, and which of the faults it is met by.
type Cell = (Step, usize);
/// What happens in one account, one after the other.
type Scenario = (&'static str, Vec<Cell>);

async fn of((slug, cells): Scenario) -> (Vec<Cell>, Held) {
    let (stage, mut gate) = behind_a_gate(slug).await;
    cells[0].0.prepare(&stage).await;
    for (tag, cell) in cells.iter().enumerate() {
        meet(&stage, &mut gate, *cell, &tag.to_string()).await;
    }
    let held = record::judge(&stage, Given::default()).await;
    (cells, held)
}

/// Steps that come up again and again in one account.
const MANY: [Step; 6] =
    [Step::Organization, Step::Person, Step::Labels, Step::Create, Step::Update, Step::Delete];
/// They are made once for an account, so each fault needs one of its own.
const ONCE: [Step; 2] = [Step::Label, Step::Reference];

/// Every fault for each step of many.
fn every(slug: &'static str) -> impl Iterator<Item = Scenario> {
    MANY.into_iter().map(move |step| (slug, (0..faults().len()).map(|nth| (step, nth)).collect()))
}

/// Runs them, and keeps what was met and what held.
async fn meet_all(name: &str, scenarios: Vec<Scenario>) {
    let mut held = Held::default();
    let mut table: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (cells, one) in all(scenarios.into_iter().map(of)).await {
        held.add(&one);
        for (step, nth) in cells {
            table.entry(step.name()).or_default().push(faults()[nth].0);
        }
    }
    let met: usize = table.values().map(Vec::len).sum();
    let table = json!({ "seed": seed(), "met": met, "per_step": table, "held": held.table() });
    report(name, &table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_meets_whichever_step_it_is_done_once_and_the_log_says_so() {
    let mut scenarios: Vec<Scenario> = every(slug()).collect();
    for (shift, step) in ONCE.into_iter().enumerate() {
        let chosen = (0..faults().len()).filter(|nth| long() || (*nth + 2 * shift) % 4 == 0);
        scenarios.extend(chosen.map(|nth| (slug(), vec![(step, nth)])));
    }
    meet_all("deliveries_steps_and_faults", scenarios).await;
}

/// What is met at another CRM where there is no time for everything: what is costly for the steps that
/// make something, and a roll of the dice for the others. An account costs more than all that is met in
/// it, so of the label one lost answer and one roll are met.
fn some(slug: &'static str, dice: &mut StdRng) -> Vec<Scenario> {
    let count = faults().len();
    let costly: Vec<usize> = (0..count).filter(|nth| COSTLY.contains(&faults()[*nth].0)).collect();
    let mut cells: Vec<Cell> = Vec::new();
    for step in MANY {
        if matches!(step, Step::Organization | Step::Person | Step::Create) {
            cells.extend(costly.iter().map(|nth| (step, *nth)));
        } else {
            cells.push((step, dice.random_range(0..count)));
        }
    }
    // In the order of the faults, see there.
    cells.sort_by_key(|(_, nth)| *nth);
    let rolled = costly[dice.random_range(1..costly.len())];
    let once = [
        (Step::Label, costly[0]),
        (Step::Label, rolled),
        (Step::Reference, dice.random_range(0..count)),
    ];
    std::iter::once((slug, cells)).chain(once.map(|cell| (slug, vec![cell]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_every_other_crm_too_it_is_done_once_and_the_log_says_so() {
    let known: Vec<&str> = faults().into_iter().map(|(name, ..)| name).collect();
    assert!(COSTLY.iter().all(|name| known.contains(name)));
    println!("seed {}", seed());
    let mut dice = StdRng::seed_from_u64(seed());
    let mut scenarios: Vec<Scenario> = Vec::new();
    for slug in others() {
        if long() {
            scenarios.extend(every(slug));
            for step in ONCE {
                scenarios.extend((0..known.len()).map(|nth| (slug, vec![(step, nth)])));
            }
        } else {
            scenarios.extend(some(slug, &mut dice));
        }
    }
    meet_all("deliveries_steps_and_faults_at_every_other_crm", scenarios).await;
}
