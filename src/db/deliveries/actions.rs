//! What members had done at a connection.

use serde_json::Value;

use crate::{
    db::{DbError, TenantTx},
    domain::{ConnectionId, ContactId},
};

/// A task of the contact that Tandem made at the connection, as it was last asked for.
pub async fn task(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contact_id: ContactId,
    remote_id: &str,
) -> Result<Option<Value>, DbError> {
    Ok(sqlx::query_scalar(
        "select action from delivery
         where connection_id = $1 and contact_id = $2 and kind = 'action'
           and action ->> 'action' in ('create_task', 'update_task', 'log_call')
           -- A change that waits has not left anything yet; it counts all the same.
           and (remote_id = $3 or action ->> 'id' = $3)
           and state not in ('failed', 'dead')
         order by seq desc
         limit 1",
    )
    .bind(connection_id)
    .bind(contact_id)
    .bind(remote_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// The living contacts, of those the key may see, that these people at a connection are.
pub async fn contacts_of(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    people: &[&str],
) -> Result<Vec<(String, ContactId, String)>, DbError> {
    Ok(sqlx::query_as(
        "select remote_id, contact_id, full_name from mapping
         join contact using (company_id, contact_id)
         where connection_id = $1 and kind = 'person' and state = 'linked' and remote_id = any($2)",
    )
    .bind(connection_id)
    .bind(people)
    .fetch_all(tx.conn())
    .await?)
}

/// The person that a contact the key may see is at a connection: `None` without such a contact, and
/// within for one that is not there.
pub async fn person_at(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    contact_id: ContactId,
) -> Result<Option<Option<String>>, DbError> {
    Ok(sqlx::query_scalar(
        "select (select remote_id from mapping
                 where mapping.contact_id = contact.contact_id and connection_id = $1
                   and kind = 'person' and state = 'linked'
                 order by is_primary desc, remote_id limit 1)
         from contact where contact_id = $2",
    )
    .bind(connection_id)
    .bind(contact_id)
    .fetch_optional(tx.conn())
    .await?)
}
