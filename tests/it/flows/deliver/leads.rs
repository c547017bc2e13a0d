//! The warm lead.

use serde_json::{Value, json};

use super::{Stage, list};

fn hopper() -> Value {
    json!({
        "emails": [{ "value": "Grace@hopper.example", "label": "work" }],
        "phones": [{ "value": "030 901820" }],
        "organization_name": "Compilers Ltd",
    })
}

#[tokio::test]
async fn a_warm_contact_becomes_a_person_with_organization_owner_label_and_marker() {
    let stage = Stage::of(20).await;
    stage.owner_is_a_user().await;
    let contact = stage.person(hopper()).await;
    assert_eq!(stage.delivery().await["state"], "queued");

    stage.work().await;

    let delivery = stage.delivery().await;
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    assert_eq!(delivery["remarks"], json!([]), "{delivery:#}");
    assert_eq!(delivery["person_created"], true);
    let there = stage.outbound().await;
    let (person, organization) = (&list(&there, "persons")[0], &list(&there, "organizations")[0]);
    assert_eq!(person["name"], "Grace Hopper");
    assert_eq!(person["emails"], json!(["Grace@hopper.example"]));
    assert_eq!(person["owner_id"], 20_001, "the member's own user");
    assert_eq!(person["org_id"], organization["id"]);
    assert_eq!(organization["name"], "Compilers Ltd");
    assert_eq!(person["label_ids"].as_array().unwrap().len(), 1);
    assert_eq!(list(&there, "options").len(), 0, "the account has the label, in other letters");
    assert_eq!(list(&there, "fields").len(), 1, "one place for our marker");
    let carried = person["custom_fields"].as_object().unwrap().values().next().unwrap();
    let marker: uuid::Uuid = stage.hub.value("select marker from delivery").await;
    assert_eq!(carried, &json!(marker.to_string()));
    let shown = stage.acme.owner.browser.get(&format!("/api/contacts/{contact}")).await.expect(200);
    assert_eq!(shown["linked"].as_array().unwrap().len(), 1, "{shown:#}");
    let told: Vec<String> = sqlx::query_scalar("select action from audit_log order by audit_id")
        .fetch_all(&stage.hub.owner)
        .await
        .unwrap();
    assert_eq!(told.last().unwrap(), "delivery.delivered");
}

#[tokio::test]
async fn what_we_made_is_no_news_to_the_next_import() {
    let stage = Stage::of(20).await;
    stage.owner_is_a_user().await;
    stage.import(json!({ "mode": "full" })).await;
    let contact = stage.person(hopper()).await;
    stage.work().await;
    let path = format!("/api/contacts/{contact}");
    let before = stage.acme.owner.browser.get(&path).await.expect(200);

    for mode in ["incremental", "full"] {
        let run = stage.import(json!({ "mode": mode })).await;
        for none in ["created", "updated", "linked"] {
            assert_eq!(run["counts"][none], 0, "{mode} {run:#}");
        }
        assert_eq!(run["organizations"]["updated"], 0, "{mode} {run:#}");
        assert_eq!(run["organizations"]["created"], 0, "{mode} {run:#}");
    }
    let after = stage.acme.owner.browser.get(&path).await.expect(200);
    assert_eq!(before["full_name"], after["full_name"]);
    assert_eq!(before["custom_fields"], after["custom_fields"]);
    assert_eq!(before["updated_at"], after["updated_at"]);
    assert_eq!(stage.count("contact where full_name = 'Grace Hopper'").await, 1);
}

#[tokio::test]
async fn two_leads_of_one_organization_make_it_once() {
    let stage = Stage::of(5).await;
    for number in 0..4 {
        let email = format!("p{number}@compilers.example");
        stage
            .person(json!({
                "full_name": format!("Person {number}"), "organization_name": "Compilers Ltd",
                "emails": [{ "value": email }],
            }))
            .await;
    }
    let stopping = tokio_util::sync::CancellationToken::new();
    let done = async {
        let all = async || {
            stage.deliveries().await.iter().all(|delivery| delivery["state"] == "delivered")
        };
        super::super::stage::eventually("all four", all).await;
        stopping.cancel();
    };
    tokio::join!(tandem::jobs::run(stage.hub.hub.clone(), 2, stopping.clone()), done);

    let there = stage.outbound().await;
    assert_eq!(list(&there, "persons").len(), 4);
    assert_eq!(list(&there, "organizations").len(), 1, "{there:#}");
    assert_eq!(list(&there, "fields").len(), 1);
}

