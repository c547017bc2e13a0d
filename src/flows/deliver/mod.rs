//! What reaches a CRM: each effect exactly once.
//!
//! [`queue`] writes deliveries in the transaction of the change that causes them; [`news`] tells live
//! pages after its commit.

pub mod check;
pub mod news;
pub mod push;
pub mod queue;
pub mod replay;
pub mod user;

use crate::{
    db::{self, DbError, TenantTx, jobs::NewJob},
    domain::{CompanyId, ConnectionId, ContactId, DeliveryId},
};

/// The kind of job that delivers what a contact has waiting at a connection.
pub const JOB: &str = "deliver";
/// Deliveries of one company and provider that may be on their way at once.
const AT_ONCE: i32 = 8;

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
        lane: &format!("deliver:{provider}"),
        cap: AT_ONCE,
        kind: JOB,
        subject: Some(delivery_id.uuid()),
        run_at: None,
        dedup: Some(&format!("{connection_id}:{contact_id}")),
        // Deliveries are given up by their own rules.
        max_attempts: 1_000_000,
    };
    db::jobs::enqueue(tx, new).await
}
