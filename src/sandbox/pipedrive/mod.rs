//! A stand-in Pipedrive: OAuth, API v2 with the remains of v1, limits, and a control plane.
//!
//! Written from the vendor's documents and OpenAPI file as of late 2026, and driven by the
//! vendor's own JavaScript client (`tests/conformance`).
//!
//! - `/oauth/...`: [`oauth`]. Tokens are opaque; the same refresh token comes back each time.
//! - `/api/v2/...`, `/api/v1/...`, `/v1/...`: [`api`], a table of operations with their costs.
//! - `/marketplace`: [`marketplace`], installs that begin here and their end.
//! - `/__sandbox/...`: [`control`], faults and truth for tests.
//!
//! The data is described at [`records::population`]. The main company (7001) has the sizes of
//! the configuration; two smaller ones exist so that the choice on the consent page matters.
//!
//! Where the documents are silent: bodies of 429 and of OAuth errors follow what connectors
//! report; limits roll over exactly two seconds; the day ends at midnight UTC; persons deleted
//! through the API answer to `GET` with `is_deleted`, those gone before the start with 404.

mod accounts;
mod api;
mod control;
mod ledger;
mod limits;
mod marketplace;
mod oauth;
mod records;
mod said;
mod world;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route};

use super::{
    SandboxConfig,
    accept::Cuts,
    stage::{clock, json, line::Line},
};
use control::Control;
use marketplace::Marketplace;
use world::Desk;

/// Everything the stand-in answers.
pub(super) fn routes(
    url: &str,
    config: SandboxConfig,
    cuts: Cuts,
) -> impl Endpoint<Output = Response> + 'static {
    let desk = Arc::new(Desk::new(url, config));
    let routes = Route::new()
        .nest("/oauth", oauth::routes(&desk))
        .nest("/api/v2", api::v2(&desk))
        .nest("/api/v1", api::v1(&desk))
        .nest("/v1", api::v1(&desk));
    Route::new()
        .nest("/__sandbox", Control(desk.clone()))
        .at("/marketplace", Marketplace(desk.clone()))
        .nest_no_strip("/", Line { crm: desk, routes, cuts })
        .map_to_response()
}
