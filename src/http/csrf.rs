//! Refuses what another site makes a browser send (OWASP: verify origin, demand a custom header).
//!
//! A page of another origin can neither set `X-Tandem-CSRF` without a preflight that we do not
//! answer, nor hide its `Origin` and `Sec-Fetch-Site`. Both may be missing together only where no
//! browser is involved: scripts.

use std::sync::Arc;

use poem::{
    Endpoint, Request, Result,
    error::MethodNotAllowedError,
    http::{HeaderMap, Method, StatusCode, header},
};

use crate::{
    flows::SharedHub,
    http::{problem::refuse, session::bearer},
};

pub(super) const HEADER: &str = "x-tandem-csrf";

/// What plain HTML forms can send to us without asking.
const FORMS: &[&str] = &["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

pub(super) async fn guard<E: Endpoint>(inner: Arc<E>, request: Request) -> Result<E::Output> {
    if *request.method() == Method::HEAD && is_consent(request.uri().path()) {
        return Err(MethodNotAllowedError.into());
    }
    // With a bearer token no cookie counts, and no page of another site can send one unasked.
    let by_cookie = bearer(&request).is_none();
    if by_cookie && is_unsafe(request.method()) && !authenticated_otherwise(request.uri().path()) {
        let hub = request.data::<SharedHub>().expect("the hub is put in by `app`");
        let ours = hub.origin();
        check(request.headers(), &ours)?;
    }
    inner.call(request).await
}

fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Navigations that write. poem answers HEAD with the handler of GET, so a scanner that looks where
/// a link leads would use its state up.
fn is_consent(path: &str) -> bool {
    path.strip_prefix("/integrations/")
        .is_some_and(|rest| rest.ends_with("/callback") || rest.ends_with("/connect"))
}

/// Providers call back without our cookie and prove themselves in other ways; a script shows its
/// key in the body, and its answer sets no cookie.
fn authenticated_otherwise(path: &str) -> bool {
    path == "/auth/token"
        || path.strip_prefix("/integrations/").is_some_and(|rest| rest.ends_with("/callback"))
        || path.starts_with("/webhooks/")
}

fn check(headers: &HeaderMap, ours: &str) -> Result<()> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(kind) = text(header::CONTENT_TYPE.as_str()) {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if FORMS.contains(&kind.as_str()) {
            return Err(refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send JSON.",
            ));
        }
    }
    let origin = text(header::ORIGIN.as_str());
    let site = text("sec-fetch-site");
    let from_here = match (origin, site) {
        (Some(origin), None) => origin == ours,
        (Some(origin), Some(site)) => origin == ours && matches!(site, "same-origin" | "none"),
        (None, Some(_)) => false,
        (None, None) => true,
    };
    if !from_here || text(HEADER) != Some("1") {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "csrf",
            "This request did not come from our own page. Send `X-Tandem-CSRF: 1` and our Origin.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "https://tandem.example";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn our_own_page_and_scripts_pass() {
        for pairs in [
            &[("origin", OURS), ("sec-fetch-site", "same-origin"), (HEADER, "1")][..],
            &[("origin", OURS), (HEADER, "1"), ("content-type", "application/json")],
            &[(HEADER, "1")],
        ] {
            assert!(check(&headers(pairs), OURS).is_ok(), "{pairs:?}");
        }
    }

    #[test]
    fn other_sites_and_forms_do_not() {
        for pairs in [
            &[("origin", OURS)][..],
            &[(HEADER, "1"), ("origin", "https://tandem.example.evil.example")],
            &[(HEADER, "1"), ("origin", "null")],
            &[(HEADER, "1"), ("origin", OURS), ("sec-fetch-site", "cross-site")],
            &[(HEADER, "1"), ("origin", OURS), ("sec-fetch-site", "same-site")],
            &[(HEADER, "1"), ("sec-fetch-site", "same-origin")],
            &[(HEADER, "true"), ("origin", OURS)],
            &[(HEADER, "1"), ("origin", OURS), ("content-type", "Text/Plain; charset=utf-8")],
            &[],
        ] {
            assert!(check(&headers(pairs), OURS).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn only_callbacks_and_hooks_are_authenticated_otherwise() {
        assert!(authenticated_otherwise("/integrations/acme/callback"));
        assert!(authenticated_otherwise("/webhooks/acme"));
        assert!(authenticated_otherwise("/auth/token"));
        assert!(!authenticated_otherwise("/auth/login"));
        assert!(!authenticated_otherwise("/integrations/acme/sync"));
        assert!(!authenticated_otherwise("/contacts/callback"));
    }
}
