//! Writing: sent once. What may have been done is never done again from here.
//!
//! | what happened | error | done? |
//! |---|---|---|
//! | no connection, no budget, no token, too late, too large | its own | no: nothing was sent |
//! | 401 | refreshed and sent once more, then [`CrmError::Expired`] | no |
//! | 429, a web page with 403 | [`CrmError::Throttled`] | no |
//! | 402, 403, 404, 410, other 4xx with JSON | its own | no |
//! | no answer in time, half an answer, 5xx, 408, a redirect, a web page, 2xx that says nothing | [`CrmError::Uncertain`] | who knows |

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::Value;

use super::{
    Answer, Api, Cost, CrmError, Dialect, NoAnswer, Objection, Observed, Patience, Request,
    Throttle, answers::Fault, throttled,
};
use crate::connectors::Stale;

/// Larger bodies are not sent. The largest field that a CRM takes from us is a note of 100 KB.
const MOST_BYTES: usize = 512 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What is kept of an objection.
const MOST_WORDS: usize = 300;
/// And so many of them.
const MOST_OBJECTIONS: usize = 20;

/// The provider's name of a field, ours, and what of ours is out of date when it objects to it.
pub(in crate::connectors) type Names = &'static [(&'static str, &'static str, Option<Stale>)];

/// One change.
pub(in crate::connectors) struct Change<'a> {
    pub(in crate::connectors) dialect: &'static dyn Dialect,
    pub(in crate::connectors) method: Method,
    pub(in crate::connectors) path: &'a str,
    pub(in crate::connectors) query: &'a [(&'a str, &'a str)],
    pub(in crate::connectors) headers: &'a [(&'static str, &'a str)],
    pub(in crate::connectors) cost: Cost,
    /// The scope that the provider wants for this path.
    pub(in crate::connectors) scope: &'static str,
    pub(in crate::connectors) body: Option<Value>,
    pub(in crate::connectors) names: Names,
}

impl Api {
    /// Sends a change, and reads the answer with `read`, whose failure leaves the outcome unknown.
    pub(in crate::connectors) async fn write<T>(
        &self,
        change: &Change<'_>,
        read: impl Fn(&[u8]) -> Result<T, &'static str> + Send + Sync,
    ) -> Result<T, CrmError> {
        let request = request(change, body(change)?);
        let patience = Patience::of(self.who);
        let mut waited = Duration::ZERO;
        let (mut slow_downs, mut refreshed) = (0, false);
        let mut token = self.tokens.access_token().await?;
        loop {
            self.take(request.cost, &patience, &mut waited).await?;
            if self.not_after.is_some_and(|not_after| self.pace.now() > not_after) {
                self.budget.observe(request.cost, Observed::default()).await;
                return Err(CrmError::TooLate);
            }
            let answer = match self.transmit(&request, &token).await {
                Ok(answer) => answer,
                Err(none) => return Err(lost(none)),
            };
            let fault = match self.judge(&request, &answer) {
                Ok(()) => return read(&answer.body).map_err(|what| uncertain(what, &answer)),
                Err(fault) => fault,
            };
            match fault {
                Fault::Unauthorized if refreshed => return Err(CrmError::Expired),
                Fault::Unauthorized => {
                    refreshed = true;
                    token = self.tokens.refused(token.generation).await?;
                }
                Fault::SlowDown(wait) => {
                    self.budget.block(wait).await;
                    slow_downs += 1;
                    if wait.why != Throttle::Burst || slow_downs > patience.slow_downs {
                        return Err(throttled(wait));
                    }
                }
                Fault::Strange(what) => return Err(uncertain(what, &answer)),
                Fault::Failing(..) => {
                    return Err(uncertain("it answers with a server error", &answer));
                }
                Fault::Refused(error) => return Err(refused(change, error, &answer)),
            }
        }
    }
}

