//! Runs a request's work in a task of its own, so that a client that hangs up does not cancel it
//! between two statements (the cancelled `begin()` of sqlx 0.9.0, half-told providers).

use std::sync::Arc;

use poem::{Endpoint, Request, Result, http::StatusCode};
use tracing::Instrument;

use crate::http::{operations, problem::refuse};

#[expect(clippy::disallowed_methods, reason = "the one place of this room that may spawn")]
pub(super) async fn shield<E>(inner: Arc<E>, request: Request) -> Result<E::Output>
where
    E: Endpoint + 'static,
    E::Output: Send,
{
    let work = operations::carry(async move { inner.call(request).await });
    match tokio::spawn(work.in_current_span()).await {
        Ok(answer) => answer,
        // A panic: told by the hook with its place, answered like any failure of ours.
        Err(_) => Err(refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side. Tell us the request id if it stays.",
        )),
    }
}
