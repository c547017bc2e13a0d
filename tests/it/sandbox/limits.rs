//! Budgets, their headers, and the counters that tests compare with.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tandem::sandbox::SandboxConfig;

use super::{Stage, small};

#[tokio::test]
async fn the_burst_window_rolls_over_two_seconds_and_says_so() {
    let stage = Stage::new(SandboxConfig { burst: 5, ..small() }).await;
    for left in (0..5).rev() {
        let response = stage.get("/api/v1/users/me").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["x-ratelimit-limit"], "5");
        assert_eq!(response.headers()["x-ratelimit-remaining"], left.to_string().as_str());
    }
    let over = stage.get("/api/v1/users/me").await;
    assert_eq!(over.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(over.headers()["x-ratelimit-remaining"], "0");
    let wait: u64 = over.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait));
    assert!(over.headers()["x-daily-ratelimit-token-remaining"] != "0", "the day goes on");
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    assert_eq!(stage.get("/api/v1/users/me").await.status(), StatusCode::OK);

    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["budgets"]["refused"]["burst"], 1);
    assert_eq!(counters["budgets"]["max_in_burst_window"], 5);
    assert_eq!(counters["budgets"]["tokens_spent"]["7001"], 12, "refused requests are free");
    assert_eq!(counters["statuses"]["429"], 1);
}

#[tokio::test]
async fn searches_have_a_window_of_their_own() {
    let stage = Stage::new(small()).await;
    for _ in 0..10 {
        let found = stage.get("/api/v2/persons/search?term=anna&limit=1").await;
        assert_eq!(found.status(), StatusCode::OK);
    }
    let eleventh = stage.get("/api/v2/persons/search?term=anna&limit=1").await;
    assert_eq!(eleventh.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(stage.get("/api/v1/users/me").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_day_belongs_to_the_company_and_ends_for_all_its_tokens() {
    let mut stage = Stage::new(SandboxConfig { daily: 100, ..small() }).await;
    let first = stage.get("/api/v2/persons?limit=1").await;
    assert_eq!(first.headers()["x-daily-ratelimit-token-limit"], "100");
    assert_eq!(first.headers()["x-daily-ratelimit-token-remaining"], "90");
    stage.control("POST", "/plan", json!({"spent": 95})).await;
    let over = stage.get("/api/v2/persons?limit=1").await;
    assert_eq!(over.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(over.headers()["x-daily-ratelimit-token-remaining"], "0");
    stage.sign_in(json!({"user_id": 20_002})).await;
    assert_eq!(
        stage.get("/api/v2/persons?limit=1").await.status(),
        StatusCode::TOO_MANY_REQUESTS,
        "a colleague's token shares the day"
    );
    stage.sign_in(json!({"company_id": 7_002})).await;
    assert_eq!(stage.get("/api/v2/persons?limit=1").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn costs_are_those_of_the_documents() {
    let stage = Stage::new(small()).await;
    let mut spent = 0;
    for (path, cost) in [
        ("/api/v2/persons?limit=500", 10),
        ("/api/v2/persons/1", 1),
        ("/api/v2/persons/search?term=anna", 20),
        ("/api/v2/personFields", 10),
        ("/api/v2/pipelines", 5),
        ("/api/v2/stages/1", 1),
        ("/api/v1/users", 20),
        ("/v1/users/me", 2),
        ("/api/v1/users/find?term=anna&search_by_email=1", 40),
        ("/api/v1/activityTypes", 20),
        ("/api/v1/webhooks", 10),
    ] {
        assert_eq!(stage.get(path).await.status(), StatusCode::OK, "{path}");
        let counters = stage.control("GET", "/counters", json!({})).await;
        let now = counters["budgets"]["tokens_spent"]["7001"].as_u64().unwrap();
        assert_eq!(now - spent, cost, "{path}");
        spent = now;
    }
}

#[tokio::test]
async fn counters_tell_requests_by_route_and_token_calls_by_grant() {
    let stage = Stage::new(small()).await;
    for path in ["/api/v2/persons/1", "/api/v2/persons/2", "/api/v2/persons?limit=1"] {
        stage.json(path).await;
    }
    stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &stage.refresh)]).await;
    stage.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await;
    let counters: Value = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["requests"]["GET /api/v2/persons/{id}"], 2);
    assert_eq!(counters["requests"]["GET /api/v2/persons"], 1);
    assert_eq!(
        counters["tokens"],
        json!({"authorization_code": 1, "refresh_token": 2, "refused": 1})
    );
    stage.control("POST", "/reset", json!({})).await;
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["total"], 0);
    assert_eq!(stage.get("/api/v1/users/me").await.status(), StatusCode::UNAUTHORIZED);
}