impl Api {
    /// The error of one change among many that an answer spoke of: what it would have ended with,
    /// had it been sent alone and answered like this.
    pub(in crate::connectors) fn part(
        &self,
        change: &Change<'_>,
        status: StatusCode,
        body: &[u8],
    ) -> CrmError {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
        let body = Bytes::copy_from_slice(body);
        let answer = Answer { status, headers, body, began: self.pace.now() };
        match self.means(&request(change, None), &answer) {
            Ok(()) => uncertain("it refuses a part and says yes", &answer),
            Err(Fault::Unauthorized) => CrmError::Expired,
            // Its own trouble: the others were answered.
            Err(Fault::SlowDown(wait)) => throttled(wait),
            Err(Fault::Strange(what)) => uncertain(what, &answer),
            Err(Fault::Failing(..)) => uncertain("it answers with a server error", &answer),
            Err(Fault::Refused(error)) => refused(change, error, &answer),
        }
    }
}

fn request<'a>(change: &Change<'a>, body: Option<Bytes>) -> Request<'a> {
    Request {
        dialect: change.dialect,
        method: change.method.clone(),
        path: change.path,
        query: change.query,
        headers: change.headers,
        cost: change.cost,
        scope: change.scope,
        body,
    }
}

fn body(change: &Change<'_>) -> Result<Option<Bytes>, CrmError> {
    let Some(body) = &change.body else { return Ok(None) };
    let bytes = body.to_string().into_bytes();
    if bytes.len() > MOST_BYTES {
        return Err(CrmError::unsent("it is larger than 512 KB", vec![]));
    }
    Ok(Some(bytes.into()))
}

fn lost(none: NoAnswer) -> CrmError {
    match none {
        NoAnswer::Forbidden => CrmError::ForbiddenHost,
        // The connection is made before the first byte of the request.
        NoAnswer::Connect => CrmError::Down { what: none.words(), status: None, wait: None },
        NoAnswer::Timeout | NoAnswer::Broken | NoAnswer::TooLarge => {
            CrmError::Uncertain { what: none.words(), status: None }
        }
    }
}

fn uncertain(what: &'static str, answer: &Answer) -> CrmError {
    CrmError::Uncertain { what, status: Some(answer.status.as_u16()) }
}

/// A refusal with what the provider objects to. A refusal that is a web page is an edge server's,
/// which knows nothing of what stands behind it.
fn refused(change: &Change<'_>, error: CrmError, answer: &Answer) -> CrmError {
    if answer.status == StatusCode::REQUEST_TIMEOUT {
        return uncertain("it gave up waiting for the request", answer);
    }
    let final_word = matches!(error, CrmError::Refused { .. } | CrmError::Missing);
    if final_word && answer.is_html() {
        return uncertain("a web page instead of data", answer);
    }
    let CrmError::Refused { reason, status, code, .. } = error else { return error };
    let mut stale = None;
    let said = change
        .dialect
        .objections(&answer.body)
        .into_iter()
        .take(MOST_OBJECTIONS)
        .map(|words| {
            let known = named(&words, change.names);
            stale = stale.or(known.and_then(|(.., stale)| *stale));
            let field = known.map(|(_, ours, _)| (*ours).to_owned());
            Objection { field, words: plain(&words) }
        })
        .collect();
    // A permission (403) is not a matter of what was sent.
    let code = stale.filter(|_| status != 403).map(|stale| stale.word().to_owned()).or(code);
    CrmError::Refused { reason, status, code, said }
}

/// The first field that the words name.
fn named(
    words: &str,
    names: Names,
) -> Option<&'static (&'static str, &'static str, Option<Stale>)> {
    words
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .find_map(|word| names.iter().find(|(its, ..)| its.eq_ignore_ascii_case(word)))
}

/// One line without control characters, at most so long.
fn plain(words: &str) -> String {
    let spaced = words.replace(char::is_control, " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objection_belongs_to_the_first_field_that_it_names() {
        let names: Names =
            &[("org_id", "organization", Some(Stale::Organization)), ("name", "full_name", None)];
        let field = |words| named(words, names).map(|(_, ours, _)| *ours);
        assert_eq!(
            field("Validation failed: org_id: 7 does not exist (name)"),
            Some("organization")
        );
        assert_eq!(field("Name[0].value is odd"), Some("full_name"));
        assert_eq!(field("names and surnames"), None);
    }

    #[test]
    fn an_objection_is_one_line_of_bounded_length() {
        assert_eq!(plain("  a\u{0}b\r\nc\u{1b}[31m  d "), "a b c [31m d");
        assert_eq!(plain(&"ä".repeat(500)).chars().count(), MOST_WORDS);
    }
}
