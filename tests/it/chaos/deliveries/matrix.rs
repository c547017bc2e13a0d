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
async fn meet(stage: &Stage, gate: &mut Gate, step: Step, nth: usize) {
    let (name, fault, mut help) = faults().swap_remove(nth);
    let what = format!("{}: {} x {name}", stage.slug, step.name());
    let arranged = step.arrange(stage, &format!("{nth}")).await;
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

/// All of one step in one account, one after the other.
async fn of(slug: &'static str, step: Step, some: Vec<usize>) -> (Step, Vec<usize>, Held) {
    let (stage, mut gate) = behind_a_gate(slug).await;
    step.prepare(&stage).await;
    for nth in &some {
        meet(&stage, &mut gate, step, *nth).await;
    }
    let held = record::judge(&stage, Given::default()).await;
    (step, some, held)
}

/// Steps that come up again and again in one account.
const MANY: [Step; 6] =
    [Step::Organization, Step::Person, Step::Labels, Step::Create, Step::Update, Step::Delete];
/// They are made once for an account, so each fault needs one of its own.
const ONCE: [Step; 2] = [Step::Label, Step::Reference];

type Scenario = (&'static str, Step, Vec<usize>);

/// Runs them, and keeps what was met and what held.
async fn meet_all(name: &str, scenarios: Vec<Scenario>) {
    let mut held = Held::default();
    let mut table: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let scenarios = scenarios.into_iter().map(|(slug, step, some)| of(slug, step, some));
    for (step, some, one) in all(scenarios).await {
        held.add(&one);
        let names = some.into_iter().map(|nth| faults()[nth].0);
        table.entry(step.name()).or_default().extend(names);
    }
    let met: usize = table.values().map(Vec::len).sum();
    let table = json!({ "seed": seed(), "met": met, "per_step": table, "held": held.table() });
    report(name, &table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_meets_whichever_step_it_is_done_once_and_the_log_says_so() {
    let every: Vec<usize> = (0..faults().len()).collect();
    let mut scenarios: Vec<Scenario> =
        MANY.into_iter().map(|step| (slug(), step, every.clone())).collect();
    for (shift, step) in ONCE.into_iter().enumerate() {
        let chosen = every.iter().filter(|nth| long() || (*nth + 2 * shift) % 4 == 0);
        scenarios.extend(chosen.map(|nth| (slug(), step, vec![*nth])));
    }
    meet_all("deliveries_steps_and_faults", scenarios).await;
}

/// What is met at a CRM that is not the one that stands for all: everything where there is time,
/// otherwise what is costly for the steps that make something, and a roll of the dice for the others.
fn some(slug: &'static str, dice: &mut StdRng) -> Vec<Scenario> {
    let every: Vec<usize> = (0..faults().len()).collect();
    let costly: Vec<usize> =
        every.iter().copied().filter(|nth| COSTLY.contains(&faults()[*nth].0)).collect();
    let mut scenarios = Vec::new();
    for step in MANY {
        let makes = matches!(step, Step::Organization | Step::Person | Step::Create);
        let mut chosen = if long() { every.clone() } else { Vec::new() };
        if !long() {
            chosen.extend(costly.iter().filter(|_| makes));
            chosen.push(dice.random_range(0..every.len()));
        }
        chosen.sort_unstable();
        chosen.dedup();
        scenarios.push((slug, step, chosen));
    }
    let rolled = dice.random_range(0..every.len());
    let chosen = |step| match (long(), step) {
        (true, _) => every.clone(),
        (false, Step::Label) => costly.clone(),
        (false, _) => vec![rolled],
    };
    for step in ONCE {
        scenarios.extend(chosen(step).into_iter().map(|nth| (slug, step, vec![nth])));
    }
    scenarios
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_every_other_crm_too_it_is_done_once_and_the_log_says_so() {
    let known: Vec<&str> = faults().into_iter().map(|(name, ..)| name).collect();
    assert!(COSTLY.iter().all(|name| known.contains(name)));
    println!("seed {}", seed());
    let mut dice = StdRng::seed_from_u64(seed());
    let scenarios = others().flat_map(|slug| some(slug, &mut dice)).collect();
    meet_all("deliveries_steps_and_faults_at_every_other_crm", scenarios).await;
}
