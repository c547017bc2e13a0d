//! Asking people in, sending again, taking back.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tandem::{
    jobs,
    policy::{Plan, Role},
};

use super::{invite, log, newcomer, token};
use crate::harness::TestHub;

/// Makes every invitation too old; the clock would end the sessions, too.
async fn age(hub: &TestHub) {
    let sql = "update invitation set expires_at = $1";
    sqlx::query(sql).bind(hub.clock.now()).execute(&hub.owner).await.unwrap();
}

#[tokio::test]
async fn an_invitation_is_mailed_and_only_a_hash_of_its_token_is_stored() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let form = json!({ "email": " Nora@Example.com ", "role": "golden_ticket" });
    let made = acme.admin.browser.post("/api/team/invitations", form).await.expect(201);
    assert_eq!(
        (&made["email"], &made["role"]),
        (&json!("Nora@Example.com"), &json!("golden_ticket"))
    );
    assert_eq!((&made["sent_at"], &made["expired"]), (&Value::Null, &json!(false)));

    let token = token(&hub, "Nora@Example.com").await;
    let stored: String = hub.value("select invitation::text from invitation").await;
    assert!(!stored.contains(&token), "{stored}");
    let mail = &hub.mail().await[0];
    assert!(mail.subject.starts_with("Join Company "), "{}", mail.subject);
    assert!(mail.text.contains("The admin invites you"), "{}", mail.text);
    let listed = acme.owner.browser.get("/api/team/invitations").await;
    assert!(listed.expect(200)["items"][0]["sent_at"].is_string());
    assert!(!listed.text.contains(&token));
    let logged: String = hub.value("select string_agg(audit_log::text, '') from audit_log").await;
    assert!(!logged.to_lowercase().contains("nora"), "ids, never values: {logged}");
}

#[tokio::test]
async fn nobody_asks_for_a_role_above_their_own_and_a_demoted_ones_invitations_fall() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let form = |role: &str| json!({ "email": "nora@example.com", "role": role });
    let raised = acme.admin.browser.post("/api/team/invitations", form("owner")).await;
    assert_eq!(raised.problem(403), "role_above");
    for member in [&acme.golden_ticket, &acme.consultant] {
        let answer = member.browser.post("/api/team/invitations", form("consultant")).await;
        assert_eq!(answer.problem(403), "forbidden");
    }
    let words = acme.owner.browser.post("/api/team/invitations", form("emperor")).await;
    assert_eq!(words.problem(400), "invalid");

    // Above a manager's own role it is not theirs to touch either.
    let made = acme.owner.browser.post("/api/team/invitations", form("owner")).await.expect(201);
    let path = format!("/api/team/invitations/{}", made["id"].as_str().unwrap());
    assert_eq!(acme.admin.browser.delete(&path).await.problem(403), "role_above");
    let again = acme.admin.browser.post(&format!("{path}/resend"), json!({})).await;
    assert_eq!(again.problem(403), "role_above");

    // An invitation stands on its maker's authority.
    let token = invite(&hub, &acme.admin.browser, "adam@example.com", "admin").await;
    let demoted = format!("/api/team/members/{}", acme.admin.id);
    acme.owner.browser.patch(&demoted, json!({ "role": "consultant" })).await.expect(200);
    let late = hub.stranger().post("/api/auth/invitation/accept", newcomer(&token)).await;
    assert_eq!(late.problem(400), "invitation_gone");
    assert_eq!(log(&hub).await.last().unwrap(), "invitation.revoked");
}

#[tokio::test]
async fn an_address_is_asked_once_and_a_member_is_not_asked() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let ask = |email: &str| {
        let form = json!({ "email": email, "role": "consultant" });
        acme.owner.browser.post("/api/team/invitations", form)
    };
    ask("nora@example.com").await.expect(201);
    assert_eq!(ask("NORA@example.com").await.problem(409), "already_invited");
    let member = acme.consultant.email.to_uppercase();
    assert_eq!(ask(&member).await.problem(409), "already_member");
    let long = format!("{}@example.com", "x".repeat(260));
    for email in ["", "nora", "nora@example", "a b@example.com", "a@b.c\r\nBcc: x@y.example", &long]
    {
        assert_eq!(ask(email).await.problem(400), "invalid", "{email}");
    }
    for days in [0, 31] {
        let form = json!({ "email": "x@example.com", "role": "consultant", "days": days });
        let answer = acme.owner.browser.post("/api/team/invitations", form).await;
        assert_eq!(answer.json()["fields"][0]["field"], "days");
    }
}

