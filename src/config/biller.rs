//! What the environment says about Stripe: all of it, or nothing.

use std::{collections::BTreeMap, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::reader::{Reader, is_loopback};

/// Another server, never in production.
pub(super) const API_URL: &str = "TANDEM_STRIPE_API_URL";
const KEY: &str = "STRIPE_SECRET_KEY";
const WEBHOOK: &str = "STRIPE_WEBHOOK_SECRET";
const PRICE: &str = "STRIPE_PRICE_";
/// Somebody waits for it, and Stripe answers within two seconds as a rule.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Our account at Stripe.
#[derive(Debug, Clone)]
pub struct BillerConfig {
    pub secret_key: SecretString,
    pub webhook_secret: SecretString,
    /// By the plan's word: the price that is sold, then those that still count.
    pub prices: BTreeMap<String, Vec<String>>,
    /// A stand-in's address.
    pub api_url: Option<Url>,
    /// For one whole answer.
    pub patience: Duration,
}

impl BillerConfig {
    /// Whether money moves: a key says which of the two worlds it is for.
    pub fn is_live(&self) -> bool {
        ["sk_live_", "rk_live_"]
            .iter()
            .any(|live| self.secret_key.expose_secret().starts_with(live))
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
        Some(BillerConfig {
            secret_key: key,
            webhook_secret: webhook,
            prices,
            api_url,
            patience: PATIENCE,
        })
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

#[cfg(test)]
mod tests {
    use crate::config::{Config, Environment, Variables};

    const COMPLETE: &[(&str, &str)] = &[
        ("STRIPE_SECRET_KEY", "sk_test_hunter2"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hunter2"),
        ("STRIPE_PRICE_BUSINESS", "price_new, price_old"),
    ];

    fn read(environment: Environment, pairs: &[(&str, &str)]) -> Result<Config, String> {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let variables: Variables = pairs.iter().map(own).collect();
        Config::read(environment, &variables).map_err(|error| error.to_string())
    }

    #[test]
    fn all_of_it_is_set_or_none() {
        assert!(read(Environment::Production, &[]).unwrap().biller.is_none());
        let whole = read(Environment::Production, COMPLETE).unwrap().biller.unwrap();
        assert_eq!(whole.prices["business"], ["price_new", "price_old"]);
        for (missing, (name, _)) in COMPLETE.iter().enumerate() {
            let rest = COMPLETE.iter().enumerate().filter(|(at, _)| *at != missing);
            let rest: Vec<_> = rest.map(|(_, pair)| *pair).collect();
            let said = read(Environment::Production, &rest).unwrap_err();
            assert!(said.contains(&name[..13]), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_key_says_whether_money_moves() {
        for (key, live) in
            [("sk_test_x", false), ("rk_test_x", false), ("sk_live_x", true), ("rk_live_x", true)]
        {
            let mut pairs = COMPLETE.to_vec();
            pairs[0].1 = key;
            assert_eq!(
                read(Environment::Production, &pairs).unwrap().biller.unwrap().is_live(),
                live
            );
        }
        let mut pairs = COMPLETE.to_vec();
        (pairs[0].1, pairs[1].1) = (pairs[1].1, pairs[0].1);
        let said = read(Environment::Production, &pairs).unwrap_err();
        assert!(
            said.contains("STRIPE_SECRET_KEY") && said.contains("STRIPE_WEBHOOK_SECRET"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn another_server_is_paid_in_development_only_and_in_the_clear_on_this_machine_only() {
        let at = |environment, url| {
            let mut pairs = COMPLETE.to_vec();
            pairs.push(("TANDEM_STRIPE_API_URL", url));
            read(environment, &pairs)
        };
        let said = at(Environment::Production, "https://stripe.example").unwrap_err();
        assert!(said.contains("TANDEM_STRIPE_API_URL"), "{said}");
        assert!(at(Environment::Development, "http://127.0.0.1:4242").is_ok());
        assert!(at(Environment::Development, "http://stripe.example").is_err());
    }

    #[test]
    fn its_secrets_do_not_show_when_the_configuration_is_printed() {
        let shown = format!("{:?}", read(Environment::Production, COMPLETE).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
