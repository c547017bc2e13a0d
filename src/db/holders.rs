//! Which companies hold an account at a CRM, asked at the door: the CRM names its own account, never
//! one of our companies.

use sqlx::FromRow;

use crate::{
    db::{DbError, DoorTx},
    domain::{CompanyId, ConnectionId},
};

/// A company's connection to the account, without anything that is secret or somebody's name.
#[derive(Debug, Clone, FromRow)]
pub struct Holder {
    pub company_id: CompanyId,
    pub connection_id: ConnectionId,
    /// Whose access the connection has.
    pub account_user_id: String,
    pub state: String,
}

impl Holder {
    /// Whether it lives on this user's install: what ends the one ends the other.
    pub fn lives_on(&self, account_user_id: &str) -> bool {
        self.account_user_id == account_user_id && self.state != "disconnected"
    }
}

pub async fn of_account(
    tx: &mut DoorTx,
    provider: &str,
    account_id: &str,
) -> Result<Vec<Holder>, DbError> {
    Ok(sqlx::query_as(
        "select company_id, connection_id, account_user_id, state from connection
         where provider = $1 and account_id = $2
         order by company_id",
    )
    .bind(provider)
    .bind(account_id)
    .fetch_all(tx.conn())
    .await?)
}
