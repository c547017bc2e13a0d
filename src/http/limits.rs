//! What a request may weigh: size, depth, and bytes that no text column can hold.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use poem::{
    Body, Endpoint, Request, Result,
    http::{Method, StatusCode},
};

use crate::{
    flows::csv,
    http::{ApiError, hooks, imports::FILE_TOO_LARGE, once::BodyHash, problem::refuse},
};

/// Bytes of a body. The largest real one is a selection of 500 ids.
const MOST: usize = 2 << 20;
/// Bytes of a refused body that are still read, so that the sender gets to see our answer instead
/// of a broken pipe.
const MOST_DRAINED: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(20);
/// Levels of JSON; our own schemas have four.
const DEEPEST: usize = 32;

pub(super) async fn guard<E: Endpoint>(inner: Arc<E>, mut request: Request) -> Result<E::Output> {
    if request.uri().path_and_query().is_some_and(|whole| whole.as_str().contains("%00")) {
        return Err(invalid("The address holds a NUL character."));
    }
    BodyHash::note(&mut request, &[]);
    if is_file(&request) {
        // It is read as it comes, by whoever keeps it; what says that it is too large is not read.
        let declared = request.header("content-length").and_then(|length| length.parse().ok());
        if declared.is_some_and(|length: u64| length > csv::MOST_BYTES) {
            return Err(ApiError::too_large(FILE_TOO_LARGE).into());
        }
    } else if !request.is_body_empty() {
        let declared = request
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok())
            .unwrap_or(0);
        let body = read(request.take_body(), declared).await?;
        // Of what CRMs call with, nothing is stored but ids of letters and digits; and one odd character must
        // not cost a hundred events.
        if !hooks::is_hook(request.uri().path()) {
            check_json(&body).map_err(invalid)?;
        }
        BodyHash::note(&mut request, &body);
        request.set_body(Body::from_bytes(body));
    }
    inner.call(request).await
}

/// A file that is brought to be imported.
fn is_file(request: &Request) -> bool {
    let path = request.uri().path().trim_end_matches('/');
    request.method() == Method::POST && path.ends_with("/imports/csv")
}

trait MaybeEmpty {
    fn is_body_empty(&self) -> bool;
}

impl MaybeEmpty for Request {
    /// Without either header there is no body (RFC 9112 section 6).
    fn is_body_empty(&self) -> bool {
        self.header("content-length").is_none_or(|length| length == "0")
            && self.header("transfer-encoding").is_none()
            && self.version() < poem::http::Version::HTTP_2
    }
}

async fn read(body: Body, declared: usize) -> Result<Bytes> {
    let mut chunks = Box::pin(body.into_bytes_stream());
    let mut kept = BytesMut::with_capacity(declared.min(MOST));
    let mut seen = 0;
    let arrived = tokio::time::timeout(PATIENCE, async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| invalid("The body broke off."))?;
            seen += chunk.len();
            if seen <= MOST {
                kept.extend_from_slice(&chunk);
            } else if seen > MOST_DRAINED {
                break;
            }
        }
        Ok::<(), poem::Error>(())
    })
    .await;
    match arrived {
        Ok(read) => read?,
        Err(_) => return Err(ApiError::timeout().into()),
    }
    if seen > MOST || declared > MOST {
        return Err(refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "The body is larger than 2 MiB.",
        ));
    }
    Ok(kept.freeze())
}

fn invalid(detail: &str) -> poem::Error {
    refuse(StatusCode::BAD_REQUEST, "invalid", detail)
}

/// Whether bytes are safe to parse and to store; says nothing about their being JSON at all.
fn check_json(bytes: &[u8]) -> Result<(), &'static str> {
    let (mut depth, mut in_text, mut at) = (0_usize, false, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            0 => return Err("The body holds a NUL character."),
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                if bytes[at + 1..].starts_with(b"u0000") {
                    return Err("The body holds a NUL character.");
                }
                at += 1;
            }
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > DEEPEST {
                    return Err("The body is nested too deeply.");
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_refused_in_every_spelling() {
        assert!(check_json(b"{\"a\":\"x\0\"}").is_err());
        assert!(check_json(br#"{"a":"x\u0000"}"#).is_err());
        assert!(check_json(br#"{"a":"\\\u0000"}"#).is_err());
        // An escaped backslash before the letters is only text.
        assert!(check_json(br#"{"a":"x\\u0000"}"#).is_ok());
    }

    #[test]
    fn depth_counts_brackets_outside_text_only() {
        assert!(check_json(&[b'['; 33]).is_err());
        assert!(check_json(&[b'['; 32]).is_ok());
        assert!(check_json(br#"{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}"#).is_ok());
        assert!(check_json("[]".repeat(1_000).as_bytes()).is_ok());
    }

    #[test]
    fn a_trailing_backslash_is_not_read_past() {
        assert!(check_json(b"\"\\").is_ok());
    }
}
