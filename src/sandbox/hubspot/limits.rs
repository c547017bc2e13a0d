//! Limits: requests per rolling ten seconds and portal, searches per second apart.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

const WINDOW: Duration = Duration::from_secs(10);
const SEARCH_WINDOW: Duration = Duration::from_secs(1);

/// As for an app that anybody may install; there is no daily limit for those.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) burst: u32,
    pub(crate) search_burst: u32,
    windows: HashMap<(u64, bool), VecDeque<Instant>>,
    refused_burst: u64,
    refused_search: u64,
    most_in_window: usize,
    /// Requests let through, by portal.
    passed: HashMap<u64, u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            burst: 110,
            search_burst: 5,
            windows: HashMap::new(),
            refused_burst: 0,
            refused_search: 0,
            most_in_window: 0,
            passed: HashMap::new(),
        }
    }
}

impl Limits {
    /// Takes a request out of its window: what is left of it, or nothing.
    pub(crate) fn spend(&mut self, portal: u64, search: bool) -> Option<u32> {
        let now = Instant::now();
        let (limit, length) =
            if search { (self.search_burst, SEARCH_WINDOW) } else { (self.burst, WINDOW) };
        let window = self.windows.entry((portal, search)).or_default();
        while window.front().is_some_and(|first| now.duration_since(*first) >= length) {
            window.pop_front();
        }
        let used = u32::try_from(window.len()).unwrap_or(u32::MAX);
        if used >= limit {
            *(if search { &mut self.refused_search } else { &mut self.refused_burst }) += 1;
            return None;
        }
        window.push_back(now);
        self.most_in_window = self.most_in_window.max(window.len());
        *self.passed.entry(portal).or_default() += 1;
        Some(limit - used - 1)
    }

    pub(crate) fn json(&self) -> Value {
        let passed: serde_json::Map<_, _> =
            self.passed.iter().map(|(portal, n)| (portal.to_string(), json!(n))).collect();
        json!({
            "tokens_spent": passed,
            "max_in_burst_window": self.most_in_window,
            "refused": { "burst": self.refused_burst, "search": self.refused_search, "daily": 0 },
            "plan": { "burst": self.burst, "search_burst": self.search_burst, "daily": null },
        })
    }
}
