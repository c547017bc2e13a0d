//! One grant's budget in Redis, with what goes on when Redis is silent.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;

use super::Redis;
use crate::{
    cache::{
        BudgetKey, Clock,
        ledger::millis,
        memory::{Memory, MemoryBudget, lock},
        window::{GRACE, LOST},
    },
    connectors::{
        Budget, BudgetView, Caller, Cost, Lane, Limits, Observed, Taken, Throttle, Wait, Window,
    },
};

pub(super) static SCRIPT: &str = include_str!("budget.lua");

/// Into how many parts the limits fall when the processes cannot see each other. More processes
/// than that on one account at once are not expected, and a 429 still stops each of them.
const SHARES: u32 = 4;

pub(in crate::cache) struct RedisBudget {
    redis: Redis,
    keys: [String; 7],
    limits: Limits,
    /// What was last known, for a Redis that has forgotten and for being alone.
    last: Mutex<Option<BudgetView>>,
    alone: MemoryBudget,
    is_alone: AtomicBool,
    /// When a request was last granted while alone.
    alone_at: AtomicI64,
    /// Tokens spent and answers received while alone, to settle with Redis.
    owed: AtomicU32,
    answers: AtomicU32,
}

/// What the script answers.
struct Answer {
    taken: Taken,
    view: BudgetView,
}

impl RedisBudget {
    pub(super) fn new(redis: Redis, local: &Memory, key: BudgetKey, limits: Limits) -> Self {
        // One hash tag, so that a cluster keeps them on one node.
        let BudgetKey { account, user } = &key;
        let of = |part: &str| format!("budget:{{{account}}}:{user}:{part}");
        let keys = [
            format!("budget:{{{account}}}"),
            of("grant"),
            of("general"),
            of("general:flying"),
            of("search"),
            of("search:flying"),
            of("promised"),
        ];
        Self {
            redis,
            keys,
            limits,
            last: Mutex::default(),
            alone: local.budget(key, share(limits)),
            is_alone: AtomicBool::new(false),
            alone_at: AtomicI64::new(0),
            owed: AtomicU32::new(0),
            answers: AtomicU32::new(0),
        }
    }

    /// Runs a verb; `None` when Redis is silent.
    async fn run(&self, verb: &str, args: &[i64]) -> Option<Answer> {
        let owed = self.owed.swap(0, Relaxed);
        let answers = self.answers.swap(0, Relaxed);
        let script = &self.redis.0.budget;
        let mut call = script.prepare_invoke();
        for key in &self.keys {
            call.key(key);
        }
        call.arg(verb);
        for window in [self.limits.burst, self.limits.search] {
            call.arg(window.requests).arg(millis(window.per));
        }
        call.arg(self.limits.daily_tokens).arg(owed).arg(answers).arg(self.lately_alone());
        for number in remembered(*lock(&self.last)).iter().chain(args) {
            call.arg(*number);
        }
        let answer = self.redis.run::<Vec<i64>>(&call).await.and_then(|numbers| read(&numbers));
        let Some(answer) = answer else {
            self.owed.fetch_add(owed, Relaxed);
            self.answers.fetch_add(answers, Relaxed);
            return None;
        };
        self.is_alone.store(false, Relaxed);
        *lock(&self.last) = Some(answer.view);
        Some(answer)
    }

    /// The local share, started from what was last known when Redis has just gone.
    fn alone(&self) -> &MemoryBudget {
        let part = |number: u32| number / SHARES;
        if !self.is_alone.swap(true, Relaxed)
            && let Some(last) = *lock(&self.last)
        {
            self.alone.reset(&BudgetView {
                daily_limit: last.daily_limit.map(part),
                left: part(last.left),
                ..last
            });
        }
        &self.alone
    }

    /// Whether what went out without Redis may still be in somebody's window.
    fn lately_alone(&self) -> bool {
        let longest = millis(self.limits.burst.per.max(self.limits.search.per)) + GRACE + LOST;
        let at = self.alone_at.load(Relaxed);
        at > 0 && self.is_alone.load(Relaxed) && self.redis.0.clock.now_ms() - at < longest
    }
}

