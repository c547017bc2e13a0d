//! Time and chance as arguments, so that waiting can be simulated.

use std::time::{Duration, Instant};

use async_trait::async_trait;

/// How a call waits between attempts.
#[async_trait]
pub trait Pace: Send + Sync {
    fn now(&self) -> Instant;
    async fn sleep(&self, wait: Duration);
    /// A number in `0.0..1.0`: full jitter keeps retries of many workers apart.
    fn chance(&self) -> f64;
}

/// The wall's own time.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealPace;

#[async_trait]
impl Pace for RealPace {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    fn chance(&self) -> f64 {
        rand::random()
    }
}
