//! A stand-in Stripe: customers, Checkout, the customer portal, subscriptions, and signed webhooks.
//!
//! Written from Stripe's public documentation and the types of its own Node library, which drives it in
//! `tests/conformance`. No money, no cards: whoever opens the page of a session pays by pressing a button.
//!
//! - `/v1/...`: [`api`], form-encoded as the real one, with its idempotency keys and errors.
//! - `/c/pay/...`, `/p/session/...`: [`pages`], where a person pays, cancels and changes.
//! - `/__sandbox/...`: [`control`], faults and truth for tests.
//!
//! What it leaves out: invoices, taxes, proration, several items, trials that end by themselves, time. A
//! state that only time brings (`past_due`, `unpaid`) is set at the control plane or on the portal's page.

mod api;
mod control;
mod events;
mod idempotency;
mod pages;
mod world;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route};

use world::Desk;

/// Our account there.
#[derive(Debug, Clone)]
pub struct StripeSandbox {
    pub secret_key: String,
    pub webhook_secret: String,
    /// Where events go; none before it is known.
    pub webhook: Option<String>,
    /// Id and name of what is sold.
    pub prices: Vec<(String, String)>,
}

impl Default for StripeSandbox {
    fn default() -> Self {
        let sold = ["Starter", "Growth", "Business", "Teams"];
        let price = |name: &str| (format!("price_{}", name.to_lowercase()), name.to_owned());
        Self {
            secret_key: "sk_test_sandbox".into(),
            webhook_secret: "whsec_sandbox".into(),
            webhook: None,
            prices: sold.map(price).into(),
        }
    }
}

/// Everything the stand-in answers.
pub(super) fn routes(
    url: &str,
    config: StripeSandbox,
) -> impl Endpoint<Output = Response> + 'static {
    let desk = Arc::new(Desk::new(url, config));
    Route::new()
        .nest("/__sandbox", control::Control(desk.clone()))
        .nest("/v1", api::Api(desk.clone()))
        .nest_no_strip("/", pages::Pages(desk))
        .map_to_response()
}
