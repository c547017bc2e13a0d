//! Lets somebody choose a new password through their mailbox.

use std::time::Duration;

use serde_json::json;

use crate::{
    db::{self, DbError, audit, door_mail::About},
    domain::OpaqueToken,
    flows::{
        Hub, PasswordError,
        password::Password,
        sign_in,
        throttle::{Allowance, attempt},
    },
};

const PER_ADDRESS: Allowance = (60, Duration::from_hours(1));
const PER_MAILBOX: Allowance = (5, Duration::from_hours(1));

#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    #[error("too many requests from this address; wait {}s", .0.as_secs())]
    TooMany(Duration),
    /// Used, too old, or never ours: all the same to whoever asks.
    #[error("the link no longer works")]
    Expired,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Has a mail sent if there is such an account; the answer is the same if not.
pub async fn request(hub: &Hub, email: &str, from: &str) -> Result<(), ResetError> {
    let now = hub.clock.now();
    let address = sign_in::key("reset:from", from);
    attempt(hub, &address, PER_ADDRESS).await.map_err(ResetError::TooMany)?;
    if attempt(hub, &sign_in::key("mail", email), PER_MAILBOX).await.is_err() {
        return Ok(());
    }
    let mut tx = hub.db.door().await?;
    if let Some(known) = db::accounts::credentials(&mut tx, email).await? {
        db::door_mail::enqueue(&mut tx, About::Reset(known.user_id), now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sets the password and ends every session of the user: whoever was in is out.
pub async fn confirm(hub: &Hub, token: &str, password: &str) -> Result<(), ResetError> {
    let token = OpaqueToken::parse(token).ok_or(ResetError::Expired)?.hash();
    let now = hub.clock.now();
    // The token is spent with the password; a refused password leaves it usable.
    let email = {
        let mut tx = hub.db.door().await?;
        let user_id = db::accounts::take_reset(&mut tx, &token, now).await?;
        let user_id = user_id.ok_or(ResetError::Expired)?;
        db::accounts::user(&mut tx, user_id).await?.ok_or(ResetError::Expired)?.email
    };
    let password_hash = Password::parse(password, &email)?.hash().await;

    let mut tx = hub.db.door().await?;
    let user_id = db::accounts::take_reset(&mut tx, &token, now).await?;
    let user_id = user_id.ok_or(ResetError::Expired)?;
    db::accounts::set_password(&mut tx, user_id, &password_hash).await?;
    db::sessions::end_all(&mut tx, user_id).await?;
    for membership in db::accounts::memberships(&mut tx, user_id).await? {
        let event = audit::Event {
            member: Some(membership.member_id),
            action: "password.reset",
            subject: None,
            detail: &json!({}),
        };
        audit::append_at_door(&mut tx, membership.company_id, &event).await?;
    }
    tx.commit().await?;
    Ok(())
}
