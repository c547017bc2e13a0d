//! Accepting an invitation.

use serde_json::json;
use tandem::policy::{Plan, Role};

use super::{PASSWORD, invite, log, newcomer};
use crate::harness::{Browser, TestHub};

const ACCEPT: &str = "/api/auth/invitation/accept";

/// Somebody who signed up by themselves, in a company of their own.
async fn account(hub: &TestHub, email: &str) -> Browser {
    let browser = hub.stranger();
    let form = json!({ "company": "Own", "name": "Own", "email": email, "password": PASSWORD });
    browser.post("/api/auth/signup", form).await.expect(202);
    let token = hub.mailed_token(email).await;
    browser.post("/api/auth/confirm", json!({ "token": token })).await.expect(200);
    browser
}

#[tokio::test]
async fn somebody_new_chooses_a_name_and_a_password_and_is_in_once() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let token = invite(&hub, &acme.owner.browser, "nora@example.com", "consultant").await;
    let browser = hub.stranger();
    let asked = browser.post("/api/auth/invitation", json!({ "token": token })).await.expect(200);
    assert_eq!(asked["company"], format!("Company {}", acme.id));
    assert_eq!(
        (&asked["email"], &asked["role"]),
        (&json!("nora@example.com"), &json!("consultant"))
    );
    assert_eq!((&asked["has_account"], &asked["signed_in"]), (&json!(false), &json!(false)));

    // What is wrong with the form spends nothing.
    let nameless = json!({ "token": token, "password": PASSWORD });
    let nameless = browser.post(ACCEPT, nameless).await;
    assert_eq!(nameless.json()["fields"][0]["field"], "name");
    let short = json!({ "token": token, "name": "Nora", "password": "short" });
    let short = browser.post(ACCEPT, short).await;
    assert_eq!(short.json()["fields"][0]["field"], "password");

    let mut tampered = newcomer(&token);
    tampered["role"] = json!("owner");
    tampered["company_id"] = json!(hub.company(Plan::Free).await.id.uuid());
    let inside = browser.post(ACCEPT, tampered).await.expect(200);
    assert_eq!(inside["company"]["id"], acme.id.to_string());
    assert_eq!(
        (&inside["member"]["role"], &inside["user"]["name"]),
        (&json!("consultant"), &json!("Nora New"))
    );
    browser.get("/api/contacts").await.expect(200);

    let again = hub.stranger().post(ACCEPT, newcomer(&token)).await;
    assert_eq!(again.problem(400), "invitation_gone");
    let login = json!({ "email": "nora@example.com", "password": PASSWORD });
    hub.stranger().post("/api/auth/login", login).await.expect(200);
    let expected = ["invitation.created", "member.joined", "session.started"];
    assert_eq!(log(&hub).await, expected);
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_is_in() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let token = invite(&hub, &acme.owner.browser, "nora@example.com", "consultant").await;
    let (one, other) = (hub.stranger(), hub.stranger());
    let (one, other) =
        tokio::join!(one.post(ACCEPT, newcomer(&token)), other.post(ACCEPT, newcomer(&token)));
    let (good, bad) = if one.status == 200 { (one, other) } else { (other, one) };
    good.expect(200);
    assert!(["invitation_gone", "sign_in_first"].contains(&bad.json()["code"].as_str().unwrap()));
    assert_eq!(hub.value::<i64>("select count(*) from member where name = 'Nora New'").await, 1);
}

