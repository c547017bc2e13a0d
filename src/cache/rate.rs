//! Quotas of requests, refilled evenly: GCRA, in a form that both kinds of cache share.
//!
//! A quota of 600 in a minute lets 600 pass at once and one more each tenth of a second. All that is
//! remembered is a debt: how long it takes until the whole quota is there again.

use std::time::Duration;

/// So many requests in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub most: u32,
    pub window: Duration,
}

/// What a request found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub quota: Quota,
    /// Requests that would pass now.
    pub remaining: u32,
    /// Until the whole quota is there again.
    pub full_in: Duration,
    /// This quota is why the request was refused: there is room again after that time.
    pub refused_for: Option<Duration>,
}

impl Quota {
    pub(super) fn window_us(self) -> i64 {
        i64::try_from(self.window.as_micros()).unwrap_or(i64::MAX)
    }

    /// What one request costs.
    pub(super) fn step_us(self) -> i64 {
        (self.window_us() / i64::from(self.most.max(1))).max(1)
    }

    pub(super) fn has_room(self, debt_us: i64) -> bool {
        self.most > 0 && debt_us + self.step_us() <= self.window_us()
    }

    /// `debt_us` is what stands after the request, if it passed, and before it otherwise.
    pub(super) fn read(self, debt_us: i64, passed: bool) -> Reading {
        let free = (self.window_us() - debt_us).max(0);
        let refused = !passed && !self.has_room(debt_us);
        let wait = (debt_us + self.step_us() - self.window_us()).max(1);
        Reading {
            quota: self,
            remaining: u32::try_from(free / self.step_us()).unwrap_or(u32::MAX).min(self.most),
            full_in: micros(debt_us),
            refused_for: refused.then(|| micros(wait)),
        }
    }

    /// What a process allows alone, when it cannot ask how much the others have used.
    pub(super) fn share(self, of: u32) -> Self {
        Self { most: (self.most / of).max(1), ..self }
    }
}

fn micros(time: i64) -> Duration {
    Duration::from_micros(time.max(0).unsigned_abs())
}