#[tokio::test]
async fn sending_again_ends_the_old_link_and_revoking_ends_every_link() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let old = invite(&hub, &acme.owner.browser, "nora@example.com", "consultant").await;
    let list = acme.owner.browser.get("/api/team/invitations").await.expect(200);
    let path = format!("/api/team/invitations/{}", list["items"][0]["id"].as_str().unwrap());
    let look = async |token: &str| {
        hub.stranger().post("/api/auth/invitation", json!({ "token": token })).await
    };
    look(&old).await.expect(200);

    // Expired, it opens nothing; sent again, it does.
    age(&hub).await;
    assert_eq!(look(&old).await.problem(400), "invitation_gone");
    let again = acme.admin.browser.post(&format!("{path}/resend"), json!({})).await.expect(200);
    assert_eq!((&again["expired"], &again["sent_at"]), (&json!(false), &Value::Null));
    assert_eq!(again["invited_by"]["member_id"], acme.admin.id.to_string());
    assert_eq!(look(&old).await.problem(400), "invitation_gone");
    let new = token(&hub, "nora@example.com").await;
    assert_ne!(new, old);
    look(&new).await.expect(200);

    acme.owner.browser.delete(&path).await.expect(204);
    assert_eq!(acme.owner.browser.delete(&path).await.problem(404), "not_found");
    assert_eq!(look(&new).await.problem(400), "invitation_gone");
    let late = hub.stranger().post("/api/auth/invitation/accept", newcomer(&new)).await;
    assert_eq!(late.problem(400), "invitation_gone");
    let expected = ["invitation.created", "invitation.resent", "invitation.revoked"];
    assert_eq!(log(&hub).await, expected);
}

#[tokio::test]
async fn a_revoked_invitation_whose_mail_waits_is_not_mailed() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let form = json!({ "email": "nora@example.com", "role": "consultant" });
    let made = acme.owner.browser.post("/api/team/invitations", form).await.expect(201);
    let path = format!("/api/team/invitations/{}", made["id"].as_str().unwrap());
    acme.owner.browser.delete(&path).await.expect(204);
    assert_eq!(jobs::drain(&hub.hub).await.unwrap(), 1);
    assert!(hub.mail().await.is_empty());
}

#[tokio::test]
async fn members_and_open_invitations_fill_the_seats_however_many_ask_at_once() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Teams).await;
    // Four of five seats are taken.
    let ask = |name: usize| {
        let form = json!({ "email": format!("{name}@example.com"), "role": "consultant" });
        acme.owner.browser.post("/api/team/invitations", form)
    };
    let answers = join_all((0..5).map(ask)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(403), "plan");
        assert_eq!(answer.json()["upgrade_to"], "enterprise");
    }
    // An expired one holds no seat, until it is sent again.
    age(&hub).await;
    ask(7).await.expect(201);
    let list = acme.owner.browser.get("/api/team/invitations").await.expect(200);
    let expired = list["items"][1]["id"].as_str().unwrap();
    let again = format!("/api/team/invitations/{expired}/resend");
    assert_eq!(acme.owner.browser.post(&again, json!({})).await.problem(403), "plan");
}

#[tokio::test]
async fn strangers_mailboxes_are_not_flooded_through_us() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let form = json!({ "email": "nora@example.com", "role": "consultant" });
    let made = acme.owner.browser.post("/api/team/invitations", form).await.expect(201);
    let again = format!("/api/team/invitations/{}/resend", made["id"].as_str().unwrap());
    for _ in 0..5 {
        acme.owner.browser.post(&again, json!({})).await.expect(200);
    }
    let slow = acme.owner.browser.post(&again, json!({})).await;
    assert_eq!(slow.problem(429), "too_many_requests");
    assert!(slow.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn an_invitation_sent_twice_under_one_key_is_one() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let send = || {
        let request = acme.owner.browser.request(reqwest::Method::POST, "/api/team/invitations");
        let form = json!({ "email": "nora@example.com", "role": Role::Consultant.word() });
        acme.owner.browser.send(request.header("idempotency-key", "one").json(&form))
    };
    let first = send().await.expect(201);
    let again = send().await;
    assert_eq!(again.expect(201), first);
    assert_eq!(again.header("idempotency-replayed"), "true");
}
