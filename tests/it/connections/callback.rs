//! What comes back from a consent page is a stranger's word until the state says otherwise.

use chrono::TimeDelta;
use serde_json::json;
use sha2::{Digest, Sha256};
use tandem::{
    connectors::TokenSource as _,
    domain::OpaqueToken,
    policy::{Plan, Role},
};

use super::{
    Rig,
    crm::{ALPEN, NORDWIND, callback, connected_page, error_page, landed, slug, state_of},
};
use crate::harness::{Browser, TestHub};

/// Nobody asked the CRM for a token, and nothing is stored.
async fn nothing_happened(rig: &Rig) {
    assert_eq!(rig.crm.tokens("authorization_code").await, 0);
    assert_eq!(rig.crm.api_calls().await, 0);
    assert_eq!(rig.hub.value::<i64>("select count(*) from connection").await, 0);
}

#[tokio::test]
async fn a_consent_that_comes_back_connects_and_is_written_down() {
    let rig = Rig::new().await;
    let page = rig.begin(&rig.acme.owner.browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;
    assert_eq!(landed(&rig.acme.owner.browser.get(&back).await), connected_page());

    let connection = rig.status().await;
    assert_eq!(connection["state"], "active");
    assert_eq!(connection["account_name"], "Nordwind Maschinenbau GmbH");
    assert_eq!(connection["account_user"], "Anna Albrecht");
    assert_eq!(connection["missing_scopes"], json!([]));
    assert_eq!(connection["connected_by"]["member_id"], json!(rig.acme.owner.id.uuid()));
    let action: String = rig.hub.value("select action from audit_log").await;
    assert_eq!(action, "connection.connected");
    assert_eq!(rig.crm.tokens("authorization_code").await, 1);
    // Only its hash was kept, and the answer is not for caches.
    let state = state_of(&page);
    let hash: Vec<u8> = rig.hub.value("select state_hash from oauth_state").await;
    assert_eq!(hash, Sha256::digest(state.as_bytes()).to_vec());
}

#[tokio::test]
async fn a_state_that_is_missing_unknown_or_expired_connects_nothing() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    for (query, reason) in [
        ("code=abc&state=", "state_missing"),
        ("", "state_missing"),
        ("code=abc&state=abc", "state_unknown"),
        ("code=abc&state=%F0%9F%92%A5", "state_unknown"),
    ] {
        assert_eq!(landed(&browser.get(&callback(query)).await), error_page(reason), "{query}");
    }
    let page = rig.begin(browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;
    rig.hub.clock.advance(TimeDelta::minutes(10));
    assert_eq!(landed(&browser.get(&back).await), error_page("state_expired"));
    nothing_happened(&rig).await;
}

#[tokio::test]
async fn a_state_works_once() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let page = rig.begin(browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;
    let (first, second) = tokio::join!(browser.get(&back), browser.get(&back));
    let mut ends = [landed(&first), landed(&second)];
    ends.sort();
    assert_eq!(ends, [connected_page(), error_page("state_used")]);
    assert_eq!(landed(&browser.get(&back).await), error_page("state_used"));
    assert_eq!(rig.crm.tokens("authorization_code").await, 1);
}

#[tokio::test]
async fn two_consents_at_once_make_one_connection() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let (one, two) = (rig.begin(browser).await, rig.begin(browser).await);
    let one = rig.crm.consent(&one, "allow", NORDWIND).await;
    let two = rig.crm.consent(&two, "allow", NORDWIND).await;
    let (one, two) = tokio::join!(browser.get(&one), browser.get(&two));
    assert_eq!([landed(&one), landed(&two)], [connected_page(), connected_page()]);
    assert_eq!(rig.hub.value::<i64>("select count(*) from connection").await, 1);
}

#[tokio::test]
async fn a_state_belongs_to_the_session_that_asked() {
    let rig = Rig::new().await;
    let page = rig.begin(&rig.acme.owner.browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;

    // Another member of the company.
    let admin = &rig.acme.admin.browser;
    assert_eq!(landed(&admin.get(&back).await), error_page("other_session"));

    // The same member, signed in a second time.
    let token = OpaqueToken::fresh();
    sqlx::query(
        "insert into session (token_hash, user_id, company_id, member_id, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, now(), now(), now() + interval '1 day')",
    )
    .bind(token.hash().bytes())
    .bind(rig.acme.owner.user_id)
    .bind(rig.acme.id)
    .bind(rig.acme.owner.id)
    .execute(&rig.hub.owner)
    .await
    .unwrap();
    let second = Browser::new(&rig.hub.url, Some(format!("tandem_session={}", token.reveal())));
    assert_eq!(landed(&second.get(&back).await), error_page("other_session"));

    // Somebody of another company: the state does not even exist there.
    let other = rig.hub.company(Plan::Business).await;
    assert_eq!(landed(&other.owner.browser.get(&back).await), error_page("state_unknown"));

    // Nobody.
    assert_eq!(landed(&rig.hub.stranger().get(&back).await), error_page("signed_out"));
    nothing_happened(&rig).await;

    // None of them used it up.
    assert_eq!(landed(&rig.acme.owner.browser.get(&back).await), connected_page());
}

#[tokio::test]
async fn a_state_of_another_provider_is_refused() {
    let rig = Rig::new().await;
    let page = rig.begin(&rig.acme.owner.browser).await;
    let back = rig.crm.consent(&page, "allow", NORDWIND).await;
    assert_eq!(rig.owner("update oauth_state set provider = 'another'").await, 1);
    let answer = rig.acme.owner.browser.get(&back).await;
    assert_eq!(landed(&answer), error_page("provider_mismatch"));
    nothing_happened(&rig).await;
}

#[tokio::test]
async fn a_denied_consent_and_a_refused_code_end_on_a_page() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let page = rig.begin(browser).await;
    let back = rig.crm.consent(&page, "deny", NORDWIND).await;
    assert_eq!(landed(&browser.get(&back).await), error_page("denied"));
    // The state is used up: nobody makes a connection of it later.
    let forged = callback(&format!("code=abc&state={}", state_of(&page)));
    assert_eq!(landed(&browser.get(&forged).await), error_page("state_used"));
    assert_eq!(landed(&browser.get(&callback("error=access_denied")).await), error_page("denied"));
    nothing_happened(&rig).await;

    for code in ["", "7001.20001.made-up"] {
        let state = state_of(&rig.begin(browser).await);
        let back = callback(&format!("code={code}&state={state}"));
        assert_eq!(landed(&browser.get(&back).await), error_page("code_refused"), "{code}");
    }
    assert_eq!(rig.hub.value::<i64>("select count(*) from connection").await, 0);
}

