//! `/api/campaigns`.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tandem::policy::Plan;

use crate::harness::{Browser, Company, TestHub};

async fn contact(browser: &Browser, name: &str, email: &str) -> String {
    let form = json!({ "full_name": name, "emails": [{ "value": email }] });
    let made = browser.post("/api/contacts", form).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// The path of a new campaign.
async fn campaign(browser: &Browser, form: Value) -> String {
    let made = browser.post("/api/campaigns", form).await.expect(201);
    format!("/api/campaigns/{}", made["id"].as_str().unwrap())
}

async fn assign(browser: &Browser, path: &str, form: Value) -> Value {
    browser.post(&format!("{path}/assign-contacts"), form).await.expect(200)
}

async fn acme() -> (TestHub, Company) {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    (hub, acme)
}

#[tokio::test]
async fn a_campaign_is_made_read_changed_and_deleted() {
    let (hub, acme) = acme().await;
    let browser = &acme.golden_ticket.browser;
    let form = json!({
        "name": " Autumn fair ", "description": "Line one\nLine two", "sector": "Retail",
        "theme": "", "starts_on": "2024-02-29", "ends_on": "2024-02-29",
        "member_ids": [acme.owner.id.to_string(), acme.consultant.id.to_string(), acme.owner.id.to_string()],
    });
    let made = browser.post("/api/campaigns", form).await.expect(201);
    assert_eq!((&made["name"], &made["theme"]), (&json!("Autumn fair"), &json!(null)));
    assert_eq!(
        (&made["starts_on"], &made["ends_on"]),
        (&json!("2024-02-29"), &json!("2024-02-29"))
    );
    let people: Vec<&str> = made["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(people, ["The consultant", "The owner"]);
    let nothing =
        json!({ "contacts": 0, "contacted": 0, "meetings_requested": 0, "meetings_booked": 0 });
    assert_eq!(made["performance"], nothing);
    let path = format!("/api/campaigns/{}", made["id"].as_str().unwrap());
    // Everybody sees it.
    for member in acme.members() {
        assert_eq!(member.browser.get(&path).await.expect(200), made);
        let list = member.browser.get("/api/campaigns").await.expect(200);
        assert_eq!(list["items"], json!([made]));
    }
    let part = json!({ "theme": "Trust", "sector": null, "ends_on": null, "member_ids": [] });
    let changed = browser.patch(&path, part).await.expect(200);
    assert_eq!((&changed["theme"], &changed["sector"]), (&json!("Trust"), &json!(null)));
    assert_eq!((&changed["people"], &changed["ends_on"]), (&json!([]), &json!(null)));
    assert_eq!(changed["description"], made["description"]);
    let changed = browser.put(&path, json!({ "name": "Winter fair" })).await.expect(200);
    assert_eq!((&changed["name"], &changed["theme"]), (&json!("Winter fair"), &json!("Trust")));
    browser.delete(&path).await.expect(204);
    assert_eq!(browser.get(&path).await.problem(404), "not_found");
    let log: String = hub.value("select string_agg(audit_log::text, '') from audit_log").await;
    for verb in ["created", "updated", "deleted"] {
        assert!(log.contains(&format!("campaign.{verb}")), "{log}");
    }
    assert!(!log.contains("fair") && !log.contains("Retail"), "{log}");
}

#[tokio::test]
async fn a_consultant_sees_campaigns_and_changes_none() {
    let (_hub, acme) = acme().await;
    let path = campaign(&acme.admin.browser, json!({ "name": "A" })).await;
    let mine = contact(&acme.consultant.browser, "Mine", "mine@x.example").await;
    let theirs = contact(&acme.admin.browser, "Theirs", "theirs@x.example").await;
    assign(&acme.admin.browser, &path, json!({ "contact_ids": [mine, theirs] })).await;
    let browser = &acme.consultant.browser;
    let seen = browser.get(&format!("{path}/contacts")).await.expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["contact_id"], json!(mine));
    assert_eq!(browser.get(&path).await.expect(200)["performance"]["contacts"], 1);
    let place = format!("{path}/contacts/{mine}");
    for answer in [
        browser.post("/api/campaigns", json!({ "name": "B" })).await,
        browser.patch(&path, json!({ "name": "B" })).await,
        browser.put(&path, json!({ "name": "B" })).await,
        browser.delete(&path).await,
        browser.post(&format!("{path}/assign-contacts"), json!({ "contact_ids": [mine] })).await,
        browser.patch(&place, json!({ "note": "B" })).await,
        browser.delete(&place).await,
    ] {
        assert_eq!(answer.problem(403), "forbidden");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_campaign_is_said_field_by_field() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let path = campaign(browser, json!({ "name": "A", "starts_on": "2026-05-02" })).await;
    let globex = hub.company(Plan::Business).await;
    let nobodys = uuid::Uuid::now_v7().to_string();
    let cases = [
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!("x".repeat(121))),
        ("name", json!("two\nlines")),
        ("description", json!("x".repeat(5_001))),
        ("description", json!("a\u{1}b")),
        ("sector", json!("x".repeat(121))),
        ("theme", json!("a\tb")),
        ("starts_on", json!("1899-12-31")),
        ("ends_on", json!("2026-05-01")),
        ("member_ids", json!(vec![nobodys.clone(); 501])),
        ("member_ids", json!([globex.owner.id.to_string()])),
        ("member_ids", json!([nobodys])),
    ];
    for (field, value) in cases {
        let mut form = json!({ "name": "B", "starts_on": "2026-05-02" });
        form[field] = value.clone();
        for answer in [
            browser.post("/api/campaigns", form).await,
            browser.patch(&path, json!({ field: value })).await,
        ] {
            assert_eq!(answer.problem(400), "invalid", "{field}");
            assert_eq!(answer.json()["fields"][0]["field"], field, "{}", answer.text);
        }
    }
    // Reversed by either end.
    let late = browser.patch(&path, json!({ "ends_on": "2026-05-02" })).await.expect(200);
    assert_eq!(late["ends_on"], "2026-05-02");
    let answer = browser.patch(&path, json!({ "starts_on": "2026-05-03" })).await;
    assert_eq!(answer.problem(400), "invalid");
    for form in
        [json!({}), json!({ "name": "B", "starts_on": "2023-02-29" }), json!({ "name": [] })]
    {
        let answer = browser.post("/api/campaigns", form.clone()).await;
        assert_eq!(answer.status, 400, "{form}: {}", answer.text);
    }
    for (field, value) in [
        ("name", json!("ä".repeat(120))),
        ("description", json!("ä".repeat(5_000))),
        ("starts_on", json!("1900-01-01")),
        ("ends_on", json!("9999-12-31")),
    ] {
        let changed = browser.patch(&path, json!({ field: value })).await.expect(200);
        assert_eq!(changed[field], value);
    }
}

#[tokio::test]
async fn contacts_are_assigned_by_selection_and_each_is_accounted_for() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let path = campaign(browser, json!({ "name": "A" })).await;
    let ada = contact(browser, "Ada", "ada@x.example").await;
    let bob = contact(browser, "Bob", "bob@x.example").await;
    let globex = hub.company(Plan::Business).await;
    let foreign = contact(&globex.admin.browser, "Foreign", "foreign@x.example").await;
    let form = json!({ "contact_ids": [ada], "outreach": "LINKEDIN", "note": "Met in Rome" });
    assert_eq!(assign(browser, &path, form).await["added"], 1);
    // Those that are there stay as they are; an id twice is one contact.
    let form = json!({ "contact_ids": [bob, ada, bob, foreign], "outreach": "CALL" });
    let told = assign(browser, &path, form).await;
    assert_eq!((&told["added"], &told["already_there"]), (&json!(1), &json!(1)));
    assert_eq!(told["added_items"], json!([{ "id": bob, "full_name": "Bob" }]));
    assert_eq!(told["already_there_items"], json!([{ "id": ada, "full_name": "Ada" }]));
    assert_eq!(told["not_found"], json!([foreign]));
    let page = browser.get(&format!("{path}/contacts")).await.expect(200);
    let adas = page["items"].as_array().unwrap().iter().find(|one| one["contact_id"] == json!(ada));
    assert_eq!(
        (&adas.unwrap()["outreach"], &adas.unwrap()["note"]),
        (&json!("LINKEDIN"), &json!("Met in Rome"))
    );

    let place = format!("{path}/contacts/{ada}");
    let placed = browser.patch(&place, json!({ "outreach": null, "note": "Calls back" })).await;
    let placed = placed.expect(200);
    assert_eq!((&placed["outreach"], &placed["note"]), (&json!(null), &json!("Calls back")));
    browser.delete(&place).await.expect(204);
    assert_eq!(browser.delete(&place).await.problem(404), "not_found");
    // Ten thousand ids are taken, one more is not.
    let many = |count: usize| -> Vec<String> {
        (0..count).map(|_| uuid::Uuid::now_v7().to_string()).collect()
    };
    let told = assign(browser, &path, json!({ "contact_ids": many(10_000) })).await;
    assert_eq!(told["not_found"].as_array().unwrap().len(), 10_000);
    let path = format!("{path}/assign-contacts");
    let answer = browser.post(&path, json!({ "contact_ids": many(10_001) })).await;
    assert_eq!(answer.problem(400), "invalid");
    for form in [
        json!({}),
        json!({ "contact_ids": [], "emails": "" }),
        json!({ "contact_ids": [ada], "outreach": "PIGEON" }),
        json!({ "contact_ids": ["ada"] }),
        json!({ "contact_ids": [ada], "note": "x".repeat(5_001) }),
        json!({ "filter": { "owner": "me" } }),
    ] {
        assert_eq!(browser.post(&path, form.clone()).await.status, 400, "{form}");
    }
    // Deleted for good: it leaves the campaign, and the campaign leaves the contact alone.
    browser.delete(&format!("/api/contacts/{bob}")).await.expect(204);
    assert_eq!(hub.value::<i64>("select count(*) from campaign_contact").await, 0);
}

