//! Stripe: what Tandem asks of its API, and whether a webhook is Stripe's.
//!
//! A client of our own, for six calls (decision 36). The version of the API is pinned in [`VERSION`]: an
//! account's default version may be any, and changes under us.
//!
//! - A request that is repeated carries the same `Idempotency-Key`, so that it is done once. Stripe refuses
//!   a known key with other parameters: our keys hold a hash of what is asked.
//! - Answers are read leniently; only what decides something has to be there.
//! - Nothing of an answer is logged but Stripe's own codes: its messages quote keys and addresses.

mod client;
mod error;
mod signature;
mod wire;

pub use client::Stripe;
pub use error::StripeError;
pub use signature::{NotSigned, verify};
pub use wire::{Event, Subscription};

/// Pinned: the shapes in `wire` are this version's.
pub const VERSION: &str = "2026-10-28.endive";

/// What somebody is sent to the customer portal for.
#[derive(Debug, Clone, Copy)]
pub enum Errand<'a> {
    /// Whatever they like.
    Anything,
    /// To confirm another price of a subscription.
    Change { subscription: &'a str, item: &'a str, price: &'a str },
    /// To confirm that it ends.
    Cancel { subscription: &'a str },
}

/// A place where somebody can pay.
#[derive(Debug, Clone)]
pub struct NewCheckout<'a> {
    pub customer: &'a str,
    pub price: &'a str,
    /// What we call the buyer, for whoever reads Stripe's pages.
    pub reference: &'a str,
    pub success_url: &'a str,
    pub cancel_url: &'a str,
}

/// The same, made.
#[derive(Debug, Clone)]
pub struct Checkout {
    pub id: String,
    pub url: String,
}
