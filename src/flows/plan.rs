//! Changes a company's plan, and pauses what the new one does not hold.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    connectors,
    db::{self, DbError, Scope, TenantTx},
    domain::{Cause, MemberId},
    flows::{Hub, deliver, sign_in::Place},
    policy::{self, Plan, Thing},
};

#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The test biller exists only outside production, and where nothing else is set up to pay with.
    #[error("there is no test biller here")]
    NoTestBiller,
    #[error("the company has {members} members, the plan {seats} seats")]
    Seats { members: u64, seats: u64 },
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What the built-in test biller does for a payment: the plan changes at once.
pub async fn change(hub: &Hub, by: Place, plan: Plan) -> Result<(), PlanError> {
    if !hub.has_test_biller() {
        return Err(PlanError::NoTestBiller);
    }
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    let before = db::companies::lock_plan(&mut tx).await?;
    // Nobody joins between the count of members and the smaller plan.
    db::members::lock_team(&mut tx).await?;
    if before == plan {
        return Ok(());
    }
    let members = db::members::count(&mut tx).await?;
    if let Some(seats) = policy::limit(plan, Thing::Seats).filter(|&seats| members > seats) {
        return Err(PlanError::Seats { members, seats });
    }
    put_on(&mut tx, Some(by.member_id), (before, plan), hub.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts a company on another plan, with all that follows; its row is locked. Members and contacts above the
/// new limits stay: nobody is locked out because a payment ended, there are only no more of them.
pub(super) async fn put_on(
    tx: &mut TenantTx,
    by: Option<MemberId>,
    (before, plan): (Plan, Plan),
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    db::companies::set_plan(tx, plan).await?;
    let detail = json!({ "from": before.word(), "to": plan.word() });
    db::audit::append(tx, by, "plan.changed", None, &detail).await?;
    pause(tx, plan, now).await?;
    go_on(tx, plan, now).await
}

/// Tokens and data stay; what waits to be sent is held.
async fn pause(tx: &mut TenantTx, plan: Plan, now: DateTime<Utc>) -> Result<(), DbError> {
    for (connection_id, provider) in db::companies::running_connections(tx).await? {
        let Some(connector) = connectors::find(&provider) else { continue };
        let manifest = connector.manifest();
        if policy::allows(plan, manifest.plan_feature) {
            continue;
        }
        let needed = policy::upgrade_to(plan, manifest.plan_feature)
            .and_then(|plan| policy::plans().iter().find(|row| row.id == plan.word()))
            .map_or("a larger", |row| row.name.as_str());
        let reason = format!(
            "The plan no longer includes {}. Contacts and links are kept; upgrade to {needed} and \
             resume.",
            manifest.name
        );
        if db::connections::set_state(tx, connection_id, "paused", Some(&reason)).await? {
            let detail = json!({ "provider": provider, "cause": "plan" });
            let subject = Some(connection_id.uuid());
            db::audit::append(tx, None, "connection.paused", subject, &detail).await?;
            deliver::hold(tx, connection_id, Cause::Plan, now).await?;
        }
    }
    Ok(())
}

/// What only the plan kept from being sent goes on: an active connection needs nobody's help for it.
/// One that was paused goes on when somebody resumes it.
async fn go_on(tx: &mut TenantTx, plan: Plan, now: DateTime<Utc>) -> Result<(), DbError> {
    for outlet in db::deliveries::outlets(tx).await? {
        if deliver::queue::obstacle(plan, &outlet).is_none() {
            deliver::release(tx, outlet.connection_id, &outlet.provider, now).await?;
        }
    }
    Ok(())
}
