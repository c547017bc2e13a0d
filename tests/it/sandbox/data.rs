//! What the stand-in holds, and how lists show it.

use std::collections::HashSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tandem::sandbox::SandboxConfig;

use super::{Stage, ids, small};

#[tokio::test]
async fn cursor_pages_name_each_living_person_once_in_every_order() {
    let stage = Stage::new(small()).await;
    let first = ids(&stage.all("/api/v2/persons?limit=500").await);
    assert_eq!(first.len(), 1_200);
    assert!(first.is_sorted(), "by id unless told");
    assert!(*first.last().unwrap() > 1_200, "some ids are gone");

    for sort in ["id", "add_time", "update_time"] {
        for direction in ["asc", "desc"] {
            let query =
                format!("/api/v2/persons?limit=170&sort_by={sort}&sort_direction={direction}");
            let records = stage.all(&query).await;
            let unique: HashSet<u64> = ids(&records).into_iter().collect();
            assert_eq!((records.len(), unique.len()), (1_200, 1_200), "{query}");
            let keys: Vec<String> = records.iter().map(|record| record[sort].to_string()).collect();
            if sort != "id" {
                let ascending = keys.is_sorted();
                assert!(ascending || keys.iter().rev().is_sorted(), "{query}");
                assert_eq!(ascending, direction == "asc", "{query}");
            }
        }
    }
}

