//! What must hold after any fault, checked against the stand-in's own record.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};

use crate::flows::stage::Stage;

/// How often each rule was checked and held.
#[derive(Debug, Default)]
pub(crate) struct Held(BTreeMap<&'static str, u32>);

impl Held {
    pub(crate) fn note(&mut self, rule: &'static str) {
        *self.0.entry(rule).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (rule, times) in &other.0 {
            *self.0.entry(rule).or_default() += times;
        }
    }

    pub(crate) fn table(&self) -> Value {
        json!(self.0)
    }
}

/// After a full import into an empty book, of a CRM that nobody changed meanwhile.
pub(crate) async fn of_a_first_import(stage: &Stage, run: &str) -> Held {
    let mut held = Held::default();
    let seen = stage.run(run).await;
    stage.holds_the_truth(&seen).await;
    let truth = stage.truth().await;
    let number = |value: &Value| value.as_i64().unwrap();
    assert_eq!(seen["organizations"]["seen"], truth["organizations"], "{seen}");
    assert_eq!(seen["organizations"]["created"], truth["organizations"], "{seen}");
    assert_eq!(seen["deals"]["seen"], truth["deals"], "{seen}");
    assert_eq!(seen["deals"]["written"], truth["deals"], "{seen}");
    assert_eq!(stage.count("organization").await, number(&truth["organizations"]));
    assert_eq!(stage.count("remote_deal").await, number(&truth["deals"]));
    held.note("counts are the CRM's own");
    every_person_once(stage, &seen).await;
    held.note("the log names every person once");
    nobody_lost(stage).await;
    held.note("every address of every person is in the book");
    rest(stage, &mut held).await;
    held
}

/// After any run that ended, whatever was changed meanwhile.
pub(crate) async fn of_any_run(stage: &Stage, run: &str) -> Held {
    let mut held = Held::default();
    let seen = stage.run(run).await;
    assert_eq!((&seen["state"], &seen["adds_up"]), (&json!("completed"), &json!(true)), "{seen}");
    held.note("the counts add up");
    stage.is_sound().await;
    held.note("the book is sound");
    log_is_as_counted(stage, &seen).await;
    held.note("the log has a line per counted record");
    rest(stage, &mut held).await;
    held
}

/// Everybody who is linked lives at the CRM or is marked as gone, and nobody who lives is marked.
pub(crate) async fn of_the_living(stage: &Stage) -> Held {
    let mut held = Held::default();
    let living: BTreeSet<String> =
        persons(stage).await.iter().map(|person| person["id"].to_string()).collect();
    let mapped: Vec<(String, String)> =
        sqlx::query_as("select remote_id, state from mapping where kind = 'person'")
            .fetch_all(&stage.hub.owner)
            .await
            .unwrap();
    for (id, state) in &mapped {
        assert_eq!(living.contains(id), state == "linked", "{id} is {state}");
    }
    held.note("the linked are the living");
    // Somebody who was merged into another keeps a contact, and that contact its addresses.
    let held_by_anybody: Vec<String> =
        sqlx::query_scalar("select value from identifier where kind = 'email'")
            .fetch_all(&stage.hub.owner)
            .await
            .unwrap();
    let held_by_anybody: BTreeSet<String> = held_by_anybody.into_iter().collect();
    let linked: BTreeSet<&String> = mapped.iter().map(|(id, _)| id).collect();
    for person in persons(stage).await {
        if linked.contains(&person["id"].to_string()) {
            for address in person["emails"].as_array().unwrap() {
                assert!(held_by_anybody.contains(address.as_str().unwrap()), "{address} {person}");
            }
        }
    }
    held.note("no address is lost");
    held
}

/// The remote ids that the log of this run names, in order.
async fn logged(stage: &Stage, run: &Value) -> Vec<String> {
    let id: uuid::Uuid = run["id"].as_str().unwrap().parse().unwrap();
    sqlx::query_scalar("select unnest(remote_ids) from sync_entry where run_id = $1 order by 1")
        .bind(id)
        .fetch_all(&stage.hub.owner)
        .await
        .unwrap()
}

/// The remote ids that the log of this run names with this outcome.
pub(crate) async fn logged_as(stage: &Stage, run: &str, outcome: &str) -> BTreeSet<String> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select unnest(remote_ids) from sync_entry where run_id = $1 and outcome = $2",
    )
    .bind(Stage::id(run))
    .bind(outcome)
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    ids.into_iter().collect()
}

