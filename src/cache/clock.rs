//! Time as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What time it is, for counting in windows.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// Reads the wall clock once and goes on monotonically, so that a jump stretches no window.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
    since_1970: Duration,
}

impl Default for SystemClock {
    fn default() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), since_1970 }
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let now = self.since_1970 + self.start.elapsed();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }
}

/// The house's clock, so that tests move every window with the rest of their time.
impl Clock for crate::clock::Clock {
    fn now_ms(&self) -> i64 {
        self.now().timestamp_millis()
    }
}
