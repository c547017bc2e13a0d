//! Where a secret may go: an org's own host, and where people sign in.

use serde_json::json;
use tandem::connectors::{Endpoints, OAuthError};

use super::{connector, stage};
use crate::connectors::stage::grant;

const HOSTILE: &[&str] = &[
    "https://evil.example",
    "https://my.salesforce.com",
    "https://.my.salesforce.com",
    "https://acme.my.salesforce.com.evil.example",
    "https://evilmy.salesforce.com",
    "https://acme.evil.salesforce.com",
    "https://acme.lightning.force.com",
    "https://a.b.c.my.salesforce.com",
    "https://a.b.sandbox.my.salesforce.com",
    "https://acme.my.salesforce.com@evil.example",
    "https://evil@acme.my.salesforce.com",
    "https://evil.example#.my.salesforce.com",
    "https://evil.example/.my.salesforce.com",
    "https://evil.example\\.my.salesforce.com",
    "https://acme.my.salesforce.com:8443",
    "https://acme.my.salesforce.com/services",
    "https://acme.my.salesforce.com?x",
    "https://acme.my.salesforce.com.",
    "http://acme.my.salesforce.com",
    "https://ACME.my.salesforce.com",
    "https://-acme.my.salesforce.com",
    "https://аcme.my.salesforce.com",
    "https://169.254.169.254",
    "javascript:alert(1)",
    "acme",
    "",
];

#[test]
fn an_org_answers_at_its_own_host_and_at_no_look_alike() {
    let real = Endpoints::production(connector().manifest());
    for own in [
        "https://acme.my.salesforce.com",
        "https://acme--dev.sandbox.my.salesforce.com",
        "https://acme-dev-ed.develop.my.salesforce.com",
    ] {
        assert_eq!(real.api_base(own).unwrap().as_str(), own);
    }
    for hostile in HOSTILE {
        assert!(real.api_base(hostile).is_err(), "{hostile}");
    }
}

#[test]
fn people_sign_in_at_the_common_hosts_or_at_their_own_domain() {
    let real = Endpoints::production(connector().manifest());
    for own in [
        "https://login.salesforce.com",
        "https://test.salesforce.com",
        "https://acme.my.salesforce.com",
        "https://acme--dev.sandbox.my.salesforce.com",
    ] {
        assert!(real.at_login(own).unwrap().is_issuer(own), "{own}");
    }
    for hostile in HOSTILE {
        assert!(real.at_login(hostile).is_err(), "{hostile}");
    }
    let of = real.of_account("https://acme.my.salesforce.com");
    assert!(of.is_issuer("https://acme.my.salesforce.com"), "an org renews its tokens itself");
    assert!(real.of_account("https://evil.example").is_issuer("https://login.salesforce.com"));
}

#[tokio::test]
async fn a_hostile_instance_in_a_grant_is_refused_and_the_grant_given_back() {
    let stage = stage().await;
    for hostile in ["https://evil.example", "http://127.0.0.1:1", "https://u@127.0.0.1", "//x"] {
        stage.control("POST", "/api_domain", json!({"api_domain": hostile})).await;
        let answer = grant(&stage.crm, &stage.endpoints, &stage.http).await;
        assert!(matches!(answer.err(), Some(OAuthError::ForbiddenHost { .. })), "{hostile}");
    }
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["tokens"]["revoke"], 4);
}