#[tokio::test]
async fn a_provider_that_is_down_ends_on_a_page() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let faults = [
        json!({ "kind": "status_5xx", "path": "/oauth/token" }),
        json!({ "kind": "html_200", "path": "/oauth/token" }),
        json!({ "kind": "half_answer", "path": "/oauth/token" }),
        json!({ "kind": "redirect", "path": "/oauth/token" }),
        json!({ "kind": "status_5xx", "path": "/users/me", "times": null }),
    ];
    for fault in faults {
        rig.crm.control("/faults", fault.clone()).await;
        let page = rig.begin(browser).await;
        let back = rig.crm.consent(&page, "allow", NORDWIND).await;
        assert_eq!(landed(&browser.get(&back).await), error_page("provider_down"), "{fault}");
    }
    assert_eq!(rig.hub.value::<i64>("select count(*) from connection").await, 0);
}

#[tokio::test]
async fn whoever_may_not_connect_is_told_before_and_after_the_consent() {
    let rig = Rig::new().await;
    let connect = format!("/api/integrations/{}/connect", slug());
    let consultant = &rig.acme.member(Role::Consultant).browser;
    assert_eq!(consultant.get(&connect).await.problem(403), "forbidden");
    let answer = consultant.get(&callback("code=abc&state=abc")).await;
    assert_eq!(landed(&answer), error_page("forbidden"));

    let small = rig.hub.company(Plan::Free).await;
    let refused = small.owner.browser.get(&connect).await;
    assert_eq!(refused.problem(403), "plan");
    assert_eq!(refused.json()["upgrade_to"], "business");
    let answer = small.owner.browser.get(&callback("code=abc&state=abc")).await;
    assert_eq!(landed(&answer), error_page("plan"));

    assert_eq!(rig.hub.stranger().get(&connect).await.problem(401), "unauthenticated");
    // A browser is never shown JSON.
    for (browser, page) in [
        (consultant, "/integrations?problem=forbidden"),
        (&small.owner.browser, "/contacts?upgrade=business"),
        (&rig.hub.stranger(), "/signin?next=%2Fintegrations"),
    ] {
        let request = browser.request(reqwest::Method::GET, &connect);
        let answer = browser.send(request.header("accept", "text/html,*/*")).await;
        assert_eq!(landed(&answer), page);
    }
    nothing_happened(&rig).await;
}

#[tokio::test]
async fn an_installation_without_an_app_says_so() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let connect = format!("/api/integrations/{}/connect", slug());
    assert_eq!(browser.get(&connect).await.problem(409), "not_configured");
    let status = browser.get("/api/integrations/status").await.expect(200);
    assert_eq!(status["providers"][0]["configured"], false);
}

#[tokio::test]
async fn a_wrong_client_secret_is_ours_to_repair() {
    let rig = Rig::new().await;
    let hub = TestHub::with(|config| {
        let mut wrong = rig.crm.credentials();
        wrong.client_secret = "another".to_owned().into();
        config.offer_sandbox(slug(), wrong, &rig.crm.url());
    })
    .await;
    let acme = hub.company(Plan::Business).await;
    let answer = acme.owner.browser.get(&format!("/api/integrations/{}/connect", slug())).await;
    let back = rig.crm.consent(answer.header("location"), "allow", NORDWIND).await;
    let answer = acme.owner.browser.get(&back).await;
    assert_eq!(landed(&answer), error_page("not_configured"));
}

#[tokio::test]
async fn another_account_is_refused_and_its_grant_given_back() {
    let rig = Rig::connected().await;
    let before = rig.connection_id().await;
    let browser = &rig.acme.owner.browser;
    let page = rig.begin(browser).await;
    let back = rig.crm.consent(&page, "allow", ALPEN).await;
    assert_eq!(landed(&browser.get(&back).await), error_page("account_mismatch"));
    assert_eq!(rig.crm.tokens("revoke").await, 1);
    assert_eq!(rig.connection_id().await, before);
    assert_eq!(rig.status().await["account_name"], "Nordwind Maschinenbau GmbH");
    // What was connected before still works.
    rig.expire().await;
    rig.tokens().await.access_token().await.unwrap();
}
