//! Reading: harmless, so it is tried again as long as the patience lasts.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use super::{
    Api, Cost, CrmError, Dialect, NoAnswer, Patience, Request, Throttle, Wait, answers::Fault,
    throttled,
};
use crate::connectors::retry::backoff;

/// One read.
pub(in crate::connectors) struct Ask<'a> {
    pub(in crate::connectors) dialect: &'static dyn Dialect,
    pub(in crate::connectors) path: &'a str,
    pub(in crate::connectors) query: &'a [(&'a str, &'a str)],
    pub(in crate::connectors) cost: Cost,
    /// The scope that the provider wants for this path.
    pub(in crate::connectors) scope: &'static str,
    /// A question that does not fit into an address: it is posted, and changes nothing.
    pub(in crate::connectors) body: Option<Value>,
    pub(in crate::connectors) headers: &'a [(&'static str, &'a str)],
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
    /// Asks, and reads the answer with `read`, whose failure counts as a broken answer.
    pub(in crate::connectors) async fn read<T>(
        &self,
        ask: &Ask<'_>,
        read: impl Fn(&[u8]) -> Result<T, &'static str> + Send + Sync,
    ) -> Result<T, CrmError> {
        self.read_with_head(ask, |_, body| read(body)).await
    }

    /// The same where a part of the answer is in its headers.
    pub(in crate::connectors) async fn read_with_head<T>(
        &self,
        ask: &Ask<'_>,
        read: impl Fn(&HeaderMap, &[u8]) -> Result<T, &'static str> + Send + Sync,
    ) -> Result<T, CrmError> {
        let request = Request {
            dialect: ask.dialect,
            method: if ask.body.is_some() { Method::POST } else { Method::GET },
            path: ask.path,
            query: ask.query,
            cost: ask.cost,
            scope: ask.scope,
            body: ask.body.as_ref().map(|body| Bytes::from(body.to_string())),
            headers: ask.headers,
        };
        let patience = Patience::of(self.who);
        let mut waited = Duration::ZERO;
        let (mut attempt, mut slow_downs, mut refreshed) = (0, 0, false);
        let mut token = self.tokens.access_token().await?;
        loop {
            self.take(request.cost, &patience, &mut waited).await?;
            let next = match self.transmit(&request, &token).await {
                Ok(answer) => match self.judge(&request, &answer) {
                    Ok(()) => match read(&answer.headers, &answer.body) {
                        Ok(value) => return Ok(value),
                        Err(what) => Next::Retry(CrmError::Unreadable { what }, None),
                    },
                    Err(fault) => next(fault),
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
}

fn next(fault: Fault) -> Next {
    match fault {
        Fault::Strange(what) => Next::Retry(CrmError::Unreadable { what }, None),
        Fault::Unauthorized => Next::Refresh,
        Fault::SlowDown(wait) => Next::SlowDown(wait),
        Fault::Failing(status, wait) => {
            let what = "it answers with a server error";
            Next::Retry(CrmError::Down { what, status: Some(status), wait }, wait)
        }
        Fault::Refused(error) => Next::Give(error),
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
