//! A stand-in Zoho CRM: OAuth, API version 8, quotas and credits, and a control plane.
//!
//! Written from the vendor's documents as of late 2026, and driven by the vendor's own JavaScript client
//! (`tests/conformance`).
//!
//! - `/oauth/v2/...`: [`oauth`]. It plays the accounts server of every data centre.
//! - `/crm/v8/...`: [`api`], one table of operations with their costs and scopes.
//! - `/__sandbox/...`: [`control`], faults and truth for tests.
//!
//! The data is described at [`records::population`]. The main organization has the sizes of the
//! configuration; two smaller ones exist, one of them in another data centre, so that the choice on the
//! consent page matters. Every id is beyond 2^53.
//!
//! Where the documents are silent: a record that was deleted answers 204, an id that never was 400; records
//! that fail alone come with 202; the search index lags as long as it is told to; credits roll over 24 hours
//! by the minute. Not here: bulk jobs, blueprints, composite requests, custom views.

mod accounts;
mod api;
mod control;
mod limits;
mod oauth;
mod records;
mod said;
mod world;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route};

use super::{SandboxConfig, accept::Cuts, stage::line::Line};
use api::gate::Gate;
use control::Control;
use world::Desk;

/// Everything the stand-in answers.
pub(super) fn routes(
    url: &str,
    config: SandboxConfig,
    cuts: Cuts,
) -> impl Endpoint<Output = Response> + 'static {
    let desk = Arc::new(Desk::new(url, config));
    let routes =
        Route::new().nest("/oauth/v2", oauth::routes(&desk)).nest("/crm/v8", Gate(desk.clone()));
    Route::new()
        .nest("/__sandbox", Control(desk.clone()))
        .nest_no_strip("/", Line { crm: desk, routes, cuts })
        .map_to_response()
}
