//! What goes wrong on a write is told apart by whether it may have been done; and what may have been
//! done is never sent again.

use std::time::{Duration, Instant};

use serde_json::json;
use tandem::{
    connectors::{Caller, CrmError, Http, Throttle},
    domain::effect::{ActivityToMake, Effect, PersonToMake},
};

use super::{
    canned::{Canned, Reply, answer, html, json as reply},
    rig::{Rig, TOKEN, connector},
    stage::{Stage, small},
    writes::{ann, id, now, writer},
};

/// Long enough for a loaded machine to answer, short enough for a test.
const SHORT: Duration = Duration::from_secs(1);
const DONE: &str = r#"{"success":true,"data":{"id":5,"name":"Ann Writer"}}"#;

fn effect() -> Effect {
    Effect::CreatePerson(ann())
}

async fn impatient(script: Vec<Reply>) -> Rig {
    Rig::with(script, Caller::Job, Http::with_timeout(true, SHORT)).await
}

impl Rig {
    async fn write(&self) -> Result<String, CrmError> {
        writer().send(&self.api, &effect()).await.map(|sent| sent.id.0)
    }
}

fn done() -> Reply {
    reply(200, &[], DONE)
}

#[tokio::test]
async fn a_write_is_json_with_a_bearer_and_costs_what_it_costs() {
    let rig = Rig::of(vec![done()]).await;
    assert_eq!(rig.write().await.unwrap(), "5");
    let asked = &rig.server.asked()[0];
    assert_eq!(asked.line, "POST /api/v2/persons HTTP/1.1");
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {TOKEN}_1")));
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["emails"][1]["primary"], false);
    assert_eq!((rig.meter.read().requests, rig.meter.read().tokens), (1, 5));
}

