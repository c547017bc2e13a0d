//! Files of rows that members bring, in pieces where every worker can read them.

mod bad_rows;
mod prints;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    db::{DbError, TenantTx},
    domain::{FileId, MemberId},
};

pub use bad_rows::{BadRow, bad_rows, correct, count_bad_rows, release, settle, to_correct};
pub use prints::{RowKey, known, remember};

/// A file as stored, without what is in it.
#[derive(Debug, Clone, FromRow)]
pub struct File {
    pub file_id: FileId,
    pub uploaded_by: Option<MemberId>,
    pub state: String,
    pub bytes: i64,
    pub lines: i64,
    pub charset: String,
    pub settings: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// A file that begins to arrive. Of those of its member that wait, the newest `waiting` stay.
pub async fn make(
    tx: &mut TenantTx,
    member_id: MemberId,
    now: DateTime<Utc>,
    waiting: i64,
) -> Result<FileId, DbError> {
    sqlx::query(
        "delete from csv_file
         where file_id in (select file_id from csv_file
                           where uploaded_by = $1 and state <> 'started'
                           order by file_id desc offset $2)",
    )
    .bind(member_id)
    .bind(waiting)
    .execute(tx.conn())
    .await?;
    let (company_id, file_id) = (tx.company_id(), FileId::fresh());
    sqlx::query(
        "insert into csv_file (company_id, file_id, uploaded_by, created_at)
         values ($1, $2, $3, $4)",
    )
    .bind(company_id)
    .bind(file_id)
    .bind(member_id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(file_id)
}

/// Adds a piece; [`DbError::Dangling`] when the file is gone.
pub async fn add_chunk(
    tx: &mut TenantTx,
    file_id: FileId,
    seq: i32,
    bytes: &[u8],
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query("insert into csv_chunk (company_id, file_id, seq, bytes) values ($1, $2, $3, $4)")
        .bind(company_id)
        .bind(file_id)
        .bind(seq)
        .bind(bytes)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// All of it is there.
pub async fn arrived(
    tx: &mut TenantTx,
    file_id: FileId,
    bytes: i64,
    lines: i64,
    charset: &str,
) -> Result<(), DbError> {
    sqlx::query(
        "update csv_file set state = 'ready', bytes = $2, lines = $3, charset = $4
         where file_id = $1",
    )
    .bind(file_id)
    .bind(bytes)
    .bind(lines)
    .bind(charset)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn get(tx: &mut TenantTx, file_id: FileId) -> Result<Option<File>, DbError> {
    Ok(sqlx::query_as(
        "select file_id, uploaded_by, state, bytes, lines, charset, settings, created_at
         from csv_file where file_id = $1 and state <> 'arriving'",
    )
    .bind(file_id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn chunk(
    tx: &mut TenantTx,
    file_id: FileId,
    seq: i32,
) -> Result<Option<Vec<u8>>, DbError> {
    Ok(sqlx::query_scalar("select bytes from csv_chunk where file_id = $1 and seq = $2")
        .bind(file_id)
        .bind(seq)
        .fetch_optional(tx.conn())
        .await?)
}

/// Chooses how it is read; `false` when that was chosen before.
pub async fn begin(tx: &mut TenantTx, file_id: FileId, settings: &str) -> Result<bool, DbError> {
    let begun = sqlx::query(
        "update csv_file set state = 'started', settings = $2
         where file_id = $1 and state = 'ready'",
    )
    .bind(file_id)
    .bind(settings)
    .execute(tx.conn())
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Forgets a file that was not started; `false` when there is none.
pub async fn discard(tx: &mut TenantTx, file_id: FileId) -> Result<bool, DbError> {
    let gone = sqlx::query("delete from csv_file where file_id = $1 and state <> 'started'")
        .bind(file_id)
        .execute(tx.conn())
        .await?;
    Ok(gone.rows_affected() == 1)
}

/// Forgets what is in it, once it was read to its end.
pub async fn forget_chunks(tx: &mut TenantTx, file_id: FileId) -> Result<(), DbError> {
    sqlx::query("delete from csv_chunk where file_id = $1")
        .bind(file_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets files that nobody started before `waiting`, what is in those from before `unread`, and
/// those from before `old` with the rows that nobody corrected.
pub async fn sweep(
    tx: &mut TenantTx,
    waiting: DateTime<Utc>,
    unread: DateTime<Utc>,
    old: DateTime<Utc>,
) -> Result<u64, DbError> {
    sqlx::query(
        "delete from csv_chunk where file_id in (select file_id from csv_file where created_at < $1)",
    )
    .bind(unread)
    .execute(tx.conn())
    .await?;
    let gone = sqlx::query(
        "delete from csv_file
         where created_at < $2 or (state <> 'started' and created_at < $1)",
    )
    .bind(waiting)
    .bind(old)
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected())
}
