//! `/api/contacts/bulk`, `/api/contacts/tags` and `/api/saved-filters`.

use serde_json::{Value, json};
use tandem::policy::Plan;

use crate::harness::{Browser, Company, TestHub};

async fn acme() -> (TestHub, Company) {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    (hub, acme)
}

async fn contact(browser: &Browser, name: &str, tags: &[&str]) -> String {
    let form = json!({ "full_name": name, "tags": tags });
    let made = browser.post("/api/contacts", form).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn change(browser: &Browser, form: Value) -> Value {
    browser.post("/api/contacts/bulk", form).await.expect(200)
}

async fn get(browser: &Browser, id: &str) -> Value {
    browser.get(&format!("/api/contacts/{id}")).await.expect(200)
}

#[tokio::test]
async fn many_are_given_away_and_back_by_what_the_answer_tells() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let globex = hub.company(Plan::Business).await;
    let ada = contact(browser, "Ada", &[]).await;
    let bob = contact(&acme.consultant.browser, "Bob", &[]).await;
    let theirs = contact(&globex.admin.browser, "Theirs", &[]).await;
    let owner = acme.consultant.id.to_string();
    let form = json!({ "contact_ids": [ada, bob, ada, theirs], "owner_member_id": owner });
    let done = change(browser, form).await;
    assert_eq!((&done["matched"], &done["changed"]), (&json!(2), &json!(1)));
    assert_eq!((&done["changed_ids"], &done["not_found"]), (&json!([ada]), &json!([theirs])));
    let before = json!([{ "owner_member_id": acme.admin.id.to_string(), "contact_ids": [ada] }]);
    assert_eq!(done["owners_before"], before);
    let shown = get(browser, &ada).await;
    assert_eq!(
        (&shown["owner"]["member_id"], &shown["edited"]),
        (&json!(owner), &json!(["owner"]))
    );
    let form = json!({ "contact_ids": [ada], "owner_member_id": null });
    assert_eq!(change(browser, form).await["changed"], 1);
    assert_eq!(get(browser, &ada).await["owner"], json!(null));
    // Each is in the log, by id.
    let logged = format!(
        "select count(*) from audit_log where action = 'contact.updated' and subject = '{ada}'"
    );
    let logged: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(logged)).fetch_one(&hub.owner).await.unwrap();
    assert_eq!(logged, 2);
    // A foreign owner is as missing as any.
    let mut answers = Vec::new();
    for owner in [globex.admin.id.to_string(), uuid::Uuid::now_v7().to_string()] {
        let form = json!({ "contact_ids": [ada], "owner_member_id": owner });
        let answer = browser.post("/api/contacts/bulk", form).await;
        assert_eq!(answer.problem(400), "invalid");
        answers.push(answer.anonymous());
    }
    assert_eq!(answers[0], answers[1]);
    // Who sees only the own contacts neither gives them away nor touches others.
    let consultant = &acme.consultant.browser;
    let form = json!({ "filter": {}, "owner_member_id": acme.admin.id.to_string() });
    let answer = consultant.post("/api/contacts/bulk", form).await;
    assert_eq!(answer.problem(403), "forbidden");
    let done = change(consultant, json!({ "filter": {}, "add_tag": "mine" })).await;
    assert_eq!(done["changed_ids"], json!([bob]));
    let done = change(consultant, json!({ "contact_ids": [ada], "delete": true })).await;
    assert_eq!((&done["matched"], &done["not_found"]), (&json!(0), &json!([ada])));
}

