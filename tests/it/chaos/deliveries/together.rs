//! Where a CRM takes many in one request, those that are on their way together share it, and nothing
//! else: each has its own intent, outcome and record.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tandem::{connectors, policy::Plan};

use super::{
    super::{
        campaign::BACK,
        process::{Process, Setting},
    },
    acts::{ends, open, raise, settle, stage_at},
    record::{self, Given},
    requests::Spoken,
};
use crate::{
    flows::stage::Stage,
    harness::{Browser, Company, long, report},
};

/// CRMs that take many at once.
fn those() -> impl Iterator<Item = &'static str> {
    let takes = |one: &&'static dyn connectors::Connector| {
        one.writer().is_some_and(|writer| writer.many().is_some())
    };
    connectors::all().iter().copied().filter(takes).map(|one| one.manifest().slug)
}

/// Connected, and its words and users are known.
async fn warm(slug: &'static str) -> Stage {
    let stage = stage_at(slug).await;
    raise(&stage.acme.owner.browser, "words").await;
    settle(&stage).await;
    stage
}

/// A second company at the same account over there.
async fn another(stage: &Stage) -> Company {
    let other = stage.hub.company(Plan::Teams).await;
    stage.connect(&other.owner.browser).await;
    raise(&other.owner.browser, "theirs").await;
    settle(stage).await;
    other
}

/// Warm contacts without an organization.
async fn leads(who: &Browser, tag: &str, count: usize) {
    let one = |nth: usize| async move {
        let host = if nth == 7 { "refused" } else { "warm" };
        let contact = json!({
            "full_name": format!("Lead {tag}{nth}"), "warmness": 8,
            "emails": [{ "value": format!("lead.{tag}{nth}@{host}.example") }],
        });
        who.post("/api/contacts", contact).await.expect(201);
    };
    stream::iter(0..count).for_each_concurrent(8, one).await;
}

async fn asked(stage: &Stage) -> u64 {
    stage.control("GET", "/counters", Value::Null).await["total"].as_u64().unwrap()
}

/// What was booked as asked for deliveries of the first or the second connection.
async fn booked(stage: &Stage, nth: i64) -> i64 {
    let sum = "select coalesce(sum(requests), 0)::bigint from budget_use
               where purpose = 'delivery' and connection_id = (
                   select connection_id from connection order by connected_at offset $1 limit 1)";
    sqlx::query_scalar(sum).bind(nth).fetch_one(&stage.hub.owner).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backlog_costs_a_tenth_of_a_request_a_lead_and_the_one_that_is_refused_fails_alone() {
    let mut figures = Vec::new();
    for slug in those() {
        let stage = warm(slug).await;
        let other = another(&stage).await;
        let count = if long() { 1_000 } else { 250 };
        leads(&stage.acme.owner.browser, "many", count).await;
        stage.control("POST", "/latency", json!({ "ms": 200 })).await;
        let before = (booked(&stage, 0).await, booked(&stage, 1).await);
        let (asked_before, begun) = (asked(&stage).await, Instant::now());
        let _worker = Process::work(&stage, &Setting::unlimited());
        let done = "delivery where state = 'delivered'";
        let at_first = stage.count(done).await;
        while stage.count(done).await < at_first + 8 {
            assert!(begun.elapsed() < BACK, "the backlog does not move");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let single = Instant::now();
        let contact: uuid::Uuid = raise(&other.owner.browser, "single").await.parse().unwrap();
        let now = "select state from delivery where contact_id = $1";
        let is = || sqlx::query_scalar::<_, String>(now).bind(contact);
        while is().fetch_one(&stage.hub.owner).await.unwrap() != "delivered" {
            assert!(single.elapsed() < BACK, "the single lead does not arrive");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (single, left) = (single.elapsed(), open(&stage).await);
        assert!(left > 0 || single < begun.elapsed() / 2, "it waited for the backlog: {single:?}");
        ends(&stage).await;
        let took = begun.elapsed();
        let refused = "delivery where state = 'failed' and cause = 'refused'";
        assert_eq!(stage.count("delivery where state = 'failed'").await, 1, "{slug}");
        assert_eq!(stage.count(refused).await, 1, "{slug}");
        let fields = "select fields from delivery where state = 'failed'";
        let fields: Value = stage.hub.value(fields).await;
        assert_eq!(fields[0]["field"], "emails", "{fields}");
        // All but that one, the single one, and those by which the words became known.
        let delivered = stage.count(done).await;
        assert_eq!(delivered, i64::try_from(count).unwrap() - 1 + 3, "{slug}");
        let requests = i64::try_from(asked(&stage).await - asked_before).unwrap();
        // A worker books what it has asked a moment after its delivery has ended.
        let booking = Instant::now();
        let own = loop {
            let own = booked(&stage, 0).await - before.0;
            if own + booked(&stage, 1).await - before.1 == requests {
                break own;
            }
            assert!(booking.elapsed() < BACK, "{own} of {requests} requests are booked as ours");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let counters = stage.control("GET", "/counters", Value::Null).await;
        let most = i64::try_from(count).unwrap() / 10;
        assert!(own <= most, "{slug}: {own} requests in {took:?}: {}", counters["requests"]);
        let held = record::judge(&stage, Given { deaths: false, same_clock: true }).await;
        figures.push(json!({
            "crm": slug, "leads": count, "latency_ms": 200, "requests": own,
            "seconds": took.as_secs_f64(), "single_beside_ms": single.as_millis(),
            "left_when_it_was_there": left, "held": held.table(),
        }));
    }
    assert!(!figures.is_empty());
    report("deliveries_together", &json!(figures));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_to_many_that_is_lost_is_looked_for_by_each_and_no_two_companies_share_one() {
    for slug in those() {
        let stage = warm(slug).await;
        let other = another(&stage).await;
        for nth in 0..24 {
            raise(&stage.acme.owner.browser, &format!("ours{nth}")).await;
            raise(&other.owner.browser, &format!("others{nth}")).await;
        }
        stage.control("POST", "/latency", json!({ "ms": 100 })).await;
        // What makes many organizations, and what makes many people: each done and not answered.
        for (kind, path) in ["applied_reset", "applied_5xx"].iter().zip(Spoken::at(slug).many) {
            stage.fault(json!({ "kind": kind, "path": path })).await;
        }
        let _worker = Process::work(&stage, &Setting::unlimited());
        ends(&stage).await;
        let left = stage.control("GET", "/faults", Value::Null).await;
        assert_eq!(left, json!([]), "{slug}: a fault met nobody");
        assert_eq!(stage.count("delivery where state <> 'delivered'").await, 0, "{slug}");
        assert!(stage.count("delivery_attempt where outcome = 'found'").await > 3, "{slug}");
        record::judge(&stage, Given { deaths: false, same_clock: true }).await;
    }
}
