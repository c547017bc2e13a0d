//! The form of the callback: methods, parameters and headers that nobody honest sends.

use reqwest::Method;

use super::{
    End, Stage,
    stage::{page, parameter},
};
use crate::connections::{ALPEN, NORDWIND, callback};

#[tokio::test]
async fn only_a_navigation_is_a_callback() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let methods = [Method::HEAD, Method::PUT, Method::PATCH, Method::OPTIONS, Method::TRACE];
    let count = methods.len();
    for method in methods {
        let name = format!("the callback by {method}");
        let request = stage.owner().request(method, &back);
        let answer = stage.owner().send(request).await;
        stage.judge(&name, &before, &answer, End::at("405")).await;
    }
    // What providers themselves send: an uninstall needs the app's credentials, sharing does nothing.
    for (method, end) in [(Method::DELETE, "401"), (Method::POST, "204")] {
        let name = format!("the callback by {method}");
        let request = stage.owner().request(method, &back);
        let answer = stage.owner().send(request).await;
        stage.judge(&name, &before, &answer, End::at(end)).await;
    }
    let query = back.split_once('?').unwrap().1.to_owned();
    let request = stage
        .owner()
        .request(Method::POST, &callback(""))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(query);
    let answer = stage.owner().send(request).await;
    stage.judge("the callback as a form", &before, &answer, End::at("204")).await;
    // None of them used the state up.
    let answer = stage.owner().get(&back).await;
    stage.judge("the honest answer afterwards", &before, &answer, End::connected()).await;
    stage.verdict(count + 4);
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_believed_by_nobody() {
    let mut stage = Stage::new().await;
    let attackers = parameter(&stage.consent(stage.owner(), ALPEN).await, "code");
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let state = parameter(&back, "state");
    let before = stage.seen().await;
    let cases = [
        ("two codes", format!("{back}&code={attackers}")),
        ("the attacker's code first", back.replace('?', &format!("?code={attackers}&"))),
        ("two states", format!("{back}&state=x")),
        ("the same state twice", format!("{back}&state={state}")),
        ("two states, one encoded", format!("{back}&%73tate=x")),
        ("two errors", format!("{back}&error=a&error=b")),
        ("two issuers", format!("{back}&iss=a&iss=b")),
        ("a callback of 5,000 letters", format!("{back}&x={}", "A".repeat(5_000))),
        ("a state of 5,000 letters", callback(&format!("code=x&state={}", "A".repeat(5_000)))),
        ("4,000 parameters", format!("{back}{}", "&a".repeat(4_000))),
    ];
    let count = cases.len();
    for (name, path) in cases {
        let answer = stage.owner().get(&path).await;
        stage.judge(name, &before, &answer, End::refused("malformed")).await;
    }
    let answer = stage.owner().get(&back).await;
    stage.judge("the honest answer afterwards", &before, &answer, End::connected()).await;
    stage.verdict(count + 1);
}

/// What other providers send, or what an application might believe, naming the trap.
static EXTRAS: &[&str] = &[
    "accounts-server",
    "location",
    "api_domain",
    "instance_url",
    "token_url",
    "token_endpoint",
    "redirect_uri",
    "return_to",
    "next",
    "redirect",
    "url",
    "client_id",
    "provider",
    "id_token",
    "access_token",
];

#[tokio::test]
async fn no_extra_parameter_of_a_callback_is_followed() {
    let mut stage = Stage::new().await;
    for name in EXTRAS {
        for target in [stage.trap.origin(), format!("//127.0.0.1:{}", stage.trap.port)] {
            stage.rig.hub.clock.advance(chrono::TimeDelta::minutes(5));
            let back = stage.consent(stage.owner(), NORDWIND).await;
            let before = stage.seen().await;
            let answer = stage.owner().get(&format!("{back}&{name}={target}")).await;
            // It connects, at the provider's own address and nowhere else.
            stage.judge(name, &before, &answer, End::connected()).await;
        }
    }
    stage.verdict(2 * EXTRAS.len());
}

#[tokio::test]
async fn nothing_that_a_visitor_sends_decides_where_the_browser_goes() {
    let mut stage = Stage::new().await;
    let before = stage.seen().await;
    let targets = [
        "//evil.example",
        "https://evil.example",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "%0d%0aLocation:%20https://evil.example",
        "javascript:alert(1)",
    ];
    for target in targets {
        for path in [
            callback(&format!("error=access_denied&return_to={target}&next={target}")),
            callback(&format!("code=x&state={target}")),
            format!("{}&next={target}", callback("code=x&state=y").replace("callback", "connect")),
        ] {
            let request = stage.owner().bare(Method::GET, &path);
            let answer = stage.owner().send(request.header("accept", "text/html")).await;
            let to = page(&answer);
            let ours =
                to.starts_with("303 /integrations?") || to.starts_with("303 http://127.0.0.1");
            let wrong = if !ours || to.contains("evil") { vec![to] } else { Vec::new() };
            stage.note(&format!("{target} in {path}"), wrong);
        }
    }
    assert_eq!(stage.seen().await, before);
    stage.verdict(3 * targets.len());
}

#[tokio::test]
async fn a_callback_is_kept_by_nobody_and_told_to_nobody() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let (code, state) = (parameter(&back, "code"), parameter(&back, "state"));
    let stranger = stage.rig.hub.stranger();
    let answers = [
        ("the honest callback", stage.owner().get(&back).await),
        ("a used one", stage.owner().get(&back).await),
        ("one without a session", stranger.get(&back).await),
        ("one that cannot be", stage.owner().get(&format!("{back}&state={state}%00")).await),
    ];
    for (name, answer) in &answers {
        let mut wrong = Vec::new();
        for (header, value) in [
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            if answer.header(header) != value {
                wrong.push(format!("{header}: {}", answer.header(header)));
            }
        }
        if !answer.header("content-security-policy").starts_with("default-src 'none'") {
            wrong.push("a page that may load things".into());
        }
        let said = format!("{} {:?}", answer.text, answer.headers);
        if said.contains(&code) || said.contains(&state) {
            wrong.push(format!("told: {said}"));
        }
        stage.note(name, wrong);
    }
    stage.verdict(answers.len());
}