async fn log_is_as_counted(stage: &Stage, run: &Value) {
    let id: uuid::Uuid = run["id"].as_str().unwrap().parse().unwrap();
    let lines: Vec<(String, i64)> = sqlx::query_as(
        "select outcome, sum(cardinality(remote_ids)) from sync_entry where run_id = $1 group by 1",
    )
    .bind(id)
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    let lines: BTreeMap<String, i64> = lines.into_iter().collect();
    for outcome in ["created", "updated", "linked", "skipped", "conflict", "quarantined"] {
        let counted = run["counts"][outcome].as_i64().unwrap();
        assert_eq!(lines.get(outcome).copied().unwrap_or(0), counted, "{outcome}: {run}");
    }
    let all = logged(stage, run).await;
    let distinct: BTreeSet<&String> = all.iter().filter(|id| *id != "unknown").collect();
    let known = all.iter().filter(|id| *id != "unknown").count();
    assert_eq!(distinct.len(), known, "somebody is in the log twice: {run}");
}

/// What a first import logged is exactly who lives at the CRM.
async fn every_person_once(stage: &Stage, run: &Value) {
    log_is_as_counted(stage, run).await;
    let mut living: Vec<String> =
        persons(stage).await.iter().map(|person| person["id"].to_string()).collect();
    living.sort();
    assert_eq!(logged(stage, run).await, living);
}

async fn persons(stage: &Stage) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/truth/persons?limit=1000&after={after}");
        let page = stage.control("GET", &path, Value::Null).await;
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { return all };
        after = last["id"].as_u64().unwrap();
        all.extend(page.iter().cloned());
    }
}

/// Every address that the CRM knows of a person who is linked here belongs to their contact.
async fn nobody_lost(stage: &Stage) {
    let rows: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select remote_id, array(
             select value from identifier
             where identifier.contact_id = mapping.contact_id and kind = 'email')
         from mapping where kind = 'person'",
    )
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    let known: BTreeMap<String, Vec<String>> = rows.into_iter().collect();
    for person in persons(stage).await {
        // Those that wait for a decision are mapped to nobody; the counts speak of them.
        let Some(addresses) = known.get(&person["id"].to_string()) else { continue };
        for address in person["emails"].as_array().unwrap() {
            let address = address.as_str().unwrap();
            assert!(addresses.iter().any(|known| known == address), "{address} of {person}");
        }
    }
}

/// Nothing of a dead worker is left: no job, no lease, no transaction, no working notes.
pub(crate) async fn rest(stage: &Stage, held: &mut Held) {
    for (left, rule) in [
        ("job", "no job is left"),
        ("lane where inflight <> 0", "no lane is held"),
        ("sync_seen", "no working notes are left"),
        ("sync_run where state in ('queued', 'running', 'waiting')", "no run is left behind"),
        (
            "pg_stat_activity where datname = current_database() and state like 'idle in tr%'",
            "no transaction is left open",
        ),
        (
            "connection where lease_until > now() and state = 'active'",
            "no lease on a token is left",
        ),
    ] {
        // The settling of the last job may be under way.
        let mut rows = stage.count(left).await;
        for _ in 0..200 {
            if rows == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            rows = stage.count(left).await;
        }
        assert_eq!(rows, 0, "{rule}");
        held.note(rule);
    }
}
