//! Why a consent ended without a connection.

use crate::{db::DbError, flows::FlowError};

/// Why a connection was not made; each has its own message on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    Denied,
    /// The app is not installed in the account, or not approved by its administrator.
    NotInstalled,
    StateMissing,
    StateUnknown,
    StateExpired,
    StateUsed,
    OtherSession,
    ProviderMismatch,
    CodeRefused,
    HostRefused,
    AccountMismatch,
    ProviderDown,
    NotConfigured,
    TooOften,
    /// The role was lowered, or the member removed, while the provider was asked.
    Forbidden,
    /// The plan became too small meanwhile.
    Plan,
}

impl Denied {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NotInstalled => "not_installed",
            Self::StateMissing => "state_missing",
            Self::StateUnknown => "state_unknown",
            Self::StateExpired => "state_expired",
            Self::StateUsed => "state_used",
            Self::OtherSession => "other_session",
            Self::ProviderMismatch => "provider_mismatch",
            Self::CodeRefused => "code_refused",
            Self::HostRefused => "host_refused",
            Self::AccountMismatch => "account_mismatch",
            Self::ProviderDown => "provider_down",
            Self::NotConfigured => "not_configured",
            Self::TooOften => "too_often",
            Self::Forbidden => "forbidden",
            Self::Plan => "plan",
        }
    }
}

/// A callback that ended without a connection.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    #[error("not connected: {}", .0.as_str())]
    Denied(Denied),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<Denied> for CallbackError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<DbError> for CallbackError {
    fn from(error: DbError) -> Self {
        Self::Flow(error.into())
    }
}
