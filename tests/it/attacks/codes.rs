//! Codes that are not the answer to our question, under a state that is ours.

use serde_json::json;

use super::{End, Stage, stage::parameter};
use crate::connections::{ALPEN, NORDWIND, callback, state_of};

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A fresh state of the owner with this code.
async fn with_code(stage: &Stage, code: &str) -> String {
    let state = state_of(&stage.rig.begin(stage.owner()).await);
    callback(&format!("code={}&state={state}", encoded(code)))
}

#[tokio::test]
async fn a_code_that_was_not_given_to_us_connects_nothing() {
    let mut stage = Stage::new().await;
    let page = stage.rig.begin(stage.owner()).await;
    let redirect = parameter(&format!("?{}", page.split_once('?').unwrap().1), "redirect_uri");
    let code = |answer: serde_json::Value| answer["code"].as_str().unwrap().to_owned();
    let crm = &stage.rig.crm;
    let strangers = code(
        crm.control(
            "/code",
            json!({ "client_id": "conformance-client", "redirect_uri": redirect }),
        )
        .await,
    );
    let elsewhere =
        code(crm.control("/code", json!({ "redirect_uri": "https://evil.example/back" })).await);
    let cases = [
        ("a made-up code", "7001.20001.made-up".to_owned(), "code_refused"),
        ("a code of another app", strangers, "code_refused"),
        ("a code that was asked for another callback", elsewhere, "provider_down"),
        ("a code that is a form", "x&grant_type=refresh_token".to_owned(), "code_refused"),
        (
            "a code with a new line of a header",
            "x\r\nHost: evil.example".to_owned(),
            "code_refused",
        ),
        ("a code that is an address", stage.trap.origin(), "code_refused"),
        ("a code of 3,000 letters", "A".repeat(3_000), "code_refused"),
    ];
    let count = cases.len();
    for (name, code, reason) in cases {
        let path = with_code(&stage, &code).await;
        let before = stage.seen().await;
        let answer = stage.owner().get(&path).await;
        // Another callback is told apart from a bad code: it would be a mistake of ours.
        stage.judge(name, &before, &answer, End::refused(reason).after_asking(1)).await;
    }
    let path = with_code(&stage, "").await;
    let before = stage.seen().await;
    let answer = stage.owner().get(&path).await;
    stage.judge("an empty code", &before, &answer, End::refused("code_refused")).await;
    stage.verdict(count + 1);
}

#[tokio::test]
async fn a_code_works_once_and_for_the_account_that_is_connected() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let code = parameter(&back, "code");
    let before = stage.seen().await;
    let answer = stage.owner().get(&back).await;
    stage.judge("the code the first time", &before, &answer, End::connected()).await;

    let again = with_code(&stage, &code).await;
    let before = stage.seen().await;
    let answer = stage.owner().get(&again).await;
    let end = End::refused("code_refused").after_asking(1);
    stage.judge("the same code under a new state", &before, &answer, end).await;

    // Code injection: a code of the attacker's account in the browser of the victim.
    let foreign =
        stage.rig.crm.consent(&stage.rig.begin(stage.owner()).await, "allow", ALPEN).await;
    let injected = with_code(&stage, &parameter(&foreign, "code")).await;
    let before = stage.seen().await;
    let answer = stage.owner().get(&injected).await;
    let end = End::refused("account_mismatch").after_asking(1).given_back(1);
    stage.judge("a code of the attacker's account", &before, &answer, end).await;
    stage.verdict(3);
}

#[tokio::test]
async fn an_answer_that_is_a_refusal_is_one_whatever_else_it_holds() {
    let mut stage = Stage::new().await;
    let errors = [
        ("an error with a good code", "access_denied"),
        ("an error that nobody knows", "gremlins"),
        ("an error that is a script", "<script>alert(1)</script>"),
        ("an error that is a new header", "x\r\nSet-Cookie: tandem_session=evil"),
        ("an error that is an address", "https://evil.example"),
    ];
    for (name, error) in errors {
        let back = stage.consent(stage.owner(), NORDWIND).await;
        let before = stage.seen().await;
        let said = encoded(error);
        let path = format!("{back}&error={said}&error_description={said}&error_uri={said}");
        let answer = stage.owner().get(&path).await;
        stage.judge(name, &before, &answer, End::refused("denied")).await;
        let echoed = answer.text.contains(error)
            || answer.headers.values().any(|value| {
                value.to_str().is_ok_and(|value| value.contains("evil") || value.contains("script"))
            });
        let wrong = if echoed { vec![format!("echoed: {}", answer.text)] } else { Vec::new() };
        stage.note(&format!("the echo of {name}"), wrong);
        // And nobody makes a connection of it later.
        let answer = stage.owner().get(&back).await;
        let name = format!("the state of {name}, used later");
        stage.judge(&name, &before, &answer, End::refused("state_used")).await;
    }
    stage.verdict(3 * errors.len());
}