#[async_trait]
impl Budget for RedisBudget {
    async fn take(&self, cost: Cost, who: Caller) -> Taken {
        let args = [
            i64::from(cost.tokens),
            i64::from(cost.lane == Lane::Search),
            match who {
                Caller::Person => 0,
                Caller::Job => 1,
                Caller::Delivery => 2,
            },
        ];
        if let Some(answer) = self.run("take", &args).await {
            return answer.taken;
        }
        let taken = self.alone().take(cost, who).await;
        if taken == Taken::Granted {
            self.alone_at.store(self.redis.0.clock.now_ms(), Relaxed);
            self.owed.fetch_add(cost.tokens, Relaxed);
        }
        taken
    }

    async fn observe(&self, cost: Cost, seen: Observed) {
        let args = [
            i64::from(cost.tokens),
            i64::from(cost.lane == Lane::Search),
            known(seen.burst_limit),
            known(seen.burst_remaining),
            known(seen.daily_limit),
            known(seen.daily_remaining),
            millis(seen.age),
            millis(seen.took),
        ];
        if self.run("observe", &args).await.is_none() {
            // The share hears that it arrived, and nothing else: headers speak of the whole.
            self.alone().observe(cost, Observed { age: seen.age, ..Observed::default() }).await;
            self.answers.fetch_add(1, Relaxed);
        }
    }

    async fn block(&self, wait: Wait) {
        let args = [millis(wait.duration), why_number(wait.why)];
        if self.run("block", &args).await.is_none() {
            self.alone().block(wait).await;
        }
    }

    async fn view(&self) -> BudgetView {
        match self.run("view", &[]).await {
            Some(answer) => answer.view,
            None => self.alone().view().await,
        }
    }

    async fn restore(&self, view: &BudgetView) {
        lock(&self.last).get_or_insert(*view);
        self.run("view", &[]).await;
    }
}

/// What the script seeds an emptied Redis with.
fn remembered(view: Option<BudgetView>) -> [i64; 6] {
    let Some(view) = view else { return [-1; 6] };
    let (left, spent) = (i64::from(view.left), i64::from(view.spent_today));
    [known(view.daily_limit), left, view.reported_at, view.day, spent, known(view.reset_hour)]
}

fn share(limits: Limits) -> Limits {
    let part = |number: u32| (number / SHARES).max(1);
    let window = |window: Window| Window { requests: part(window.requests), per: window.per };
    Limits {
        burst: window(limits.burst),
        search: window(limits.search),
        daily_tokens: part(limits.daily_tokens),
    }
}

fn known(number: Option<u32>) -> i64 {
    number.map_or(-1, i64::from)
}

fn why_number(why: Throttle) -> i64 {
    match why {
        Throttle::Burst => 1,
        Throttle::Daily => 2,
        Throttle::Blocked => 3,
    }
}

fn read(numbers: &[i64]) -> Option<Answer> {
    let &[granted, wait, why, limit, per, daily, remaining, spent, day, reported, left, hour] =
        numbers
    else {
        return None;
    };
    let count = |number: i64| u32::try_from(number).ok();
    let taken = if granted == 1 {
        Taken::Granted
    } else {
        let why = match why {
            2 => Throttle::Daily,
            3 => Throttle::Blocked,
            _ => Throttle::Burst,
        };
        Taken::Wait(Wait { duration: Duration::from_millis(wait.max(1).cast_unsigned()), why })
    };
    Some(Answer {
        taken,
        view: BudgetView {
            burst_limit: count(limit)?,
            burst_window_ms: count(per)?,
            daily_limit: count(daily),
            daily_remaining: count(remaining),
            spent_today: count(spent)?,
            day,
            reported_at: reported,
            left: count(left)?,
            reset_hour: count(hour),
        },
    })
}
