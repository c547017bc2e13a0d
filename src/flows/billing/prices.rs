//! Which price at Stripe is which plan's.

use std::collections::BTreeMap;

use crate::{config::ConfigError, policy::Plan};

/// From the environment; a plan without a price is not for sale.
#[derive(Debug, Default)]
pub struct Prices(BTreeMap<Plan, Vec<String>>);

impl Prices {
    pub fn new(by_word: &BTreeMap<String, Vec<String>>) -> Result<Self, ConfigError> {
        let (mut prices, mut problems) = (BTreeMap::new(), Vec::new());
        let mut taken = BTreeMap::new();
        for (word, ids) in by_word {
            let name = format!("STRIPE_PRICE_{}", word.to_uppercase());
            let Some(plan) = Plan::parse(word).filter(|&plan| plan != Plan::Free) else {
                problems.push(format!("{name} names no plan that can be sold."));
                continue;
            };
            if ids.iter().any(|id| !id.starts_with("price_") || id.len() > 255) {
                problems.push(format!("{name} must be prices of Stripe (`price_`), with commas."));
            }
            for id in ids {
                if let Some(other) = taken.insert(id.clone(), plan).filter(|&other| other != plan) {
                    problems.push(format!("{name} has a price that is the {other} plan's, too."));
                }
            }
            prices.insert(plan, ids.clone());
        }
        if problems.is_empty() { Ok(Self(prices)) } else { Err(ConfigError(problems)) }
    }

    /// What a new subscription to the plan is sold at.
    pub fn sold(&self, plan: Plan) -> Option<&str> {
        self.0.get(&plan)?.first().map(String::as_str)
    }

    /// What somebody gets who pays this price, which may be an old one.
    pub fn plan_of(&self, price_id: &str) -> Option<Plan> {
        let found = self.0.iter().find(|(_, ids)| ids.iter().any(|id| id == price_id));
        found.map(|(&plan, _)| plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(pairs: &[(&str, &[&str])]) -> Result<Prices, ConfigError> {
        let own = |ids: &&[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Prices::new(&pairs.iter().map(|(word, ids)| ((*word).to_owned(), own(ids))).collect())
    }

    #[test]
    fn the_first_price_is_sold_and_older_ones_still_count() {
        let prices = prices(&[("business", &["price_new", "price_old"])]).unwrap();
        assert_eq!(prices.sold(Plan::Business), Some("price_new"));
        assert_eq!(prices.sold(Plan::Teams), None);
        assert_eq!(prices.plan_of("price_old"), Some(Plan::Business));
        assert_eq!(prices.plan_of("price_other"), None);
    }

    #[test]
    fn what_could_sell_the_wrong_plan_does_not_start() {
        for wrong in [
            &[("busines", &["price_1"][..])][..],
            &[("free", &["price_1"])],
            &[("business", &["prod_1"])],
            &[("business", &[""])],
            &[("business", &["price_1"]), ("teams", &["price_2", "price_1"])],
        ] {
            assert!(prices(wrong).is_err(), "{wrong:?}");
        }
    }
}
