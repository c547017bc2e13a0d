//! A stand-in HubSpot: OAuth, the CRM API in its versions, limits, and a control plane.
//!
//! Written from the vendor's documents as of late 2026, and driven by the vendor's own JavaScript
//! client (`tests/conformance`), which calls v3 and v4 where we call `2026-09`.
//!
//! - `/oauth/...`: [`oauth`]. An app is installed per portal; refresh tokens do not rotate.
//! - `/crm/...`, `/account-info/...`: [`api`]. All values of properties are text.
//! - [`events`]: what the app's webhook is told.
//! - `/__sandbox/...`: [`control`], faults and truth for tests.
//!
//! The data is described at [`records::population`]. The main portal (62515) has the sizes of the
//! configuration; two smaller ones exist so that the choice on the consent page matters. Limits are
//! those of an app that anybody may install, whatever the configuration says of other CRMs: 110
//! requests in ten seconds and five searches in one, per portal.
//!
//! Where the documents are silent: the status and words for a value that must be unique and is not
//! (400, `CONFLICTING_UNIQUE_VALUE`); a batch read by address finds additional addresses too; an
//! upsert whose address belongs to somebody else is an error among the results (207); owner ids are
//! judged like options. Not here: pages of associations, the journal, privacy deletion.

mod accounts;
mod api;
mod control;
mod events;
mod limits;
mod oauth;
mod records;
mod said;
mod world;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route};

use super::{SandboxConfig, accept::Cuts, stage::line::Line};
use api::Api;
use control::Control;
use world::Desk;

/// Everything the stand-in answers.
pub(super) fn routes(
    config: SandboxConfig,
    cuts: Cuts,
) -> impl Endpoint<Output = Response> + 'static {
    let desk = Arc::new(Desk::new(config));
    let routes =
        Route::new().nest("/oauth", oauth::routes(&desk)).nest_no_strip("/", Api(desk.clone()));
    Route::new()
        .nest("/__sandbox", Control(desk.clone()))
        .nest_no_strip("/", Line { crm: desk, routes, cuts })
        .map_to_response()
}