#[tokio::test]
async fn contacts_are_assigned_by_the_filters_of_the_list() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let path = campaign(browser, json!({ "name": "A" })).await;
    for (at, name) in ["Ada One", "Ada Two", "Bob"].into_iter().enumerate() {
        contact(browser, name, &format!("c{at}@x.example")).await;
    }
    contact(&acme.consultant.browser, "Ada Three", "c3@x.example").await;
    let form = json!({ "filter": { "search": "ada", "owner": acme.admin.id.to_string() } });
    assert_eq!(assign(browser, &path, form).await["added"], 2);
    let told = assign(browser, &path, json!({ "filter": {} })).await;
    assert_eq!((&told["added"], &told["already_there"]), (&json!(2), &json!(2)));
    // And the list filters by campaign.
    let id = path.rsplit('/').next().unwrap();
    let found = browser.get(&format!("/api/contacts?campaign={id}&search=bob")).await.expect(200);
    assert_eq!(found["items"][0]["full_name"], "Bob");
    let none = format!("/api/contacts?campaign={}", uuid::Uuid::now_v7());
    assert_eq!(browser.get(&none).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn pasted_addresses_are_found_told_as_missing_or_as_unreadable() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let path = campaign(browser, json!({ "name": "A" })).await;
    let ada = contact(browser, "Ada", "ada@x.example").await;
    contact(browser, "Bob", "bob@x.example").await;
    let globex = hub.company(Plan::Business).await;
    contact(&globex.admin.browser, "Foreign", "foreign@x.example").await;
    let pasted = "\u{feff}\"Lovelace, Ada\" <ADA@x.example>\r\nmailto:bob@x.example?cc=a;\tada@x.example,\n\
                  foreign@x.example nobody@x.example\nnot an address\nx@localhost\n\n";
    let told = assign(browser, &path, json!({ "emails": pasted })).await;
    assert_eq!((&told["added"], &told["already_there"]), (&json!(2), &json!(0)));
    assert_eq!(told["not_found"], json!(["foreign@x.example", "nobody@x.example"]));
    assert_eq!(told["unreadable"], json!(["not an address", "x@localhost"]));
    let told = assign(browser, &path, json!({ "emails": "ada@x.example" })).await;
    assert_eq!(told["already_there_items"], json!([{ "id": ada, "full_name": "Ada" }]));
    assert_eq!(assign(browser, &path, json!({ "emails": "" })).await["added"], 0);
    let many: Vec<String> = (0..10_001).map(|at| format!("a{at}@x.example")).collect();
    let many = many.join("\n");
    let path = format!("{path}/assign-contacts");
    let answer = browser.post(&path, json!({ "emails": many })).await;
    assert_eq!(answer.problem(400), "invalid");
}

