//! Finds a member's user at a CRM, by e-mail.

use crate::{
    connectors::Caller,
    db,
    domain::{Email, RemoteUser},
    flows::{FlowError, Provider, SharedHub, account, contacts::By, ledger::Purpose},
};

/// Asks the CRM now and stores who it is; `None` when nobody active there has the member's address.
pub async fn set_up(
    hub: &SharedHub,
    by: By,
    provider: &Provider,
) -> Result<Option<RemoteUser>, FlowError> {
    let account = account::open(hub, by.company_id, provider, Caller::Person).await?;
    let users = provider.connector.users(&account.api).await;
    account.book(hub, by.company_id, Purpose::Browse).await;
    let users = users?;
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let members = db::directory::members_by_email(&mut tx).await?;
    let mine = users.into_iter().find(|user| {
        let email = user.email.as_deref().and_then(Email::parse);
        user.active && email.is_some_and(|email| members.get(email.as_str()) == Some(&by.member_id))
    });
    let (connection_id, now) = (account.connection.connection_id, hub.clock.now());
    let remote_id = mine.as_ref().map(|user| user.id.as_str());
    db::deliveries::set_user(&mut tx, connection_id, by.member_id, remote_id, now).await?;
    tx.commit().await?;
    Ok(mine)
}
