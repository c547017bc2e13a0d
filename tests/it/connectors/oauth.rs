//! Consent, code, refresh and revocation, against a server that answers from a script.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tandem::connectors::{
    self, Credentials, Endpoints, Grant, Http, OAuthError, Revocable, authorize_url, exchange,
    fresh_verifier, refresh, revoke,
};
use url::Url;

use super::{
    canned::{Canned, Reply, html, json},
    rig::{connector, endpoints},
};

const SECRET: &str = "CANARY_client_secret";

fn credentials() -> Credentials {
    Credentials { client_id: "our id".to_owned(), client_secret: SECRET.into() }
}

fn callback() -> Url {
    "https://tandem.example/api/integrations/x/callback".parse().unwrap()
}

async fn exchanged(reply: Reply) -> (Result<Grant, OAuthError>, Canned) {
    let server = Canned::start(vec![reply]).await;
    let code = SecretString::from("CANARY_code");
    let http = Http::with_timeout(true, Duration::from_secs(1));
    let endpoints = endpoints(&server);
    let answer = exchange(&http, &endpoints, &credentials(), &code, &callback(), None).await;
    (answer, server)
}

async fn refreshed(reply: Reply) -> (Result<Grant, OAuthError>, Canned) {
    let server = Canned::start(vec![reply]).await;
    let token = SecretString::from("CANARY_refresh");
    let http = Http::with_timeout(true, Duration::from_secs(1));
    let answer = refresh(&http, &endpoints(&server), &credentials(), &token).await;
    (answer, server)
}

fn tokens(api_domain: &str) -> Reply {
    let body = format!(
        r#"{{"access_token":"v1u:abc","token_type":"Bearer","expires_in":3599,
            "refresh_token":"1:1:def","scope":"base,contacts:full","api_domain":"{api_domain}"}}"#
    );
    json(200, &[], &body)
}

