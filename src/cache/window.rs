//! The windows of one grant: how many requests may be on their way or have lately arrived. Pure.
//!
//! A request counts from the moment it is granted until a whole window after its answer began.
//! Wherever between the two it reached the provider, no window over there can hold more than ours
//! does, however slow the way is.

use std::collections::VecDeque;

use super::ledger::{millis, wait};
use crate::connectors::{Caller, Lane, Limits, Observed, Taken, Throttle, Window};

/// Windows over there may be cut a little differently.
pub(super) const GRACE: i64 = 20;
/// No call lasts longer than 30 s: a request without an answer by then never gets one.
pub(super) const LOST: i64 = 30_000;
/// Requests that left the window so lately may still stand in the count of an answer.
const RECENT: i64 = 2_000;
/// People who clicked so lately may click again: a fortieth of the window is kept for them (two
/// of eighty), so that their next click does not wait for a place at all.
const AROUND: i64 = 30_000;
const KEPT: u32 = 40;
/// A tenth of the window is left to what may be on its way and forgotten.
const UNKNOWN: u32 = 10;
/// Whoever was told to wait comes back a little later than told.
const LATE: i64 = 250;

/// Requests of one kind.
#[derive(Debug, Default, Clone)]
struct Log {
    /// When answers began, in order.
    landed: VecDeque<i64>,
    /// When those without an answer were granted, in order.
    flying: VecDeque<i64>,
}

/// The windows of one grant.
#[derive(Debug, Default, Clone)]
pub(super) struct Windows {
    general: Log,
    search: Log,
    pub(super) general_limit: Option<u32>,
    search_limit: Option<u32>,
    /// Until when, for a 429.
    pub(super) blocked_until: i64,
    pub(super) strikes: u32,
    /// When a person last asked.
    people_at: i64,
    /// Until when the places are kept that people wait for.
    promised: VecDeque<i64>,
}

impl Windows {
    /// Takes a place, or says how long there is none.
    ///
    /// `careful`: something may be on its way that nobody remembers.
    pub(super) fn take(
        &mut self,
        now: i64,
        lane: Lane,
        who: Caller,
        careful: bool,
        limits: &Limits,
    ) -> Taken {
        let longest = self.full(now, lane, who, careful, limits);
        if who != Caller::Job {
            self.people_at = now;
            if longest > 0 {
                self.promised.push_back(now + longest + LATE);
            } else {
                self.promised.pop_front();
            }
        }
        if longest > 0 {
            return wait(longest, Throttle::Burst);
        }
        Taken::Granted
    }

    /// Counts a granted request as on its way.
    pub(super) fn leave(&mut self, now: i64, lane: Lane) {
        self.general.flying.push_back(now);
        if lane == Lane::Search {
            self.search.flying.push_back(now);
        }
    }

    fn full(&mut self, now: i64, lane: Lane, who: Caller, careful: bool, limits: &Limits) -> i64 {
        self.promised.retain(|until| *until > now);
        let promised = u32::try_from(self.promised.len()).unwrap_or(u32::MAX);
        let around = self.people_at > 0 && now - self.people_at < AROUND;
        let mine = |limit: u32| {
            let all = if careful { limit - limit / UNKNOWN } else { limit };
            match who {
                Caller::Job if around => all.saturating_sub(promised.max(limit / KEPT)),
                Caller::Person | Caller::Delivery | Caller::Job => all,
            }
        };
        let general = mine(self.general_limit.unwrap_or(limits.burst.requests));
        let mut longest = self.general.full(now, general, limits.burst);
        if lane == Lane::Search {
            // A header may narrow this window but not widen it: it could speak of the other.
            let search = limits.search.requests.min(self.search_limit.unwrap_or(u32::MAX));
            longest = longest.max(self.search.full(now, mine(search), limits.search));
        }
        longest
    }

    /// An answer came, or none will.
    pub(super) fn land(
        &mut self,
        now: i64,
        lane: Lane,
        seen: &Observed,
        limits: &Limits,
        sane: u32,
    ) {
        let at = now - millis(seen.age).clamp(0, LOST);
        self.general.land(at);
        if lane == Lane::Search {
            self.search.land(at);
        }
        let (log, limit, window) = match lane {
            Lane::General => (&mut self.general, &mut self.general_limit, limits.burst),
            Lane::Search => (&mut self.search, &mut self.search_limit, limits.search),
        };
        if let Some(seen) = seen.burst_limit.filter(|limit| (1..=sane).contains(limit)) {
            *limit = Some(seen);
        }
        // A slow answer tells of a window long past.
        if let Some(remaining) = seen.burst_remaining
            && millis(seen.took) < RECENT
        {
            // Requests that this ledger forgot, or never knew of, count as made just now.
            let used = limit.unwrap_or(window.requests).saturating_sub(remaining) as usize;
            let known = log.landed.len() + log.flying.len();
            log.landed.extend(std::iter::repeat_n(now, used.saturating_sub(known)));
        }
    }
}

impl Log {
    /// How long until there is room; 0 when there is.
    fn full(&mut self, now: i64, mine: u32, window: Window) -> i64 {
        let per = millis(window.per) + GRACE;
        while self.landed.front().is_some_and(|at| *at <= now - per - RECENT) {
            self.landed.pop_front();
        }
        while self.flying.front().is_some_and(|at| *at <= now - per - LOST) {
            self.flying.pop_front();
        }
        let gone = self.landed.partition_point(|at| *at <= now - per);
        let used = self.landed.len() - gone + self.flying.len();
        let mine = mine.max(1) as usize;
        if used < mine {
            return 0;
        }
        // Room comes when all but `mine - 1` have left. What is on its way leaves last.
        match self.landed.get(gone + used - mine) {
            Some(last) => (last + per - now).max(1),
            None => per,
        }
    }

    fn land(&mut self, at: i64) {
        self.flying.pop_front();
        let place = self.landed.partition_point(|other| *other <= at);
        self.landed.insert(place, at);
    }
}
