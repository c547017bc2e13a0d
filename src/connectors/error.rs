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
    /// The same request will be refused again: change it. `code` is the provider's own word, or what
    /// of ours is out of date ([`CrmError::stale`]). A status of 0: we knew before asking.
    #[error("the provider refused the request: {reason}")]
    Refused { reason: &'static str, status: u16, code: Option<String>, said: Vec<Objection> },
    /// It may have been done: look before doing it again. Only said of what changes something.
    #[error("whether the provider did it is not known: {what}")]
    Uncertain { what: &'static str, status: Option<u16> },
    /// The time in which it might have been sent had passed: nothing was sent, take it up anew.
    #[error("it was too late to send it")]
    TooLate,
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

/// What of ours is out of date: resolve it anew and send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// The custom field of our marker is gone.
    Reference,
    /// There is no such label (any more).
    Label,
    /// No such user, or not an active one.
    Owner,
    Organization,
    Person,
    /// No such type of activity, or not in use.
    Kind,
}

impl Stale {
    const ALL: [Self; 6] =
        [Self::Reference, Self::Label, Self::Owner, Self::Organization, Self::Person, Self::Kind];

    /// As the `code` of a refusal.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reference => "stale_reference",
            Self::Label => "stale_label",
            Self::Owner => "stale_owner",
            Self::Organization => "stale_organization",
            Self::Person => "stale_person",
            Self::Kind => "stale_kind",
        }
    }
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
    /// Refused by ourselves, before anything was sent.
    pub(super) fn unsent(reason: &'static str, said: Vec<Objection>) -> Self {
        Self::Refused { reason, status: 0, code: None, said }
    }

    /// What [`super::Writer::cannot`] says cannot be done.
    pub(super) fn cannot() -> Self {
        Self::unsent("Tandem cannot do this at this CRM", vec![])
    }

    /// Whether it was refused for something of ours that can be resolved anew: an id that we kept
    /// and that no longer stands for anything.
    pub fn stale(&self) -> Option<Stale> {
        let Self::Refused { code: Some(code), .. } = self else { return None };
        Stale::ALL.into_iter().find(|stale| stale.word() == code)
    }

    /// Whether the same call may succeed later without anybody doing anything.
    pub fn passes(&self) -> bool {
        match self {
            Self::Throttled { .. }
            | Self::Down { .. }
            | Self::Unreadable { .. }
            | Self::TooLate
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
