//! The protocol of a token: looked at, renewed early, once, by whoever comes first.
//!
//! Within a process a mutex per connection lets one caller through; between processes a lease in
//! the store does, with a number that fences whoever comes too late. The intent is committed before
//! the bytes leave.

use std::{
    collections::HashMap,
    fs::File,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;

use crate::{
    connectors::{AccessToken, CrmError},
    domain::ConnectionId,
};

use super::ground::{Machine, Reach, Seen, TokenProvider, TokenStore, Trouble};

/// Refresh that long before a token expires.
pub const EARLY: TimeDelta = TimeDelta::minutes(5);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long things may take, all cut from one: how long a process holds the right to ask.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Whoever holds the right longer may be overtaken. A machine that was stopped for four fifths
    /// of it still stores its answer.
    pub lease: Duration,
    /// How long a provider may take to answer, counted in time that the process was awake.
    pub answer: Duration,
    /// How long a caller waits before it takes a token that still works, or fails for now.
    pub patience: Duration,
    /// How long an answer is carried in memory when the database is away: it may be the only copy.
    pub carry: Duration,
}

impl Times {
    /// 50 s of lease leave 20 s for the provider and 10 s for a caller.
    pub fn of(lease: Duration) -> Self {
        Self { lease, answer: lease * 2 / 5, patience: lease / 5, carry: Duration::from_mins(1) }
    }
}

/// One caller per connection and process asks for a refresh; the others wait for its answer.
#[derive(Debug, Clone, Default)]
pub struct SingleFlight {
    gates: Arc<Mutex<HashMap<ConnectionId, Gate>>>,
    looks: Arc<Mutex<HashMap<ConnectionId, Glance>>>,
    pub(super) under_way: TaskTracker,
    /// Locked while this process lives (see [`super::alive`]).
    pub(super) alive: Arc<OnceLock<Option<File>>>,
}

/// Holds how the last attempt ended, for those who stood at the gate when it did.
type Gate = Arc<tokio::sync::Mutex<Option<Ended>>>;
type Turn = OwnedMutexGuard<Option<Ended>>;

#[derive(Clone)]
struct Ended {
    generation: i64,
    at: Duration,
    outcome: Result<AccessToken, CrmError>,
}

/// The last look at a row and when it began: whoever came before that may share it. Thousands of
/// callers would otherwise stand in the pool's queue before the one who has the new token to store.
type Glance = Arc<tokio::sync::Mutex<Option<(Duration, Looked)>>>;
type Looked = Result<Seen, CrmError>;

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ended(generation {})", self.generation)
    }
}

impl SingleFlight {
    fn gate(&self, id: ConnectionId) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        // Gates that nobody stands at are forgotten.
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry(id).or_default())
    }

    fn glance(&self, id: ConnectionId) -> Glance {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|_, look| Arc::strong_count(look) > 1);
        Arc::clone(looks.entry(id).or_default())
    }

    /// Waits until no refresh is under way: what a provider answers must be stored before the
    /// process ends.
    pub async fn settled(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }
}

/// Why a newer token is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It expires soon: while it works, it will do.
    Early,
    /// The provider refused it: it will never do again.
    Refused,
}

/// The tokens of one connection, over any store, provider and machine.
#[derive(Debug, Clone)]
pub struct Tokens<S, P, M> {
    pub connection_id: ConnectionId,
    pub store: S,
    pub provider: P,
    pub machine: M,
    pub flight: SingleFlight,
    pub times: Times,
}

impl<S: TokenStore, P: TokenProvider, M: Machine> Tokens<S, P, M> {
    /// A token that works, as far as we know.
    pub async fn access_token(&self) -> Result<AccessToken, CrmError> {
        let seen = self.look().await?;
        if self.left(&seen) >= EARLY {
            return Ok(seen.token);
        }
        // The refresh token was sent and no answer came back: where tokens rotate, sending it again
        // may end the connection. The access token is good until it expires, and until then the
        // answer may turn up.
        if seen.unanswered && !self.is_expired(&seen) {
            return Ok(seen.token);
        }
        self.renew(seen.token.generation, Why::Early).await
    }

    /// A newer token than generation `generation`, which the provider has refused.
    pub async fn refused(&self, generation: i64) -> Result<AccessToken, CrmError> {
        self.renew(generation, Why::Refused).await
    }

    /// Renews whatever is stored, expired or not.
    pub async fn renew_now(&self) -> Result<(), CrmError> {
        let seen = self.look().await?;
        self.renew(seen.token.generation, Why::Early).await.map(drop)
    }

