//! Tells live pages, after the commit, what was written about deliveries.

use crate::{
    db::{self, DbError, TenantTx},
    domain::{CompanyId, DeliveryId},
    flows::{Hub, deliver::channel},
};

/// What is to be told once the transaction is committed.
#[must_use = "nobody hears of what is not told"]
pub struct News {
    company_id: CompanyId,
    messages: Vec<String>,
}

/// Reads what the transaction made of these deliveries.
pub async fn of(tx: &mut TenantTx, ids: &[DeliveryId]) -> Result<News, DbError> {
    let company_id = tx.company_id();
    if ids.is_empty() {
        return Ok(News { company_id, messages: Vec::new() });
    }
    let states = db::deliveries::states(tx, ids).await?;
    let messages = states.iter().filter_map(|state| serde_json::to_string(state).ok()).collect();
    Ok(News { company_id, messages })
}

/// Tells live pages that a connection is not as it was: they read their lists again.
pub async fn look_again(hub: &Hub, company_id: CompanyId) {
    hub.cache.publish(&channel(company_id), "{}".to_owned()).await;
}

impl News {
    pub async fn tell(self, hub: &Hub) {
        for message in self.messages {
            hub.cache.publish(&channel(self.company_id), message).await;
        }
    }
}
