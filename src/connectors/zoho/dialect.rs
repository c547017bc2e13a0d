//! Zoho's header and refusals. A status says little: errors come inside 200, 202 and 207 too.

use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;
use serde_json::Value;

use crate::connectors::{
    Observed,
    api::{Dialect, Meaning},
};

pub(super) struct Words;

pub(super) static WORDS: Words = Words;

/// Larger answers are data: an error repeats at most a few names.
const MOST_BYTES: usize = 16 * 1024;

/// What an answer may say, wherever it says it. A key that comes twice makes it none of these.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    code: Option<String>,
    message: Option<String>,
    status: Option<String>,
    details: Value,
    data: Value,
    tags: Value,
    fields: Value,
    watch: Value,
}

/// An error: of the whole, or of the one record that a change is about.
struct Objected {
    code: String,
    message: String,
    details: Value,
}

impl Objected {
    fn of(body: &[u8]) -> Option<Self> {
        if body.len() > MOST_BYTES {
            return None;
        }
        let said: Said = serde_json::from_slice(body).ok()?;
        if said.status.as_deref() == Some("error") {
            let (code, message) = (said.code?, said.message.unwrap_or_default());
            return Some(Self { code, message, details: said.details });
        }
        // One record is sent at a time; what is read never looks like this.
        let lists = [said.data, said.tags, said.fields, said.watch];
        let item = lists.iter().filter_map(Value::as_array).flatten().next()?;
        let is_error = item["status"] == "error" && item["details"].is_object();
        let text = |key: &str| item[key].as_str().map(ToOwned::to_owned);
        let (code, message) = (text("code").filter(|_| is_error)?, text("message")?);
        Some(Self { code, message, details: item["details"].clone() })
    }

    /// The record that was there already.
    fn existing(&self) -> Option<&str> {
        let known = &self.details["duplicate_record"]["id"];
        known.as_str().or_else(|| self.details["id"].as_str())
    }

    /// It is about a record as a whole, not about a field of it.
    fn is_of_record(&self) -> bool {
        let field = self.details["api_name"].as_str().unwrap_or("id");
        self.code == "INVALID_DATA" && field == "id" && !self.details["id"].is_null()
    }
}

impl Dialect for Words {
    fn observed(&self, headers: &HeaderMap) -> Observed {
        // Only sent once half of the credits are used.
        let credits = headers.get("x-api-credits-remaining");
        let credits = credits.and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        let daily_remaining = credits.map(|left| u32::try_from(left).unwrap_or(u32::MAX));
        Observed { daily_remaining, ..Observed::default() }
    }

    fn lacks_scope(&self, _: &[u8]) -> bool {
        false
    }

    fn code(&self, body: &[u8]) -> Option<String> {
        let plain = |code: &String| {
            code.len() <= 64 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        };
        Objected::of(body).map(|said| said.code).filter(plain)
    }

    fn objections(&self, body: &[u8]) -> Vec<String> {
        let Some(said) = Objected::of(body) else { return Vec::new() };
        let field = said.details["api_name"].as_str().or(said.details["param_name"].as_str());
        let expected = said.details["expected_data_type"].as_str();
        let words = match (field, expected) {
            (Some(field), Some(kind)) => format!("{field}: {} ({kind} expected)", said.message),
            (Some(field), None) => format!("{field}: {}", said.message),
            (None, _) => said.message,
        };
        vec![words]
    }

