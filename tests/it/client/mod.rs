//! A client that knows the `OpenAPI` document and nothing else, and sends whatever it allows, and
//! whatever it does not: no answer may be a failure of ours or one that the document does not tell
//! of.
//!
//! `make chaos` sends ten times as many; `TANDEM_CHAOS_SEED` says which.

mod ask;
mod judge;
mod stage;
mod values;

use std::{collections::BTreeMap, time::Duration};

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use ask::{Ask, Operation};
use judge::{Judge, Told};
use stage::Stage;

use crate::harness::{long, report, seed};

/// In `make test`, and in `make chaos`.
const CASES: usize = 4_000;
const MANY: usize = 40_000;
/// More for the operations that chance has not brought a good answer yet: each new one deals the cards
/// anew.
const LUCK: usize = 300;
/// Requests to one company; then another, for some leave little behind.
const PER_STAGE: usize = 500;
const PER_RESTORE: usize = 25;
/// Different faults that are told before the client gives up.
const ENOUGH: usize = 40;

async fn send(stage: &Stage, ask: &Ask) -> Told {
    let mut request = stage.request(ask.method.clone(), &ask.path);
    for (name, value) in &ask.headers {
        request = request.header(*name, value.clone());
    }
    if let Some(body) = &ask.body {
        request = request.body(body.clone());
    }
    let request = stage.send_as(ask.actor, request).await;
    // Longer than any answer may take: a hang is a fault, too.
    let request = request.timeout(Duration::from_mins(1));
    let mut answer =
        request.send().await.unwrap_or_else(|error| panic!("no answer to {ask:#?}: {error:?}"));
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    let streams = headers.get("content-type").is_some_and(|media| media == "text/event-stream");
    while let Some(chunk) = answer.chunk().await.unwrap() {
        body.extend_from_slice(&chunk);
        if streams && body.ends_with(b"\n\n") {
            break;
        }
    }
    Told { status, headers, body }
}

#[tokio::test]
async fn no_request_gets_an_answer_that_the_document_does_not_tell_of() {
    let (cases, seed) = (if long() { MANY } else { CASES }, seed());
    println!("TANDEM_CHAOS_SEED={seed}, {cases} requests");
    let document: Value = serde_json::from_str(&tandem::http::openapi_document()).unwrap();
    let operations = Operation::all(&document);
    let judge = Judge::new(&document);
    let mut rng = StdRng::seed_from_u64(seed);
    let mut stage = Stage::new().await;
    let mut faults: BTreeMap<String, String> = BTreeMap::new();
    let mut answered: BTreeMap<(String, u16), usize> = BTreeMap::new();
    // Otherwise it would have talked to doormen only.
    let in_reach = |one: &&Operation| !OUT_OF_REACH.contains(&&*one.name);
    let is_good = |(name, status): &(String, u16), wanted: &str| {
        name == wanted && (200..400).contains(status)
    };
    for case in 0..cases + LUCK {
        let unlucky = |one: &&Operation| {
            case < cases || (in_reach(one) && !answered.keys().any(|key| is_good(key, &one.name)))
        };
        let wanted: Vec<&Operation> = operations.iter().filter(unlucky).collect();
        if wanted.is_empty() {
            break;
        }
        if case > 0 && case % PER_STAGE == 0 {
            stage = Stage::new().await;
        } else if case % PER_RESTORE == 0 {
            stage.restore().await;
        }
        let ask = Ask::any(&document, (&operations, &wanted), &stage.known, &mut rng);
        let told = send(&stage, &ask).await;
        let name = ask.operation.clone().unwrap_or_else(|| "nothing".to_owned());
        *answered.entry((name.clone(), told.status.as_u16())).or_default() += 1;
        if let Some(fault) = judge.fault(ask.operation.as_deref(), &told) {
            let text = String::from_utf8_lossy(&told.body).chars().take(600).collect::<String>();
            let cut: String = fault.chars().take(300).collect();
            faults.entry(format!("{name}: {cut}")).or_insert(format!("{ask:#?}\n{text}"));
            assert!(faults.len() < ENOUGH, "{faults:#?}");
        }
        if let Ok(json) = serde_json::from_slice(&told.body) {
            stage.learn(ask.room(), &json);
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), list(&faults));
    let mut by_status: BTreeMap<u16, usize> = BTreeMap::new();
    for ((_, status), times) in &answered {
        *by_status.entry(*status).or_default() += times;
    }
    report(
        "client",
        &json!({ "requests": cases, "seed": seed, "faults": 0, "answers": by_status }),
    );
    let never: Vec<&str> = operations
        .iter()
        .filter(in_reach)
        .filter(|one| !answered.keys().any(|answer| is_good(answer, &one.name)))
        .map(|one| &*one.name)
        .collect();
    assert!(never.is_empty(), "{never:?} never went well");
}

