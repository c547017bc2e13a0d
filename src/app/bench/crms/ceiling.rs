//! How much a vendor's limits let through. Pure.

use crate::connectors::{Caller, Limits};

/// What an import asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Persons, organizations and deals.
    pub records: f64,
    pub persons: f64,
    pub requests: f64,
    /// In the vendor's own currency.
    pub tokens: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Ceiling {
    pub requests_per_second: f64,
    /// Records a second if every request brought the largest page.
    pub full_pages: f64,
    /// Records a second with the requests that the import needs: not every page is full, and some take
    /// more than one request.
    pub import: f64,
    /// People, with their organizations and deals, for whom a day's budget is enough, without what is
    /// left to members and deliveries.
    pub people_a_day: f64,
}

impl Ceiling {
    pub(super) fn of(limits: Limits, page_size: u16, asked: Asked) -> Self {
        let requests_per_second = f64::from(limits.burst.requests) / limits.burst.per.as_secs_f64();
        let day = f64::from(limits.daily_tokens - Caller::Job.leaves(limits.daily_tokens));
        Self {
            requests_per_second,
            full_pages: f64::from(page_size) * requests_per_second,
            import: asked.records / asked.requests * requests_per_second,
            people_a_day: day / asked.tokens * asked.persons,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::connectors::Window;

    #[test]
    fn the_window_bounds_a_second_and_the_budget_a_day() {
        let window = |requests| Window { requests, per: Duration::from_secs(2) };
        let limits = Limits { burst: window(80), search: window(10), daily_tokens: 10_000 };
        let asked = Asked { records: 1_700.0, persons: 1_000.0, requests: 17.0, tokens: 100.0 };
        let ceiling = Ceiling::of(limits, 500, asked);
        let all = [ceiling.requests_per_second, ceiling.full_pages, ceiling.import];
        for (value, expected) in all.into_iter().zip([40.0, 20_000.0, 4_000.0]) {
            assert!((value - expected).abs() < 1e-9, "{all:?}");
        }
        // 400 tokens are not an import's.
        assert!((ceiling.people_a_day - 96_000.0).abs() < 1e-6, "{ceiling:?}");
    }
}
