//! Our log against the CRM's own record of every request that wanted a change, and of what was made.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    super::truth::{self, Held},
    requests::{Id, Request, Spoken},
};
use crate::flows::stage::Stage;

/// Under what circumstances it was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given {
    /// A worker died: an answer that was given may never have been read.
    pub(super) deaths: bool,
    /// The workers had the CRM's clock, so that moments can be compared.
    pub(super) same_clock: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct Attempt {
    delivery_id: Uuid,
    effect: String,
    outcome: String,
    remote_id: Option<String>,
    started_at: DateTime<Utc>,
}

#[derive(Debug, sqlx::FromRow)]
struct Delivery {
    #[sqlx(rename = "delivery_id")]
    id: Uuid,
    connection_id: Uuid,
    contact_id: Uuid,
    kind: String,
    state: String,
    remote_id: Option<String>,
    marker: Uuid,
}

/// A request that reached the CRM.
struct Write {
    request: &'static Request,
    /// As our log has it.
    id: Option<String>,
    applied: bool,
    status: Option<u64>,
    fault: Option<String>,
    unix_ms: i64,
}

impl Write {
    fn read(spoken: &Spoken, write: &Value) -> Self {
        let (method, path) = (write["method"].as_str().unwrap(), write["path"].as_str().unwrap());
        let request = spoken.request(method, path);
        let request = request.unwrap_or_else(|| panic!("nobody may ask this: {write}"));
        let last = path.rsplit('/').next().filter(|_| method != "POST").map(ToOwned::to_owned);
        let id = text(&write["id"]).or(last);
        let id = match request.id {
            Id::Same(front) => id.map(|id| format!("{front}{id}")),
            Id::Counted | Id::Part => None,
        };
        Self {
            request,
            id,
            applied: write["applied"] == true,
            status: write["answer"].as_u64(),
            fault: text(&write["fault"]),
            unix_ms: write["unix_ms"].as_i64().unwrap(),
        }
    }

    /// One for each record of a request for many; those that were not made were refused.
    fn each(spoken: &Spoken, write: &Value) -> Vec<Self> {
        let Some(ids) = write["ids"].as_array() else { return vec![Self::read(spoken, write)] };
        let one = |id: &Value| {
            let mut one = Self::read(spoken, write);
            one.applied &= !id.is_null();
            one.id = text(id);
            if id.is_null() {
                one.status = one.status.map(|_| 400);
            }
            one
        };
        ids.iter().map(one).collect()
    }

    fn is_for(&self, effect: &str) -> bool {
        self.request.id != Id::Part && self.request.effects.contains(&effect)
    }

    /// Of effects that share their request.
    fn is_of(&self, family: &[&str]) -> bool {
        self.request.id != Id::Part && self.request.effects == family
    }

    fn is_counted(&self) -> bool {
        self.request.id == Id::Counted
    }

    /// Asked once more within the same attempt: nothing was done. One CRM says 403 at its limits.
    fn is_asked_again(&self) -> bool {
        let limit = matches!(self.fault.as_deref(), Some("burst_429" | "daily_429"));
        !self.applied && (limit || matches!(self.status, Some(401 | 429)))
    }

