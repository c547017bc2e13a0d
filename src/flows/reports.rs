//! Keeps what reports count small.

use crate::{
    db::{self, DbError, Scope},
    domain::CompanyId,
    flows::Hub,
};

/// Puts together how warm the book was on days that are over; how many rows that took.
pub async fn fold(hub: &Hub, company_id: CompanyId) -> Result<u64, DbError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let folded = db::reports::fold_warmness(&mut tx, hub.clock.now().date_naive()).await?;
    tx.commit().await?;
    Ok(folded)
}
