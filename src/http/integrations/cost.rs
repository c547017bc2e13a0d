//! What a connection has left of its day, and what a full import will cost.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use poem_openapi::{Enum, Object};

use crate::{
    connectors::{self, BudgetView, Extent, JOBS_LEAVE},
    db::budget_use::Sizes,
    flows::Provider,
};

/// The account's daily budget is shared with every other integration of the account.
#[derive(Object)]
pub(super) struct Budget {
    /// Tokens per day; `null` until the provider told.
    daily_limit: Option<u32>,
    daily_used: Option<u32>,
    daily_remaining: Option<u32>,
    /// Share that jobs leave to people.
    reserve_percent: u32,
    /// When the day is over, as it was seen to be on an earlier day; providers do not say, so
    /// `null` until then.
    resets_at: Option<DateTime<Utc>>,
    burst_limit: u32,
    burst_window_s: f64,
    /// Tokens that this company took today (UTC).
    spent_by_us_today: u32,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum EstimateSource {
    /// What the last complete import saw.
    LastRun,
    /// What was chosen.
    Selection,
    Unknown,
}

/// What a full import will ask of the provider; an estimate, for providers give no totals.
#[derive(Object)]
#[oai(rename = "Forecast")]
pub(super) struct ImportForecast {
    persons: Option<i64>,
    source: EstimateSource,
    requests: Option<u32>,
    tokens: Option<u32>,
}

impl Budget {
    /// `ours` is what this company used today; the rest is what the provider tells of the account.
    pub(super) fn of(view: &BudgetView, ours: i64, now: DateTime<Utc>) -> Self {
        Self {
            daily_limit: view.daily_limit,
            daily_used: view
                .daily_limit
                .zip(view.daily_remaining)
                .map(|(limit, remaining)| limit.saturating_sub(remaining)),
            daily_remaining: view.daily_remaining,
            reserve_percent: 100 / JOBS_LEAVE,
            resets_at: view.reset_hour.and_then(|hour| next_hour(now, hour)),
            burst_limit: view.burst_limit,
            burst_window_s: f64::from(view.burst_window_ms) / 1_000.0,
            spent_by_us_today: u32::try_from(ours).unwrap_or(u32::MAX),
        }
    }
}

/// The next time that it is this hour (UTC).
pub(super) fn next_hour(now: DateTime<Utc>, hour: u32) -> Option<DateTime<Utc>> {
    let today = now.date_naive().and_time(NaiveTime::from_hms_opt(hour, 0, 0)?).and_utc();
    Some(if today > now { today } else { today + TimeDelta::days(1) })
}

impl ImportForecast {
    pub(super) fn of(provider: &Provider, sizes: Option<Sizes>) -> Self {
        let forecast = connectors::forecast(provider.connector.manifest(), full(sizes));
        Self {
            persons: sizes.map(|sizes| sizes.persons),
            source: if sizes.is_some() { EstimateSource::LastRun } else { EstimateSource::Unknown },
            requests: forecast.requests,
            tokens: forecast.tokens,
        }
    }
}

/// Everything, as large as it was last time.
pub(super) fn full(sizes: Option<Sizes>) -> Extent {
    let count = |of: fn(&Sizes) -> i64| u32::try_from(of(&sizes?)).ok();
    Extent::Full {
        persons: count(|sizes| sizes.persons),
        organizations: count(|sizes| sizes.organizations),
        deals: count(|sizes| sizes.deals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_the_next_such_hour() {
        let now: DateTime<Utc> = "2026-11-20T23:30:00Z".parse().unwrap();
        let at = |hour| next_hour(now, hour).unwrap().to_rfc3339();
        assert_eq!(at(0), "2026-11-21T00:00:00+00:00");
        assert_eq!(at(23), "2026-11-21T23:00:00+00:00");
    }
}
