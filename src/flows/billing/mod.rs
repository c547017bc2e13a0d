//! What a company pays, through Stripe.
//!
//! Money moves on Stripe's pages; nothing that a browser or a webhook says about it is believed. A webhook
//! is a hint ([`hear`]) that has the company's subscriptions read anew ([`read`]); what was read is stored,
//! and the plan follows from what is stored ([`entitlement`]).

pub mod checkout;
pub mod entitlement;
pub mod hear;
pub mod portal;
mod prices;
pub mod read;

use std::sync::Arc;

use crate::{
    config::{Config, ConfigError},
    db::DbError,
    flows::Hub,
    outside::stripe::Stripe,
    policy::Plan,
};

pub use crate::outside::stripe::StripeError;
pub use prices::Prices;

/// Our account at Stripe, and what it sells.
#[derive(Debug, Clone)]
pub struct Biller {
    pub stripe: Stripe,
    pub prices: Arc<Prices>,
}

impl Biller {
    /// `None` where nothing is configured.
    pub fn from_config(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Some(ours) = &config.biller else { return Ok(None) };
        let prices = Arc::new(Prices::new(&ours.prices)?);
        Ok(Some(Self { stripe: Stripe::new(ours), prices }))
    }
}

/// Why somebody was not sent to pay, named by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    #[error("payment is not set up here")]
    NotOffered,
    #[error("the plan is not for sale")]
    NotForSale,
    #[error("the company is on this plan already")]
    SamePlan,
    #[error("the company has {members} members, the plan {seats} seats")]
    Seats { members: u64, seats: u64 },
    #[error("somebody has just paid")]
    UnderWay,
    #[error("there is no subscription")]
    NoSubscription,
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Hub {
    /// Whoever takes the money here.
    pub(super) fn payee(&self) -> Result<&Biller, BillingError> {
        self.biller.as_ref().ok_or(BillingError::NotOffered)
    }

    /// Whether the built-in test biller changes plans: only where nothing is set up to pay with.
    pub fn has_test_biller(&self) -> bool {
        self.is_development() && self.biller.is_none()
    }
}

/// Our page, as somebody comes back to it. Where they come from changes nothing but what it shows.
fn page(hub: &Hub, pairs: &[(&str, Option<&str>)]) -> String {
    let mut url = hub.public_url();
    url.set_path("/billing");
    let said = pairs.iter().filter_map(|&(name, value)| Some((name, value?)));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
    url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
    url.into()
}

/// What somebody wants to be on, and what they were doing when it was missing.
#[derive(Debug, Clone)]
pub struct Wish {
    pub plan: Plan,
    /// The interrupted task, in the words of our own pages.
    pub from: Option<String>,
}
