//! Which user at the CRM a member is.

use std::sync::Arc;

use crate::{
    connectors::Caller,
    db::{self, Scope, connections},
    domain::{CompanyId, MemberId, RemoteUser},
    flows::{
        FlowError, Provider, SharedHub, account, deliver::doubt::user_of, ledger::Purpose,
        reconnect,
    },
};

/// Reads the CRM's users and keeps the active one with the member's address; `None` when there is
/// none.
pub async fn set_up(
    hub: &SharedHub,
    company_id: CompanyId,
    provider: &Provider,
    member_id: MemberId,
) -> Result<Option<RemoteUser>, FlowError> {
    let account = account::open(hub, company_id, provider, Caller::Person).await?;
    let connection_id = account.connection.connection_id;
    let answer = provider.connector.users(&account.api).await;
    account.book(&Arc::clone(hub), company_id, Purpose::Delivery).await;
    let users = match answer {
        Ok(users) => users,
        Err(error) => {
            reconnect::judge(hub, company_id, &account.connection, &error).await?;
            return Err(error.into());
        }
    };
    let words = serde_json::to_value(&users).ok();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    connections::remember_words(&mut tx, connection_id, words.as_ref(), None).await?;
    let member = db::deliveries::sender(&mut tx, connection_id, member_id).await?;
    let member = member.ok_or(FlowError::NotFound)?;
    let found = user_of(&users, &member.email);
    if let Some(user) = &found {
        db::deliveries::links::member(&mut tx, connection_id, member_id, user.id.as_str()).await?;
    }
    tx.commit().await?;
    Ok(found)
}