#[test]
fn consent_is_asked_at_the_providers_own_page() {
    let manifest = connector().manifest();
    let endpoints = Endpoints::production(manifest);
    let url = authorize_url(manifest, &endpoints, "our id", &callback(), "st&te", None);
    assert!(url.as_str().starts_with(manifest.authorize_url));
    let asked = |name: &str| {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    assert_eq!(asked("client_id").as_deref(), Some("our id"));
    assert_eq!(asked("redirect_uri").as_deref(), Some(callback().as_str()));
    assert_eq!(asked("state").as_deref(), Some("st&te"));
    assert_eq!(asked("scope").is_some(), manifest.scopes_in_url);
    assert_eq!(asked("code_challenge"), None);

    let verifier = fresh_verifier();
    let url = authorize_url(manifest, &endpoints, "id", &callback(), "s", Some(&verifier));
    assert!(url.as_str().contains("code_challenge_method=S256"));
    assert!(!url.as_str().contains(verifier.expose_secret()));
}

#[tokio::test]
async fn a_code_is_traded_with_basic_credentials_and_a_form() {
    let (grant, server) = exchanged(tokens("")).await;
    let grant = grant.unwrap();
    assert_eq!(grant.access_token.expose_secret(), "v1u:abc");
    assert_eq!(grant.refresh_token.unwrap().expose_secret(), "1:1:def");
    assert_eq!(grant.expires_in, Duration::from_secs(3599));
    assert_eq!(grant.scopes, ["base", "contacts:full"]);
    assert!(grant.api_domain.is_none());
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /oauth/token HTTP/1.1");
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    // our+id:CANARY_client_secret
    assert_eq!(asked.header("authorization"), Some("Basic b3VyK2lkOkNBTkFSWV9jbGllbnRfc2VjcmV0"),);
    let mut form: Vec<_> = url::form_urlencoded::parse(asked.body.as_bytes()).collect();
    form.sort();
    assert_eq!(
        form.iter().map(|(key, value)| (&**key, &**value)).collect::<Vec<_>>(),
        [
            ("code", "CANARY_code"),
            ("grant_type", "authorization_code"),
            ("redirect_uri", callback().as_str()),
        ],
    );
}

#[tokio::test]
async fn a_grant_for_a_strangers_host_is_refused_and_the_host_named() {
    for (domain, host) in [
        ("https://evil.example", "evil.example"),
        ("https://user:CANARY_pw@x.evil.example/a?CANARY_q", "x.evil.example"),
        // Also on loopback another port is another host.
        ("http://127.0.0.1:1", "127.0.0.1"),
        ("nonsense", "(unreadable)"),
    ] {
        let (answer, _server) = exchanged(tokens(domain)).await;
        let host = host.to_owned();
        assert_eq!(answer.err(), Some(OAuthError::ForbiddenHost { host }));
    }
}

#[tokio::test]
async fn the_accounts_own_host_comes_with_the_grant() {
    let (grant, server) = exchanged(Reply::Own(|own| match tokens(own) {
        Reply::Bytes(bytes) => bytes,
        _ => unreachable!(),
    }))
    .await;
    let own = server.url.as_str().trim_end_matches('/');
    assert_eq!(grant.unwrap().api_domain.unwrap().as_str(), own);
}

#[tokio::test]
async fn a_dead_grant_our_own_mistake_and_an_outage_are_told_apart() {
    let word = |word: &str| format!(r#"{{"success":false,"error":"{word}"}}"#);
    let cases = [
        (json(400, &[], &word("invalid_grant")), OAuthError::InvalidGrant),
        (
            json(400, &[], r#"{"message":"Invalid grant: refresh_token is invalid"}"#),
            OAuthError::InvalidGrant,
        ),
        (json(400, &[], &word("invalid_client")), OAuthError::InvalidClient),
        (json(401, &[], &word("invalid_client")), OAuthError::InvalidClient),
        (json(401, &[], "{}"), OAuthError::InvalidClient),
        (json(400, &[], "{}"), OAuthError::Refused { status: 400 }),
        (
            json(500, &[], &word("invalid_grant")),
            OAuthError::Down { what: "it answers with a server error" },
        ),
        (json(429, &[], "{}"), OAuthError::Down { what: "it asks us to slow down" }),
        (html(403), OAuthError::Down { what: "a web page instead of an answer" }),
        (html(200), OAuthError::Unreadable { what: "a web page instead of tokens" }),
        (json(200, &[], "{}"), OAuthError::Unreadable { what: "tokens of an unknown form" }),
        (
            json(302, &[("location", "https://evil.example")], ""),
            OAuthError::Unreadable { what: "a redirect, which is never followed" },
        ),
        (Reply::HangUp, OAuthError::Down { what: "the answer broke off" }),
        (Reply::Silence, OAuthError::Down { what: "no answer in time" }),
    ];
    for (reply, expected) in cases {
        let (answer, server) = refreshed(reply).await;
        assert_eq!(answer.err(), Some(expected));
        // Never by itself: a refresh is fenced by whoever calls.
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_dead_code_is_no_dead_connection() {
    let (answer, _server) = exchanged(json(400, &[], r#"{"error":"invalid_grant"}"#)).await;
    assert_eq!(answer.err(), Some(OAuthError::CodeRefused));
}

#[tokio::test]
async fn a_refresh_may_keep_its_token() {
    let (grant, server) = refreshed(json(200, &[], r#"{"access_token":"new"}"#)).await;
    let grant = grant.unwrap();
    assert!(grant.refresh_token.is_none() && grant.scopes.is_empty());
    assert!(grant.expires_in <= Duration::from_hours(1));
    let asked = &server.asked()[0];
    assert_eq!(asked.body, "grant_type=refresh_token&refresh_token=CANARY_refresh");
}

#[tokio::test]
async fn a_token_is_given_back() {
    let server = Canned::start(vec![json(200, &[], "{}"), json(500, &[], "{}")]).await;
    let http = Http::with_plain_loopback();
    let token = SecretString::from("CANARY&refresh");
    let endpoints = endpoints(&server);
    let back = || Revocable::Refresh(&token);
    revoke(&http, &endpoints, &credentials(), back()).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /oauth/revoke HTTP/1.1");
    assert_eq!(asked.body, "token=CANARY%26refresh&token_type_hint=refresh_token");
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
    assert!(revoke(&http, &endpoints, &credentials(), back()).await.is_err());
}

#[tokio::test]
async fn no_refusal_repeats_a_secret() {
    for status in [200, 400, 401, 403, 500] {
        let body = r#"{"error":"CANARY_body","access_token":7}"#;
        let (answer, _server) = refreshed(json(status, &[], body)).await;
        let error = answer.err().unwrap();
        let said = format!("{error} {error:?} {:?}", connectors::CrmError::from(error.clone()));
        assert!(!said.contains("CANARY"), "{said}");
    }
}
