//! Slows down whoever tries too often.

use std::time::Duration;

use crate::{
    cache::{Attempt, Quota},
    flows::{Hub, contacts::By},
};

const HOUR: Duration = Duration::from_hours(1);

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

/// Counts something that a member may do so often in an hour, times the factor for load tests.
pub(super) async fn hourly(hub: &Hub, by: By, what: &str, most: u32) -> Result<(), Duration> {
    let quota = Quota { most: most.saturating_mul(hub.config.rate_limit_factor), window: HOUR };
    let name = format!("{what}:{}", by.member_id);
    let counted = hub.cache.take(&by.company_id.to_string(), &[(name.as_str(), quota)]).await;
    counted.iter().filter_map(|reading| reading.refused_for).max().map_or(Ok(()), Err)
}
