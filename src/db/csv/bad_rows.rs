//! Rows of a file that could not be taken in, until somebody corrects them.

use sqlx::{FromRow, types::Json};

use crate::{
    db::{DbError, TenantTx},
    domain::{FileId, RunId},
};

#[derive(Debug, Clone, FromRow)]
pub struct BadRow {
    pub row_number: i64,
    pub cells: Json<Vec<String>>,
    pub reason: String,
}

/// What a page makes of its rows: those that a run has taken up as corrected are dealt with, and
/// `bad` are to be corrected, for the first time or again.
pub async fn settle(
    tx: &mut TenantTx,
    file_id: FileId,
    fixed: &[i64],
    bad: &[BadRow],
) -> Result<(), DbError> {
    if !fixed.is_empty() {
        sqlx::query("delete from csv_bad_row where file_id = $1 and row_number = any($2)")
            .bind(file_id)
            .bind(fixed)
            .execute(tx.conn())
            .await?;
    }
    if bad.is_empty() {
        return Ok(());
    }
    let company_id = tx.company_id();
    let numbers: Vec<i64> = bad.iter().map(|row| row.row_number).collect();
    let cells: Vec<String> =
        bad.iter().map(|row| serde_json::json!(row.cells.0).to_string()).collect();
    let reasons: Vec<&str> = bad.iter().map(|row| row.reason.as_str()).collect();
    sqlx::query(
        "insert into csv_bad_row (company_id, file_id, row_number, cells, reason)
         select $1, $2, number, cells::jsonb, reason
         from unnest($3::bigint[], $4::text[], $5::text[]) as new (number, cells, reason)",
    )
    .bind(company_id)
    .bind(file_id)
    .bind(numbers)
    .bind(cells)
    .bind(reasons)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those that wait to be corrected, after this row.
pub async fn bad_rows(
    tx: &mut TenantTx,
    file_id: FileId,
    after: i64,
    most: i64,
) -> Result<Vec<BadRow>, DbError> {
    Ok(sqlx::query_as(
        "select row_number, cells, reason from csv_bad_row
         where file_id = $1 and row_number > $2 and fixing is null
         order by row_number limit $3",
    )
    .bind(file_id)
    .bind(after)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn count_bad_rows(tx: &mut TenantTx, file_id: FileId) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar("select count(*) from csv_bad_row where file_id = $1 and fixing is null")
        .bind(file_id)
        .fetch_one(tx.conn())
        .await?)
}

/// Writes corrected cells and gives the rows to a run; how many were there to be given.
pub async fn correct(
    tx: &mut TenantTx,
    file_id: FileId,
    run_id: RunId,
    rows: &[(i64, Vec<String>)],
) -> Result<u64, DbError> {
    let numbers: Vec<i64> = rows.iter().map(|(number, _)| *number).collect();
    let cells: Vec<String> =
        rows.iter().map(|(_, cells)| serde_json::json!(cells).to_string()).collect();
    let given = sqlx::query(
        "update csv_bad_row set cells = new.cells::jsonb, fixing = $2
         from unnest($3::bigint[], $4::text[]) as new (number, cells)
         where file_id = $1 and row_number = new.number and fixing is null",
    )
    .bind(file_id)
    .bind(run_id)
    .bind(numbers)
    .bind(cells)
    .execute(tx.conn())
    .await?;
    Ok(given.rows_affected())
}

/// Corrected rows that a run has yet to take up, in their order.
pub async fn to_correct(
    tx: &mut TenantTx,
    file_id: FileId,
    run_id: RunId,
    most: i64,
) -> Result<Vec<BadRow>, DbError> {
    Ok(sqlx::query_as(
        "select row_number, cells, reason from csv_bad_row
         where file_id = $1 and fixing = $2 order by row_number limit $3",
    )
    .bind(file_id)
    .bind(run_id)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// Rows that an ended run did not get to wait again.
pub async fn release(tx: &mut TenantTx, run_id: RunId) -> Result<(), DbError> {
    sqlx::query("update csv_bad_row set fixing = null where fixing = $1")
        .bind(run_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
