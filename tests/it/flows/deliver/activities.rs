//! Activities follow their contact.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::{Stage, list};

#[tokio::test]
async fn an_activity_is_created_edited_and_deleted_over_there() {
    let stage = Stage::of(3).await;
    stage.owner_is_a_user().await;
    let contact = stage.person(json!({ "emails": [{ "value": "g@x.example" }] })).await;
    let more = json!({ "note": "<b>Hi</b>", "due_at": "2028-02-29T23:30:00Z", "done": false });
    // Logged before the person is there: its turn comes after.
    let id = stage.log(&contact, more).await;
    stage.work().await;

    let there = stage.outbound().await;
    let activity = &list(&there, "activities")[0];
    assert_eq!(
        (&activity["subject"], &activity["due_date"]),
        (&json!("Call"), &json!("2028-02-29"))
    );
    assert_eq!(activity["owner_id"], 20_001);
    assert_eq!(activity["person_id"], list(&there, "persons")[0]["id"]);
    assert!(!activity["note"].as_str().unwrap().contains("<b>"), "{activity}");

    let path = format!("/api/activities/{id}");
    let browser = &stage.acme.owner.browser;
    browser.patch(&path, json!({ "subject": "First" })).await.expect(200);
    browser.patch(&path, json!({ "subject": "Second", "done": true })).await.expect(200);
    stage.work().await;
    let there = stage.outbound().await;
    let activity = &list(&there, "activities")[0];
    assert_eq!((&activity["subject"], &activity["done"]), (&json!("Second"), &json!(true)));
    assert_eq!(stage.deliveries().await.len(), 3, "two edits that wait are one");

    browser.delete(&path).await.expect(204);
    stage.work().await;
    let there = stage.outbound().await;
    assert_eq!(
        list(&there, "activities").iter().filter(|one| one["is_deleted"] == false).count(),
        0
    );
    for delivery in stage.deliveries().await {
        assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    }
}

#[tokio::test]
async fn an_edit_behind_one_that_has_to_be_sent_again_goes_with_it() {
    for kind in ["reset", "applied_reset", "status_5xx"] {
        let stage = Stage::of(3).await;
        let contact = stage.person(json!({})).await;
        let id = stage.log(&contact, json!({})).await;
        stage.work().await;

        stage.fault(json!({ "kind": kind, "method": "PATCH", "path": "/api/v2/activities" })).await;
        // Long enough for the second edit to come while the first is on its way.
        stage.control("POST", "/latency", json!({ "ms": 600 })).await;
        let (path, browser) = (format!("/api/activities/{id}"), &stage.acme.owner.browser);
        browser.patch(&path, json!({ "subject": "First" })).await.expect(200);
        let ((), answer) = tokio::join!(stage.work(), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            browser.patch(&path, json!({ "subject": "Second" })).await
        });
        answer.expect(200);
        stage.control("POST", "/latency", json!({ "ms": 0 })).await;
        for seconds in [3, 60, 70, 70] {
            stage.later(TimeDelta::seconds(seconds)).await;
        }

        let [.., first, second] = &stage.deliveries().await[..] else { panic!("two edits") };
        let stand = |edit: &serde_json::Value| (edit["state"].clone(), edit["cause"].clone());
        assert_eq!(first["state"], "delivered", "{kind} {first:#}");
        assert_eq!(stand(second), (json!("dead"), json!("superseded")), "{kind} {second:#}");
        assert_eq!(second["can_retry"], false, "{kind}");
        let there = stage.outbound().await;
        assert_eq!(list(&there, "activities")[0]["subject"], "Second", "{kind}");
    }
}

#[tokio::test]
async fn what_was_logged_before_comes_only_where_the_company_wants_it() {
    for wanted in [false, true] {
        let stage = Stage::of(3).await;
        if wanted {
            stage.sql("update company set push_earlier = true").await;
        }
        let contact = stage.person(json!({ "warmness": 0 })).await;
        stage.log(&contact, json!({})).await;
        let path = format!("/api/contacts/{contact}");
        stage.acme.owner.browser.patch(&path, json!({ "warmness": 9 })).await.expect(200);
        stage.work().await;
        let there = stage.outbound().await;
        assert_eq!(list(&there, "persons").len(), 1);
        assert_eq!(list(&there, "activities").len(), usize::from(wanted));
    }
}

#[tokio::test]
async fn an_import_that_links_a_contact_brings_its_earlier_activities_along() {
    let stage = Stage::of(3).await;
    stage.sql("update company set push_earlier = true").await;
    // There, and forgotten here but for its name and address.
    let ada = json!({ "full_name": "Ada", "emails": [{ "value": "ada@x.example" }] });
    stage.person(ada.clone()).await;
    stage.work().await;
    stage.sql("delete from contact").await;
    stage.sql("delete from delivery").await;
    let mut cold = ada;
    cold["warmness"] = json!(0);
    let contact = stage.person(cold).await;
    stage.log(&contact, json!({ "subject": "Before" })).await;
    assert_eq!(stage.deliveries().await.len(), 0);

    stage.import(json!({ "mode": "full" })).await;
    stage.work().await;

    let delivery = stage.delivery().await;
    assert_eq!((&delivery["trigger"], &delivery["state"]), (&json!("mapped"), &json!("delivered")));
    assert_eq!(list(&stage.outbound().await, "activities")[0]["subject"], "Before");
}
