//! Several users of one CRM account: a company's connection lives on one of them, the others who
//! installed the app are named beside it.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    db::{
        self, DbError, TenantTx,
        connections::Connection,
        installers::{Installer, forget, note},
    },
    domain::{Account, ConnectionId, MemberId},
};

/// Whether the connection works, or may again, with another user's access: one that does not takes
/// whoever comes.
pub(super) fn lives_on_another(known: &Connection, account: &Account) -> bool {
    ["active", "paused"].contains(&known.state.as_str())
        && known.account_user_id != account.user_id.as_str()
}

/// The connection stays as it is, and the user who came is named.
pub(super) async fn keep(
    tx: &mut TenantTx,
    member_id: MemberId,
    connection_id: ConnectionId,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let who = Installer {
        account_user_id: account.user_id.as_str(),
        account_user: account.user_name.as_deref().or(account.user_email.as_deref()),
    };
    note(tx, connection_id, who, now).await?;
    let detail = json!({ "account_user_id": account.user_id.as_str() });
    let subject = Some(connection_id.uuid());
    db::audit::append(tx, Some(member_id), "connection.user_kept", subject, &detail).await
}

/// After the connection was made or renewed: its user is no longer one of the others, and one who
/// was replaced alive is. Returns the id at the CRM of whoever was replaced.
pub(super) async fn settle(
    tx: &mut TenantTx,
    before: Option<&Connection>,
    replaced_alive: bool,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<Option<String>, DbError> {
    let Some(before) = before else { return Ok(None) };
    forget(tx, before.connection_id, account.user_id.as_str()).await?;
    if before.account_user_id == account.user_id.as_str() {
        return Ok(None);
    }
    if replaced_alive {
        let who = Installer {
            account_user_id: &before.account_user_id,
            account_user: before.account_user.as_deref(),
        };
        note(tx, before.connection_id, who, now).await?;
    }
    Ok(Some(before.account_user_id.clone()))
}
