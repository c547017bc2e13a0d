//! What the environment says about Stripe: all of it, or nothing.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::reader::{Reader, is_loopback};

/// Another server, never in production.
pub(super) const API_URL: &str = "TANDEM_STRIPE_API_URL";
const KEY: &str = "STRIPE_SECRET_KEY";
const WEBHOOK: &str = "STRIPE_WEBHOOK_SECRET";
const PRICE: &str = "STRIPE_PRICE_";

/// Our account at Stripe.
#[derive(Debug, Clone)]
pub struct BillerConfig {
    pub secret_key: SecretString,
    pub webhook_secret: SecretString,
    /// By the plan's word: the price that is sold, then those that still count.
    pub prices: BTreeMap<String, Vec<String>>,
    /// A stand-in's address.
    pub api_url: Option<Url>,
}

impl BillerConfig {
    /// Whether money moves: a key says which of the two worlds it is for.
    pub fn is_live(&self) -> bool {
        ["sk_live_", "rk_live_"].iter().any(|live| self.secret_key.expose_secret().starts_with(live))
    }
}

impl Reader<'_> {
    pub(super) fn biller(&mut self) -> Option<BillerConfig> {
        let (key, webhook) = (self.secret(KEY), self.secret(WEBHOOK));
        let prices = self.prices();
        let api_url = self.stand_in();
        let (key, webhook) = match (key, webhook) {
            (None, None) if prices.is_empty() => return None,
            (Some(key), Some(webhook)) => (key, webhook),
            (key, _) => {
                let (missing, set) = if key.is_some() {
                    (WEBHOOK, "STRIPE_SECRET_KEY is")
                } else {
                    (KEY, "other variables of Stripe are")
                };
                self.problems.push(format!("{missing} is not set, but {set}: set all or none."));
                return None;
            }
        };
        self.form(&key, KEY, &["sk_live_", "rk_live_", "sk_test_", "rk_test_"]);
        self.form(&webhook, WEBHOOK, &["whsec_"]);
        if prices.is_empty() {
            self.problems.push(format!(
                "{PRICE}<PLAN> is not set for any plan: without a price there is nothing to sell."
            ));
        }
        Some(BillerConfig { secret_key: key, webhook_secret: webhook, prices, api_url })
    }

    fn prices(&self) -> BTreeMap<String, Vec<String>> {
        let names = self.variables.keys().filter_map(|name| name.strip_prefix(PRICE));
        names
            .filter_map(|plan| {
                let text = self.text(&format!("{PRICE}{plan}"))?;
                let prices = text.split(',').map(|price| price.trim().to_owned()).collect();
                Some((plan.to_lowercase(), prices))
            })
            .collect()
    }

    /// A secret in the wrong variable would be sent to the wrong place, and a mode that cannot be told
    /// could mix test and live.
    fn form(&mut self, value: &SecretString, name: &str, starts: &[&str]) {
        if !starts.iter().any(|start| value.expose_secret().starts_with(start)) {
            let starts = starts.join("`, `");
            self.problems.push(format!("{name} must begin with one of `{starts}`."));
        }
    }

    fn stand_in(&mut self) -> Option<Url> {
        let url = self.url(API_URL)?;
        if url.scheme() == "http" && !is_loopback(&url) {
            self.problems.push(format!("{API_URL} must be https, except on the own machine."));
        }
        Some(url)
    }
}