#[tokio::test]
async fn performance_counts_what_was_done_for_the_campaign_and_in_its_days() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let now = hub.clock.now();
    let day = |days: i64| (now + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    let at = |days: i64| (now + TimeDelta::days(days)).to_rfc3339();
    let form = json!({ "name": "A", "starts_on": day(-10), "ends_on": day(20) });
    let path = campaign(browser, form).await;
    let id = path.rsplit('/').next().unwrap();
    let mut ids = Vec::new();
    for name in ["ada", "bob", "eve", "out"] {
        ids.push(contact(browser, name, &format!("{name}@x.example")).await);
    }
    let [ada, bob, eve, out] = &ids[..] else { unreachable!() };
    assign(browser, &path, json!({ "contact_ids": [ada, bob, eve] })).await;
    let mut meeting = String::new();
    for form in [
        // Counts: in its days, twice the same contact.
        json!({ "contact_id": ada, "kind": "CALL", "due_at": at(-1) }),
        json!({ "contact_id": ada, "kind": "MEETING", "due_at": at(3) }),
        // Counts though before it: the activity says so.
        json!({ "contact_id": bob, "kind": "EMAIL", "due_at": at(-30), "campaign_id": id }),
        // Asked for only.
        json!({ "contact_id": bob, "kind": "MEETING", "booked": false, "done": true, "due_at": at(-2) }),
        // Do not count: too early, still to come, of no contact of the campaign.
        json!({ "contact_id": eve, "kind": "CALL", "due_at": at(-30) }),
        json!({ "contact_id": eve, "kind": "CALL", "due_at": at(2), "done": false }),
        json!({ "contact_id": out, "kind": "CALL", "campaign_id": id }),
    ] {
        let made = browser.post("/api/activities", form).await.expect(201);
        if made["booked"] == false && made["kind"] == "MEETING" {
            meeting = format!("/api/activities/{}", made["id"].as_str().unwrap());
        }
    }
    let counted = async || browser.get(&path).await.expect(200)["performance"].clone();
    let expected = |booked: u64| json!({ "contacts": 3, "contacted": 2, "meetings_requested": 2, "meetings_booked": booked });
    assert_eq!(counted().await, expected(1));
    let list = browser.get("/api/campaigns").await.expect(200);
    assert_eq!(list["items"][0]["performance"], expected(1));
    // A meeting that was asked for is agreed upon; no CRM has to hear of that, nor of the campaign.
    let version: i32 = hub.value("select max(version) from activity").await;
    browser.patch(&meeting, json!({ "booked": true, "campaign_id": id })).await.expect(200);
    assert_eq!(counted().await, expected(2));
    assert_eq!(hub.value::<i32>("select max(version) from activity").await, version);
    let page = browser.get(&format!("{path}/contacts")).await.expect(200);
    let bobs = page["items"].as_array().unwrap().iter().find(|one| one["contact_id"] == json!(bob));
    assert_eq!(bobs.unwrap()["meetings_booked"], 1);
    // Activities outlive their campaign.
    browser.delete(&path).await.expect(204);
    assert_eq!(browser.get(&meeting).await.expect(200)["campaign"], json!(null));
}

