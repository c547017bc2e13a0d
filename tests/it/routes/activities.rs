//! `/api/activities`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tandem::policy::Plan;

use crate::harness::{Browser, Company, TestHub};

async fn contact(browser: &Browser, name: &str) -> String {
    let made = browser.post("/api/contacts", json!({ "full_name": name })).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn log(browser: &Browser, form: Value) -> Value {
    browser.post("/api/activities", form).await.expect(201)
}

async fn acme() -> (TestHub, Company) {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    (hub, acme)
}

#[tokio::test]
async fn an_activity_is_logged_read_changed_and_deleted() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada").await;
    let made = log(
        browser,
        json!({ "contact_id": ada, "kind": "CALL", "subject": " Talked about engines ",
            "note": "Line one\nLine two\t<script>alert(1)</script>", "due_at": "2024-02-29T10:15:00Z",
            "duration_minutes": 30 }),
    )
    .await;
    assert_eq!(made["contact"], json!({ "id": ada, "full_name": "Ada" }));
    assert_eq!(made["member"]["member_id"], acme.admin.id.to_string());
    assert_eq!((&made["kind"], &made["done"]), (&json!("CALL"), &json!(true)));
    assert_eq!(made["title"], "Talked about engines");
    // Text is text: whoever shows it escapes it.
    assert_eq!(made["note"], "Line one\nLine two\t<script>alert(1)</script>");
    assert_eq!(made["due_at"], "2024-02-29T10:15:00+00:00");
    assert_eq!(made["copies"], json!([]));
    let path = format!("/api/activities/{}", made["id"].as_str().unwrap());
    assert_eq!(browser.get(&path).await.expect(200), made);

    let email = json!({ "subject": null, "kind": "EMAIL", "duration_minutes": null });
    let changed = browser.patch(&path, email).await.expect(200);
    assert_eq!((&changed["subject"], &changed["title"]), (&json!(null), &json!("E-mail")));
    assert_eq!((&changed["note"], &changed["duration_minutes"]), (&made["note"], &json!(null)));
    let changed = browser.put(&path, json!({ "has_time": false })).await.expect(200);
    assert_eq!(changed["due_at"], "2024-02-29T00:00:00+00:00");
    let version: i32 = hub.value("select version from activity").await;
    assert_eq!(version, 3);
    // What changes nothing is no version.
    browser.put(&path, json!({ "kind": "EMAIL" })).await.expect(200);
    assert_eq!(hub.value::<i32>("select version from activity").await, 3);

    browser.delete(&path).await.expect(204);
    assert_eq!(browser.get(&path).await.problem(404), "not_found");
    assert_eq!(browser.delete(&path).await.problem(404), "not_found");
    let actions: Vec<String> = sqlx::query_scalar("select action from audit_log order by audit_id")
        .fetch_all(&hub.owner)
        .await
        .unwrap();
    let written =
        ["created", "updated", "updated", "deleted"].map(|verb| format!("activity.{verb}"));
    assert_eq!(actions[1..], written);
    let log: String = hub.value("select string_agg(audit_log::text, '') from audit_log").await;
    assert!(!log.contains("engines") && !log.contains("Line"), "{log}");
}

#[tokio::test]
async fn what_is_wrong_with_an_activity_is_said_field_by_field() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada").await;
    let path = {
        let made = log(browser, json!({ "contact_id": ada, "kind": "CALL" })).await;
        format!("/api/activities/{}", made["id"].as_str().unwrap())
    };
    let cases = [
        ("subject", json!("x".repeat(256))),
        ("subject", json!("two\nlines")),
        ("note", json!("x".repeat(200 * 1024))),
        ("note", json!("a\u{1}b")),
        ("due_at", json!("1899-12-31T23:59:59Z")),
        ("due_at", json!("9999-12-31T23:59:59-01:00")),
        ("duration_minutes", json!(0)),
        ("duration_minutes", json!(1_441)),
        ("booked", json!(true)),
    ];
    for (field, value) in cases {
        let form = json!({ "contact_id": ada, "kind": "CALL", field: value });
        for answer in [
            browser.post("/api/activities", form).await,
            browser.patch(&path, json!({ field: value })).await,
        ] {
            assert_eq!(answer.problem(400), "invalid", "{field}");
            assert_eq!(answer.json()["fields"][0]["field"], field, "{}", answer.text);
        }
    }
    for form in [
        json!({ "contact_id": ada }),
        json!({ "contact_id": ada, "kind": "DANCE" }),
        json!({ "contact_id": "x", "kind": "CALL" }),
        json!({ "contact_id": ada, "kind": "CALL", "due_at": "2023-02-29T10:00:00Z" }),
        json!({ "contact_id": ada, "kind": "CALL", "duration_minutes": 1.5 }),
        json!({ "kind": "CALL" }),
    ] {
        assert_eq!(browser.post("/api/activities", form).await.status, 400);
    }
}

