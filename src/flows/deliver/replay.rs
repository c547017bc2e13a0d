//! Takes up deliveries that ended without success: the same delivery again, with the same marker.

use serde_json::json;

use crate::{
    db::{self, DbError, TenantTx},
    domain::{Cause, DeliveryId, DeliveryState},
    flows::{
        Hub, Provider,
        contacts::By,
        deliver::{enqueue, news, queue},
    },
};

/// Deliveries of one request; the rest is for the next.
pub const MOST: i64 = 2_000;
/// What a member says who wants a new record rather than one of the candidates.
pub const NEW: &str = "new";

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Not there, another company's, or not the member's to see.
    #[error("there is no such delivery")]
    NotFound,
    /// It did not end, or it ended well.
    #[error("the delivery is {0}")]
    NotEnded(DeliveryState),
    /// A later change of the same activity waits, and brings all of it.
    #[error("a later delivery brings the same")]
    Superseded,
    /// There is nothing any more that could be sent.
    #[error("the contact is gone")]
    ContactGone,
    /// Its connection was ended.
    #[error("the CRM is not connected")]
    NotConnected,
    /// Nobody is to be chosen.
    #[error("there is nothing to choose")]
    NoChoice,
    #[error("there is no such candidate")]
    NoCandidate,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Lets one delivery be attempted anew.
pub async fn one(hub: &Hub, by: By, id: DeliveryId) -> Result<(), ReplayError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    again(&mut tx, hub, by, id).await?;
    let news = news::of(&mut tx, &[id]).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(())
}

/// Notes whom the member chose among the candidates, and lets the delivery go on with that.
pub async fn choose(
    hub: &Hub,
    by: By,
    id: DeliveryId,
    remote_id: Option<&str>,
) -> Result<(), ReplayError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let delivery = db::deliveries::get(&mut tx, id).await?.ok_or(ReplayError::NotFound)?;
    let candidates = delivery.candidates.map(|candidates| candidates.0).unwrap_or_default();
    if let Some(remote_id) = remote_id
        && !candidates.iter().any(|candidate| candidate.remote_id == remote_id)
    {
        let open = delivery.cause.as_deref() == Some(Cause::Ambiguous.word());
        return Err(if open { ReplayError::NoCandidate } else { ReplayError::NoChoice });
    }
    db::activities::lock_contacts(&mut tx, &[delivery.contact_id]).await?;
    let chosen = remote_id.unwrap_or(NEW);
    if !db::deliveries::choose(&mut tx, id, chosen, hub.clock.now()).await? {
        return Err(ReplayError::NoChoice);
    }
    again(&mut tx, hub, by, id).await?;
    let news = news::of(&mut tx, &[id]).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(())
}

/// Which deliveries of a provider are meant.
#[derive(Debug, Clone)]
pub enum Which {
    These(Vec<DeliveryId>),
    /// Failed and given up, where no state is said.
    Like {
        state: Option<DeliveryState>,
        cause: Option<Cause>,
    },
}

/// How a replay of several went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    pub replayed: usize,
    /// Not there, not ended, or with nothing left to send.
    pub left: usize,
    /// More than one request takes up: ask again.
    pub more: bool,
}

/// Lets several deliveries of a provider be attempted anew, each by itself.
pub async fn several(
    hub: &Hub,
    by: By,
    provider: &Provider,
    which: &Which,
) -> Result<Replayed, ReplayError> {
    let mut all = Replayed::default();
    let ids = match which {
        Which::These(ids) => ids.clone(),
        Which::Like { state, cause } => {
            let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
            let slug = provider.slug();
            let found = db::deliveries::ended(&mut tx, slug, *state, *cause, MOST + 1).await?;
            all.more = found.len() > usize::try_from(MOST).unwrap_or_default();
            found.into_iter().take(usize::try_from(MOST).unwrap_or_default()).collect()
        }
    };
    for id in ids {
        let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
        let delivery = db::deliveries::get(&mut tx, id).await?;
        let here = delivery.is_some_and(|delivery| delivery.provider == provider.slug());
        let outcome =
            if here { again(&mut tx, hub, by, id).await } else { Err(ReplayError::NotFound) };
        match outcome {
            Ok(()) => {
                let news = news::of(&mut tx, &[id]).await?;
                tx.commit().await?;
                news.tell(hub).await;
                all.replayed += 1;
            }
            Err(ReplayError::Db(error)) => return Err(error.into()),
            Err(_) => all.left += 1,
        }
    }
    Ok(all)
}

async fn again(tx: &mut TenantTx, hub: &Hub, by: By, id: DeliveryId) -> Result<(), ReplayError> {
    let delivery = db::deliveries::get(tx, id).await?.ok_or(ReplayError::NotFound)?;
    let contact_id = delivery.contact_id;
    if db::activities::lock_contacts(tx, &[contact_id]).await?.is_empty() {
        return Err(ReplayError::ContactGone);
    }
    let outlets = db::deliveries::outlets(tx).await?;
    let outlet = outlets
        .into_iter()
        .find(|outlet| outlet.connection_id == delivery.connection_id)
        .ok_or(ReplayError::NotConnected)?;
    let held = queue::obstacle(db::companies::plan(tx).await?, &outlet);
    if !db::deliveries::replay(tx, id, held, hub.clock.now()).await? {
        let ended = matches!(delivery.state, DeliveryState::Failed | DeliveryState::Dead);
        let not = ReplayError::NotEnded(delivery.state);
        return Err(if ended { ReplayError::Superseded } else { not });
    }
    let detail = json!({ "provider": outlet.provider, "kind": delivery.kind.word() });
    let subject = Some(id.uuid());
    db::audit::append(tx, Some(by.member_id), "delivery.replayed", subject, &detail).await?;
    if held.is_none() {
        enqueue(tx, &outlet.provider, outlet.connection_id, contact_id, id).await?;
    }
    Ok(())
}
