//! What is refused: by the CRM, to whom it is not allowed, and because of its form.

use serde_json::{Value, json};
use tandem::policy::Plan;

use super::Acting;
use crate::{
    harness::Browser,
    routes::leads::{deliveries, of, warm, work},
};

fn objection(answer: &Value) -> (&str, &str) {
    let objection = &answer["delivery"]["objections"][0];
    (objection["field"].as_str().unwrap(), objection["words"].as_str().unwrap())
}

#[tokio::test]
async fn what_the_crm_refuses_is_said_by_our_fields() {
    let acting = Acting::new().await;
    let failed = async |action: &str, form: Value| {
        let answer = acting.ask(action, form).await.expect(200);
        assert_eq!(answer["state"], "failed", "{answer}");
        answer
    };
    let answer = failed("create-deal", json!({ "title": "A", "stage": "Nowhere" })).await;
    let (field, words) = objection(&answer);
    assert_eq!(field, "stage");
    assert!(words.contains("Qualified, Contact made, Proposal, Negotiation"), "{words}");
    let answer = failed("create-deal", json!({ "title": "A", "stage": "Proposal" })).await;
    assert_eq!(objection(&answer).0, "pipeline", "both have one");
    let answer = failed("create-deal", json!({ "title": "A", "currency": "XTS" })).await;
    let (field, words) = objection(&answer);
    assert_eq!(field, "currency", "{words}");
    assert!(words.contains("XTS"), "{words}");
    // A deal of somebody else is like none.
    let strange = rig_deal(&acting).await;
    for deal_id in [strange, "99999999".to_owned(), "no-number".to_owned()] {
        let answer = failed("update-deal", json!({ "deal_id": deal_id, "status": "lost" })).await;
        assert_eq!(objection(&answer), ("deal_id", "The contact has no such deal at the CRM."));
    }
    assert!(acting.made("deals").await.is_empty());
    // Corrected at the CRM, the same delivery is taken up again.
    let id = answer["delivery"]["id"].as_str().unwrap();
    acting.owner().post(&format!("/api/deliveries/{id}/retry"), json!({})).await.expect(202);
    work(&acting.rig).await;
    let listed = deliveries(&acting.rig, "kind=action&state=failed").await;
    assert_eq!(listed.len(), 6, "as it was not corrected");
    assert_eq!(listed[0]["action"]["kind"], "update_deal");
}

/// A living deal of the account that is not Ada's.
async fn rig_deal(acting: &Acting) -> String {
    for id in 1..400 {
        let path = of(&format!("actions/get-deal?deal_id={id}"));
        let answer = acting.owner().get(&path).await;
        if answer.status == 200 {
            return id.to_string();
        }
    }
    panic!("the account has no deal");
}

