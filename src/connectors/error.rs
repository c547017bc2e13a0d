//! What can go wrong at a CRM, named by what to do next.

use std::time::Duration;

/// Why a provider must not be called now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// Too many requests in a short window: seconds.
    Burst,
    /// The account's budget of the day is used up (or down to the share reserved for people).
    Daily,
    /// The provider's edge shut us out: stay away for long.
    Blocked,
}

/// Never carries a body, a token or an address: it is shown, stored and logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrmError {
    /// A fresh token is refused too: treat as [`CrmError::Revoked`] if it lasts.
    #[error("the provider refuses a token it has just issued")]
    Expired,
    /// The grant is gone: the company must connect again.
    #[error("access was revoked at the provider; connect again")]
    Revoked,
    /// The grant lacks a scope: connect again and allow it.
    #[error("the connection lacks the permission `{needed}`; connect again and allow it")]
    MissingScope { needed: &'static str },
    /// Wait that long, with everything for this connection.
    #[error("{}", throttled(*scope, *wait))]
    Throttled { scope: Throttle, wait: Duration },
    /// Retry later; `wait` when the provider said when.
    #[error("the provider cannot be reached properly: {what}")]
    Down { what: &'static str, status: Option<u16>, wait: Option<Duration> },
    /// The same request will be refused again: change it. `code` is the provider's own word.
    #[error("the provider refused the request: {reason}")]
    Refused { reason: &'static str, status: u16, code: Option<String>, said: Vec<Objection> },
    /// It may have been done: look before doing it again. Only said of what changes something.
    #[error("whether the provider did it is not known: {what}")]
    Uncertain { what: &'static str, status: Option<u16> },
    /// The account is closed or unpaid: pause, do not ask to connect again.
    #[error("the account is suspended at the provider: {reason}")]
    Suspended { reason: &'static str },
    /// There is no such object (any more).
    #[error("the provider has no such object")]
    Missing,
    /// It answered, in a form that we cannot read: retry later, tell us if it lasts.
    #[error("the provider's answer cannot be read: {what}")]
    Unreadable { what: &'static str },
    /// A stored cursor is no longer accepted: start again from the last committed place.
    #[error("the provider no longer accepts this cursor")]
    CursorRefused,
    /// The address is not one of the provider's: nothing was sent.
    #[error("the provider's address is not one we may send a token to")]
    ForbiddenHost,
    /// Ours to repair: the client id or secret is wrong.
    #[error("Tandem's own credentials for this provider are not accepted")]
    Misconfigured,
    /// Ours to repair: the token could not be opened or stored.
    #[error("the connection's token is not available: {what}")]
    TokenUnavailable { what: &'static str },
}

/// What a provider objects to, for the company's own eyes: it may hold what was sent, so it is stored
/// with the delivery and never logged.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Objection {
    /// The field of ours, in the words of the API; `None` when it is about the whole.
    pub field: Option<String>,
    /// The provider's words, at most 300 characters.
    pub words: String,
}

impl std::fmt::Debug for Objection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objection").field("field", &self.field).finish_non_exhaustive()
    }
}

impl CrmError {
    /// Whether the same call may succeed later without anybody doing anything.
    pub fn passes(&self) -> bool {
        match self {
            Self::Throttled { .. }
            | Self::Down { .. }
            | Self::Unreadable { .. }
            | Self::TokenUnavailable { .. } => true,
            // Not by itself: somebody has to look.
            Self::Uncertain { .. }
            | Self::Expired
            | Self::Revoked
            | Self::MissingScope { .. }
            | Self::Refused { .. }
            | Self::Suspended { .. }
            | Self::Missing
            | Self::CursorRefused
            | Self::ForbiddenHost
            | Self::Misconfigured => false,
        }
    }
}

fn throttled(scope: Throttle, wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    match scope {
        Throttle::Burst => format!("the provider asks us to slow down for {seconds} s"),
        Throttle::Daily => {
            let minutes = seconds.div_ceil(60);
            format!("the account's daily budget is used up; looking again in {minutes} min")
        }
        Throttle::Blocked => {
            let minutes = seconds.div_ceil(60);
            format!("the provider has shut us out; staying away for {minutes} min")
        }
    }
}