#[tokio::test]
async fn pages_stay_complete_while_records_change_between_them() {
    let stage = Stage::new(small()).await;
    stage
        .control(
            "POST",
            "/persons/mutate",
            json!({
                "change": 40, "delete": 20, "merge": 10, "create": 15, "after_pages": 2,
            }),
        )
        .await;
    let listed = stage.all("/api/v2/persons?limit=200").await;
    let done = &stage.control("GET", "/mutations", json!({})).await[0];
    assert_eq!(done["deleted"].as_array().unwrap().len(), 20);
    let seen: HashSet<u64> = ids(&listed).into_iter().collect();
    assert_eq!(seen.len(), listed.len(), "nobody twice");
    for id in done["created"].as_array().unwrap() {
        assert!(seen.contains(&id.as_u64().unwrap()), "who came during the walk is at its end");
    }
    let truth = stage.control("GET", "/truth", json!({})).await;
    assert_eq!(truth["persons"], 1_200 - 20 - 10 + 15);
    assert_eq!(
        stage.all("/api/v2/persons?limit=500").await.len() as u64,
        truth["persons"].as_u64().unwrap()
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let path = "/api/v2/persons?limit=500&include_fields=open_deals_count,closed_deals_count";
    let one = Stage::new(small()).await.get(path).await.bytes().await.unwrap();
    let same = Stage::new(small()).await.get(path).await.bytes().await.unwrap();
    let other = Stage::new(SandboxConfig { seed: 2, ..small() }).await;
    assert_eq!(one, same);
    assert_ne!(one, other.get(path).await.bytes().await.unwrap());
}

#[tokio::test]
async fn counts_of_deals_and_people_agree_with_the_lists() {
    let stage = Stage::new(small()).await;
    let deals = stage.all("/api/v2/deals?limit=500").await;
    assert_eq!(deals.len(), 600);
    let include = "include_fields=open_deals_count,closed_deals_count,won_deals_count";
    let mut with_deals = 0;
    for person in stage.all(&format!("/api/v2/persons?limit=500&{include}")).await {
        let of = |status: &str| {
            let mine = deals.iter().filter(|deal| deal["person_id"] == person["id"]);
            mine.filter(|deal| status == "any" || deal["status"] == status).count()
        };
        assert_eq!(person["open_deals_count"], of("open"));
        assert_eq!(person["won_deals_count"], of("won"));
        assert_eq!(person["closed_deals_count"], of("won") + of("lost"));
        with_deals += usize::from(of("any") > 0);
    }
    assert!(with_deals > 100);

    let persons = stage.all("/api/v2/persons?limit=500").await;
    for org in stage.all("/api/v2/organizations?limit=500&include_fields=people_count").await {
        let people = persons.iter().filter(|person| person["org_id"] == org["id"]).count();
        assert_eq!(org["people_count"], people);
    }
    let org = persons.iter().find_map(|person| person["org_id"].as_u64()).unwrap();
    let filtered = stage.all(&format!("/api/v2/persons?limit=500&org_id={org}")).await;
    assert_eq!(
        filtered.len(),
        persons.iter().filter(|person| person["org_id"] == org).count(),
        "the filter agrees too"
    );
}

#[tokio::test]
async fn the_data_is_dirty_in_every_way_the_table_promises() {
    let stage = Stage::new(SandboxConfig { persons: 6_000, ..small() }).await;
    let persons = stage.all("/api/v2/persons?limit=500").await;
    let text = |person: &Value, list: &str| -> Vec<String> {
        let entries = person[list].as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| entry["value"].as_str().unwrap_or("").to_owned()).collect()
    };
    let share = |what: &str, wanted: std::ops::Range<usize>, is: &dyn Fn(&Value) -> bool| {
        let found = persons.iter().filter(|person| is(person)).count() * 1_000 / persons.len();
        assert!(wanted.contains(&found), "{what}: {found} of a thousand");
    };
    share("no address", 120..230, &|p| text(p, "emails").is_empty());
    share("capitals", 20..120, &|p| {
        text(p, "emails").iter().any(|e| e.chars().any(char::is_uppercase))
    });
    share("several addresses", 80..200, &|p| text(p, "emails").len() > 1);
    share("several numbers", 40..150, &|p| text(p, "phones").len() > 1);
    share("right to left or emoji", 5..30, &|p| {
        let name = p["name"].as_str().unwrap_or("");
        name.chars().any(|c| ('\u{590}'..'\u{700}').contains(&c) || c > '\u{1f000}')
            || name.len() > 60
            || name.contains('<')
            || name.contains(';')
            || name == "X"
            || name.contains('\u{200b}')
            || name.contains("  ")
            || !name.is_ascii() && name.chars().all(|c| c > '\u{2e80}' || c == ' ')
            || name.starts_with("Zalgo")
    });
    share("keys left out", 30..90, &|p| p.get("org_id").is_none() || p.get("picture_id").is_none());
    share("null organization", 150..250, &|p| p.get("org_id").is_none_or(Value::is_null));
    let users = stage.json("/api/v1/users").await;
    let left: HashSet<u64> = users["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|user| user["active_flag"] == false)
        .map(|user| user["id"].as_u64().unwrap())
        .collect();
    share("owner left", 180..320, &|p| p["owner_id"].as_u64().is_some_and(|id| left.contains(&id)));

    let fields = stage.json("/api/v2/personFields").await;
    let known: HashSet<&str> = fields["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["field_code"].as_str().unwrap())
        .collect();
    share("values under keys no field has", 8..40, &|p| {
        p["custom_fields"].as_object().unwrap().keys().any(|key| !known.contains(key.as_str()))
    });
    let notations: HashSet<String> = persons
        .iter()
        .flat_map(|p| text(p, "phones"))
        .map(|phone| {
            phone.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect::<String>()
        })
        .collect();
    assert!(notations.len() >= 25, "ten notations in several plans: {}", notations.len());

    let truth = stage.control("GET", "/truth", json!({})).await;
    for key in ["linked_by_email", "linked_by_phone", "phone_only", "conflict"] {
        assert!(truth["import"][key].as_u64().unwrap() > 0, "{key}: {truth}");
    }
    let import = &truth["import"];
    let sum: u64 = import.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(sum, 6_000, "every record has one outcome: {import}");
}

#[tokio::test]
async fn updated_since_takes_whole_seconds_and_shows_what_changed() {
    let stage = Stage::new(small()).await;
    let now = chrono::DateTime::from_timestamp(
        i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap(),
        0,
    )
    .unwrap();
    let since = now.format("%Y-%m-%dT%H:%M:%SZ");
    let query = format!("/api/v2/persons?limit=500&updated_since={since}&sort_by=update_time");
    assert_eq!(stage.all(&query).await.len(), 0);
    let done = stage
        .control("POST", "/persons/mutate", json!({"change": 7, "create": 2, "delete": 3}))
        .await;
    let found: HashSet<u64> = ids(&stage.all(&query).await).into_iter().collect();
    let expected: HashSet<u64> = ["changed", "created"]
        .iter()
        .flat_map(|key| done[key].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()))
        .collect();
    assert_eq!(found, expected, "deletions are invisible to polling");

    let half = stage.get("/api/v2/persons?updated_since=2025-01-01T00:00:00.5Z").await;
    assert_eq!(half.status(), StatusCode::BAD_REQUEST);
    let body: Value = half.json().await.unwrap();
    assert_eq!(body["code"], "ERR_SCHEMA_VALIDATION_FAILED");
    assert!(body["error"].as_str().unwrap().contains("is not a valid datetime"));

    let later = stage.all("/api/v2/persons?limit=500&updated_since=2024-01-01T00:00:00Z").await;
    assert!(later.len() > 300 && later.len() < 1_100, "{}", later.len());
    assert!(later.iter().all(|person| person["update_time"].as_str().unwrap() >= "2024"));
}
