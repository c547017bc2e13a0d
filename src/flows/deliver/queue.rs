//! What sets a delivery off. Each function belongs into the transaction of the change, after the
//! contact's row was locked.

use chrono::{DateTime, Utc};

use crate::{
    connectors,
    db::{
        self, DbError, TenantTx,
        connections::Connection,
        deliveries::{NewDelivery, Outlet},
    },
    domain::{ActivityId, Cause, ContactId, DeliveryId, DeliveryKind, MemberId, Trigger},
    flows::deliver::enqueue,
    policy::{self, Plan},
};

/// Who changed what, and when.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    pub contact_id: ContactId,
    pub member_id: Option<MemberId>,
    pub now: DateTime<Utc>,
}

/// What happened to an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Logged,
    Edited,
    Deleted,
}

/// A contact was written: warm ones that a connection does not have yet become leads there.
pub async fn contact_written(
    tx: &mut TenantTx,
    change: Change,
    warmness: i16,
) -> Result<Vec<DeliveryId>, DbError> {
    if warmness < db::deliveries::threshold(tx).await? {
        return Ok(Vec::new());
    }
    lead(tx, change, Trigger::Warmness, None).await
}

/// A meeting was booked with a contact: a lead, whatever its warmness.
pub async fn meeting_booked(tx: &mut TenantTx, change: Change) -> Result<Vec<DeliveryId>, DbError> {
    lead(tx, change, Trigger::Meeting, None).await
}

/// Makes a contact a lead at every connection, or at that of one provider, that does not have it.
pub async fn lead(
    tx: &mut TenantTx,
    change: Change,
    trigger: Trigger,
    provider: Option<&str>,
) -> Result<Vec<DeliveryId>, DbError> {
    let plan = db::companies::plan(tx).await?;
    let mut queued = Vec::new();
    for outlet in db::deliveries::outlets(tx).await? {
        if provider.is_some_and(|provider| provider != outlet.provider) || !writes(&outlet) {
            continue;
        }
        if db::deliveries::is_mapped(tx, outlet.connection_id, change.contact_id).await? {
            continue;
        }
        let held = obstacle(plan, &outlet);
        let known = db::deliveries::lead(tx, outlet.connection_id, change.contact_id).await?;
        let id = match known {
            // Delivered and no longer mapped: the person is gone over there. Making it again is for
            // a person to ask for.
            Some(lead) => {
                let again = db::deliveries::replay(tx, lead.delivery_id, held, change.now).await?;
                again.then_some(lead.delivery_id)
            }
            None => {
                let new = delivery(&outlet, change, DeliveryKind::WarmLead, None, trigger, held);
                db::deliveries::insert(tx, &new).await?
            }
        };
        if let Some(id) = id {
            if held.is_none() {
                enqueue(tx, &outlet.provider, outlet.connection_id, change.contact_id, id).await?;
            }
            queued.push(id);
        }
    }
    Ok(queued)
}

/// An activity was logged, edited or deleted: connections that have its person, or are about to,
/// hear of it.
pub async fn activity_written(
    tx: &mut TenantTx,
    change: Change,
    activity_id: ActivityId,
    happened: Happened,
) -> Result<Vec<DeliveryId>, DbError> {
    let plan = db::companies::plan(tx).await?;
    let mut queued = Vec::new();
    for outlet in db::deliveries::outlets(tx).await? {
        if !writes(&outlet) {
            continue;
        }
        let has_it = db::deliveries::is_mapped(tx, outlet.connection_id, change.contact_id).await?
            || db::deliveries::lead(tx, outlet.connection_id, change.contact_id)
                .await?
                .is_some_and(|lead| !lead.state.is_final());
        if !has_it {
            continue;
        }
        let (kind, trigger) = match happened {
            Happened::Logged => (DeliveryKind::ActivityCreate, Trigger::Logged),
            Happened::Edited => (DeliveryKind::ActivityUpdate, Trigger::Edited),
            Happened::Deleted => (DeliveryKind::ActivityDelete, Trigger::Deleted),
        };
        let held = obstacle(plan, &outlet);
        let new = delivery(&outlet, change, kind, Some(activity_id), trigger, held);
        if let Some(id) = db::deliveries::insert(tx, &new).await? {
            if held.is_none() {
                enqueue(tx, &outlet.provider, outlet.connection_id, change.contact_id, id).await?;
            }
            queued.push(id);
        }
    }
    Ok(queued)
}

/// Contacts became linked: what was logged with them before follows, if the company wants it.
pub(in crate::flows) async fn push_earlier(
    tx: &mut TenantTx,
    connection: &Connection,
    contacts: &[ContactId],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    if contacts.is_empty() || !db::deliveries::links::pushes_earlier(tx).await? {
        return Ok(());
    }
    let outlet = Outlet {
        connection_id: connection.connection_id,
        provider: connection.provider.clone(),
        state: connection.state.clone(),
    };
    if !writes(&outlet) {
        return Ok(());
    }
    let earlier = db::deliveries::links::earlier(tx, outlet.connection_id, contacts).await?;
    for (contact_id, activity_id) in earlier {
        let change = Change { contact_id, member_id: None, now };
        let (kind, of) = (DeliveryKind::ActivityCreate, Some(activity_id));
        let new = delivery(&outlet, change, kind, of, Trigger::Mapped, None);
        if let Some(id) = db::deliveries::insert(tx, &new).await? {
            enqueue(tx, &outlet.provider, outlet.connection_id, contact_id, id).await?;
        }
    }
    Ok(())
}

/// What keeps a delivery from being sent now.
pub(in crate::flows) fn obstacle(plan: Plan, outlet: &Outlet) -> Option<Cause> {
    let manifest = connectors::find(&outlet.provider)?.manifest();
    if !policy::allows(plan, manifest.plan_feature) {
        return Some(Cause::Plan);
    }
    match outlet.state.as_str() {
        "active" => None,
        "needs_reconnect" => Some(Cause::Reconnect),
        "paused" => Some(Cause::Paused),
        _ => Some(Cause::Disconnected),
    }
}

fn writes(outlet: &Outlet) -> bool {
    connectors::find(&outlet.provider).is_some_and(|connector| connector.writer().is_some())
}

fn delivery(
    outlet: &Outlet,
    change: Change,
    kind: DeliveryKind,
    activity_id: Option<ActivityId>,
    trigger: Trigger,
    held: Option<Cause>,
) -> NewDelivery<'_> {
    NewDelivery {
        outlet,
        kind,
        contact_id: change.contact_id,
        activity_id,
        action: None,
        trigger,
        requested_by: change.member_id,
        held,
        now: change.now,
    }
}