#[tokio::test]
async fn a_person_who_is_there_gets_the_label_and_keeps_everything_else() {
    let stage = Stage::of(20).await;
    let made = json!({ "full_name": "Somebody Else", "emails": [{ "value": "x@y.example" }] });
    stage.person(made).await;
    stage.work().await;
    let first = list(&stage.outbound().await, "persons")[0].clone();
    // Forgotten here, known there.
    stage.sql("delete from contact").await;
    stage.sql("delete from delivery").await;

    stage.person(json!({ "full_name": "X. Y.", "emails": [{ "value": "X@y.example" }] })).await;
    stage.work().await;

    let delivery = stage.delivery().await;
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    assert_eq!(delivery["remote_id"], first["id"].to_string());
    assert_eq!(delivery["person_created"], false);
    assert_eq!(list(&stage.outbound().await, "persons"), &vec![first], "nothing of it changed");
}

#[tokio::test]
async fn several_people_with_the_address_wait_for_a_choice() {
    let stage = Stage::of(5).await;
    stage.control("POST", "/search_lag", json!({ "ms": 3_600_000 })).await;
    let both = |name: &str| json!({ "full_name": name, "emails": [{ "value": "both@y.example" }] });
    for name in ["One", "Two"] {
        stage.person(both(name)).await;
        stage.work().await;
        // Forgotten here; the search over there does not show it yet.
        stage.sql("delete from contact").await;
        stage.sql("delete from delivery").await;
    }
    stage.control("POST", "/search_lag", json!({ "ms": 0 })).await;
    let contact = stage.person(both("Three")).await;
    stage.work().await;
    let delivery = stage.delivery().await;
    assert_eq!((&delivery["state"], &delivery["cause"]), (&json!("failed"), &json!("ambiguous")));
    let candidates = delivery["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 2, "{delivery:#}");

    let chosen = candidates[1]["remote_id"].clone();
    let path = format!("/api/deliveries/{}/choose", delivery["id"].as_str().unwrap());
    let answer = stage.acme.owner.browser.post(&path, json!({ "remote_id": chosen })).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    stage.work().await;

    let delivery = stage.delivery().await;
    assert_eq!((&delivery["state"], &delivery["remote_id"]), (&json!("delivered"), &chosen));
    assert_eq!(list(&stage.outbound().await, "persons").len(), 2, "nobody was made");
    let shown = stage.acme.owner.browser.get(&format!("/api/contacts/{contact}")).await.expect(200);
    assert_eq!(shown["linked"][0]["remote_id"], chosen);
}

#[tokio::test]
async fn an_owner_whom_the_crm_does_not_know_leaves_it_to_the_connections_user() {
    let stage = Stage::of(5).await;
    stage.person(hopper()).await;
    stage.work().await;
    let delivery = stage.delivery().await;
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    assert_eq!(delivery["remarks"][0]["code"], "owner_of_connection", "{delivery:#}");
    let owner: String = stage.hub.value("select account_user_id from connection").await;
    assert_eq!(list(&stage.outbound().await, "persons")[0]["owner_id"].to_string(), owner);
}

#[tokio::test]
async fn without_the_right_to_add_words_the_person_comes_without_them() {
    let stage = Stage::of(5).await;
    stage.fault(json!({ "kind": "status_5xx", "status": 403, "path": "/personFields", "method": "POST", "times": null })).await;
    stage.person(hopper()).await;
    stage.work().await;
    let delivery = stage.delivery().await;
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    let there = stage.outbound().await;
    assert_eq!(list(&there, "fields").len(), 0);
    assert_eq!(list(&there, "persons")[0]["custom_fields"], json!({}));
}
