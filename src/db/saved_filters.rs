//! Rows of `saved_filter`: each member's own.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    db::{DbError, TenantTx},
    domain::{MemberId, SavedFilterId},
};

/// A question to the book that a member keeps.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SavedFilter {
    pub filter_id: SavedFilterId,
    pub name: String,
    pub filter: Value,
    pub sort: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// By name.
pub async fn list(tx: &mut TenantTx, of: MemberId) -> Result<Vec<SavedFilter>, DbError> {
    Ok(sqlx::query_as(
        "select filter_id, name, filter, sort, created_at from saved_filter
         where member_id = $1 order by lower(name), filter_id",
    )
    .bind(of)
    .fetch_all(tx.conn())
    .await?)
}

/// A name that the member has already is a conflict on `saved_filter_one_name`.
pub async fn insert(tx: &mut TenantTx, of: MemberId, filter: &SavedFilter) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into saved_filter (company_id, filter_id, member_id, name, filter, sort, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(company_id)
    .bind(filter.filter_id)
    .bind(of)
    .bind(&filter.name)
    .bind(&filter.filter)
    .bind(&filter.sort)
    .bind(filter.created_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the member had it.
pub async fn delete(tx: &mut TenantTx, of: MemberId, id: SavedFilterId) -> Result<bool, DbError> {
    let deleted = sqlx::query("delete from saved_filter where member_id = $1 and filter_id = $2")
        .bind(of)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(deleted.rows_affected() == 1)
}
