//! Which plan follows from what is stored. Pure.
//!
//! | state | entitles |
//! |---|---|
//! | `active`, `trialing` | to the price's plan |
//! | `past_due` | to it as well, for the grace of `policies/plans.toml` |
//! | `canceled`, `unpaid`, `paused` and words of a later version | to nothing |
//! | `incomplete`, `incomplete_expired` | says nothing: nobody ever paid |

use chrono::{DateTime, Utc};

use super::Prices;
use crate::{
    db::billing::Subscription,
    domain::words,
    policy::{self, Plan},
};

words! {
    /// A subscription's state, in Stripe's words.
    Status {
        Active = "active",
        Trialing = "trialing",
        PastDue = "past_due",
        Unpaid = "unpaid",
        Paused = "paused",
        Canceled = "canceled",
        Incomplete = "incomplete",
        IncompleteExpired = "incomplete_expired",
    }
}

impl Status {
    /// Whether it can still become paid, so that another one would be paid beside it.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Active | Self::Trialing | Self::PastDue | Self::Unpaid | Self::Paused)
    }

    fn was_never_paid(self) -> bool {
        matches!(self, Self::Incomplete | Self::IncompleteExpired)
    }
}

/// What the plan is to be; `None`: nobody ever paid, so it is whatever somebody made it.
pub fn plan(
    all: &[Subscription],
    prices: &Prices,
    now_on: Plan,
    now: DateTime<Utc>,
) -> Option<Plan> {
    let paid = |one: &Subscription| !Status::parse(&one.status).is_some_and(Status::was_never_paid);
    let mut best = all.iter().any(paid).then_some(Plan::Free)?;
    for one in all.iter().filter(|one| entitles(one, now)) {
        let plan = one.price_id.as_deref().and_then(|price| prices.plan_of(price));
        // Somebody pays for something that is not in the configuration: it takes nothing away.
        best = best.max(plan.unwrap_or(now_on));
    }
    Some(best)
}

fn entitles(one: &Subscription, now: DateTime<Utc>) -> bool {
    match Status::parse(&one.status) {
        Some(Status::Active | Status::Trialing) => true,
        Some(Status::PastDue) => grace_ends(one).is_none_or(|end| now < end),
        _ => false,
    }
}

/// When a plan ends whose payment stays overdue.
pub fn grace_ends(one: &Subscription) -> Option<DateTime<Utc>> {
    one.past_due_since.map(|since| since + policy::grace())
}

/// The one that a page shows and a change changes: of those alive the largest plan's, otherwise the last.
pub fn shown<'a>(all: &'a [Subscription], prices: &Prices) -> Option<&'a Subscription> {
    let plan = |one: &Subscription| one.price_id.as_deref().and_then(|price| prices.plan_of(price));
    alive(all).max_by_key(|one| (plan(one), one.started_at)).or_else(|| all.first())
}

/// Those that are paid, or may be again.
pub fn alive(all: &[Subscription]) -> impl Iterator<Item = &Subscription> {
    all.iter().filter(|one| Status::parse(&one.status).is_some_and(Status::is_alive))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_773_600, 0).unwrap()
    }

    fn prices() -> Prices {
        let sold = ["starter", "business", "teams"];
        let by_word: BTreeMap<_, _> =
            sold.map(|word| (word.to_owned(), vec![format!("price_{word}")])).into();
        Prices::new(&by_word).unwrap()
    }

    fn one(status: &str, plan: &str, overdue_days: i64) -> Subscription {
        Subscription {
            subscription_id: format!("sub_{status}_{plan}"),
            item_id: None,
            price_id: Some(format!("price_{plan}")),
            status: status.to_owned(),
            period_end: None,
            ends_at: None,
            past_due_since: (status == "past_due").then(|| now() - TimeDelta::days(overdue_days)),
            started_at: now(),
        }
    }

    fn follows(all: &[Subscription]) -> Option<Plan> {
        plan(all, &prices(), Plan::Growth, now())
    }

    #[test]
    fn a_plan_follows_from_the_state_alone() {
        for (status, entitled) in [
            ("active", true),
            ("trialing", true),
            ("past_due", true),
            ("canceled", false),
            ("unpaid", false),
            ("paused", false),
            ("a_word_of_next_year", false),
        ] {
            let wanted = if entitled { Plan::Business } else { Plan::Free };
            assert_eq!(follows(&[one(status, "business", 0)]), Some(wanted), "{status}");
        }
    }

    #[test]
    fn who_never_paid_keeps_what_they_were_given() {
        assert_eq!(follows(&[]), None);
        let tried = [one("incomplete", "business", 0), one("incomplete_expired", "teams", 0)];
        assert_eq!(follows(&tried), None);
    }

    #[test]
    fn an_overdue_payment_ends_the_plan_after_the_grace() {
        let days = policy::grace().num_days();
        assert_eq!(follows(&[one("past_due", "business", days - 1)]), Some(Plan::Business));
        assert_eq!(follows(&[one("past_due", "business", days)]), Some(Plan::Free));
    }

    #[test]
    fn of_several_the_largest_counts_and_an_unknown_price_takes_nothing_away() {
        let both = [one("active", "starter", 0), one("trialing", "teams", 0)];
        assert_eq!(follows(&both), Some(Plan::Teams));
        assert_eq!(shown(&both, &prices()).unwrap().subscription_id, "sub_trialing_teams");
        assert_eq!(follows(&[one("active", "unknown", 0)]), Some(Plan::Growth));
        assert_eq!(follows(&[one("canceled", "unknown", 0)]), Some(Plan::Free));
    }

    proptest! {
        #[test]
        fn what_is_over_never_changes_what_is_paid_and_order_does_not_matter(
            mut all in prop::collection::vec(
                (prop::sample::select(vec!["active", "past_due", "canceled", "unpaid", "incomplete"]),
                 prop::sample::select(vec!["starter", "business", "teams"]), 0_i64..30), 0..6)
                .prop_map(|all| all.into_iter().map(|(s, p, d)| one(s, p, d)).collect::<Vec<_>>()),
        ) {
            let before = follows(&all);
            all.reverse();
            prop_assert_eq!(before, follows(&all));
            let entitled = all.iter().any(|one| entitles(one, now()));
            all.push(one("canceled", "teams", 0));
            let after = follows(&all);
            prop_assert_eq!(after, if entitled { before } else { Some(Plan::Free) });
        }
    }
}
