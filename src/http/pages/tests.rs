//! Pages out of a folder that stands in for the built web app.

use super::*;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/src/http/pages/fixtures"]
struct Fixtures;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/src/http/pages/none"]
#[allow_missing = true]
struct Nothing;

const SCRIPT: &str = "/assets/app-1a2b3c.js";

async fn ask<F: RustEmbed + Send + Sync>(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut request = Request::builder().method(method).uri(path.parse().unwrap());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match Pages::<F>::new().call(request.finish()).await {
        Ok(answer) => answer,
        Err(error) => error.into_response(),
    }
}

async fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    ask::<Fixtures>(Method::GET, path, headers).await
}

#[tokio::test]
async fn any_path_of_the_app_is_its_page_with_a_nonce_of_its_own() {
    let mut nonces = Vec::new();
    for path in ["/", "/contacts/some/depth?search=x", "/index.html", "/assets"] {
        let answer = get(path, &[]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
        let policy = answer.header("content-security-policy").unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = answer.into_body().into_string().await.unwrap();
        assert!(html.contains(&format!("nonce=\"{nonce}\"")), "{html}");
        assert!(!html.contains(NONCE), "{html}");
        assert!(
            policy.contains("default-src 'self'") && !policy.contains("unsafe-eval"),
            "{policy}"
        );
        nonces.push(nonce);
    }
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
}

#[tokio::test]
async fn an_asset_is_kept_for_ever_and_sent_compressed_to_whoever_accepts_it() {
    let plain = get(SCRIPT, &[]).await;
    assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    assert_eq!(plain.content_type(), Some("text/javascript"));
    let tag = plain.header("etag").unwrap().to_owned();
    assert_eq!(plain.into_body().into_string().await.unwrap(), "console.log(\"tandem\")\n");

    for (accepted, encoding, body) in
        [("gzip, br", "br", "brotli"), ("gzip", "gzip", "gzip"), ("br;q=0, gzip", "gzip", "gzip")]
    {
        let answer = get(SCRIPT, &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), Some(encoding), "{accepted}");
        assert_eq!(answer.content_type(), Some("text/javascript"), "{accepted}");
        // Another body is another entity.
        assert_ne!(answer.header("etag"), Some(tag.as_str()), "{accepted}");
        assert_eq!(answer.into_body().into_string().await.unwrap(), body);
    }
    let known = get(SCRIPT, &[("if-none-match", &format!("\"x\", W/{tag}"))]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let icon = get("/favicon.svg", &[]).await;
    assert_eq!(icon.header("cache-control"), Some("no-cache"));
}

#[tokio::test]
async fn what_is_not_there_is_no_page() {
    for path in ["/assets/app-old.js", "/assets/../index.html", "/api/nothing"] {
        assert_eq!(get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let posted = ask::<Fixtures>(Method::POST, "/", &[]).await;
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    for path in ["/", SCRIPT] {
        let answer = ask::<Fixtures>(Method::HEAD, path, &[]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert!(answer.header("content-type").is_some(), "{path}");
        assert!(answer.into_body().into_bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_binary_without_the_web_app_says_so() {
    let answer = ask::<Nothing>(Method::GET, "/", &[]).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(answer.into_body().into_string().await.unwrap().contains("make build"));
}

#[test]
fn an_encoding_with_weight_zero_is_not_accepted() {
    assert!(accepts("gzip, deflate, BR", "br"));
    assert!(accepts("gzip;q=0.5", "gzip"));
    assert!(!accepts("gzip;q=0, br", "gzip"));
    assert!(!accepts("", "br"));
}
