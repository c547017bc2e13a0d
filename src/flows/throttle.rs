//! Slows down whoever tries too often.

use std::time::Duration;

use crate::{cache::Attempt, flows::Hub};

/// At most so many tries in any span of this length.
pub(super) type Allowance = (u32, Duration);

/// Counts a try; the error says how long to wait. Keys hold no addresses, only their hashes.
pub(super) async fn attempt(
    hub: &Hub,
    key: &str,
    (most, window): Allowance,
) -> Result<(), Duration> {
    match hub.cache.throttle(key, most, window).await {
        Attempt::Allowed => Ok(()),
        Attempt::Denied { retry_after } => Err(retry_after),
    }
}
