//! How often and how long a call is tried before it goes up to the flow.

use std::time::Duration;

use super::Caller;

/// Patience of one call, all its attempts together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Attempts for lost connections, 5xx and unreadable answers. All our calls here are reads.
    pub attempts: u32,
    /// The longest single wait that is sat out here; longer ones belong to the queue.
    pub longest_wait: Duration,
    /// All waiting together.
    pub total_wait: Duration,
    /// How often a 429 is answered by waiting and asking again.
    pub slow_downs: u32,
}

pub(super) const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LAST_BACKOFF: Duration = Duration::from_secs(4);

impl Patience {
    pub(super) fn of(who: Caller) -> Self {
        match who {
            // Somebody is looking at a spinner.
            Caller::Person => Self {
                attempts: 2,
                // A window, and the second that a lost Redis adds to it.
                longest_wait: Duration::from_secs(4),
                total_wait: Duration::from_secs(5),
                slow_downs: 1,
            },
            // Its own machine waits, and says so meanwhile.
            Caller::Delivery => Self {
                attempts: 2,
                longest_wait: Duration::from_secs(3),
                total_wait: Duration::from_secs(4),
                slow_downs: 1,
            },
            Caller::Job => Self {
                attempts: 4,
                longest_wait: Duration::from_secs(5),
                total_wait: Duration::from_secs(20),
                slow_downs: 3,
            },
        }
    }
}

/// Exponential with jitter in its upper half: `chance` in `0.0..1.0`.
pub(super) fn backoff(attempt: u32, chance: f64) -> Duration {
    let whole = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(attempt)).min(LAST_BACKOFF);
    whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backing_off_grows_and_is_bounded() {
        assert_eq!(backoff(0, 1.0), FIRST_BACKOFF);
        assert!(backoff(1, 0.0) >= backoff(0, 0.99).mul_f64(0.99));
        assert!(backoff(40, 1.0) <= LAST_BACKOFF);
    }
}
