//! What becomes of a run: the decisions, without the database that remembers them. `halt` and `work`
//! carry them out; a simulation runs them through thousands of crashes (`tests/it/simulation`).

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::{CrmError, Throttle},
    db::DbError,
};

/// The longest wait for a provider that is in trouble, in seconds: a run is back within a minute
/// of its provider.
const LONGEST_WAIT: i64 = 45;
/// After this many attempts in a row without a committed page, which is about a day, a run fails;
/// it can be resumed.
pub const PATIENCE: i32 = 2_000;
/// When a provider names a wait that makes no sense.
const A_WHILE: TimeDelta = TimeDelta::minutes(5);

/// Runs of the clock come back to a provider in trouble after 2, 4, 8, 16, 30 minutes.
const A_MINUTE: TimeDelta = TimeDelta::minutes(1);
const LONGEST_OF_CLOCK: TimeDelta = TimeDelta::minutes(30);
/// About a day as well.
pub const PATIENCE_OF_CLOCK: i32 = 50;

pub const MOVED: &str = "the run moved on";
pub const CANCELLED: &str = "Cancelled; what was imported stays.";
pub const RECONNECT: &str =
    "The connection needs a new consent. Connect again, and this run goes on by itself.";
const YIELDS: &str = "Made way for another import. It goes on by itself.";
/// Of a run of the clock.
pub const READ_BY_ANOTHER: &str = "Another import has read what has changed.";
const FULL: &str = "Stopped at the plan's contact limit: what fitted was imported. Upgrade and import again to take in the rest.";
// A list that gets no further would be read for ever.
const TWICE: &str = "Stopped: the CRM twice refused to go on with its own list. What was imported stays, and the run can be resumed.";

/// Why a worker put a run down.
#[derive(Debug)]
pub enum Halt {
    /// The run ended.
    Done,
    Cancelled,
    Stopping,
    /// Nobody asked for this run, and somebody asked for another one.
    Yields,
    /// The plan has no room for more contacts.
    Full,
    /// The plan lost the provider, or the connection was paused or ended meanwhile.
    Closed(&'static str),
    Crm(CrmError),
    Db(DbError),
}

impl From<CrmError> for Halt {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

impl From<DbError> for Halt {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// What a decision depends on beside the halt.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Circumstances {
    pub now: DateTime<Utc>,
    /// This worker has committed a page.
    pub moved: bool,
    /// Attempts since the last committed page.
    pub attempts: i32,
    /// The list has started again before, and brought nothing since.
    pub again: bool,
    /// Somebody else has taken the run further.
    pub overtaken: bool,
    /// Nobody asked for the run, and nobody waits for it.
    pub by_clock: bool,
}

/// What is to be done with the run, and with its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The run has ended; so does its job.
    Over,
    /// The run is somebody else's; look again.
    Leave {
        at: DateTime<Utc>,
        reason: &'static str,
    },
    /// The run stays as it is, and only what was spent is counted.
    Count {
        at: Option<DateTime<Utc>>,
        reason: &'static str,
    },
    /// It goes on by itself.
    Wait {
        at: DateTime<Utc>,
        reason: String,
    },
    End {
        state: &'static str,
        reason: String,
    },
    /// The list starts again from its beginning; with words, the run fails as well.
    Restart {
        fails: Option<&'static str>,
    },
}

/// Decides.
pub fn verdict(halt: &Halt, given: &Circumstances) -> Verdict {
    let soon = given.now + TimeDelta::seconds(5);
    let end = |state, reason: &str| Verdict::End { state, reason: reason.to_owned() };
    match halt {
        Halt::Done => Verdict::Over,
        // Another worker has the run by now, and its job. If the job is still ours, somebody who
        // had lost it put the run down: look again.
        Halt::Db(DbError::Fenced) => Verdict::Leave { at: soon, reason: MOVED },
        Halt::Db(error) if error.is_passing() => {
            Verdict::Count { at: Some(soon), reason: "the database was busy" }
        }
        // Two workers wrote the same page, and the other one was first.
        Halt::Db(DbError::Conflict { .. }) if given.overtaken => {
            Verdict::Leave { at: soon, reason: MOVED }
        }
        Halt::Db(error) => {
            end("failed", &format!("A page could not be written ({error}). It can be resumed."))
        }
        Halt::Stopping => Verdict::Count { at: None, reason: "the worker is stopping" },
        Halt::Yields => Verdict::Wait { at: soon, reason: YIELDS.to_owned() },
        Halt::Cancelled => end("cancelled", CANCELLED),
        Halt::Closed(reason) => end("failed", reason),
        Halt::Full => end("completed", FULL),
        Halt::Crm(error) => crm(error, given),
    }
}

fn crm(error: &CrmError, given: &Circumstances) -> Verdict {
    match error {
        CrmError::Throttled { scope, wait } => {
            let reason = match scope {
                Throttle::Burst => "Waiting: the CRM asks us to slow down.",
                Throttle::Daily => {
                    "Waiting: the CRM's daily budget is used up, or down to the share kept for people."
                }
                Throttle::Blocked => "Waiting: the CRM has shut us out for a while.",
            };
            let at = given.now + TimeDelta::from_std(*wait).unwrap_or(A_WHILE);
            Verdict::Wait { at, reason: reason.to_owned() }
        }
        CrmError::CursorRefused => Verdict::Restart { fails: given.again.then_some(TWICE) },
        error
            if error.passes()
                && given.by_clock
                && (given.moved || given.attempts < PATIENCE_OF_CLOCK) =>
        {
            let tries = if given.moved { 0 } else { given.attempts.clamp(0, 5) };
            let at = given.now + (A_MINUTE * (1 << tries)).min(LONGEST_OF_CLOCK);
            Verdict::Wait { at, reason: format!("Waiting: {error}. It goes on by itself.") }
        }
        error
            if error.passes() && !given.by_clock && (given.moved || given.attempts < PATIENCE) =>
        {
            // 5 s, 10 s, 20 s, 40 s, 45 s, counted from the last page that was committed.
            let tries = if given.moved { 0 } else { given.attempts.clamp(0, 7) };
            let seconds = match error {
                // A token that another worker is fetching, or took into its grave, is nobody's
                // trouble over there, and this one has waited for it already.
                CrmError::TokenUnavailable { .. } => 2,
                _ => (5_i64 << tries).min(LONGEST_WAIT),
            };
            let at = given.now + TimeDelta::seconds(seconds);
            Verdict::Wait { at, reason: format!("Waiting: {error}. It goes on by itself.") }
        }
        CrmError::Revoked | CrmError::Expired | CrmError::MissingScope { .. } => {
            Verdict::End { state: "failed", reason: RECONNECT.to_owned() }
        }
        error => Verdict::End {
            state: "failed",
            reason: format!(
                "Stopped: {error}. What was imported stays, and the run can be resumed."
            ),
        },
    }
}

/// Whether a run that a worker takes up ends at once: `(state, reason)`.
pub fn opening(
    cancel_requested: bool,
    refusal: Option<&'static str>,
) -> Option<(&'static str, &'static str)> {
    match refusal {
        _ if cancel_requested => Some(("cancelled", CANCELLED)),
        Some(reason) => Some(("failed", reason)),
        None => None,
    }
}

/// The phase after this one, for this mode.
pub fn after(phase: &str, selective: bool) -> &'static str {
    match phase {
        "users" => "fields",
        "fields" if selective => "persons",
        "fields" => "organizations",
        "organizations" => "deals",
        "deals" => "persons",
        _ => "reconcile",
    }
}
