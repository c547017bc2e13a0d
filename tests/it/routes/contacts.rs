//! `/api/contacts`.

use serde_json::{Value, json};
use tandem::policy::Plan;

use crate::harness::{Browser, TestHub};

async fn add(browser: &Browser, name: &str) -> String {
    let contact = browser.post("/api/contacts", json!({ "full_name": name })).await.expect(201);
    contact["id"].as_str().unwrap().to_owned()
}

fn names(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| contact["full_name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_contact_is_written_read_changed_and_deleted() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.admin.browser;
    let body = json!({
        "full_name": " Ada Lovelace ", "first_name": "Ada", "organization_name": "Analytical Engines",
        "emails": [{ "value": "Ada@Example.com", "label": "work" }, { "value": "ada@example.com" }],
        "phones": [{ "value": "030 901820" }], "warmness": 7, "tags": ["maths"],
    });
    let contact = browser.post("/api/contacts", body).await.expect(201);
    assert_eq!(contact["full_name"], "Ada Lovelace");
    assert_eq!(
        contact["emails"],
        json!([{ "value": "Ada@Example.com", "label": "work", "primary": true }])
    );
    assert_eq!(contact["phones"][0]["e164"], "+4930901820");
    assert_eq!(contact["owner"]["member_id"], acme.admin.id.to_string());
    assert_eq!(contact["edited"], json!([]));
    let path = format!("/api/contacts/{}", contact["id"].as_str().unwrap());

    // A part, by either method: what is left out stays, null empties.
    let changed =
        browser.patch(&path, json!({ "warmness": 3, "first_name": null })).await.expect(200);
    assert_eq!((&changed["warmness"], &changed["first_name"]), (&json!(3), &json!(null)));
    assert_eq!(changed["organization"]["name"], "Analytical Engines");
    assert_eq!(changed["edited"], json!(["first_name"]));
    let changed = browser.put(&path, json!({ "full_name": "A. Lovelace" })).await.expect(200);
    assert_eq!(changed["edited"], json!(["first_name", "full_name"]));
    assert_eq!(browser.get(&path).await.expect(200), changed);

    browser.delete(&path).await.expect(204);
    assert_eq!(browser.get(&path).await.problem(404), "not_found");
    assert_eq!(browser.delete(&path).await.problem(404), "not_found");
    assert_eq!(hub.value::<i64>("select contacts from book").await, 0);
    assert_eq!(hub.value::<i64>("select count(*) from identifier").await, 0);
    let actions: Vec<String> = sqlx::query_scalar("select action from audit_log order by audit_id")
        .fetch_all(&hub.owner)
        .await
        .unwrap();
    assert_eq!(
        actions,
        ["contact.created", "contact.updated", "contact.updated", "contact.deleted"]
    );
    let log: String = hub.value("select string_agg(audit_log::text, '') from audit_log").await;
    assert!(!log.to_lowercase().contains("lovelace"), "{log}");
}

#[tokio::test]
async fn an_address_belongs_to_one_contact_of_a_company_and_to_another_in_the_next() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let globex = hub.company(Plan::Business).await;
    let ada = json!({ "full_name": "Ada", "emails": [{ "value": "ada@example.com" }] });
    let id = acme.admin.browser.post("/api/contacts", ada.clone()).await.expect(201)["id"].clone();
    globex.admin.browser.post("/api/contacts", ada).await.expect(201);

    let again = json!({ "full_name": "Other", "emails": [{ "value": " ADA@example.com" }] });
    let answer = acme.owner.browser.post("/api/contacts", again.clone()).await;
    assert_eq!(answer.problem(409), "duplicate");
    assert_eq!(answer.json()["existing"], id);

    // A consultant learns that it is there, not which one.
    let answer = acme.consultant.browser.post("/api/contacts", again).await;
    assert_eq!(answer.problem(409), "duplicate");
    assert!(answer.json().get("existing").is_none(), "{}", answer.text);

    // Moving onto a taken address is refused too, and leaves everything as it was.
    let other = add(&acme.admin.browser, "Other").await;
    let path = format!("/api/contacts/{other}");
    let body = json!({ "full_name": "X", "emails": [{ "value": "ada@example.com" }] });
    assert_eq!(acme.admin.browser.patch(&path, body).await.problem(409), "duplicate");
    assert_eq!(acme.admin.browser.get(&path).await.expect(200)["full_name"], "Other");
}

