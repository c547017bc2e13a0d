//! One connection's budget as numbers: what may go out now. Pure.
//!
//! `budget.lua` holds the same rules for Redis; one suite of tests runs over both.
//!
//! - Bursts are counted exactly, request by request, in a rolling window. Jobs use four fifths
//!   of it, so that a person never waits behind an import.
//! - Of the day's tokens jobs leave a fifth for people. The provider's own count wins: a lower
//!   one at once, a higher one minus what may still be under way.
//! - Nobody says when the provider's day ends. A used-up day is therefore tried once an hour.

use std::{collections::VecDeque, time::Duration};

use crate::connectors::{
    BudgetView, Caller, Cost, Lane, Limits, Observed, Taken, Throttle, Wait, Window,
};

pub(super) const DAY: i64 = 86_400_000;
/// How long a provider's report of a used-up day is believed.
pub(super) const PROBE_EVERY: i64 = 3_600_000;
/// Requests take unequally long to arrive, so a window over there may see more than ours did.
pub(super) const GRACE: i64 = 100;
/// Longer than any call lasts: a request without an answer by then never gets one.
const FORGIVEN: i64 = 30_000;
/// A 429 so soon after a pause means that the pause was too short.
const STRIKE_WITHIN: i64 = 10_000;
const LONGEST_STRIKE: i64 = 900_000;
/// Beyond this a header is nonsense.
const SANE_BURST: u32 = 100_000;

#[derive(Debug, Default, Clone)]
pub(super) struct Ledger {
    general: VecDeque<i64>,
    search: VecDeque<i64>,
    general_limit: Option<u32>,
    search_limit: Option<u32>,
    blocked: Option<(i64, Throttle)>,
    strikes: u32,
    daily_limit: Option<u32>,
    left: Option<u32>,
    reported_at: i64,
    probed_at: i64,
    day: i64,
    spent_today: u32,
    /// Tokens without an answer yet, taken in the running and in the last stretch of [`FORGIVEN`].
    under_way: [u32; 2],
    under_way_since: i64,
    pub(super) touched: i64,
}

impl Ledger {
    pub(super) fn take(&mut self, now: i64, cost: Cost, who: Caller, limits: &Limits) -> Taken {
        self.roll(now);
        if let Some((until, why)) = self.blocked
            && until > now
        {
            return wait(until - now, why);
        }
        let general = self.general_limit.unwrap_or(limits.burst.requests);
        let mut longest = full(&mut self.general, now, general, limits.burst, who);
        if cost.lane == Lane::Search {
            // A header may narrow this window but not widen it: it could speak of the other.
            let search = limits.search.requests.min(self.search_limit.unwrap_or(u32::MAX));
            longest = longest.max(full(&mut self.search, now, search, limits.search, who));
        }
        if longest > 0 {
            return wait(longest, Throttle::Burst);
        }
        if let Some(pause) = self.day_is_over(now, cost.tokens, who, limits) {
            return wait(pause, Throttle::Daily);
        }
        self.general.push_back(now);
        if cost.lane == Lane::Search {
            self.search.push_back(now);
        }
        let left = self.left_or(limits);
        self.left = Some(left.saturating_sub(cost.tokens));
        self.spent_today = self.spent_today.saturating_add(cost.tokens);
        self.under_way[0] = self.under_way[0].saturating_add(cost.tokens);
        Taken::Granted
    }

    /// How long the day's tokens forbid this cost; an hourly probe is let through.
    fn day_is_over(&mut self, now: i64, tokens: u32, who: Caller, limits: &Limits) -> Option<i64> {
        let limit = self.daily_limit.unwrap_or(limits.daily_tokens);
        let reserved = if who == Caller::Job { limit.div_ceil(5) } else { 0 };
        if self.left_or(limits) >= tokens.saturating_add(reserved) {
            return None;
        }
        let next = self.reported_at.max(self.probed_at).saturating_add(PROBE_EVERY);
        if self.reported_at > 0 && next <= now {
            self.probed_at = now;
            return None;
        }
        // Never reported: our own count, which starts anew at midnight UTC.
        let until = if self.reported_at > 0 { next } else { (self.day + 1) * DAY };
        Some((until - now).clamp(1, PROBE_EVERY))
    }

