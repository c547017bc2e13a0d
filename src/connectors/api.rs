//! The way to a CRM: authorization, budget, retries, and a name for what went wrong.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ApiBase, BudgetHandle, Caller, Cost, CrmError, Http, Meter, Observed, Pace, RealPace, Taken,
    Throttle, Wait,
    http::{Answer, NoAnswer},
    retry::{Patience, backoff},
};

/// Stay away that long after an edge server answered with a web page (the provider's edge bans
/// clients that keep knocking).
const BLOCKED: Duration = Duration::from_mins(15);
/// A used-up day is looked at again that often: nobody says when the provider's day ends.
const DAILY: Duration = Duration::from_hours(1);
/// Never shorter after a 429: the windows are two seconds.
const SLOW_DOWN: Duration = Duration::from_secs(2);
const LONGEST_SLOW_DOWN: Duration = Duration::from_mins(1);
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// A token and the only origin it may be sent to.
#[derive(Clone)]
pub struct AccessToken {
    pub secret: SecretString,
    /// Which token this is: grows by one with each refresh.
    pub generation: i64,
    pub api_base: ApiBase,
}

/// Where tokens come from; flows inject it, so that this room knows no vault and no database.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is good for some minutes yet.
    async fn access_token(&self) -> Result<AccessToken, CrmError>;
    /// The provider refused the token of this generation: refresh, unless somebody has already.
    async fn refused(&self, generation: i64) -> Result<AccessToken, CrmError>;
}

/// An authorized client for one account. Connectors never see the token.
pub struct Api {
    http: Http,
    tokens: Arc<dyn TokenSource>,
    budget: BudgetHandle,
    who: Caller,
    meter: Arc<Meter>,
    pace: Arc<dyn Pace>,
}

/// What a CRM spells its own way.
pub(super) trait Dialect: Sync {
    fn observed(&self, headers: &HeaderMap) -> Observed;
    /// Whether a refusal (403) says that the grant lacks a scope.
    fn lacks_scope(&self, body: &[u8]) -> bool;
    /// The provider's own word for a refusal, if it is safe to show.
    fn code(&self, body: &[u8]) -> Option<String>;
}

/// One read.
pub(super) struct Ask<'a> {
    pub dialect: &'static dyn Dialect,
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    pub cost: Cost,
    /// The scope that the provider wants for this path.
    pub scope: &'static str,
}

/// What the loop does with an answer that brought nothing.
enum Next {
    /// Once more after a refresh.
    Refresh,
    /// Once more after backing off; this error if the patience is used up.
    Retry(CrmError, Option<Duration>),
    /// Everything for this connection waits.
    SlowDown(Wait),
    Give(CrmError),
}

impl Api {
    pub fn new(
        http: Http,
        tokens: Arc<dyn TokenSource>,
        budget: BudgetHandle,
        who: Caller,
        meter: Arc<Meter>,
    ) -> Self {
        Self { http, tokens, budget, who, meter, pace: Arc::new(RealPace) }
    }

    /// The same with simulated time.
    #[must_use]
    pub fn with_pace(mut self, pace: Arc<dyn Pace>) -> Self {
        self.pace = pace;
        self
    }

    /// Asks, and reads the answer with `read`, whose failure counts as a broken answer.
    pub(super) async fn read<T>(
        &self,
        ask: &Ask<'_>,
        read: impl Fn(&[u8]) -> Result<T, &'static str> + Send + Sync,
    ) -> Result<T, CrmError> {
        let patience = Patience::of(self.who);
        let mut waited = Duration::ZERO;
        let (mut attempt, mut slow_downs, mut refreshed) = (0, 0, false);
        let mut token = self.tokens.access_token().await?;
        loop {
            self.take(ask.cost, &patience, &mut waited).await?;
            let next = match self.send(ask, &token).await {
                Ok(answer) => match self.judge(ask, &answer) {
                    None => match read(&answer.body) {
                        Ok(value) => return Ok(value),
                        Err(what) => Next::Retry(CrmError::Unreadable { what }, None),
                    },
                    Some(next) => next,
                },
                Err(none) => lost(none),
            };
            match next {
                Next::Give(error) => return Err(error),
                Next::Refresh if refreshed => return Err(CrmError::Expired),
                Next::Refresh => {
                    refreshed = true;
                    token = self.tokens.refused(token.generation).await?;
                }
                Next::SlowDown(wait) => {
                    self.budget.block(wait).await;
                    slow_downs += 1;
                    if wait.why != Throttle::Burst || slow_downs > patience.slow_downs {
                        return Err(throttled(wait));
                    }
                    // The next `take` waits, or goes up when that would be too long.
                }
                Next::Retry(error, said) => {
                    attempt += 1;
                    let wait = said.unwrap_or_else(|| backoff(attempt - 1, self.pace.chance()));
                    if attempt >= patience.attempts || !patience.bears(wait, waited) {
                        return Err(error);
                    }
                    tracing::debug!(path = ask.path, attempt, %error, "asking the provider again");
                    self.pace.sleep(wait).await;
                    waited += wait;
                }
            }
        }
    }

