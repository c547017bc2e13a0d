//! What every route refuses, and how.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tandem::policy::Plan;

use crate::harness::TestHub;

#[tokio::test]
async fn nobody_gets_anywhere_without_a_session() {
    let hub = TestHub::new().await;
    let document: Value = serde_json::from_str(&tandem::http::openapi_document()).unwrap();
    let mut closed = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation.get("security").is_none() {
                continue;
            }
            closed += 1;
            let path = path
                .replace("{id}", &uuid::Uuid::now_v7().to_string())
                .replace("{provider}", "acme");
            let method: Method = method.to_uppercase().parse().unwrap();
            let stranger = hub.stranger();
            let request = stranger.request(method.clone(), &path);
            let answer = stranger.send(request.json(&json!({}))).await;
            assert!(
                matches!(answer.status.as_u16(), 401 | 303),
                "{method} {path}: {} {}",
                answer.status,
                answer.text
            );
            if answer.status == 401 {
                assert_eq!(answer.problem(401), "unauthenticated", "{method} {path}");
            }
        }
    }
    assert!(closed >= 9, "the document lists too few closed operations: {closed}");
}

#[tokio::test]
async fn another_sites_page_cannot_act_for_a_member() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let post = || browser.bare(Method::POST, "/api/contacts").json(&json!({ "full_name": "X" }));
    for forged in [
        post(),
        post().header("origin", "https://evil.example").header("x-tandem-csrf", "1"),
        post().header("origin", "null").header("x-tandem-csrf", "1"),
        post().header("origin", &hub.url),
        post()
            .header("origin", &hub.url)
            .header("x-tandem-csrf", "1")
            .header("sec-fetch-site", "cross-site"),
        // The sandboxes and the app share a machine: another port is another origin.
        post().header("origin", "http://localhost:1").header("x-tandem-csrf", "1"),
    ] {
        assert_eq!(browser.send(forged).await.problem(403), "csrf");
    }
    let form = browser
        .request(Method::POST, "/api/contacts")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("full_name=X");
    assert_eq!(browser.send(form).await.problem(415), "unsupported_media_type");
    assert_eq!(hub.value::<i64>("select count(*) from contact").await, 0);
    // Signing in is as protected as the rest (login CSRF).
    let login = hub.stranger();
    let forged = login.bare(Method::POST, "/api/auth/login").json(&json!({}));
    assert_eq!(login.send(forged).await.problem(403), "csrf");
}

