//! One account's budget as numbers: what may go out now. Pure.
//!
//! `budget.lua` holds the same rules for Redis; one suite of tests runs over both.
//!
//! - Bursts are counted exactly, request by request, per grant ([`super::window`]). Jobs may use
//!   all of a window; while people are around they leave a fortieth, and never take the place of
//!   a person who waits.
//! - Of the day's tokens, which all grants of the account share, jobs leave a twenty-fifth for
//!   people. The provider's own count wins: a lower one at once, a higher one minus what may still
//!   be under way.
//! - Nobody says when the provider's day ends, only that it is midnight somewhere: a used-up day is
//!   looked at again after each full hour, and the hour is remembered once it was seen.
//! - Whoever starts from memory does not know what went out just before: it holds for a window, and
//!   leaves a tenth of it free for as long as a forgotten request may still be on its way.

use std::{collections::HashMap, time::Duration};

use super::window::{GRACE, LOST, Windows};
use crate::connectors::{BudgetView, Caller, Cost, Limits, Observed, Taken, Throttle, Wait};

pub(super) const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
/// After the full hour: clocks differ.
const PAST_THE_HOUR: i64 = 30_000;
/// A look at a used-up day has its answer by then.
const LOOKING: i64 = 60_000;
/// Longer than any call lasts: tokens without an answer by then were counted or never will be.
const FORGIVEN: i64 = 30_000;
/// A 429 so soon after a pause means that the pause was too short.
const STRIKE_WITHIN: i64 = 10_000;
const LONGEST_STRIKE: i64 = 900_000;
/// Beyond this a header is nonsense.
const SANE_BURST: u32 = 100_000;

#[derive(Debug, Default, Clone)]
pub(super) struct Ledger {
    /// By user: windows are each grant's own.
    grants: HashMap<String, Windows>,
    /// Everybody stays away until then.
    shut: Option<(i64, Throttle)>,
    held_until: i64,
    careful_until: i64,
    daily_limit: Option<u32>,
    left: Option<u32>,
    reported_at: i64,
    probed_at: i64,
    /// The hour (UTC) at which the provider's day was seen to end.
    reset_hour: Option<u32>,
    day: i64,
    spent_today: u32,
    /// Tokens without an answer yet, taken in the running and in the last stretch of [`FORGIVEN`].
    under_way: [u32; 2],
    under_way_since: i64,
    pub(super) touched: i64,
}

impl Ledger {
    pub(super) fn take(
        &mut self,
        now: i64,
        user: &str,
        cost: Cost,
        who: Caller,
        limits: &Limits,
    ) -> Taken {
        self.roll(now);
        if let Some((until, why)) = self.shut
            && until > now
        {
            return wait(until - now, why);
        }
        let blocked = self.windows(user).blocked_until.max(self.held_until);
        if blocked > now {
            return wait(blocked - now, Throttle::Burst);
        }
        let careful = now < self.careful_until;
        let taken = self.windows(user).take(now, cost.lane, who, careful, limits);
        if taken != Taken::Granted {
            return taken;
        }
        if let Some(pause) = self.day_is_over(now, cost.tokens, who, limits) {
            return wait(pause, Throttle::Daily);
        }
        self.windows(user).leave(now, cost.lane);
        let left = self.left_or(limits);
        self.left = Some(left.saturating_sub(cost.tokens));
        self.spent_today = self.spent_today.saturating_add(cost.tokens);
        self.under_way[0] = self.under_way[0].saturating_add(cost.tokens);
        Taken::Granted
    }

    fn windows(&mut self, user: &str) -> &mut Windows {
        if !self.grants.contains_key(user) {
            self.grants.insert(user.to_owned(), Windows::default());
        }
        self.grants.entry(user.to_owned()).or_default()
    }