#[tokio::test]
async fn a_freed_address_can_be_taken() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.admin.browser;
    let ada = json!({ "full_name": "Ada", "emails": [{ "value": "ada@example.com" }] });
    let id = browser.post("/api/contacts", ada.clone()).await.expect(201)["id"].clone();
    let path = format!("/api/contacts/{}", id.as_str().unwrap());
    browser.patch(&path, json!({ "emails": [{ "value": "new@example.com" }] })).await.expect(200);
    browser.post("/api/contacts", ada).await.expect(201);
}

#[tokio::test]
async fn fifty_requests_at_once_make_one_contact() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let ada = json!({ "full_name": "Ada", "emails": [{ "value": "ada@example.com" }] });
    let all = futures_util::future::join_all(
        (0..50).map(|_| acme.admin.browser.post("/api/contacts", ada.clone())),
    )
    .await;
    let made = all.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in all.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(409), "duplicate");
    }
    assert_eq!(hub.value::<i64>("select count(*) from contact").await, 1);
    assert_eq!(hub.value::<i64>("select contacts from book").await, 1);
}

#[tokio::test]
async fn the_plans_limit_cannot_be_passed_by_two_at_once() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    sqlx::query("update book set contacts = 495").execute(&hub.owner).await.unwrap();
    let all = futures_util::future::join_all((0..20).map(|number| {
        acme.admin.browser.post("/api/contacts", json!({ "full_name": format!("N {number}") }))
    }))
    .await;
    assert_eq!(all.iter().filter(|answer| answer.status == 201).count(), 5);
    let refused = all.iter().find(|answer| answer.status != 201).unwrap();
    assert_eq!(refused.problem(403), "plan");
    assert_eq!(refused.json()["upgrade_to"], "starter");
}

#[tokio::test]
async fn a_consultant_has_the_own_contacts_and_nothing_of_the_others() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let theirs = add(&acme.admin.browser, "Theirs").await;
    let mine = add(&acme.consultant.browser, "Mine").await;
    let me = &acme.consultant.browser;

    let page = me.get("/api/contacts").await.expect(200);
    assert_eq!(names(&page), ["Mine"]);
    assert_eq!(page["total"], 1);
    assert_eq!(names(&me.get("/api/contacts?search=the").await.expect(200)), Vec::<String>::new());
    for (method, body) in
        [("get", None), ("patch", Some(json!({ "warmness": 1 }))), ("delete", None)]
    {
        let path = format!("/api/contacts/{theirs}");
        let answer = match (method, body) {
            ("get", _) => me.get(&path).await,
            ("delete", _) => me.delete(&path).await,
            (_, body) => me.patch(&path, body.unwrap()).await,
        };
        assert_eq!(answer.problem(404), "not_found", "{method}");
    }
    let away = json!({ "owner_member_id": acme.admin.id.uuid() });
    let answer = me.patch(&format!("/api/contacts/{mine}"), away.clone()).await;
    assert_eq!(answer.problem(403), "forbidden");
    // Who sees all may give it away.
    let changed = acme.golden_ticket.browser.patch(&format!("/api/contacts/{mine}"), away).await;
    assert_eq!(changed.expect(200)["owner"]["name"], "The admin");
    assert_eq!(me.get(&format!("/api/contacts/{mine}")).await.problem(404), "not_found");
}

#[tokio::test]
async fn an_owner_is_a_member_of_the_company() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let globex = hub.company(Plan::Business).await;
    for stranger in [globex.owner.id.uuid(), uuid::Uuid::now_v7()] {
        let body = json!({ "full_name": "Ada", "owner_member_id": stranger });
        let answer = acme.admin.browser.post("/api/contacts", body).await;
        assert_eq!(answer.problem(400), "invalid");
        assert_eq!(answer.json()["fields"][0]["field"], "owner_member_id");
    }
    let body = json!({ "full_name": "Ada", "owner_member_id": null });
    let contact = acme.admin.browser.post("/api/contacts", body).await.expect(201);
    assert_eq!(contact["owner"], json!(null));
    let unowned = acme.admin.browser.get("/api/contacts?owner=none").await.expect(200);
    assert_eq!(names(&unowned), ["Ada"]);
}

