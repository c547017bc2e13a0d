//! Files of rows that members bring: received in pieces, looked at, and started as a run like any
//! other (`flows::import`). Rows that could not be read are corrected and run again.

mod correct;
mod look;
mod receive;
mod start;

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    db::{self, DbError, Scope},
    domain::{CompanyId, FileId},
    flows::{Hub, SealError, contacts::By},
};

pub use correct::{MOST_CORRECTED, correct};
pub use look::{Look, look};
pub use receive::{BOUNDS, Bounds, MOST_BYTES, receive};
pub use start::start;

/// A file that nobody started goes after that time.
const WAITING: TimeDelta = TimeDelta::days(1);
/// What is in a file whose run did not end: as long as the run can be resumed.
const UNREAD: TimeDelta = TimeDelta::days(7);
/// Rows that nobody corrected.
const KEPT: TimeDelta = TimeDelta::days(30);

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not there, another company's, or another member's.
    #[error("there is no such file")]
    NotFound,
    #[error("the file is too large")]
    TooLarge,
    #[error("the file did not arrive in time")]
    TooSlow,
    #[error("the file broke off")]
    Broken,
    #[error("the file is empty")]
    Empty,
    /// A spreadsheet's own format.
    #[error("the file is no text")]
    NotText,
    #[error("too many files")]
    Wait(Duration),
    /// What the columns were said to be makes no sense; the words say why.
    #[error("{0}")]
    Columns(String),
    /// The request contradicts what is stored; the words say what to do.
    #[error("{0}")]
    Refused(&'static str),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Forgets a file that was not started.
pub async fn discard(hub: &Hub, by: By, file_id: FileId) -> Result<(), FileError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if !db::csv::discard(&mut tx, file_id).await? {
        return Err(FileError::NotFound);
    }
    Ok(tx.commit().await?)
}

/// Forgets what is older than it may be.
pub async fn sweep(hub: &Hub, company_id: CompanyId) -> Result<u64, DbError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let gone = db::csv::sweep(&mut tx, now - WAITING, now - UNREAD, now - KEPT).await?;
    tx.commit().await?;
    Ok(gone)
}