#[tokio::test]
async fn the_edges_of_what_is_right_are_right() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada").await;
    for (field, value) in [
        ("subject", json!("ä".repeat(255))),
        ("note", json!("ä".repeat(100_000))),
        ("due_at", json!("1900-01-01T00:00:00+00:00")),
        ("due_at", json!("9999-12-31T23:59:59+00:00")),
        ("due_at", json!("2028-02-29T23:59:59+00:00")),
        ("duration_minutes", json!(1_440)),
    ] {
        let made = log(browser, json!({ "contact_id": ada, "kind": "CALL", field: value })).await;
        assert_eq!(made[field], value);
    }
    // A list holds the beginning of a long note.
    let page = browser.get(&format!("/api/activities?contact={ada}")).await.expect(200);
    let long = page["items"].as_array().unwrap().iter().find(|one| one["note_cut"] == true);
    assert_eq!(long.unwrap()["note"].as_str().unwrap().chars().count(), 1_000);
}

#[tokio::test]
async fn another_companys_contact_is_as_missing_as_any() {
    let (hub, acme) = acme().await;
    let globex = hub.company(Plan::Business).await;
    let theirs = contact(&globex.admin.browser, "Theirs").await;
    let before: i64 = hub.value("select count(*) from audit_log").await;
    let mut answers = Vec::new();
    for id in [theirs, uuid::Uuid::now_v7().to_string()] {
        let form = json!({ "contact_id": id, "kind": "CALL" });
        let answer = acme.owner.browser.post("/api/activities", form).await;
        assert_eq!(answer.problem(404), "not_found");
        answers.push(answer.anonymous());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(hub.value::<i64>("select count(*) from activity").await, 0);
    assert_eq!(hub.value::<i64>("select count(*) from audit_log").await, before);
}

#[tokio::test]
async fn a_consultant_works_the_activities_of_own_contacts_only() {
    let (_hub, acme) = acme().await;
    let theirs = contact(&acme.admin.browser, "Theirs").await;
    let made = log(&acme.admin.browser, json!({ "contact_id": theirs, "kind": "CALL" })).await;
    let me = &acme.consultant.browser;
    let mine = contact(me, "Mine").await;
    log(me, json!({ "contact_id": mine, "kind": "EMAIL" })).await;
    // Of an own contact, whoever logged it.
    log(&acme.admin.browser, json!({ "contact_id": mine, "kind": "MEETING" })).await;

    let page = me.get("/api/activities/feed").await.expect(200);
    let kinds: Vec<&Value> =
        page["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds.len(), 2, "{page}");
    let path = format!("/api/activities/{}", made["id"].as_str().unwrap());
    for answer in [
        me.get(&path).await,
        me.get(&format!("{path}/sync-status")).await,
        me.put(&path, json!({ "done": false })).await,
        me.delete(&path).await,
        me.post("/api/activities", json!({ "contact_id": theirs, "kind": "CALL" })).await,
    ] {
        assert_eq!(answer.problem(404), "not_found");
    }
    let all = acme.golden_ticket.browser.get("/api/activities/feed").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_done_says_when_a_contact_was_last_contacted_and_a_correction_takes_it_back() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada").await;
    let last = async || {
        let contact = browser.get(&format!("/api/contacts/{ada}")).await.expect(200);
        contact["last_contacted_at"].as_str().map(|at| at.parse::<DateTime<Utc>>().unwrap())
    };
    let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
    assert_eq!(last().await, None);
    let ahead = hub.clock.now() + TimeDelta::days(3);
    log(browser, json!({ "contact_id": ada, "kind": "MEETING", "due_at": ahead })).await;
    log(
        browser,
        json!({ "contact_id": ada, "kind": "CALL", "done": false,
        "due_at": "2026-01-01T00:00:00Z" }),
    )
    .await;
    assert_eq!(last().await, None, "what is to come, or was not done, is no contact");
    log(browser, json!({ "contact_id": ada, "kind": "CALL", "due_at": "2026-02-01T09:00:00Z" }))
        .await;
    let newest = json!({ "contact_id": ada, "kind": "CALL", "due_at": "2026-03-01T09:00:00Z" });
    let newest = log(browser, newest).await;
    log(browser, json!({ "contact_id": ada, "kind": "CALL", "due_at": "2026-01-15T09:00:00Z" }))
        .await;
    assert_eq!(last().await, at("2026-03-01T09:00:00Z"));
    let path = format!("/api/activities/{}", newest["id"].as_str().unwrap());
    browser.patch(&path, json!({ "due_at": "2025-03-01T09:00:00Z" })).await.expect(200);
    assert_eq!(last().await, at("2026-02-01T09:00:00Z"));
    browser.patch(&path, json!({ "due_at": "2026-03-02T09:00:00Z" })).await.expect(200);
    assert_eq!(last().await, at("2026-03-02T09:00:00Z"));
    browser.delete(&path).await.expect(204);
    assert_eq!(last().await, at("2026-02-01T09:00:00Z"));
}

#[tokio::test]
async fn the_feed_is_narrowed_by_every_condition_and_pages_keep_their_order() {
    let (_hub, acme) = acme().await;
    let (admin, owner) = (&acme.admin, &acme.owner);
    let ada = contact(&admin.browser, "Ada").await;
    let bob = contact(&admin.browser, "Bob").await;
    for day in 1..=5 {
        // Several at the same moment: the id settles it.
        for member in [admin, owner] {
            let (id, kind) = if day % 2 == 0 { (&ada, "CALL") } else { (&bob, "EMAIL") };
            let due = format!("2026-03-0{day}T09:00:00Z");
            let form = json!({ "contact_id": id, "kind": kind, "due_at": due, "done": day != 5 });
            log(&member.browser, form).await;
        }
    }
    let fair = json!({ "name": "Autumn fair" });
    let fair = admin.browser.post("/api/campaigns", fair).await.expect(201);
    let fair = fair["id"].as_str().unwrap().to_owned();
    let form = json!({ "contact_id": ada, "kind": "MEETING", "campaign_id": fair,
        "due_at": "2026-02-01T09:00:00Z", "done": true });
    log(&admin.browser, form).await;
    let count = async |query: &str| {
        let page = admin.browser.get(&format!("/api/activities/feed?{query}")).await.expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 11);
    assert_eq!(count(&format!("contact={ada}")).await, 5);
    assert_eq!(count(&format!("campaign={fair}")).await, 1);
    assert_eq!(count(&format!("campaign={ada}")).await, 0);
    assert_eq!(count(&format!("member={}", owner.id)).await, 5);
    assert_eq!(count("kind=EMAIL").await, 6);
    assert_eq!(count("done=false").await, 2);
    assert_eq!(count("from=2026-03-02T09:00:00Z&to=2026-03-04T09:00:00Z").await, 4);
    assert_eq!(count(&format!("contact={ada}&kind=EMAIL")).await, 0);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            admin.browser.get(&format!("/api/activities/feed?limit=3{cursor}")).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            seen.push((item["due_at"].to_string(), item["id"].to_string()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (11, &sorted));
    for wrong in [
        "kind=DANCE",
        "from=yesterday",
        "limit=0",
        "cursor=x",
        "contact=x",
        "campaign=x",
        "done=perhaps",
    ] {
        let answer = admin.browser.get(&format!("/api/activities/feed?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong} {}", answer.text);
    }
}

#[tokio::test]
async fn the_same_activity_sent_twice_with_one_key_is_logged_once() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada").await;
    let send = async || {
        let request = browser.request(reqwest::Method::POST, "/api/activities");
        let form = json!({ "contact_id": ada, "kind": "CALL", "note": "Once" });
        browser.send(request.header("idempotency-key", "call-1").json(&form)).await
    };
    let first = send().await.expect(201);
    let again = send().await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
    assert_eq!(hub.value::<i64>("select count(*) from activity").await, 1);
}

#[tokio::test]
async fn without_a_crm_an_activity_is_synced_nowhere() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada").await;
    let made = log(browser, json!({ "contact_id": ada, "kind": "CALL" })).await;
    let path = format!("/api/activities/{}/sync-status", made["id"].as_str().unwrap());
    assert_eq!(
        browser.get(&path).await.expect(200),
        json!({ "success": true, "synced": false, "pipedriveActivityId": null, "syncAttempts": 0,
            "lastAttempt": null, "copies": [] })
    );
}
