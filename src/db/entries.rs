//! Rows of `sync_entry`: what a run did to one record, or, for the plain ones, to those of a page.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::{DbError, TenantTx},
    domain::{ContactId, RunId, intake::Outcome},
};

/// A row to write; `remote_ids` has more than one element only in compact rows.
#[derive(Debug, Clone)]
pub struct NewEntry {
    pub outcome: Outcome,
    pub remote_ids: Vec<String>,
    pub contact_ids: Vec<ContactId>,
    pub remote_name: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub reason: Option<String>,
}

/// Writes the entries of a page in one statement.
pub async fn insert(
    tx: &mut TenantTx,
    run_id: RunId,
    page: i32,
    entries: &[NewEntry],
) -> Result<(), DbError> {
    if entries.is_empty() {
        return Ok(());
    }
    let company_id = tx.company_id();
    // Arrays of arrays must be rectangular in Postgres, so lists travel as JSON.
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let seqs: Vec<i32> = (0..).take(entries.len()).collect();
    let outcomes: Vec<&str> = entries.iter().map(|entry| entry.outcome.as_str()).collect();
    let remote: Vec<Value> =
        entries.iter().map(|entry| Value::from(entry.remote_ids.clone())).collect();
    let contacts: Vec<Value> = entries
        .iter()
        .map(|entry| entry.contact_ids.iter().map(ContactId::to_string).collect::<Vec<_>>().into())
        .collect();
    let names: Vec<Option<&str>> =
        entries.iter().map(|entry| entry.remote_name.as_deref()).collect();
    let before: Vec<Option<String>> = entries.iter().map(|entry| text(&entry.before)).collect();
    let after: Vec<Option<String>> = entries.iter().map(|entry| text(&entry.after)).collect();
    let reasons: Vec<Option<&str>> = entries.iter().map(|entry| entry.reason.as_deref()).collect();
    sqlx::query(
        "insert into sync_entry
             (company_id, run_id, page, seq, outcome, remote_ids, contact_ids, remote_name, before,
              after, reason)
         select $1, $2, $3, seq, outcome,
                array(select jsonb_array_elements_text(remote)),
                array(select jsonb_array_elements_text(contacts)::uuid),
                name, before::jsonb, after::jsonb, reason
         from unnest($4::int[], $5::text[], $6::jsonb[], $7::jsonb[], $8::text[], $9::text[],
                     $10::text[], $11::text[])
              as new (seq, outcome, remote, contacts, name, before, after, reason)",
    )
    .bind(company_id)
    .bind(run_id)
    .bind(page)
    .bind(seqs)
    .bind(outcomes)
    .bind(remote)
    .bind(contacts)
    .bind(names)
    .bind(before)
    .bind(after)
    .bind(reasons)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One record's line of the log; compact rows are spread out again.
#[derive(Debug, Clone, FromRow)]
pub struct Entry {
    pub outcome: String,
    pub page: i32,
    pub seq: i32,
    /// Position inside a compact row, from 1.
    pub part: i64,
    pub remote_id: Option<String>,
    pub contact_id: Option<Uuid>,
    pub contact_name: Option<String>,
    pub remote_name: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// Where a list of entries goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    pub outcome: String,
    pub page: i32,
    pub seq: i32,
    pub part: i64,
}

impl After {
    /// Behind this one.
    pub fn of(last: &Entry) -> Self {
        Self { outcome: last.outcome.clone(), page: last.page, seq: last.seq, part: last.part }
    }
}

/// A run's entries, grouped by outcome, in the order in which they were written.
pub async fn list(
    tx: &mut TenantTx,
    run_id: RunId,
    outcome: Option<&str>,
    after: Option<&After>,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    // `spread` reads no more compact rows than a page of the answer can need.
    Ok(sqlx::query_as(
        "with rows as (
             select * from sync_entry
             where run_id = $1
               and ($2::text is null or outcome = $2)
               and ($3::text is null or (outcome, page, seq) >= ($3, $4, $5))
             order by outcome, page, seq
             limit $7 + 1
         ),
         spread as (
             select rows.outcome, rows.page, rows.seq, part, rows.remote_name, before, after,
                    reason, created_at, company_id,
                    remote_ids[part] as remote_id, contact_ids[part] as contact_id
             from rows
             cross join lateral generate_series(1::bigint, cardinality(remote_ids)::bigint) as part
             where $3::text is null
                or (rows.outcome, rows.page, rows.seq, part) > ($3, $4, $5, $6)
             order by rows.outcome, rows.page, rows.seq, part
             limit $7
         )
         select spread.outcome, page, seq, part, remote_id, contact.contact_id,
                contact.full_name as contact_name, remote_name, before, after, reason,
                spread.created_at
         from spread
         left join contact
           on contact.company_id = spread.company_id and contact.contact_id = spread.contact_id
         order by spread.outcome, page, seq, part",
    )
    .bind(run_id)
    .bind(outcome)
    .bind(after.map(|after| after.outcome.as_str()))
    .bind(after.map(|after| after.page))
    .bind(after.map(|after| after.seq))
    .bind(after.map(|after| after.part))
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}
