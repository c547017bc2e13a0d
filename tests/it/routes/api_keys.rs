//! `/api/api-keys`: making, listing and taking back the keys of scripts.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tandem::policy::{Plan, Role};

use crate::harness::{Browser, TestHub};

async fn make(browser: &Browser, role: &str) -> Value {
    browser.post("/api/api-keys", json!({ "name": "Nightly", "role": role })).await.expect(201)
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_a_hash() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let made = make(&acme.owner.browser, "admin").await;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("tandem_test_") && secret.len() == 48, "{secret}");
    assert_eq!(made["key"]["hint"], secret[..16]);
    assert_eq!(made["key"]["role"], "admin");
    assert_eq!(made["key"]["member"]["member_id"], acme.owner.id.to_string());

    let listed = acme.owner.browser.get("/api/api-keys").await;
    assert_eq!(listed.expect(200)["items"], json!([made["key"]]));
    assert!(!listed.text.contains(&secret[16..]));
    let stored: String = hub.value("select row_to_json(api_key)::text from api_key").await;
    assert!(!stored.contains(&secret[16..]), "{stored}");
}

#[tokio::test]
async fn a_key_is_never_above_its_makers_role() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    for (at, member) in acme.members().into_iter().enumerate() {
        for (other, role) in Role::ALL.iter().enumerate() {
            let form = json!({ "name": "X", "role": role.word() });
            let answer = member.browser.post("/api/api-keys", form).await;
            if other < at {
                assert_eq!(answer.problem(403), "forbidden", "{} {role}", member.role);
            } else {
                answer.expect(201);
            }
        }
    }
}

#[tokio::test]
async fn members_see_and_revoke_their_own_keys_and_managers_everybodys() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let owners = make(&acme.owner.browser, "consultant").await;
    let clerks = make(&acme.consultant.browser, "consultant").await;
    let ids = |list: &Value| -> Vec<Value> {
        list["items"].as_array().unwrap().iter().map(|key| key["id"].clone()).collect()
    };
    let path = |made: &Value| format!("/api/api-keys/{}", made["key"]["id"].as_str().unwrap());

    let seen = acme.consultant.browser.get("/api/api-keys").await.expect(200);
    assert_eq!(ids(&seen), [clerks["key"]["id"].clone()]);
    let refused = acme.consultant.browser.delete(&path(&owners)).await;
    assert_eq!(refused.problem(404), "not_found");
    let seen = acme.admin.browser.get("/api/api-keys").await.expect(200);
    assert_eq!(ids(&seen).len(), 2);

    acme.admin.browser.delete(&path(&owners)).await.expect(204);
    acme.consultant.browser.delete(&path(&clerks)).await.expect(204);
    assert_eq!(acme.consultant.browser.delete(&path(&clerks)).await.problem(404), "not_found");
    let log: Vec<String> =
        hub.value("select array_agg(action order by audit_id) from audit_log").await;
    let (made, revoked) = ("api_key.created", "api_key.revoked");
    assert_eq!(log, [made, made, revoked, revoked]);
}

#[tokio::test]
async fn a_company_has_fifty_keys_however_many_ask_at_once() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    sqlx::query(
        "insert into api_key (company_id, key_id, member_id, name, role, hint, secret_hash)
         select $1, gen_random_uuid(), $2, 'X', 'owner', 'x', sha256(convert_to(n::text, 'UTF8'))
         from generate_series(1, 48) n",
    )
    .bind(acme.id)
    .bind(acme.owner.id)
    .execute(&hub.owner)
    .await
    .unwrap();
    let form = || json!({ "name": "X", "role": "owner" });
    let answers = futures_util::future::join_all(
        (0..8).map(|_| acme.owner.browser.post("/api/api-keys", form())),
    )
    .await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 2);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(409), "too_many_keys");
    }
}

#[tokio::test]
async fn a_key_needs_a_name_and_a_time_to_come() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let browser = &acme.owner.browser;
    let past = hub.clock.now() - TimeDelta::seconds(1);
    for form in [
        json!({ "name": " ", "role": "admin" }),
        json!({ "name": "x".repeat(101), "role": "admin" }),
        json!({ "name": "X", "role": "emperor" }),
        json!({ "name": "X", "role": "admin", "expires_at": past }),
        json!({ "name": "X", "role": "admin", "expires_at": "tomorrow" }),
    ] {
        let answer = browser.post("/api/api-keys", form).await;
        assert_eq!(answer.problem(400), "invalid", "{}", answer.text);
    }
}
