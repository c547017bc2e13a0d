//! States that are no states: whoever has none of ours causes no token request.

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use tandem::policy::Plan;

use super::{
    End, Stage,
    stage::{page, parameter},
};
use crate::connections::{NORDWIND, callback, install::waiting_at};

fn swapped(state: &str) -> String {
    let swap = |letter: char| match letter {
        letter if letter.is_ascii_uppercase() => letter.to_ascii_lowercase(),
        letter => letter.to_ascii_uppercase(),
    };
    state.chars().map(swap).collect()
}

/// What is sent for the state that was given out, written as in a query, and how it ends.
type Forgery = (&'static str, fn(&str) -> String, &'static str);

static FORGERIES: &[Forgery] = &[
    ("an empty state", |_| "&state=".into(), "state_missing"),
    ("a guessed state", |_| format!("&state={}", "A".repeat(43)), "state_unknown"),
    ("a state cut by one letter", |state| format!("&state={}", &state[..42]), "state_unknown"),
    ("a state longer by one letter", |state| format!("&state={state}A"), "state_unknown"),
    ("a state in the other case", |state| format!("&state={}", swapped(state)), "state_unknown"),
    ("a state with padding", |state| format!("&state={state}%3D"), "state_unknown"),
    ("a state after a space", |state| format!("&state=%20{state}"), "state_unknown"),
    ("a state before a newline", |state| format!("&state={state}%0A"), "state_unknown"),
    (
        "the stored hash instead of the state",
        |state| format!("&state={}", hex::encode(Sha256::digest(state.as_bytes()))),
        "state_unknown",
    ),
    ("a wildcard", |_| "&state=%25".into(), "state_unknown"),
    ("a quote for SQL", |_| "&state=%27%20or%20true%20--".into(), "state_unknown"),
    ("letters of no alphabet", |_| "&state=%F0%9F%92%A5%FF".into(), "state_unknown"),
];

/// Makes the rest of a query out of a good state.
type Forge = fn(&str) -> String;

/// What holds no state at all, whatever else it holds.
static WITHOUT: &[(&str, Forge)] = &[
    ("no state at all", |_| String::new()),
    ("the name in capitals", |state| format!("&STATE={state}")),
    ("an array of states", |state| format!("&state[]={state}")),
    ("a state inside another value", |state| format!("&x=%26state%3D{state}")),
];

#[tokio::test]
async fn a_callback_whose_state_was_taken_out_attaches_nothing() {
    let mut stage = Stage::new().await;
    for (name, forge) in WITHOUT {
        let back = stage.consent(stage.owner(), NORDWIND).await;
        let (code, state) = (parameter(&back, "code"), parameter(&back, "state"));
        let before = stage.seen().await;
        let query = format!("code={code}{}", forge(&state));
        let answer = stage.owner().get(&callback(&query)).await;
        // It waits for somebody of this browser to say where it belongs, as an install does.
        let id = waiting_at(&answer);
        let end = End::at(format!("303 /install?id={id}")).after_asking(1);
        stage.judge(name, &before, &answer, end).await;
    }
    stage.verdict(WITHOUT.len());
}

#[tokio::test]
async fn a_forged_state_reaches_no_token_endpoint() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    // The code is good: whoever asked would get tokens.
    let (code, state) = (parameter(&back, "code"), parameter(&back, "state"));
    for (name, forge, reason) in FORGERIES {
        let before = stage.seen().await;
        let query = format!("code={code}{}", forge(&state));
        let answer = stage.owner().get(&callback(&query)).await;
        stage.judge(name, &before, &answer, End::refused(reason)).await;
    }
    let before = stage.seen().await;
    let answer = stage.owner().get(&callback(&format!("code={code}&state={state}%00"))).await;
    stage.judge("a state before a NUL", &before, &answer, End::at("400")).await;
    // None of them used it up.
    let before = stage.seen().await;
    let answer = stage.owner().get(&back).await;
    stage.judge("the honest answer after all forgeries", &before, &answer, End::connected()).await;
    // And once is all.
    let before = stage.seen().await;
    let answer = stage.owner().get(&back).await;
    stage.judge("a state a second time", &before, &answer, End::refused("state_used")).await;
    stage.verdict(FORGERIES.len() + 3);
}

#[tokio::test]
async fn a_state_in_other_hands_or_too_late_reaches_no_token_endpoint() {
    let mut stage = Stage::new().await;
    let other = stage.rig.hub.company(Plan::Business).await;
    let second = stage.second_session().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let admin = &stage.rig.acme.admin.browser;
    let answers = [
        ("the same member in another session", second.get(&back).await, "other_session"),
        ("another member of the company", admin.get(&back).await, "other_session"),
        ("a member of another company", other.owner.browser.get(&back).await, "state_unknown"),
        ("nobody who is signed in", stage.rig.hub.stranger().get(&back).await, "signed_out"),
    ];
    let before = stage.seen().await;
    for (name, answer, reason) in &answers {
        stage.judge(name, &before, answer, End::refused(reason)).await;
    }

    stage.rig.hub.clock.advance(TimeDelta::minutes(10));
    let answer = stage.owner().get(&back).await;
    stage
        .judge("a state of ten minutes ago", &before, &answer, End::refused("state_expired"))
        .await;

    let back = stage.consent(stage.owner(), NORDWIND).await;
    let request = stage.owner().bare(reqwest::Method::GET, &back);
    let session = stage.owner().cookie().unwrap();
    stage.owner().post("/api/auth/logout", serde_json::json!({})).await;
    let answer = stage.owner().send(request).await;
    let name = "a session that was signed out meanwhile";
    stage.judge(name, &before, &answer, End::refused("signed_out")).await;
    assert_ne!(stage.owner().cookie(), Some(session), "{}", page(&answer));
    let answer = stage.second_session().await.get(&back).await;
    let name = "the same member, signed out and in again meanwhile";
    stage.judge(name, &before, &answer, End::refused("other_session")).await;
    stage.verdict(7);
}

#[tokio::test]
async fn a_state_is_long_random_and_never_the_same() {
    let stage = Stage::new().await;
    let mut states = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let page = stage.rig.begin(stage.owner()).await;
        let state = crate::connections::state_of(&page);
        // 256 bits in base64url.
        assert_eq!(state.len(), 43, "{state}");
        states.insert(state);
    }
    assert_eq!(states.len(), 10);
    let stored: i64 =
        stage.rig.hub.value("select count(*) from oauth_state where length(state_hash) = 32").await;
    assert_eq!(stored, 10);
}
