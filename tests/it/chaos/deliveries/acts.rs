//! What members do, and how their deliveries are worked until nothing is left to do.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tandem::{config::Config, sandbox::SandboxConfig};
use tokio::net::TcpListener;

use super::super::campaign::BACK;
use crate::{
    flows::stage::{Stage, slug},
    harness::{Browser, Database},
};

/// Seconds that something unknown is looked for, in workers of the test's own process.
pub(super) const UNKNOWN: u64 = 2;
/// One delivery of many, where builds run on the same two cores.
const ONE: Duration = Duration::from_millis(200);
/// A stand-in with room for every rate: what is tested here are faults, not budgets.
pub(super) fn roomy() -> SandboxConfig {
    SandboxConfig {
        burst: 50_000,
        search_burst: 50_000,
        daily: 500_000_000,
        ..SandboxConfig::of_size(20, 3)
    }
}

/// Short waits, so that a test sees their end.
pub(super) fn impatient(ours: &mut Config) {
    ours.unknown = Duration::from_secs(UNKNOWN);
    ours.crm_timeout = Duration::from_secs(1);
    ours.lease = Duration::from_secs(2);
    ours.crm_limit_factor = 1_000;
}

pub(super) async fn stage() -> Stage {
    stage_on(Database::create().await).await
}

pub(super) async fn stage_on(database: Database) -> Stage {
    stage_of(slug(), database).await
}

pub(super) async fn stage_at(slug: &'static str) -> Stage {
    stage_of(slug, Database::create().await).await
}

async fn stage_of(slug: &'static str, database: Database) -> Stage {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stage = Stage::before(slug, database, listener, roomy(), impatient).await;
    stage.lift_limits().await;
    // The label is a step, too.
    stage.control("DELETE", "/labels", json!({})).await;
    stage.connect(&stage.acme.owner.browser).await;
    stage
}

/// A contact with an organization of its own that is warm from the start.
pub(super) async fn raise(who: &Browser, tag: &str) -> String {
    raise_with(who, tag, &format!("lead.{tag}@warm.example")).await
}

pub(super) async fn raise_with(who: &Browser, tag: &str, email: &str) -> String {
    let contact = json!({
        "full_name": format!("Lead {tag}"),
        "emails": [{ "value": email }],
        "organization_name": format!("Works of {tag}"),
        "warmness": 8,
    });
    let made = who.post("/api/contacts", contact).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// A contact whose person the CRM has already; only the label is missing there.
pub(super) async fn raise_known(stage: &Stage, who: &Browser, tag: &str) -> String {
    let made = stage.control("POST", "/persons/mutate", json!({ "create": 1 })).await;
    let id = made["created"][0].as_str().map_or_else(|| made["created"][0].to_string(), Into::into);
    let there = stage.control("GET", &format!("/truth/persons?ids={id}"), Value::Null).await;
    raise_with(who, tag, there[0]["emails"][0].as_str().unwrap()).await
}

pub(super) async fn log(who: &Browser, contact: &str, subject: &str) -> String {
    let activity = json!({
        "contact_id": contact, "kind": "CALL", "subject": subject, "note": "Asked for <prices> & terms",
        "due_at": "2026-11-02T08:30:00Z",
    });
    let made = who.post("/api/activities", activity).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

pub(super) async fn edit(who: &Browser, activity: &str, subject: &str) {
    let path = format!("/api/activities/{activity}");
    who.patch(&path, json!({ "subject": subject })).await.expect(200);
}

pub(super) async fn delete(who: &Browser, activity: &str) {
    let gone = who.delete(&format!("/api/activities/{activity}")).await;
    assert!(gone.status.is_success(), "{}", gone.text);
}

/// Gives the consent anew, as an owner does who reads the banner.
pub(super) async fn reconnect(stage: &Stage) {
    stage.connect(&stage.acme.owner.browser).await;
}

/// Lets everything that failed be attempted anew, as a member does on the page of deliveries.
pub(super) async fn replay_all(stage: &Stage) {
    let path = "select delivery_id from delivery where state in ('failed', 'dead')";
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(path).fetch_all(&stage.hub.owner).await.unwrap();
    for id in ids {
        let path = format!("/api/deliveries/{id}/retry");
        stage.acme.owner.browser.post(&path, json!({})).await.expect(202);
    }
}

/// How many deliveries still have something to do by themselves.
pub(super) async fn open(stage: &Stage) -> i64 {
    stage.count("delivery where state in ('queued', 'sending', 'retrying', 'unknown')").await
}

/// Works in this process and lets the time pass that it waits for, until nothing goes on by itself;
/// how long that was, in simulated time.
pub(super) async fn settle(stage: &Stage) -> TimeDelta {
    let mut passed = TimeDelta::zero();
    for _ in 0..60 {
        stage.work().await;
        if open(stage).await == 0 {
            return passed;
        }
        let due: Option<DateTime<Utc>> = sqlx::query_scalar(
            "select min(run_at) from job where state = 'ready' and kind = 'deliver'",
        )
        .fetch_one(&stage.hub.owner)
        .await
        .unwrap();
        let due = due.expect("something is open and nobody is to work it");
        let wait =
            (due - stage.hub.clock.now()).max(TimeDelta::zero()) + TimeDelta::milliseconds(20);
        stage.hub.pass(wait).await;
        passed += wait;
        stage.sql("update lane set resumes_at = null").await;
        stage.sql("update job set run_at = now() where state = 'ready'").await;
    }
    panic!("it does not end: {}", stories(stage).await);
}

/// Waits for workers that are processes of their own, longer for more work.
pub(super) async fn ends(stage: &Stage) {
    let begun = Instant::now();
    let work = u32::try_from(open(stage).await).unwrap();
    let patience = 2 * BACK + work * ONE;
    while open(stage).await > 0 {
        assert!(begun.elapsed() < patience, "it does not end: {}", stories(stage).await);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// All deliveries with their attempts, and who is to work them, for the words of a failure.
pub(super) async fn stories(stage: &Stage) -> Value {
    sqlx::query_scalar(
        "select jsonb_build_object(
             'now', now(),
             'deliveries', (
                 select jsonb_agg(to_jsonb(delivery) || jsonb_build_object('tried', (
                     select jsonb_agg(to_jsonb(attempt) - 'effect' order by n)
                     from delivery_attempt attempt
                     where attempt.delivery_id = delivery.delivery_id
                 )) order by seq)
                 from delivery where state not in ('delivered', 'dead')),
             'jobs', (select jsonb_agg(to_jsonb(job)) from job),
             'lanes', (select jsonb_agg(to_jsonb(lane)) from lane),
             'connections', (
                 select jsonb_agg(to_jsonb(connection) - 'access_token' - 'refresh_token' - 'remote_users' - 'remote_fields') from connection)
         )",
    )
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap()
}

pub(super) async fn plan(stage: &Stage, plan: &str) {
    let owner = &stage.acme.owner.browser;
    owner.post("/api/billing/plan", json!({ "plan": plan })).await.expect(200);
}

/// Takes up again what a smaller plan paused.
pub(super) async fn resume(stage: &Stage) {
    let path = format!("/api/integrations/{}/resume", slug());
    stage.acme.owner.browser.post(&path, json!({})).await.expect(200);
}
