//! What members have done at a CRM: each action once, with what was asked for, by whom it is theirs to ask.

mod refused;

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tandem::{jobs, policy::Plan};
use tokio_util::sync::CancellationToken;

use super::leads::{of, warm, work};
use crate::{
    connections::{Crm, NORDWIND, Rig},
    harness::{Answer, Browser, TestHub},
};

/// A company whose contact Ada has a person at the CRM.
struct Acting {
    rig: Rig,
    ada: String,
}

impl Acting {
    async fn new() -> Self {
        let crm = Crm::start().await;
        let hub = TestHub::with(|config| {
            crm.offer(config);
            // A lost answer is looked for half a second after it was lost.
            config.unknown = Duration::from_secs(2);
        })
        .await;
        let acme = hub.company(Plan::Business).await;
        let rig = Rig { crm, hub, acme };
        rig.connect(NORDWIND).await;
        let ada = warm(&rig.acme.owner.browser, "ada", 8).await;
        work(&rig).await;
        Self { rig, ada }
    }

    fn owner(&self) -> &Browser {
        &self.rig.acme.owner.browser
    }

    /// The same about Ada.
    fn about(&self, mut form: Value) -> Value {
        form["contact_id"] = json!(self.ada);
        form
    }

    /// Asks while somebody works, and hears what became of it.
    async fn ask(&self, action: &str, form: Value) -> Answer {
        let path = of(&format!("actions/{action}"));
        let request = self.owner().request(Method::POST, &path).json(&self.about(form));
        self.working(self.owner().send(request)).await
    }

    async fn working<T>(&self, asked: impl Future<Output = T>) -> T {
        let stopping = CancellationToken::new();
        let asked = async {
            let answer = asked.await;
            stopping.cancel();
            answer
        };
        tokio::join!(jobs::run(self.rig.hub.hub.clone(), 1, stopping.clone()), asked).1
    }

    /// The same, delivered; the id at the CRM.
    async fn done(&self, action: &str, form: Value) -> u64 {
        let answer = self.ask(action, form).await.expect(200);
        assert_eq!((&answer["state"], &answer["success"]), (&json!("delivered"), &json!(true)));
        assert_eq!(answer["delivery"]["action"]["kind"], action.replace('-', "_"), "{answer}");
        answer["remote_id"].as_str().unwrap().parse().unwrap()
    }

    /// What was made at the CRM since the start.
    async fn made(&self, what: &str) -> Vec<Value> {
        let all = self.rig.crm.control_get("/truth/outbound").await;
        all[what].as_array().unwrap().clone()
    }

    async fn person(&self) -> u64 {
        self.made("persons").await[0]["id"].as_u64().unwrap()
    }

    async fn fault(&self, kind: &str, path: &str, method: &str) {
        let fault = json!({ "kind": kind, "path": path, "method": method, "status": 502 });
        self.rig.crm.control("/faults", fault).await;
    }

    async fn later(&self) {
        self.rig.hub.clock.advance(TimeDelta::minutes(2));
        self.rig.owner("update job set run_at = now() where state = 'ready'").await;
        work(&self.rig).await;
    }
}

#[tokio::test]
async fn a_task_is_made_once_and_changed_to_what_was_asked_for_last() {
    let acting = Acting::new().await;
    let task = acting
        .done(
            "create-task",
            json!({
                "subject": "Send the offer", "note": "With <script>alert(1)</script>\nand terms",
                "due_at": "2027-01-04T08:30:00Z", "kind": "email", "duration_minutes": 45,
            }),
        )
        .await;
    let call = acting
        .done(
            "log-call",
            json!({
                "note": "Agreed", "called_at": "2026-11-02T10:00:00Z", "duration_minutes": 5,
            }),
        )
        .await;
    let made = acting.made("activities").await;
    assert_eq!(made.len(), 2, "{made:?}");
    assert_eq!((made[0]["id"].as_u64(), made[1]["id"].as_u64()), (Some(task), Some(call)));
    let person = acting.person().await;
    for (field, value) in [
        ("subject", json!("Send the offer")),
        ("type", json!("email")),
        ("due_date", json!("2027-01-04")),
        ("due_time", json!("08:30:00")),
        ("duration", json!("00:45:00")),
        ("done", json!(false)),
        ("person_id", json!(person)),
        ("note", json!("<p>With &lt;script&gt;alert(1)&lt;/script&gt;<br />and terms</p>")),
    ] {
        assert_eq!(made[0][field], value, "{field}");
    }
    assert_eq!((&made[1]["type"], &made[1]["done"]), (&json!("call"), &json!(true)));
    assert_eq!((&made[1]["subject"], &made[1]["due_date"]), (&json!("Call"), &json!("2026-11-02")));
    // What is left out stays, also after a change of before.
    let change = json!({ "task_id": task.to_string(), "done": true, "has_time": false });
    assert_eq!(acting.done("update-task", change).await, task);
    let change =
        json!({ "task_id": task.to_string(), "subject": "Sent", "duration_minutes": null });
    acting.done("update-task", change).await;
    let made = acting.made("activities").await;
    assert_eq!(made.len(), 2);
    assert_eq!((&made[0]["subject"], &made[0]["done"]), (&json!("Sent"), &json!(true)));
    assert_eq!((&made[0]["due_date"], &made[0]["due_time"]), (&json!("2027-01-04"), &json!(null)));
    assert_eq!(made[0]["duration"], json!(null));
    // What was not made from here is not ours to change.
    let strange = json!({ "task_id": "987654", "done": true });
    let answer = acting.ask("update-task", strange).await;
    assert_eq!(answer.problem(400), "invalid");
    assert_eq!(answer.json()["fields"][0]["field"], "task_id");
}

