//! `/api/auth/sessions`: where somebody is signed in.

use serde_json::{Value, json};
use tandem::policy::{Plan, Role};

use crate::harness::TestHub;

fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn everybody_sees_and_ends_their_own_sessions_in_all_companies_and_nobody_elses() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let globex = hub.company(Plan::Enterprise).await;
    let own = &acme.owner;
    let elsewhere = hub.join(globex.id, Role::Consultant, own.user_id, &own.email).await;
    let seen = items(&own.browser.get("/api/auth/sessions").await.expect(200));
    assert_eq!(seen.len(), 2);
    assert_eq!((&seen[0]["current"], &seen[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(seen[1]["company"], format!("Company {}", globex.id));

    let path = |session: &Value| format!("/api/auth/sessions/{}", session["id"].as_str().unwrap());
    // A colleague's is as missing as none.
    let foreign = acme.admin.browser.delete(&path(&seen[1])).await;
    let nobodys = format!("/api/auth/sessions/{}", uuid::Uuid::now_v7());
    let missing = acme.admin.browser.delete(&nobodys).await;
    assert_eq!(foreign.problem(404), "not_found");
    assert_eq!(foreign.anonymous(), missing.anonymous());

    own.browser.delete(&path(&seen[1])).await.expect(204);
    assert_eq!(elsewhere.browser.get("/api/auth/session").await.problem(401), "unauthenticated");
    own.browser.get("/api/auth/session").await.expect(200);
    let logged = "select company_id from audit_log where action = 'session.revoked'";
    let logged: uuid::Uuid = hub.value(logged).await;
    assert_eq!(logged, globex.id.uuid(), "it is written where it was");
}

#[tokio::test]
async fn all_others_end_and_the_own_goes_on() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let globex = hub.company(Plan::Enterprise).await;
    let own = &acme.owner;
    let other = hub.join(globex.id, Role::Admin, own.user_id, &own.email).await;
    let ended = own.browser.delete("/api/auth/sessions").await.expect(200);
    assert_eq!(ended["ended"], 1);
    assert_eq!(own.browser.delete("/api/auth/sessions").await.expect(200)["ended"], 0);
    other.browser.get("/api/auth/session").await.problem(401);
    own.browser.get("/api/auth/session").await.expect(200);
    acme.admin.browser.get("/api/auth/session").await.expect(200);
}

#[tokio::test]
async fn a_session_is_told_by_its_browser_and_never_by_what_opens_it() {
    let hub = TestHub::new().await;
    let browser = hub.stranger();
    let form = json!({ "company": "Acme", "name": "Anna", "email": "anna@example.com",
                       "password": "correct horse battery" });
    browser.post("/api/auth/signup", form).await.expect(202);
    let token = hub.mailed_token("anna@example.com").await;
    let request = browser.request(reqwest::Method::POST, "/api/auth/confirm").header(
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    );
    browser.send(request.json(&json!({ "token": token }))).await.expect(200);
    let seen = browser.get("/api/auth/sessions").await;
    assert_eq!(items(&seen.expect(200))[0]["agent"], "Firefox on Linux");
    let cookie = browser.cookie().unwrap();
    let secret = cookie.split_once('=').unwrap().1;
    assert!(!seen.text.contains(secret), "{}", seen.text);
}
