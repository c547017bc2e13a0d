//! Pipedrive's headers and refusals.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::connectors::{Observed, api::Dialect};

pub(super) struct Words;

pub(super) static WORDS: Words = Words;

/// A refusal's body. The text itself is never kept: it may repeat what was asked.
#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    code: Option<String>,
}

impl Dialect for Words {
    fn observed(&self, headers: &HeaderMap) -> Observed {
        Observed {
            burst_limit: number(headers, "x-ratelimit-limit"),
            burst_remaining: number(headers, "x-ratelimit-remaining"),
            burst_reset: number(headers, "x-ratelimit-reset")
                .map(|seconds| Duration::from_secs(u64::from(seconds))),
            // Not documented, and missing for a few answers after a quiet time.
            daily_limit: number(headers, "x-daily-ratelimit-token-limit"),
            daily_remaining: number(headers, "x-daily-ratelimit-token-remaining"),
            ..Observed::default()
        }
    }

    fn lacks_scope(&self, body: &[u8]) -> bool {
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        refusal.error.is_some_and(|error| error.eq_ignore_ascii_case("Scope and URL mismatch"))
    }

    fn code(&self, body: &[u8]) -> Option<String> {
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        refusal.code.filter(|code| {
            code.len() <= 64
                && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    }

    fn objections(&self, body: &[u8]) -> Vec<String> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
        // v1 has a list of words per field in some places.
        let listed = body["errors"].as_object().into_iter().flatten().flat_map(|(name, words)| {
            let words = words.as_array().map_or(std::slice::from_ref(words), Vec::as_slice);
            words.iter().filter_map(move |words| Some(format!("{name}: {}", words.as_str()?)))
        });
        let whole = ["error", "message"].into_iter().find_map(|key| body[key].as_str());
        let whole = whole.map(|words| words.trim_start_matches("Validation failed: ").to_owned());
        listed.chain(whole).collect()
    }
}

/// Whole numbers; negative ones count as none left, and parts are cut off.
fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    let whole = text.split('.').next().unwrap_or_default();
    if whole.starts_with('-') {
        return Some(0);
    }
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_nonsense_is_not() {
        let mut headers = HeaderMap::new();
        assert_eq!(WORDS.observed(&headers), Observed::default());
        for (name, value) in [
            ("x-ratelimit-limit", "80"),
            ("x-ratelimit-remaining", "-1"),
            ("x-ratelimit-reset", "1.5"),
            ("x-daily-ratelimit-token-limit", "plenty"),
            ("x-daily-ratelimit-token-remaining", "29990"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let expected = Observed {
            burst_limit: Some(80),
            burst_remaining: Some(0),
            burst_reset: Some(Duration::from_secs(1)),
            daily_limit: None,
            daily_remaining: Some(29990),
            ..Observed::default()
        };
        assert_eq!(WORDS.observed(&headers), expected);
    }

    #[test]
    fn only_the_scope_sentence_means_a_missing_scope() {
        assert!(WORDS.lacks_scope(br#"{"success":false,"error":"Scope and URL mismatch"}"#));
        assert!(
            !WORDS.lacks_scope(br#"{"error":"Forbidden","code":"feature_capping_deals_limit"}"#)
        );
        assert!(!WORDS.lacks_scope(b"<html>"));
    }

    #[test]
    fn objections_are_read_from_both_shapes() {
        let said = |body: &str| WORDS.objections(body.as_bytes());
        let body =
            r#"{"success":false,"error":"Validation failed: custom_fields: Unknown key 'x'"}"#;
        assert_eq!(said(body), ["custom_fields: Unknown key 'x'"]);
        let body = r#"{"status":"error","errors":{"name":["too long","odd"],"n":1}}"#;
        assert_eq!(said(body), ["name: too long", "name: odd"]);
        assert!(said("<html>").is_empty() && said("{}").is_empty());
    }

    #[test]
    fn a_code_is_kept_only_when_it_is_a_plain_word() {
        let code = |body: &str| WORDS.code(body.as_bytes());
        assert_eq!(
            code(r#"{"code":"ERR_SCHEMA_VALIDATION_FAILED"}"#).as_deref(),
            Some("ERR_SCHEMA_VALIDATION_FAILED"),
        );
        assert_eq!(code(r#"{"code":"ann@acme.example"}"#), None);
        assert_eq!(code("{"), None);
    }
}
