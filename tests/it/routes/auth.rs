//! `/api/auth`.

use chrono::TimeDelta;
use serde_json::json;
use tandem::policy::{Plan, Role};

use crate::harness::{Browser, TestHub};

const PASSWORD: &str = "correct horse battery";

fn form(email: &str) -> serde_json::Value {
    json!({ "company": "Acme", "name": "Anna", "email": email, "password": PASSWORD })
}

/// Signs up and confirms; the browser ends up signed in.
async fn account(hub: &TestHub, email: &str) -> Browser {
    let browser = hub.stranger();
    browser.post("/api/auth/signup", form(email)).await.expect(202);
    let token = hub.mailed_token(email).await;
    browser.post("/api/auth/confirm", json!({ "token": token })).await.expect(200);
    browser
}

#[tokio::test]
async fn a_company_exists_when_its_address_is_confirmed_and_its_owner_is_in() {
    let hub = TestHub::new().await;
    let browser = hub.stranger();
    browser.post("/api/auth/signup", form("anna@example.com")).await.expect(202);
    assert_eq!(hub.value::<i64>("select count(*) from company").await, 0);

    let token = hub.mailed_token("anna@example.com").await;
    let answer = browser.post("/api/auth/confirm", json!({ "token": token })).await;
    let session = answer.expect(200);
    assert_eq!(session["company"]["name"], "Acme");
    assert_eq!(session["company"]["plan"], "free");
    assert_eq!(session["member"]["role"], "owner");
    assert_eq!(session["limits"]["contacts"], 500);
    assert!(session["may"].as_array().unwrap().contains(&json!("change_plan")));
    assert_eq!(session["allows"], json!([]));
    let cookie = answer.header("set-cookie");
    for part in ["tandem_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    browser.get("/api/auth/session").await.expect(200);

    // The link works once.
    let again = hub.stranger().post("/api/auth/confirm", json!({ "token": token })).await;
    assert_eq!(again.problem(400), "token_expired");
    let (action, count): (String, i64) =
        sqlx::query_as("select min(action), count(*) from audit_log")
            .fetch_one(&hub.owner)
            .await
            .unwrap();
    assert_eq!((action.as_str(), count), ("company.created", 1));
}

#[tokio::test]
async fn no_token_and_no_password_is_stored_as_it_is() {
    let hub = TestHub::new().await;
    hub.stranger().post("/api/auth/signup", form("anna@example.com")).await.expect(202);
    let token = hub.mailed_token("anna@example.com").await;
    let row: String = hub.value("select signup::text from signup").await;
    assert!(!row.contains(&token) && !row.contains(PASSWORD), "{row}");
    assert!(row.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{row}");
    assert_eq!(hub.value::<i64>("select count(*) from door_mail").await, 0);
}

#[tokio::test]
async fn a_stranger_cannot_tell_who_has_an_account() {
    let hub = TestHub::new().await;
    account(&hub, "anna@example.com").await;

    // Signing up: the same answer; the mailbox knows more.
    let stranger = hub.stranger();
    let known = stranger.post("/api/auth/signup", form("Anna@Example.com")).await;
    let unknown = stranger.post("/api/auth/signup", form("berta@example.com")).await;
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    let mails = hub.mail().await;
    assert!(mails.iter().any(|mail| mail.subject == "You already have an account"));

    // Resetting.
    let known = stranger.post("/api/auth/reset", json!({ "email": "anna@example.com" })).await;
    let unknown = stranger.post("/api/auth/reset", json!({ "email": "nobody@example.com" })).await;
    assert_eq!((known.expect(202), &known.text), (unknown.expect(202), &unknown.text));

    // Signing in.
    let wrong = |email: &str| json!({ "email": email, "password": "not the password" });
    let known = stranger.post("/api/auth/login", wrong("anna@example.com")).await;
    let unknown = stranger.post("/api/auth/login", wrong("nobody@example.com")).await;
    assert_eq!(known.problem(401), "wrong_credentials");
    assert_eq!(unknown.problem(401), "wrong_credentials");
    let without_id = |text: &str, id: &str| text.replace(id, "");
    assert_eq!(
        without_id(&known.text, known.header("x-request-id")),
        without_id(&unknown.text, unknown.header("x-request-id")),
    );
}

#[tokio::test]
async fn an_unknown_address_costs_as_much_time_as_a_wrong_password() {
    let hub = TestHub::new().await;
    account(&hub, "anna@example.com").await;
    let stranger = hub.stranger();
    let mut quickest = [f64::MAX; 2];
    for _ in 0..8 {
        for (at, email) in ["anna@example.com", "nobody@example.com"].into_iter().enumerate() {
            let begun = std::time::Instant::now();
            let body = json!({ "email": email, "password": "not the password" });
            stranger.post("/api/auth/login", body).await.problem(401);
            quickest[at] = quickest[at].min(begun.elapsed().as_secs_f64());
        }
    }
    let [known, unknown] = quickest;
    // The fastest of several, and a wide span: other tests run beside this one. Without the work a
    // sign-in takes a tenth.
    assert!(unknown > known * 0.3 && unknown < known * 3.0, "{known} {unknown}");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_not_only_the_cookie() {
    let hub = TestHub::new().await;
    let browser = account(&hub, "anna@example.com").await;
    let cookie = browser.cookie();
    let answer = browser.post("/api/auth/logout", json!({})).await;
    answer.expect(204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{:?}", answer.headers);
    assert_eq!(browser.cookie(), None);

    let thief = Browser::new(&hub.url, cookie);
    assert_eq!(thief.get("/api/auth/session").await.problem(401), "unauthenticated");
}

#[tokio::test]
async fn a_sign_in_never_continues_a_session_from_before() {
    let hub = TestHub::new().await;
    let browser = account(&hub, "anna@example.com").await;
    let before = browser.cookie();
    let body = json!({ "email": " ANNA@example.com ", "password": PASSWORD });
    browser.post("/api/auth/login", body).await.expect(200);
    assert_ne!(browser.cookie(), before);
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down_and_says_how_long() {
    let hub = TestHub::new().await;
    account(&hub, "anna@example.com").await;
    let stranger = hub.stranger();
    let wrong = json!({ "email": "anna@example.com", "password": "not the password" });
    for _ in 0..10 {
        stranger.post("/api/auth/login", wrong.clone()).await.problem(401);
    }
    let answer = stranger.post("/api/auth/login", wrong).await;
    assert_eq!(answer.problem(429), "too_many_requests");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    // Even the right one, until the wait is over.
    let right = json!({ "email": "anna@example.com", "password": PASSWORD });
    stranger.post("/api/auth/login", right.clone()).await.problem(429);
    hub.clock.advance(TimeDelta::minutes(16));
    stranger.post("/api/auth/login", right).await.expect(200);
}

#[tokio::test]
async fn a_mailbox_is_not_flooded() {
    let hub = TestHub::new().await;
    account(&hub, "anna@example.com").await;
    for _ in 0..10 {
        let body = json!({ "email": "anna@example.com" });
        hub.stranger().post("/api/auth/reset", body).await.expect(202);
    }
    let resets = hub.mail().await.iter().filter(|m| m.subject == "Choose a new password").count();
    assert_eq!(resets, 4, "five mails an hour, the confirmation being one");
}

#[tokio::test]
async fn a_reset_ends_every_session_and_the_old_password() {
    let hub = TestHub::new().await;
    let browser = account(&hub, "anna@example.com").await;
    let stranger = hub.stranger();
    stranger.post("/api/auth/reset", json!({ "email": "anna@example.com" })).await.expect(202);
    let token = hub.mailed_token("anna@example.com").await;

    // A refused password leaves the link usable.
    let short = json!({ "token": token, "password": "short" });
    let refused = stranger.post("/api/auth/reset/confirm", short).await;
    assert_eq!(refused.problem(400), "invalid");
    assert_eq!(refused.json()["fields"][0]["field"], "password");

    let body = json!({ "token": token, "password": "another long password" });
    stranger.post("/api/auth/reset/confirm", body.clone()).await.expect(204);
    assert_eq!(stranger.post("/api/auth/reset/confirm", body).await.problem(400), "token_expired");
    assert_eq!(browser.get("/api/auth/session").await.problem(401), "unauthenticated");
    let sign_in = |password: &str| json!({ "email": "anna@example.com", "password": password });
    stranger.post("/api/auth/login", sign_in(PASSWORD)).await.problem(401);
    stranger.post("/api/auth/login", sign_in("another long password")).await.expect(200);
}

#[tokio::test]
async fn links_stop_working_when_the_mail_says_so() {
    let hub = TestHub::new().await;
    account(&hub, "anna@example.com").await;
    let stranger = hub.stranger();
    stranger.post("/api/auth/reset", json!({ "email": "anna@example.com" })).await.expect(202);
    let reset = hub.mailed_token("anna@example.com").await;
    hub.clock.advance(TimeDelta::minutes(61));
    let body = json!({ "token": reset, "password": "another long password" });
    assert_eq!(stranger.post("/api/auth/reset/confirm", body).await.problem(400), "token_expired");

    stranger.post("/api/auth/signup", form("berta@example.com")).await.expect(202);
    let confirm = hub.mailed_token("berta@example.com").await;
    hub.clock.advance(TimeDelta::hours(25));
    let late = stranger.post("/api/auth/confirm", json!({ "token": confirm })).await;
    assert_eq!(late.problem(400), "token_expired");
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_a_week_in_any_case() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let idle = &acme.owner.browser;
    hub.clock.advance(TimeDelta::hours(11));
    idle.get("/api/auth/session").await.expect(200);
    hub.clock.advance(TimeDelta::hours(11));
    idle.get("/api/auth/session").await.expect(200);
    hub.clock.advance(TimeDelta::hours(13));
    idle.get("/api/auth/session").await.problem(401);

    let acme = hub.company(Plan::Free).await;
    for _ in 0..16 {
        acme.owner.browser.get("/api/auth/session").await.expect(200);
        hub.clock.advance(TimeDelta::hours(10));
    }
    hub.clock.advance(TimeDelta::hours(9));
    acme.owner.browser.get("/api/auth/session").await.problem(401);
}

#[tokio::test]
async fn reading_writes_that_a_session_was_seen_at_most_once_a_minute() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let seen = "select count(distinct xmin::text) from session where seen_at > created_at";
    acme.owner.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(hub.value::<i64>(seen).await, 0);
    hub.clock.advance(TimeDelta::seconds(61));
    acme.owner.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(hub.value::<i64>(seen).await, 1);
}

#[tokio::test]
async fn removing_a_member_ends_their_sessions_at_once() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Teams).await;
    acme.consultant.browser.get("/api/auth/session").await.expect(200);
    sqlx::query("delete from member where member_id = $1")
        .bind(acme.consultant.id)
        .execute(&hub.owner)
        .await
        .unwrap();
    acme.consultant.browser.get("/api/auth/session").await.problem(401);
}

#[tokio::test]
async fn somebody_in_two_companies_switches_and_nobody_enters_a_third() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let globex = hub.company(Plan::Teams).await;
    let initech = hub.company(Plan::Free).await;
    let anna = &acme.owner;
    hub.join(globex.id, Role::Consultant, anna.user_id, &anna.email).await;
    let browser = &anna.browser;
    let before = browser.cookie();

    let switch = |id: tandem::domain::CompanyId| json!({ "company_id": id.uuid() });
    let session = browser.put("/api/auth/session", switch(globex.id)).await.expect(200);
    assert_eq!(session["company"]["id"], globex.id.uuid().to_string());
    assert_eq!(session["member"]["role"], "consultant");
    assert_eq!(session["companies"].as_array().unwrap().len(), 2);
    assert_ne!(browser.cookie(), before);
    Browser::new(&hub.url, before).get("/api/auth/session").await.problem(401);

    let foreign = browser.put("/api/auth/session", switch(initech.id)).await;
    assert_eq!(foreign.problem(404), "not_found");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let hub = TestHub::new().await;
    let body = json!({ "company": " ", "name": "A\nB", "email": "anna", "password": PASSWORD, "country": "Germany" });
    let answer = hub.stranger().post("/api/auth/signup", body).await;
    assert_eq!(answer.problem(400), "invalid");
    let fields: Vec<String> = answer.json()["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["company", "name", "email", "country"]);
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let hub = TestHub::with(|config| {
        config.public_url = Some("https://tandem.example".parse().unwrap());
    })
    .await;
    let browser = hub.stranger();
    let from_page = |path: &str| {
        browser
            .bare(reqwest::Method::POST, path)
            .header("origin", "https://tandem.example")
            .header("x-tandem-csrf", "1")
    };
    browser.send(from_page("/api/auth/signup").json(&form("anna@example.com"))).await.expect(202);
    let token = hub.mailed_token("anna@example.com").await;
    let answer =
        browser.send(from_page("/api/auth/confirm").json(&json!({ "token": token }))).await;
    answer.expect(200);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-tandem_session=") && cookie.contains("Secure"), "{cookie}");
    assert!(cookie.contains("Path=/") && !cookie.contains("Domain"), "{cookie}");
    assert!(answer.header("strict-transport-security").contains("max-age=31536000"));
    // The name for plain http opens nothing here.
    let plain = browser.cookie().unwrap().replace("__Host-", "");
    Browser::new(&hub.url, Some(plain)).get("/api/auth/session").await.problem(401);
}
