//! A webhook of Stripe: the event is kept once, and has the subscriptions read anew.
//!
//! Inbox row and job commit together, so that a duplicate does nothing; and since nothing of an event but
//! its customer is used, it does not matter in which order events come, or how late.

use crate::{
    db::{self, DbError, Scope, billing::BillingEvent},
    flows::{Hub, billing::read},
    outside::stripe::{Event, NotSigned},
};

/// What can change a subscription, or its state.
const ABOUT: &[&str] = &["checkout.session.", "customer.subscription.", "invoice."];

#[derive(Debug, thiserror::Error)]
pub enum HearError {
    #[error("no webhook is expected here")]
    NotOffered,
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    #[error("it was signed, and is no event")]
    Unreadable,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Believes what was signed just now; an error has Stripe send it again.
pub async fn hear(hub: &Hub, signature: &str, body: &[u8]) -> Result<(), HearError> {
    let Some(biller) = &hub.biller else { return Err(HearError::NotOffered) };
    let now = hub.clock.now();
    if let Err(error) = biller.stripe.verify(signature, body, now) {
        tracing::warn!(%error, "a webhook was not Stripe's");
        return Err(error.into());
    }
    let event = Event::parse(body).ok_or(HearError::Unreadable)?;
    let livemode = biller.stripe.is_live();
    // Neither can be helped by sending it again.
    if event.livemode != livemode {
        tracing::warn!(event = event.id, kind = event.kind, "an event of Stripe's other mode");
        return Ok(());
    }
    let about = ABOUT.iter().any(|start| event.kind.starts_with(start));
    let Some(customer) = event.customer().filter(|_| about) else { return Ok(()) };
    let mut door = hub.db.door().await?;
    let companies = db::billing::companies_of(&mut door, customer, livemode).await?;
    door.commit().await?;
    if companies.is_empty() {
        tracing::warn!(event = event.id, kind = event.kind, "an event of nobody we know");
    }
    for company_id in companies {
        let told = BillingEvent { event_id: &event.id, kind: &event.kind, made_at: event.created };
        let mut tx = hub.db.tenant(company_id, Scope::All).await?;
        if db::billing::hear(&mut tx, livemode, &told, now).await? {
            read::enqueue(&mut tx).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
