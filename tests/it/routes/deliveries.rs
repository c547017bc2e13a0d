//! `/api/deliveries`: lists, retries and choices.

use serde_json::{Value, json};

use super::leads::{deliveries, of, warm, work};
use crate::{
    connections::{Rig, slug},
    harness::Browser,
};

/// Lets the newest delivery stand as if a worker had left it so.
async fn ended(rig: &Rig, state: &str, cause: &str) {
    let changed = sqlx::query(
        "update delivery set state = $1, cause = $2, reason = 'Because.',
             fields = '[{\"field\": \"emails\", \"words\": \"No such domain\"}]',
             candidates = case $2 when 'ambiguous' then
                 '[{\"remote_id\": \"11\", \"name\": \"Ada\", \"url\": null},
                   {\"remote_id\": \"12\", \"name\": \"Ada L.\", \"url\": null}]'::jsonb end
         where delivery_id = (select delivery_id from delivery order by delivery_id desc limit 1)",
    )
    .bind(state)
    .bind(cause)
    .execute(&rig.hub.owner)
    .await
    .unwrap();
    assert_eq!(changed.rows_affected(), 1);
}

#[tokio::test]
async fn lists_are_narrowed_counted_and_paged() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    let first = warm(owner, "a", 8).await;
    ended(&rig, "failed", "refused").await;
    warm(owner, "b", 8).await;
    ended(&rig, "dead", "gave_up").await;
    let mine = warm(&rig.acme.consultant.browser, "c", 8).await;
    let page = owner.get("/api/deliveries?limit=2").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let counts = &page["counts"];
    assert_eq!(
        (&counts["queued"], &counts["failed"], &counts["dead"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(
        counts["causes"],
        json!([{ "cause": "refused", "count": 1 }, { "cause": "gave_up", "count": 1 }])
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = owner.get(&format!("/api/deliveries?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["counts"]), (1, &json!(null)));
    for (query, most) in [
        ("state=failed".to_owned(), 1),
        ("cause=gave_up".to_owned(), 1),
        (format!("contact={first}"), 1),
        ("kind=activity_create".to_owned(), 0),
        (format!("provider={}", slug()), 3),
        ("provider=none".to_owned(), 0),
        ("state=failed&cause=gave_up".to_owned(), 0),
    ] {
        assert_eq!(deliveries(&rig, &query).await.len(), most, "{query}");
    }
    let of_one = owner.get(&of("deliveries?state=dead")).await.expect(200);
    assert_eq!(of_one["items"].as_array().unwrap().len(), 1);
    let own = rig.acme.consultant.browser.get("/api/deliveries").await.expect(200);
    assert_eq!(
        (own["items"].as_array().unwrap().len(), &own["items"][0]["contact"]["id"]),
        (1, &json!(mine))
    );
    assert_eq!(own["counts"]["failed"], 0);
    for wrong in ["state=lost", "cause=x", "kind=x", "contact=x", "limit=201", "cursor=x"] {
        assert_eq!(owner.get(&format!("/api/deliveries?{wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(owner.get("/api/integrations/none/deliveries").await.problem(404), "not_found");
}

#[tokio::test]
async fn a_delivery_that_failed_is_retried_by_whom_its_contact_belongs_to() {
    let rig = Rig::connected().await;
    let (owner, consultant) = (&rig.acme.owner.browser, &rig.acme.consultant.browser);
    warm(owner, "ada", 8).await;
    ended(&rig, "failed", "refused").await;
    let id = deliveries(&rig, "").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/deliveries/{id}");
    let story = owner.get(&path).await.expect(200);
    let objections = json!([{ "field": "emails", "words": "No such domain" }]);
    assert_eq!(
        (&story["delivery"]["objections"], &story["delivery"]["can_retry"]),
        (&objections, &json!(true))
    );
    assert_eq!(consultant.get(&path).await.problem(404), "not_found");
    assert_eq!(
        consultant.post(&format!("{path}/retry"), json!({})).await.problem(404),
        "not_found"
    );
    let again = owner.post(&format!("{path}/retry"), json!({})).await.expect(202);
    assert_eq!(
        (&again["delivery"]["state"], &again["delivery"]["objections"]),
        (&json!("queued"), &json!([]))
    );
    assert_eq!(owner.post(&format!("{path}/retry"), json!({})).await.problem(409), "not_ended");
    work(&rig).await;
    let story = owner.get(&path).await.expect(200);
    assert_eq!(story["delivery"]["state"], "delivered", "{story}");
    let steps: Vec<&Value> =
        story["attempts"].as_array().unwrap().iter().map(|one| &one["step"]).collect();
    assert!(steps.contains(&&json!("person")), "{story}");
    let audit = "select count(*) from audit_log where action = 'delivery.replayed'";
    assert_eq!(rig.hub.value::<i64>(audit).await, 1);
}

#[tokio::test]
async fn several_are_retried_by_name_by_likeness_or_all_of_them() {
    let rig = Rig::connected().await;
    let (owner, consultant) = (&rig.acme.owner.browser, &rig.acme.consultant.browser);
    for (name, state, cause) in [
        ("a", "failed", "refused"),
        ("b", "dead", "gave_up"),
        ("c", "failed", "scope"),
        ("d", "dead", "withdrawn"),
    ] {
        warm(owner, name, 8).await;
        ended(&rig, state, cause).await;
    }
    warm(consultant, "own", 8).await;
    ended(&rig, "failed", "refused").await;
    let retry = async |browser: &Browser, form: Value| browser.post(&of("retry"), form).await;
    // The own one of two that are alike.
    let done = retry(consultant, json!({ "cause": "refused" })).await.expect(200);
    assert_eq!((&done["replayed"], &done["more"]), (&json!(1), &json!(false)));
    assert_eq!(retry(consultant, json!({ "all": true })).await.problem(403), "forbidden");
    assert_eq!(retry(owner, json!({ "state": "dead" })).await.expect(200)["replayed"], 1);
    let ids: Vec<Value> =
        deliveries(&rig, "cause=scope").await.iter().map(|one| one["id"].clone()).collect();
    let named = json!({ "ids": [ids[0], uuid::Uuid::now_v7()] });
    let done = retry(owner, named).await.expect(200);
    assert_eq!((&done["replayed"], &done["left"]), (&json!(1), &json!(1)));
    let alias = format!("/api/{}/retry", slug());
    assert_eq!(owner.post(&alias, json!({ "all": true })).await.expect(200)["replayed"], 1);
    assert_eq!(deliveries(&rig, "state=queued").await.len(), 4, "all but what was withdrawn");
    for form in [
        json!({}),
        json!({ "ids": [] }),
        json!({ "all": false }),
        json!({ "all": true, "state": "failed" }),
        json!({ "state": "queued" }),
        json!({ "ids": vec![uuid::Uuid::now_v7(); 501] }),
    ] {
        assert_eq!(retry(owner, form.clone()).await.problem(400), "invalid", "{form}");
    }
}

#[tokio::test]
async fn somebody_chooses_among_the_candidates_or_none_of_them() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    warm(owner, "ada", 8).await;
    let id = deliveries(&rig, "").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/deliveries/{id}/choose");
    assert_eq!(owner.post(&path, json!({ "create": true })).await.problem(409), "no_choice");
    ended(&rig, "failed", "ambiguous").await;
    let seen = deliveries(&rig, "").await;
    assert_eq!((&seen[0]["can_choose"], &seen[0]["can_retry"]), (&json!(true), &json!(false)));
    for form in [
        json!({}),
        json!({ "create": false }),
        json!({ "remote_id": "11", "create": true }),
        json!({ "remote_id": "13" }),
        json!({ "remote_id": "" }),
        json!({ "remote_id": "new" }),
    ] {
        assert_eq!(owner.post(&path, form.clone()).await.problem(400), "invalid", "{form}");
    }
    let consultant = &rig.acme.consultant.browser;
    assert_eq!(consultant.post(&path, json!({ "create": true })).await.problem(404), "not_found");
    let chosen = owner.post(&path, json!({ "remote_id": "12" })).await.expect(202);
    assert_eq!(chosen["delivery"]["state"], "queued");
    assert_eq!(rig.hub.value::<String>("select chosen from delivery").await, "12");
    ended(&rig, "failed", "ambiguous").await;
    owner.post(&path, json!({ "create": true })).await.expect(202);
    assert_eq!(rig.hub.value::<String>("select chosen from delivery").await, "new");
}

#[tokio::test]
async fn a_member_finds_their_user_at_the_crm_or_hears_what_to_do() {
    let rig = Rig::connected().await;
    let consultant = &rig.acme.consultant;
    let answer = consultant.browser.post(&of("setup-user"), json!({})).await;
    assert_eq!(answer.problem(404), "no_such_user");
    let users = rig.acme.owner.browser.get(&of("users")).await.expect(200);
    let user =
        users["items"].as_array().unwrap().iter().find(|user| user["active"] == true).unwrap();
    sqlx::query("update member set email = $1 where member_id = $2")
        .bind(user["email"].as_str().unwrap())
        .bind(consultant.id)
        .execute(&rig.hub.owner)
        .await
        .unwrap();
    let found = consultant.browser.post(&of("setup-user"), json!({})).await.expect(200);
    assert_eq!((&found["success"], &found["email"]), (&json!(true), &user["email"]));
    let stored: String = rig.hub.value("select remote_user_id from member_remote_user").await;
    assert_eq!(found["remote_user_id"], json!(stored));
}