#[tokio::test]
async fn a_body_that_nobody_should_send_is_refused_in_one_shape() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let deep = |levels: usize| {
        format!("{{\"full_name\":\"X\",\"tags\":{}{}}}", "[".repeat(levels), "]".repeat(levels))
    };
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("no JSON", b"{".to_vec(), 400, "invalid"),
        ("nothing", Vec::new(), 400, "invalid"),
        ("another shape", b"[]".to_vec(), 400, "invalid"),
        ("a missing field", b"{}".to_vec(), 400, "invalid"),
        ("another type", br#"{"full_name":{}}"#.to_vec(), 400, "invalid"),
        ("a NUL", br#"{"full_name":"a\u0000b"}"#.to_vec(), 400, "invalid"),
        ("a raw NUL", b"{\"full_name\":\"a\0b\"}".to_vec(), 400, "invalid"),
        ("a lone surrogate", br#"{"full_name":"\ud83d"}"#.to_vec(), 400, "invalid"),
        ("bytes that are no UTF-8", b"{\"full_name\":\"\xff\xfe\"}".to_vec(), 400, "invalid"),
        ("deep JSON", deep(33).into_bytes(), 400, "invalid"),
        ("very deep JSON", deep(100_000).into_bytes(), 400, "invalid"),
        ("a number beyond all", br#"{"full_name":"X","warmness":1e400}"#.to_vec(), 400, "invalid"),
        ("ten megabytes", vec![b' '; 10 << 20], 413, "too_large"),
    ];
    for (what, body, status, code) in cases {
        let request = browser
            .request(Method::POST, "/api/contacts")
            .header("content-type", "application/json")
            .body(body);
        let answer = browser.send(request).await;
        assert_eq!(answer.problem(status), code, "{what}");
    }
    let other = browser
        .request(Method::POST, "/api/contacts")
        .header("content-type", "application/xml")
        .body("<x/>");
    assert_eq!(browser.send(other).await.problem(415), "unsupported_media_type");
    assert_eq!(hub.value::<i64>("select count(*) from contact").await, 0);
}

#[tokio::test]
async fn a_body_without_a_length_is_counted_while_it_comes() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let chunks = (0..160).map(|_| Ok::<_, std::io::Error>(vec![b' '; 64 << 10]));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let request = browser
        .request(Method::POST, "/api/contacts")
        .header("content-type", "application/json")
        .body(body);
    assert_eq!(browser.send(request).await.problem(413), "too_large");
}

#[tokio::test]
async fn whatever_is_not_there_is_a_problem_too() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    assert_eq!(browser.get("/api/nothing").await.problem(404), "not_found");
    assert_eq!(browser.get("/api").await.problem(404), "not_found");
    assert_eq!(browser.get("/api/contacts/not-an-id").await.problem(400), "invalid");
    assert_eq!(browser.delete("/api/contacts").await.problem(405), "method_not_allowed");
    let plan = browser.post("/api/billing/plan", json!({ "plan": "platinum" })).await;
    assert_eq!(plan.problem(400), "invalid");
    let switch = browser.put("/api/auth/session", json!({ "company_id": "x" })).await;
    assert_eq!(switch.problem(400), "invalid");
}

#[tokio::test]
async fn answers_are_never_stored_sniffed_or_framed() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let answer = acme.owner.browser.get("/api/contacts").await;
    answer.expect(200);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn health_tells_the_process_from_what_it_needs() {
    let hub = TestHub::new().await;
    let stranger = hub.stranger();
    assert_eq!(stranger.get("/health/live").await.status, 200);
    assert_eq!(stranger.get("/health/ready").await.status, 200);
    let figures = stranger.get("/metrics").await;
    assert!(figures.header("content-type").starts_with("text/plain"), "{:?}", figures.headers);
    hub.db.close().await;
    assert_eq!(stranger.get("/health/live").await.status, 200);
    let away = stranger.get("/health/ready").await;
    assert_eq!((away.status.as_u16(), away.text.as_str()), (503, "the database does not answer"));
}

#[tokio::test]
async fn without_a_database_the_answer_is_to_try_again() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    hub.db.close().await;
    let answer = acme.owner.browser.get("/api/contacts").await;
    assert_eq!(answer.problem(503), "unavailable");
    assert_eq!(answer.header("retry-after"), "2");
}

#[tokio::test]
async fn a_stop_lets_what_runs_finish_and_takes_nothing_new() {
    let mut hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let mut holder = hub.tenant(&acme).await;
    tandem::db::book::lock(&mut holder).await.unwrap();
    let running = browser.post("/api/contacts", json!({ "full_name": "Ada" }));
    let stopped = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        hub.stopping.cancel();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let late = reqwest::get(format!("{}/health/live", hub.url)).await;
        assert!(late.is_err(), "a connection was taken after the stop");
        holder.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(running, stopped);
    answer.expect(201);
    let served = hub.serving.take().unwrap();
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn work_goes_on_when_the_client_hangs_up() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    // Somebody holds the book: the request waits in the middle of its work.
    let mut holder = hub.tenant(&acme).await;
    tandem::db::book::lock(&mut holder).await.unwrap();
    let request =
        browser.request(Method::POST, "/api/contacts").json(&json!({ "full_name": "Ada" }));
    let hung_up = request.timeout(Duration::from_millis(300)).send().await;
    assert!(hung_up.unwrap_err().is_timeout());
    holder.commit().await.unwrap();
    for _ in 0..100 {
        if hub.value::<i64>("select count(*) from contact").await == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the work was cancelled");
}
