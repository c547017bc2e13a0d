//! Headers that every answer carries.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};

use crate::{
    flows::SharedHub,
    http::{allow, session::bearer},
};

const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    // Paths of contacts and runs are nobody else's business; see also [`is_consent`].
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
];

pub(super) async fn add<E>(inner: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint,
    E::Output: IntoResponse,
{
    let https = request.data::<SharedHub>().is_some_and(|hub| hub.is_https());
    let sent_token = bearer(&request).is_some();
    let path = request.uri().path().to_owned();
    let api = path.starts_with("/api");
    let consent = is_consent(&path);
    let mut answer = inner.call(request).await?.into_response();
    let headers = answer.headers_mut();
    if consent {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    for (name, value) in ALWAYS {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if api && answer.status() == StatusCode::UNAUTHORIZED {
        // RFC 9110 section 15.5.2 asks for one; browsers show no dialog for this one.
        let challenge = if sent_token {
            r#"Bearer realm="tandem", error="invalid_token""#
        } else {
            r#"Bearer realm="tandem""#
        };
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if api
        && answer.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(methods) = allow::methods(&path)
    {
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    }
    let headers = answer.headers_mut();
    if api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    if https {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    Ok(answer)
}

/// The addresses that carry a code or a state: they are told to nobody, us included.
fn is_consent(path: &str) -> bool {
    path.strip_prefix("/api/integrations/")
        .is_some_and(|rest| rest.ends_with("/callback") || rest.ends_with("/connect"))
}
