//! The web app, from inside the binary.
//!
//! Assets carry a hash in their names and are precompressed when the web app is built; any other
//! path is the app's own to route and gets `index.html` with a fresh nonce for its styles.

use std::{borrow::Cow, marker::PhantomData};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use poem::{
    Body, Endpoint, Request, Response, Result,
    http::{Method, StatusCode, header},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/web/dist"]
#[allow_missing = true]
pub(super) struct Web;

const NONCE: &str = "__CSP_NONCE__";

/// Extension of a precompressed twin and its `Content-Encoding`, best first.
const TWINS: &[(&str, &str)] = &[(".br", "br"), (".gz", "gzip")];

/// Answers from a folder that was embedded when the binary was built.
pub(super) struct Pages<F>(PhantomData<F>);

impl<F> Pages<F> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F: RustEmbed + Send + Sync> Endpoint for Pages<F> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(StatusCode::METHOD_NOT_ALLOWED.into());
        }
        let path = request.uri().path().trim_start_matches('/');
        if path != "index.html" && !path.is_empty() && !climbs(path) && F::get(path).is_some() {
            return Ok(asset::<F>(path, &request));
        }
        if path.starts_with("assets/") || path.starts_with("api/") || climbs(path) {
            return Err(StatusCode::NOT_FOUND.into());
        }
        Ok(page::<F>(&request))
    }
}

fn asset<F: RustEmbed>(path: &str, request: &Request) -> Response {
    let accepted = request.header(header::ACCEPT_ENCODING).unwrap_or_default();
    let twin = TWINS
        .iter()
        .filter(|(_, encoding)| accepts(accepted, encoding))
        .find_map(|(ending, encoding)| Some((F::get(&format!("{path}{ending}"))?, *encoding)));
    let (file, encoding) = match twin {
        Some((file, encoding)) => (file, Some(encoding)),
        None => match F::get(path) {
            Some(file) => (file, None),
            None => return StatusCode::NOT_FOUND.into(),
        },
    };
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut answer = Response::builder()
        .header(header::ETAG, &etag)
        .header(header::CACHE_CONTROL, caching)
        .header(header::VARY, "accept-encoding");
    let known = request.header(header::IF_NONE_MATCH).is_some_and(|tags| {
        tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*")
    });
    if known {
        return answer.status(StatusCode::NOT_MODIFIED).finish();
    }
    if let Some(encoding) = encoding {
        answer = answer.header(header::CONTENT_ENCODING, encoding);
    }
    let answer = answer.content_type(mime_guess::from_path(path).first_or_octet_stream().as_ref());
    match *request.method() {
        Method::HEAD => answer.finish(),
        _ => answer.body(content(file)),
    }
}

fn page<F: RustEmbed>(request: &Request) -> Response {
    let Some(index) = F::get("index.html") else {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .content_type("text/plain; charset=utf-8")
            .body(
                "This binary was built without the web app: run `make build`. The API is at /api.",
            );
    };
    let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
    let html = String::from_utf8_lossy(&index.data).replace(NONCE, &nonce);
    let answer = Response::builder()
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONTENT_SECURITY_POLICY, policy(&nonce))
        .content_type("text/html; charset=utf-8");
    match *request.method() {
        Method::HEAD => answer.finish(),
        _ => answer.body(html),
    }
}

/// Styles are injected by the component library under the nonce; scripts are files of ours only.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; style-src-elem 'self' 'nonce-{nonce}'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// No browser asks like that, and development reads the folder itself.
fn climbs(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding))
            && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn content(file: EmbeddedFile) -> Body {
    match file.data {
        Cow::Borrowed(bytes) => Body::from_bytes(Bytes::from_static(bytes)),
        Cow::Owned(bytes) => Body::from_vec(bytes),
    }
}

#[cfg(test)]
mod tests;
