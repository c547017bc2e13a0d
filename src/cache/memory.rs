//! The stand-in for one process.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::{
    Attempt, BudgetKey, Clock, Quota, Reading,
    ledger::{DAY, Ledger, millis},
    news::Channels,
};
use crate::connectors::{Budget, BudgetView, Caller, Cost, Limits, Observed, Taken, Wait};

/// Keys are looked through for forgotten ones each time that many have come.
const SWEEP_EVERY: usize = 1024;

#[derive(Clone)]
pub(super) struct Memory {
    clock: Arc<dyn Clock>,
    ledgers: Arc<Mutex<HashMap<String, Ledger>>>,
    attempts: Arc<Mutex<Attempts>>,
    /// When each quota is whole again, in microseconds.
    quotas: Arc<Mutex<HashMap<String, i64>>>,
    channels: Channels,
}

#[derive(Default)]
struct Attempts {
    by_key: HashMap<String, Tries>,
    since_sweep: usize,
}

#[derive(Default)]
struct Tries {
    at: VecDeque<i64>,
    window: i64,
}

impl Memory {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            ledgers: Arc::default(),
            attempts: Arc::default(),
            quotas: Arc::default(),
            channels: Channels::default(),
        }
    }

    pub(super) fn channels(&self) -> &Channels {
        &self.channels
    }

    pub(super) fn budget(&self, key: BudgetKey, limits: Limits) -> MemoryBudget {
        MemoryBudget { memory: self.clone(), key, limits }
    }

    pub(super) fn throttle(&self, key: &str, limit: u32, window: Duration) -> Attempt {
        let now = self.clock.now_ms();
        let window = millis(window);
        let mut attempts = lock(&self.attempts);
        if !attempts.by_key.contains_key(key) {
            attempts.since_sweep += 1;
            if attempts.since_sweep >= SWEEP_EVERY {
                attempts.since_sweep = 0;
                attempts.by_key.retain(|_, tries| {
                    tries.at.back().is_some_and(|last| last + tries.window > now)
                });
            }
        }
        let tries = attempts.by_key.entry(key.to_owned()).or_default();
        tries.window = window;
        while tries.at.front().is_some_and(|at| at + window <= now) {
            tries.at.pop_front();
        }
        if tries.at.len() < limit as usize {
            tries.at.push_back(now);
            return Attempt::Allowed;
        }
        let oldest = tries.at.front().copied().unwrap_or(now);
        let wait = (oldest + window - now).max(1).cast_unsigned();
        Attempt::Denied { retry_after: Duration::from_millis(wait) }
    }

    pub(super) fn take(&self, group: &str, quotas: &[(&str, Quota)]) -> Vec<Reading> {
        let now = self.clock.now_ms() * 1_000;
        let mut known = lock(&self.quotas);
        if known.len() % SWEEP_EVERY == SWEEP_EVERY - 1 {
            known.retain(|_, full_at| *full_at > now);
        }
        let debts: Vec<(String, Quota, i64)> = quotas
            .iter()
            .map(|&(name, quota)| {
                let key = format!("{group}:{name}");
                let debt = known.get(&key).map_or(0, |full_at| (full_at - now).max(0));
                (key, quota, debt)
            })
            .collect();
        let passed = debts.iter().all(|(_, quota, debt)| quota.has_room(*debt));
        debts
            .into_iter()
            .map(|(key, quota, debt)| {
                let debt = if passed { debt + quota.step_us() } else { debt };
                if passed {
                    known.insert(key, now + debt);
                }
                quota.read(debt, passed)
            })
            .collect()
    }

    pub(super) fn forget_attempts(&self, key: &str) {
        lock(&self.attempts).by_key.remove(key);
    }
}

/// One grant's budget in this process.
pub(super) struct MemoryBudget {
    memory: Memory,
    key: BudgetKey,
    limits: Limits,
}

impl MemoryBudget {
    fn with<T>(&self, act: impl FnOnce(&mut Ledger, i64) -> T) -> T {
        let now = self.memory.clock.now_ms();
        let mut ledgers = lock(&self.memory.ledgers);
        if let Some(ledger) = ledgers.get_mut(&self.key.account) {
            return act(ledger, now);
        }
        if ledgers.len() % SWEEP_EVERY == SWEEP_EVERY - 1 {
            ledgers.retain(|_, ledger| now - ledger.touched < 2 * DAY);
        }
        act(ledgers.entry(self.key.account.clone()).or_default(), now)
    }

    /// Starts anew from what is known elsewhere.
    pub(super) fn reset(&self, view: &BudgetView) {
        self.with(|ledger, now| {
            *ledger = Ledger::default();
            ledger.restore(now, view, &self.limits);
        });
    }
}

#[async_trait]
impl Budget for MemoryBudget {
    async fn take(&self, cost: Cost, who: Caller) -> Taken {
        self.with(|ledger, now| ledger.take(now, &self.key.user, cost, who, &self.limits))
    }

    async fn observe(&self, cost: Cost, seen: Observed) {
        self.with(|ledger, now| ledger.observe(now, &self.key.user, cost, &seen, &self.limits));
    }

    async fn block(&self, wait: Wait) {
        self.with(|ledger, now| ledger.block(now, &self.key.user, wait));
    }

    async fn view(&self) -> BudgetView {
        self.with(|ledger, now| ledger.view(now, &self.key.user, &self.limits))
    }

    async fn restore(&self, view: &BudgetView) {
        self.with(|ledger, now| ledger.restore(now, view, &self.limits));
    }
}

/// A panic elsewhere leaves numbers, not broken invariants.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
