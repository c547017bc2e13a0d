//! Days of four processes, simulated: a provider that counts by itself, slow ways to it, workers
//! that never have enough, people in between, memory that is lost.
//!
//! Times are simulated milliseconds, so a day takes a moment; a seed makes a day the same again.
//! `make chaos` runs many.

#![expect(
    clippy::cast_precision_loss,
    clippy::similar_names,
    clippy::too_many_lines,
    reason = "one simulation: its events are one match, its times are days of milliseconds"
)]

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
    time::Duration,
};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use tandem::{
    cache::{BudgetKey, Cache, Clock},
    connectors::{
        BudgetHandle, Caller, Cost, Lane, Limits, Observed, Taken, Throttle, Wait, Window,
    },
};

use super::world::Simulated;
use crate::harness::{long, report};

const DAY: i64 = 86_400_000;
const BURST: u32 = 40;
const WINDOW: i64 = 2_000;
const PROCESSES: usize = 4;
/// Each process works for two connections of the account, with a page ahead.
const WORKERS: usize = PROCESSES * 4;

/// The CRM's side of it.
struct Provider {
    arrived: VecDeque<i64>,
    daily: u32,
    spent: u32,
    reset_hour: i64,
    day: i64,
    refused_burst: u32,
    refused_daily: u32,
    served: u32,
    /// What was spent on each day that is over.
    days: Vec<u32>,
}

