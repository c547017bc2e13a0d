//! What needs no foreign id: whole answers, headers that name somebody else, and colleagues.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sqlx::AssertSqlSafe;
use tandem::policy::Role;

use super::{
    document::{Names, Place, operations},
    runner::{Report, Visitor, likeness},
    seed::{Foreign, World, cursors},
};
use crate::harness::Browser;

/// In this order last: they end what the others need.
const ENDING: &[&str] = &[
    "revoke_api_key",
    "remove_campaign_contact",
    "delete_campaign",
    "delete_saved_filter",
    "delete_activity",
    "delete_contact",
    "cancel_run",
    "disconnect",
    "delete_connection_data",
    "change_plan",
    "replace_member",
    "update_member",
    "switch_company",
    "remove_member",
    "logout",
];

/// Whoever browses the CRM uses its budget, and that is written down.
const USED: &[&str] = &["budget_use", "connection"];

#[tokio::test]
async fn no_answer_to_anybody_holds_anything_of_another_company() {
    let world = World::seeded().await;
    let mut operations = operations().unwrap_or_else(|uncovered| panic!("{uncovered:?}"));
    operations
        .sort_by_key(|one| ENDING.iter().position(|name| *name == one.name).map_or(0, |at| at + 1));
    let mut report = Report::default();
    let before = world.sum(&world.globex).await;
    for &role in Role::ALL {
        let member = world.acme.member(role);
        let visitor = own(&world, &member.browser, role).await;
        for operation in &operations {
            // Streams do not end; that they begin for nobody else is in the matrix.
            if operation.streams || (operation.name == "logout" && role == Role::Owner) {
                continue;
            }
            let answer = visitor.send(operation, &[]).await;
            report.look(&format!("{role} {}", operation.name), &answer, &world.foreign.secrets);
            report.cases += 1;
        }
        world.arrange(tandem::policy::Plan::Business, "active").await;
    }
    for query in ["limit=200", "search=canary", "search=a", "sort=name", "sort=-warmness&limit=200"]
    {
        let path = format!("/api/contacts?{query}");
        let answer = world.acme.owner.browser.get(&path).await;
        report.look(&path, &answer, &world.foreign.secrets);
    }
    report.must_hold();
    assert_eq!(world.sum(&world.globex).await, before, "something of the other company changed");
    // Whose it is sees it: the secrets are in answers of the same operations.
    let theirs = world.globex.owner.browser.get("/api/contacts?limit=200").await;
    let mut seen = Report::default();
    seen.look("the owner", &theirs, &world.foreign.secrets);
    assert!(seen.broken.len() > 20, "{:?}", seen.broken);
}

async fn own<'a>(world: &'a World, browser: &'a Browser, role: Role) -> Visitor<'a> {
    let contacts = browser.get("/api/contacts").await.expect(200);
    let runs = browser.get("/api/sync-logs").await.expect(200);
    let activities = browser.get("/api/activities").await.expect(200);
    let campaigns = browser.get("/api/campaigns").await.expect(200);
    let filters = browser.get("/api/saved-filters").await.expect(200);
    let deliveries = browser.get("/api/deliveries").await.expect(200);
    let id = |page: &serde_json::Value| {
        page["items"][0]["id"]
            .as_str()
            .map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
    };
    Visitor {
        label: role.to_string(),
        browser,
        world,
        bearer: None,
        own: BTreeMap::from([
            (Names::Contact, id(&contacts)),
            (Names::ApiKey, uuid::Uuid::now_v7().to_string()),
            (Names::File, uuid::Uuid::now_v7().to_string()),
            (Names::Session, uuid::Uuid::now_v7().to_string()),
            (Names::Invitation, uuid::Uuid::now_v7().to_string()),
            (Names::Run, id(&runs)),
            (Names::Activity, id(&activities)),
            (Names::Campaign, id(&campaigns)),
            (Names::SavedFilter, id(&filters)),
            (Names::Delivery, id(&deliveries)),
            (Names::Company, world.acme.id.to_string()),
            (Names::Member, world.acme.member(role).id.to_string()),
        ]),
    }
}

