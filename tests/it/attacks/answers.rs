//! A token endpoint that is broken, replaced or hostile: nothing follows where it points.

use tandem::{config::ProviderCredentials, policy::Plan};

use super::{Trap, stage::page};
use crate::{
    connections::{callback, error_page, slug, state_of},
    connectors::canned::{Canned, Reply, answer, html, json},
    harness::TestHub,
};

const GOOD: &str = r#""access_token":"v1u:CANARY","refresh_token":"1:1:CANARY","expires_in":3599"#;

fn with(more: &str) -> Reply {
    json(200, &[], &format!("{{{GOOD},{more}}}"))
}

/// A name, what the token endpoint answers, and why the page says that nothing was connected.
type Case = (&'static str, Reply, &'static str);

fn cases(trap: &Trap) -> Vec<Case> {
    let trap = trap.origin();
    let redirect = |status| json(status, &[("location", &trap)], "{}");
    let json_type = ("content-type", "application/json");
    let huge = format!(r#"{{{GOOD},"x":"{}"}}"#, "A".repeat(17 << 20));
    vec![
        ("a redirect to elsewhere", redirect(302), "provider_down"),
        ("a redirect that keeps the method", redirect(307), "provider_down"),
        ("a redirect for good", redirect(308), "provider_down"),
        (
            "tokens beside a redirect",
            json(303, &[("location", &trap)], &format!("{{{GOOD}}}")),
            "provider_down",
        ),
        (
            "a refresh header",
            json(500, &[("refresh", &format!("0; url={trap}"))], "{}"),
            "provider_down",
        ),
        ("a token of type mac", with(r#""token_type":"mac""#), "provider_down"),
        ("a token bound to a key", with(r#""token_type":"DPoP""#), "provider_down"),
        ("a web page", html(200), "provider_down"),
        ("a web page with a refusal", html(403), "provider_down"),
        ("a page called JSON", json(200, &[], "<html>"), "provider_down"),
        ("an empty answer", json(200, &[], ""), "provider_down"),
        ("an empty object", json(200, &[], "{}"), "provider_down"),
        ("a list", json(200, &[], "[]"), "provider_down"),
        ("an empty token", json(200, &[], r#"{"access_token":""}"#), "provider_down"),
        ("a token that is a number", json(200, &[], r#"{"access_token":7}"#), "provider_down"),
        ("two tokens", with(r#""access_token":"other""#), "provider_down"),
        ("two hosts", with(&format!(r#""api_domain":"","api_domain":"{trap}""#)), "provider_down"),
        (
            "a host that is an object",
            with(&format!(r#""api_domain":{{"x":"{trap}"}}"#)),
            "provider_down",
        ),
        ("a host that is the trap", with(&format!(r#""api_domain":"{trap}""#)), "host_refused"),
        ("an answer of 17 MB", json(200, &[], &huge), "provider_down"),
        ("an answer of 100,000 brackets", json(200, &[], &"[".repeat(100_000)), "provider_down"),
        (
            "letters of no alphabet",
            Reply::Bytes(answer(200, &[json_type], b"{\"access_token\":\"\xff\xfe\"}")),
            "provider_down",
        ),
        (
            "a packed answer that is not packed",
            json(200, &[("content-encoding", "gzip")], &format!("{{{GOOD}}}")),
            "provider_down",
        ),
        ("a hang-up", Reply::HangUp, "provider_down"),
        ("a refusal of the code", json(400, &[], r#"{"error":"invalid_grant"}"#), "code_refused"),
        (
            "a refusal of ourselves",
            json(401, &[], r#"{"error":"invalid_client"}"#),
            "not_configured",
        ),
        (
            "tokens beside an error",
            json(400, &[], &format!(r#"{{"error":"invalid_grant",{GOOD}}}"#)),
            "code_refused",
        ),
    ]
}

#[tokio::test]
async fn whatever_a_hostile_token_endpoint_answers_nothing_is_connected() {
    let trap = Trap::set().await;
    let mut script = Vec::new();
    for (_, reply, reason) in cases(&trap) {
        script.push(reply);
        if reason == "host_refused" {
            // A grant that names a stranger's host is given back, where it came from.
            script.push(json(200, &[], "{}"));
        }
    }
    let server = Canned::start(script).await;
    let hub = TestHub::with(|config| {
        let credentials = ProviderCredentials {
            client_id: "id".into(),
            client_secret: "CANARY_secret".to_owned().into(),
        };
        config.offer_sandbox(slug(), credentials, &server.url);
    })
    .await;
    let owner = hub.company(Plan::Business).await.owner.browser;
    let mut broken = Vec::new();
    for (name, _, reason) in cases(&trap) {
        let begun = owner.get(&format!("/api/integrations/{}/connect", slug())).await;
        let state = state_of(begun.header("location"));
        let before = server.asked().len();
        let ended = owner.get(&callback(&format!("code=abc&state={state}"))).await;
        let lines: Vec<_> =
            server.asked().into_iter().skip(before).map(|asked| asked.line).collect();
        let mut wrong = Vec::new();
        if page(&ended) != format!("303 {}", error_page(reason)) {
            wrong.push(page(&ended));
        }
        let token = "POST /oauth/token HTTP/1.1";
        let expected: &[&str] = if reason == "host_refused" {
            &[token, "POST /oauth/revoke HTTP/1.1"]
        } else {
            &[token]
        };
        if lines != expected {
            wrong.push(format!("asked: {lines:?}"));
        }
        if !trap.visits().is_empty() {
            wrong.push(format!("at the trap: {:?}", trap.visits()));
        }
        if hub.value::<i64>("select count(*) from connection").await > 0 {
            wrong.push("a connection".into());
        }
        if ended.text.contains("CANARY") || page(&ended).contains("CANARY") {
            wrong.push("a secret in the answer".into());
        }
        if !wrong.is_empty() {
            broken.push(format!("{name}: {}", wrong.join("; ")));
        }
    }
    assert!(broken.is_empty(), "attacks that got through:\n{}", broken.join("\n"));
}
