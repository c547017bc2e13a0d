//! The only room that speaks Redis (or its in-process stand-in); losing it loses no data.
//!
//! Budgets of accounts, throttles at the door, and news for live pages. Everything here may
//! vanish at any time: a budget's daily use is kept in Postgres by the flows
//! ([`crate::connectors::BudgetView`]), and whoever misses news reads the truth again.

mod clock;
mod key;
mod ledger;
mod memory;
mod news;
mod rate;
mod redis;
mod window;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

pub use self::{
    clock::{Clock, SystemClock},
    key::BudgetKey,
    news::{News, Subscription},
    rate::{Quota, Reading},
};
use crate::connectors::{BudgetHandle, Limits};

/// Shared memory of all processes, or of this one.
#[derive(Clone)]
pub struct Cache(Kind);

#[derive(Clone)]
enum Kind {
    Memory(memory::Memory),
    Redis(redis::Redis),
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_shared() { "Cache(Redis)" } else { "Cache(memory)" })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("the address of Redis is malformed")]
    Address,
    #[error("Redis does not answer: {0}")]
    Silent(&'static str),
}

/// Whether one more attempt is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Allowed,
    /// Nothing was counted; come back after that time.
    Denied {
        retry_after: Duration,
    },
}

impl Cache {
    /// For one process: the demo, the tests, a single machine.
    pub fn in_process() -> Self {
        Self::with_clock(Arc::new(SystemClock::default()))
    }

    /// The same with simulated time.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self(Kind::Memory(memory::Memory::new(clock)))
    }

    /// Connects in the background: whether Redis is there is what [`Cache::ping`] tells.
    pub fn connect(redis_url: &str) -> Result<Self, CacheError> {
        redis::Redis::connect(redis_url).map(Kind::Redis).map(Self)
    }

    /// Whether other processes see the same.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Kind::Redis(_))
    }

    pub async fn ping(&self) -> Result<(), CacheError> {
        match &self.0 {
            Kind::Memory(_) => Ok(()),
            Kind::Redis(redis) => redis.ping().await,
        }
    }

    /// The budget of a grant. Without Redis a careful local share, never no limit.
    pub fn budget(&self, key: impl Into<BudgetKey>, limits: Limits) -> BudgetHandle {
        match &self.0 {
            Kind::Memory(memory) => Arc::new(memory.budget(key.into(), limits)),
            Kind::Redis(redis) => redis.budget(key.into(), limits),
        }
    }

    /// Counts an attempt if fewer than `limit` were allowed within `window` under this key.
    ///
    /// `key` must not be personal data: hash addresses.
    pub async fn throttle(&self, key: &str, limit: u32, window: Duration) -> Attempt {
        match &self.0 {
            Kind::Memory(memory) => memory.throttle(key, limit, window),
            Kind::Redis(redis) => redis.throttle(key, limit, window).await,
        }
    }

    /// Takes one request of each quota of a group, or of none if one of them has no room. Without
    /// Redis each process goes on with a share of the quotas, never without.
    ///
    /// `group` and names must not be personal data: hash addresses.
    pub async fn take(&self, group: &str, quotas: &[(&str, Quota)]) -> Vec<Reading> {
        match &self.0 {
            Kind::Memory(memory) => memory.take(group, quotas),
            Kind::Redis(redis) => redis.take(group, quotas).await,
        }
    }

    /// Forgets the attempts under this key: whoever got in was not guessing.
    pub async fn forget_attempts(&self, key: &str) {
        match &self.0 {
            Kind::Memory(memory) => memory.forget_attempts(key),
            Kind::Redis(redis) => redis.forget_attempts(key).await,
        }
    }

    /// Tells whoever listens now; nobody is fine, and so is a lost message.
    pub async fn publish(&self, channel: &str, message: impl Into<Bytes> + Send) {
        match &self.0 {
            Kind::Memory(memory) => memory.channels().tell(channel, message.into()),
            Kind::Redis(redis) => redis.publish(channel, message.into()).await,
        }
    }

    /// Listens from the moment this returns; with Redis, from soon after, which
    /// [`News::Missed`] marks.
    pub fn subscribe(&self, channel: &str) -> Subscription {
        match &self.0 {
            Kind::Memory(memory) => memory.channels().listen(channel),
            Kind::Redis(redis) => redis.subscribe(channel),
        }
    }
}
