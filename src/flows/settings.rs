//! What a company decides about its leads.

use serde_json::json;

use crate::{
    connectors,
    db::{self, DbError, Scope, companies::Settings},
    flows::{Hub, sign_in::Place},
};

/// Contacts of a connection that are counted at most.
const MOST_COUNTED: i64 = 50_000;

/// What to decide anew. `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change {
    pub warm_threshold: Option<i16>,
    pub push_earlier: Option<bool>,
}

/// Contacts that a connection should have by the settings and does not.
#[derive(Debug, Clone)]
pub struct Qualifying {
    pub provider: String,
    pub contacts: i64,
}

/// Writes the settings. Nothing is pushed by that: how many contacts qualify is counted, and a push
/// is asked for.
pub async fn change(hub: &Hub, by: Place, change: Change) -> Result<Vec<Qualifying>, DbError> {
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    let before = db::companies::lock_settings(&mut tx).await?;
    let after = Settings {
        warm_threshold: change.warm_threshold.unwrap_or(before.warm_threshold),
        push_earlier: change.push_earlier.unwrap_or(before.push_earlier),
        ..before.clone()
    };
    let mut changed = Vec::new();
    if after.warm_threshold != before.warm_threshold {
        changed.push("warm_threshold");
    }
    if after.push_earlier != before.push_earlier {
        changed.push("push_earlier");
    }
    if !changed.is_empty() {
        db::companies::set_settings(&mut tx, &after).await?;
        let detail = json!({ "fields": changed });
        let (member, subject) = (Some(by.member_id), Some(by.company_id.uuid()));
        db::audit::append(&mut tx, member, "company.updated", subject, &detail).await?;
    }
    tx.commit().await?;
    qualifying(hub, by).await
}

/// For each connection that can be written to.
pub async fn qualifying(hub: &Hub, by: Place) -> Result<Vec<Qualifying>, DbError> {
    let mut tx = hub.db.tenant_reading(by.company_id, Scope::All).await?;
    let (mut all, now) = (Vec::new(), hub.clock.now());
    for outlet in db::deliveries::outlets(&mut tx).await? {
        if connectors::find(&outlet.provider).is_some_and(|found| found.writer().is_some()) {
            let contacts = db::deliveries::qualifying(&mut tx, &outlet, now, MOST_COUNTED).await?;
            all.push(Qualifying { provider: outlet.provider, contacts });
        }
    }
    Ok(all)
}
