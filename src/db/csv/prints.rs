//! Who a row of a file is, where it says so by itself: by our id, or by being the same as before.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{ContactId, RemoteId, intake::PersonMapping},
};

/// What a row may be known by, beside its addresses and numbers.
#[derive(Debug, Clone)]
pub struct RowKey {
    pub row: RemoteId,
    /// As our own export wrote it.
    pub contact_id: Option<ContactId>,
    /// Of a row that nothing else tells from others.
    pub print: Option<Uuid>,
}

/// The contacts behind these rows.
pub async fn known(
    tx: &mut TenantTx,
    keys: &[RowKey],
) -> Result<HashMap<RemoteId, PersonMapping>, DbError> {
    let wanted = keys.iter().filter(|key| key.contact_id.is_some() || key.print.is_some());
    let wanted: Vec<&RowKey> = wanted.collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<&str> = wanted.iter().map(|key| key.row.as_str()).collect();
    let ids: Vec<Option<Uuid>> =
        wanted.iter().map(|key| key.contact_id.map(ContactId::uuid)).collect();
    let prints: Vec<Option<Uuid>> = wanted.iter().map(|key| key.print).collect();
    // Looked up one by one, as `intake` does.
    let found: Vec<(String, ContactId)> = sqlx::query_as(
        "select wanted.place, coalesce(same.contact_id, before.contact_id)
         from unnest($1::text[], $2::uuid[], $3::uuid[]) as wanted (place, contact_id, print)
         left join lateral (
             select contact.contact_id from contact
             where contact.contact_id = wanted.contact_id limit 1
         ) as same on true
         left join lateral (
             select csv_print.contact_id from csv_print
             where csv_print.print = wanted.print limit 1
         ) as before on true
         where coalesce(same.contact_id, before.contact_id) is not null",
    )
    .bind(rows)
    .bind(ids)
    .bind(prints)
    .fetch_all(tx.conn())
    .await?;
    Ok(found
        .into_iter()
        .map(|(row, contact_id)| {
            let mapping =
                PersonMapping { contact_id, fingerprint: 0, is_primary: false, gone: false };
            (RemoteId(row), mapping)
        })
        .collect())
}

/// Notes what became of rows.
pub async fn remember(tx: &mut TenantTx, rows: &[(Uuid, ContactId)]) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    let company_id = tx.company_id();
    let prints: Vec<Uuid> = rows.iter().map(|(print, _)| *print).collect();
    let contacts: Vec<Uuid> = rows.iter().map(|(_, contact)| contact.uuid()).collect();
    sqlx::query(
        "insert into csv_print (company_id, print, contact_id)
         select $1, print, contact_id
         from unnest($2::uuid[], $3::uuid[]) as new (print, contact_id)
         on conflict do nothing",
    )
    .bind(company_id)
    .bind(prints)
    .bind(contacts)
    .execute(tx.conn())
    .await?;
    Ok(())
}