#[tokio::test]
async fn a_tag_is_added_and_removed_where_it_changes_something() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada", &["vip"]).await;
    let bob = contact(browser, "Bob", &[]).await;
    let full: Vec<String> = (0..50).map(|at| format!("t{at}")).collect();
    let full: Vec<&str> = full.iter().map(String::as_str).collect();
    let eve = contact(browser, "Eve", &full).await;
    let all = json!([ada, bob, eve]);
    let done = change(browser, json!({ "contact_ids": all, "add_tag": " vip " })).await;
    assert_eq!((&done["matched"], &done["changed_ids"]), (&json!(3), &json!([bob])));
    let tags = browser.get("/api/contacts/tags").await.expect(200);
    assert_eq!(tags["items"][0], json!({ "tag": "vip", "contacts": 2 }));
    assert_eq!(tags["items"].as_array().unwrap().len(), 51);
    let none = acme.consultant.browser.get("/api/contacts/tags").await.expect(200);
    assert_eq!(none["items"], json!([]));
    let done = change(browser, json!({ "filter": { "tag": "vip" }, "remove_tag": "vip" })).await;
    assert_eq!(done["changed"], 2);
    assert_eq!(get(browser, &ada).await["tags"], json!([]));
    assert_eq!(get(browser, &eve).await["tags"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn many_are_deleted_with_all_that_hangs_on_them_and_counted() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    for at in 0..3 {
        let id = contact(browser, &format!("Ada {at}"), &[]).await;
        let call = json!({ "contact_id": id, "kind": "CALL" });
        browser.post("/api/activities", call).await.expect(201);
    }
    let bob = contact(browser, "Bob", &[]).await;
    let done = change(browser, json!({ "filter": { "search": "ada" }, "delete": true })).await;
    assert_eq!((&done["matched"], &done["changed"]), (&json!(3), &json!(3)));
    let left = browser.get("/api/contacts").await.expect(200);
    assert_eq!((&left["total"], &left["items"][0]["id"]), (&json!(1), &json!(bob)));
    assert_eq!(
        hub.value::<i64>("select contacts from book order by contacts desc limit 1").await,
        1
    );
    assert_eq!(hub.value::<i64>("select count(*) from activity").await, 0);
    let gone = "select count(*) from audit_log where action = 'contact.deleted'";
    assert_eq!(hub.value::<i64>(gone).await, 3);
}

#[tokio::test]
async fn what_is_wrong_with_a_change_of_many_changes_nobody() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada", &[]).await;
    let many = |count: usize| -> Vec<String> {
        (0..count).map(|_| uuid::Uuid::now_v7().to_string()).collect()
    };
    let done = change(browser, json!({ "contact_ids": many(10_000), "add_tag": "x" })).await;
    assert_eq!(done["not_found"].as_array().unwrap().len(), 10_000);
    for form in [
        json!({ "contact_ids": many(10_001), "add_tag": "x" }),
        json!({ "add_tag": "x" }),
        json!({ "contact_ids": [ada], "filter": {}, "add_tag": "x" }),
        json!({ "contact_ids": [ada] }),
        json!({ "contact_ids": [ada], "delete": false }),
        json!({ "contact_ids": [ada], "add_tag": "x", "delete": true }),
        json!({ "contact_ids": [ada], "add_tag": " " }),
        json!({ "contact_ids": [ada], "add_tag": "x".repeat(61) }),
        json!({ "contact_ids": [ada], "add_tag": "a\nb" }),
        json!({ "contact_ids": [ada], "owner_member_id": "me" }),
        json!({ "filter": { "owner": "me" }, "add_tag": "x" }),
        json!({ "filter": { "campaign": "x" }, "add_tag": "x" }),
    ] {
        assert_eq!(browser.post("/api/contacts/bulk", form.clone()).await.status, 400, "{form}");
    }
    assert_eq!(get(browser, &ada).await["tags"], json!([]));
}

#[tokio::test]
async fn a_filter_is_kept_for_its_member_alone() {
    let (hub, acme) = acme().await;
    let browser = &acme.consultant.browser;
    let filter = json!({ "search": "ada", "owner": "none", "tag": "vip" });
    let form = json!({ "name": " Mine ", "filter": filter, "sort": "-warmness" });
    let made = browser.post("/api/saved-filters", form.clone()).await.expect(201);
    assert_eq!((&made["name"], &made["sort"]), (&json!("Mine"), &json!("-warmness")));
    assert_eq!(
        (&made["filter"]["search"], &made["filter"]["owner"]),
        (&json!("ada"), &json!("none"))
    );
    let list = browser.get("/api/saved-filters").await.expect(200);
    assert_eq!(list["items"], json!([made]));
    assert_eq!(browser.post("/api/saved-filters", form).await.problem(409), "name_taken");
    let path = format!("/api/saved-filters/{}", made["id"].as_str().unwrap());
    let others = &acme.owner.browser;
    assert_eq!(others.get("/api/saved-filters").await.expect(200)["items"], json!([]));
    assert_eq!(others.delete(&path).await.problem(404), "not_found");
    browser.delete(&path).await.expect(204);
    assert_eq!(browser.delete(&path).await.problem(404), "not_found");

    let globex = hub.company(Plan::Business).await;
    let nobodys = uuid::Uuid::now_v7().to_string();
    for form in [
        json!({ "name": "", "filter": {} }),
        json!({ "name": "x".repeat(61), "filter": {} }),
        json!({ "name": "x", "filter": {}, "sort": "size" }),
        json!({ "name": "x", "filter": { "owner": "me" } }),
        json!({ "name": "x", "filter": { "owner": globex.owner.id.to_string() } }),
        json!({ "name": "x", "filter": { "owner": nobodys } }),
        json!({ "name": "x", "filter": { "campaign": nobodys } }),
        json!({ "name": "x" }),
    ] {
        assert_eq!(browser.post("/api/saved-filters", form.clone()).await.status, 400, "{form}");
    }
    for at in 0..50 {
        let form = json!({ "name": format!("{at}"), "filter": {} });
        browser.post("/api/saved-filters", form).await.expect(201);
    }
    let form = json!({ "name": "one more", "filter": {} });
    let answer = browser.post("/api/saved-filters", form).await;
    assert_eq!(answer.problem(409), "too_many_filters");
}