#[tokio::test]
async fn no_header_and_no_parameter_makes_a_request_another_companys() {
    let world = World::seeded().await;
    let operations = operations().unwrap_or_else(|uncovered| panic!("{uncovered:?}"));
    let (browser, theirs) = (&world.acme.owner.browser, &world.globex);
    let (company, member) = (theirs.id.to_string(), theirs.owner.id.to_string());
    let user = theirs.owner.user_id.to_string();
    let headers = [
        ("x-company-id", &company),
        ("x-tenant-id", &company),
        ("x-tandem-company", &company),
        ("tandem-company", &company),
        ("x-member-id", &member),
        ("x-user-id", &user),
        ("x-forwarded-user", &theirs.owner.email),
        ("x-original-url", &company),
        ("authorization", &company),
    ];
    let mut report = Report::default();
    for operation in operations {
        // Reads, which answer the same twice.
        if !operation.method.is_safe()
            || operation.streams
            || operation.path.contains("{id}")
            || ["connect", "callback", "list_remote_people", "list_remote_users"]
                .contains(&operation.name.as_str())
            // Whoever takes the log out is in the next one.
            || operation.name == "export_audit_log"
        {
            continue;
        }
        let path = operation.path.replace("{provider}", crate::connections::slug());
        let plain = likeness(&browser.get(&path).await);
        for (name, value) in headers {
            let request = browser.request(reqwest::Method::GET, &path).header(name, value);
            let answer = browser.send(request).await;
            let what = format!("{} with {name}", operation.name);
            report.look(&what, &answer, &world.foreign.secrets);
            report.cases += 1;
            // A credential that is none may be refused, but never opens another door.
            if likeness(&answer) != plain && answer.status != 401 {
                report.broken.push(format!("{what} answers otherwise: {}", answer.text));
            }
        }
        for (name, value) in
            [("company_id", &company), ("tenant", &company), ("member_id", &member)]
        {
            let answer = browser.get(&format!("{path}?{name}={value}")).await;
            report.look(
                &format!("{} with ?{name}", operation.name),
                &answer,
                &world.foreign.secrets,
            );
            report.cases += 1;
        }
    }
    report.must_hold();
    assert!(report.cases >= 60, "{}", report.cases);
}

#[tokio::test]
async fn of_two_session_cookies_one_counts_and_answers_are_never_mixed() {
    let world = World::seeded().await;
    let ours = world.acme.owner.browser.cookie().unwrap();
    let theirs = world.globex.owner.browser.cookie().unwrap();
    let stranger = world.hub.stranger();
    let plain = world.acme.owner.browser.get("/api/auth/session").await.json();
    let other = world.globex.owner.browser.get("/api/auth/session").await.json();
    for both in [format!("{ours}; {theirs}"), format!("{theirs}; {ours}")] {
        let mut seen = Vec::new();
        for path in ["/api/auth/session", "/api/contacts?limit=200", "/api/team/members"] {
            let request = stranger.bare(reqwest::Method::GET, path).header("cookie", &both);
            let answer = stranger.send(request).await;
            let mut report = Report::default();
            report.look(path, &answer, &world.foreign.secrets);
            seen.push(!report.broken.is_empty());
            if path.ends_with("session") {
                assert!([&plain, &other].contains(&&answer.json()), "{}", answer.text);
            }
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "one request of each: {seen:?}");
    }
}

/// What belongs to a member, and is not every colleague's to see.
const OF_MEMBERS: &[Names] = &[
    Names::Contact,
    Names::Run,
    Names::File,
    Names::Activity,
    Names::Delivery,
    Names::SavedFilter,
    Names::Cursor,
];

