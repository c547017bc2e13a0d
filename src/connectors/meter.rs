//! Counts what a run asked of the provider, for its row.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Shared by all calls of one run or one request; counts only what really left this process.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    tokens: AtomicU64,
    throttled: AtomicU64,
}

/// A meter's reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// HTTP requests sent, retries included.
    pub requests: u64,
    /// Budget tokens, by the provider's price list.
    pub tokens: u64,
    /// Answers that told us to slow down (429).
    pub throttled: u64,
}

impl Meter {
    pub fn read(&self) -> Spent {
        Spent {
            requests: self.requests.load(Relaxed),
            tokens: self.tokens.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
        }
    }

    pub(super) fn sent(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(super) fn charged(&self, tokens: u32) {
        self.tokens.fetch_add(u64::from(tokens), Relaxed);
    }

    pub(super) fn throttled(&self) {
        self.throttled.fetch_add(1, Relaxed);
    }
}
