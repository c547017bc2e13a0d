//! Redis: the same rules as scripts, so that all processes count together.
//!
//! Time is Redis' own. When Redis is silent, each process goes on with a careful share of the
//! limits, says so once, and settles what it spent when Redis is back.

mod budget;
mod wire;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use ::redis::{
    Client, FromRedisValue, RedisError, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use bytes::Bytes;

use self::budget::RedisBudget;
use super::{
    Attempt, BudgetKey, CacheError, Clock, Quota, Reading, Subscription, SystemClock,
    ledger::millis,
    memory::{Memory, lock},
};
use crate::connectors::Limits;

/// Redis answers in well under a millisecond; longer means trouble.
const ANSWER: Duration = Duration::from_millis(500);
const CONNECT: Duration = Duration::from_secs(2);
/// After a failure Redis is left alone that long, so that not every caller waits for it.
const REST_MS: i64 = 1000;

static THROTTLE: &str = include_str!("throttle.lua");
static RATE: &str = include_str!("rate.lua");
/// Without Redis each process allows that part of a quota, as with budgets: some processes less
/// than there are, rather than each the whole.
const SHARES: u32 = 4;

#[derive(Clone)]
pub(super) struct Redis(Arc<Inner>);

struct Inner {
    manager: ConnectionManager,
    throttle: Script,
    rate: Script,
    budget: Script,
    /// What goes on when Redis does not.
    local: Memory,
    clock: SystemClock,
    resting_until: AtomicI64,
    warned: AtomicBool,
    budgets: Mutex<HashMap<BudgetKey, Weak<RedisBudget>>>,
    wire: wire::Wire,
}

impl Redis {
    pub(super) fn connect(url: &str) -> Result<Self, CacheError> {
        let client = Client::open(url).map_err(|_| CacheError::Address)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(ANSWER))
            .set_connection_timeout(Some(CONNECT))
            .set_number_of_retries(1);
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config)
            .map_err(|_| CacheError::Address)?;
        let clock = SystemClock::default();
        Ok(Self(Arc::new(Inner {
            manager,
            throttle: Script::new(THROTTLE),
            rate: Script::new(RATE),
            budget: Script::new(budget::SCRIPT),
            local: Memory::new(Arc::new(clock)),
            clock,
            resting_until: AtomicI64::new(0),
            warned: AtomicBool::new(false),
            budgets: Mutex::default(),
            wire: wire::Wire::new(client),
        })))
    }

    pub(super) async fn ping(&self) -> Result<(), CacheError> {
        let mut manager = self.0.manager.clone();
        let ping = ::redis::cmd("PING");
        let answer = tokio::time::timeout(CONNECT, ping.query_async::<String>(&mut manager)).await;
        match answer {
            Ok(Ok(_)) => {
                self.0.resting_until.store(0, Relaxed);
                Ok(())
            }
            Ok(Err(error)) => Err(CacheError::Silent(kind(&error))),
            Err(_) => Err(CacheError::Silent("no answer in time")),
        }
    }

    /// All handles of one grant in this process are one, so that what it remembers of the
    /// budget and owes Redis exists once.
    pub(super) fn budget(&self, key: BudgetKey, limits: Limits) -> Arc<RedisBudget> {
        let mut budgets = lock(&self.0.budgets);
        if let Some(budget) = budgets.get(&key).and_then(Weak::upgrade) {
            return budget;
        }
        budgets.retain(|_, budget| budget.strong_count() > 0);
        let budget = Arc::new(RedisBudget::new(self.clone(), &self.0.local, key.clone(), limits));
        budgets.insert(key, Arc::downgrade(&budget));
        budget
    }

    pub(super) async fn throttle(&self, key: &str, limit: u32, window: Duration) -> Attempt {
        let mut call = self.0.throttle.key(format!("throttle:{{{key}}}"));
        call.arg(limit).arg(millis(window));
        match self.run::<i64>(&call).await {
            Some(0) => Attempt::Allowed,
            Some(wait) => {
                let wait = Duration::from_millis(wait.max(1).cast_unsigned());
                Attempt::Denied { retry_after: wait }
            }
            None => self.0.local.throttle(key, limit, window),
        }
    }

    pub(super) async fn take(&self, group: &str, quotas: &[(&str, Quota)]) -> Vec<Reading> {
        let mut call = self.0.rate.prepare_invoke();
        for (name, quota) in quotas {
            // One hash tag: all quotas of a group live on one node of a cluster.
            call.key(format!("rate:{{{group}}}:{name}"));
            call.arg(quota.step_us()).arg(quota.window_us());
        }
        match self.run::<Vec<i64>>(&call).await.as_deref() {
            Some([passed, debts @ ..]) if debts.len() == quotas.len() => quotas
                .iter()
                .zip(debts)
                .map(|((_, quota), debt)| quota.read(*debt, *passed == 1))
                .collect(),
            _ => {
                let alone: Vec<(&str, Quota)> =
                    quotas.iter().map(|(name, quota)| (*name, quota.share(SHARES))).collect();
                self.0.local.take(group, &alone)
            }
        }
    }

    pub(super) async fn forget_attempts(&self, key: &str) {
        self.0.local.forget_attempts(key);
        let mut manager = self.0.manager.clone();
        let mut forget = ::redis::cmd("DEL");
        forget.arg(format!("throttle:{{{key}}}"));
        if !self.is_resting()
            && let Err(error) = forget.query_async::<i64>(&mut manager).await
        {
            self.rest(&error);
        }
    }

    pub(super) async fn publish(&self, channel: &str, message: Bytes) {
        let mut manager = self.0.manager.clone();
        let mut publish = ::redis::cmd("PUBLISH");
        publish.arg(channel).arg(message.as_ref());
        if !self.is_resting()
            && let Err(error) = publish.query_async::<i64>(&mut manager).await
        {
            self.rest(&error);
        }
    }

    pub(super) fn subscribe(&self, channel: &str) -> Subscription {
        self.0.wire.listen(channel)
    }

    /// Runs a script; `None` when Redis does not answer.
    async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Option<T> {
        if self.is_resting() {
            return None;
        }
        let mut manager = self.0.manager.clone();
        let call = tokio::time::timeout(CONNECT, call.invoke_async::<T>(&mut manager));
        match call.await {
            Ok(Ok(answer)) => {
                if self.0.warned.swap(false, Relaxed) {
                    tracing::info!("Redis answers again; budgets are shared between processes");
                }
                Some(answer)
            }
            Ok(Err(error)) => {
                self.rest(&error);
                None
            }
            Err(_) => {
                self.warn("no answer in time");
                None
            }
        }
    }

    fn is_resting(&self) -> bool {
        self.0.resting_until.load(Relaxed) > self.0.clock.now_ms()
    }

    fn rest(&self, error: &RedisError) {
        self.warn(kind(error));
    }

    fn warn(&self, why: &'static str) {
        self.0.resting_until.store(self.0.clock.now_ms() + REST_MS, Relaxed);
        if !self.0.warned.swap(true, Relaxed) {
            tracing::warn!(why, "Redis does not answer; each process goes on with a local share");
        }
    }
}

/// The kind only: a message may hold an address.
fn kind(error: &RedisError) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connection_refusal() || error.is_connection_dropped() || error.is_io_error()
    {
        "no connection"
    } else {
        "an error"
    }
}