    fn scheme(&self) -> &'static str {
        "Zoho-oauthtoken"
    }

    fn meaning(&self, status: StatusCode, _: &HeaderMap, body: &[u8]) -> Option<Meaning> {
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let said = Objected::of(body)?;
        Some(match said.code.as_str() {
            // A refresh would bring a token that may as little.
            "OAUTH_SCOPE_MISMATCH" => Meaning::MissingScope,
            "INVALID_TOKEN" | "AUTHENTICATION_FAILURE" => Meaning::Unauthorized,
            // It names the record, which is what was wanted.
            "DUPLICATE_DATA" if said.existing().is_some() => Meaning::Fine,
            "TOO_MANY_REQUESTS" => Meaning::SlowDown(crate::connectors::Throttle::Burst, None),
            "INTERNAL_ERROR" => Meaning::Failing,
            _ if said.details["param_name"] == "page_token" => Meaning::CursorRefused,
            _ if said.is_of_record() => Meaning::Missing,
            "NO_PERMISSION" | "PERMISSION_DENIED" => Meaning::Refused(
                "the connected user may not do this there, or the account's own limit is reached",
            ),
            // Whatever it says beside it.
            _ if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED) => {
                return None;
            }
            _ => Meaning::Refused("it does not accept the request as it is"),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meaning(status: u16, body: &Value) -> Option<Meaning> {
        let status = StatusCode::from_u16(status).unwrap();
        WORDS.meaning(status, &HeaderMap::new(), body.to_string().as_bytes())
    }

    fn item(code: &str, details: &Value) -> Value {
        json!({ "code": code, "details": details, "message": "invalid data", "status": "error" })
    }

    #[test]
    fn an_error_counts_wherever_it_stands_and_whatever_the_status() {
        let email =
            item("INVALID_DATA", &json!({ "api_name": "Email", "expected_data_type": "email" }));
        for status in [200, 202, 207, 400] {
            for body in [json!({ "data": [email] }), email.clone()] {
                let said = meaning(status, &body);
                assert!(matches!(said, Some(Meaning::Refused(_))), "{status} {body}: {said:?}");
                let words = WORDS.objections(body.to_string().as_bytes());
                assert_eq!(words, ["Email: invalid data (email expected)"]);
                let code = WORDS.code(body.to_string().as_bytes());
                assert_eq!(code.as_deref(), Some("INVALID_DATA"));
            }
        }
        let fine = json!({ "data": [{ "code": "SUCCESS", "details": { "id": "1" }, "status": "success" }] });
        assert_eq!(meaning(207, &fine), None);
        let read = json!({ "data": [{ "id": "1", "status": "error", "code": "X" }], "info": {} });
        assert_eq!(meaning(200, &read), None, "somebody's own fields");
    }

    #[test]
    fn a_scope_is_told_from_a_token_and_a_duplicate_from_a_refusal() {
        let none = json!({});
        assert_eq!(meaning(401, &item("OAUTH_SCOPE_MISMATCH", &none)), Some(Meaning::MissingScope));
        assert_eq!(meaning(401, &item("INVALID_TOKEN", &none)), Some(Meaning::Unauthorized));
        assert_eq!(meaning(200, &item("INVALID_TOKEN", &none)), Some(Meaning::Unauthorized));
        let twin = json!({ "api_name": "Email", "id": "7", "duplicate_record": { "id": "7" } });
        assert_eq!(
            meaning(202, &json!({ "data": [item("DUPLICATE_DATA", &twin)] })),
            Some(Meaning::Fine)
        );
        let nameless = item("DUPLICATE_DATA", &json!({ "api_name": "Email" }));
        assert!(matches!(meaning(202, &nameless), Some(Meaning::Refused(_))));
        let gone = item("INVALID_DATA", &json!({ "id": "7" }));
        assert_eq!(meaning(400, &gone), Some(Meaning::Missing));
        let owner = item("INVALID_DATA", &json!({ "api_name": "Owner", "id": "7" }));
        assert!(matches!(meaning(400, &owner), Some(Meaning::Refused(_))));
        let token = item("INVALID_DATA", &json!({ "param_name": "page_token" }));
        assert_eq!(meaning(400, &token), Some(Meaning::CursorRefused));
    }

    #[test]
    fn credits_are_read_once_they_are_told() {
        let mut headers = HeaderMap::new();
        assert_eq!(WORDS.observed(&headers).daily_remaining, None);
        headers.insert("x-api-credits-remaining", "4999".parse().unwrap());
        assert_eq!(WORDS.observed(&headers).daily_remaining, Some(4_999));
        headers.insert("x-api-credits-remaining", "9999999999".parse().unwrap());
        assert_eq!(WORDS.observed(&headers).daily_remaining, Some(u32::MAX));
    }
}
