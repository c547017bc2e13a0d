//! The company itself and its members, as background work needs them.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, MemberId},
};

#[derive(Debug, Clone, FromRow)]
pub struct Company {
    pub name: String,
    pub country: String,
    pub plan: String,
}

pub async fn company(tx: &mut TenantTx) -> Result<Company, DbError> {
    Ok(sqlx::query_as("select name, country, plan from company").fetch_one(tx.conn()).await?)
}

/// Members by normalized e-mail: how a remote owner becomes one of ours.
pub async fn members_by_email(tx: &mut TenantTx) -> Result<HashMap<String, MemberId>, DbError> {
    let rows: Vec<(String, MemberId)> =
        sqlx::query_as("select email_norm, member_id from member").fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().collect())
}

/// Addresses of those who look after connections.
pub async fn managers(tx: &mut TenantTx) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar(
        "select email from member where role in ('owner', 'admin') order by member_id",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What decides whether a page may be written, with the book locked until the transaction ends:
/// two imports of a company write one after the other.
#[derive(Debug, Clone, FromRow)]
pub struct LockedBook {
    pub contacts: i64,
    pub plan: String,
    /// `None` where no connection was asked about.
    pub connection_state: Option<String>,
}

pub async fn lock_book(
    tx: &mut TenantTx,
    connection_id: Option<ConnectionId>,
) -> Result<Option<LockedBook>, DbError> {
    Ok(sqlx::query_as(
        "select book.contacts, company.plan, connection.state as connection_state
         from book
         join company using (company_id)
         left join connection
           on connection.company_id = book.company_id and connection.connection_id = $1
         where $1 is null or connection.connection_id is not null
         for update of book",
    )
    .bind(connection_id)
    .fetch_optional(tx.conn())
    .await?)
}
