//! HubSpot's headers and refusals.

use std::time::Duration;

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::connectors::{
    Observed, Throttle,
    api::{Dialect, Meaning},
};

pub(super) struct Words;

pub(super) static WORDS: Words = Words;

/// Their window of ten seconds is taken in so many parts.
pub(super) const PARTS: u32 = 5;

/// Another change of the same record is on its way: wait at least that long.
const LOCKED: Duration = Duration::from_secs(2);
/// The portal moves to another data centre, which may take a day; asked again that often.
const MOVING: Duration = Duration::from_mins(10);

impl Dialect for Words {
    fn observed(&self, headers: &HeaderMap) -> Observed {
        let limit = number(headers, "x-hubspot-ratelimit-max").map(|most| (most / PARTS).max(1));
        // What is left of ten seconds may be used in any two of them, up to their part.
        let left = number(headers, "x-hubspot-ratelimit-remaining");
        let burst_remaining = left.map(|left| limit.map_or(left, |limit| left.min(limit)));
        Observed { burst_limit: limit, burst_remaining, ..Observed::default() }
    }

    fn lacks_scope(&self, body: &[u8]) -> bool {
        said(body)["category"] == "MISSING_SCOPES"
    }

    fn code(&self, body: &[u8]) -> Option<String> {
        let body = said(body);
        let code = body["errors"][0]["code"].as_str().or_else(|| body["category"].as_str())?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        (code.len() <= 64 && code.bytes().all(plain)).then(|| code.to_owned())
    }

    fn objections(&self, body: &[u8]) -> Vec<String> {
        let body = said(body);
        let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        // A batch has a whole refusal for each of what it did not do.
        let all = std::iter::once(&body).chain(errors);
        let mut words: Vec<String> = all.flat_map(objections).collect();
        words.dedup();
        words
    }

