//! Credits: so many per organization in any 24 hours; and how many requests may be under way at once.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::super::SandboxConfig;

const DAY: Duration = Duration::from_hours(24);

#[derive(Debug)]
pub(crate) struct Limits {
    /// Credits in 24 hours.
    pub(crate) daily: u64,
    /// Requests at once, per organization and app.
    pub(crate) concurrency: u32,
    /// How long an answer is in the making.
    pub(crate) work: Duration,
    /// Per organization: what was spent when. Little is kept: minutes are counted together.
    spent: HashMap<u64, VecDeque<(Instant, u64)>>,
    under_way: HashMap<u64, u32>,
    refused_daily: u64,
    refused_burst: u64,
    most_at_once: u32,
}

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Credits,
    Concurrency,
}

impl Limits {
    pub(crate) fn new(config: &SandboxConfig) -> Self {
        Self {
            daily: config.daily,
            // Of the Standard edition.
            concurrency: 10,
            work: Duration::ZERO,
            spent: HashMap::new(),
            under_way: HashMap::new(),
            refused_daily: 0,
            refused_burst: 0,
            most_at_once: 0,
        }
    }

    /// Begins a request; [`Self::end`] ends one that was let in.
    pub(crate) fn begin(&mut self, org: u64, cost: u64) -> Result<(), Over> {
        if self.used(org) + cost > self.daily {
            self.refused_daily += 1;
            return Err(Over::Credits);
        }
        let under_way = self.under_way.entry(org).or_default();
        if *under_way >= self.concurrency {
            self.refused_burst += 1;
            return Err(Over::Concurrency);
        }
        *under_way += 1;
        self.most_at_once = self.most_at_once.max(*under_way);
        self.add(org, cost);
        Ok(())
    }

    pub(crate) fn end(&mut self, org: u64) {
        if let Some(under_way) = self.under_way.get_mut(&org) {
            *under_way = under_way.saturating_sub(1);
        }
    }

    fn add(&mut self, org: u64, cost: u64) {
        let spent = self.spent.entry(org).or_default();
        match spent.back_mut() {
            Some((at, sum)) if at.elapsed() < Duration::from_mins(1) => *sum += cost,
            _ => spent.push_back((Instant::now(), cost)),
        }
    }

    fn used(&mut self, org: u64) -> u64 {
        let spent = self.spent.entry(org).or_default();
        while spent.front().is_some_and(|(at, _)| at.elapsed() > DAY) {
            spent.pop_front();
        }
        spent.iter().map(|(_, credits)| credits).sum()
    }

    /// What the header says: nothing until half of the credits are used.
    pub(crate) fn remaining(&mut self, org: u64) -> Option<u64> {
        let used = self.used(org);
        (used * 2 >= self.daily).then(|| self.daily.saturating_sub(used))
    }

    /// As if other apps had spent this much.
    pub(crate) fn set_spent(&mut self, org: u64, credits: u64) {
        self.spent.insert(org, VecDeque::from([(Instant::now(), credits)]));
    }

    pub(crate) fn json(&self) -> Value {
        let spent = self.spent.iter().map(|(org, spent)| {
            (org.to_string(), json!(spent.iter().map(|(_, credits)| credits).sum::<u64>()))
        });
        json!({
            "tokens_spent": spent.collect::<serde_json::Map<_, _>>(),
            "max_in_burst_window": self.most_at_once,
            "refused": { "burst": self.refused_burst, "search": 0, "daily": self.refused_daily },
            "plan": { "burst": self.concurrency, "daily": self.daily },
        })
    }
}
