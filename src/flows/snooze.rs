//! Puts a suggested contact off for a while; nobody but the member notices.

use chrono::{DateTime, Utc};

use crate::{
    db,
    domain::ContactId,
    flows::{
        Hub,
        contacts::{By, ContactError},
    },
};

/// Until then the contact is not suggested to the member; `None` suggests it again.
pub async fn snooze(
    hub: &Hub,
    by: By,
    id: ContactId,
    until: Option<DateTime<Utc>>,
) -> Result<(), ContactError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if !db::suggestions::snooze(&mut tx, by.member_id, id, until).await? {
        return Err(ContactError::NotFound);
    }
    tx.commit().await?;
    Ok(())
}
