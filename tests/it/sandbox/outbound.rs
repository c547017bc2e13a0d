//! The stand-in is honest about writes: what it refuses, what it did, and what became of the answer.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Stage, ids, small};

const PERSONS: &str = "/api/v2/persons";
const ACTIVITIES: &str = "/api/v2/activities";

impl Stage {
    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.send("POST", path, Some(body)).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn made(&self, path: &str, body: Value) -> u64 {
        let (status, answer) = self.post(path, body).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"]["id"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_leaves_nothing() {
    let stage = Stage::new(small()).await;
    let person = stage.made(PERSONS, json!({"name": "Ann"})).await;
    let taking_part = json!([{"person_id": person, "primary": true}]);
    let long = "x".repeat(100 * 1_024 + 1);
    for (path, body, words) in [
        (PERSONS, json!({"name": "A", "emails": [{"value": "a@refused.example"}]}), "emails: "),
        (PERSONS, json!({"name": "A", "emails": [{"value": "no address"}]}), "emails: "),
        (PERSONS, json!({"name": "A", "emails": ["a@b.example"]}), "emails: "),
        (PERSONS, json!({"name": "A", "owner_id": 20_005}), "owner_id: "),
        (PERSONS, json!({"name": "A", "owner_id": 20_101}), "owner_id: "),
        (PERSONS, json!({"name": "A", "owner_id": "20001"}), "owner_id: "),
        (PERSONS, json!({"name": "A", "org_id": 999_999}), "org_id: "),
        (PERSONS, json!({"name": "A", "label_ids": [77]}), "label_ids: option 77"),
        (PERSONS, json!({"name": "A", "custom_fields": {"f00": "x"}}), "Unknown key 'f00'"),
        (PERSONS, json!({"name": "A B", "first_name": "A"}), "at the same time"),
        (PERSONS, json!({"name": " "}), "name: "),
        ("/api/v2/organizations", json!({"name": "O", "industry": 9}), "industry: option 9"),
        (
            "/api/v2/personFields",
            json!({"field_name": "X", "field_type": "org_name"}),
            "field_type",
        ),
        ("/api/v2/personFields", json!({"field_name": "X", "field_type": "set"}), "options"),
        (ACTIVITIES, json!({"subject": "S", "type": "lunch"}), "type: "),
        (ACTIVITIES, json!({"subject": "S", "due_date": "2027-02-29"}), "due_date: "),
        (ACTIVITIES, json!({"subject": "S", "due_time": "25:00:00"}), "due_time: "),
        (ACTIVITIES, json!({"subject": "S", "duration": "1h"}), "duration: "),
        (ACTIVITIES, json!({"subject": "S", "note": long}), "note: "),
        (
            ACTIVITIES,
            json!({"subject": "S", "participants": [{"person_id": 999_999}]}),
            "participants",
        ),
        (
            ACTIVITIES,
            json!({"subject": "S", "participants": taking_part, "org_id": 999_999}),
            "org_id: ",
        ),
    ] {
        let (status, answer) = stage.post(path, body).await;
        assert_eq!(status, 400, "{words}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{words}: {answer}");
    }
    let outbound = stage.control("GET", "/truth/outbound", json!({})).await;
    assert_eq!(outbound["persons"].as_array().unwrap().len(), 1);
    for kind in ["organizations", "activities", "fields", "options"] {
        assert_eq!(outbound[kind], json!([]), "{kind}");
    }
}

#[tokio::test]
async fn a_field_of_ones_own_is_made_filled_and_taken_away() {
    let stage = Stage::new(small()).await;
    let field = json!({"field_name": "Our mark", "field_type": "varchar"});
    let (status, made) = stage.post("/api/v2/personFields", field).await;
    assert_eq!((status, &made["data"]["is_custom_field"]), (200, &json!(true)));
    let code = made["data"]["field_code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 40);
    let marked = json!({"name": "Marked", "custom_fields": { &code: "m-1" }});
    let person = stage.made(PERSONS, marked).await;
    let read = stage.json(&format!("{PERSONS}/{person}")).await;
    assert_eq!(read["data"]["custom_fields"][&code], "m-1");
    let found = stage.json(&format!("{PERSONS}/search?term=m-1&fields=custom_fields")).await;
    assert_eq!(found["data"]["items"][0]["item"]["id"], person);

    let path = format!("/api/v2/personFields/{code}");
    assert_eq!(stage.send("DELETE", &path, None).await.status(), StatusCode::OK);
    let read = stage.json(&format!("{PERSONS}/{person}")).await;
    assert!(read["data"]["custom_fields"].get(&code).is_none());
    let again = json!({"name": "Marked", "custom_fields": { &code: "m-2" }});
    assert_eq!(stage.post(PERSONS, again).await.0, 400);

    // Fields are the company's affair: neither regular users nor an app without the scope.
    let mut stage = stage;
    stage.sign_in(json!({"user_id": 20_002})).await;
    let field = json!({"field_name": "Mine", "field_type": "varchar"});
    assert_eq!(stage.post("/api/v2/personFields", field.clone()).await.0, 403);
    stage.control("POST", "/scopes", json!({"scope": "base,contacts:full"})).await;
    stage.sign_in(json!({})).await;
    let (status, answer) = stage.post("/api/v2/personFields", field).await;
    assert_eq!((status, &answer["error"]), (403, &json!("Scope and URL mismatch")));
}

#[tokio::test]
async fn activities_are_listed_in_the_order_that_is_asked_for() {
    let stage = Stage::new(small()).await;
    let person = stage.made(PERSONS, json!({"name": "Ann"})).await;
    let mut made = vec![];
    for day in ["2027-03-01", "2027-01-01", "2027-02-01"] {
        let body = json!({
            "subject": day, "due_date": day, "done": day.starts_with("2027-01"),
            "participants": [{"person_id": person, "primary": true}],
        });
        made.push(stage.made(ACTIVITIES, body).await);
    }
    stage.made(ACTIVITIES, json!({"subject": "of nobody"})).await;
    let list = |rest: &str| format!("{ACTIVITIES}?person_id={person}&limit=2&{rest}");
    let [first, second, third] = made[..] else { panic!("three") };
    for (rest, expected) in [
        ("sort_by=id", [first, second, third]),
        ("sort_by=id&sort_direction=desc", [third, second, first]),
        ("sort_by=add_time&sort_direction=desc", [third, second, first]),
        ("sort_by=due_date", [second, third, first]),
        ("sort_by=due_date&sort_direction=desc", [first, third, second]),
    ] {
        assert_eq!(ids(&stage.all(&list(rest)).await), expected, "{rest}");
    }
    assert_eq!(ids(&stage.all(&list("done=true")).await), [second]);
    let later = list("updated_since=2999-01-01T00:00:00Z");
    assert!(stage.all(&later).await.is_empty());
    let page = stage.json(&list("sort_by=id")).await;
    let cursor = page["additional_data"]["next_cursor"].as_str().unwrap();
    for rest in ["sort_by=type", &format!("sort_by=due_date&cursor={cursor}")] {
        assert_eq!(stage.get(&list(rest)).await.status(), StatusCode::BAD_REQUEST, "{rest}");
    }
}

#[tokio::test]
async fn the_search_index_lags_when_told_to_and_lists_do_not() {
    let stage = Stage::new(small()).await;
    stage.control("POST", "/search_lag", json!({"ms": 400})).await;
    let person = stage
        .made(PERSONS, json!({"name": "Laggard", "emails": [{"value": "lag@gard.example"}]}))
        .await;
    let search = format!("{PERSONS}/search?term=lag@gard.example&exact_match=true");
    let hits = |found: Value| found["data"]["items"].as_array().unwrap().len();
    assert_eq!(hits(stage.json(&search).await), 0);
    let list = format!("{PERSONS}?sort_by=id&sort_direction=desc&limit=1");
    assert_eq!(ids(stage.json(&list).await["data"].as_array().unwrap()), [person]);
    tokio::time::sleep(std::time::Duration::from_millis(450)).await;
    assert_eq!(hits(stage.json(&search).await), 1);
}

#[tokio::test]
async fn faults_after_the_change_leave_it_done_and_the_record_says_so() {
    let stage = Stage::new(small()).await;
    let script = [
        ("applied_5xx", json!(502), true),
        ("applied_reset", json!("lost"), true),
        ("half_answer", json!("lost"), true),
        ("wrong_length", json!(200), true),
        ("reset", json!("lost"), false),
        ("status_5xx", json!(503), false),
        ("html_200", json!(200), false),
        ("applied_timeout", json!("lost"), true),
        ("timeout", json!("lost"), false),
    ];
    for (kind, answer, _) in &script {
        let mut fault = json!({"kind": kind, "path": "/persons", "method": "POST"});
        if let Some(status) = answer.as_u64().filter(|_| *kind == "applied_5xx") {
            fault["status"] = json!(status);
        }
        stage.control("POST", "/faults", fault).await;
        let request = stage.http.post(format!("{}{PERSONS}", stage.crm.url));
        let request = request.bearer_auth(&stage.access).json(&json!({"name": kind}));
        let sent = request.timeout(std::time::Duration::from_millis(500)).send().await;
        if kind.ends_with("reset") {
            assert!(sent.is_err_and(|error| !error.is_timeout()), "{kind}: not a byte comes");
        } else if kind.ends_with("timeout") {
            assert!(sent.is_err_and(|error| error.is_timeout()), "{kind}");
        } else {
            sent.unwrap();
        }
    }
    let last = stage.made(PERSONS, json!({"name": "fine"})).await;
    let refused = stage.post(PERSONS, json!({"name": " "})).await;
    assert_eq!(refused.0, 400);
    let writes = stage.control("GET", "/truth/writes", json!({})).await;
    let writes = writes.as_array().unwrap();
    assert_eq!(writes.len(), script.len() + 2);
    for ((kind, answer, applied), write) in script.iter().zip(writes) {
        assert_eq!(write["fault"], *kind);
        assert_eq!((&write["answer"], &write["applied"]), (answer, &json!(applied)), "{kind}");
        assert_eq!(write["id"].is_u64(), *applied, "{kind}");
    }
    assert_eq!(writes[script.len()]["id"], last);
    assert_eq!(writes[script.len() + 1]["answer"], 400);

    let outbound = stage.control("GET", "/truth/outbound", json!({})).await;
    let names: Vec<&str> = outbound["persons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| person["name"].as_str().unwrap())
        .collect();
    let applied = script.iter().filter(|(.., applied)| *applied).map(|(kind, ..)| *kind);
    assert_eq!(names, applied.chain(["fine"]).collect::<Vec<_>>());
}

#[tokio::test]
async fn any_answer_can_be_replaced_after_the_change() {
    let stage = Stage::new(small()).await;
    for kind in ["html_200", "empty_json", "redirect", "html_403"] {
        stage.control("POST", "/faults", json!({"kind": kind, "applied": true})).await;
        stage.send("POST", PERSONS, Some(json!({"name": kind}))).await;
    }
    let outbound = stage.control("GET", "/truth/outbound", json!({})).await;
    assert_eq!(outbound["persons"].as_array().unwrap().len(), 4);
    // A reset forgets what came in.
    stage.control("POST", "/reset", json!({})).await;
    assert_eq!(stage.control("GET", "/truth/writes", json!({})).await, json!([]));
}
