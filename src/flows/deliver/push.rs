//! Makes leads because somebody asks for it: of chosen contacts, or of all that qualify.

use crate::{
    connectors,
    db::{
        self, DbError, TenantTx,
        deliveries::{Made, Outlet},
        jobs::NewJob,
    },
    domain::{Cause, ContactId, DeliveryId, DeliveryState, Trigger},
    flows::{
        FlowError, Hub, Provider,
        contacts::By,
        deliver::{JOB, at_once, lane, news, queue},
    },
};

/// Contacts of one request that are made leads without being named; the rest is for the next.
pub const MOST: usize = 5_000;
/// Contacts whose rows are locked together.
const CHUNK: usize = 100;
/// Beyond this nobody waits for an exact number.
const MOST_COUNTED: i64 = 50_000;

/// Which of the named contacts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// Whatever their warmness.
    All,
    /// Those that are warm enough.
    Warm,
    /// Those with whom a meeting is booked, as the caller says.
    Meeting,
}

/// What became of one contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    Queued(DeliveryId),
    /// Waits for a person.
    Held(DeliveryId, Cause),
    /// A lead of before is on its way, or waits for somebody's decision.
    Before(DeliveryId),
    /// The CRM has it.
    Linked,
    NotWarm,
    /// Not there, another company's, or not the member's to see.
    NotFound,
}

/// How many contacts a connection should have and does not.
pub async fn count(hub: &Hub, by: By, provider: &Provider) -> Result<i64, FlowError> {
    let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
    let outlet = outlet(&mut tx, provider).await?;
    Ok(db::deliveries::qualifying(&mut tx, &outlet, hub.clock.now(), MOST_COUNTED).await?)
}

/// Makes leads of these contacts, each answered in its place.
pub async fn named(
    hub: &Hub,
    by: By,
    provider: &Provider,
    ids: &[ContactId],
    meant: Meant,
) -> Result<Vec<Pushed>, FlowError> {
    let now = hub.clock.now();
    let mut outcomes = std::collections::HashMap::new();
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    for chunk in sorted.chunks(CHUNK) {
        let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
        let outlet = outlet(&mut tx, provider).await?;
        let threshold = db::deliveries::threshold(&mut tx).await?;
        let held = queue::obstacle(db::companies::plan(&mut tx).await?, &outlet);
        let mut queued = Vec::new();
        for (contact_id, warmness) in db::activities::lock_contacts(&mut tx, chunk).await? {
            if meant == Meant::Warm && warmness < threshold {
                outcomes.insert(contact_id, Pushed::NotWarm);
                continue;
            }
            let change = queue::Change { contact_id, member_id: Some(by.member_id), now };
            let trigger = if meant == Meant::Meeting { Trigger::Meeting } else { Trigger::Push };
            let made = queue::lead(&mut tx, change, trigger, Some(provider.slug())).await?;
            let outcome = match (made.first(), held) {
                (Some(&id), None) => Pushed::Queued(id),
                (Some(&id), Some(cause)) => Pushed::Held(id, cause),
                (None, _) => before(&mut tx, &outlet, contact_id).await?,
            };
            outcomes.insert(contact_id, outcome);
            queued.extend(made);
        }
        let news = news::of(&mut tx, &queued).await?;
        tx.commit().await?;
        news.tell(hub).await;
    }
    Ok(ids.iter().map(|id| outcomes.get(id).copied().unwrap_or(Pushed::NotFound)).collect())
}

/// What is the case with a contact of which no lead was made.
async fn before(
    tx: &mut TenantTx,
    outlet: &Outlet,
    contact_id: ContactId,
) -> Result<Pushed, DbError> {
    if db::deliveries::is_mapped(tx, outlet.connection_id, contact_id).await? {
        return Ok(Pushed::Linked);
    }
    let lead = db::deliveries::lead(tx, outlet.connection_id, contact_id).await?;
    Ok(lead.map_or(Pushed::NotFound, |lead| Pushed::Before(lead.delivery_id)))
}

/// How a push of all that qualify went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bulk {
    pub queued: usize,
    pub held: usize,
    /// Still to be asked for.
    pub remaining: i64,
}

/// Makes leads of contacts that qualify, [`MOST`] at a time.
pub async fn all(hub: &Hub, by: By, provider: &Provider) -> Result<Bulk, FlowError> {
    let (now, mut bulk) = (hub.clock.now(), Bulk::default());
    while bulk.queued + bulk.held < MOST {
        let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
        let outlet = outlet(&mut tx, provider).await?;
        let held = queue::obstacle(db::companies::plan(&mut tx).await?, &outlet);
        let most = i64::try_from(CHUNK).unwrap_or(100);
        let made =
            db::deliveries::lead_many(&mut tx, &outlet, by.member_id, held, now, most).await?;
        if made.is_empty() {
            break;
        }
        if held.is_none() {
            enqueue(&mut tx, &outlet, &made).await?;
        }
        let ids: Vec<DeliveryId> = made.iter().map(|made| made.delivery_id).collect();
        let news = news::of(&mut tx, &ids).await?;
        tx.commit().await?;
        news.tell(hub).await;
        *if held.is_some() { &mut bulk.held } else { &mut bulk.queued } += made.len();
    }
    bulk.remaining = count(hub, by, provider).await?;
    Ok(bulk)
}

async fn enqueue(tx: &mut TenantTx, outlet: &Outlet, made: &[Made]) -> Result<(), DbError> {
    let lane = lane(&outlet.provider);
    let of = NewJob {
        lane: &lane,
        cap: at_once(&outlet.provider),
        kind: JOB,
        subject: None,
        run_at: None,
        dedup: None,
        max_attempts: 1_000_000,
    };
    let jobs: Vec<_> = made
        .iter()
        .map(|made| {
            (made.delivery_id.uuid(), format!("{}:{}", outlet.connection_id, made.contact_id))
        })
        .collect();
    db::jobs::enqueue_many(tx, of, &jobs).await
}

/// The company's connection at a provider that lets us write.
pub(super) async fn outlet(tx: &mut TenantTx, provider: &Provider) -> Result<Outlet, FlowError> {
    if connectors::find(provider.slug()).is_none_or(|found| found.writer().is_none()) {
        return Err(FlowError::Refused("This CRM is only read: nothing can be sent to it."));
    }
    let outlets = db::deliveries::outlets(tx).await?;
    outlets
        .into_iter()
        .find(|outlet| outlet.provider == provider.slug())
        .ok_or(FlowError::NotConnected)
}

/// Whether nothing more happens to a delivery by itself.
pub(super) fn is_settled(state: DeliveryState) -> bool {
    state.is_final() || state == DeliveryState::Held
}
