//! The row of a company that settles races over its contacts and holds their count.

use crate::db::{DbError, TenantTx};

/// Waits for whoever else writes contacts of this company, and counts what is there. First of all
/// locks: who takes another before it may wait for ever.
pub async fn lock(tx: &mut TenantTx) -> Result<u64, DbError> {
    let contacts: i64 =
        sqlx::query_scalar("select contacts from book for update").fetch_one(tx.conn()).await?;
    Ok(contacts.unsigned_abs())
}

/// Adjusts the count; the caller holds the lock.
pub async fn count(tx: &mut TenantTx, by: i64) -> Result<(), DbError> {
    sqlx::query("update book set contacts = contacts + $1").bind(by).execute(tx.conn()).await?;
    Ok(())
}