    /// How long the day's tokens forbid this cost; a look after each full hour is let through.
    fn day_is_over(&mut self, now: i64, tokens: u32, who: Caller, limits: &Limits) -> Option<i64> {
        let limit = self.daily_limit.unwrap_or(limits.daily_tokens);
        let reserved = who.leaves(limit);
        if self.left_or(limits) >= tokens.saturating_add(reserved) {
            return None;
        }
        let last = self.reported_at.max(self.probed_at);
        let next = (last - PAST_THE_HOUR).div_euclid(HOUR) * HOUR + HOUR + PAST_THE_HOUR;
        if self.reported_at > 0 && next <= now {
            self.probed_at = now;
            return None;
        }
        let until = if self.probed_at > self.reported_at && now - self.probed_at < LOOKING {
            // Somebody is looking: its answer may let everybody on.
            self.probed_at + LOOKING
        } else if self.reported_at > 0 {
            next
        } else {
            // Never reported: our own count, which starts anew at midnight UTC.
            (self.day + 1) * DAY
        };
        Some((until - now).clamp(1, HOUR))
    }

    pub(super) fn observe(
        &mut self,
        now: i64,
        user: &str,
        cost: Cost,
        seen: &Observed,
        limits: &Limits,
    ) {
        self.roll(now);
        self.arrived(cost.tokens);
        self.windows(user).land(now, cost.lane, seen, limits, SANE_BURST);
        let told = seen.daily_limit.filter(|limit| *limit > 0);
        let grown = told.is_some() && told != self.daily_limit;
        self.daily_limit = told.or(self.daily_limit);
        if let Some(remaining) = seen.daily_remaining {
            let under_way = self.under_way[0].saturating_add(self.under_way[1]);
            let left = self.left_or(limits);
            let tenth = self.daily_limit.unwrap_or(limits.daily_tokens) / 10;
            if self.reported_at > 0
                && !grown
                && remaining > left.saturating_add(under_way).saturating_add(tenth)
            {
                self.reset_hour = only_hour(self.reported_at, now).or(self.reset_hour);
            }
            self.left = Some(remaining.min(left.max(remaining.saturating_sub(under_way))));
            self.reported_at = now;
        }
    }

    pub(super) fn block(&mut self, now: i64, user: &str, asked: Wait) {
        self.touched = now;
        let mut pause = millis(asked.duration);
        if asked.why == Throttle::Burst {
            let windows = self.windows(user);
            let until = windows.blocked_until;
            // The others of the same burst: one pause for all.
            if until > now && until >= now + pause {
                return;
            }
            if until > 0 && until <= now {
                if now - until < STRIKE_WITHIN {
                    windows.strikes = (windows.strikes + 1).min(10);
                    pause = (pause << windows.strikes).min(LONGEST_STRIKE);
                } else {
                    windows.strikes = 0;
                }
            }
            windows.blocked_until = now + pause;
            return;
        }
        if self.shut.is_none_or(|(until, _)| until < now + pause) {
            self.shut = Some((now + pause, asked.why));
        }
        if asked.why == Throttle::Daily {
            self.left = Some(0);
            self.reported_at = now;
        }
    }

    pub(super) fn view(&mut self, now: i64, user: &str, limits: &Limits) -> BudgetView {
        self.roll(now);
        let burst_limit = self.windows(user).general_limit.unwrap_or(limits.burst.requests);
        BudgetView {
            burst_limit,
            burst_window_ms: u32::try_from(limits.burst.per.as_millis()).unwrap_or(u32::MAX),
            daily_limit: self.daily_limit,
            daily_remaining: self.left.filter(|_| self.reported_at > 0),
            spent_today: self.spent_today,
            day: self.day,
            reported_at: self.reported_at,
            left: self.left_or(limits),
            reset_hour: self.reset_hour,
        }
    }

    /// Starts from what somebody remembers; what already counts is kept.
    pub(super) fn restore(&mut self, now: i64, view: &BudgetView, limits: &Limits) {
        if self.touched > 0 {
            return;
        }
        self.roll(now);
        self.held_until = now + millis(limits.burst.per.max(limits.search.per)) + GRACE;
        self.careful_until = now + LOST;
        self.daily_limit = view.daily_limit;
        self.reset_hour = view.reset_hour;
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

/// The one full hour (UTC) between two moments, if there is exactly one.
fn only_hour(after: i64, until: i64) -> Option<u32> {
    let hour = after.div_euclid(HOUR) + 1;
    let only = hour * HOUR <= until && until < (hour + 1) * HOUR;
    only.then(|| u32::try_from(hour.rem_euclid(24)).unwrap_or(0))
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

pub(super) fn wait(ms: i64, why: Throttle) -> Taken {
    Taken::Wait(Wait { duration: Duration::from_millis(ms.max(1).cast_unsigned()), why })
}
