//! Every way an answer can go wrong ends in an error that says what to do next.

use std::time::Duration;

use tandem::{
    connectors::{Caller, CrmError, Cursor, From, Http, Throttle},
    domain::RemoteId,
};

use super::{
    canned::{Canned, Reply, answer, html, json, persons},
    rig::{Rig, TOKEN, connector},
};

/// Long enough for a loaded machine to answer, short enough for a test.
const SHORT: Duration = Duration::from_secs(1);

async fn impatient(script: Vec<Reply>) -> Rig {
    Rig::with(script, Caller::Job, Http::with_timeout(true, SHORT)).await
}

fn throttled(error: &CrmError) -> (Throttle, Duration) {
    match error {
        CrmError::Throttled { scope, wait } => (*scope, *wait),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_token_is_refreshed_and_the_call_repeated_once() {
    let unauthorized = || json(401, &[("x-401-by-gw", "true")], r#"{"success":false}"#);
    let rig = Rig::of(vec![unauthorized(), persons(&[1])]).await;
    assert_eq!(rig.persons().await.unwrap(), ["1"]);
    assert_eq!(rig.tokens.refreshes.load(std::sync::atomic::Ordering::SeqCst), 1);
    let second = &rig.server.asked()[1];
    assert_eq!(second.header("authorization"), Some(&*format!("Bearer {TOKEN}_2")));

    let rig = Rig::of(vec![unauthorized(), unauthorized(), persons(&[1])]).await;
    assert_eq!(rig.persons().await.unwrap_err(), CrmError::Expired);
    assert_eq!(rig.requests(), 2);
}

#[tokio::test]
async fn a_short_slow_down_is_sat_out() {
    let slow = json(429, &[("retry-after", "1"), ("x-ratelimit-reset", "3")], "{}");
    let rig = Rig::of(vec![slow, persons(&[1])]).await;
    assert_eq!(rig.persons().await.unwrap(), ["1"]);
    let slept: Duration = rig.time.sleeps.lock().unwrap().iter().sum();
    assert!(slept >= Duration::from_secs(3), "{slept:?}");
    let spent = rig.meter.read();
    assert_eq!((spent.requests, spent.tokens, spent.throttled), (2, 10, 1));
}

#[tokio::test]
async fn a_long_slow_down_goes_up_and_stops_the_whole_connection() {
    let rig = Rig::of(vec![json(429, &[("retry-after", "30")], "{}"), persons(&[1])]).await;
    let (scope, wait) = throttled(&rig.persons().await.unwrap_err());
    assert_eq!(scope, Throttle::Burst);
    assert!(wait >= Duration::from_secs(30), "{wait:?}");
    // Anybody else of this connection waits too, and nothing is asked.
    throttled(&rig.persons().await.unwrap_err());
    assert_eq!(rig.requests(), 1);
    rig.time.pass(wait);
    assert_eq!(rig.persons().await.unwrap(), ["1"]);
}

#[tokio::test]
async fn a_provider_that_goes_on_refusing_is_asked_ever_less() {
    let rig = Rig::of((0..100).map(|_| json(429, &[], "{}")).collect()).await;
    let mut asked = 0;
    // An hour of a flow that comes back whenever it is told to.
    let mut passed = Duration::ZERO;
    while passed < Duration::from_hours(1) {
        let (_, wait) = throttled(&rig.persons().await.unwrap_err());
        rig.time.pass(wait);
        passed += wait;
        asked = rig.requests();
    }
    assert!(asked < 20, "{asked} requests in an hour");
}

#[tokio::test]
async fn a_used_up_day_is_told_apart_and_looked_at_once_an_hour() {
    let over = || {
        let headers = [
            ("retry-after", "3"),
            ("x-daily-ratelimit-token-limit", "30000"),
            ("x-daily-ratelimit-token-remaining", "0"),
        ];
        json(429, &headers, "{}")
    };
    let rig = Rig::of(vec![over(), over(), persons(&[1])]).await;
    let (scope, wait) = throttled(&rig.persons().await.unwrap_err());
    assert_eq!((scope, wait), (Throttle::Daily, Duration::from_hours(1)));
    for _ in 0..10 {
        assert_eq!(throttled(&rig.persons().await.unwrap_err()).0, Throttle::Daily);
    }
    assert_eq!(rig.requests(), 1);
    rig.time.pass(Duration::from_hours(1));
    rig.persons().await.unwrap_err();
    assert_eq!(rig.requests(), 2);
    rig.time.pass(Duration::from_hours(1));
    assert_eq!(rig.persons().await.unwrap(), ["1"]);
}

#[tokio::test]
async fn a_web_page_with_403_means_staying_away_for_a_quarter_of_an_hour() {
    let rig = Rig::of(vec![html(403), persons(&[1])]).await;
    let blocked = (Throttle::Blocked, Duration::from_mins(15));
    assert_eq!(throttled(&rig.persons().await.unwrap_err()), blocked);
    assert_eq!(throttled(&rig.persons().await.unwrap_err()), blocked);
    assert_eq!(rig.requests(), 1);
    rig.time.pass(Duration::from_mins(15));
    assert_eq!(rig.persons().await.unwrap(), ["1"]);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let scope = r#"{"success":false,"error":"Scope and URL mismatch","errorCode":403}"#;
    let capped = r#"{"success":false,"error":"x","code":"feature_capping_deals_limit"}"#;
    let invalid = r#"{"success":false,"error":"Validation failed","code":"ERR_SCHEMA"}"#;
    let error = |reply| async move { Rig::of(vec![reply]).await.persons().await.unwrap_err() };

    let missing = CrmError::MissingScope { needed: "contacts:full" };
    assert_eq!(error(json(403, &[], scope)).await, missing);
    let CrmError::Refused { status, code, .. } = error(json(403, &[], capped)).await else {
        panic!("a limit of the account is a refusal");
    };
    assert_eq!((status, code.as_deref()), (403, Some("feature_capping_deals_limit")));
    let CrmError::Refused { status, code, .. } = error(json(400, &[], invalid)).await else {
        panic!("a request that is not accepted is a refusal");
    };
    assert_eq!((status, code.as_deref()), (400, Some("ERR_SCHEMA")));
    assert!(matches!(error(json(402, &[], "{}")).await, CrmError::Suspended { .. }));
    assert_eq!(error(json(404, &[], "{}")).await, CrmError::Missing);
    assert_eq!(error(json(410, &[], "{}")).await, CrmError::Missing);
    for passing in [html(502), html(200), Reply::HangUp] {
        let lasting = Rig::of((0..9).map(|_| passing.clone()).collect()).await;
        assert!(lasting.persons().await.unwrap_err().passes());
    }
    assert!(!missing.passes());
}

#[tokio::test]
async fn a_refused_cursor_is_known_as_such() {
    let rig = Rig::of(vec![json(400, &[], r#"{"success":false}"#)]).await;
    let from = From { cursor: Cursor::parse("old"), ..From::default() };
    let error = connector().persons(&rig.api, &from).await.unwrap_err();
    assert_eq!(error, CrmError::CursorRefused);
}

#[tokio::test]
async fn a_passing_fault_is_survived() {
    let body = r#"{"success":true,"data":[]}"#;
    let truncated = {
        let mut whole = answer(200, &[("content-type", "application/json")], body);
        whole.truncate(whole.len() - 5);
        Reply::Bytes(whole)
    };
    let chunked = Reply::Bytes(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
          10\r\n{\"success\":true,\r\n"
            .to_vec(),
    );
    let zipped = Reply::Bytes(answer(
        200,
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
        body,
    ));
    let faults = [
        ("500", json(500, &[], "{}")),
        ("502 as a web page", html(502)),
        ("503", json(503, &[("retry-after", "1")], "{}")),
        ("a web page", html(200)),
        ("an empty object", json(200, &[], "{}")),
        ("no JSON", json(200, &[], "oops")),
        ("half of the JSON", json(200, &[], &body[..12])),
        ("no content type", Reply::Bytes(answer(200, &[], body))),
        ("plain text", Reply::Bytes(answer(200, &[("content-type", "text/plain")], body))),
        ("nothing", Reply::Bytes(answer(204, &[], ""))),
        ("fewer bytes than promised", truncated),
        ("a broken chunk", chunked),
        ("gzip that is none", zipped),
        ("no HTTP", Reply::Bytes(b"\0\0\0\0".to_vec())),
        ("an empty answer", Reply::Bytes(Vec::new())),
        ("a lost connection", Reply::HangUp),
        ("silence", Reply::Silence),
    ];
    for (name, fault) in faults {
        let rig = impatient(vec![fault.clone(), persons(&[1])]).await;
        assert_eq!(rig.persons().await.as_deref(), Ok(&["1".to_owned()][..]), "{name}");
        assert_eq!(rig.requests(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_lasting_fault_ends_after_few_attempts_that_back_off() {
    let broken = || json(500, &[], "{}");
    let rig = Rig::of((0..9).map(|_| broken()).collect()).await;
    let error = rig.persons().await.unwrap_err();
    assert!(matches!(error, CrmError::Down { status: Some(500), .. }), "{error:?}");
    assert_eq!(rig.requests(), 4);
    let sleeps = rig.time.sleeps.lock().unwrap().clone();
    assert!(sleeps.is_sorted() && sleeps.len() == 3, "{sleeps:?}");

    // A person is not kept waiting for long.
    let script = (0..9).map(|_| broken()).collect();
    let rig = Rig::with(script, Caller::Person, Http::with_plain_loopback()).await;
    rig.persons().await.unwrap_err();
    assert_eq!(rig.requests(), 2);
}

#[tokio::test]
async fn maintenance_that_says_how_long_goes_up_with_it() {
    let rig = Rig::of(vec![json(503, &[("retry-after", "600")], "{}")]).await;
    let error = rig.persons().await.unwrap_err();
    let wait = Some(Duration::from_mins(10));
    assert!(matches!(error, CrmError::Down { wait: said, .. } if said == wait), "{error:?}");
    assert_eq!(rig.requests(), 1);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_down() {
    let rig = Rig::of(vec![]).await;
    let url = rig.server.url.clone();
    let Rig { server, api, .. } = rig;
    drop(server);
    // The listener closes when its task has been dropped.
    while tokio::net::TcpStream::connect(url.socket_addrs(|| None).unwrap()[0]).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = connector().account(&api).await.unwrap_err();
    assert!(matches!(error, CrmError::Down { status: None, .. }), "{error:?}");
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let trap = Canned::start(vec![persons(&[666])]).await;
    let redirect = || json(302, &[("location", trap.url.as_str())], "{}");
    let rig = Rig::of((0..9).map(|_| redirect()).collect()).await;
    assert!(matches!(rig.persons().await.unwrap_err(), CrmError::Unreadable { .. }));
    assert_eq!(trap.asked().len(), 0);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off_also_when_it_is_zipped() {
    let huge = " ".repeat(17 * 1024 * 1024);
    let kind = ("content-type", "application/json");
    let rig = Rig::of(vec![Reply::Bytes(answer(200, &[kind], &huge))]).await;
    let too_large = CrmError::Unreadable { what: "the answer is larger than 16 MiB" };
    assert_eq!(rig.persons().await.unwrap_err(), too_large);

    let zipped = gzip(&huge);
    assert!(zipped.len() < 100_000);
    let headers = [kind, ("content-encoding", "gzip")];
    let rig = Rig::of(vec![Reply::Bytes(answer(200, &headers, zipped))]).await;
    assert_eq!(rig.persons().await.unwrap_err(), too_large);
}

#[tokio::test]
async fn zipped_answers_are_read() {
    let body = gzip(r#"{"success":true,"data":[{"id":5}]}"#);
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let rig = Rig::of(vec![Reply::Bytes(answer(200, &headers, body))]).await;
    assert_eq!(rig.persons().await.unwrap(), ["5"]);
}

#[tokio::test]
async fn no_error_repeats_a_token_or_a_body() {
    let body = r#"{"success":false,"error":"SECRET-BODY ann@acme.example","code":"SECRET BODY"}"#;
    for status in [400, 401, 402, 403, 404, 418, 422, 429, 500, 503] {
        let rig = impatient((0..9).map(|_| json(status, &[], body)).collect()).await;
        let error = rig.persons().await.unwrap_err();
        let said = format!("{error} {error:?}");
        for secret in ["SECRET", "acme.example", TOKEN, "127.0.0.1"] {
            assert!(!said.contains(secret), "{status}: {said}");
        }
    }
}

#[tokio::test]
async fn an_id_that_could_break_out_of_a_query_never_becomes_one() {
    let rig = Rig::of(vec![persons(&[1])]).await;
    let hostile = RemoteId("1&limit=1\r\nhost: evil".to_owned());
    let page = connector().persons_by_id(&rig.api, &[hostile]).await.unwrap();
    assert_eq!((page.items.len(), rig.requests()), (0, 0));
}

fn gzip(text: &str) -> Vec<u8> {
    use std::{
        io::{Read, Write},
        process::{Command, Stdio},
    };
    let mut child = Command::new("gzip")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip is part of every Debian");
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let mut zipped = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut zipped).unwrap();
    writer.join().unwrap();
    child.wait().unwrap();
    zipped
}
