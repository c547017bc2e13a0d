//! Counts each request before anything is done for it, and tells callers what they have left
//! (draft-ietf-httpapi-ratelimit-headers).
//!
//! Who is calling is found out here, once per request.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use poem::{Endpoint, IntoResponse, Request, Response, Result, http::HeaderValue};

use crate::{
    flows::{
        SharedHub, audit,
        rates::{self, Counted},
    },
    http::{ApiError, Session, client_address, hooks},
};

/// Who is calling, for the extractors; `None` is nobody whom we know.
#[derive(Clone)]
pub(super) struct Caller(pub(super) Option<Session>);

pub(super) async fn guard<E>(inner: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint,
    E::Output: IntoResponse,
{
    let hub = SharedHub::clone(request.data().expect("the hub is put in by `app`"));
    let session = match Session::of(&request).await {
        Ok(session) => session,
        Err(error) => return Ok(error.into_response()),
    };
    let counted = match &session {
        Some(session) => {
            let (company, member) = (session.company_id(), session.member_id());
            rates::of_member(&hub, company, member, session.plan()).await
        }
        None if request.uri().path().starts_with(hooks::PATH) => {
            rates::of_caller(&hub, &client_address::of(&request, &hub.config)).await
        }
        None => rates::of_stranger(&hub, &client_address::of(&request, &hub.config)).await,
    };
    let key = session.as_ref().and_then(Session::api_key);
    request.set_data(Caller(session));
    let refused = counted.iter().filter_map(|(_, reading)| reading.refused_for).max();
    let mut answer = match refused {
        Some(wait) => {
            metrics::counter!("tandem_http_rate_limited").increment(1);
            ApiError::too_many(round_up(wait), "Too many requests. Slow down; see RateLimit.")
                .into_response()
        }
        None => audit::by_script(key, inner.call(request)).await?.into_response(),
    };
    for (name, value) in [("ratelimit-policy", policy(&counted)), ("ratelimit", left(&counted))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

/// Whole seconds, so that whoever waits them waits long enough.
fn round_up(time: Duration) -> Duration {
    Duration::from_secs(time.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX))
}

/// `"company";q=600;w=60, "member";q=600;w=60`
fn policy(counted: &[Counted]) -> String {
    list(counted, |text, (name, reading)| {
        let (most, window) = (reading.quota.most, reading.quota.window.as_secs());
        write!(text, "\"{name}\";q={most};w={window}")
    })
}

/// `"company";r=599;t=1, "member";r=599;t=1`
fn left(counted: &[Counted]) -> String {
    list(counted, |text, (name, reading)| {
        let full_in = round_up(reading.full_in).as_secs();
        write!(text, "\"{name}\";r={};t={full_in}", reading.remaining)
    })
}

fn list(counted: &[Counted], write: impl Fn(&mut String, &Counted) -> std::fmt::Result) -> String {
    let mut text = String::new();
    for (at, one) in counted.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        // Writing to a string does not fail.
        let _ = write(&mut text, one);
    }
    text
}