    /// Waits for the budget as long as the patience lasts.
    async fn take(
        &self,
        cost: Cost,
        patience: &Patience,
        waited: &mut Duration,
    ) -> Result<(), CrmError> {
        loop {
            let wait = match self.budget.take(cost, self.who).await {
                Taken::Granted => return Ok(()),
                Taken::Wait(wait) => wait,
            };
            if wait.why != Throttle::Burst || !patience.bears(wait.duration, *waited) {
                return Err(throttled(wait));
            }
            // A little more, so that those who wait for the same instant do not all come at once.
            let pause = wait.duration + Duration::from_millis(5).mul_f64(self.pace.chance());
            self.pace.sleep(pause).await;
            *waited += pause;
        }
    }

    async fn send(&self, ask: &Ask<'_>, token: &AccessToken) -> Result<Answer, NoAnswer> {
        let url = token.api_base.at(ask.path, ask.query);
        let mut request = reqwest::Request::new(Method::GET, url);
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.secret.expose_secret()))
            .map_err(|_| NoAnswer::Forbidden)?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.meter.sent();
        let sent = Instant::now();
        let answer = self.http.execute(request).await;
        let seen = match &answer {
            Ok(answer) => Observed {
                age: answer.began.elapsed(),
                took: sent.elapsed(),
                ..ask.dialect.observed(&answer.headers)
            },
            // It may have arrived all the same, now at the latest.
            Err(_) => Observed::default(),
        };
        self.budget.observe(ask.cost, seen).await;
        answer
    }

    /// What an answer means; `None` for data.
    fn judge(&self, ask: &Ask<'_>, answer: &Answer) -> Option<Next> {
        let status = answer.status;
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.meter.throttled();
        } else if status != StatusCode::UNAUTHORIZED {
            self.meter.charged(ask.cost.tokens);
        }
        let unreadable = |what| Some(Next::Retry(CrmError::Unreadable { what }, None));
        Some(match status {
            status if status.is_success() => {
                return if answer.is_json() {
                    None
                } else if answer.is_html() {
                    unreadable("a web page instead of data")
                } else {
                    unreadable("data of an unknown kind")
                };
            }
            StatusCode::UNAUTHORIZED => Next::Refresh,
            StatusCode::PAYMENT_REQUIRED => Next::Give(CrmError::Suspended {
                reason: "the account is closed or its trial or subscription has ended",
            }),
            StatusCode::FORBIDDEN => forbidden(ask, answer),
            StatusCode::NOT_FOUND | StatusCode::GONE => Next::Give(CrmError::Missing),
            StatusCode::TOO_MANY_REQUESTS => Next::SlowDown(self.slow_down(ask, &answer.headers)),
            status if status.is_server_error() => {
                let wait = retry_after(&answer.headers);
                let what = "it answers with a server error";
                Next::Retry(CrmError::Down { what, status: Some(status.as_u16()), wait }, wait)
            }
            status if status.is_redirection() => {
                return unreadable("a redirect, which is never followed");
            }
            StatusCode::BAD_REQUEST if ask.query.iter().any(|(name, _)| *name == "cursor") => {
                Next::Give(CrmError::CursorRefused)
            }
            status => Next::Give(CrmError::Refused {
                reason: "it does not accept the request as it is",
                status: status.as_u16(),
                code: ask.dialect.code(&answer.body),
                said: Vec::new(),
            }),
        })
    }

    fn slow_down(&self, ask: &Ask<'_>, headers: &HeaderMap) -> Wait {
        let seen = ask.dialect.observed(headers);
        if seen.daily_remaining == Some(0) {
            return Wait { duration: DAILY, why: Throttle::Daily };
        }
        let said = [retry_after(headers), seen.burst_reset].into_iter().flatten().max();
        let duration = said.unwrap_or_default().clamp(SLOW_DOWN, LONGEST_SLOW_DOWN);
        let jitter = Duration::from_millis(500).mul_f64(self.pace.chance());
        Wait { duration: duration + jitter, why: Throttle::Burst }
    }
}

impl Patience {
    fn bears(&self, wait: Duration, waited: Duration) -> bool {
        wait <= self.longest_wait && waited + wait <= self.total_wait
    }
}

/// 403 has many meanings; only one of them is "connect again".
fn forbidden(ask: &Ask<'_>, answer: &Answer) -> Next {
    if answer.is_html() {
        Next::SlowDown(Wait { duration: BLOCKED, why: Throttle::Blocked })
    } else if ask.dialect.lacks_scope(&answer.body) {
        Next::Give(CrmError::MissingScope { needed: ask.scope })
    } else {
        Next::Give(CrmError::Refused {
            reason: "the connected user may not do this there, or the account's own limit is reached",
            status: 403,
            code: ask.dialect.code(&answer.body),
            said: Vec::new(),
        })
    }
}

fn lost(none: NoAnswer) -> Next {
    match none {
        NoAnswer::Forbidden => Next::Give(CrmError::ForbiddenHost),
        // It would be as large again.
        NoAnswer::TooLarge => Next::Give(CrmError::Unreadable { what: none.words() }),
        NoAnswer::Connect | NoAnswer::Timeout | NoAnswer::Broken => {
            Next::Retry(CrmError::Down { what: none.words(), status: None, wait: None }, None)
        }
    }
}

fn throttled(wait: Wait) -> CrmError {
    CrmError::Throttled { scope: wait.why, wait: wait.duration }
}

/// Seconds only: no provider here sends a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}
