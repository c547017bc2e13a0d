//! The way to a CRM: authorization, budget, retries, and a name for what went wrong.
//!
//! [`read`] may ask again as often as its patience lasts; [`mod@write`] must not.

mod answers;
mod read;
mod write;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ApiBase, BudgetHandle, Caller, Cost, CrmError, Http, Meter, Objection, Observed, Pace,
    RealPace, Taken, Throttle, Wait,
    http::{Answer, NoAnswer},
    retry::Patience,
};

pub(super) use self::{
    read::Ask,
    write::{Change, Names},
};

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
#[derive(Clone)]
pub struct Api {
    http: Http,
    tokens: Arc<dyn TokenSource>,
    budget: BudgetHandle,
    who: Caller,
    meter: Arc<Meter>,
    pace: Arc<dyn Pace>,
    /// No change leaves after this instant.
    not_after: Option<Instant>,
}

/// What a CRM spells its own way.
pub(super) trait Dialect: Sync {
    fn observed(&self, headers: &HeaderMap) -> Observed;
    /// Whether a refusal (403) says that the grant lacks a scope.
    fn lacks_scope(&self, body: &[u8]) -> bool;
    /// The provider's own word for a refusal, if it is safe to show.
    fn code(&self, body: &[u8]) -> Option<String>;
    /// What it objects to, in its own words.
    fn objections(&self, body: &[u8]) -> Vec<String>;
    /// The word before the token in `Authorization`.
    fn scheme(&self) -> &'static str {
        "Bearer"
    }
    /// What an answer means where its status alone does not say it; `None` for what is usual.
    fn meaning(&self, _status: StatusCode, _headers: &HeaderMap, _body: &[u8]) -> Option<Meaning> {
        None
    }
}

/// What an answer means, by what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Data, whatever the status is: a conflict that names the record, nothing new (304).
    Fine,
    /// The token is not accepted: once more after a refresh.
    Unauthorized,
    /// Not done; wait so long (or the usual time), with everything for this connection.
    SlowDown(Throttle, Option<Duration>),
    /// The grant lacks the scope of the request.
    MissingScope,
    /// The account is closed or unpaid, in words.
    Suspended(&'static str),
    Missing,
    /// The same request will be refused again.
    Refused(&'static str),
    CursorRefused,
    /// A server error, whatever the status is.
    Failing,
}

/// One request as it goes over the line.
struct Request<'a> {
    dialect: &'static dyn Dialect,
    method: Method,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    cost: Cost,
    scope: &'static str,
    /// JSON.
    body: Option<Bytes>,
    headers: &'a [(&'static str, &'a str)],
}

impl Api {
    pub fn new(
        http: Http,
        tokens: Arc<dyn TokenSource>,
        budget: BudgetHandle,
        who: Caller,
        meter: Arc<Meter>,
    ) -> Self {
        let pace = Arc::new(RealPace);
        Self { http, tokens, budget, who, meter, pace, not_after: None }
    }

    /// The same with simulated time.
    #[must_use]
    pub fn with_pace(mut self, pace: Arc<dyn Pace>) -> Self {
        self.pace = pace;
        self
    }

    /// The same, but no change leaves after `not_after`: whoever committed that something is being
    /// sent must not send it when others have come to think that it never will be
    /// ([`CrmError::TooLate`]: nothing was sent).
    ///
    /// The clock, [`Pace::now`], goes on while a process is stopped. It is read when everything is
    /// ready to leave; a new connection may take another five seconds, and the answer its own time,
    /// so others begin to think so no earlier than a minute after `not_after`.
    #[must_use]
    pub fn before(&self, not_after: Instant) -> Self {
        Self { not_after: Some(not_after), ..self.clone() }
    }

    /// After which no change leaves.
    pub(super) fn closes(&self) -> Option<Instant> {
        self.not_after
    }

    pub(super) fn now(&self) -> Instant {
        self.pace.now()
    }

    /// The origin that the account's data is fetched from.
    pub(super) async fn base(&self) -> Result<ApiBase, CrmError> {
        Ok(self.tokens.access_token().await?.api_base)
    }

    /// Between two looks at something that is not ready.
    pub(super) async fn pause(&self, time: Duration) {
        self.pace.sleep(time).await;
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
            let until = self.pace.now() + wait.duration;
            if wait.why != Throttle::Burst
                || !patience.bears(wait.duration, *waited)
                || self.not_after.is_some_and(|not_after| until > not_after)
            {
                return Err(throttled(wait));
            }
            // A little more, so that those who wait for the same instant do not all come at once.
            let pause = wait.duration + Duration::from_millis(5).mul_f64(self.pace.chance());
            self.pace.sleep(pause).await;
            *waited += pause;
        }
    }

    async fn transmit(
        &self,
        request: &Request<'_>,
        token: &AccessToken,
    ) -> Result<Answer, NoAnswer> {
        let url = token.api_base.at(request.path, request.query);
        let mut outgoing = reqwest::Request::new(request.method.clone(), url);
        let scheme = request.dialect.scheme();
        let mut bearer =
            HeaderValue::try_from(format!("{scheme} {}", token.secret.expose_secret()))
                .map_err(|_| NoAnswer::Forbidden)?;
        bearer.set_sensitive(true);
        let headers = outgoing.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in request.headers {
            let value = HeaderValue::from_str(value).map_err(|_| NoAnswer::Forbidden)?;
            headers.insert(*name, value);
        }
        if let Some(body) = &request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *outgoing.body_mut() = Some(body.clone().into());
        }
        self.meter.sent();
        let sent = Instant::now();
        let answer = self.http.execute(outgoing).await;
        let seen = match &answer {
            Ok(answer) => Observed {
                age: answer.began.elapsed(),
                took: sent.elapsed(),
                ..request.dialect.observed(&answer.headers)
            },
            // It may have arrived all the same, now at the latest.
            Err(_) => Observed::default(),
        };
        self.budget.observe(request.cost, seen).await;
        answer
    }
}

impl Patience {
    fn bears(&self, wait: Duration, waited: Duration) -> bool {
        wait <= self.longest_wait && waited + wait <= self.total_wait
    }
}

fn throttled(wait: Wait) -> CrmError {
    CrmError::Throttled { scope: wait.why, wait: wait.duration }
}
