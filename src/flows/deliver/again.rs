//! Attempting anew what ended without success: one, some or all; and a person's choice.

use serde_json::{Value, json};

use crate::{
    db::{self, DbError, Scope, TenantTx, deliveries},
    domain::{Cause, ConnectionId, ContactId, DeliveryId, DeliveryState, RemoteId},
    flows::{
        FlowError, SharedHub,
        contacts::By,
        deliver::{enqueue, ground::Candidate, lead::NEW, queue, stored::enqueue_all, tell},
    },
};

/// Which deliveries to attempt anew; everything that failed or was given up where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub delivery_id: Option<DeliveryId>,
    /// `failed` or `dead`.
    pub state: Option<DeliveryState>,
    pub cause: Option<Cause>,
    pub provider: Option<String>,
}

/// A choice between people at the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// One of the candidates.
    Person(RemoteId),
    /// None of them: a new one.
    New,
}

/// Lets deliveries be attempted anew: each the same, with the same marker, from what is there now.
/// Those whose plan or connection does not allow it wait for that. Returns how many.
pub async fn replay(hub: &SharedHub, by: By, filter: &Filter) -> Result<u64, FlowError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let plan = db::companies::plan(&mut tx).await?;
    let ended = deliveries::Ended {
        delivery_id: filter.delivery_id,
        state: filter.state,
        cause: filter.cause,
    };
    let mut replayed = Vec::new();
    for outlet in deliveries::outlets(&mut tx).await? {
        if filter.provider.as_ref().is_some_and(|provider| *provider != outlet.provider) {
            continue;
        }
        let held = queue::obstacle(plan, &outlet);
        let id = outlet.connection_id;
        let found = deliveries::replay_all(&mut tx, id, &ended, held, now).await?;
        if held.is_none() && !found.is_empty() {
            enqueue_all(&mut tx, id, &outlet.provider).await?;
        }
        let state = if held.is_none() { DeliveryState::Queued } else { DeliveryState::Held };
        replayed.extend(found.into_iter().map(|(id, contact_id)| (id, contact_id, state)));
    }
    if replayed.is_empty() {
        return Ok(0);
    }
    let subject = filter.delivery_id.map(DeliveryId::uuid);
    let detail = json!({ "provider": filter.provider, "count": replayed.len() });
    db::audit::append(&mut tx, Some(by.member_id), "delivery.replayed", subject, &detail).await?;
    tx.commit().await?;
    // Pages that show more than that look again anyway.
    for (id, contact_id, state) in replayed.iter().take(TOLD) {
        tell(hub, by.company_id, *id, *contact_id, *state).await;
    }
    Ok(replayed.len() as u64)
}

/// News that one request gives.
const TOLD: usize = 100;

/// Takes a person's choice, and attempts the delivery anew with it.
pub async fn choose(
    hub: &SharedHub,
    by: By,
    delivery_id: DeliveryId,
    choice: &Choice,
) -> Result<(), FlowError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let question = deliveries::question(&mut tx, delivery_id).await?.ok_or(FlowError::NotFound)?;
    let candidates: Vec<Candidate> = read(question.candidates);
    let chosen = match choice {
        Choice::New => NEW,
        Choice::Person(id) if candidates.iter().any(|one| one.remote_id == *id) => id.as_str(),
        Choice::Person(_) => {
            return Err(FlowError::Refused(
                "Choose one of the people that were found, or a new one.",
            ));
        }
    };
    deliveries::choose(&mut tx, delivery_id, chosen).await?;
    let plan = db::companies::plan(&mut tx).await?;
    let outlets = deliveries::outlets(&mut tx).await?;
    let outlet = outlets.into_iter().find(|outlet| outlet.connection_id == question.connection_id);
    let held = match &outlet {
        Some(outlet) => queue::obstacle(plan, outlet),
        None => Some(Cause::Disconnected),
    };
    deliveries::replay(&mut tx, delivery_id, held, now).await?;
    if held.is_none() {
        let (id, contact_id) = (question.connection_id, question.contact_id);
        enqueue(&mut tx, &question.provider, id, contact_id, delivery_id).await?;
    }
    let detail = json!({ "provider": question.provider, "new": *choice == Choice::New });
    let subject = Some(delivery_id.uuid());
    db::audit::append(&mut tx, Some(by.member_id), "delivery.chosen", subject, &detail).await?;
    tx.commit().await?;
    let state = if held.is_none() { DeliveryState::Queued } else { DeliveryState::Held };
    tell(hub, by.company_id, delivery_id, question.contact_id, state).await;
    Ok(())
}

fn read(candidates: Option<Value>) -> Vec<Candidate> {
    candidates.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
}

/// Nothing of a connection is sent until a person lifts it; in the transaction that stops it.
pub(in crate::flows) async fn hold(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    cause: Cause,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<u64, DbError> {
    deliveries::hold(tx, connection_id, cause, now).await
}

/// What was held goes on, a job per contact; in the transaction that lifts it.
pub(in crate::flows) async fn release(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    provider: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), DbError> {
    deliveries::release(tx, connection_id, now).await?;
    enqueue_all(tx, connection_id, provider).await
}

/// A contact goes: what waits for it is withdrawn in the same transaction, before its row is gone.
pub async fn withdraw(
    tx: &mut TenantTx,
    contact_id: ContactId,
    by: Option<crate::domain::MemberId>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<DeliveryId>, DbError> {
    let withdrawn = deliveries::withdraw(tx, contact_id, now).await?;
    for id in &withdrawn {
        let detail = json!({ "cause": Cause::Withdrawn.word() });
        db::audit::append(tx, by, "delivery.dead", Some(id.uuid()), &detail).await?;
    }
    Ok(withdrawn)
}
