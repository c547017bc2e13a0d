//! Budgets: a burst of requests per token, searches apart, and tokens per company and day.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::sandbox::SandboxConfig;

use super::oauth::grants::InstallKey;

/// The burst window rolls over the last two seconds.
const WINDOW: Duration = Duration::from_secs(2);
const ARRIVALS: usize = 20_000;

#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) burst: u32,
    pub(crate) search_burst: u32,
    pub(crate) daily: u64,
    /// Per company: the day (since 1970) and the tokens spent on it.
    spent: HashMap<u64, (u64, u64)>,
    windows: HashMap<(InstallKey, bool), VecDeque<Instant>>,
    pub(crate) refused_burst: u64,
    pub(crate) refused_search: u64,
    pub(crate) refused_daily: u64,
    pub(crate) most_in_window: usize,
    /// When each request was counted, in milliseconds; the last [`ARRIVALS`] of them.
    arrivals: VecDeque<u64>,
    since: Instant,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Seconds until the window is free again.
    pub(crate) reset: u64,
    pub(crate) daily_limit: u64,
    pub(crate) daily_remaining: u64,
}

/// Which budget ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Burst,
    Daily,
}

impl Limits {
    pub(crate) fn new(config: &SandboxConfig) -> Self {
        Self {
            burst: config.burst,
            search_burst: config.search_burst,
            daily: config.daily,
            spent: HashMap::new(),
            windows: HashMap::new(),
            refused_burst: 0,
            refused_search: 0,
            refused_daily: 0,
            most_in_window: 0,
            arrivals: VecDeque::new(),
            since: Instant::now(),
        }
    }

    /// Takes a request out of the budgets, or says which is empty.
    pub(crate) fn spend(
        &mut self,
        install: &InstallKey,
        cost: u64,
        search: bool,
        now: u64,
    ) -> Result<Standing, (Over, Standing)> {
        let instant = Instant::now();
        let limit = if search { self.search_burst } else { self.burst };
        let window = self.windows.entry((install.clone(), search)).or_default();
        while window.front().is_some_and(|&first| instant.duration_since(first) >= WINDOW) {
            window.pop_front();
        }
        let used = u32::try_from(window.len()).unwrap_or(u32::MAX);
        let full = used >= limit;
        let spent = Self::today(&mut self.spent, install.company, now);
        let broke = *spent + cost > self.daily;
        if !full && !broke {
            window.push_back(instant);
            self.most_in_window = self.most_in_window.max(window.len());
            *spent += cost;
            if self.arrivals.len() == ARRIVALS {
                self.arrivals.pop_front();
            }
            let at = instant.duration_since(self.since).as_millis();
            self.arrivals.push_back(u64::try_from(at).unwrap_or(u64::MAX));
        }
        let reset = window.front().map_or(0, |&first| {
            WINDOW.saturating_sub(instant.duration_since(first)).as_millis().div_ceil(1_000)
        });
        let standing = Standing {
            limit,
            remaining: limit.saturating_sub(used + u32::from(!full && !broke)),
            reset: u64::try_from(reset).unwrap_or(2),
            daily_limit: self.daily,
            // A budget too small for this request counts as empty, as it does at the real one.
            daily_remaining: if broke { 0 } else { self.daily.saturating_sub(*spent) },
        };
        if broke {
            self.refused_daily += 1;
            return Err((Over::Daily, standing));
        }
        if full {
            *(if search { &mut self.refused_search } else { &mut self.refused_burst }) += 1;
            return Err((Over::Burst, standing));
        }
        Ok(standing)
    }

    fn today(spent: &mut HashMap<u64, (u64, u64)>, company: u64, now: u64) -> &mut u64 {
        let day = now / 86_400;
        let entry = spent.entry(company).or_insert((day, 0));
        if entry.0 != day {
            *entry = (day, 0);
        }
        &mut entry.1
    }

    /// As if other integrations had spent this much of the company's day.
    pub(crate) fn set_spent(&mut self, company: u64, tokens: u64, now: u64) {
        *Self::today(&mut self.spent, company, now) = tokens;
    }

    pub(crate) fn arrivals(&self) -> Value {
        json!(self.arrivals)
    }

    pub(crate) fn json(&self) -> Value {
        let spent: serde_json::Map<_, _> = self
            .spent
            .iter()
            .map(|(company, (_, spent))| (company.to_string(), json!(spent)))
            .collect();
        json!({
            "tokens_spent": spent,
            "max_in_burst_window": self.most_in_window,
            "refused": {
                "burst": self.refused_burst,
                "search": self.refused_search,
                "daily": self.refused_daily,
            },
            "plan": {
                "burst": self.burst, "search_burst": self.search_burst, "daily": self.daily,
            },
        })
    }
}
