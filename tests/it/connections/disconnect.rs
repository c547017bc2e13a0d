//! Ending a connection ends the access; what was learned stays until somebody deletes it.

use serde_json::json;
use tandem::{connectors::TokenSource as _, jobs, policy::Role};

use super::{
    Rig,
    crm::{NORDWIND, slug},
};
use crate::harness::Answer;

async fn post(rig: &Rig, what: &str, body: serde_json::Value) -> Answer {
    let path = format!("/api/integrations/{}/{what}", slug());
    rig.acme.owner.browser.post(&path, body).await
}

async fn import(rig: &Rig) -> serde_json::Value {
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    rig.run(&started["run_id"]).await
}

/// Nothing that opens the account is in the row.
async fn tokens_are_gone(rig: &Rig) -> bool {
    rig.hub.value("select access_token is null and refresh_token is null from connection").await
}

#[tokio::test]
async fn disconnecting_revokes_destroys_and_keeps_the_links() {
    let rig = Rig::connected().await;
    assert_eq!(import(&rig).await["state"], "completed");
    let linked: i64 = rig.hub.value("select count(*) from mapping where kind = 'person'").await;
    let contacts: i64 = rig.hub.value("select count(*) from contact").await;
    assert!(contacts < linked, "somebody is there twice at the CRM: {contacts} of {linked}");

    let ended = post(&rig, "disconnect", json!({})).await.expect(200);
    assert_eq!(ended["contacts_kept"], json!(contacts));
    assert_eq!(rig.crm.tokens("revoke").await, 1);
    assert!(tokens_are_gone(&rig).await);
    assert_eq!(rig.state().await, "disconnected");
    let kept: i64 = rig.hub.value("select count(*) from mapping where kind = 'person'").await;
    assert_eq!(kept, linked);
    let detail: serde_json::Value = rig
        .hub
        .value("select detail from audit_log where action = 'connection.disconnected'")
        .await;
    assert_eq!(detail["revoked_at_provider"], true);
    // The CRM agrees: nobody holds a grant any more.
    let left = rig.crm.control("/tokens/revoke", json!({})).await;
    assert_eq!(left["revoked"], 0);

    assert_eq!(post(&rig, "disconnect", json!({})).await.problem(404), "not_connected");
    assert_eq!(rig.sync("full").await.problem(404), "not_connected");
    assert!(rig.tokens().await.access_token().await.is_err());

    // Connected again, nothing is imported twice.
    rig.connect(NORDWIND).await;
    let again = import(&rig).await;
    assert_eq!((&again["state"], &again["counts"]["created"]), (&json!("completed"), &json!(0)));
}

#[tokio::test]
async fn a_provider_that_is_down_keeps_nobody_connected() {
    let rig = Rig::connected().await;
    let down = json!({ "kind": "status_5xx", "path": "/oauth/revoke", "times": null });
    rig.crm.control("/faults", down).await;
    post(&rig, "disconnect", json!({})).await.expect(200);
    assert!(tokens_are_gone(&rig).await);
    let detail: serde_json::Value = rig
        .hub
        .value("select detail from audit_log where action = 'connection.disconnected'")
        .await;
    assert_eq!(detail["revoked_at_provider"], false);
}

#[tokio::test]
async fn a_run_that_waits_ends_with_its_connection() {
    let rig = Rig::connected().await;
    let started = rig.sync("full").await.expect(202);
    post(&rig, "disconnect", json!({})).await.expect(200);
    let asked = rig.crm.api_calls().await;
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.run(&started["run_id"]).await["state"], "cancelled");
    assert_eq!(rig.crm.api_calls().await, asked, "nothing is asked without a connection");
}

#[tokio::test]
async fn a_run_under_way_stops_when_its_connection_ends() {
    let rig = Rig::connected().await;
    rig.crm.control("/latency", json!({ "ms": 150 })).await;
    let started = rig.sync("full").await.expect(202);
    let (drained, ended) = tokio::join!(jobs::drain(&rig.hub.hub), async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        post(&rig, "disconnect", json!({})).await
    });
    ended.expect(200);
    drained.unwrap();
    jobs::drain(&rig.hub.hub).await.unwrap();
    let run = rig.run(&started["run_id"]).await;
    assert!(["cancelled", "failed"].contains(&run["state"].as_str().unwrap()), "{run}");
    assert_eq!(rig.state().await, "disconnected", "the run's end changes nothing");
    let persons: i64 = rig.hub.value("select count(*) from mapping where kind = 'person'").await;
    assert!(persons < 60, "it went on to its end");
}

