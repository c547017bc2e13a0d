//! The CRM tells that somebody took the app out: believed only with the app's own credentials, done
//! for that user's install alone, and done twice it changes nothing.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use tandem::{connectors::TokenSource as _, jobs, policy::Plan};

use super::{
    Rig,
    crm::{NORDWIND, slug},
    install::{confirm, waiting_at},
};
use crate::harness::Answer;

const ANNA: u64 = 20_001;
const BEN: u64 = 20_002;
const APP: &str = "sandbox-client";
const SECRET: &str = "sandbox-secret";

fn path() -> String {
    format!("/api/integrations/{}/callback", slug())
}

/// The marketplace's own call.
async fn uninstall(rig: &Rig, user: u64) -> Value {
    let redirect = format!("{}{}", rig.hub.url, path());
    let wish = json!({ "company_id": NORDWIND, "user_id": user, "redirect_uri": redirect });
    rig.crm.control("/uninstall", wish).await["answered"].clone()
}

/// A call as anybody could send it.
async fn tell(rig: &Rig, pair: Option<&str>, body: &Value) -> Answer {
    let stranger = rig.hub.stranger();
    let mut request = stranger.bare(Method::DELETE, &path()).json(body);
    if let Some(pair) = pair {
        request = request.header("authorization", format!("Basic {}", STANDARD.encode(pair)));
    }
    stranger.send(request).await
}

fn notice(account: impl Into<Value>, user: impl Into<Value>) -> Value {
    json!({ "client_id": APP, "company_id": account.into(), "user_id": user.into() })
}

fn app() -> String {
    format!("{APP}:{SECRET}")
}

/// Everything of every connection, and what was said about it.
async fn stored(rig: &Rig) -> String {
    rig.hub
        .value(
            "select concat((select string_agg(c::text, '|' order by connection_id) from connection c),
                           (select count(*) from audit_log), (select count(*) from job))",
        )
        .await
}

#[tokio::test]
async fn an_uninstall_destroys_the_access_tells_once_and_keeps_what_was_learned() {
    let rig = Rig::connected().await;
    let started = rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.run(&started["run_id"]).await["state"], "completed");
    let asked = rig.crm.tokens("revoke").await;

    assert_eq!(uninstall(&rig, ANNA).await, 204);
    let connection = rig.status().await;
    assert_eq!(connection["state"], "disconnected");
    let reason = connection["state_reason"].as_str().unwrap();
    assert!(reason.contains("uninstalled"), "{reason}");
    assert!(connection["uninstalled_at"].is_string());
    assert!(connection["contacts_linked"].as_i64().unwrap() > 0);
    let gone: bool = rig
        .hub
        .value("select access_token is null and refresh_token is null from connection")
        .await;
    assert!(gone);
    assert!(rig.tokens().await.access_token().await.is_err());
    assert_eq!(rig.crm.tokens("revoke").await, asked, "the grant is dead already");
    let session = rig.acme.consultant.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(session["attention"][0]["kind"], "uninstalled");

    // Said again, it is heard and changes nothing.
    jobs::drain(&rig.hub.hub).await.unwrap();
    let before = stored(&rig).await;
    assert_eq!(uninstall(&rig, ANNA).await, 204);
    assert_eq!(stored(&rig).await, before);
    jobs::drain(&rig.hub.hub).await.unwrap();
    let mails = rig.hub.mail().await;
    assert_eq!(mails.len(), 2, "one to the owner, one to the admin");
    assert!(mails.iter().all(|mail| mail.subject.contains("uninstalled")), "{mails:?}");
    let audited: i64 = rig
        .hub
        .value("select count(*) from audit_log where action = 'connection.uninstalled'")
        .await;
    assert_eq!(audited, 1);
    let record = "/marketplace";
    assert_eq!(rig.crm.control_get(record).await.as_array().unwrap().len(), 2);

    // A week later nobody is reminded, and a new consent takes everything up again.
    rig.owner("update connection set uninstalled_at = uninstalled_at - interval '8 days'").await;
    let session = rig.acme.consultant.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(session["attention"], json!([]));
    rig.connect(NORDWIND).await;
    let session = rig.acme.consultant.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(session["attention"], json!([]));
    assert_eq!(rig.status().await["uninstalled_at"], Value::Null);
}

