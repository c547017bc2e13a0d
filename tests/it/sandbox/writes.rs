//! Refusals in the vendor's words, and what is written can be read.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tandem::sandbox::SandboxConfig;

use super::{Stage, ids, small};

#[tokio::test]
async fn what_v2_does_not_know_is_refused_in_its_words() {
    let stage = Stage::new(small()).await;
    for (path, status, words) in [
        ("/api/v2/persons?type=x", 400, "Unknown query parameter 'type'"),
        ("/api/v2/persons?limit=501", 400, "limit"),
        ("/api/v2/persons?cursor=nonsense", 400, "cursor"),
        ("/api/v2/persons?include_fields=shoe_size", 400, "include_fields"),
        ("/api/v2/persons/search?term=anna&limit=500", 400, "limit"),
        ("/api/v2/persons/999999", 404, "Person not found"),
        ("/api/v2/users/1", 403, "Scope and URL mismatch"),
        ("/api/v1/nothing", 404, "Unknown method ."),
    ] {
        let response = stage.get(path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert!(response.headers().contains_key("x-correlation-id"), "{path}");
        let body: Value = response.json().await.unwrap();
        assert!(body["error"].as_str().unwrap().contains(words), "{path}: {body}");
    }
    let write =
        stage.send("POST", "/api/v2/persons", Some(json!({"name": "A", "job_title": "x"}))).await;
    assert_eq!(write.status(), StatusCode::FORBIDDEN, "contact sync is off");
    let write = stage
        .send(
            "POST",
            "/api/v2/persons",
            Some(json!({"name": "A", "custom_fields": {"title": "x"}})),
        )
        .await;
    let body: Value = write.json().await.unwrap();
    assert_eq!(body["error"], "Validation failed: custom_fields: Unknown key 'title'");
    stage.control("POST", "/scopes", json!({"scope": "base,contacts:full,deals:read"})).await;
    let deal = stage.send("POST", "/api/v2/deals", Some(json!({"title": "x"}))).await;
    assert_eq!(deal.status(), StatusCode::FORBIDDEN, "the app may only read deals");
}

#[tokio::test]
async fn writes_are_read_back_and_a_merge_takes_the_deals_along() {
    let stage = Stage::new(small()).await;
    let created: Value = stage
        .send(
            "POST",
            "/api/v2/persons",
            Some(json!({
                "name": "Grace Brewster Hopper",
                "emails": [{"value": "grace@navy.example"}],
                "label_ids": [3],
            })),
        )
        .await
        .json()
        .await
        .unwrap();
    let id = created["data"]["id"].as_u64().unwrap();
    assert_eq!(created["data"]["last_name"], "Brewster Hopper");
    assert_eq!(created["data"]["emails"][0]["primary"], true);
    let found = stage
        .json("/api/v2/persons/search?term=GRACE@navy.example&fields=email&exact_match=true")
        .await;
    assert_eq!(found["data"]["items"][0]["item"]["id"], id);

    let patch = json!({"phones": [{"value": "+4915112345678"}], "label_ids": []});
    stage.send("PATCH", &format!("/api/v2/persons/{id}"), Some(patch)).await;
    let read = stage.json(&format!("/api/v2/persons/{id}")).await;
    assert_eq!(read["data"]["phones"][0]["value"], "+4915112345678");
    assert_eq!(read["data"]["emails"][0]["value"], "grace@navy.example");

    let deal = stage
        .all("/api/v2/deals?limit=500")
        .await
        .into_iter()
        .find(|deal| deal["person_id"].is_u64())
        .unwrap();
    let gone = deal["person_id"].as_u64().unwrap();
    let merge = stage
        .send("PUT", &format!("/api/v1/persons/{gone}/merge"), Some(json!({"merge_with_id": id})))
        .await;
    assert_eq!(merge.status(), StatusCode::OK);
    assert_eq!(stage.get(&format!("/api/v2/persons/{gone}")).await.status(), StatusCode::NOT_FOUND);
    let moved = stage.all(&format!("/api/v2/deals?limit=500&person_id={id}")).await;
    assert!(ids(&moved).contains(&deal["id"].as_u64().unwrap()));
    let truth = stage.control("GET", &format!("/truth/persons?ids={gone}"), json!({})).await;
    assert_eq!(truth[0]["merged_into"], id);

    let deleted = stage.send("DELETE", &format!("/api/v2/persons/{id}"), None).await;
    assert_eq!(
        deleted.json::<Value>().await.unwrap(),
        json!({"success": true, "data": {"id": id}})
    );
    assert!(
        stage.json(&format!("/api/v2/persons?ids={id}")).await["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn deleted_and_archived_deals_are_listed_only_when_asked_for() {
    let scopes = "base,contacts:full,deals:full".to_owned();
    let stage = Stage::new(SandboxConfig { scopes, ..small() }).await;
    let deals = ids(&stage.all("/api/v2/deals?limit=500").await);
    let [gone, shelved] = [deals[0], deals[1]];
    stage.send("DELETE", &format!("/api/v2/deals/{gone}"), None).await;
    let archive = json!({"is_archived": true});
    stage.send("PATCH", &format!("/api/v2/deals/{shelved}"), Some(archive)).await;

    assert_eq!(ids(&stage.all("/api/v2/deals?limit=500").await), deals[2..]);
    assert_eq!(ids(&stage.all("/api/v2/deals/archived?limit=500").await), [shelved]);
    let deleted = stage.all("/api/v2/deals?limit=500&status=deleted").await;
    assert_eq!(ids(&deleted), [gone]);
    assert_eq!(
        (&deleted[0]["status"], &deleted[0]["is_deleted"]),
        (&json!("deleted"), &json!(true))
    );
}
