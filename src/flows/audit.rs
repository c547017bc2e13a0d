//! Seals and verifies the audit log of a company.

use futures_util::{Stream, stream};

use crate::{
    db::{self, DbError, Scope, audit::Verdict},
    domain::CompanyId,
    flows::{Hub, SharedHub, contacts::By},
};

pub use db::audit::{Entry, Filter, Side, by_script};

/// Rows per transaction: hashed in milliseconds.
const BATCH: i64 = 1_000;

/// Chains what was written since the last time; returns how many rows.
pub async fn seal(hub: &Hub, company_id: CompanyId) -> Result<usize, DbError> {
    let mut all = 0;
    loop {
        let mut tx = hub.db.tenant(company_id, Scope::All).await?;
        let sealed = db::audit::seal(&mut tx, BATCH).await?;
        tx.commit().await?;
        all += sealed;
        if i64::try_from(sealed).unwrap_or(i64::MAX) < BATCH {
            return Ok(all);
        }
    }
}

/// Computes the chain again and says whether it holds.
pub async fn verify(hub: &Hub, company_id: CompanyId) -> Result<Verdict, DbError> {
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    db::audit::verify(&mut tx).await
}

/// Rows of an export that are read at a time.
const PAGE: i64 = 500;

/// Who takes the log out is in it.
pub async fn note_export(hub: &Hub, by: By) -> Result<(), DbError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let member = Some(by.member_id);
    db::audit::append(&mut tx, member, "audit.exported", None, &serde_json::json!({})).await?;
    tx.commit().await
}

/// The whole log, or what of it the filter leaves, oldest first: page by page, each in a transaction
/// of its own, so that a slow reader holds nothing.
pub fn export(
    hub: SharedHub,
    company_id: CompanyId,
    filter: Filter,
) -> impl Stream<Item = Result<Vec<Entry>, DbError>> {
    stream::try_unfold(Some(Side::Oldest(None)), move |side| {
        let (hub, filter) = (SharedHub::clone(&hub), filter.clone());
        async move {
            let Some(side) = side else { return Ok(None) };
            let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
            let entries = db::audit::page(&mut tx, &filter, side, PAGE).await?;
            drop(tx);
            let whole = i64::try_from(entries.len()).unwrap_or(0) == PAGE;
            let next =
                entries.last().filter(|_| whole).map(|last| Side::Oldest(Some(last.audit_id)));
            Ok((!entries.is_empty()).then_some((entries, next)))
        }
    })
}

/// What the verifier says of each company, or of the one that is asked for.
pub async fn verify_all(
    hub: &Hub,
    only: Option<uuid::Uuid>,
    told: &mut dyn FnMut(CompanyId, &Verdict),
) -> Result<(u64, u64), DbError> {
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    let (mut all, mut broken) = (0, 0);
    for company_id in companies {
        if only.is_none_or(|only| only == company_id.uuid()) {
            let verdict = verify(hub, company_id).await?;
            all += 1;
            broken += u64::from(verdict.broken_at.is_some());
            told(company_id, &verdict);
        }
    }
    Ok((all, broken))
}
