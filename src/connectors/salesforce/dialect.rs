//! Salesforce's headers and refusals.

use std::time::Duration;

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::{
    connectors::{
        Observed, Throttle,
        api::{Dialect, Meaning},
    },
    domain::RemoteId,
};

use super::soql::is_id;

pub(super) struct Words;

pub(super) static WORDS: Words = Words;

/// The day rolls over 24 hours, so a used-up one has room again long before midnight.
const LOOK_AGAIN: Duration = Duration::from_mins(15);
/// Two writes met at one record; the vendor asks to try again.
const LOCKED: Duration = Duration::from_secs(2);

/// One error of a refusal: its code, words and fields.
struct Error {
    code: String,
    words: String,
    fields: Vec<String>,
}

/// `[{errorCode, message, fields}]`; inside collections it is `statusCode`.
fn errors(body: &[u8]) -> Vec<Error> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let list = body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.iter()
        .filter_map(|error| {
            let code = ["errorCode", "statusCode"].iter().find_map(|key| error[*key].as_str())?;
            let fields = error["fields"].as_array().into_iter().flatten();
            Some(Error {
                code: code.to_owned(),
                words: text(&error["message"]),
                fields: fields.map(text).collect(),
            })
        })
        .collect()
}

/// By what the first error of a refusal is told apart.
pub(super) fn first_code(body: &[u8]) -> Option<String> {
    errors(body).into_iter().next().map(|error| error.code)
}

