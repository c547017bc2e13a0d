//! Seals and verifies the audit log of a company.

use crate::{
    db::{self, DbError, Scope, audit::Verdict},
    domain::CompanyId,
    flows::Hub,
};

pub use db::audit::by_script;

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