#[tokio::test]
async fn a_forged_uninstall_is_told_nothing_and_changes_nothing() {
    let rig = Rig::connected().await;
    let before = stored(&rig).await;
    let body = notice(NORDWIND, ANNA);
    let pairs = [
        None,
        Some(String::new()),
        Some(APP.to_owned()),
        Some(format!("{APP}:")),
        Some(format!(":{SECRET}")),
        Some(format!("{APP}:{SECRET}x")),
        Some(format!("{APP}:{}", &SECRET[1..])),
        Some(format!("{}:{SECRET}", APP.to_uppercase())),
        Some(format!("{SECRET}:{APP}")),
        Some("conformance-client:conformance-secret".to_owned()),
    ];
    let mut answers = Vec::new();
    for pair in &pairs {
        answers.push(tell(&rig, pair.as_deref(), &body).await);
    }
    // The right credentials about another app.
    let other = json!({ "client_id": "x", "company_id": NORDWIND, "user_id": ANNA });
    answers.push(tell(&rig, Some(&app()), &other).await);
    // A signed-in owner has no say here, nor does what is no credential.
    let owner = &rig.acme.owner.browser;
    answers.push(owner.send(owner.request(Method::DELETE, &path()).json(&body)).await);
    for answer in &answers {
        assert_eq!(answer.problem(401), "unauthenticated");
        assert_eq!(answer.anonymous(), answers[0].anonymous(), "all are told the same");
    }
    // Nobody without credentials learns how a body is read.
    let garbage = tell(&rig, None, &json!([1])).await;
    assert_eq!(garbage.problem(401), "unauthenticated");
    for wrong in [json!([1]), json!({}), notice(json!(null), ANNA), notice(NORDWIND, json!(-1))] {
        assert_eq!(tell(&rig, Some(&app()), &wrong).await.problem(400), "invalid", "{wrong}");
    }
    assert_eq!(stored(&rig).await, before);
    // Who goes on trying is slowed down; the provider itself is not.
    let mut limited = 0;
    for _ in 0..30 {
        limited += u32::from(tell(&rig, Some("a:b"), &body).await.status == 429);
    }
    assert!(limited > 0);
    assert_eq!(tell(&rig, Some(&app()), &body).await.status, 204);
    assert_eq!(rig.state().await, "disconnected");
}

#[tokio::test]
async fn ids_come_as_numbers_or_text_and_unknown_ones_are_heard_alike() {
    let rig = Rig::connected().await;
    let before = stored(&rig).await;
    for body in [
        notice(99, ANNA),
        notice(NORDWIND, 99),
        notice("7001", "20003"),
        notice("x", "y"),
        notice(7_002, ANNA),
    ] {
        assert_eq!(tell(&rig, Some(&app()), &body).await.status, 204, "{body}");
    }
    assert_eq!(stored(&rig).await, before);
    assert_eq!(tell(&rig, Some(&app()), &notice("7001", ANNA.to_string())).await.status, 204);
    assert_eq!(rig.state().await, "disconnected");
}

#[tokio::test]
async fn only_the_install_of_that_user_ends_in_every_company_that_has_it() {
    let rig = Rig::connected().await;
    let (second, third) =
        (rig.hub.company(Plan::Business).await, rig.hub.company(Plan::Business).await);
    for (company, user) in [(&second, ANNA), (&third, BEN)] {
        let browser = &company.owner.browser;
        let id = waiting_at(&rig.install(browser, NORDWIND, Some(user)).await);
        confirm(browser, &id, &company.owner.id.to_string(), None).await.expect(200);
    }
    // Ben also came to the first company, where Anna stayed.
    let owner = &rig.acme.owner;
    let id = waiting_at(&rig.install(&owner.browser, NORDWIND, Some(BEN)).await);
    confirm(&owner.browser, &id, &owner.id.to_string(), Some("keep")).await.expect(200);
    assert_eq!(rig.status().await["also_installed_by"], json!(["Ben Brandt"]));

    let states =
        "select string_agg(concat(account_user_id, ' ', state), ', ' order by connected_at)
                  from connection";
    assert_eq!(uninstall(&rig, BEN).await, 204);
    assert_eq!(
        rig.hub.value::<String>(states).await,
        "20001 active, 20001 active, 20002 disconnected"
    );
    assert_eq!(rig.status().await["also_installed_by"], json!([]));
    assert_eq!(uninstall(&rig, ANNA).await, 204);
    assert_eq!(
        rig.hub.value::<String>(states).await,
        "20001 disconnected, 20001 disconnected, 20002 disconnected"
    );
    let companies: i64 = rig
        .hub
        .value(
            "select count(distinct company_id) from audit_log where action = 'connection.uninstalled'",
        )
        .await;
    assert_eq!(companies, 3);
}

