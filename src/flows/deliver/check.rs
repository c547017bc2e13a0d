//! Judges one contact now, and waits a little for what becomes of its lead.

use crate::{
    connectors,
    db::{self, deliveries::Delivery},
    domain::{ContactId, Trigger},
    flows::{
        FlowError, Hub,
        contacts::By,
        deliver::{channel, news, push::is_settled, queue, wait::Watch},
    },
};

/// What was found.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Warm enough, or with a meeting ahead.
    pub qualifies: bool,
    /// The person at a CRM.
    pub remote_id: Option<String>,
    /// The lead: one that has not arrived before one that has.
    pub delivery: Option<Delivery>,
}

/// Queues what is to be queued; answers with the outcome, or with what is still under way.
pub async fn check(hub: &Hub, by: By, contact_id: ContactId) -> Result<Checked, FlowError> {
    // Listening before the commit: nothing falls between the two.
    let heard = hub.cache.subscribe(&channel(by.company_id));
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let locked = db::activities::lock_contacts(&mut tx, &[contact_id]).await?;
    let &(_, warmness) = locked.first().ok_or(FlowError::NotFound)?;
    let outlets = db::deliveries::outlets(&mut tx).await?;
    let writes = outlets.iter().any(|outlet| {
        connectors::find(&outlet.provider).is_some_and(|found| found.writer().is_some())
    });
    if !writes {
        return Err(FlowError::NotConnected);
    }
    let is_warm = warmness >= db::deliveries::threshold(&mut tx).await?;
    let meets = db::activities::has_meeting_ahead(&mut tx, contact_id, now).await?;
    if is_warm || meets {
        let change = queue::Change { contact_id, member_id: Some(by.member_id), now };
        let trigger = if is_warm { Trigger::Warmness } else { Trigger::Meeting };
        let queued = queue::lead(&mut tx, change, trigger, None).await?;
        let news = news::of(&mut tx, &queued).await?;
        tx.commit().await?;
        news.tell(hub).await;
    } else {
        drop(tx);
    }
    let mut watch = Watch::new(heard, hub.config.answer_patience);
    loop {
        let checked = look(hub, by, contact_id, is_warm || meets).await?;
        let waits = checked.delivery.as_ref().filter(|one| !is_settled(one.state));
        let Some(id) = waits.map(|one| one.delivery_id) else { return Ok(checked) };
        if !watch.news_of(id).await {
            return Ok(checked);
        }
    }
}

async fn look(
    hub: &Hub,
    by: By,
    contact_id: ContactId,
    qualifies: bool,
) -> Result<Checked, FlowError> {
    let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
    let remote_id = db::deliveries::person_of(&mut tx, contact_id).await?;
    let mut leads = db::deliveries::leads_of(&mut tx, contact_id).await?;
    leads.sort_by_key(|lead| is_settled(lead.state));
    Ok(Checked { qualifies, remote_id, delivery: leads.into_iter().next() })
}
