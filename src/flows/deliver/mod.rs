//! What reaches a CRM: each effect exactly once.
//!
//! [`queue`] writes deliveries in the transaction of the change that causes them; [`news`] tells live
//! pages after its commit. [`machine`] works them; what it stands on ([`ground`]) is an argument:
//! Postgres and a CRM here, a model of both in the simulation.

mod action;
mod activity;
pub mod ask;
pub mod check;
pub mod circuit;
mod crm;
pub mod desk;
mod doubt;
mod failed;
mod gather;
pub mod ground;
mod hold;
mod lead;
mod left;
mod linked;
pub mod machine;
pub mod news;
pub mod push;
pub mod queue;
mod reading;
mod reconcile;
pub mod replay;
mod standing;
pub mod stored;
pub mod user;
pub mod verdict;
mod wait;
mod work;

use crate::{
    db::{self, DbError, TenantTx, jobs::NewJob},
    domain::{CompanyId, ConnectionId, ContactId, DeliveryId, DeliveryState},
    flows::Hub,
};

pub(in crate::flows) use hold::{hold, release};
pub use work::work;

/// The kind of job that delivers what a contact has waiting at a connection.
pub const JOB: &str = "deliver";
/// Deliveries of one company and provider that may be on their way at once.
const AT_ONCE: i32 = 16;
/// Deliveries are given up by their own rules.
const MAX_ATTEMPTS: i32 = 1_000_000;

/// How the keys of lanes for deliveries begin.
pub const LANES: &str = "deliver:";

/// A company's lane for the deliveries to one provider.
fn lane(provider: &str) -> String {
    format!("{LANES}{provider}")
}

/// Where live pages listen for what becomes of a company's deliveries.
pub fn channel(company_id: CompanyId) -> String {
    format!("deliveries:{company_id}")
}

/// Enqueues the work on a contact's deliveries, or hastens what is enqueued already.
pub(super) async fn enqueue(
    tx: &mut TenantTx,
    provider: &str,
    connection_id: ConnectionId,
    contact_id: ContactId,
    delivery_id: DeliveryId,
) -> Result<(), DbError> {
    let new = NewJob {
        lane: &lane(provider),
        cap: AT_ONCE,
        kind: JOB,
        subject: Some(delivery_id.uuid()),
        run_at: None,
        dedup: Some(&format!("{connection_id}:{contact_id}")),
        max_attempts: MAX_ATTEMPTS,
    };
    db::jobs::enqueue(tx, new).await
}

/// Tells live pages, after the commit; they read the truth from the database.
pub async fn tell(
    hub: &Hub,
    company_id: CompanyId,
    delivery_id: DeliveryId,
    contact_id: ContactId,
    state: DeliveryState,
) {
    let news = serde_json::json!({
        "delivery_id": delivery_id,
        "contact_id": contact_id,
        "state": state.word(),
    });
    hub.cache.publish(&channel(company_id), news.to_string()).await;
}