#[tokio::test]
async fn data_is_deleted_after_a_disconnect_and_with_the_name_typed_out() {
    let rig = Rig::connected().await;
    assert_eq!(import(&rig).await["state"], "completed");
    let contacts: i64 = rig.hub.value("select count(*) from contact").await;
    let name = json!({ "confirm": "Nordwind Maschinenbau GmbH" });
    assert_eq!(post(&rig, "delete-data", name.clone()).await.status, 409);
    post(&rig, "disconnect", json!({})).await.expect(200);
    let wrong = post(&rig, "delete-data", json!({ "confirm": "nordwind" })).await;
    assert!(wrong.status.is_client_error());
    let deleted = post(&rig, "delete-data", name).await.expect(200);
    assert!(deleted["mappings_deleted"].as_i64().unwrap() > 0);
    for table in ["connection", "mapping", "sync_run", "refresh_attempt"] {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let left: i64 = sqlx::query_scalar(sql).fetch_one(&rig.hub.owner).await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
    assert_eq!(rig.hub.value::<i64>("select count(*) from contact").await, contacts);
    // Now another account may come.
    rig.connect(super::crm::ALPEN).await;
}

#[tokio::test]
async fn only_owners_and_admins_end_a_connection() {
    let rig = Rig::connected().await;
    let path = |what: &str| format!("/api/integrations/{}/{what}", slug());
    for role in [Role::Consultant, Role::GoldenTicket] {
        let browser = &rig.acme.member(role).browser;
        for what in ["disconnect", "resume", "delete-data"] {
            let answer = browser.post(&path(what), json!({ "confirm": "x" })).await;
            assert_eq!(answer.problem(403), "forbidden", "{role} {what}");
        }
    }
    assert_eq!(rig.state().await, "active");
}

#[tokio::test]
async fn a_downgrade_pauses_and_an_upgrade_takes_up_again_with_the_same_tokens() {
    let rig = Rig::connected().await;
    let sealed: Vec<u8> = rig.hub.value("select refresh_token from connection").await;
    let started = rig.sync("full").await.expect(202);
    // The plan changes while a run waits; the seats of the test's company are no matter here.
    rig.owner("delete from session where member_id in (select member_id from member where role <> 'owner')").await;
    rig.owner("delete from member where role <> 'owner'").await;
    let billing = &rig.acme.owner.browser;
    billing.post("/api/billing/plan", json!({ "plan": "free" })).await.expect(200);
    assert_eq!(rig.state().await, "paused");

    // The worker's gate.
    let asked = rig.crm.counters().await["total"].clone();
    jobs::drain(&rig.hub.hub).await.unwrap();
    let run = rig.run(&started["run_id"]).await;
    assert_eq!(run["state"], "failed", "{run}");
    assert!(run["state_reason"].as_str().unwrap().contains("plan"), "{run}");
    assert!(rig.tokens().await.access_token().await.is_err(), "the tokens stay shut");
    assert_eq!(rig.crm.counters().await["total"], asked, "nothing left the house");

    // The web's gate.
    for answer in [rig.sync("full").await, post(&rig, "resume", json!({})).await] {
        assert_eq!(answer.problem(403), "plan");
        assert_eq!(answer.json()["upgrade_to"], "business");
    }

    billing.post("/api/billing/plan", json!({ "plan": "business" })).await.expect(200);
    assert_eq!(rig.state().await, "paused", "somebody must want it");
    assert_eq!(rig.sync("full").await.problem(409), "paused");
    let status = post(&rig, "resume", json!({})).await.expect(200);
    assert_eq!(status["connection"]["state"], "active");
    let kept: Vec<u8> = rig.hub.value("select refresh_token from connection").await;
    assert_eq!(kept, sealed);
    assert_eq!(import(&rig).await["state"], "completed");
}