#[tokio::test]
async fn pages_hold_every_contact_once_in_every_order() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.admin.browser;
    // Equal names, times and warmness: ties must not lose or repeat anybody.
    sqlx::query(
        "insert into contact (company_id, contact_id, full_name, warmness, search)
         select $1, gen_random_uuid(), 'Name ' || n % 7, n % 3, 'x' from generate_series(1, 57) n",
    )
    .bind(acme.id)
    .execute(&hub.owner)
    .await
    .unwrap();
    sqlx::query("update book set contacts = 57").execute(&hub.owner).await.unwrap();
    for sort in
        ["name", "-name", "created", "-created", "updated", "-updated", "warmness", "-warmness"]
    {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let path = format!("/api/contacts?limit=10&sort={sort}{cursor}");
            let page = browser.get(&path).await.expect(200);
            assert_eq!(page["total"], if pages == 0 { json!(57) } else { json!(null) });
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(pages, 6, "{sort}");
        assert_eq!(seen.len(), 57, "{sort}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 57, "{sort}");
    }
    let page = browser.get("/api/contacts?sort=-warmness&limit=200").await.expect(200);
    let warm: Vec<i64> =
        page["items"].as_array().unwrap().iter().map(|c| c["warmness"].as_i64().unwrap()).collect();
    assert!(warm.is_sorted_by(|one, next| one >= next), "{warm:?}");
}

#[tokio::test]
async fn a_search_finds_parts_of_names_addresses_numbers_and_organizations() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.admin.browser;
    let ada = json!({
        "full_name": "Ada Łovelace", "organization_name": "100%_Engines",
        "emails": [{ "value": "Countess@Example.com" }], "phones": [{ "value": "+49 30 901820" }],
        "tags": ["maths"],
    });
    browser.post("/api/contacts", ada).await.expect(201);
    add(browser, "100 Engines").await;
    for (words, found) in [
        ("łove", 1),
        ("COUNTESS@", 1),
        ("%2B4930", 1),
        ("100%25_", 1),
        ("100", 2),
        ("zzz", 0),
        ("a", 1),
        ("", 2),
    ] {
        let page = browser.get(&format!("/api/contacts?search={words}")).await.expect(200);
        assert_eq!(names(&page).len(), found, "{words}");
        assert_eq!(page["total"], found, "{words}");
    }
    for (filter, found) in [
        ("tag=maths", 1),
        ("tag=math", 0),
        ("source=x", 0),
        ("provider=x", 0),
        (&format!("owner={}", acme.admin.id), 2),
        (&format!("owner={}", acme.owner.id), 0),
        ("tag=maths&search=ada", 1),
        ("owner=none", 0),
    ] {
        let page = browser.get(&format!("/api/contacts?{filter}")).await.expect(200);
        assert_eq!(names(&page).len(), found, "{filter}");
    }
}

#[tokio::test]
async fn wrong_fields_and_parameters_are_named() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.admin.browser;
    let body = json!({
        "full_name": "", "emails": [{ "value": "ada" }], "phones": [{ "value": "call me" }],
        "warmness": 11, "tags": ["x".repeat(61)],
    });
    let answer = browser.post("/api/contacts", body).await;
    assert_eq!(answer.problem(400), "invalid");
    let fields: Vec<String> = answer.json()["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["full_name", "emails[0].value", "phones[0].value", "warmness", "tags"]);

    let name = browser.get("/api/contacts?limit=1&sort=name").await.expect(200);
    assert_eq!(name["next_cursor"], json!(null));
    add(browser, "A").await;
    add(browser, "B").await;
    let name = browser.get("/api/contacts?limit=1&sort=name").await.expect(200);
    let of_names = name["next_cursor"].as_str().unwrap();
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=99999999999",
        "sort=age",
        "sort=--name",
        "owner=nobody",
        "cursor=x",
        "cursor=%00",
        "cursor=e30",
        "cursor=bnVsbA",
        &format!("cursor={of_names}"),
        &format!("sort=name&cursor={of_names}x"),
        "search=%00",
    ] {
        let answer = browser.get(&format!("/api/contacts?{query}")).await;
        assert_eq!(answer.problem(400), "invalid", "{query}");
    }
}
