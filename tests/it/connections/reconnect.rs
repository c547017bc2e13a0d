//! A connection whose grant is gone says so once, stops what runs, and comes back with everything
//! it knew.

use std::time::Duration;

use serde_json::json;
use tandem::{
    connectors::{Caller, CrmError, TokenSource as _},
    flows::{self, account},
    jobs,
    policy::{Plan, Role},
};

use super::{
    Rig,
    crm::{NORDWIND, slug},
};

#[tokio::test]
async fn a_revoked_grant_needs_one_reconnect_one_mail_and_a_truthful_run() {
    let rig = Rig::connected().await;
    // A second company on the same CRM account is another matter.
    rig.crm.control("/tokens/revoke", json!({})).await;
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();

    let run = rig.run(&started["run_id"]).await;
    assert_eq!(run["state"], "failed");
    let words = run["state_reason"].as_str().unwrap();
    assert!(words.contains("Connect again"), "{words}");
    assert_eq!(run["resumable"], true);
    let connection = rig.status().await;
    assert_eq!(connection["state"], "needs_reconnect");
    assert_eq!(connection["health"], "failing");
    let session = rig.acme.consultant.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(session["attention"][0]["kind"], "needs_reconnect");

    // Nothing is asked of the provider any more, and nobody is told twice.
    let asked = rig.crm.counters().await["total"].clone();
    assert_eq!(rig.sync("full").await.problem(409), "needs_reconnect");
    let people = format!("/api/integrations/{}/contacts", slug());
    assert_eq!(rig.acme.owner.browser.get(&people).await.problem(409), "needs_reconnect");
    assert!(rig.tokens().await.access_token().await.is_err());
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.crm.counters().await["total"], asked);
    let mails = rig.hub.mail().await;
    let mut told: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    told.sort_unstable();
    let mut managers =
        [rig.acme.member(Role::Owner).email.as_str(), rig.acme.member(Role::Admin).email.as_str()];
    managers.sort_unstable();
    assert_eq!(told, managers);
}

#[tokio::test]
async fn the_same_account_comes_back_with_its_id_and_its_links() {
    let rig = Rig::connected().await;
    let before = rig.connection_id().await;
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    let run = rig.run(&started["run_id"]).await;
    assert_eq!(run["state"], "completed", "{run}");
    let linked: i64 = rig.hub.value("select count(*) from mapping where kind = 'person'").await;
    assert!(linked > 0);

    rig.crm.control("/tokens/revoke", json!({})).await;
    rig.expire().await;
    assert!(rig.tokens().await.access_token().await.is_err());
    assert_eq!(rig.state().await, "needs_reconnect");

    assert_eq!(rig.connect(NORDWIND).await, before);
    assert_eq!(rig.state().await, "active");
    let after: i64 = rig.hub.value("select count(*) from mapping where kind = 'person'").await;
    assert_eq!(after, linked);
    let action: String = rig
        .hub
        .value("select action from audit_log order by created_at desc, audit_id desc limit 1")
        .await;
    assert_eq!(action, "connection.reconnected");
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    let run = rig.run(&started["run_id"]).await;
    assert_eq!((&run["state"], &run["counts"]["created"]), (&json!("completed"), &json!(0)));
    // The mail about the old trouble is not sent after it is over.
    assert_eq!(rig.hub.mail().await.len(), 0);
}

#[tokio::test]
async fn a_refusal_that_a_new_consent_overtook_ends_nothing() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/revoke", json!({})).await;
    rig.expire().await;
    rig.crm.slow_token(700).await;
    let tokens = rig.tokens().await;
    let (late, _) = tokio::join!(tokens.access_token(), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        rig.connect(NORDWIND).await
    });
    assert_eq!(late.unwrap().generation, 2, "the consent's token");
    assert_eq!(rig.crm.tokens("refused").await, 1);
    assert_eq!(rig.state().await, "active");
}

#[tokio::test]
async fn a_failure_of_before_says_nothing_about_a_new_consent() {
    let rig = Rig::connected().await;
    let provider = rig.provider();
    let before = account::open(&rig.hub.hub, rig.acme.id, &provider, Caller::Job).await.unwrap();
    rig.connect(NORDWIND).await;
    for error in [CrmError::Revoked, CrmError::Expired] {
        let called = &before.connection;
        flows::reconnect::judge(&rig.hub.hub, rig.acme.id, called, &error).await.unwrap();
        assert_eq!(rig.state().await, "active");
    }
    let now = account::open(&rig.hub.hub, rig.acme.id, &provider, Caller::Job).await.unwrap();
    let called = &now.connection;
    flows::reconnect::judge(&rig.hub.hub, rig.acme.id, called, &CrmError::Expired).await.unwrap();
    assert_eq!(rig.state().await, "needs_reconnect");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let rig = Rig::connected().await;
    rig.crm.control("/scopes", json!({ "scope": "base,users:read" })).await;
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    let run = rig.run(&started["run_id"]).await;
    assert_eq!(run["state"], "failed");
    let connection = rig.status().await;
    assert_eq!(connection["state"], "needs_reconnect");
    let reason = connection["state_reason"].as_str().unwrap();
    assert!(reason.contains("permission `contacts"), "{reason}");
}

#[tokio::test]
async fn companies_that_share_an_account_fall_and_stand_alone() {
    let rig = Rig::connected().await;
    let beta = rig.hub.company(Plan::Business).await;
    let page = rig.begin(&beta.owner.browser).await;
    // Another user of the same account at the CRM.
    let back = rig.crm.consent(&format!("{page}&user=20004"), "allow", NORDWIND).await;
    beta.owner.browser.get(&back).await;
    let disconnect = format!("/api/integrations/{}/disconnect", slug());
    beta.owner.browser.post(&disconnect, json!({})).await.expect(200);
    rig.expire().await;
    let sql = "select connection_id from connection where state = 'active'";
    let id = tandem::domain::ConnectionId::from_uuid(rig.hub.value(sql).await);
    let tokens = flows::ConnectionTokens::new(rig.hub.hub.clone(), rig.acme.id, id, rig.provider());
    tokens.access_token().await.unwrap();
}
