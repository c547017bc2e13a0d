//! Full and selective imports against what the stand-in knows to be true.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;

use super::stage::{Stage, slug};

fn full() -> Value {
    json!({ "mode": "full" })
}

#[tokio::test]
async fn a_full_import_brings_exactly_what_the_crm_has_with_as_few_requests_as_possible() {
    let stage = Stage::of(1_200).await;
    let before = stage.counters().await["total"].as_u64().unwrap();

    let run = stage.import(full()).await;

    stage.holds_the_truth(&run).await;
    let truth = stage.truth().await;
    assert_eq!(run["organizations"]["seen"], truth["organizations"]);
    assert_eq!(run["organizations"]["created"], truth["organizations"]);
    assert_eq!(run["deals"]["written"], truth["deals"]);
    assert_eq!(stage.count("remote_deal").await, truth["deals"].as_i64().unwrap());
    let asked = stage.counters().await;
    assert_eq!(asked["total"].as_u64().unwrap() - before, stage.pages(), "{asked}");
    assert_eq!(run["requests"], stage.pages(), "the log tells what the CRM was asked");
    assert_eq!(run["tokens_spent"], asked["budgets"]["tokens_spent"]["7001"].as_u64().unwrap() - 2);
}

#[tokio::test]
async fn a_second_import_writes_nothing_but_its_own_run() {
    let stage = Stage::of(620).await;
    let first = stage.import(full()).await;
    let before = stage.sums().await;

    let run = stage.import(full()).await;

    assert_eq!(stage.sums().await, before);
    assert_eq!((&run["state"], &run["adds_up"]), (&json!("completed"), &json!(true)));
    for none in ["created", "updated", "linked", "quarantined"] {
        assert_eq!(run["counts"][none], 0, "{run}");
    }
    for held in ["conflict", "skipped"] {
        assert_eq!(run["counts"][held], first["counts"][held], "held until somebody decides");
    }
    assert_eq!(
        (&run["deals"]["written"], &run["organizations"]["updated"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(stage.count("sync_seen").await, 0, "working notes of ended runs");
}

#[tokio::test]
async fn a_selective_import_takes_the_chosen_with_their_organizations_and_owners() {
    let stage = Stage::of(600).await;
    stage.sql("update member set email = 'BEN@nordwind.example' where role = 'admin'").await;
    let persons = stage.control("GET", "/truth/persons?limit=600", Value::Null).await;
    let persons = persons.as_array().unwrap();
    let first_with = |test: &dyn Fn(&Value) -> bool| {
        persons.iter().find(|person| test(person)).unwrap()["id"].to_string()
    };
    let employed = first_with(&|person| !person["org_id"].is_null());
    let owned_by_ben =
        first_with(&|person| person["owner_id"] == 20_002 && person["id"] != json!(employed));
    let without_owner = first_with(&|person| {
        person["owner_id"].is_null()
            && person["emails"].as_array().is_some_and(|all| !all.is_empty())
    });
    let ids: BTreeSet<String> =
        [employed.clone(), owned_by_ben.clone(), without_owner.clone()].into();

    let run = stage.import(json!({ "mode": "selective", "ids": ids })).await;

    assert_eq!((&run["state"], &run["seen"]), (&json!("completed"), &json!(ids.len())));
    let owner = |id: &str| {
        let sql = "select owner_member_id::text from contact join mapping using (contact_id)
                   where remote_id = $1";
        sqlx::query_scalar::<_, Option<String>>(sql).bind(id.to_owned()).fetch_one(&stage.hub.owner)
    };
    assert_eq!(owner(&owned_by_ben).await.unwrap(), Some(stage.acme.admin.id.to_string()));
    let importer = Some(stage.acme.owner.id.to_string());
    assert_eq!(owner(&without_owner).await.unwrap(), importer, "who picks them gets them");
    let organization: Option<String> = sqlx::query_scalar(
        "select organization.name from contact join mapping using (contact_id)
         join organization on organization.organization_id = contact.organization_id
         where remote_id = $1",
    )
    .bind(&employed)
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap();
    assert!(organization.is_some());
    assert_eq!(stage.count("remote_deal").await, 0);
}

#[tokio::test]
async fn somebody_who_is_not_there_is_told_and_nothing_else_happens() {
    let stage = Stage::of(60).await;
    let run = stage.import(json!({ "mode": "selective", "ids": ["999999999", "nonsense"] })).await;
    assert_eq!((&run["state"], &run["counts"]["skipped"]), (&json!("completed"), &json!(2)));
    let entries = entries(&stage, &run, "").await;
    let reason = "the CRM does not show this record: deleted, merged, or not visible";
    assert!(entries.iter().all(|entry| entry["reason"] == reason), "{entries:?}");
}

/// All entries of a run, page by page.
async fn entries(stage: &Stage, run: &Value, query: &str) -> Vec<Value> {
    let path = format!("/api/sync-logs/{}/entries?limit=97{query}", run["id"].as_str().unwrap());
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stage.acme.owner.browser.get(&format!("{path}{cursor}")).await.expect(200);
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn the_log_names_every_record_that_was_not_unchanged_exactly_once() {
    let stage = Stage::of(620).await;
    let run = stage.import(full()).await;

    let all = entries(&stage, &run, "").await;

    let ids: BTreeSet<&str> =
        all.iter().map(|entry| entry["remote_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len(), "none twice");
    assert_eq!(json!(all.len()), run["seen"]);
    for outcome in ["created", "updated", "linked", "skipped", "conflict", "quarantined"] {
        let some = entries(&stage, &run, &format!("&outcome={outcome}")).await;
        assert_eq!(json!(some.len()), run["counts"][outcome], "{outcome}");
        assert!(some.iter().all(|entry| entry["outcome"] == outcome));
    }
    let created = all.iter().find(|entry| entry["outcome"] == "created").unwrap();
    assert!(created["contact_name"].is_string() && created["contact_id"].is_string());
    assert!(stage.count("sync_entry").await < 300, "the plain ones are a row per page");
}

#[tokio::test]
async fn custom_fields_are_kept_by_name_and_the_facts_of_the_crm_under_its_prefix() {
    let stage = Stage::of(600).await;
    stage.import(full()).await;
    let names: Vec<String> = sqlx::query_scalar(
        "select distinct jsonb_object_keys(custom_fields) from contact order by 1",
    )
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    for promised in [
        "person_id",
        "first_name",
        "last_name",
        "org_id",
        "org_name",
        "owner_name",
        "open_deals",
        "closed_deals",
        "label",
    ] {
        assert!(names.contains(&format!("pd_{promised}")), "{promised} is missing: {names:?}");
    }
    let own: Vec<&String> = names.iter().filter(|name| !name.starts_with("pd_")).collect();
    assert!(!own.is_empty(), "{names:?}");
    let keys = own.iter().filter(|name| name.len() == 40).count();
    assert_eq!(keys, 1, "only the field that was deleted there has no name left: {own:?}");
    let segments: Vec<String> = sqlx::query_scalar(
        "select distinct custom_fields ->> 'Segment' from contact
         where custom_fields ? 'Segment' order by 1",
    )
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    assert_eq!(segments, ["A", "B", "C"], "options by their labels");
    let tag = format!("{}-import", slug());
    let tagged: i64 = sqlx::query_scalar("select count(*) from contact where $1 = any(tags)")
        .bind(tag)
        .fetch_one(&stage.hub.owner)
        .await
        .unwrap();
    assert_eq!(tagged, stage.count("contact").await);
}

#[tokio::test]
async fn a_consultants_import_links_to_a_colleagues_contact_without_showing_it() {
    let stage = Stage::of(60).await;
    let persons = stage.control("GET", "/truth/persons?limit=60", Value::Null).await;
    let theirs = persons
        .as_array()
        .unwrap()
        .iter()
        .find(|person| person["emails"].as_array().is_some_and(|emails| emails.len() == 1));
    let theirs = theirs.unwrap();
    let (owner, consultant) = (&stage.acme.owner, &stage.acme.consultant);
    let contact = owner
        .browser
        .post(
            "/api/contacts",
            json!({
                "full_name": "Known Already", "owner_member_id": owner.id.uuid(),
                "emails": [{ "value": theirs["emails"][0], "primary": true }],
            }),
        )
        .await
        .expect(201);

    let body = json!({ "mode": "selective", "ids": [theirs["id"].to_string()] });
    let run = stage.start_as(&consultant.browser, body).await;
    stage.work().await;

    let look = format!("/api/sync-logs/{run}");
    let seen = consultant.browser.get(&look).await.expect(200);
    assert_eq!((&seen["state"], &seen["counts"]["linked"]), (&json!("completed"), &json!(1)));
    let entries = consultant.browser.get(&format!("{look}/entries")).await;
    assert!(!entries.text.contains(contact["id"].as_str().unwrap()), "{}", entries.text);
    assert!(!entries.text.contains("Known Already"), "{}", entries.text);
    let entry = &entries.expect(200)["items"][0];
    assert_eq!(
        (&entry["contact_id"], &entry["before"], &entry["after"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let list = consultant.browser.get("/api/contacts").await.expect(200);
    assert_eq!(list["items"], json!([]));
    let shown = owner.browser.get(&format!("{look}/entries")).await.expect(200);
    assert_eq!(shown["items"][0]["contact_id"], contact["id"]);
}

/// Counts the statements that sqlx reports.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Relaxed);
        }
    }
}

#[tokio::test]
async fn a_page_costs_the_same_statements_whatever_its_size() {
    let statements = Statements::default();
    let subscriber = tracing_subscriber::registry().with(statements.clone());
    let _counting = tracing::subscriber::set_default(subscriber);
    let mut costs = Vec::new();
    for persons in [60, 400] {
        let stage = Stage::of(persons).await;
        let run = stage.start(full()).await;
        let before = statements.0.load(Relaxed);
        stage.work().await;
        costs.push(statements.0.load(Relaxed) - before);
        stage.holds_the_truth(&stage.run(&run).await).await;
    }
    assert!(costs[0] > 20, "statements were counted: {costs:?}");
    // A page without a link or an update writes none.
    assert!(costs[1] <= costs[0] + 3, "{costs:?}");
}
