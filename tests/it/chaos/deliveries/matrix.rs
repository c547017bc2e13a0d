//! Each step of a lead and of an activity, met by each fault: a worker in the test's own process, and
//! simulated time.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tandem::{config::ProviderCredentials, sandbox::SandboxConfig};
use tokio::net::TcpListener;

use super::{
    super::{campaign::all, truth::Held},
    acts::{impatient, reconnect, replay_all, roomy, settle, stories},
    gate::Gate,
    record::{self, Given},
    steps::Step,
};
use crate::{
    flows::stage::{Stage, slug},
    harness::{Database, long, report},
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

/// A company whose CRM stands behind a door.
async fn behind_a_gate() -> (Stage, Gate) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = Gate::before(listener.local_addr().unwrap());
    let config = SandboxConfig { api_domain: Some(gate.url()), ..roomy() };
    let credentials = ProviderCredentials {
        client_id: config.client_id.clone(),
        client_secret: config.client_secret.clone().into(),
    };
    let url = gate.url().parse().unwrap();
    let stage = Stage::tuned(Database::create().await, listener, config, |ours| {
        impatient(ours);
        ours.offer_sandbox(slug(), credentials, &url);
    })
    .await;
    // The label is a step, too.
    stage.control("DELETE", "/labels", json!({})).await;
    (stage, gate)
}

/// One step, one fault.
async fn meet(stage: &Stage, gate: &mut Gate, step: Step, nth: usize) {
    let (name, fault, mut help) = faults().swap_remove(nth);
    let what = format!("{} x {name}", step.name());
    let arranged = step.arrange(stage, &format!("{nth}")).await;
    match &fault {
        Fault::Scripted(script) => stage.fault(step.aim(script.clone())).await,
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
async fn of(step: Step, some: Vec<usize>) -> (Step, Vec<usize>, Held) {
    let (stage, mut gate) = behind_a_gate().await;
    step.prepare(&stage).await;
    for nth in &some {
        meet(&stage, &mut gate, step, *nth).await;
    }
    let held = record::judge(&stage, Given::default()).await;
    (step, some, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_meets_whichever_step_it_is_done_once_and_the_log_says_so() {
    let count = faults().len();
    let every: Vec<usize> = (0..count).collect();
    let mut scenarios = Vec::new();
    for step in
        [Step::Organization, Step::Person, Step::Labels, Step::Create, Step::Update, Step::Delete]
    {
        scenarios.push((step, every.clone()));
    }
    for (shift, step) in [Step::Label, Step::Reference].into_iter().enumerate() {
        // They are made once for an account, so each fault needs one of its own.
        let chosen = every.iter().filter(|nth| long() || (*nth + 2 * shift) % 4 == 0);
        scenarios.extend(chosen.map(|nth| (step, vec![*nth])));
    }
    let mut held = Held::default();
    let mut table: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (step, some, one) in all(scenarios.into_iter().map(|(step, some)| of(step, some))).await {
        held.add(&one);
        let names = some.into_iter().map(|nth| faults()[nth].0);
        table.entry(step.name()).or_default().extend(names);
    }
    let met: usize = table.values().map(Vec::len).sum();
    let table = json!({ "met": met, "per_step": table, "held": held.table() });
    report("deliveries_steps_and_faults", &table);
}
