//! `/api/reports`: numbers that can be counted by hand, and numbers that must agree.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use tandem::{domain::csv, flows::reports, policy::Plan};

use crate::harness::{Browser, Company, Member, TestHub, seed};

async fn contact(browser: &Browser, name: &str, warmness: u8) -> String {
    let form = json!({ "full_name": name, "warmness": warmness });
    let made = browser.post("/api/contacts", form).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// An activity that is done on this day; its path.
async fn log(browser: &Browser, contact: &str, kind: &str, at: &str, more: Value) -> String {
    let mut form = json!({ "contact_id": contact, "kind": kind, "due_at": at, "done": true });
    for (name, value) in more.as_object().unwrap() {
        form[name] = value.clone();
    }
    let made = browser.post("/api/activities", form).await.expect(201);
    format!("/api/activities/{}", made["id"].as_str().unwrap())
}

async fn report(browser: &Browser, name: &str, query: &str) -> Value {
    browser.get(&format!("/api/reports/{name}?{query}")).await.expect(200)
}

fn items(report: &Value) -> &Vec<Value> {
    report["items"].as_array().unwrap()
}

fn sum(report: &Value, field: &str) -> i64 {
    items(report).iter().map(|one| one[field].as_i64().unwrap()).sum()
}

async fn acme() -> (TestHub, Company) {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    (hub, acme)
}

const OCTOBER: &str = "from=2024-10-01&to=2024-10-31";

#[tokio::test]
async fn a_small_book_is_counted_as_by_hand_and_a_day_ends_at_midnight_utc() {
    let (_hub, acme) = acme().await;
    let (anna, gita) = (&acme.owner.browser, &acme.golden_ticket.browser);
    let ada = contact(anna, "Ada", 0).await;
    let none = json!({});
    // The last moment before, the first and the last one of October, and the first one after.
    log(anna, &ada, "CALL", "2024-09-30T23:59:59.999999Z", none.clone()).await;
    log(anna, &ada, "CALL", "2024-10-01T00:00:00Z", none.clone()).await;
    log(anna, &ada, "MEETING", "2024-10-31T23:59:59.999999Z", json!({ "booked": true })).await;
    log(anna, &ada, "CALL", "2024-11-01T00:00:00Z", none.clone()).await;
    log(gita, &ada, "EMAIL", "2024-10-15T00:00:00Z", json!({ "has_time": false })).await;
    log(gita, &ada, "MEETING", "2024-10-15T09:00:00+02:00", json!({ "booked": false })).await;
    log(gita, &ada, "LINKEDIN", "2024-10-15T10:00:00Z", json!({ "done": false })).await;

    let meetings = report(anna, "meetings", OCTOBER).await;
    assert_eq!(
        meetings["period"],
        json!({ "from": "2024-10-01", "to": "2024-10-31", "step": "day" })
    );
    assert_eq!(items(&meetings).len(), 31);
    assert_eq!((sum(&meetings, "requested"), sum(&meetings, "booked")), (2, 1));
    let last = json!({ "begins": "2024-10-31", "ends": "2024-10-31", "requested": 1, "booked": 1 });
    assert_eq!(items(&meetings)[30], last);
    assert_eq!(items(&meetings)[14]["requested"], 1);

    let methods = report(anna, "methods", OCTOBER).await;
    let told: Vec<(&str, i64)> = items(&methods)
        .iter()
        .map(|one| (one["method"].as_str().unwrap(), one["done"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, [("MEETING", 2), ("CALL", 1), ("EMAIL", 1)]);

    let team = report(anna, "members", OCTOBER).await;
    let of = |member: &Member| {
        let id = member.id.to_string();
        let one = items(&team).iter().find(|one| one["member"]["member_id"] == id).unwrap();
        (one["done"].as_i64(), one["requested"].as_i64(), one["booked"].as_i64())
    };
    assert_eq!(of(&acme.owner), (Some(2), Some(1), Some(1)));
    assert_eq!(of(&acme.golden_ticket), (Some(2), Some(1), Some(0)));
    // Who did nothing is compared, too.
    assert_eq!(of(&acme.admin), (Some(0), Some(0), Some(0)));

    // Weeks begin on Monday and are cut at the period; months likewise.
    let weeks = report(anna, "meetings", "from=2024-10-02&to=2024-11-03").await;
    let first = &items(&weeks)[0];
    assert_eq!((&first["begins"], &first["ends"]), (&json!("2024-10-02"), &json!("2024-10-06")));
    assert_eq!((items(&weeks).len(), sum(&weeks, "requested")), (5, 2));
    let months = report(anna, "meetings", "from=2024-01-31&to=2024-12-01").await;
    assert_eq!((items(&months).len(), sum(&months, "booked")), (12, 1));
}

#[tokio::test]
async fn what_is_kept_by_day_is_what_is_there_members_add_up_and_filters_compose() {
    let (hub, acme) = acme().await;
    let mut dice = StdRng::seed_from_u64(seed());
    let browser = &acme.owner.browser;
    let mut contacts = Vec::new();
    for name in ["A", "B", "C"] {
        contacts.push(contact(browser, name, 0).await);
    }
    let mut campaigns = Vec::new();
    for form in [
        json!({ "name": "Dated", "starts_on": "2024-03-05", "ends_on": "2024-03-20" }),
        json!({ "name": "Open" }),
    ] {
        let made = browser.post("/api/campaigns", form).await.expect(201);
        let path = format!("/api/campaigns/{}", made["id"].as_str().unwrap());
        let some = json!({ "contact_ids": contacts[..2], "outreach": "CALL" });
        browser.post(&format!("{path}/assign-contacts"), some).await.expect(200);
        campaigns.push(path);
    }
    let campaign_id = |at: usize| campaigns[at].rsplit('/').next().unwrap().to_owned();
    let kinds = ["CALL", "EMAIL", "MEETING", "LINKEDIN"];
    let members = acme.members();
    let mut paths: Vec<String> = Vec::new();
    for _ in 0..60 {
        let day = format!("2024-03-{:02}T12:00:00Z", dice.random_range(1..=28));
        match dice.random_range(0..10) {
            0 if !paths.is_empty() => {
                let path = paths.swap_remove(dice.random_range(0..paths.len()));
                browser.delete(&path).await.expect(204);
            }
            1..=3 if !paths.is_empty() => {
                let path = paths.choose(&mut dice).unwrap();
                let kind = kinds.choose(&mut dice).unwrap();
                let form = json!({ "kind": kind, "due_at": day, "done": dice.random_bool(0.7) });
                browser.patch(path, form).await.expect(200);
            }
            _ => {
                // A consultant logs on own contacts; here all are the owner's.
                let member = members[dice.random_range(0..3)];
                let campaign = dice.random_bool(0.4).then(|| campaign_id(dice.random_range(0..2)));
                let more = json!({ "campaign_id": campaign });
                let to = contacts.choose(&mut dice).unwrap();
                let kind = kinds.choose(&mut dice).unwrap();
                paths.push(log(&member.browser, to, kind, &day, more).await);
            }
        }
    }
    // A campaign's days move, another goes for good, and so does a contact.
    browser.patch(&campaigns[0], json!({ "ends_on": "2024-03-25" })).await.expect(200);
    browser.delete(&format!("/api/contacts/{}", contacts[1])).await.expect(204);
    let kept: i64 = hub.value("select sum(logged)::bigint from activity_day").await;
    assert_eq!(kept, hub.value::<i64>("select count(*) from activity").await);
    let off = "select count(*) from (
            select day, member_id, kind, logged, done, booked from activity_day
            where logged <> 0 or done <> 0 or booked <> 0
            except
            select (due_at at time zone 'UTC')::date, member_id, kind, count(*),
                   count(*) filter (where done), count(*) filter (where booked)
            from activity group by 1, 2, 3
        ) as off";
    assert_eq!(hub.value::<i64>(off).await, 0);

    let march = "from=2024-03-01&to=2024-03-31";
    let whole = report(browser, "members", march).await;
    let methods = report(browser, "methods", march).await;
    let meetings = report(browser, "meetings", march).await;
    assert!(sum(&whole, "done") > 10);
    assert_eq!(sum(&whole, "done"), sum(&methods, "done"));
    assert_eq!(sum(&whole, "requested"), sum(&meetings, "requested"));
    assert_eq!(sum(&whole, "booked"), sum(&meetings, "booked"));
    let mut by_both = 0;
    for member in members {
        for kind in kinds {
            let both = format!("{march}&member={}&method={kind}", member.id);
            let told = sum(&report(browser, "methods", &both).await, "done");
            assert_eq!(told, sum(&report(browser, "members", &both).await, "done"));
            by_both += told;
        }
    }
    assert_eq!(by_both, sum(&whole, "done"));
    // A campaign's own page, its contacts one by one, and the report of its time say the same.
    for (path, period) in [
        (&campaigns[0], "from=2024-03-01&to=2024-03-31"),
        (&campaigns[1], "from=2020-01-01&to=2029-12-31"),
    ] {
        let counted = browser.get(path).await.expect(200)["performance"].clone();
        let placed = browser.get(&format!("{path}/contacts")).await.expect(200);
        for field in ["meetings_requested", "meetings_booked"] {
            assert_eq!(counted[field].as_i64(), Some(sum(&placed, field)), "{field}");
        }
        let contacted = items(&placed).iter().filter(|one| !one["contacted_at"].is_null()).count();
        assert_eq!(counted["contacted"], json!(contacted));
        let id = path.rsplit('/').next().unwrap();
        let told = report(browser, "meetings", &format!("{period}&campaign={id}")).await;
        assert_eq!(counted["meetings_requested"].as_i64(), Some(sum(&told, "requested")));
        let funnel = report(browser, "campaigns", &format!("campaign={id}")).await;
        assert_eq!(items(&funnel).len(), 1);
        assert_eq!(items(&funnel)[0]["booked"], counted["meetings_booked"]);
    }
}

#[tokio::test]
async fn a_consultant_counts_the_own_contacts_and_foreign_ids_are_as_empty_as_unknown_ones() {
    let (hub, acme) = acme().await;
    let globex = hub.company(Plan::Business).await;
    let none = json!({});
    let ada = contact(&acme.admin.browser, "Ada", 8).await;
    let bob = contact(&acme.consultant.browser, "Bob", 5).await;
    let eve = contact(&globex.admin.browser, "Eve", 9).await;
    let at = "2024-10-10T10:00:00Z";
    log(&acme.admin.browser, &ada, "CALL", at, none.clone()).await;
    log(&acme.admin.browser, &bob, "CALL", at, none.clone()).await;
    log(&acme.consultant.browser, &bob, "MEETING", at, none.clone()).await;
    log(&globex.admin.browser, &eve, "MEETING", at, none).await;
    let own = &acme.consultant.browser;
    assert_eq!(sum(&report(own, "methods", OCTOBER).await, "done"), 2);
    assert_eq!(sum(&report(&acme.admin.browser, "methods", OCTOBER).await, "done"), 3);
    let team = report(own, "members", OCTOBER).await;
    assert_eq!((items(&team).len(), sum(&team, "booked")), (2, 1));
    let warm = report(own, "warmness", "").await;
    assert_eq!(items(&warm).last().unwrap()["contacts"], json!([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]));
    for query in [
        format!("{OCTOBER}&member={}", globex.admin.id),
        format!("{OCTOBER}&campaign={}", uuid::Uuid::now_v7()),
    ] {
        for (name, field) in [("meetings", "requested"), ("methods", "done"), ("members", "done")] {
            let told = report(&acme.owner.browser, name, &query).await;
            assert_eq!(sum(&told, field), 0, "{name} {query}");
        }
    }
}

#[tokio::test]
async fn warmness_is_told_since_it_is_kept_and_never_before() {
    let (hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let empty = report(browser, "warmness", "").await;
    assert_eq!((&empty["known_since"], items(&empty).len()), (&json!(null), 30));
    assert!(items(&empty).iter().all(|one| one["contacts"].is_null()));
    let ada = contact(browser, "Ada", 2).await;
    let bob = contact(browser, "Bob", 7).await;
    let past = "update warmness_change set day = day - 10";
    sqlx::query(past).execute(&hub.owner).await.unwrap();
    browser.patch(&format!("/api/contacts/{ada}"), json!({ "warmness": 9 })).await.expect(200);
    browser
        .patch(&format!("/api/contacts/{ada}"), json!({ "full_name": "Ada L." }))
        .await
        .expect(200);
    browser.delete(&format!("/api/contacts/{bob}")).await.expect(204);
    let told = report(browser, "warmness", "").await;
    let days = items(&told);
    assert_eq!(told["known_since"], days[19]["begins"]);
    assert!(days[18]["contacts"].is_null());
    assert_eq!(days[19]["contacts"], json!([0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]));
    assert_eq!(days[28]["contacts"], days[19]["contacts"]);
    assert_eq!(days[29]["contacts"], json!([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]));
    // Put together, the days that are over say what they said.
    sqlx::query(past).execute(&hub.owner).await.unwrap();
    let before = report(browser, "warmness", "").await;
    assert!(reports::fold(&hub.hub, acme.id).await.unwrap() == 0, "nothing was twice");
    contact(browser, "Cleo", 7).await;
    contact(browser, "Carl", 7).await;
    let rows = "select count(*) from warmness_change";
    let many: i64 = hub.value(rows).await;
    sqlx::query("update warmness_change set day = day - 1").execute(&hub.owner).await.unwrap();
    let (one, other) =
        tokio::join!(reports::fold(&hub.hub, acme.id), reports::fold(&hub.hub, acme.id));
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(hub.value::<i64>(rows).await, many - 1);
    let after = report(browser, "warmness", "").await;
    assert_eq!(items(&after)[29]["contacts"], json!([0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0]));
    assert_eq!(items(&after)[18]["contacts"], items(&before)[19]["contacts"]);
}

#[tokio::test]
async fn a_report_is_a_file_in_which_nothing_runs() {
    let (_hub, acme) = acme().await;
    let browser = &acme.admin.browser;
    let form = json!({ "name": "=HYPERLINK(\"https://x.example\",\"a\"), 1" });
    browser.post("/api/campaigns", form).await.expect(201);
    let answer = browser.get("/api/reports/export?report=campaigns").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert!(
        answer
            .header("content-disposition")
            .starts_with("attachment; filename=\"tandem-campaigns-")
    );
    let head = ["campaign", "contacts", "contacted", "meetings_requested", "meetings_booked"];
    let first = ["=HYPERLINK(\"https://x.example\",\"a\"), 1", "0", "0", "0", "0"];
    assert_eq!(answer.text, csv::row(head) + &csv::row(first));
    assert!(answer.text.contains("\"'=HYPERLINK("), "{}", answer.text);
    let path = "/api/reports/export?report=meetings&from=2024-02-28&to=2024-02-29";
    let rows = [
        ["from", "to", "meetings_requested", "meetings_booked"],
        ["2024-02-28", "2024-02-28", "0", "0"],
        ["2024-02-29", "2024-02-29", "0", "0"],
    ];
    assert_eq!(browser.get(path).await.text, rows.map(csv::row).concat());
    for report in ["methods", "members", "warmness", "sync"] {
        let answer = browser.get(&format!("/api/reports/export?report={report}")).await;
        assert!(answer.status == 200 && answer.text.contains("\r\n"), "{report}: {}", answer.text);
    }
    assert_eq!(browser.get("/api/reports/export").await.status, 400);
    assert_eq!(browser.get("/api/reports/export?report=secrets").await.status, 400);
}

#[tokio::test]
async fn an_empty_company_has_reports_and_a_period_that_is_none_is_refused() {
    let (hub, acme) = acme().await;
    let browser = &acme.owner.browser;
    for (name, field) in [("meetings", "requested"), ("methods", "done"), ("members", "done")] {
        assert_eq!(sum(&report(browser, name, "").await, field), 0);
    }
    assert_eq!(report(browser, "campaigns", "").await, json!({ "items": [], "more": false }));
    let sync = report(browser, "sync", "").await;
    assert_eq!((sync["runs"].as_array().unwrap().len(), &sync["outcomes"]), (30, &json!([])));
    for query in [
        "from=2024-02-02&to=2024-02-01",
        "from=2000-01-01&to=2026-01-01",
        "from=0001-01-01&to=0001-01-02",
        "from=2023-02-29",
        "from=yesterday",
        "method=PIGEON",
        "member=me",
    ] {
        let answer = browser.get(&format!("/api/reports/methods?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
    }
    // What went to a CRM, by outcome and by how long it took.
    super::furnish::furnish(&hub, &acme).await;
    for sql in [
        "update delivery set state = 'delivered', delivered_at = created_at + interval '5 s'",
        "update sync_run set seen = 7",
    ] {
        sqlx::query(sql).execute(&hub.owner).await.unwrap();
    }
    let sync = report(browser, "sync", "").await;
    assert_eq!(sync["outcomes"], json!([{ "state": "delivered", "deliveries": 1 }]));
    assert_eq!(sync["time_to_crm"]["within_five_seconds"], 1);
    let today = sync["runs"].as_array().unwrap().last().unwrap();
    assert_eq!((&today["failed"], &today["seen"]), (&json!(1), &json!(7)));
}