#[tokio::test]
async fn somebody_with_an_account_signs_in_and_is_then_in_both_companies() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let own = account(&hub, "nora@example.com").await;
    let token = invite(&hub, &acme.owner.browser, "Nora@example.com", "golden_ticket").await;
    let stranger = hub.stranger();
    let asked = stranger.post("/api/auth/invitation", json!({ "token": token })).await.expect(200);
    assert_eq!((&asked["has_account"], &asked["signed_in"]), (&json!(true), &json!(false)));
    // A mailbox alone does not open an account that is there: its password stays what it was.
    let bare = stranger.post(ACCEPT, json!({ "token": token })).await;
    assert_eq!(bare.problem(401), "sign_in_first");
    let guess = json!({ "token": token, "name": "Thief", "password": "another password" });
    assert_eq!(stranger.post(ACCEPT, guess).await.problem(401), "wrong_credentials");

    let asked = own.post("/api/auth/invitation", json!({ "token": token })).await.expect(200);
    assert_eq!(asked["signed_in"], true);
    let before = own.cookie();
    let inside = own.post(ACCEPT, json!({ "token": token })).await.expect(200);
    assert_eq!(inside["company"]["id"], acme.id.to_string());
    assert_eq!(inside["companies"].as_array().unwrap().len(), 2);
    // No session goes on under another company.
    assert_ne!(own.cookie(), before);
    let old = Browser::new(&hub.url, before);
    assert_eq!(old.get("/api/auth/session").await.problem(401), "unauthenticated");

    // With the password instead of a session.
    let globex = hub.company(Plan::Enterprise).await;
    let token = invite(&hub, &globex.owner.browser, "nora@example.com", "admin").await;
    let form = json!({ "token": token, "password": PASSWORD });
    let inside = hub.stranger().post(ACCEPT, form).await.expect(200);
    assert_eq!(inside["companies"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn whoever_is_signed_in_with_another_address_cannot_accept() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let globex = hub.company(Plan::Enterprise).await;
    account(&hub, "known@example.com").await;
    for email in ["new@example.com", "known@example.com"] {
        let token = invite(&hub, &acme.owner.browser, email, "owner").await;
        let mut form = newcomer(&token);
        for _ in 0..2 {
            let answer = globex.consultant.browser.post(ACCEPT, form.clone()).await;
            assert_eq!(answer.problem(403), "another_address");
            form["email"] = json!(globex.consultant.email);
        }
    }
    assert_eq!(hub.value::<i64>("select count(*) from invitation").await, 2);
}

#[tokio::test]
async fn whoever_was_in_no_company_any_more_comes_back_by_an_invitation() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let token = invite(&hub, &acme.owner.browser, "nora@example.com", "consultant").await;
    let browser = hub.stranger();
    let inside = browser.post(ACCEPT, newcomer(&token)).await.expect(200);
    let path = format!("/api/team/members/{}", inside["member"]["id"].as_str().unwrap());
    acme.owner.browser.delete(&path).await.expect(200);
    let login = json!({ "email": "nora@example.com", "password": PASSWORD });
    let out = hub.stranger().post("/api/auth/login", login).await;
    assert_eq!(out.problem(403), "no_company");

    let token = invite(&hub, &acme.owner.browser, "nora@example.com", "admin").await;
    let form = json!({ "token": token, "password": PASSWORD });
    let inside = hub.stranger().post(ACCEPT, form).await.expect(200);
    assert_eq!(inside["member"]["role"], "admin");
}

#[tokio::test]
async fn of_two_who_take_the_last_seat_at_once_one_gets_it_and_the_other_may_come_later() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let one = invite(&hub, &acme.owner.browser, "one@example.com", "consultant").await;
    let other = invite(&hub, &acme.owner.browser, "other@example.com", "consultant").await;
    // The plan became smaller meanwhile: one of five seats is left.
    hub.plan(&acme, Plan::Teams).await;
    let (first, second) = (hub.stranger(), hub.stranger());
    let (first, second) =
        tokio::join!(first.post(ACCEPT, newcomer(&one)), second.post(ACCEPT, newcomer(&other)));
    let (good, bad, token) =
        if first.status == 200 { (first, second, other) } else { (second, first, one) };
    good.expect(200);
    assert_eq!(bad.problem(409), "seats_full");
    assert_eq!(hub.value::<i64>("select count(*) from member").await, 5);
    hub.plan(&acme, Plan::Enterprise).await;
    hub.stranger().post(ACCEPT, newcomer(&token)).await.expect(200);
}

#[tokio::test]
async fn a_link_that_never_was_answers_like_one_that_no_longer_is() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let token = invite(&hub, &acme.owner.browser, "nora@example.com", "consultant").await;
    hub.stranger().post(ACCEPT, newcomer(&token)).await.expect(200);
    let never = tandem::domain::OpaqueToken::fresh();
    let mut answers = Vec::new();
    for token in [token.as_str(), never.reveal(), "", "x", "../../etc/passwd"] {
        for path in ["/api/auth/invitation", ACCEPT] {
            let answer = hub.stranger().post(path, newcomer(token)).await;
            assert_eq!(answer.problem(400), "invitation_gone");
            answers.push(answer.anonymous());
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    // Another company's manager cannot reach it by its id either.
    invite(&hub, &acme.owner.browser, "omar@example.com", "consultant").await;
    let list = acme.owner.browser.get("/api/team/invitations").await.expect(200);
    let id = list["items"][0]["id"].as_str().unwrap();
    let globex = hub.company(Plan::Enterprise).await;
    for role in [Role::Owner, Role::Admin] {
        let path = format!("/api/team/invitations/{id}");
        let browser = &globex.member(role).browser;
        assert_eq!(browser.delete(&path).await.problem(404), "not_found");
        let again = browser.post(&format!("{path}/resend"), json!({})).await;
        assert_eq!(again.problem(404), "not_found");
    }
}

#[tokio::test]
async fn guessing_links_is_slowed_down() {
    let hub = TestHub::new().await;
    for _ in 0..60 {
        let guess = tandem::domain::OpaqueToken::fresh();
        let form = json!({ "token": guess.reveal() });
        hub.stranger().post("/api/auth/invitation", form).await.problem(400);
    }
    let slow = hub.stranger().post("/api/auth/invitation", json!({ "token": "x" })).await;
    assert_eq!(slow.problem(429), "too_many_requests");
}