/// The status with which a record is refused that is sent alone.
pub(super) fn status_of(code: &str) -> StatusCode {
    match code {
        "NOT_FOUND" => StatusCode::NOT_FOUND,
        "DUPLICATE_EXTERNAL_ID" => StatusCode::MULTIPLE_CHOICES,
        "REQUEST_LIMIT_EXCEEDED" | "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => {
            StatusCode::FORBIDDEN
        }
        "UNKNOWN_EXCEPTION" => StatusCode::INTERNAL_SERVER_ERROR,
        "SERVER_UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        code if code.starts_with("INSUFFICIENT_ACCESS") => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Records over there that a refusal names as the one that is to be made: by a duplicate rule, or as
/// the one that has the same value where values are unique.
pub(super) fn duplicates(body: &[u8]) -> Option<Vec<RemoteId>> {
    let said = errors(body);
    let first = said.first()?;
    let id = |text: &str| is_id(text).then(|| RemoteId(text.to_owned()));
    match first.code.as_str() {
        "DUPLICATES_DETECTED" => {
            let body: Value = serde_json::from_slice(body).ok()?;
            let results = body[0]["duplicateResult"]["matchResults"].as_array()?.iter();
            let records = results.filter_map(|result| result["matchRecords"].as_array()).flatten();
            Some(records.filter_map(|one| id(one["record"]["Id"].as_str()?)).collect())
        }
        "DUPLICATE_VALUE" => {
            let (_, named) = first.words.rsplit_once("record with id: ")?;
            Some(id(named.trim()).into_iter().collect())
        }
        _ => None,
    }
}

fn says(body: &[u8], code: &str) -> bool {
    errors(body).iter().any(|error| error.code == code)
}

impl Dialect for Words {
    fn observed(&self, headers: &HeaderMap) -> Observed {
        let usage = headers.get("sforce-limit-info").and_then(|value| value.to_str().ok());
        // `api-usage=10018/100000; api-bursts=1/750`
        let usage = usage.and_then(|text| {
            let parts = text.split(';').filter_map(|part| part.trim().split_once('='));
            let (_, usage) = parts.into_iter().find(|(name, _)| *name == "api-usage")?;
            let (used, limit) = usage.split_once('/')?;
            Some((used.trim().parse::<u32>().ok()?, limit.trim().parse::<u32>().ok()?))
        });
        Observed {
            daily_limit: usage.map(|(_, limit)| limit),
            daily_remaining: usage.map(|(used, limit)| limit.saturating_sub(used)),
            ..Observed::default()
        }
    }

    /// Decided by [`Dialect::meaning`].
    fn lacks_scope(&self, _: &[u8]) -> bool {
        false
    }

    fn code(&self, body: &[u8]) -> Option<String> {
        let code = errors(body).into_iter().next()?.code;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        (code.len() <= 64 && code.bytes().all(plain)).then_some(code)
    }

    fn objections(&self, body: &[u8]) -> Vec<String> {
        let said = errors(body).into_iter().map(|Error { words, fields, .. }| {
            match fields.first().filter(|field| !words.starts_with(field.as_str())) {
                Some(field) => format!("{field}: {words}"),
                None => words,
            }
        });
        said.collect()
    }

    fn meaning(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Meaning> {
        match status.as_u16() {
            // The result of a job is a table.
            200 if is_csv(headers) => Some(Meaning::Fine),
            // Several records have one external id: it is for a person to clear up.
            300 => Some(Meaning::Refused("several records there have our reference")),
            // The one that is to be made may be there already; the caller reads which.
            400 if duplicates(body).is_some() => Some(Meaning::Fine),
            400 if says(body, "CANNOT_UPDATE_CONVERTED_LEAD") => {
                Some(Meaning::Refused("the lead has become a contact there"))
            }
            400 => says(body, "UNABLE_TO_LOCK_ROW")
                .then_some(Meaning::SlowDown(Throttle::Burst, Some(LOCKED))),
            // Also said of an external id that is gone, and then it is not the record that is missing.
            404 => {
                let field = "Provided external ID field does not exist";
                let gone = errors(body).iter().any(|error| error.words.starts_with(field));
                gone.then_some(Meaning::Refused("the field of our reference is gone there"))
            }
            // The identity service says so in plain text of a token that has expired.
            403 if body.starts_with(b"Bad_OAuth_Token") => Some(Meaning::Unauthorized),
            403 => forbidden(body),
            _ => None,
        }
    }
}

fn is_csv(headers: &HeaderMap) -> bool {
    let kind = headers.get(reqwest::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/csv"))
}

/// A limit, a scope, a switch, or simply not allowed.
fn forbidden(body: &[u8]) -> Option<Meaning> {
    let said = errors(body);
    let first = said.first()?;
    match first.code.as_str() {
        "REQUEST_LIMIT_EXCEEDED" if first.words.contains("Concurrent") => {
            Some(Meaning::SlowDown(Throttle::Burst, None))
        }
        "REQUEST_LIMIT_EXCEEDED" => Some(Meaning::SlowDown(Throttle::Daily, Some(LOOK_AGAIN))),
        "INVALID_SESSION_ID" => Some(Meaning::MissingScope),
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => {
            Some(Meaning::Suspended("the API is switched off for this org"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, body: &str) -> Option<Meaning> {
        let status = StatusCode::from_u16(status).unwrap();
        WORDS.meaning(status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn the_day_is_read_from_the_header_whatever_else_it_says() {
        let seen = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("sforce-limit-info", value.parse().unwrap());
            let seen = WORDS.observed(&headers);
            (seen.daily_limit, seen.daily_remaining)
        };
        assert_eq!(seen("api-usage=18/5000"), (Some(5_000), Some(4_982)));
        assert_eq!(seen("api-bursts=1/750; api-usage=5001/5000"), (Some(5_000), Some(0)));
        assert_eq!(seen("api-usage=plenty"), (None, None));
    }

    #[test]
    fn a_403_is_told_apart_by_its_code() {
        let error = |code: &str, words: &str| {
            meaning(403, &format!(r#"[{{"errorCode":"{code}","message":"{words}"}}]"#))
        };
        let day = Some(Meaning::SlowDown(Throttle::Daily, Some(LOOK_AGAIN)));
        assert_eq!(error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), day);
        let burst = Some(Meaning::SlowDown(Throttle::Burst, None));
        assert_eq!(error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), burst);
        assert_eq!(error("INVALID_SESSION_ID", ""), Some(Meaning::MissingScope));
        assert!(matches!(error("API_DISABLED_FOR_ORG", ""), Some(Meaning::Suspended(_))));
        assert_eq!(error("INSUFFICIENT_ACCESS", ""), None);
        assert_eq!(meaning(403, "Bad_OAuth_Token"), Some(Meaning::Unauthorized));
        assert_eq!(meaning(403, "<html>"), None);
    }

    #[test]
    fn a_refusal_that_names_the_record_reaches_the_caller() {
        let id = "003Hn00000000AbIAC";
        let rule = format!(
            r#"[{{"errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?",
                "duplicateResult":{{"matchResults":[{{"matchRecords":[{{"record":
                {{"Id":"{id}"}}}},{{"record":{{"Id":"x'"}}}}]}}]}}}}]"#
        );
        assert_eq!(duplicates(rule.as_bytes()), Some(vec![RemoteId(id.into())]));
        assert_eq!(meaning(400, &rule), Some(Meaning::Fine));
        let unique = r#"[{"errorCode":"DUPLICATE_VALUE","message":"duplicate value found: X__c
            duplicates value on record with id: 003Hn00000000Ab"}]"#;
        let unique = unique.replace('\n', " ");
        assert_eq!(duplicates(unique.as_bytes()), Some(vec![RemoteId("003Hn00000000Ab".into())]));
        let other = br#"[{"errorCode":"REQUIRED_FIELD_MISSING","message":"x","fields":["A"]}]"#;
        assert_eq!(duplicates(other), None);
        assert_eq!(duplicates(b"<html>"), None);
    }

    #[test]
    fn objections_name_their_field_and_a_code_is_a_plain_word() {
        let body = br#"[{"errorCode":"STRING_TOO_LONG","message":"Last Name: too large","fields":
            ["LastName"]},{"errorCode":"X","message":"Email: bad","fields":["Email"]}]"#;
        assert_eq!(WORDS.objections(body), ["LastName: Last Name: too large", "Email: bad"]);
        assert_eq!(WORDS.code(body).as_deref(), Some("STRING_TOO_LONG"));
        assert_eq!(WORDS.code(br#"[{"errorCode":"ann@acme.example"}]"#), None);
        assert!(WORDS.objections(b"<html>").is_empty());
    }

    #[test]
    fn a_locked_row_and_a_lost_reference_are_no_reason_to_give_up() {
        let locked = r#"[{"errorCode":"UNABLE_TO_LOCK_ROW","message":"x"}]"#;
        let wait = Some(Meaning::SlowDown(Throttle::Burst, Some(LOCKED)));
        assert_eq!(meaning(400, locked), wait);
        let gone = r#"[{"errorCode":"NOT_FOUND","message":"Provided external ID field does not exist
            or is not accessible: X__c"}]"#;
        let gone = gone.replace('\n', " ");
        assert!(matches!(meaning(404, &gone), Some(Meaning::Refused(_))));
        assert_eq!(meaning(404, r#"[{"errorCode":"NOT_FOUND","message":"x"}]"#), None);
    }
}
