//! Requests of an org in a day: all its apps together, and no window of seconds.

use std::collections::HashMap;

use serde_json::{Value, json};

/// A day in milliseconds. The real one rolls over 24 hours; here it ends at midnight UTC.
const DAY: i64 = 86_400_000;

#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) daily: u64,
    spent: HashMap<u64, (i64, u64)>,
    refused: u64,
}

impl Limits {
    pub(crate) fn new(daily: u64) -> Self {
        Self { daily, spent: HashMap::new(), refused: 0 }
    }

    fn today(&mut self, org: u64, now: i64) -> &mut u64 {
        let entry = self.spent.entry(org).or_insert((now / DAY, 0));
        if entry.0 != now / DAY {
            *entry = (now / DAY, 0);
        }
        &mut entry.1
    }

    /// Counts a request; `false` when the day is used up.
    pub(crate) fn spend(&mut self, org: u64, now: i64) -> bool {
        let daily = self.daily;
        let spent = self.today(org, now);
        let fits = *spent < daily;
        *spent += u64::from(fits);
        self.refused += u64::from(!fits);
        fits
    }

    pub(crate) fn spent(&mut self, org: u64, now: i64) -> u64 {
        *self.today(org, now)
    }

    /// As if other apps had used this much of the day.
    pub(crate) fn set_spent(&mut self, org: u64, spent: u64, now: i64) {
        *self.today(org, now) = spent;
    }

    pub(crate) fn json(&self) -> Value {
        let spent: serde_json::Map<_, _> =
            self.spent.iter().map(|(org, (_, spent))| (org.to_string(), json!(spent))).collect();
        json!({
            "tokens_spent": spent,
            "refused": { "burst": 0, "search": 0, "daily": self.refused },
            "plan": { "daily": self.daily },
        })
    }
}