#[tokio::test]
async fn who_may_not_see_a_contact_or_change_the_crm_is_told_so() {
    let acting = Acting::new().await;
    let consultant = &acting.rig.acme.consultant.browser;
    let post = async |browser: &Browser, action: &str, form: Value| {
        browser.post(&of(&format!("actions/{action}")), form).await
    };
    // A colleague's contact is like none.
    for id in [acting.ada.clone(), uuid::Uuid::now_v7().to_string()] {
        let answer =
            post(consultant, "create-note", json!({ "contact_id": id, "text": "X" })).await;
        assert_eq!(answer.problem(404), "not_found");
        let path = of(&format!("actions/get-contact?contact_id={id}"));
        assert_eq!(consultant.get(&path).await.problem(404), "not_found");
    }
    let own = warm(consultant, "own", 0).await;
    for (action, form) in [
        ("create-deal", json!({ "contact_id": own, "title": "X" })),
        ("update-deal", json!({ "contact_id": own, "deal_id": "1", "title": "X" })),
        ("update-contact", json!({ "contact_id": own, "full_name": "X" })),
    ] {
        assert_eq!(post(consultant, action, form).await.problem(403), "forbidden", "{action}");
    }
    // Deals of people whom they do not see are not theirs to look at.
    let deal = acting.done("create-deal", json!({ "title": "Pilot" })).await;
    let path = of(&format!("actions/get-deal?deal_id={deal}"));
    assert_eq!(consultant.get(&path).await.problem(404), "not_found");
    let can = consultant.get(&of("capabilities")).await.expect(200);
    let no: Vec<&str> = can["actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["available"] == false)
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    assert_eq!(no, ["create_deal", "update_deal", "update_contact", "search_records"]);
    // Another company, without the connection or without the plan.
    let globex = acting.rig.hub.company(Plan::Business).await;
    let owner = &globex.owner.browser;
    let foreign = json!({ "contact_id": acting.ada, "text": "X" });
    assert_eq!(post(owner, "create-note", foreign.clone()).await.problem(404), "not_found");
    let mine = json!({ "contact_id": warm(owner, "eve", 0).await, "text": "X" });
    assert_eq!(post(owner, "create-note", mine.clone()).await.problem(404), "not_connected");
    acting.rig.hub.plan(&globex, Plan::Free).await;
    assert_eq!(post(owner, "create-note", mine).await.problem(403), "plan");
    assert_eq!(owner.get(&of("capabilities")).await.problem(403), "plan");
}

#[tokio::test]
async fn what_a_connection_cannot_do_is_said_before_anybody_asks_for_it() {
    let acting = Acting::new().await;
    let can = acting.owner().get(&of("capabilities?stages=true")).await.expect(200);
    let all = can["actions"].as_array().unwrap();
    assert_eq!(all.len(), 12);
    let no: Vec<&Value> = all.iter().filter(|one| one["available"] != true).collect();
    assert_eq!((no.len(), &no[0]["action"]), (1, &json!("search_records")), "{can}");
    assert_eq!(can["query_language"], Value::Null);
    let query = json!({ "query": "SELECT Id FROM Contact" });
    let answer = acting.owner().post(&of("actions/search-records"), query).await;
    assert_eq!(answer.problem(409), "not_possible");
    assert_eq!(can["priorities"], json!([]), "their numbers are not documented");
    assert_eq!(can["stages"].as_array().unwrap().len(), 8);
    let first =
        json!({ "id": "1", "name": "Qualified", "pipeline_id": "1", "pipeline_name": "Sales" });
    assert_eq!(can["stages"][0], first);
    let task = json!({ "subject": "X", "due_at": "2027-01-04T08:00:00Z", "priority": "high" });
    assert_eq!(acting.ask("create-task", task).await.json()["fields"][0]["field"], "priority");
    // A consent of before there were deals.
    acting.rig.owner("update connection set granted_scopes = array_replace(granted_scopes, 'deals:full', 'deals:read')").await;
    let can = acting.owner().get(&of("capabilities")).await.expect(200);
    let deal = can["actions"].as_array().unwrap().iter().find(|one| one["action"] == "create_deal");
    assert_eq!(deal.unwrap()["available"], false);
    assert!(deal.unwrap()["reason"].as_str().unwrap().contains("`deals:full`"), "{can}");
    let answer = acting.ask("create-deal", json!({ "title": "X" })).await;
    assert_eq!(answer.problem(409), "needs_reconnect");
    assert_eq!(acting.rig.state().await, "active", "the rest goes on");
    acting.rig.owner("update connection set state = 'paused'").await;
    assert_eq!(acting.ask("create-note", json!({ "text": "X" })).await.problem(409), "paused");
    assert_eq!(deliveries(&acting.rig, "kind=action").await.len(), 0);
}

#[tokio::test]
async fn bad_input_is_refused_by_field_before_anything_is_written() {
    let acting = Acting::new().await;
    let due = "2027-01-04T08:00:00Z";
    for (action, form, field) in [
        ("create-task", json!({ "subject": " ", "due_at": due }), "subject"),
        ("create-task", json!({ "subject": "x".repeat(256), "due_at": due }), "subject"),
        ("create-task", json!({ "subject": "a\nb", "due_at": due }), "subject"),
        ("create-task", json!({ "subject": "A", "due_at": "9999-12-31T00:00:00Z" }), "due_at"),
        (
            "create-task",
            json!({ "subject": "A", "due_at": due, "duration_minutes": 0 }),
            "duration_minutes",
        ),
        ("update-task", json!({ "task_id": "a b", "done": true }), "task_id"),
        ("log-call", json!({ "called_at": "1969-12-31T00:00:00Z" }), "called_at"),
        ("create-note", json!({ "text": "é".repeat(100_000) }), "text"),
        ("create-note", json!({ "text": " \n" }), "text"),
        ("create-note", json!({ "text": "a\u{7}b" }), "text"),
        ("create-deal", json!({ "title": "A", "amount": "1234567890123" }), "amount"),
        ("create-deal", json!({ "title": "A", "amount": "1.005" }), "amount"),
        ("create-deal", json!({ "title": "A", "amount": "-1" }), "amount"),
        ("create-deal", json!({ "title": "A", "currency": "EURO" }), "currency"),
        ("create-deal", json!({ "title": "A", "closes_on": "2100-01-01" }), "closes_on"),
        ("update-deal", json!({ "deal_id": "1" }), "title"),
        ("update-contact", json!({}), "full_name"),
        ("update-contact", json!({ "emails": [{ "value": "nobody" }] }), "emails[0].value"),
    ] {
        let path = of(&format!("actions/{action}"));
        let answer = acting.owner().post(&path, acting.about(form)).await;
        assert_eq!(answer.problem(400), "invalid", "{action} {field}");
        assert_eq!(answer.json()["fields"][0]["field"], field, "{action}");
    }
    for (action, form) in [
        ("create-note", json!({ "text": "a\u{0}b" })),
        ("create-task", json!({ "subject": "A", "due_at": "soon" })),
        ("create-task", json!({ "subject": "A", "due_at": due, "kind": "nap" })),
        ("create-deal", json!({ "title": "A", "status": "maybe" })),
        ("create-deal", json!({ "title": "A", "closes_on": "2027-02-30" })),
    ] {
        let path = of(&format!("actions/{action}"));
        let answer = acting.owner().post(&path, acting.about(form.clone())).await;
        assert_eq!(answer.status, 400, "{form} {}", answer.text);
    }
    let path = of("actions/search-contact?email=nobody");
    assert_eq!(acting.owner().get(&path).await.json()["fields"][0]["field"], "email");
    assert_eq!(deliveries(&acting.rig, "kind=action").await.len(), 0);
}