/// A consultant beside colleagues: what is theirs alone is as missing as another company's.
#[tokio::test]
async fn a_consultant_finds_a_colleagues_contacts_and_runs_as_missing_as_any() {
    let world = World::seeded().await;
    let consultant = world.acme.member(Role::Consultant);
    let column = async |sql: &str| -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .bind(world.acme.id)
            .bind(consultant.id)
            .fetch_all(&world.hub.owner)
            .await
            .unwrap()
    };
    let others = "company_id = $1 and owner_member_id is distinct from $2";
    let contacts = column(&format!("select contact_id::text from contact where {others}")).await;
    let runs = "select run_id::text from sync_run where company_id = $1 and requested_by <> $2";
    let runs = column(runs).await;
    // Contacts of the CRM may be seen there by whoever may import; these are known to nobody else.
    let by_hand = column(&format!(
        "select full_name from contact where {others} and full_name like 'Canary%'"
    ))
    .await;
    let of_others = format!("contact_id in (select contact_id from contact where {others})");
    let activities = column(&format!(
        "select activity_id::text from activity where company_id = $1 and {of_others}"
    ))
    .await;
    let deliveries = column(&format!(
        "select delivery_id::text from delivery where company_id = $1 and {of_others}"
    ))
    .await;
    let filters =
        "select filter_id::text from saved_filter where company_id = $1 and member_id <> $2";
    let filters = column(filters).await;
    assert!(activities.len() == 6 && deliveries.len() >= 6);
    assert!(contacts.len() > 6 && runs.len() == 5 && by_hand.len() == 9);
    let files = "select file_id::text from csv_file where company_id = $1 and uploaded_by <> $2";
    let files = column(files).await;
    assert_eq!(files.len(), 6);
    let mut cursors = cursors(&world.acme.owner.browser).await;
    // The newest run, where the owner's second page begins, may be the consultant's own.
    let colleagues = URL_SAFE_NO_PAD.encode(serde_json::json!(runs[0]).to_string());
    cursors.insert("list_runs".to_owned(), colleagues);
    // Campaigns are everybody's.
    cursors.remove("list_campaigns");
    // So may the newest delivery, activity and contact be.
    let colleagues = URL_SAFE_NO_PAD.encode(serde_json::json!(deliveries[0]).to_string());
    for name in ["list_deliveries", "list_provider_deliveries"] {
        cursors.insert(name.to_owned(), colleagues.clone());
    }
    let path = format!("/api/activities/feed?limit=1&member={}", world.acme.admin.id);
    let page = world.acme.owner.browser.get(&path).await.expect(200);
    for name in ["list_activities", "activity_feed"] {
        cursors.insert(name.to_owned(), page["next_cursor"].as_str().unwrap().to_owned());
    }
    let path = format!("/api/contacts?limit=1&owner={}", world.acme.admin.id);
    let page = world.acme.owner.browser.get(&path).await.expect(200);
    cursors.insert("list_contacts".to_owned(), page["next_cursor"].as_str().unwrap().to_owned());
    let foreign = Foreign {
        values: BTreeMap::from([
            (Names::Contact, contacts.clone()),
            (Names::Run, runs.clone()),
            (Names::File, files.clone()),
            (Names::Activity, activities.clone()),
            (Names::Delivery, deliveries.clone()),
            (Names::SavedFilter, filters.clone()),
        ]),
        cursors,
        secrets: [contacts, runs, files, by_hand, activities, deliveries, filters].concat(),
    };
    let visitor = own(&world, &consultant.browser, Role::Consultant).await;
    let mut report = Report::default();
    for operation in operations().unwrap_or_else(|uncovered| panic!("{uncovered:?}")) {
        // Who takes contacts out is in the log, whomever they asked for.
        let is_logged = operation.name == "export_contacts";
        let used = if is_logged { &["budget_use", "connection", "audit_log"][..] } else { USED };
        let before = world.sum_but(&world.acme, used).await;
        // A colleague may be named as an owner, and a record at the CRM is everybody's.
        let mut operation = operation;
        // What is everybody's stands for itself in the path.
        for slot in operation.slots.iter().filter(|slot| !OF_MEMBERS.contains(&slot.names)) {
            if let (Place::Path(name), Some(own)) = (&slot.place, visitor.own.get(&slot.names)) {
                operation.path = operation.path.replace(&format!("{{{name}}}"), own);
            }
        }
        operation.slots.retain(|slot| OF_MEMBERS.contains(&slot.names));
        visitor.try_foreign(&operation, &foreign, 6, &mut report).await;
        if world.sum_but(&world.acme, used).await != before {
            report.broken.push(format!("{} changes something", operation.name));
        }
        if operation.method.is_safe() && !operation.streams {
            let answer = visitor.send(&operation, &[]).await;
            report.look(&operation.name, &answer, &foreign.secrets);
        }
    }
    report.must_hold();
    assert!(report.cases >= 35, "{}", report.cases);
}

/// Addresses are unique within a company and mean nothing between two: writing one that another
/// company has is writing one that nobody has.
#[tokio::test]
async fn an_address_that_another_company_has_is_as_free_as_any() {
    let world = World::seeded().await;
    let column = async |sql: &'static str| -> Vec<String> {
        sqlx::query_scalar(sql).bind(world.globex.id).fetch_all(&world.hub.owner).await.unwrap()
    };
    let emails = column("select value from identifier where kind = 'email' and company_id = $1");
    let phones = column("select value from identifier where kind = 'phone' and company_id = $1");
    let organizations = column("select name from organization where company_id = $1");
    let before = world.sum(&world.globex).await;
    let mut cases = 0;
    for (field, values) in [
        ("emails", emails.await),
        ("phones", phones.await),
        ("organization_name", organizations.await),
    ] {
        for (at, value) in values.into_iter().filter(|value| value.len() > 4).take(6).enumerate() {
            let unknown = match field {
                "emails" => format!("nobody.{at}@nowhere.example"),
                "phones" => format!("+4989{:08}", 10_000_000 + at),
                _ => format!("Nobody's {at}"),
            };
            let mut answers = Vec::new();
            for value in [&value, &unknown] {
                let filled = match field {
                    "organization_name" => serde_json::json!(value),
                    _ => serde_json::json!([{ "value": value }]),
                };
                let form = serde_json::json!({ "full_name": "Somebody", field: filled });
                let answer = world.acme.owner.browser.post("/api/contacts", form).await;
                let id = answer.expect(201)["id"].as_str().unwrap().to_owned();
                let mut keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
                keys.sort();
                // Written in an order of its own, so that the next one finds what this one found.
                world.acme.owner.browser.delete(&format!("/api/contacts/{id}")).await.expect(204);
                answers.push((answer.status, keys, answer.json()["linked"].clone()));
                cases += 1;
            }
            assert_eq!(answers[0], answers[1], "{field} {value}");
        }
    }
    assert_eq!(world.sum(&world.globex).await, before);
    assert!(cases >= 30, "{cases}");
}
