//! What operators see of requests: a span each, numbers, health.
//!
//! Spans carry the path and never the query string: OAuth codes and search words travel there. Of the address
//! that a CRM was given for a connection the token is left out.

use std::{cell::RefCell, future::Future, sync::Arc, time::Instant};

use poem::{
    Endpoint, IntoResponse, Request, Response, Result, handler,
    http::{HeaderValue, StatusCode},
    web::Data,
};
use poem_openapi::OperationId;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use tracing::Instrument;
use uuid::Uuid;

use crate::{flows::SharedHub, http::hooks};

tokio::task_local! {
    static REQUEST_ID: RefCell<Uuid>;
}

/// The id of the request that this task works for; the nil id outside of one.
pub fn request_id() -> String {
    current().to_string()
}

fn current() -> Uuid {
    REQUEST_ID.try_with(|id| *id.borrow()).unwrap_or_default()
}

/// Takes the request's id into another task.
pub(super) fn carry<F: Future>(work: F) -> impl Future<Output = F::Output> {
    REQUEST_ID.scope(RefCell::new(current()), work)
}

/// The outermost layer: names the request, times it, and tells the caller its name.
pub(super) async fn observe<E>(inner: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint,
    E::Output: IntoResponse,
{
    let id = Uuid::now_v7();
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        %id,
        %method,
        path = %hooks::tellable(request.uri().path()),
        status = tracing::field::Empty,
        operation = tracing::field::Empty,
    );
    let begun = Instant::now();
    let answer = REQUEST_ID
        .scope(RefCell::new(id), async {
            match inner.call(request).await {
                Ok(answer) => answer.into_response(),
                Err(error) => super::problem::from_poem(error).await,
            }
        })
        .instrument(span.clone())
        .await;
    let mut answer = answer;
    let operation = answer.data::<OperationId>().map_or("-", |operation| operation.0);
    span.record("status", answer.status().as_u16()).record("operation", operation);
    metrics::histogram!(
        "tandem_http_request_seconds",
        "operation" => operation,
        "method" => method.to_string(),
        "status" => answer.status().as_u16().to_string(),
    )
    .record(begun.elapsed().as_secs_f64());
    span.in_scope(|| tracing::debug!(elapsed = ?begun.elapsed(), "answered"));
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        answer.headers_mut().insert("x-request-id", value);
    }
    Ok(answer)
}

/// The process answers.
#[handler]
pub(super) fn live() -> &'static str {
    "live"
}

/// The process can do its work: the database and the cache answer.
#[handler]
pub(super) async fn ready(hub: Data<&SharedHub>) -> Response {
    match hub.ready().await {
        Ok(()) => "ready".into_response(),
        Err(part) => {
            tracing::warn!(part, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{part} does not answer")).into_response()
        }
    }
}

/// The figures on an address of their own, which nobody outside reaches.
#[handler]
pub(super) fn private_figures() -> Response {
    rendered()
}

/// What is counted, for Prometheus: to whoever has the token, to anybody in development.
#[handler]
#[expect(clippy::needless_pass_by_value, reason = "extractors are values")]
pub(super) fn figures(request: &Request, hub: Data<&SharedHub>) -> Response {
    let open = match &hub.config.metrics_token {
        Some(token) => request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|given| same(given, token.expose_secret())),
        None => hub.is_development(),
    };
    if !open {
        return StatusCode::NOT_FOUND.into_response();
    }
    rendered()
}

fn rendered() -> Response {
    Response::builder()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(crate::telemetry::figures())
}

/// In a time that does not tell how much of it was right.
fn same(given: &str, known: &str) -> bool {
    given.as_bytes().ct_eq(known.as_bytes()).into()
}
