//! What keeps a connection's deliveries back, and what lets them go on: in the transaction that does it.

use chrono::{DateTime, Utc};

use crate::{
    db::{DbError, TenantTx, deliveries},
    domain::{Cause, ConnectionId},
    flows::deliver::stored::enqueue_all,
};

/// Nothing of a connection is sent until a person lifts it; returns how many wait for that.
pub(in crate::flows) async fn hold(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<u64, DbError> {
    deliveries::hold(tx, connection_id, cause, now).await
}

/// What was held goes on, with a job per contact.
pub(in crate::flows) async fn release(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    provider: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    deliveries::release(tx, connection_id, now).await?;
    enqueue_all(tx, connection_id, provider).await
}
