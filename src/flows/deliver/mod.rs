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
mod narrow;
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
    connectors,
    db::{self, DbError, TenantTx, jobs::NewJob},
    domain::{CompanyId, ConnectionId, ContactId, DeliveryId, DeliveryState},
    flows::Hub,
};

pub(in crate::flows) use hold::{hold, release};
pub use work::work;

/// The kind of job that delivers what a contact has waiting at a connection.
pub const JOB: &str = "deliver";
/// Deliveries are given up by their own rules.
const MAX_ATTEMPTS: i32 = 1_000_000;

/// How the keys of all lanes for deliveries begin.
pub const LANES: &str = "deliver";
/// Of those to a CRM where each has a request of its own.
pub const SINGLE: &str = "deliver:";
/// Of those to a CRM that takes many in one request: most of the time each waits for the others.
pub const MANY: &str = "deliver-many:";

/// A company's lane for the deliveries to one provider.
fn lane(provider: &str) -> String {
    let writer = connectors::find(provider).and_then(|found| found.writer());
    let many = writer.is_some_and(|writer| writer.many().is_some());
    format!("{}{provider}", if many { MANY } else { SINGLE })
}

/// Deliveries of one company that may be on their way to it at once.
fn at_once(provider: &str) -> i32 {
    connectors::find(provider).map_or(1, |found| found.manifest().deliveries.into())
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
        cap: at_once(provider),
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