impl Provider {
    /// A request arrives: what its headers will say, or that it is refused.
    fn answer(&mut self, now: i64, cost: u32) -> (Option<Throttle>, Observed) {
        let day = (now - self.reset_hour * 3_600_000).div_euclid(DAY);
        if day != self.day {
            self.days.push(self.spent);
            (self.day, self.spent) = (day, 0);
        }
        while self.arrived.front().is_some_and(|at| now - at >= WINDOW) {
            self.arrived.pop_front();
        }
        let full = self.arrived.len() >= BURST as usize;
        let broke = self.spent + cost > self.daily;
        let refused = match (broke, full) {
            (true, _) => Some(Throttle::Daily),
            (_, true) => Some(Throttle::Burst),
            _ => None,
        };
        match refused {
            Some(Throttle::Daily) => self.refused_daily += 1,
            Some(_) => self.refused_burst += 1,
            None => {
                self.arrived.push_back(now);
                self.spent += cost;
                self.served += 1;
            }
        }
        let used = u32::try_from(self.arrived.len()).unwrap();
        let seen = Observed {
            burst_limit: Some(BURST),
            burst_remaining: Some(BURST - used),
            daily_limit: Some(self.daily),
            daily_remaining: Some(if broke { 0 } else { self.daily - self.spent }),
            ..Observed::default()
        };
        (refused, seen)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A worker asks; a person asks, having asked first at that time.
    Ask(usize, Option<i64>),
    Arrive(usize, Option<i64>, u64),
    Answered(usize, Option<i64>, u64),
    Click,
    /// The cache forgets everything.
    Forget,
}

struct Outcome {
    refused_burst: u32,
    refused_daily: u32,
    busy_used: f64,
    least_of_a_day: f64,
    longest_person: i64,
    people: u32,
    looks: u32,
}

struct Day {
    clock: Arc<Simulated>,
    budget: BudgetHandle,
    provider: Provider,
    events: BinaryHeap<Reverse<(i64, u64, Event)>>,
    serial: u64,
    dice: StdRng,
    seen: Vec<(u64, Option<Throttle>, Observed, i64, i64)>,
}

fn limits() -> Limits {
    let window = |requests| Window { requests, per: Duration::from_secs(2) };
    Limits { burst: window(BURST), search: window(10), daily_tokens: 1_000_000 }
}

fn fresh(clock: &Arc<Simulated>) -> BudgetHandle {
    let cache = Cache::with_clock(Arc::clone(clock) as Arc<dyn Clock>);
    cache.budget(BudgetKey::of("crm", "1", "1"), limits())
}

impl Day {
    fn at(&mut self, time: i64, event: Event) {
        self.serial += 1;
        self.events.push(Reverse((time, self.serial, event)));
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        self.dice.random_range(least..=most)
    }
}

/// Lists mostly; some cheap ones.
fn cost(dice: &mut impl Rng) -> Cost {
    let tokens = if dice.random_bool(0.9) { 10 } else { 1 };
    Cost { tokens, lane: Lane::General }
}

async fn a_day(seed: u64, hours: i64) -> Outcome {
    let clock = Arc::new(Simulated::default());
    let start = clock.now_ms();
    let mut dice = StdRng::seed_from_u64(seed);
    let reset_hour = dice.random_range(0..24);
    let provider = Provider {
        arrived: VecDeque::new(),
        daily: dice.random_range(60_000..200_000),
        spent: 0,
        reset_hour,
        day: (start - reset_hour * 3_600_000).div_euclid(DAY),
        refused_burst: 0,
        refused_daily: 0,
        served: 0,
        days: Vec::new(),
    };
    let mut day = Day {
        budget: fresh(&clock),
        clock,
        provider,
        events: BinaryHeap::new(),
        serial: 0,
        dice,
        seen: Vec::new(),
    };
    for worker in 0..WORKERS {
        let first = start + day.between(0, 500);
        day.at(first, Event::Ask(worker, None));
    }
    let click = start + day.between(0, 600_000);
    day.at(click, Event::Click);
    let forget = start + day.between(0, 900_000);
    day.at(forget, Event::Forget);
    let mut costs: Vec<(u64, Cost)> = Vec::new();
    // Time in which somebody had work and the day had tokens for it, and what was served then.
    let (mut busy_since, mut busy, mut served_busy) = (Some((start, 0)), 0_i64, 0_u32);
    let mut outcome = Outcome {
        refused_burst: 0,
        refused_daily: 0,
        busy_used: 0.0,
        least_of_a_day: 1.0,
        longest_person: 0,
        people: 0,
        looks: 0,
    };
    while let Some(Reverse((now, _, event))) = day.events.pop() {
        if now > start + hours * 3_600_000 {
            break;
        }
        let passed = u64::try_from(now - day.clock.now_ms()).unwrap();
        day.clock.pass(Duration::from_millis(passed));
        match event {
            Event::Click => {
                day.at(now, Event::Ask(WORKERS, Some(now)));
                let next = now + day.between(1_000, 1_200_000);
                day.at(next, Event::Click);
            }
            Event::Forget => {
                let view = day.budget.view().await;
                day.budget = fresh(&day.clock);
                day.budget.restore(&view).await;
                let next = now + day.between(600_000, 14_400_000);
                day.at(next, Event::Forget);
            }
            Event::Ask(worker, person) => {
                let price = cost(&mut day.dice);
                let who = if person.is_some() { Caller::Person } else { Caller::Job };
                match day.budget.take(price, who).await {
                    Taken::Granted => {
                        if let Some(first) = person {
                            outcome.people += 1;
                            outcome.longest_person = outcome.longest_person.max(now - first);
                        } else if busy_since.is_none() {
                            busy_since = Some((now, day.provider.served));
                        }
                        day.serial += 1;
                        let id = day.serial;
                        costs.push((id, price));
                        // Mostly quick, sometimes very slow on the way.
                        let slow = day.dice.random_bool(0.002);
                        let way = if slow { day.between(500, 8_000) } else { day.between(1, 15) };
                        day.at(now + way, Event::Arrive(worker, person, id));
                    }
                    Taken::Wait(Wait { duration, why }) => {
                        if why == Throttle::Daily {
                            if let Some((since, served)) = busy_since.take() {
                                busy += now - since;
                                served_busy += day.provider.served - served;
                            }
                            if person.is_some() {
                                continue;
                            }
                        }
                        let pause = i64::try_from(duration.as_millis()).unwrap();
                        let late = day.between(0, 5);
                        day.at(now + pause + late, Event::Ask(worker, person));
                    }
                }
            }
            Event::Arrive(worker, person, id) => {
                let place = costs.iter().position(|(of, _)| *of == id).unwrap();
                let (refused, seen) = day.provider.answer(now, costs[place].1.tokens);
                let (began, whole) = (now + day.between(2, 30), day.between(1, 60));
                day.seen.push((id, refused, seen, began, now));
                day.at(began + whole, Event::Answered(worker, person, id));
            }
            Event::Answered(worker, person, id) => {
                let place = day.seen.iter().position(|one| one.0 == id).unwrap();
                let (_, refused, seen, began, sent) = day.seen.swap_remove(place);
                let place = costs.iter().position(|(of, _)| *of == id).unwrap();
                let price = costs.swap_remove(place).1;
                let past = |from: i64| Duration::from_millis((now - from).try_into().unwrap());
                let seen = Observed { age: past(began), took: past(sent), ..seen };
                day.budget.observe(price, seen).await;
                if let Some(why) = refused {
                    let hour = Duration::from_hours(1);
                    let duration =
                        if why == Throttle::Daily { hour } else { Duration::from_secs(2) };
                    day.budget.block(Wait { duration, why }).await;
                }
                if person.is_none() {
                    let think = day.between(0, 40);
                    day.at(now + think, Event::Ask(worker, None));
                }
            }
        }
    }
    if let Some((since, served)) = busy_since {
        busy += start + hours * 3_600_000 - since;
        served_busy += day.provider.served - served;
    }
    outcome.refused_burst = day.provider.refused_burst;
    outcome.refused_daily = day.provider.refused_daily;
    outcome.busy_used = f64::from(served_busy) / (f64::from(BURST) * busy as f64 / WINDOW as f64);
    for spent in &day.provider.days {
        let used = f64::from(*spent) / f64::from(day.provider.daily);
        outcome.least_of_a_day = outcome.least_of_a_day.min(used);
    }
    outcome.looks = u32::try_from(hours).unwrap();
    outcome
}

#[tokio::test]
async fn no_window_overflows_in_a_day_and_nearly_all_of_it_is_used() {
    let (mut sum, mut worst_use, mut worst_day) = (0.0, 1.0_f64, 1.0_f64);
    let (mut longest, mut daily, mut people) = (0, 0, 0);
    let seeds: u32 = if long() { 200 } else { 12 };
    for seed in 0..seeds {
        let day = a_day(u64::from(seed), 24).await;
        assert_eq!(day.refused_burst, 0, "seed {seed}: a window overflowed");
        // Only looks at a used-up day, once after each full hour at most.
        assert!(day.refused_daily <= day.looks, "seed {seed}: {} refused", day.refused_daily);
        assert!(day.busy_used >= 0.92, "seed {seed}: {} of the window used", day.busy_used);
        sum += day.busy_used;
        assert!(day.least_of_a_day >= 0.95, "seed {seed}: {} of a day", day.least_of_a_day);
        assert!(day.longest_person <= 4_000, "seed {seed}: a person waited {}", day.longest_person);
        worst_use = worst_use.min(day.busy_used);
        worst_day = worst_day.min(day.least_of_a_day);
        longest = longest.max(day.longest_person);
        daily += day.refused_daily;
        people += day.people;
    }
    let mean = sum / f64::from(seeds);
    report(
        "budget-days",
        &serde_json::json!({
            "days": seeds,
            "windows_over": 0,
            "burst_used_percent": mean * 100.0,
            "burst_used_percent_worst": worst_use * 100.0,
            "day_used_percent_worst": worst_day * 100.0,
            "people": people,
            "longest_wait_ms": longest,
            "looks_refused": daily,
        }),
    );
    assert!(mean >= 0.95, "{mean} of the windows used");
}