    fn meaning(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Meaning> {
        match status.as_u16() {
            207 => partly(&said(body)),
            // Who has it is what was wanted.
            409 if existing(body).is_some() => Some(Meaning::Fine),
            423 => Some(Meaning::SlowDown(Throttle::Burst, Some(LOCKED))),
            429 if said(body)["policyName"] == "DAILY" => {
                Some(Meaning::SlowDown(Throttle::Daily, None))
            }
            477 => {
                let told = number(headers, "retry-after").map(u64::from).map(Duration::from_secs);
                Some(Meaning::SlowDown(Throttle::Blocked, Some(told.unwrap_or(MOVING))))
            }
            _ => None,
        }
    }
}

fn said(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// A batch of which nothing was done, for a reason that stays.
fn partly(body: &Value) -> Option<Meaning> {
    let nothing = body["results"].as_array().is_none_or(Vec::is_empty);
    let first = &body["errors"][0];
    let refused = first["category"] == "VALIDATION_ERROR";
    (nothing && refused).then_some(Meaning::Refused("it does not accept the record as it is"))
}

/// The id of the contact that already has what was to be only one's: the one place where it is said
/// is a sentence.
pub(super) fn existing(body: &[u8]) -> Option<String> {
    let body = said(body);
    let first = &body["errors"][0];
    let conflict = [&body, first].into_iter().find(|one| {
        one["category"].as_str().is_some_and(|of| of == "CONFLICT" || of == "OBJECT_ALREADY_EXISTS")
    })?;
    let (_, after) = conflict["message"].as_str()?.split_once("Existing ID:")?;
    let after = after.trim_start();
    let end = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    (1..=20).contains(&end).then(|| after[..end].to_owned())
}

fn objections(body: &Value) -> Vec<String> {
    let Some(message) = body["message"].as_str() else { return vec![] };
    // Values that do not fit are told of as JSON within the sentence.
    if let Some((_, listed)) = message.split_once("Property values were not valid:")
        && let Ok(listed) = serde_json::from_str::<Vec<Value>>(listed.trim())
    {
        let one = |said: &Value| {
            Some(format!("{}: {}", said["name"].as_str()?, said["message"].as_str()?))
        };
        return listed.iter().filter_map(one).collect();
    }
    let context = &body["context"];
    let names = ["propertyName", "properties", "objectType"].into_iter();
    let names: Vec<&str> = names
        .filter_map(|key| context[key].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if names.is_empty() {
        vec![message.to_owned()]
    } else {
        vec![format!("{}: {message}", names.join(", "))]
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meaning(status: u16, body: &Value) -> Option<Meaning> {
        let status = StatusCode::from_u16(status).unwrap();
        WORDS.meaning(status, &HeaderMap::new(), body.to_string().as_bytes())
    }

    #[test]
    fn a_conflict_that_names_the_record_is_an_answer() {
        let taken = |message: &str| json!({ "category": "CONFLICT", "message": message });
        let named = taken("Contact already exists. Existing ID: 9007199254740993");
        assert_eq!(existing(named.to_string().as_bytes()).as_deref(), Some("9007199254740993"));
        assert_eq!(meaning(409, &named), Some(Meaning::Fine));
        let partial = json!({ "results": [], "errors": [named] });
        assert_eq!(existing(partial.to_string().as_bytes()).as_deref(), Some("9007199254740993"));
        for message in [
            "Contact already exists.",
            "Existing ID: ",
            "Existing ID: x7",
            "Existing ID: 123456789012345678901",
        ] {
            assert_eq!(meaning(409, &taken(message)), None, "{message}");
        }
        let other = json!({ "category": "VALIDATION_ERROR", "message": "Existing ID: 7" });
        assert_eq!(meaning(409, &other), None, "only a conflict says so");
    }

    #[test]
    fn a_batch_of_which_nothing_was_done_is_a_refusal() {
        let wrong = json!({ "category": "VALIDATION_ERROR", "message": "no" });
        let nothing = json!({ "results": [], "numErrors": 1, "errors": [wrong] });
        assert!(matches!(meaning(207, &nothing), Some(Meaning::Refused(_))));
        let some = json!({ "results": [{ "id": "7" }], "errors": [wrong] });
        assert_eq!(meaning(207, &some), None);
        let absent = json!({ "results": [], "errors": [{ "category": "OBJECT_NOT_FOUND" }] });
        assert_eq!(meaning(207, &absent), None);
    }

    #[test]
    fn limits_tell_how_long_to_wait() {
        let day = json!({ "policyName": "DAILY" });
        assert_eq!(meaning(429, &day), Some(Meaning::SlowDown(Throttle::Daily, None)));
        assert_eq!(meaning(429, &json!({ "policyName": "SECONDLY" })), None);
        assert!(matches!(meaning(423, &json!({})), Some(Meaning::SlowDown(Throttle::Burst, _))));
        assert!(matches!(meaning(477, &json!({})), Some(Meaning::SlowDown(Throttle::Blocked, _))));
        let mut headers = HeaderMap::new();
        assert_eq!(WORDS.observed(&headers), Observed::default());
        headers.insert("x-hubspot-ratelimit-max", "110".parse().unwrap());
        headers.insert("x-hubspot-ratelimit-remaining", "many".parse().unwrap());
        let seen = WORDS.observed(&headers);
        assert_eq!((seen.burst_limit, seen.burst_remaining), (Some(22), None));
        for (left, expected) in [("88", 22), ("3", 3)] {
            headers.insert("x-hubspot-ratelimit-remaining", left.parse().unwrap());
            assert_eq!(WORDS.observed(&headers).burst_remaining, Some(expected));
        }
    }

    #[test]
    fn objections_are_read_from_all_their_shapes() {
        let said = |body: Value| WORDS.objections(body.to_string().as_bytes());
        let listed =
            json!([{ "name": "email", "message": "is invalid", "error": "INVALID_EMAIL" }]);
        let message = format!("Property values were not valid: {listed}");
        assert_eq!(said(json!({ "message": message })), ["email: is invalid"]);
        let required = json!({
            "message": "Some required properties were not set.",
            "errors": [{ "message": "missing", "context": { "propertyName": ["hs_timestamp"] } }],
        });
        assert_eq!(
            said(required),
            ["Some required properties were not set.", "hs_timestamp: missing"],
        );
        assert!(said(json!({})).is_empty() && WORDS.objections(b"<html>").is_empty());
    }

    #[test]
    fn a_code_is_kept_only_when_it_is_a_plain_word() {
        let code = |body: Value| WORDS.code(body.to_string().as_bytes());
        let inner = json!({
            "category": "VALIDATION_ERROR", "errors": [{ "code": "MISSING_REQUIRED_PROPERTY" }],
        });
        assert_eq!(code(inner).as_deref(), Some("MISSING_REQUIRED_PROPERTY"));
        assert_eq!(code(json!({ "category": "ann@acme.example" })), None);
    }
}
