//! Ends sessions of one's own, wherever they are.

use serde_json::json;

use crate::{
    db::{self, DbError, DoorTx, audit, sessions::Ended},
    domain::{TokenHash, UserId},
    flows::Hub,
};

/// Ends one; `false` for what is not there, or not theirs.
pub async fn revoke(hub: &Hub, user_id: UserId, id: uuid::Uuid) -> Result<bool, DbError> {
    let mut tx = hub.db.door().await?;
    let ended = db::sessions::end_one(&mut tx, user_id, id).await?;
    note(&mut tx, &ended).await?;
    tx.commit().await?;
    Ok(!ended.is_empty())
}

/// Ends all but the one that asks; returns how many.
pub async fn revoke_others(hub: &Hub, user_id: UserId, own: &TokenHash) -> Result<usize, DbError> {
    let mut tx = hub.db.door().await?;
    let ended = db::sessions::end_others(&mut tx, user_id, own).await?;
    note(&mut tx, &ended).await?;
    tx.commit().await?;
    Ok(ended.len())
}

async fn note(tx: &mut DoorTx, ended: &[Ended]) -> Result<(), DbError> {
    for one in ended {
        let event = audit::Event {
            member: Some(one.member_id),
            action: "session.revoked",
            subject: Some(one.session_id),
            detail: &json!({}),
        };
        audit::append_at_door(tx, one.company_id, &event).await?;
    }
    Ok(())
}