#[tokio::test]
async fn what_may_have_been_done_is_uncertain_and_not_sent_again() {
    let truncated = {
        let mut whole = answer(200, &[("content-type", "application/json")], DONE);
        whole.truncate(whole.len() - 5);
        Reply::Bytes(whole)
    };
    let zipped = Reply::Bytes(answer(
        200,
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
        DONE,
    ));
    let trap = Canned::start(vec![done()]).await;
    let redirect = |status| reply(status, &[("location", trap.url.as_str())], "{}");
    let faults = [
        ("500", reply(500, &[], "{}")),
        ("502 as a web page", html(502)),
        ("503 that says when", reply(503, &[("retry-after", "1")], "{}")),
        ("504", reply(504, &[], r#"{"success":false,"error":"x"}"#)),
        ("408", reply(408, &[], "{}")),
        ("400 as a web page", html(400)),
        ("404 as a web page", html(404)),
        ("a web page", html(200)),
        ("an empty object", reply(200, &[], "{}")),
        ("no success", reply(200, &[], r#"{"success":false,"data":{"id":5}}"#)),
        ("no id", reply(200, &[], r#"{"success":true,"data":{"name":"Ann"}}"#)),
        ("nothing in it", reply(200, &[], r#"{"success":true,"data":null}"#)),
        ("no JSON", reply(200, &[], "oops")),
        ("half of the JSON", reply(200, &[], &DONE[..20])),
        ("plain text", Reply::Bytes(answer(200, &[("content-type", "text/plain")], DONE))),
        ("nothing", Reply::Bytes(answer(204, &[], ""))),
        ("a redirect", redirect(302)),
        ("a redirect that keeps the method", redirect(307)),
        ("fewer bytes than promised", truncated),
        ("gzip that is none", zipped),
        ("no HTTP", Reply::Bytes(b"\0\0\0\0".to_vec())),
        ("an empty answer", Reply::Bytes(Vec::new())),
        ("a lost connection", Reply::HangUp),
        ("silence", Reply::Silence),
    ];
    for (name, fault) in faults {
        let rig = impatient(vec![fault, done()]).await;
        let error = rig.write().await.unwrap_err();
        assert!(matches!(error, CrmError::Uncertain { .. }), "{name}: {error:?}");
        assert!(!error.passes(), "somebody has to look");
        assert_eq!(rig.requests(), 1, "{name}");
    }
    assert_eq!(trap.asked().len(), 0);
}

#[tokio::test]
async fn what_was_not_done_says_what_to_do_next() {
    let scope = r#"{"success":false,"error":"Scope and URL mismatch","errorCode":403}"#;
    let capped = r#"{"success":false,"error":"x","code":"feature_capping_persons_limit"}"#;
    let error = |reply| async move {
        let rig = Rig::of(vec![reply, done()]).await;
        let error = rig.write().await.unwrap_err();
        assert_eq!(rig.requests(), 1, "{error:?}");
        error
    };
    assert!(matches!(error(reply(402, &[], "{}")).await, CrmError::Suspended { .. }));
    assert_eq!(error(reply(404, &[], "{}")).await, CrmError::Missing);
    assert_eq!(error(reply(410, &[], "{}")).await, CrmError::Missing);
    let missing = CrmError::MissingScope { needed: "contacts:full" };
    assert_eq!(error(reply(403, &[], scope)).await, missing);
    let CrmError::Refused { status, code, .. } = error(reply(403, &[], capped)).await else {
        panic!("a limit of the account is a refusal");
    };
    assert_eq!((status, code.as_deref()), (403, Some("feature_capping_persons_limit")));
    let blocked = CrmError::Throttled { scope: Throttle::Blocked, wait: Duration::from_mins(15) };
    assert_eq!(error(html(403)).await, blocked);
    for status in [400, 405, 409, 413, 415, 418, 422] {
        let body =
            r#"{"success":false,"error":"Validation failed: emails[0].value: no\nsuch host"}"#;
        let CrmError::Refused { said, .. } = error(reply(status, &[], body)).await else {
            panic!("{status} is a refusal");
        };
        assert_eq!(said[0].field.as_deref(), Some("emails"));
        assert_eq!(said[0].words, "emails[0].value: no such host");
    }
}

#[tokio::test]
async fn a_refused_token_is_refreshed_and_the_write_sent_once_more() {
    let unauthorized = || reply(401, &[], r#"{"success":false}"#);
    let rig = Rig::of(vec![unauthorized(), done()]).await;
    assert_eq!(rig.write().await.unwrap(), "5");
    let second = &rig.server.asked()[1];
    assert_eq!(second.header("authorization"), Some(&*format!("Bearer {TOKEN}_2")));
    assert_eq!(second.body, rig.server.asked()[0].body);

    let rig = Rig::of(vec![unauthorized(), unauthorized(), done()]).await;
    assert_eq!(rig.write().await.unwrap_err(), CrmError::Expired);
    assert_eq!(rig.requests(), 2);
    // After the refresh it is as uncertain as at first.
    let rig = Rig::of(vec![unauthorized(), Reply::HangUp, done()]).await;
    assert!(matches!(rig.write().await.unwrap_err(), CrmError::Uncertain { .. }));
    assert_eq!(rig.requests(), 2);
}

#[tokio::test]
async fn slowing_down_is_sat_out_or_goes_up_and_stops_the_whole_account() {
    let rig = Rig::of(vec![reply(429, &[("x-ratelimit-reset", "2")], "{}"), done()]).await;
    assert_eq!(rig.write().await.unwrap(), "5");
    assert_eq!((rig.requests(), rig.meter.read().throttled), (2, 1));

    let rig = Rig::of(vec![reply(429, &[("retry-after", "30")], "{}"), done()]).await;
    let burst = rig.write().await.unwrap_err();
    assert!(matches!(burst, CrmError::Throttled { scope: Throttle::Burst, .. }), "{burst:?}");
    rig.write().await.unwrap_err();
    rig.persons().await.unwrap_err();
    assert_eq!(rig.requests(), 1);

    let over = [("x-daily-ratelimit-token-remaining", "0")];
    let rig = Rig::of(vec![reply(429, &over, "{}"), done()]).await;
    let daily = rig.write().await.unwrap_err();
    assert!(matches!(daily, CrmError::Throttled { scope: Throttle::Daily, .. }), "{daily:?}");
}

#[tokio::test]
async fn nothing_leaves_after_its_time() {
    let rig = Rig::of(vec![done()]).await;
    let late = rig.api.before(Instant::now());
    tokio::time::sleep(Duration::from_millis(2)).await;
    let error = writer().send(&late, &effect()).await.unwrap_err();
    assert_eq!((&error, error.passes()), (&CrmError::TooLate, true));
    assert_eq!(rig.requests(), 0);
    let early = rig.api.before(Instant::now() + Duration::from_mins(1));
    assert_eq!(writer().send(&early, &effect()).await.unwrap().id, id(5));

    // It does not sit out a wait that ends too late.
    let rig = Rig::of(vec![reply(429, &[("x-ratelimit-reset", "3")], "{}"), done()]).await;
    let soon = rig.api.before(Instant::now() + Duration::from_secs(2));
    let error = writer().send(&soon, &effect()).await.unwrap_err();
    assert!(matches!(error, CrmError::Throttled { .. }), "{error:?}");
    assert_eq!(rig.requests(), 1);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let rig = Rig::of(vec![]).await;
    let url = rig.server.url.clone();
    let Rig { server, api, .. } = rig;
    drop(server);
    while tokio::net::TcpStream::connect(url.socket_addrs(|| None).unwrap()[0]).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = writer().send(&api, &effect()).await.unwrap_err();
    assert!(matches!(error, CrmError::Down { status: None, .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_too_large_or_no_id_is_not_sent() {
    let rig = Rig::of(vec![done()]).await;
    let huge = PersonToMake { name: "x".repeat(600_000), ..ann() };
    let error = writer().send(&rig.api, &Effect::CreatePerson(huge)).await.unwrap_err();
    assert!(matches!(error, CrmError::Refused { status: 0, .. }), "{error:?}");
    for hostile in ["1/../../users", "", "0", "-1", "1?x=y", "1\r\nhost: evil"] {
        let delete = Effect::DeleteActivity { id: id(hostile) };
        assert_eq!(writer().send(&rig.api, &delete).await, Err(CrmError::Missing), "{hostile}");
        let add = Effect::AddLabels { person: id(hostile), labels: vec![id(1)] };
        assert_eq!(writer().send(&rig.api, &add).await, Err(CrmError::Missing), "{hostile}");
    }
    assert_eq!(rig.requests(), 0);
}

#[tokio::test]
async fn no_error_of_a_write_repeats_a_token_or_a_body() {
    let body = r#"{"success":false,"error":"emails: SECRET ann@acme.example","code":"SECRET x"}"#;
    for status in [200, 302, 400, 401, 402, 403, 404, 409, 422, 429, 500] {
        let rig = impatient((0..9).map(|_| reply(status, &[], body)).collect()).await;
        let error = rig.write().await.unwrap_err();
        let said = format!("{error} {error:?}");
        for secret in ["SECRET", "acme.example", "writer.example", TOKEN, "127.0.0.1"] {
            assert!(!said.contains(secret), "{status}: {said}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_by_looking_when_it_was_done_and_not_when_it_was_not() {
    let stage = Stage::patient(small(), Duration::from_secs(2)).await;
    let person = stage.sent(&effect()).await.id;
    let type_of = |subject: &str| ActivityToMake {
        kind: "task".into(),
        subject: subject.into(),
        due_at: "2027-01-04T08:00:00Z".parse().unwrap(),
        person: person.clone(),
        ..ActivityToMake::default()
    };
    let faults = [
        (json!({"kind": "applied_5xx", "status": 502}), true),
        (json!({"kind": "applied_reset"}), true),
        (json!({"kind": "applied_timeout"}), true),
        (json!({"kind": "html_200", "applied": true}), true),
        (json!({"kind": "empty_json", "applied": true}), true),
        (json!({"kind": "redirect", "applied": true}), true),
        (json!({"kind": "half_answer"}), true),
        (json!({"kind": "wrong_length"}), true),
        (json!({"kind": "status_5xx"}), false),
        (json!({"kind": "reset"}), false),
        (json!({"kind": "timeout"}), false),
        (json!({"kind": "html_200"}), false),
    ];
    for (nth, (mut fault, applied)) in faults.into_iter().enumerate() {
        fault["method"] = json!("POST");
        let kind = fault.to_string();
        let (before, since) = (stage.writes().await.len(), now());
        stage.fault(fault).await;
        let effect = Effect::CreateActivity(type_of(&format!("Number {nth}")));
        let error = writer().send(&stage.api, &effect).await.unwrap_err();
        let CrmError::Uncertain { status, .. } = error else { panic!("{kind}: {error:?}") };
        let answered =
            !(kind.contains("reset") || kind.contains("timeout") || kind.contains("half"));
        assert_eq!(status.is_some(), answered, "{kind}");
        let writes = stage.writes().await;
        assert_eq!(writes.len(), before + 1, "{kind}");
        assert_eq!(writes[before]["applied"], applied, "{kind}: {}", writes[before]);
        assert_eq!(stage.looked(&effect, since).await.len(), usize::from(applied), "{kind}");
    }
    let made = stage.outbound().await["activities"].as_array().unwrap().len();
    assert_eq!(made, 8);
}

#[tokio::test]
async fn a_create_of_every_kind_is_found_after_a_cut() {
    let stage = Stage::new(small()).await;
    let since = now();
    let cut = json!({"kind": "applied_reset", "method": "POST", "times": null});
    stage.fault(cut).await;
    for effect in [
        effect(),
        Effect::CreateLabel { name: "Luke warm".into() },
        Effect::CreateReference { name: writer().reference_name().unwrap().into() },
        Effect::CreateOrganization(tandem::domain::effect::OrganizationToMake {
            name: "Cut & Paste".into(),
            ..<_>::default()
        }),
    ] {
        let error = writer().send(&stage.api, &effect).await.unwrap_err();
        assert!(matches!(error, CrmError::Uncertain { .. }), "{effect:?}: {error:?}");
        assert_eq!(stage.looked(&effect, since).await.len(), 1, "{effect:?}");
    }
    stage.control("DELETE", "/faults", json!({})).await;
    let writes = stage.writes().await;
    assert!(writes.iter().all(|write| write["applied"] == true && write["answer"] == "lost"));
    let labels = connector().fields(&stage.api).await.unwrap().labels;
    assert_eq!(labels.values().filter(|label| *label == "Luke warm").count(), 1);
}

#[tokio::test]
async fn looking_goes_back_no_further_than_it_must_and_page_by_page() {
    let stage = Stage::new(small()).await;
    let wanted = stage.sent(&effect()).await.id;
    // More than a page of newcomers, and one of them like ours but old.
    stage.control("POST", "/persons/mutate", json!({"create": 700, "change": 300})).await;
    let spent = stage.meter.read().requests;
    assert_eq!(stage.looked(&effect(), now()).await, [wanted]);
    let asked = stage.meter.read().requests - spent;
    assert_eq!(asked, 2, "what was changed but made before ends the search");
}
