//! What a call costs and whether it may go out now. The counting itself is the cache's.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Throttle;

/// Jobs leave one in so many tokens of the day to people: 4 %, so that at least 95 % can be used.
pub const JOBS_LEAVE: u32 = 25;

/// Deliveries leave half as much: somebody watches them, and an import must not starve them.
pub const DELIVERIES_LEAVE: u32 = 50;

/// Who is waiting: people may use all of a budget, deliveries leave them a part, and jobs leave both
/// of them more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Person,
    /// A lead or an activity on its way: of the places in a window it has those of a person.
    Delivery,
    Job,
}

impl Caller {
    /// The part of the day's tokens that it leaves to those before it.
    pub fn leaves(self, daily: u32) -> u32 {
        match self {
            Self::Person => 0,
            Self::Delivery => daily.div_ceil(DELIVERIES_LEAVE),
            Self::Job => daily.div_ceil(JOBS_LEAVE),
        }
    }
}

/// Which of the provider's windows a request falls into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    General,
    /// Searching has a narrow window of its own at some providers.
    Search,
}

/// The price of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub tokens: u32,
    pub lane: Lane,
}

/// So many requests in any stretch of that length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub requests: u32,
    pub per: Duration,
}

/// What is assumed until the provider's headers say better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub burst: Window,
    pub search: Window,
    /// Tokens per day and connection.
    pub daily_tokens: u32,
}

/// What an answer told about the budget; absent is unknown. Without any of it: no answer came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    pub burst_limit: Option<u32>,
    pub burst_remaining: Option<u32>,
    pub burst_reset: Option<Duration>,
    pub daily_limit: Option<u32>,
    pub daily_remaining: Option<u32>,
    /// How long ago the answer began: by then the provider had counted the request.
    pub age: Duration,
    /// From the request to the whole answer.
    pub took: Duration,
}

/// Come back after `duration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    pub duration: Duration,
    pub why: Throttle,
}

/// The budget's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Granted,
    Wait(Wait),
}

/// What is known of a connection's budget: shown to people, and kept in Postgres so that losing
/// the cache does not lose the day's use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BudgetView {
    /// Requests per window; the default until a header said otherwise.
    pub burst_limit: u32,
    pub burst_window_ms: u32,
    /// Tokens per day, once the provider told.
    pub daily_limit: Option<u32>,
    /// Our best estimate, all integrations of the account included once the provider told.
    pub daily_remaining: Option<u32>,
    /// Tokens that Tandem took today (UTC).
    pub spent_today: u32,
    /// Days since 1970 that `spent_today` speaks of.
    pub day: i64,
    /// When the provider last told its numbers, in milliseconds since 1970; 0 for never.
    pub reported_at: i64,
    /// Tokens left by our own count, whether or not the provider ever told.
    pub left: u32,
    /// The hour (UTC) at which the provider's day was seen to end; it never says so itself.
    pub reset_hour: Option<u32>,
}

impl BudgetView {
    /// The day's tokens as far as they are known.
    pub fn daily_tokens(&self, limits: &Limits) -> u32 {
        self.daily_limit.unwrap_or(limits.daily_tokens)
    }
}

/// One grant's budget, shared by all processes.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Takes one request and its tokens, or says how long to wait.
    async fn take(&self, cost: Cost, who: Caller) -> Taken;
    /// Feeds back what the provider said in its answer to a request of this cost, or that no
    /// answer will come. Until then the request counts as on its way.
    async fn observe(&self, cost: Cost, seen: Observed);
    /// Stops everything for this grant (a burst) or its whole account: the provider told us to.
    async fn block(&self, wait: Wait);
    async fn view(&self) -> BudgetView;
    /// Gives back the day's use from memory that outlives the cache; ignored when the cache
    /// still knows.
    async fn restore(&self, view: &BudgetView);
}

pub type BudgetHandle = Arc<dyn Budget>;