/// Needs a token out of a mail, or a key that is shown once.
const OUT_OF_REACH: &[&str] = &[
    "confirm",
    "confirm_reset",
    "exchange_api_key",
    "login",
    "resume_connection",
    // Needs a member with the address of somebody at the CRM.
    "set_up_user",
    "delete_connection_data",
    // Wants one of its two fields alone, with a value of that very delivery: chance seldom brings both.
    "choose_candidate",
    // Is `update_activity` by another name: chance seldom brings what is good for both.
    "replace_activity",
    // Need the token of a mail.
    "accept_invitation",
    "read_invitation",
    // The company has as many members as its plan has seats, and more.
    "create_invitation",
    "resend_invitation",
    "revoke_invitation",
    // Need a password, or a code of an authenticator.
    "begin_second_factor",
    "confirm_second_factor",
    "end_second_factor",
    "renew_recovery_codes",
    // Need the cookie of a browser that an install came back to.
    "confirm_installation",
    "decline_installation",
    "get_installation",
    // Need the id that a record has at the CRM, which no answer of ours has told.
    "crm_get_deal",
    // The CRM here has no query language that we speak.
    "crm_search_records",
    "crm_update_deal",
    "crm_update_task",
    // Needs the secret of our app at the CRM.
    "uninstalled",
    // Stripe is not set up here, and its messages are signed.
    "begin_checkout",
    "open_portal",
    "refresh_billing",
    "stripe_webhook",
    // Only CRMs know the address and the secret.
    "hear_app",
    "hear_connection",
    // A file arrives as its bytes, which are no JSON; the others need one that has arrived.
    "upload_csv",
    "look_at_csv",
    "start_csv_import",
    "discard_csv",
    "list_bad_rows",
    "correct_rows",
    "download_bad_rows",
];

fn list(faults: &BTreeMap<String, String>) -> String {
    faults.iter().map(|(fault, ask)| format!("== {fault}\n{ask}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_judge_notices_what_the_document_does_not_tell() {
    let document: Value = serde_json::from_str(&tandem::http::openapi_document()).unwrap();
    let judge = Judge::new(&document);
    let told = |status: u16, media: &str, body: &str| Told {
        status: status.try_into().unwrap(),
        headers: [("content-type", media), ("x-request-id", "1"), ("ratelimit", "1")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect(),
        body: body.as_bytes().to_vec(),
    };
    let fault = |status: u16, media: &str, body: &str| {
        judge.fault(Some("list_api_keys"), &told(status, media, body))
    };
    let json = "application/json; charset=utf-8";
    let key = r#"{"id":"0192f0c0-0000-7000-8000-000000000000","name":"X","role":"owner","hint":"x",
        "member":{"member_id":"0192f0c0-0000-7000-8000-000000000000","name":"X"},
        "created_at":"2026-01-01T00:00:00Z","expires_at":null,"expired":false,"last_used_at":null}"#;
    let page = |key: &str| format!(r#"{{"items":[{key}]}}"#);
    assert_eq!(fault(200, json, &page(key)), None);
    for (status, media, body) in [
        (500, json, page(key)),
        (201, json, page(key)),
        (200, "text/html", page(key)),
        (200, json, "{}".to_owned()),
        (200, json, page(key) + "x"),
        (200, json, page(&key.replace("owner", "emperor"))),
        (200, json, page(&key.replace("false", "null"))),
        (200, json, page(&key.replace("2026-01-01T", "yesterday"))),
        (200, json, page(&key.replace("0192f0c0", "zzz"))),
        (200, json, page(&key.replace(r#""hint":"x""#, r#""hint":"x","more":1"#))),
        (404, "application/problem+json", "{}".to_owned()),
    ] {
        assert!(fault(status, media, &body).is_some(), "{status} {media} {body}");
    }
    assert!(judge.fault(None, &told(200, json, "{}")).is_some());
}