#[tokio::test]
async fn an_activity_is_for_a_campaign_of_its_own_company() {
    let (hub, acme) = acme().await;
    let globex = hub.company(Plan::Business).await;
    let browser = &acme.admin.browser;
    let ada = contact(browser, "Ada", "ada@x.example").await;
    let path = campaign(browser, json!({ "name": "Ours" })).await;
    let ours = path.rsplit('/').next().unwrap();
    let theirs = campaign(&globex.admin.browser, json!({ "name": "Theirs" })).await;
    let theirs = theirs.rsplit('/').next().unwrap().to_owned();
    let form = json!({ "contact_id": ada, "kind": "CALL", "campaign_id": ours });
    let made = browser.post("/api/activities", form).await.expect(201);
    assert_eq!(made["campaign"], json!({ "id": ours, "name": "Ours" }));
    let activity = format!("/api/activities/{}", made["id"].as_str().unwrap());
    let mut answers = Vec::new();
    for id in [theirs, uuid::Uuid::now_v7().to_string()] {
        let form = json!({ "contact_id": ada, "kind": "CALL", "campaign_id": id });
        for answer in [
            browser.post("/api/activities", form).await,
            browser.patch(&activity, json!({ "campaign_id": id })).await,
        ] {
            assert_eq!(answer.problem(400), "invalid");
            assert_eq!(answer.json()["fields"][0]["field"], "campaign_id");
            answers.push(answer.anonymous());
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let freed = browser.patch(&activity, json!({ "campaign_id": null })).await.expect(200);
    assert_eq!(freed["campaign"], json!(null));
}

#[tokio::test]
async fn campaigns_and_their_contacts_are_paged_without_gaps() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let mut path = String::new();
    for at in 0..3 {
        path = campaign(browser, json!({ "name": format!("C{at}") })).await;
    }
    let mut ids = Vec::new();
    for at in 0..3 {
        ids.push(contact(browser, "X", &format!("x{at}@x.example")).await);
    }
    // At one moment, so that ids settle the order.
    assign(browser, &path, json!({ "contact_ids": ids })).await;
    for list in ["/api/campaigns", &format!("{path}/contacts")] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for _ in 0..3 {
            let page = browser.get(&format!("{list}?limit=1{cursor}")).await.expect(200);
            let item = &page["items"][0];
            seen.push(item.get("id").or(item.get("contact_id")).unwrap().to_string());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3, "{list}: {seen:?}");
        assert_eq!(browser.get(&format!("{list}?cursor=x")).await.problem(400), "invalid");
        assert_eq!(browser.get(&format!("{list}?limit=0")).await.problem(400), "invalid");
    }
}
