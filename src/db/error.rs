//! What can go wrong with a query, named by what to do next.

/// A query that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Somebody was faster, or asks for something that exists.
    #[error("row already exists ({constraint})")]
    Conflict { constraint: String },
    /// A reference points at nothing of this company.
    #[error("row refers to nothing ({constraint})")]
    Dangling { constraint: String },
    /// Try again: deadlock, serialization, or a lock that took too long.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// Try later: the database is away.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// Another worker went on with this; leave it.
    #[error("another worker took over")]
    Fenced,
    /// Our mistake.
    #[error("a query failed")]
    Query(#[source] sqlx::Error),
}

impl DbError {
    /// Whether the same thing may succeed later without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error),
            sqlx::Error::Database(cause) => {
                let constraint = || cause.constraint().unwrap_or_default().to_owned();
                if cause.is_unique_violation() {
                    return Self::Conflict { constraint: constraint() };
                }
                if cause.is_foreign_key_violation() {
                    return Self::Dangling { constraint: constraint() };
                }
                // Codes: https://www.postgresql.org/docs/15/errcodes-appendix.html
                match cause.code().as_deref() {
                    Some("40001" | "40P01" | "55P03" | "57014") => Self::Busy(error),
                    // 53: no room on the disk, no memory, no connection left. 58030: the disk
                    // failed. 25006: a standby answers, because the primary has just moved.
                    Some(code)
                        if code.starts_with("57P")
                            || code.starts_with("53")
                            || code.starts_with("08")
                            || ["25P03", "25006", "58030"].contains(&code) =>
                    {
                        Self::Unavailable(error)
                    }
                    _ => Self::Query(error),
                }
            }
            _ => Self::Query(error),
        }
    }
}