    /// The row as it is now: as somebody saw it who began to look after this caller came.
    async fn look(&self) -> Result<Seen, CrmError> {
        let arrived = self.machine.steady();
        let glance = self.flight.glance(self.connection_id);
        let mut last = glance.lock().await;
        if let Some((began, looked)) = &*last
            && *began > arrived
        {
            return looked.clone();
        }
        let began = self.machine.steady();
        let looked = self.store.look().await.map_err(Trouble::into_crm);
        *last = Some((began, looked.clone()));
        looked
    }

    fn left(&self, seen: &Seen) -> TimeDelta {
        seen.expires_at.map_or(TimeDelta::zero(), |at| at - self.machine.wall())
    }

    fn is_expired(&self, seen: &Seen) -> bool {
        self.left(seen) <= TimeDelta::zero()
    }

    /// Makes `seen` a newer generation, or finds that somebody has.
    async fn renew(&self, seen: i64, why: Why) -> Result<AccessToken, CrmError> {
        let arrived = self.machine.steady();
        let give_up = arrived + self.times.patience;
        let gate = self.flight.gate(self.connection_id).lock_owned();
        let Some(mut turn) = self.within(give_up, gate).await else {
            return self.impatient(seen, why).await;
        };
        loop {
            // Whoever had the turn before came to an end while this caller waited: asking again, or
            // even looking again, for each of thousands of callers would be a storm.
            let ended = turn.clone().filter(|last| last.generation == seen && last.at > arrived);
            if let Some(Ended { outcome: Ok(token), .. }) = ended {
                return Ok(token);
            }
            let now = self.look().await?;
            if now.token.generation != seen {
                return Ok(now.token);
            }
            let will_do = why == Why::Early && !self.is_expired(&now);
            if let Some(Ended { outcome: Err(error), .. }) = ended {
                return or(will_do, now.token, error);
            }
            // Somebody has asked meanwhile, and no answer came.
            if will_do && now.unanswered {
                return Ok(now.token);
            }
            let reach = if will_do { Reach::Unasked } else { Reach::Active };
            match self.within(give_up, self.attempt(seen, reach, turn)).await {
                // It goes on by itself.
                None => return self.impatient(seen, why).await,
                Some(Ok((_, Ok(Some(token))))) => return Ok(token),
                // Another process asks, or has and knows no more than we. Until an answer is here, a
                // token that works will do.
                Some(Ok((_, Ok(None)))) if will_do => return Ok(now.token),
                Some(Ok((back, Ok(None)))) => {
                    turn = back;
                    if self.machine.steady() > give_up {
                        return Err(still_under_way());
                    }
                    self.machine.sleep(LOOK_AGAIN).await;
                }
                Some(Ok((_, Err(error))) | Err(error)) => {
                    return or(will_do, now.token, error);
                }
            }
        }
    }

    /// Somebody else's refresh takes too long for this caller.
    async fn impatient(&self, seen: i64, why: Why) -> Result<AccessToken, CrmError> {
        let now = self.look().await?;
        let will_do = why == Why::Early && !self.is_expired(&now);
        if now.token.generation != seen || will_do { Ok(now.token) } else { Err(still_under_way()) }
    }

    async fn within<T>(&self, until: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.machine.sleep(until.saturating_sub(self.machine.steady())) => None,
        }
    }

    /// One refresh, in a task of its own: a caller that is dropped meanwhile (a browser that hung
    /// up, a job that lost its lease) must not take the only copy of a rotated token with it.
    async fn attempt(
        &self,
        seen: i64,
        reach: Reach,
        mut turn: Turn,
    ) -> Result<(Turn, Result<Option<AccessToken>, CrmError>), CrmError> {
        let tokens = self.clone();
        let work = async move {
            let outcome = tokens.refresh(seen, reach).await.map_err(Trouble::into_crm);
            let end =
                |outcome| Some(Ended { generation: seen, at: tokens.machine.steady(), outcome });
            *turn = match &outcome {
                Ok(Some(token)) => end(Ok(token.clone())),
                Ok(None) => None,
                Err(error) => end(Err(error.clone())),
            };
            (turn, outcome)
        };
        // `None` is a panic; the lease ends by itself.
        let done = self.machine.spawn(work).await;
        done.ok_or(CrmError::TokenUnavailable { what: "the refresh broke off" })
    }
}

fn still_under_way() -> CrmError {
    CrmError::TokenUnavailable { what: "a refresh is still under way" }
}

/// The old token while it works and only the refresh is in trouble.
fn or(will_do: bool, token: AccessToken, error: CrmError) -> Result<AccessToken, CrmError> {
    match error {
        CrmError::Down { .. } | CrmError::Misconfigured | CrmError::TokenUnavailable { .. }
            if will_do =>
        {
            Ok(token)
        }
        error => Err(error),
    }
}
