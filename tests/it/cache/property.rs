//! Whatever is asked, in whatever order: no limit is ever exceeded.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "parts of a second, in milliseconds"
)]

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use tandem::{
    cache::{Cache, Clock},
    connectors::{Caller, Cost, Lane, Observed, Taken, Throttle, Wait},
};

use super::world::{LIMITS, Simulated, WINDOW, ask};

#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Take {
        search: bool,
        job: bool,
        tokens: u32,
    },
    /// The answer to one of those on their way comes, having arrived and begun at some moment.
    Answer {
        which: usize,
        arrived: f64,
        began: f64,
    },
    Block {
        ms: u64,
    },
    /// The provider counts so many tokens more than we do.
    OthersSpent(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..200_u64).prop_map(Step::Pass),
        12 => (any::<bool>(), any::<bool>(), 0..20_u32)
            .prop_map(|(search, job, tokens)| Step::Take { search, job, tokens }),
        12 => (any::<usize>(), 0.0..1.0, 0.0..1.0)
            .prop_map(|(which, arrived, began)| Step::Answer { which, arrived, began }),
        1 => (1..800_u64).prop_map(|ms| Step::Block { ms }),
        1 => (0..50_u32).prop_map(Step::OthersSpent),
    ];
    prop::collection::vec(step, 1..400)
}

#[derive(Clone, Copy)]
struct Grant {
    at: i64,
    cost: Cost,
}

/// The most that arrived in any half-open window.
fn most(grants: &[&Grant]) -> usize {
    let window = i64::try_from(WINDOW.as_millis()).unwrap();
    let within = |first: &Grant| {
        grants.iter().filter(|grant| (first.at..first.at + window).contains(&grant.at)).count()
    };
    grants.iter().map(|first| within(first)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn no_window_no_day_and_no_block_is_ever_exceeded(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let clock = Arc::new(Simulated::default());
            let cache = Cache::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
            let budget = cache.budget("a", LIMITS);
            let (mut flying, mut grants) = (Vec::<Grant>::new(), Vec::new());
            // What the provider has left, as it counts.
            let mut left = LIMITS.daily_tokens;
            let mut blocked_until = i64::MIN;
            for step in steps {
                match step {
                    Step::Pass(ms) => clock.pass(Duration::from_millis(ms)),
                    Step::Block { ms } => {
                        let duration = Duration::from_millis(ms);
                        budget.block(Wait { duration, why: Throttle::Blocked }).await;
                        let until = clock.now_ms() + i64::try_from(ms).unwrap();
                        blocked_until = blocked_until.max(until);
                    }
                    Step::OthersSpent(tokens) => {
                        left = left.saturating_sub(tokens);
                        let daily_remaining = Some(left);
                        let seen = Observed { daily_remaining, ..Observed::default() };
                        budget.observe(Cost { tokens: 0, lane: Lane::General }, seen).await;
                    }
                    Step::Take { search, job, tokens } => {
                        let lane = if search { Lane::Search } else { Lane::General };
                        let who = if job { Caller::Job } else { Caller::Person };
                        let cost = Cost { tokens, lane };
                        if budget.take(cost, who).await == Taken::Granted {
                            let at = clock.now_ms();
                            prop_assert!(at >= blocked_until, "granted while blocked");
                            prop_assert!(tokens <= left, "more than the day had");
                            left -= tokens;
                            if job {
                                prop_assert!(left >= 40, "a job took from the reserve");
                            }
                            flying.push(Grant { at, cost });
                        }
                    }
                    Step::Answer { which, arrived, began } if !flying.is_empty() => {
                        let grant = flying.swap_remove(which % flying.len());
                        let part = |from: i64, part: f64| {
                            from + ((clock.now_ms() - from) as f64 * part) as i64
                        };
                        let at = part(grant.at, arrived);
                        let age = clock.now_ms() - part(at, began);
                        let age = Duration::from_millis(age.try_into().unwrap());
                        let seen = Observed { age, ..Observed::default() };
                        budget.observe(grant.cost, seen).await;
                        grants.push(Grant { at, ..grant });
                    }
                    Step::Answer { .. } => {}
                }
            }
            grants.append(&mut flying);
            let searches: Vec<_> =
                grants.iter().filter(|grant| grant.cost.lane == Lane::Search).collect();
            prop_assert!(most(&grants.iter().collect::<Vec<_>>()) <= 10);
            prop_assert!(most(&searches) <= 4);
            Ok(())
        })?;
    }

    #[test]
    fn whoever_waits_as_told_is_served(takes in prop::collection::vec(any::<bool>(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let clock = Arc::new(Simulated::default());
            let cache = Cache::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
            let budget = cache.budget("a", LIMITS);
            for search in takes {
                let lane = if search { Lane::Search } else { Lane::General };
                let cost = Cost { tokens: 1, lane };
                let mut waits = 0;
                while let Taken::Wait(wait) = ask(&budget, cost, Caller::Job).await {
                    clock.pass(wait.duration);
                    waits += 1;
                    prop_assert!(waits <= 1, "told to wait again");
                }
            }
            Ok(())
        })?;
    }
}
