//! What a refresh stands on: the store that remembers, the provider that answers, and the machine
//! it runs on. Arguments, so that a simulation runs the same protocol (`tests/it/simulation`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::{
    connectors::{AccessToken, ApiBase, CrmError, Grant, OAuthError},
    db::DbError,
    flows::SealError,
    vault::VaultError,
};

/// Where a connection's tokens are kept. What it is given and gives is open; what it keeps is sealed.
pub trait TokenStore: Clone + Send + Sync + 'static {
    /// Seals an answer although the database may be away by then.
    type Sealer: Send + Sync;
    /// An answer as it is stored.
    type Answer: Send + Sync;

    /// What callers need of the row.
    fn look(&self) -> impl Future<Output = Result<Seen, Trouble>> + Send;

    /// Reads what to ask with, takes the right to ask and writes down that somebody is about to:
    /// all of it, or `None` while another holds the right, when the generation moved, or when it is
    /// out of `reach` at that moment: whoever asks may have slept since its look.
    fn begin(
        &self,
        seen: i64,
        reach: Reach,
    ) -> impl Future<Output = Result<Option<Begun<Self::Sealer>>, Trouble>> + Send;

    fn seal(
        &self,
        begun: &Begun<Self::Sealer>,
        grant: &Grant,
        sent: &SecretString,
    ) -> Result<Self::Answer, Trouble>;

    /// Puts the answer where a crash does not reach it, if there is such a place.
    fn spool(&self, answer: &Self::Answer) -> impl Future<Output = ()> + Send;

    /// The answer is stored, or of no use any more.
    fn unspool(&self, answer: &Self::Answer) -> impl Future<Output = ()> + Send;

    /// Stores what a crashed neighbour left in the spool for this connection, and ends its right to
    /// ask, in this order: only of who is known to be dead, and once the time for an answer is over,
    /// because a question that arrives after ours would use the token twice.
    fn recover(&self) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Whether an answer to this generation lies in the spool, other than those that are being tried:
    /// looked at right before the question leaves.
    fn is_answered(&self, begun: &Begun<Self::Sealer>) -> impl Future<Output = bool> + Send;

    /// Stores the answer if nobody has overtaken us; otherwise keeps it as an orphan.
    fn store(&self, answer: &Self::Answer) -> impl Future<Output = Result<Kept, DbError>> + Send;

    /// Writes down that there is no answer, and what that means.
    fn refuse(
        &self,
        begun: &Begun<Self::Sealer>,
        end: &End,
    ) -> impl Future<Output = Result<Standing, DbError>> + Send;
}

/// Who grants tokens.
pub trait TokenProvider: Clone + Send + Sync + 'static {
    /// Whether there is an app of ours at the provider.
    fn is_configured(&self) -> bool;

    /// Asks for new tokens where those of the account at `at` are given.
    fn refresh(
        &self,
        token: &SecretString,
        at: &ApiBase,
    ) -> impl Future<Output = Result<Grant, OAuthError>> + Send;

    /// Gives a grant back that came after the end.
    fn give_back(&self, token: &SecretString, at: &ApiBase) -> impl Future<Output = ()> + Send;
}

/// Time, and tasks that outlive their caller.
pub trait Machine: Clone + Send + Sync + 'static {
    /// As provider and database tell it.
    fn wall(&self) -> DateTime<Utc>;

    /// Since some moment; never goes back.
    fn steady(&self) -> Duration;

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// A named place where a test may end the process.
    fn reached(&self, place: &'static str) -> impl Future<Output = ()> + Send;

    /// Runs `work` whatever becomes of who waits for it; `None` when it broke off.
    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send;
}

/// What a look at the row showed.
#[derive(Clone)]
pub struct Seen {
    pub token: AccessToken,
    pub expires_at: Option<DateTime<Utc>>,
    /// Somebody asked with this generation's refresh token and stored no answer, yet or ever.
    pub unanswered: bool,
}

/// Which connections may be refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One whose access token will do, unless its refresh token was sent and no answer is here.
    Unasked,
    Active,
    /// Also one that only a refresh has declared dead: there is a late answer to try.
    Dead,
}

/// The right to ask, and what with.
pub struct Begun<S> {
    pub seen: i64,
    /// Grows with each right that is given; the newest counts.
    pub lease: i64,
    /// Newest first.
    pub candidates: Vec<Candidate>,
    pub api_base: ApiBase,
    /// When this generation's refresh token was sent before, and no answer came or one too late.
    pub missed: Option<DateTime<Utc>>,
    pub sealer: S,
}

/// A refresh token that may be the newest.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub token: SecretString,
    /// The lease that it came too late for; `None` for the row's own.
    pub orphan: Option<i64>,
}

/// How an attempt without an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The provider may have acted on it or not.
    Unknown,
    /// Ours to repair; nothing is said about the connection.
    Ours,
    /// None of these candidates is good any more; why the connection needs a new consent.
    Dead { orphans: Vec<i64>, reason: String },
}

/// How things stood when the end of an attempt was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody overtook us; the end is what counts.
    Ours,
    /// The lease went on, or a late answer came in that was not tried.
    Overtaken,
    /// There is a newer generation.
    Moved,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Stored,
    /// Another lease went on; the answer waits beside the attempt and is tried first by the next.
    Fenced,
    /// The same, and a refresh has declared the connection dead meanwhile.
    Late,
    /// The connection was ended; the answer was not kept.
    Ended,
}

/// What keeps a refresh from happening.
#[derive(Debug)]
pub enum Trouble {
    Crm(CrmError),
    Db(DbError),
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seen(generation {})", self.token.generation)
    }
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<CrmError> for Trouble {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "a token could not be sealed or opened");
        Self::Crm(CrmError::TokenUnavailable { what: "the vault refused" })
    }
}

impl From<SealError> for Trouble {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Db(error) => error.into(),
            SealError::Vault(error) => error.into(),
        }
    }
}

impl Trouble {
    pub(super) fn into_crm(self) -> CrmError {
        match self {
            Self::Crm(error) => error,
            Self::Db(error) => {
                tracing::warn!(%error, "tokens could not be read or stored");
                CrmError::TokenUnavailable { what: "the database did not answer" }
            }
        }
    }
}