#[tokio::test]
async fn notes_deals_and_people_are_made_and_changed_as_asked() {
    let acting = Acting::new().await;
    let person = acting.person().await;
    let note = acting.done("create-note", json!({ "text": "Prefers \"calls\"" })).await;
    let notes = acting.made("notes").await;
    assert_eq!((notes.len(), notes[0]["id"].as_u64()), (1, Some(note)));
    assert_eq!(notes[0]["person_id"], person);
    assert_eq!(notes[0]["content"], "<p>Prefers &quot;calls&quot;</p>");
    let deal = acting.done("create-deal", json!({
        "title": "Pilot", "amount": "999999999999.99", "currency": "usd", "pipeline": "Partner",
        "stage": "proposal", "closes_on": "2027-02-28",
    })).await;
    let deals = acting.made("deals").await;
    assert_eq!((deals.len(), deals[0]["id"].as_u64()), (1, Some(deal)));
    for (field, value) in [
        ("title", json!("Pilot")),
        ("value", json!(999_999_999_999.99)),
        ("currency", json!("USD")),
        ("person_id", json!(person)),
        ("pipeline_id", json!(2)),
        ("stage_id", json!(7)),
        ("status", json!("open")),
        ("expected_close_date", json!("2027-02-28")),
    ] {
        assert_eq!(deals[0][field], value, "{field}");
    }
    let deal_id = deal.to_string();
    // A stage of this name is in both pipelines: the deal's own counts.
    let change = json!({ "deal_id": deal_id, "stage": "Negotiation", "amount": "12.5" });
    acting.done("update-deal", change).await;
    acting.done("update-deal", json!({ "deal_id": deal_id, "status": "won" })).await;
    let deals = acting.made("deals").await;
    assert_eq!((&deals[0]["stage_id"], &deals[0]["status"]), (&json!(8), &json!("won")));
    assert_eq!((&deals[0]["value"], &deals[0]["currency"]), (&json!(12.5), &json!("USD")));
    assert_eq!(deals[0]["title"], "Pilot");
    let shown = acting.owner().get(&of(&format!("actions/get-deal?deal_id={deal}"))).await;
    let shown = shown.expect(200);
    assert_eq!((&shown["amount"], &shown["status"]), (&json!(12.5), &json!("won")));
    assert_eq!(shown["contact"]["id"], acting.ada);
    assert!(shown["url"].as_str().unwrap().ends_with(&format!("/deal/{deal}")), "{shown}");
    // People.
    let change = json!({ "full_name": "Ada L.", "emails": [
        { "value": "ada@leads.example" }, { "value": "l@leads.example", "primary": true }] });
    assert_eq!(acting.done("update-contact", change).await, person);
    let seen = &acting.made("persons").await[0];
    assert_eq!(seen["name"], "Ada L.");
    assert_eq!(seen["emails"], json!(["ada@leads.example", "l@leads.example"]));
    let asked = of(&format!("actions/get-contact?contact_id={}", acting.ada));
    let shown = acting.owner().get(&asked).await.expect(200);
    assert_eq!((&shown["name"], &shown["contact"]["full_name"]), (&json!("Ada L."), &json!("ada")));
    let found = of("actions/search-contact?email=L%40LEADS.example");
    let found = acting.owner().get(&found).await.expect(200);
    assert_eq!(found["items"][0]["remote_id"], person.to_string(), "{found}");
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_contact_becomes_a_person_without_a_label_and_never_a_second_one() {
    let acting = Acting::new().await;
    let bea = warm(acting.owner(), "bea", 0).await;
    for _ in 0..2 {
        let path = of("actions/create-contact");
        let form = json!({ "contact_id": bea });
        let answer = acting.working(acting.owner().post(&path, form)).await.expect(200);
        assert_eq!(answer["state"], "delivered", "{answer}");
        assert!(!answer["delivery"]["remarks"].to_string().contains("label"), "{answer}");
    }
    let people = acting.made("persons").await;
    assert_eq!(people.len(), 2, "{people:?}");
    assert_eq!((&people[1]["name"], &people[1]["label_ids"]), (&json!("bea"), &json!([])));
    let contact = acting.owner().get(&format!("/api/contacts/{bea}")).await.expect(200);
    assert_eq!(contact["linked"][0]["remote_id"], people[1]["id"].to_string(), "{contact}");
    // Without a person there is nothing to write on.
    let carl = warm(acting.owner(), "carl", 0).await;
    let form = json!({ "contact_id": carl, "text": "Hello" });
    let note = acting.working(acting.owner().post(&of("actions/create-note"), form)).await;
    let note = note.expect(200);
    assert_eq!((&note["state"], &note["success"]), (&json!("failed"), &json!(false)));
    assert_eq!(note["delivery"]["cause"], "not_linked");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for_and_nothing_is_there_twice() {
    let acting = Acting::new().await;
    // Alike, and done before: the look must not take it for the one that was lost.
    acting.done("create-note", json!({ "text": "Twice the same" })).await;
    for (action, path, form) in [
        ("create-note", "/notes", json!({ "text": "Twice the same" })),
        ("create-deal", "/deals", json!({ "title": "Pilot", "amount": "10" })),
        (
            "create-task",
            "/activities",
            json!({ "subject": "Ask", "due_at": "2027-01-04T08:00:00Z" }),
        ),
    ] {
        acting.fault("applied_5xx", path, "POST").await;
        acting.done(action, form).await;
    }
    assert_eq!(acting.made("notes").await.len(), 2);
    assert_eq!(acting.made("deals").await.len(), 1);
    assert_eq!(acting.made("activities").await.len(), 1);
    let found = "select count(*) from delivery_attempt where outcome = 'found'";
    assert_eq!(acting.rig.hub.value::<i64>(found).await, 3);
    let ids =
        "select count(distinct remote_id) from delivery where action ->> 'action' = 'create_note'";
    assert_eq!(acting.rig.hub.value::<i64>(ids).await, 2, "each has its own");
    // Not done: it is under way when the answer is due, and sent again once it surely is not there.
    acting.fault("status_5xx", "/notes", "POST").await;
    let answer = acting.ask("create-note", json!({ "text": "Again" })).await.expect(202);
    assert_eq!((&answer["state"], &answer["remote_id"]), (&json!("unknown"), &json!(null)));
    for _ in 0..4 {
        acting.later().await;
    }
    let path = format!("/api/deliveries/{}", answer["delivery"]["id"].as_str().unwrap());
    let story = acting.owner().get(&path).await.expect(200);
    assert_eq!(story["delivery"]["state"], "delivered", "{story}");
    let outcomes: Vec<&Value> =
        story["attempts"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["absent", "done"]);
    assert_eq!(acting.made("notes").await.len(), 3);
}

#[tokio::test]
async fn a_request_that_comes_twice_is_done_once() {
    let acting = Acting::new().await;
    let form = acting.about(json!({ "text": "Once" }));
    let send = |key: &str, form: &Value| {
        let path = of("actions/create-note");
        let request = acting.owner().request(Method::POST, &path).header("idempotency-key", key);
        acting.owner().send(request.json(form))
    };
    let first = acting.working(send("k-1", &form)).await;
    assert_eq!(first.expect(200)["state"], "delivered");
    // That it was asked for is the answer that is kept: it went into the transaction of the delivery.
    let again = acting.working(send("k-1", &form)).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(202)["delivery"]["id"], first.json()["delivery"]["id"]);
    let other = acting.about(json!({ "text": "Other" }));
    let answer = send("k-1", &other).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(acting.made("notes").await.len(), 1);
    let audit = "select count(*) from audit_log where action = 'action.requested'";
    assert_eq!(acting.rig.hub.value::<i64>(audit).await, 1);
    let secret = "select count(*) from audit_log where detail::text like '%Once%'";
    assert_eq!(acting.rig.hub.value::<i64>(secret).await, 0, "no words in the log");
}
