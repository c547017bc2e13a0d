//! Rows of `connection_installer`: who else of a connected account installed the app.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, TenantTx},
    domain::ConnectionId,
};

/// A user of the account at the CRM.
#[derive(Debug, Clone, Copy)]
pub struct Installer<'a> {
    pub account_user_id: &'a str,
    pub account_user: Option<&'a str>,
}

/// Names one more, or the same under the name they have now.
pub async fn note(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    who: Installer<'_>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into connection_installer
             (company_id, connection_id, account_user_id, account_user, installed_at)
         values ($1, $2, $3, $4, $5)
         on conflict (company_id, connection_id, account_user_id) do update
         set account_user = excluded.account_user, installed_at = excluded.installed_at",
    )
    .bind(company_id)
    .bind(connection_id)
    .bind(who.account_user_id)
    .bind(who.account_user)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// They uninstalled it since, or became the user that the connection lives on.
pub async fn forget(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    account_user_id: &str,
) -> Result<bool, DbError> {
    let gone = sqlx::query(
        "delete from connection_installer where connection_id = $1 and account_user_id = $2",
    )
    .bind(connection_id)
    .bind(account_user_id)
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// Their names, or ids where the CRM told no name; oldest first.
pub async fn names(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar(
        "select coalesce(account_user, account_user_id) from connection_installer
         where connection_id = $1 order by installed_at, account_user_id",
    )
    .bind(connection_id)
    .fetch_all(tx.conn())
    .await?)
}
