//! What an answer means, whatever was asked.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use super::{Answer, Api, CrmError, Request, Throttle, Wait};

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
        Err(match status {
            status if status.is_success() => {
                if answer.is_json() {
                    return Ok(());
                }
                if answer.is_html() {
                    Fault::Strange("a web page instead of data")
                } else {
                    Fault::Strange("data of an unknown kind")
                }
            }
            StatusCode::UNAUTHORIZED => Fault::Unauthorized,
            StatusCode::PAYMENT_REQUIRED => Fault::Refused(CrmError::Suspended {
                reason: "the account is closed or its trial or subscription has ended",
            }),
            StatusCode::FORBIDDEN => forbidden(request, answer),
            StatusCode::NOT_FOUND | StatusCode::GONE => Fault::Refused(CrmError::Missing),
            StatusCode::TOO_MANY_REQUESTS => {
                Fault::SlowDown(self.slow_down(request, &answer.headers))
            }
            status if status.is_server_error() => {
                Fault::Failing(status.as_u16(), retry_after(&answer.headers))
            }
            status if status.is_redirection() => {
                Fault::Strange("a redirect, which is never followed")
            }
            status => Fault::Refused(CrmError::Refused {
                reason: "it does not accept the request as it is",
                status: status.as_u16(),
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

/// 403 has many meanings; only one of them is "connect again".
fn forbidden(request: &Request<'_>, answer: &Answer) -> Fault {
    if answer.is_html() {
        Fault::SlowDown(Wait { duration: BLOCKED, why: Throttle::Blocked })
    } else if request.dialect.lacks_scope(&answer.body) {
        Fault::Refused(CrmError::MissingScope { needed: request.scope })
    } else {
        Fault::Refused(CrmError::Refused {
            reason: "the connected user may not do this there, or the account's own limit is reached",
            status: 403,
            code: request.dialect.code(&answer.body),
            said: Vec::new(),
        })
    }
}

/// Seconds only: no provider here sends a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}
