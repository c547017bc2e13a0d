//! Who did what in a company: appended in the transaction that causes it, chained by a job.

mod chain;
mod read;

use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{DbError, DoorTx, TenantTx},
    domain::{ApiKeyId, CompanyId, MemberId},
};

tokio::task_local! {
    /// Whose script this task works for. Not an argument: no flow decides anything by it, and none
    /// can forget to hand it on.
    static SCRIPT: ApiKeyId;
}

/// Does the work of a request; what it appends names the API key that the request came with.
pub async fn by_script<T>(key: Option<ApiKeyId>, work: impl Future<Output = T>) -> T {
    match key {
        Some(key) => SCRIPT.scope(key, work).await,
        None => work.await,
    }
}

pub use chain::{Verdict, seal, verify};
pub use read::{Entry, Filter, Side, page};

/// What happened, as a stable word of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Null: Tandem itself.
    pub member: Option<MemberId>,
    /// `noun.verb`, for instance `contact.created`.
    pub action: &'a str,
    /// The id of what it happened to; never a value.
    pub subject: Option<Uuid>,
    pub detail: &'a Value,
}

const APPEND: &str = "insert into audit_log
         (company_id, audit_id, member_id, action, subject, detail, api_key_id)
     values ($1, $2, $3, $4, $5, $6, $7)";

/// Appends within a company. `detail` holds ids, words and counts only.
pub async fn append(
    tx: &mut TenantTx,
    member: Option<MemberId>,
    action: &str,
    subject: Option<Uuid>,
    detail: &Value,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    write(tx.conn(), company_id, &Event { member, action, subject, detail }).await
}

/// Appends the same of each of these.
pub async fn append_each(
    tx: &mut TenantTx,
    member: Option<MemberId>,
    action: &str,
    subjects: &[Uuid],
    detail: &Value,
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    let ids: Vec<Uuid> = subjects.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query(
        "insert into audit_log
             (company_id, audit_id, member_id, action, subject, detail, api_key_id)
         select $1, audit_id, $3, $4, subject::text, $6, $7
         from unnest($2::uuid[], $5::uuid[]) as each (audit_id, subject)",
    )
    .bind(company_id)
    .bind(ids)
    .bind(member)
    .bind(action)
    .bind(subjects)
    .bind(detail)
    .bind(SCRIPT.try_with(|key| *key).ok())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Appends at the door, where a company is made or entered.
pub async fn append_at_door(
    tx: &mut DoorTx,
    company_id: CompanyId,
    event: &Event<'_>,
) -> Result<(), DbError> {
    write(tx.conn(), company_id, event).await
}

async fn write(
    conn: &mut sqlx::PgConnection,
    company_id: CompanyId,
    event: &Event<'_>,
) -> Result<(), DbError> {
    sqlx::query(APPEND)
        .bind(company_id)
        .bind(Uuid::now_v7())
        .bind(event.member)
        .bind(event.action)
        .bind(event.subject.map(|id| id.to_string()))
        .bind(event.detail)
        .bind(SCRIPT.try_with(|key| *key).ok())
        .execute(conn)
        .await?;
    Ok(())
}
