//! How much somebody may ask for, and how they are told.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tandem::policy::{Plan, Role};

use crate::harness::{Answer, Browser, Company, TestHub};

/// With the quotas of production.
async fn real() -> TestHub {
    TestHub::with(|config| config.rate_limit_factor = 1).await
}

/// Spends what is left of the quota with this name.
async fn spend(browser: &Browser, name: &str) -> Answer {
    for _ in 0..40 {
        let all = join_all((0..100).map(|_| browser.get("/api/dev/mailbox"))).await;
        if let Some(refused) = all.into_iter().find(|answer| answer.status == 429) {
            assert_eq!(left(&refused, name), 0, "{}", refused.header("ratelimit"));
            return refused;
        }
    }
    panic!("no limit");
}

/// `r` of this quota.
fn left(answer: &Answer, name: &str) -> u32 {
    let header = answer.header("ratelimit");
    let entry = header.split(", ").find(|entry| entry.starts_with(&format!("\"{name}\";")));
    let entry = entry.unwrap_or_else(|| panic!("{name} is not in {header}"));
    entry.split(';').find_map(|part| part.strip_prefix("r=")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_answer_says_what_counts_and_what_is_left() {
    let hub = real().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let first = browser.get("/api/contacts").await;
    assert_eq!(first.header("ratelimit-policy"), r#""company";q=3000;w=60, "member";q=1500;w=60"#);
    assert_eq!(first.header("ratelimit"), r#""company";r=2999;t=1, "member";r=1499;t=1"#);
    // Refusals count and say so, too.
    for answer in [
        browser.get("/api/nowhere").await,
        browser.post("/api/contacts", json!([])).await,
        browser.send(browser.bare(Method::POST, "/api/contacts")).await,
    ] {
        assert!(answer.status.is_client_error());
        assert!(left(&answer, "company") < 3_000, "{}", answer.header("ratelimit"));
    }
    let stranger = hub.stranger().get("/api/contacts").await;
    assert_eq!(stranger.header("ratelimit-policy"), r#""address";q=300;w=60"#);
}

#[tokio::test]
async fn who_asks_too_much_waits_and_nobody_else_does() {
    let hub = real().await;
    let acme = hub.company(Plan::Growth).await;
    let globex = hub.company(Plan::Free).await;
    let refused = spend(&acme.owner.browser, "member").await;
    assert_eq!(refused.problem(429), "too_many_requests");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert_eq!(refused.json()["retry_after_s"], wait);
    assert!((1..=60).contains(&wait), "{wait}");
    globex.owner.browser.get("/api/contacts").await.expect(200);
    hub.clock.advance(TimeDelta::seconds(wait));
    acme.owner.browser.get("/api/contacts").await.expect(200);
}

#[tokio::test]
async fn a_member_takes_half_of_a_companys_quota_and_scripts_count_as_their_member() {
    let hub = real().await;
    let acme = hub.company(Plan::Business).await;
    let jwt = token(&hub, &acme).await;
    let script = hub.stranger();
    let ask =
        || async { script.send(script.bare(Method::GET, "/api/contacts").bearer_auth(&jwt)).await };
    let before = left(&ask().await, "member");
    spend(&acme.owner.browser, "member").await;
    assert_eq!(ask().await.problem(429), "too_many_requests");
    assert!(before > 1_000, "{before}");
    // The other half is the colleagues'.
    let colleague = acme.admin.browser.get("/api/contacts").await;
    colleague.expect(200);
    assert!(left(&colleague, "company") > 1_000, "{}", colleague.header("ratelimit"));
}

async fn token(hub: &TestHub, acme: &Company) -> String {
    let form = json!({ "name": "X", "role": Role::Owner.word() });
    let made = acme.owner.browser.post("/api/api-keys", form).await.expect(201);
    let given = hub.stranger().post("/api/auth/token", json!({ "api_key": made["secret"] })).await;
    given.expect(200)["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_stranger_is_counted_by_address() {
    let hub = real().await;
    let acme = hub.company(Plan::Business).await;
    let refused = spend(&hub.stranger(), "address").await;
    assert_eq!(refused.problem(429), "too_many_requests");
    let login = json!({ "email": "x@example.com", "password": "x" });
    assert_eq!(
        hub.stranger().post("/api/auth/login", login).await.problem(429),
        "too_many_requests"
    );
    // Who is signed in is not, wherever they sit.
    acme.owner.browser.get("/api/contacts").await.expect(200);
}
