//! What an answer means, whatever was asked.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use super::{Answer, Api, CrmError, Meaning, Request, Throttle, Wait};

/// Stay away that long after an edge server answered with a web page (the provider's edge bans
/// clients that keep knocking).
const BLOCKED: Duration = Duration::from_mins(15);
/// A used-up day is looked at again that often: nobody says when the provider's day ends.
const DAILY: Duration = Duration::from_hours(1);
/// Never shorter after a 429: the windows are two seconds.
const SLOW_DOWN: Duration = Duration::from_secs(2);
const LONGEST_SLOW_DOWN: Duration = Duration::from_mins(1);
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// What keeps an answer from being data.
pub(super) enum Fault {
    /// 2xx or 3xx with something that is no JSON: what it was.
    Strange(&'static str),
    /// Not done: once more after a refresh.
    Unauthorized,
    /// Not done: everything for this connection waits.
    SlowDown(Wait),
    /// 5xx, and the wait that it asks for.
    Failing(u16, Option<Duration>),
    /// Not done, and this is why.
    Refused(CrmError),
}

impl Api {
    /// Counts the answer and says what it means. Whether it is the right JSON is for the caller to
    /// find out.
    pub(super) fn judge(&self, request: &Request<'_>, answer: &Answer) -> Result<(), Fault> {
        let status = answer.status;
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.meter.throttled();
        } else if status != StatusCode::UNAUTHORIZED {
            self.meter.charged(request.cost.tokens);
        }
        self.means(request, answer)
    }

    /// The same for what was counted before.
    pub(super) fn means(&self, request: &Request<'_>, answer: &Answer) -> Result<(), Fault> {
        let own = request.dialect.meaning(answer.status, &answer.headers, &answer.body);
        let meaning = match own {
            Some(meaning) => meaning,
            None => usual(request, answer)?,
        };
        self.said(meaning, request, answer)
    }

    fn said(&self, meaning: Meaning, request: &Request<'_>, answer: &Answer) -> Result<(), Fault> {
        Err(match meaning {
            Meaning::Fine => return Ok(()),
            Meaning::Unauthorized => Fault::Unauthorized,
            Meaning::SlowDown(Throttle::Burst, None) => {
                Fault::SlowDown(self.slow_down(request, &answer.headers))
            }
            Meaning::SlowDown(why, wait) => {
                let usual = if why == Throttle::Blocked { BLOCKED } else { DAILY };
                let duration = wait.unwrap_or(usual).clamp(SLOW_DOWN, LONGEST_RETRY_AFTER);
                Fault::SlowDown(Wait { duration, why })
            }
            Meaning::MissingScope => {
                Fault::Refused(CrmError::MissingScope { needed: request.scope })
            }
            Meaning::Suspended(reason) => Fault::Refused(CrmError::Suspended { reason }),
            Meaning::Missing => Fault::Refused(CrmError::Missing),
            Meaning::CursorRefused => Fault::Refused(CrmError::CursorRefused),
            Meaning::Failing => {
                Fault::Failing(answer.status.as_u16(), retry_after(&answer.headers))
            }
            Meaning::Refused(reason) => Fault::Refused(CrmError::Refused {
                reason,
                // A refusal inside an answer that says yes is a refusal.
                status: if answer.status.is_success() { 400 } else { answer.status.as_u16() },
                code: request.dialect.code(&answer.body),
                said: Vec::new(),
            }),
        })
    }

    fn slow_down(&self, request: &Request<'_>, headers: &HeaderMap) -> Wait {
        let seen = request.dialect.observed(headers);
        if seen.daily_remaining == Some(0) {
            return Wait { duration: DAILY, why: Throttle::Daily };
        }
        let said = [retry_after(headers), seen.burst_reset].into_iter().flatten().max();
        let duration = said.unwrap_or_default().clamp(SLOW_DOWN, LONGEST_SLOW_DOWN);
        let jitter = Duration::from_millis(500).mul_f64(self.pace.chance());
        Wait { duration: duration + jitter, why: Throttle::Burst }
    }
}

/// What a status means where the provider's own words do not say better.
fn usual(request: &Request<'_>, answer: &Answer) -> Result<Meaning, Fault> {
    Ok(match answer.status {
        status if status.is_success() => {
            if answer.is_json() || status == StatusCode::NO_CONTENT {
                Meaning::Fine
            } else if answer.is_html() {
                return Err(Fault::Strange("a web page instead of data"));
            } else {
                return Err(Fault::Strange("data of an unknown kind"));
            }
        }
        StatusCode::UNAUTHORIZED => Meaning::Unauthorized,
        StatusCode::PAYMENT_REQUIRED => {
            Meaning::Suspended("the account is closed or its trial or subscription has ended")
        }
        // 403 has many meanings; only one of them is "connect again".
        StatusCode::FORBIDDEN if answer.is_html() => Meaning::SlowDown(Throttle::Blocked, None),
        StatusCode::FORBIDDEN if request.dialect.lacks_scope(&answer.body) => Meaning::MissingScope,
        StatusCode::FORBIDDEN => Meaning::Refused(
            "the connected user may not do this there, or the account's own limit is reached",
        ),
        StatusCode::NOT_FOUND | StatusCode::GONE => Meaning::Missing,
        StatusCode::TOO_MANY_REQUESTS => Meaning::SlowDown(Throttle::Burst, None),
        StatusCode::BAD_REQUEST if request.query.iter().any(|(name, _)| *name == "cursor") => {
            Meaning::CursorRefused
        }
        status if status.is_server_error() => Meaning::Failing,
        status if status.is_redirection() => {
            return Err(Fault::Strange("a redirect, which is never followed"));
        }
        _ => Meaning::Refused("it does not accept the request as it is"),
    })
}

/// Seconds only: no provider here sends a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}