#[tokio::test]
async fn an_uninstall_that_is_older_than_the_consent_was_meant_for_the_one_before() {
    let rig = Rig::connected().await;
    let mut late = notice(NORDWIND, ANNA);
    for at in [json!("2020-01-01T00:00:00Z"), json!(1_577_836_800), json!("1577836800000")] {
        late["timestamp"] = at;
        assert_eq!(tell(&rig, Some(&app()), &late).await.status, 204);
        assert_eq!(rig.state().await, "active", "{late}");
    }
    // Of a time that says nothing for certain, the notice itself counts.
    late["timestamp"] = json!("2020-01-01 00:00:00");
    assert_eq!(tell(&rig, Some(&app()), &late).await.status, 204);
    assert_eq!(rig.state().await, "disconnected");
}

#[tokio::test]
async fn an_install_that_waits_ends_with_its_uninstall() {
    let rig = Rig::new().await;
    let browser = &rig.acme.owner.browser;
    let id = waiting_at(&rig.install(browser, NORDWIND, None).await);
    assert_eq!(uninstall(&rig, ANNA).await, 204);
    let refused = confirm(browser, &id, &rig.acme.owner.id.to_string(), None).await;
    assert_eq!(refused.problem(409), "installation_uninstalled");
    let tokens: i64 = rig
        .hub
        .value("select count(*) from pending_installation where access_token is not null")
        .await;
    assert_eq!(tokens, 0);
}

#[tokio::test]
async fn an_import_under_way_stops_when_the_app_is_uninstalled() {
    let rig = Rig::connected().await;
    rig.crm.control("/latency", json!({ "ms": 150 })).await;
    let started = rig.sync("full").await.expect(202);
    let (drained, told) = tokio::join!(jobs::drain(&rig.hub.hub), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        uninstall(&rig, ANNA).await
    });
    assert_eq!(told, 204);
    drained.unwrap();
    jobs::drain(&rig.hub.hub).await.unwrap();
    let run = rig.run(&started["run_id"]).await;
    assert!(["cancelled", "failed"].contains(&run["state"].as_str().unwrap()), "{run}");
    assert_eq!(rig.state().await, "disconnected", "the run's end changes nothing");
    let tokens: i64 =
        rig.hub.value("select count(*) from connection where access_token is not null").await;
    assert_eq!(tokens, 0);
    let persons: i64 = rig.hub.value("select count(*) from mapping where kind = 'person'").await;
    assert!(persons < 60, "it went on to its end");
    // Two mails at most, whichever noticed first: the run's 401 or the notice.
    assert_eq!(rig.hub.mail().await.len(), 2);
}

#[tokio::test]
async fn who_knows_that_it_needs_a_consent_gets_no_second_mail() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/revoke", json!({})).await;
    rig.sync("full").await.expect(202);
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.state().await, "needs_reconnect");
    assert_eq!(uninstall(&rig, ANNA).await, 204);
    jobs::drain(&rig.hub.hub).await.unwrap();
    assert_eq!(rig.state().await, "disconnected");
    assert_eq!(rig.hub.mail().await.len(), 2);
    let session = rig.acme.owner.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(session["attention"].as_array().unwrap().len(), 1, "one banner");
}

#[tokio::test]
async fn sharing_is_heard_and_nothing_follows_from_it() {
    let rig = Rig::connected().await;
    let before = stored(&rig).await;
    let asked = rig.crm.counters().await["total"].clone();
    let stranger = rig.hub.stranger();
    for body in [json!({ "company_id": 7_001, "user_id": 20_002, "isShared": true }), json!([])] {
        let request = stranger.bare(Method::POST, &path()).json(&body);
        assert_eq!(stranger.send(request).await.status, 204);
    }
    let nowhere = stranger.bare(Method::POST, "/api/integrations/nobody/callback");
    assert_eq!(stranger.send(nowhere).await.problem(404), "not_found");
    assert_eq!(stored(&rig).await, before);
    assert_eq!(rig.crm.counters().await["total"], asked);
}
