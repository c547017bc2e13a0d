//! Ending a connection, taking it up again after an upgrade, and forgetting it.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    connectors::{self, Revocable},
    db::{self, DbError, Scope, TenantTx, connections},
    domain::{Cause, CompanyId, ConnectionId, MemberId},
    failpoint::reach,
    flows::{FlowError, Provider, SharedHub, deliver, hooks, poll, tokens},
};

/// Revokes at the provider, destroys the tokens and stops what runs. Contacts and mappings stay;
/// returns how many contacts are linked.
///
/// A provider that does not answer keeps nobody connected: the tokens are destroyed all the same.
pub async fn disconnect(
    hub: &SharedHub,
    company_id: CompanyId,
    member_id: MemberId,
    provider: &Provider,
) -> Result<i64, FlowError> {
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let connection = connections::find(&mut tx, provider.slug()).await?;
    let connection = connection
        .filter(|connection| connection.state != "disconnected")
        .ok_or(FlowError::NotConnected)?;
    drop(tx);

    hooks::keep::end(hub, company_id, &connection, provider).await;
    let mut revoked = false;
    if let Some(credentials) = &provider.credentials
        && let Some((token, base)) =
            tokens::refresh_token(hub, company_id, &connection, provider).await
    {
        let endpoints = provider.endpoints.of_account(&base);
        let answer =
            connectors::revoke(&provider.http, &endpoints, credentials, Revocable::Refresh(&token))
                .await;
        revoked = answer.is_ok();
        if let Err(error) = answer {
            tracing::warn!(provider = provider.slug(), %error, "the provider did not confirm a revocation");
        }
    }

    reach("disconnect.revoked");
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    end(&mut tx, connection.connection_id, hub.clock.now()).await?;
    let standing = connections::standing(&mut tx, connection.connection_id).await?;
    db::audit::append(
        &mut tx,
        Some(member_id),
        "connection.disconnected",
        Some(connection.connection_id.uuid()),
        &json!({ "provider": provider.slug(), "revoked_at_provider": revoked }),
    )
    .await?;
    reach("disconnect.written");
    tx.commit().await?;
    reach("disconnect.committed");
    deliver::news::look_again(hub, company_id).await;
    Ok(standing.contacts_linked)
}

/// Destroys the tokens and stops what runs, whoever ended it.
pub(super) async fn end(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    connections::disconnect(tx, connection_id).await?;
    db::runs::cancel_all(tx, connection_id).await?;
    db::hooks::forget(tx, connection_id).await?;
    db::polls::forget(tx, connection_id).await?;
    // Connecting the same account again lets them go on; forgetting it forgets them.
    deliver::hold(tx, connection_id, Cause::Disconnected, now).await.map(drop)
}

/// Takes a paused connection up again. The caller has checked that the plan allows it.
pub async fn resume(
    hub: &SharedHub,
    company_id: CompanyId,
    member_id: MemberId,
    provider: &Provider,
) -> Result<(), FlowError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let connection =
        connections::find(&mut tx, provider.slug()).await?.ok_or(FlowError::NotConnected)?;
    if connection.state != "paused" {
        return if connection.state == "active" { Ok(()) } else { Err(FlowError::NotConnected) };
    }
    connections::set_state(&mut tx, connection.connection_id, "active", None).await?;
    let now = hub.clock.now();
    deliver::release(&mut tx, connection.connection_id, provider.slug(), now).await?;
    hooks::begin(hub, &mut tx, provider, connection.connection_id).await?;
    poll::begin(&mut tx, connection.connection_id, now).await?;
    db::audit::append(
        &mut tx,
        Some(member_id),
        "connection.resumed",
        Some(connection.connection_id.uuid()),
        &json!({ "provider": provider.slug() }),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Forgets a disconnected account: mappings, runs and log. Contacts stay. Returns how many
/// mappings went.
pub async fn delete_data(
    hub: &SharedHub,
    company_id: CompanyId,
    member_id: MemberId,
    provider: &Provider,
    confirm: &str,
) -> Result<i64, FlowError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let connection =
        connections::find(&mut tx, provider.slug()).await?.ok_or(FlowError::NotConnected)?;
    if connection.state != "disconnected" {
        return Err(FlowError::Refused(
            "Disconnect first: data of a connected account stays in use.",
        ));
    }
    if confirm.trim() != connection.account_name {
        return Err(FlowError::Refused("Type the account's name exactly to confirm."));
    }
    let mappings = connections::delete(&mut tx, connection.connection_id).await?;
    db::audit::append(
        &mut tx,
        Some(member_id),
        "connection.deleted",
        Some(connection.connection_id.uuid()),
        &json!({ "provider": provider.slug(), "mappings": mappings }),
    )
    .await?;
    tx.commit().await?;
    Ok(mappings)
}
