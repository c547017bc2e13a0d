//! What changed at the CRM since the last run: edits, newcomers, deletions, merges.

use serde_json::{Value, json};

use super::stage::Stage;

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(Value::to_string).collect()
}

/// The remote ids of a run's entries with this outcome.
async fn entries(stage: &Stage, run: &Value, outcome: &str) -> Vec<String> {
    let run = run["id"].as_str().unwrap();
    let path = format!("/api/sync-logs/{run}/entries?limit=200&outcome={outcome}");
    let page = stage.acme.owner.browser.get(&path).await.expect(200);
    let mut found: Vec<String> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["remote_id"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    found
}

/// Remote ids of the mappings in this state.
async fn mapped(stage: &Stage, is: &str) -> Vec<String> {
    sqlx::query_scalar(
        "select remote_id from mapping where kind = 'person' and state = $1 order by remote_id",
    )
    .bind(is)
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap()
}

/// Persons that became a contact of their own: nobody else is mapped to it.
async fn loners(stage: &Stage, count: i64) -> Vec<u64> {
    let ids: Vec<String> = sqlx::query_scalar(
        "select min(remote_id) from mapping where kind = 'person'
         group by contact_id having count(*) = 1 order by 1 limit $1",
    )
    .bind(count)
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn an_incremental_import_finds_exactly_what_was_changed_and_created() {
    let stage = Stage::of(620).await;
    stage.import(json!({ "mode": "full" })).await;
    let changed = loners(&stage, 7).await;
    let change = json!({ "change_ids": changed, "create": 5 });
    let done = stage.control("POST", "/persons/mutate", change).await;
    let before = stage.counters().await["total"].as_u64().unwrap();

    let run = stage.import(json!({ "mode": "incremental" })).await;

    assert_eq!((&run["state"], &run["adds_up"]), (&json!("completed"), &json!(true)), "{run}");
    let (mut changed, mut created) = (ids(&done["changed"]), ids(&done["created"]));
    changed.sort();
    created.sort();
    assert_eq!(run["seen"], json!(changed.len() + created.len()), "{run}");
    assert_eq!(entries(&stage, &run, "updated").await, changed);
    assert_eq!(entries(&stage, &run, "created").await, created);
    let asked = stage.counters().await["total"].as_u64().unwrap() - before;
    assert_eq!(asked, 5, "users, fields, and one short page of each kind");
    assert_eq!(run["requests"], 5);
    stage.is_sound().await;

    let again = stage.import(json!({ "mode": "incremental" })).await;
    assert_eq!(again["counts"]["updated"], 0, "{again}");
    assert_eq!(again["counts"]["created"], 0, "{again}");
}

#[tokio::test]
async fn a_before_image_in_the_log_is_what_the_contact_was() {
    let stage = Stage::of(60).await;
    stage.import(json!({ "mode": "full" })).await;
    let id = loners(&stage, 1).await[0];
    let was = full_name(&stage, id).await;
    stage.control("POST", "/persons/mutate", json!({ "change_ids": [id] })).await;

    let run = stage.import(json!({ "mode": "full" })).await;

    let path = format!("/api/sync-logs/{}/entries?outcome=updated", run["id"].as_str().unwrap());
    let page = stage.acme.owner.browser.get(&path).await.expect(200);
    let entry = &page["items"][0];
    assert_eq!(entry["remote_id"], json!(id.to_string()));
    assert_eq!(entry["before"]["full_name"], json!(was));
    assert_eq!(entry["after"]["full_name"], json!(full_name(&stage, id).await));
    assert!(entry["before"].get("emails").is_none(), "only what changed: {entry}");
}

async fn full_name(stage: &Stage, id: u64) -> String {
    sqlx::query_scalar(
        "select full_name from contact join mapping using (contact_id) where remote_id = $1",
    )
    .bind(id.to_string())
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_a_member_edited_survives_every_sync() {
    let stage = Stage::of(60).await;
    stage.import(json!({ "mode": "full" })).await;
    let id = loners(&stage, 1).await[0];
    let contact: uuid::Uuid = sqlx::query_scalar(
        "select contact_id from mapping where kind = 'person' and remote_id = $1",
    )
    .bind(id.to_string())
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap();
    let path = format!("/api/contacts/{contact}");
    let owner = &stage.acme.owner.browser;
    owner.patch(&path, json!({ "full_name": "As We Say" })).await.expect(200);
    stage.control("POST", "/persons/mutate", json!({ "change_ids": [id] })).await;

    stage.import(json!({ "mode": "incremental" })).await;

    let seen = owner.get(&path).await.expect(200);
    assert_eq!(seen["full_name"], "As We Say");
    assert!(seen["last_name"].as_str().unwrap().starts_with("Changed-"), "{seen}");
}

#[tokio::test]
async fn somebody_deleted_there_leaves_a_gone_mapping_and_the_contact_stays() {
    let stage = Stage::of(300).await;
    stage.import(json!({ "mode": "full" })).await;
    let (contacts, people) = (stage.count("contact").await, stage.truth().await);
    let gone = stage.control("POST", "/persons/mutate", json!({ "delete": 6 })).await;
    let mut gone = ids(&gone["deleted"]);
    gone.sort();

    let run = stage.import(json!({ "mode": "full" })).await;

    assert_eq!((&run["state"], &run["adds_up"]), (&json!("completed"), &json!(true)), "{run}");
    assert_eq!(run["seen"], json!(people["persons"].as_u64().unwrap() - 6));
    // Some of the deleted may never have been mapped: held back at the first import.
    let lost = mapped(&stage, "gone").await;
    assert!(!lost.is_empty() && lost.iter().all(|id| gone.contains(id)), "{lost:?} of {gone:?}");
    assert!(mapped(&stage, "linked").await.iter().all(|id| !gone.contains(id)));
    assert_eq!(stage.count("contact").await, contacts);
    stage.is_sound().await;
}

#[tokio::test]
async fn a_merge_keeps_both_contacts_and_only_the_survivor_is_linked() {
    let stage = Stage::of(300).await;
    stage.import(json!({ "mode": "full" })).await;
    let pair = loners(&stage, 2).await;
    let contacts = stage.count("contact").await;
    stage.control("POST", "/persons/mutate", json!({ "merge_ids": [[pair[0], pair[1]]] })).await;

    let run = stage.import(json!({ "mode": "full" })).await;

    assert_eq!((&run["state"], &run["adds_up"]), (&json!("completed"), &json!(true)), "{run}");
    assert_eq!(mapped(&stage, "gone").await, [pair[0].to_string()]);
    assert_eq!(stage.count("contact").await, contacts);
    stage.is_sound().await;
}

#[tokio::test]
async fn when_the_leading_person_of_a_contact_is_merged_away_the_next_one_leads() {
    let stage = Stage::of(300).await;
    stage.import(json!({ "mode": "full" })).await;
    let (lead, next): (String, String) = sqlx::query_as(
        "select lead.remote_id, next.remote_id from mapping lead
         join mapping next using (company_id, contact_id)
         where lead.is_primary and not next.is_primary
         order by (select count(*) from mapping other where other.contact_id = lead.contact_id),
                  lead.remote_id
         limit 1",
    )
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap();
    let (lead, next): (u64, u64) = (lead.parse().unwrap(), next.parse().unwrap());
    stage.control("POST", "/persons/mutate", json!({ "merge_ids": [[lead, next]] })).await;
    stage.import(json!({ "mode": "full" })).await;
    stage.control("POST", "/persons/mutate", json!({ "change_ids": [next] })).await;

    stage.import(json!({ "mode": "full" })).await;

    assert!(full_name(&stage, next).await.contains("Changed-"), "the survivor leads");
    assert_eq!(mapped(&stage, "gone").await, [lead.to_string()]);
}

#[tokio::test]
async fn an_address_that_went_with_the_leading_person_finds_the_contact_no_longer() {
    let stage = Stage::of(620).await;
    stage.import(json!({ "mode": "full" })).await;
    let leads: Vec<String> = sqlx::query_scalar(
        "select remote_id from mapping lead where is_primary and kind = 'person'
           and exists (select from mapping next where next.contact_id = lead.contact_id
                         and next.kind = 'person' and not next.is_primary)",
    )
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    let leads: Vec<u64> = leads.iter().map(|id| id.parse().unwrap()).collect();
    let addresses = "identifier where kind = 'email'";
    let before = stage.count(addresses).await;
    stage.control("POST", "/persons/mutate", json!({ "delete_ids": leads })).await;
    stage.import(json!({ "mode": "full" })).await;

    // The next ones lead now, and what only the first one had is nobody's.
    stage.import(json!({ "mode": "full" })).await;

    assert!(stage.count(addresses).await < before, "nobody had an address of their own");
    stage.is_sound().await;
}

#[tokio::test]
async fn records_that_change_between_two_pages_are_neither_lost_nor_doubled() {
    let stage = Stage::of(1_100).await;
    let meanwhile = json!({ "after_pages": 1, "change": 40, "delete": 10, "create": 10 });
    stage.control("POST", "/persons/mutate", meanwhile).await;

    let first = stage.import(json!({ "mode": "full" })).await;
    assert_eq!((&first["state"], &first["adds_up"]), (&json!("completed"), &json!(true)));
    let second = stage.import(json!({ "mode": "full" })).await;

    assert_eq!(second["seen"], stage.truth().await["persons"]);
    let third = stage.import(json!({ "mode": "full" })).await;
    for none in ["created", "updated", "linked"] {
        assert_eq!(third["counts"][none], 0, "{third}");
    }
    stage.is_sound().await;
}
