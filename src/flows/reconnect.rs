//! When a connection no longer works: one state, one banner, one e-mail.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::CrmError,
    db::{
        self, DbError, Scope, TenantTx,
        connections::{self, Connection},
        jobs::NewJob,
    },
    domain::{Cause, CompanyId, ConnectionId},
    flows::{ConnectionTokens, FlowError, Next, SharedHub, deliver},
    outside::letters,
};

/// The kind of job that sends the mail.
pub const JOB: &str = "mail_reconnect";

pub const REVOKED: &str =
    "Access was revoked or expired at the provider. Connect again; mappings and history stay.";

/// Why, when it was not the provider's doing: an answer that carried the only valid token was lost.
pub fn lost(at: DateTime<Utc>) -> String {
    format!(
        "The answer to a token refresh of {} was lost before it could be stored, and the provider takes the token before it no more. Connect again; mappings and history stay.",
        at.format("%Y-%m-%d %H:%M:%S UTC")
    )
}

/// Marks a connection as in need of a new consent; the first to do so also sends the mail.
pub async fn needed(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    if !connections::set_state(tx, connection_id, "needs_reconnect", Some(reason)).await? {
        return Ok(());
    }
    deliver::hold(tx, connection_id, Cause::Reconnect, now).await?;
    db::audit::append(
        tx,
        None,
        "connection.needs_reconnect",
        Some(connection_id.uuid()),
        &serde_json::json!({ "reason": reason }),
    )
    .await?;
    mail(tx, connection_id).await
}

/// Tells owners and admins that the connection works no more.
pub(super) async fn mail(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<(), DbError> {
    db::jobs::enqueue(
        tx,
        NewJob {
            lane: "mail",
            cap: 1,
            kind: JOB,
            subject: Some(connection_id.uuid()),
            run_at: None,
            dedup: Some(&connection_id.to_string()),
            max_attempts: 10,
        },
    )
    .await
}

/// The kind of job that tries a late answer of a connection that was declared dead without it.
pub const RESCUE: &str = "rescue_connection";

/// Whoever stored the late answer tries it at once; the job is for when it dies on the way.
pub(super) async fn try_later(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<(), DbError> {
    db::jobs::enqueue(
        tx,
        NewJob {
            lane: "rescue",
            cap: 1,
            kind: RESCUE,
            subject: Some(connection_id.uuid()),
            run_at: None,
            dedup: Some(&connection_id.to_string()),
            max_attempts: 10,
        },
    )
    .await
}

/// Tries late answers; a connection that works with one needs no new consent.
pub async fn rescue(
    hub: &SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
) -> Result<Next, FlowError> {
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let row = db::tokens::sealed(&mut tx, connection_id).await?;
    let orphans = db::tokens::orphans(&mut tx, connection_id).await?;
    drop(tx);
    let Some(row) = row.filter(|row| row.state == "needs_reconnect") else {
        return Ok(Next::Done);
    };
    let waits = orphans.iter().any(|orphan| orphan.token_gen == row.token_gen);
    let Some(provider) = hub.providers.get(&row.provider).filter(|_| waits) else {
        return Ok(Next::Done);
    };
    let hub_of = Arc::clone(hub);
    let tokens = ConnectionTokens::new(hub_of, company_id, connection_id, provider.clone());
    match tokens.rescue(row.token_gen).await {
        Ok(true) | Err(CrmError::Revoked) => Ok(Next::Done),
        // Somebody else is trying, or nobody can.
        Ok(false) | Err(_) => {
            let at = hub.clock.now() + TimeDelta::minutes(1);
            Ok(Next::later(Some(at), "a late answer waits to be tried"))
        }
    }
}

/// What a call's failure says about the connection it was made with, if anything. A connection that
/// got a new consent since then is not meant.
pub async fn judge(
    hub: &SharedHub,
    company_id: CompanyId,
    called: &Connection,
    error: &CrmError,
) -> Result<(), DbError> {
    let reason = match error {
        CrmError::Revoked | CrmError::Expired => REVOKED.to_owned(),
        CrmError::MissingScope { needed } => {
            format!("The connection lacks the permission `{needed}`. Connect again and allow it.")
        }
        _ => return Ok(()),
    };
    let connection_id = called.connection_id;
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    // Held until the end, so that no consent comes in between.
    db::tokens::sealed_for_update(&mut tx, connection_id).await?;
    let now = connections::get(&mut tx, connection_id).await?;
    if now.is_some_and(|now| now.connected_at == called.connected_at) {
        needed(&mut tx, connection_id, &reason, hub.clock.now()).await?;
    }
    tx.commit().await
}

/// Tells owners and admins; a connection that works again by now needs no mail.
pub async fn send_mail(
    hub: &SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
) -> Result<(), FlowError> {
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let Some(connection) = connections::get(&mut tx, connection_id).await? else {
        return Ok(());
    };
    let uninstalled = connection.state == "disconnected" && connection.state_reason.is_some();
    if connection.state != "needs_reconnect" && !uninstalled {
        return Ok(());
    }
    let company = db::directory::company(&mut tx).await?;
    let managers = db::directory::managers(&mut tx).await?;
    drop(tx);
    let name = hub.providers.get(&connection.provider).map_or("your CRM", |found| found.name());
    let letter = if uninstalled {
        letters::uninstalled(&hub.public_url(), name, &company.name)
    } else {
        letters::needs_reconnect(&hub.public_url(), name, &company.name)
    };
    for address in &managers {
        hub.mailer.send(address, &letter).await?;
    }
    Ok(())
}