    fn is_lost(&self) -> bool {
        self.status.is_none() || self.fault.is_some()
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Attempts that are committed, and requests that arrived; for looking at while workers are at it.
pub(super) async fn nothing_came_unannounced(stage: &Stage) {
    // The CRM's record first: what is announced after it was read does no harm.
    let writes = writes(stage).await;
    let attempts = attempts(stage).await;
    announced(stage, &writes, &attempts);
}

fn announced(stage: &Stage, writes: &[Write], attempts: &[Attempt]) {
    for family in Spoken::at(stage.slug).families() {
        let came = writes.iter().filter(|one| one.is_of(family) && !one.is_asked_again()).count();
        let told = attempts.iter().filter(|one| family.contains(&&*one.effect)).count();
        assert!(came <= told, "{family:?}: {came} requests and {told} attempts");
        let any = writes.iter().any(|one| one.is_of(family));
        assert!(!any || told > 0, "{family:?}: a request without an attempt");
    }
}

/// Everything, once nothing goes on by itself any more.
pub(super) async fn judge(stage: &Stage, given: Given) -> Held {
    let (writes, attempts) = (writes(stage).await, attempts(stage).await);
    let deliveries = deliveries(stage).await;
    let made = stage.control("GET", "/truth/outbound", Value::Null).await;
    let mut held = Held::default();
    announced(stage, &writes, &attempts);
    if given.same_clock {
        before_their_bytes(stage, &writes, &attempts);
        held.note("every request has an attempt that began before it");
    }
    held.note("every request has an attempt of its own");
    outcomes(&writes, &attempts, given);
    made_and_logged(stage, &writes, &attempts, given);
    held.note("every attempt ended as the CRM says");
    once(&made);
    held.note("nothing is there twice");
    for delivery in deliveries.iter().filter(|one| one.state == "delivered") {
        arrived(stage, delivery, &made).await;
    }
    held.note("what is delivered is there as it should be");
    in_order(&writes, &attempts, &deliveries, given);
    held.note("each contact's order is kept");
    truth::rest(stage, &mut held).await;
    held
}

fn before_their_bytes(stage: &Stage, writes: &[Write], attempts: &[Attempt]) {
    for family in Spoken::at(stage.slug).families() {
        let mut came: Vec<i64> = writes
            .iter()
            .filter(|one| one.is_of(family) && !one.is_asked_again())
            .map(|one| one.unix_ms)
            .collect();
        let mut began: Vec<i64> = attempts
            .iter()
            .filter(|one| family.contains(&&*one.effect))
            .map(|one| one.started_at.timestamp_millis())
            .collect();
        came.sort_unstable();
        began.sort_unstable();
        for (came, began) in came.iter().zip(&began) {
            assert!(began <= came, "{family:?}: a request {} ms before its attempt", began - came);
        }
    }
}

fn outcomes(writes: &[Write], attempts: &[Attempt], given: Given) {
    for attempt in attempts {
        let (effect, id) = (attempt.effect.as_str(), attempt.remote_id.as_deref());
        let its: Vec<&Write> = writes.iter().filter(|one| one.is_for(effect)).collect();
        let by_id = || {
            its.iter().filter(|one| one.applied && (one.is_counted() || one.id.as_deref() == id))
        };
        let said = format!("{attempt:?}");
        match attempt.outcome.as_str() {
            // Some ask first, and send nothing when there is nothing to change.
            "done" if effect == "add_labels" || effect == "update_activity" => {}
            "done" if effect == "delete_activity" => {
                assert!(its.iter().any(|one| one.id.as_deref() == id), "{said}");
            }
            "done" => {
                // One whose first half was done before and not answered does the other half alone.
                let well = |one: &&&Write| {
                    one.is_counted() || one.status.is_some_and(|status| status < 300)
                };
                assert!(by_id().any(|one| well(&one)), "{said}: no such answer was given");
            }
            "found" => {
                let lost = |one: &&&Write| one.is_lost() || given.deaths;
                assert!(by_id().any(|one| lost(&one)), "{said}: its answer was not lost");
            }
            "refused" => {
                let no =
                    |one: &&Write| one.status.is_some_and(|status| (400..500).contains(&status));
                assert!(its.iter().any(no), "{said}: nobody refused it");
            }
            "absent" => assert!(effect.starts_with("create_"), "{said}: nobody looks for it"),
            "unsettled" => {
                assert!(!effect.starts_with("create_"), "{said}: it would be there twice");
            }
            "not_sent" => {}
            other => panic!("{said} is left {other}"),
        }
    }
}

fn made_and_logged(stage: &Stage, writes: &[Write], attempts: &[Attempt], given: Given) {
    for family in Spoken::at(stage.slug).families() {
        let its: Vec<&Write> = writes.iter().filter(|one| one.is_of(family)).collect();
        let tried: Vec<&Attempt> =
            attempts.iter().filter(|one| family.contains(&&*one.effect)).collect();
        let absent = tried.iter().filter(|one| ["absent", "unsettled"].contains(&&*one.outcome));
        let lost = its.iter().filter(|one| one.is_lost()).count();
        assert!(given.deaths || absent.count() <= lost, "{family:?}: doubted without a reason");
        if !family[0].starts_with("create_") {
            continue;
        }
        let there = its.iter().filter(|one| one.applied);
        let logged = tried.iter().filter(|one| ["done", "found"].contains(&&*one.outcome));
        if its.iter().any(|one| one.is_counted()) {
            assert_eq!(there.count(), logged.count(), "{family:?}: over there, and by our log");
            continue;
        }
        let mut there: Vec<&str> = there.filter_map(|one| one.id.as_deref()).collect();
        let mut logged: Vec<&str> = logged.filter_map(|one| one.remote_id.as_deref()).collect();
        there.sort_unstable();
        logged.sort_unstable();
        assert_eq!(there, logged, "{family:?}: made over there, and made by our log");
    }
}

fn once(made: &Value) {
    let all = |kind: &str, name: &dyn Fn(&Value) -> String| {
        let mut count = BTreeMap::<String, u32>::new();
        for record in made[kind].as_array().unwrap() {
            *count.entry(name(record)).or_default() += 1;
        }
        count.retain(|_, times| *times > 1);
        assert!(count.is_empty(), "{kind} more than once: {count:?}");
    };
    all("persons", &|person| person["emails"].to_string());
    all("organizations", &|organization| organization["name"].to_string());
    all("activities", &|activity| format!("{} of {}", activity["subject"], activity["person_id"]));
    all("options", &|option| format!("{} {}", option["field"], option["label"]));
    all("fields", &|field| field["name"].to_string());
}

/// A person as it was sent, with all that belongs to it, and linked; an activity as it is now.
async fn arrived(stage: &Stage, delivery: &Delivery, made: &Value) {
    let id = delivery.remote_id.as_deref();
    let record = |kind: &str| {
        made[kind].as_array().unwrap().iter().find(|one| text(&one["id"]).as_deref() == id)
    };
    match delivery.kind.as_str() {
        "warm_lead" => {
            let linked: Vec<String> = sqlx::query_scalar(
                "select remote_id from mapping
                 where contact_id = $1 and connection_id = $2 and kind = 'person' and state = 'linked'",
            )
            .bind(delivery.contact_id)
            .bind(delivery.connection_id)
            .fetch_all(&stage.hub.owner)
            .await
            .unwrap();
            let there: bool =
                sqlx::query_scalar("select exists (select from contact where contact_id = $1)")
                    .bind(delivery.contact_id)
                    .fetch_one(&stage.hub.owner)
                    .await
                    .unwrap();
            if there {
                assert_eq!(linked.first().map(String::as_str), id, "{delivery:?}");
                assert_eq!(linked.len(), 1, "{delivery:?}");
            }
            // One that the CRM had already has nothing of ours but the label.
            let Some(person) = record("persons") else { return };
            assert_eq!(person["is_deleted"], false, "{person}");
            let marks = person["custom_fields"].as_object().unwrap();
            let marker = delivery.marker.to_string();
            let is_ours = marks.values().any(|mark| mark.as_str() == Some(&marker));
            assert!(is_ours || marks.is_empty(), "another's mark: {person}");
            let label = made["options"].as_array().unwrap().first();
            if let Some(label) = label.filter(|_| !marks.is_empty()) {
                assert!(person["label_ids"].as_array().unwrap().contains(&label["id"]), "{person}");
            }
            let organizations = made["organizations"].as_array().unwrap();
            let org = organizations.iter().find(|one| one["id"] == person["org_id"]);
            let name = person["name"].as_str().unwrap().replace("Lead ", "Works of ");
            if let Some(org) = org {
                assert_eq!(org["name"].as_str(), Some(&*name), "{person}");
            }
        }
        "activity_create" | "activity_update" => {
            let activity =
                record("activities").unwrap_or_else(|| panic!("it is nowhere: {delivery:?}"));
            assert_eq!(activity["type"], Spoken::at(stage.slug).call, "{activity}");
        }
        _ => {}
    }
}

/// What was delivered first of a contact was asked for first; but for what was refused and replayed
/// by somebody, after others of the contact had gone on.
fn in_order(writes: &[Write], attempts: &[Attempt], deliveries: &[Delivery], given: Given) {
    let replayed = |delivery: &Delivery| {
        let its = attempts.iter().filter(|one| one.delivery_id == delivery.id);
        its.clone().any(|one| one.outcome == "refused")
    };
    let mut last: BTreeMap<(Uuid, Uuid), usize> = BTreeMap::new();
    let delivered = deliveries.iter().filter(|one| one.state == "delivered");
    for delivery in delivered.filter(|one| !replayed(one)) {
        let effects: &[&str] = match delivery.kind.as_str() {
            "warm_lead" => &["create_person", "add_labels"],
            "activity_create" => &["create_activity"],
            "activity_update" => &["update_activity"],
            _ => &["delete_activity"],
        };
        // Of several edits of one activity each has its own.
        let its = attempts.iter().filter(|one| one.delivery_id == delivery.id);
        let its = its.filter(|one| effects.contains(&one.effect.as_str()));
        let Some(began) = its.map(|one| one.started_at.timestamp_millis()).min() else { continue };
        let place = writes.iter().position(|one| {
            one.applied
                && effects.iter().any(|effect| one.is_for(effect))
                && one.id == delivery.remote_id
                && (!given.same_clock || one.unix_ms >= began)
        });
        // Nothing was sent where nothing had to change.
        let Some(place) = place else { continue };
        let key = (delivery.connection_id, delivery.contact_id);
        let before = last.insert(key, place);
        assert!(before.is_none_or(|before| before < place), "out of order: {delivery:?}");
    }
}

async fn writes(stage: &Stage) -> Vec<Write> {
    let all = stage.control("GET", "/truth/writes", Value::Null).await;
    let spoken = Spoken::at(stage.slug);
    all.as_array().unwrap().iter().flat_map(|write| Write::each(spoken, write)).collect()
}

async fn attempts(stage: &Stage) -> Vec<Attempt> {
    sqlx::query_as(
        "select delivery_id, (select key from jsonb_object_keys(effect) as key limit 1) as effect,
                outcome, remote_id, started_at
         from delivery_attempt order by started_at, n",
    )
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap()
}

async fn deliveries(stage: &Stage) -> Vec<Delivery> {
    sqlx::query_as(
        "select delivery_id, connection_id, contact_id, kind, state, remote_id, marker
         from delivery order by connection_id, contact_id, seq",
    )
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap()
}
