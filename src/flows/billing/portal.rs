//! Stripe's customer portal: cards, invoices, and changes of what is paid already.

use super::{BillingError, page};
use crate::{
    db::{self, Scope},
    domain::CompanyId,
    flows::Hub,
    outside::stripe::Errand,
};

/// Where "Manage billing" leads, for a few minutes.
pub async fn open(hub: &Hub, company_id: CompanyId) -> Result<String, BillingError> {
    let biller = hub.payee()?;
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let account = db::billing::account(&mut tx, biller.stripe.is_live()).await?;
    tx.commit().await?;
    let account = account.ok_or(BillingError::NoSubscription)?;
    let back = page(hub, &[]);
    let attempt = uuid::Uuid::now_v7().to_string();
    let back = (back.as_str(), back.as_str());
    let opened =
        biller.stripe.create_portal(&account.customer_id, Errand::Anything, back, &attempt);
    Ok(opened.await?)
}
