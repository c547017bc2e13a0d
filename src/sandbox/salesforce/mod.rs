//! A stand-in Salesforce: OAuth, the REST API with its queries, limits, and a control plane.
//!
//! Written from the vendor's documents of late 2026, and driven by `jsforce` (`tests/conformance`).
//!
//! - `/services/oauth2/...`: [`oauth`]. PKCE is wanted, refresh tokens rotate, and one that is used
//!   twice ends its grant with every token of it. No answer says how long a token lives.
//! - `/services/data/vXX.0/...`: [`api`]: queries ([`soql`]), records, collections, upserts by external
//!   id, descriptions, searches, and the part of the Tooling API that makes a custom field.
//! - `/__sandbox/...`: [`control`], faults and truth for tests.
//!
//! The data is described at [`records::population`]. The main org (7001) has the sizes of the
//! configuration; of the smaller two one has several currencies and one is a sandbox.
//!
//! Where the documents are silent: texts of refusals follow what clients report; the day of the limit
//! ends at midnight UTC; a query's rest is kept until the start over; a batch of a query with children
//! has at most 200 rows. Record types, sharing and the
//! conversion of leads are not there; somebody converts them in the control plane.

mod api;
mod control;
mod limits;
mod oauth;
mod records;
mod said;
mod soql;
mod world;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route};

use super::{SandboxConfig, accept::Cuts, stage::line::Line};
use api::Api;
use control::Control;
use world::Desk;

/// Everything the stand-in answers.
pub(super) fn routes(
    url: &str,
    config: SandboxConfig,
    cuts: Cuts,
) -> impl Endpoint<Output = Response> + 'static {
    let desk = Arc::new(Desk::new(url, config));
    let routes = Route::new()
        .nest("/services/oauth2", oauth::routes(&desk))
        .nest("/id", oauth::Identity(desk.clone()))
        .nest("/services/data", Api(desk.clone()));
    Route::new()
        .nest("/__sandbox", Control(desk.clone()))
        .nest_no_strip("/", Line { crm: desk, routes, cuts })
        .map_to_response()
}
