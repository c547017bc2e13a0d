//! Signs people in and out, and into another of their companies.
//!
//! A stranger cannot tell an unknown address from a wrong password: same work, same answer, same
//! throttling.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    db::{self, DbError, DoorTx, audit, sessions::NewSession},
    domain::{CompanyId, MemberId, OpaqueToken, TokenHash, UserId},
    flows::{
        Hub, SealError, password, second_factor,
        throttle::{Allowance, attempt},
    },
};

/// The longest a session lives, however busy.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);

/// Tries per account from one network address, and from everywhere: the second is wider, so that
/// a stranger cannot lock somebody out with a handful of tries.
const PER_ACCOUNT_AND_ADDRESS: Allowance = (10, Duration::from_mins(15));
const PER_ACCOUNT: Allowance = (100, Duration::from_hours(1));
const PER_ADDRESS: Allowance = (300, Duration::from_mins(15));

/// The company somebody signs in to, and who they are there.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub company_id: CompanyId,
    pub member_id: MemberId,
}

/// A new session; the token goes into the cookie and nowhere else.
pub struct SignedIn {
    pub token: OpaqueToken,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    #[error("too many tries; wait {}s", .0.as_secs())]
    TooMany(Duration),
    /// The password was right, and there is a second factor.
    #[error("a code is needed")]
    CodeNeeded,
    /// Mistyped, too old, or used before: all the same to whoever tries.
    #[error("the code is wrong")]
    WrongCode,
    /// Removed from the last company.
    #[error("this account is in no company")]
    NoCompany,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What somebody shows to be let in.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    pub password: &'a str,
    /// Of the authenticator or from paper, where there is a second factor.
    pub code: Option<&'a str>,
}

pub async fn start(
    hub: &Hub,
    email: &str,
    proof: Proof<'_>,
    from: &str,
) -> Result<SignedIn, SignInError> {
    let user_id = identify(hub, email, proof, from).await?;
    let mut tx = hub.db.door().await?;
    let first = db::accounts::memberships(&mut tx, user_id).await?.into_iter().next();
    let membership = first.ok_or(SignInError::NoCompany)?;
    let place = Place { company_id: membership.company_id, member_id: membership.member_id };
    let signed_in = open(&mut tx, user_id, place, hub.clock.now()).await?;
    note(&mut tx, place, "session.started").await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Who this is, whichever company they want to go to.
pub(super) async fn identify(
    hub: &Hub,
    email: &str,
    proof: Proof<'_>,
    from: &str,
) -> Result<UserId, SignInError> {
    let (user_id, counted) = try_password(hub, email, proof.password, from).await?;
    second_factor::demand(hub, user_id, proof.code).await?;
    // Not before the code: a right password alone wipes no slate clean.
    for key in counted {
        hub.cache.forget_attempts(&key).await;
    }
    Ok(user_id)
}

/// The address of somebody who is signed in and shows that they know the password, too.
pub(super) async fn check_password(
    hub: &Hub,
    user_id: UserId,
    password: &str,
    from: &str,
) -> Result<String, SignInError> {
    let mut tx = hub.db.door().await?;
    let email = db::accounts::user(&mut tx, user_id).await?.ok_or(SignInError::Wrong)?.email;
    tx.commit().await?;
    let (_, counted) = try_password(hub, &email, password, from).await?;
    for key in counted {
        hub.cache.forget_attempts(&key).await;
    }
    Ok(email)
}

/// Whose password this is, and what was counted for the try.
async fn try_password(
    hub: &Hub,
    email: &str,
    password: &str,
    from: &str,
) -> Result<(UserId, [String; 2]), SignInError> {
    let address = key("login:from", from);
    let here = key(&format!("login:{address}"), email);
    let everywhere = key("login", email);
    for (key, allowance) in
        [(&address, PER_ADDRESS), (&here, PER_ACCOUNT_AND_ADDRESS), (&everywhere, PER_ACCOUNT)]
    {
        attempt(hub, key, allowance).await.map_err(SignInError::TooMany)?;
    }

    let mut tx = hub.db.door().await?;
    let known = db::accounts::credentials(&mut tx, email).await?;
    // The hash takes a while: nobody waits for it while holding a transaction.
    tx.commit().await?;
    let hash = known.as_ref().map(|known| known.password_hash.clone());
    let matches = password::verify(password, hash).await;
    let known = known.filter(|_| matches).ok_or(SignInError::Wrong)?;
    Ok((known.user_id, [here, everywhere]))
}

/// Ends the session; there is nothing to say when it had ended.
pub async fn end(hub: &Hub, token: &TokenHash, place: Place) -> Result<(), DbError> {
    let mut tx = hub.db.door().await?;
    db::sessions::end(&mut tx, token).await?;
    note(&mut tx, place, "session.ended").await?;
    tx.commit().await
}

/// Trades the session for one in another company of the same user.
pub async fn switch(
    hub: &Hub,
    token: &TokenHash,
    user_id: UserId,
    company: uuid::Uuid,
) -> Result<Option<SignedIn>, DbError> {
    let now = hub.clock.now();
    let mut tx = hub.db.door().await?;
    let memberships = db::accounts::memberships(&mut tx, user_id).await?;
    let Some(found) = memberships.into_iter().find(|one| one.company_id.uuid() == company) else {
        return Ok(None);
    };
    let place = Place { company_id: found.company_id, member_id: found.member_id };
    db::sessions::end(&mut tx, token).await?;
    let signed_in = open(&mut tx, user_id, place, now).await?;
    note(&mut tx, place, "session.started").await?;
    tx.commit().await?;
    Ok(Some(signed_in))
}

/// A session with a token of its own: none is ever taken over from before a sign-in.
pub(super) async fn open(
    tx: &mut DoorTx,
    user_id: UserId,
    place: Place,
    now: DateTime<Utc>,
) -> Result<SignedIn, DbError> {
    let token = OpaqueToken::fresh();
    let expires_at = now + LIFETIME;
    let session = NewSession {
        token: token.hash(),
        user_id,
        company_id: place.company_id,
        member_id: place.member_id,
        expires_at,
    };
    db::sessions::insert(tx, &session, now).await?;
    Ok(SignedIn { token, expires_at })
}

async fn note(tx: &mut DoorTx, place: Place, action: &str) -> Result<(), DbError> {
    let event =
        audit::Event { member: Some(place.member_id), action, subject: None, detail: &json!({}) };
    audit::append_at_door(tx, place.company_id, &event).await
}

/// A key for counting that holds no address, of mail or of a network.
pub(super) fn key(what: &str, whose: &str) -> String {
    let hash = Sha256::digest(whose.trim().to_lowercase().as_bytes());
    format!("{what}:{}", hex::encode(&hash[..16]))
}