    pub(super) fn observe(&mut self, now: i64, cost: Cost, seen: &Observed, limits: &Limits) {
        self.roll(now);
        self.arrived(cost.tokens);
        let (log, limit, window, known) = match cost.lane {
            Lane::General => {
                (&mut self.general, &mut self.general_limit, limits.burst, limits.burst.requests)
            }
            Lane::Search => {
                (&mut self.search, &mut self.search_limit, limits.search, limits.search.requests)
            }
        };
        if let Some(seen) = seen.burst_limit.filter(|limit| (1..=SANE_BURST).contains(limit)) {
            *limit = Some(seen);
        }
        if let Some(remaining) = seen.burst_remaining {
            // Requests that this ledger forgot, or never knew of, count as made just now.
            forget(log, now, window);
            let used = limit.unwrap_or(known).saturating_sub(remaining) as usize;
            log.extend(std::iter::repeat_n(now, used.saturating_sub(log.len())));
        }
        if let Some(limit) = seen.daily_limit.filter(|limit| *limit > 0) {
            self.daily_limit = Some(limit);
        }
        if let Some(remaining) = seen.daily_remaining {
            let under_way = self.under_way[0].saturating_add(self.under_way[1]);
            let left = self.left_or(limits);
            self.left = Some(remaining.min(left.max(remaining.saturating_sub(under_way))));
            self.reported_at = now;
        }
    }

    pub(super) fn block(&mut self, now: i64, asked: Wait) {
        self.touched = now;
        let mut pause = millis(asked.duration);
        if let Some((until, _)) = self.blocked {
            if until > now {
                // The others of the same burst: one pause for all.
                if until >= now + pause {
                    return;
                }
            } else if asked.why == Throttle::Burst && now - until < STRIKE_WITHIN {
                self.strikes = (self.strikes + 1).min(10);
                pause = (pause << self.strikes).min(LONGEST_STRIKE);
            } else {
                self.strikes = 0;
            }
        }
        self.blocked = Some((now + pause, asked.why));
        if asked.why == Throttle::Daily {
            self.left = Some(0);
            self.reported_at = now;
        }
    }

    pub(super) fn view(&mut self, now: i64, limits: &Limits) -> BudgetView {
        self.roll(now);
        BudgetView {
            burst_limit: self.general_limit.unwrap_or(limits.burst.requests),
            burst_window_ms: u32::try_from(limits.burst.per.as_millis()).unwrap_or(u32::MAX),
            daily_limit: self.daily_limit,
            daily_remaining: self.left.filter(|_| self.reported_at > 0),
            spent_today: self.spent_today,
            day: self.day,
            reported_at: self.reported_at,
            left: self.left_or(limits),
        }
    }

    pub(super) fn restore(&mut self, now: i64, view: &BudgetView) {
        if self.touched > 0 {
            return;
        }
        self.roll(now);
        self.daily_limit = view.daily_limit;
        let today = view.day == self.day;
        if today {
            self.spent_today = view.spent_today;
        }
        if today || (view.reported_at > 0 && now - view.reported_at < DAY) {
            self.left = Some(view.left);
            self.reported_at = view.reported_at;
        }
    }

    fn left_or(&self, limits: &Limits) -> u32 {
        self.left.unwrap_or_else(|| self.daily_limit.unwrap_or(limits.daily_tokens))
    }

    fn roll(&mut self, now: i64) {
        self.touched = now;
        let today = now.div_euclid(DAY);
        if self.day != today {
            self.day = today;
            self.spent_today = 0;
            if self.reported_at == 0 {
                self.left = None;
            }
        }
        // Whenever the provider's day ends: after so long it has.
        if self.reported_at > 0 && now - self.reported_at >= DAY {
            self.left = None;
            self.reported_at = 0;
        }
        let age = now - self.under_way_since;
        if age >= FORGIVEN {
            let last = if age >= 2 * FORGIVEN { 0 } else { self.under_way[0] };
            self.under_way = [0, last];
            self.under_way_since = now;
        }
    }

    fn arrived(&mut self, tokens: u32) {
        let older = tokens.saturating_sub(self.under_way[0]);
        self.under_way[0] = self.under_way[0].saturating_sub(tokens);
        self.under_way[1] = self.under_way[1].saturating_sub(older);
    }
}

/// How long until a window has room; 0 when it has.
fn full(log: &mut VecDeque<i64>, now: i64, limit: u32, window: Window, who: Caller) -> i64 {
    forget(log, now, window);
    let mine = match who {
        Caller::Person => limit,
        Caller::Job => limit * 4 / 5,
    };
    let mine = mine.max(1) as usize;
    if log.len() < mine {
        return 0;
    }
    // Room comes when all but `mine - 1` have left the window.
    let last = log[log.len() - mine];
    (last + millis(window.per) + GRACE - now).max(1)
}

fn forget(log: &mut VecDeque<i64>, now: i64, window: Window) {
    let until = now - millis(window.per) - GRACE;
    while log.front().is_some_and(|at| *at <= until) {
        log.pop_front();
    }
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

fn wait(ms: i64, why: Throttle) -> Taken {
    Taken::Wait(Wait { duration: Duration::from_millis(ms.max(1).cast_unsigned()), why })
}
