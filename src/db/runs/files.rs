//! Runs that take in a file of rows.

use crate::{
    db::{DbError, TenantTx},
    domain::{FileId, MemberId, RunId},
};

/// The provider of runs that come from a file, and the source of the contacts they make.
pub const CSV: &str = "csv";

/// A run to queue.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    pub file_id: FileId,
    /// Only rows of this run that were corrected.
    pub fixes: Option<RunId>,
    pub requested_by: MemberId,
    pub estimate: i64,
}

/// Queues a run of a file; the database refuses a second one of the whole file.
pub async fn start_file(tx: &mut TenantTx, new: &Sheet) -> Result<RunId, DbError> {
    let (company_id, run_id) = (tx.company_id(), RunId::fresh());
    sqlx::query(
        "insert into sync_run
             (company_id, run_id, file_id, fixes, provider, mode, phase, requested_by, estimate,
              dedup)
         values ($1, $2, $3, $4, $5, 'selective', 'persons', $6, $7, $8)",
    )
    .bind(company_id)
    .bind(run_id)
    .bind(new.file_id)
    .bind(new.fixes)
    .bind(CSV)
    .bind(new.requested_by)
    .bind(new.estimate)
    .bind(run_id.to_string())
    .execute(tx.conn())
    .await?;
    Ok(run_id)
}

/// The run that reads the whole file, once it was started.
pub async fn of_file(tx: &mut TenantTx, file_id: FileId) -> Result<Option<RunId>, DbError> {
    Ok(sqlx::query_scalar("select run_id from sync_run where file_id = $1 and fixes is null")
        .bind(file_id)
        .fetch_optional(tx.conn())
        .await?)
}
