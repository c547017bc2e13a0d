//! A token goes to the provider and to nobody else, whoever names another address.

use secrecy::ExposeSecret as _;
use serde_json::json;
use tandem::connectors::{self, CrmError, TokenSource as _};
use tokio::net::TcpListener;

use super::{
    Crm, Rig,
    crm::{NORDWIND, error_page, landed, slug},
};
use crate::harness::TestHub;

fn suffix() -> &'static str {
    match connectors::all()[0].manifest().hosts[0] {
        connectors::HostRule::Under(domain) => domain,
        connectors::HostRule::Exactly(host) => panic!("{host} is no domain"),
    }
}

/// A rig whose consent and tokens are the stand-in's, and whose API hosts are judged as in
/// production.
async fn with_real_hosts() -> Rig {
    let crm = Crm::start().await;
    let hub = TestHub::with(|config| crm.offer_with_real_hosts(config)).await;
    let acme = hub.company(tandem::policy::Plan::Business).await;
    Rig { crm, hub, acme }
}

#[tokio::test]
async fn a_consent_that_names_a_hostile_host_connects_nothing() {
    // Somebody listens where a token must never arrive.
    let canary = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let rig = with_real_hosts().await;
    let domain = suffix();
    let hostile = [
        "https://evil.example".to_owned(),
        format!("https://x.{domain}.evil.example"),
        format!("https://evil.example/.{domain}"),
        format!("https://evil.example#.{domain}"),
        format!("https://evil.example?.{domain}"),
        format!("https://user@x.{domain}"),
        format!("https://x.{domain}@evil.example"),
        format!("https://x.{domain}:8443"),
        format!("http://x.{domain}"),
        format!("https://x.{domain}."),
        format!("https://{domain}"),
        format!("https://x.y.{domain}"),
        format!("https://x{domain}"),
        format!("http://127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("https://localhost:{port}"),
    ];
    let browser = &rig.acme.owner.browser;
    for host in &hostile {
        rig.crm.control("/api_domain", json!({ "api_domain": host })).await;
        let back = rig.crm.consent(&rig.begin(browser).await, "allow", NORDWIND).await;
        assert_eq!(landed(&browser.get(&back).await), error_page("host_refused"), "{host}");
    }
    assert_eq!(rig.crm.tokens("authorization_code").await, hostile.len() as u64);
    let given_back = rig.crm.tokens("revoke").await;
    assert_eq!(given_back, hostile.len() as u64, "grants that nobody would know of");
    assert_eq!(rig.crm.api_calls().await, 0);
    assert_eq!(rig.hub.value::<i64>("select count(*) from connection").await, 0);
    let visited = tokio::time::timeout(std::time::Duration::from_millis(50), canary.accept()).await;
    assert!(visited.is_err(), "somebody came to the canary");
}

#[tokio::test]
async fn a_refresh_stores_the_host_it_names_and_refuses_a_hostile_one() {
    let rig = Rig::connected().await;
    let hub = rig.process_with(|config| rig.crm.offer_with_real_hosts(config)).await;
    let tokens = rig.tokens_of(&hub).await;
    let set = "update connection set api_base = $1";
    let old = format!("https://acme.{}", suffix());
    sqlx::query(set).bind(&old).execute(&rig.hub.owner).await.unwrap();

    let moved = format!("https://acme-2.{}", suffix());
    rig.crm.control("/api_domain", json!({ "api_domain": moved })).await;
    rig.expire().await;
    let token = tokens.access_token().await.unwrap();
    assert_eq!(token.api_base.as_str(), moved);
    assert_eq!(rig.hub.value::<String>("select api_base from connection").await, moved);

    rig.crm.control("/api_domain", json!({ "api_domain": "https://evil.example" })).await;
    rig.expire().await;
    assert_eq!(tokens.access_token().await.err().unwrap(), CrmError::ForbiddenHost);
    assert_eq!(rig.hub.value::<String>("select api_base from connection").await, moved);
    assert_eq!(rig.state().await, "active", "a wrong answer is no revocation");

    // It gets well by itself when the provider does.
    rig.crm.control("/api_domain", json!({ "api_domain": moved })).await;
    let well = tokens.access_token().await.unwrap();
    assert_ne!(well.secret.expose_secret(), token.secret.expose_secret());
}

#[tokio::test]
async fn a_row_is_not_trusted_more_than_an_answer() {
    let rig = Rig::connected().await;
    let calls = rig.crm.api_calls().await;
    rig.owner("update connection set api_base = 'https://evil.example'").await;
    assert_eq!(rig.tokens().await.access_token().await.err().unwrap(), CrmError::ForbiddenHost);
    let path = format!("/api/integrations/{}/contacts", slug());
    let answer = rig.acme.owner.browser.get(&path).await;
    assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{}", answer.text);
    assert_eq!(rig.crm.api_calls().await, calls);
}
