//! A second factor: codes of an authenticator app, and recovery codes for when it is lost.
//!
//! It is the person's, for all their companies. It counts from the moment a code has shown that the
//! authenticator has the secret; a code counts once, and trying codes is slow.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    db::{self, DbError, DoorTx, audit, second_factors::SecondFactor},
    domain::{RecoveryCode, UserId, totp::TotpSecret},
    flows::{
        Hub, SealError,
        sign_in::{self, SignInError},
        throttle::{Allowance, attempt},
    },
    vault::{Personal, VaultError},
};

const COLUMN: &str = "second_factor.secret";
/// Codes on one sheet of paper.
const CODES: usize = 10;
/// Tries of a code, wherever they come from: whoever tries knows the password already. Of a million
/// codes three count at a time, so that an hour's tries are right once in 33,000.
const TRIES: Allowance = (10, Duration::from_hours(1));

#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    #[error("there is a second factor already")]
    AlreadyOn,
    #[error("there is no second factor")]
    Off,
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How somebody's second factor stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// `None`: only the password is asked for.
    pub since: Option<DateTime<Utc>>,
    pub codes_left: u64,
}

pub async fn standing(hub: &Hub, user_id: UserId) -> Result<Standing, DbError> {
    let mut tx = hub.db.door().await?;
    let found = db::second_factors::find(&mut tx, user_id).await?;
    let since = found.and_then(|found| found.confirmed_at);
    let codes_left = db::second_factors::codes_left(&mut tx, user_id).await?;
    Ok(Standing { since, codes_left })
}

/// What an authenticator is set up with.
pub struct Begun {
    pub secret: TotpSecret,
    /// What a QR code says.
    pub address: Zeroizing<String>,
}

/// Makes a secret for whoever knows the password; it does not count before [`confirm`].
pub async fn begin(
    hub: &Hub,
    user_id: UserId,
    password: &str,
    from: &str,
) -> Result<Begun, SecondFactorError> {
    let email = sign_in::check_password(hub, user_id, password, from).await?;
    let secret = TotpSecret::fresh();
    let place = Personal { user_id, column: COLUMN };
    let sealed = hub.vault.seal_personal(place, secret.reveal())?;
    let mut tx = hub.db.door().await?;
    let kept = (sealed.as_slice(), hub.vault.masters().active());
    if !db::second_factors::begin(&mut tx, user_id, kept, hub.clock.now()).await? {
        return Err(SecondFactorError::AlreadyOn);
    }
    tx.commit().await?;
    let address = secret.address(&email).ok_or(VaultError::Refused)?;
    Ok(Begun { secret, address })
}

/// Makes it count, with a code that shows that the authenticator works.
pub async fn confirm(
    hub: &Hub,
    user_id: UserId,
    code: &str,
) -> Result<Vec<RecoveryCode>, SecondFactorError> {
    slow_down(hub, user_id).await?;
    let now = hub.clock.now();
    let mut tx = hub.db.door().await?;
    let found = db::second_factors::find(&mut tx, user_id).await?;
    let found = found.ok_or(SecondFactorError::Off)?;
    let step = open(hub, &found)?.step(code, now.timestamp()).ok_or(SignInError::WrongCode)?;
    if !db::second_factors::confirm(&mut tx, user_id, &found.secret, step, now).await? {
        return Err(SecondFactorError::AlreadyOn);
    }
    let codes = new_codes(&mut tx, user_id).await?;
    note(&mut tx, user_id, "second_factor.enabled", &json!({})).await?;
    tx.commit().await?;
    hub.cache.forget_attempts(&key(user_id)).await;
    Ok(codes)
}

/// New recovery codes in the place of all old ones.
pub async fn renew_codes(
    hub: &Hub,
    user_id: UserId,
    code: &str,
) -> Result<Vec<RecoveryCode>, SecondFactorError> {
    demand(hub, user_id, Some(code)).await?;
    let mut tx = hub.db.door().await?;
    let found = db::second_factors::find(&mut tx, user_id).await?;
    if found.is_none_or(|found| found.confirmed_at.is_none()) {
        return Err(SecondFactorError::Off);
    }
    let codes = new_codes(&mut tx, user_id).await?;
    note(&mut tx, user_id, "recovery_codes.renewed", &json!({})).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Takes it away, for whoever has both factors.
pub async fn end(
    hub: &Hub,
    user_id: UserId,
    (password, code): (&str, &str),
    from: &str,
) -> Result<(), SecondFactorError> {
    sign_in::check_password(hub, user_id, password, from).await?;
    demand(hub, user_id, Some(code)).await?;
    let mut tx = hub.db.door().await?;
    db::second_factors::end(&mut tx, user_id).await?;
    note(&mut tx, user_id, "second_factor.disabled", &json!({})).await?;
    Ok(tx.commit().await?)
}

/// Asks for a code where somebody has a second factor: after the password, and never before it.
pub(super) async fn demand(
    hub: &Hub,
    user_id: UserId,
    code: Option<&str>,
) -> Result<(), SignInError> {
    let mut tx = hub.db.door().await?;
    let found = db::second_factors::find(&mut tx, user_id).await?;
    tx.commit().await?;
    let Some(found) = found.filter(|found| found.confirmed_at.is_some()) else { return Ok(()) };
    let code = code.map(str::trim).filter(|code| !code.is_empty());
    let code = code.ok_or(SignInError::CodeNeeded)?;
    slow_down(hub, user_id).await?;
    let mut tx = hub.db.door().await?;
    let counts = if let Some(code) = RecoveryCode::parse(code) {
        let used = db::second_factors::use_code(&mut tx, user_id, &code.hash()).await?;
        if used {
            let left = db::second_factors::codes_left(&mut tx, user_id).await?;
            note(&mut tx, user_id, "recovery_code.used", &json!({ "left": left })).await?;
        }
        used
    } else {
        let secret = open(hub, &found).map_err(SealError::from)?;
        match secret.step(code, hub.clock.now().timestamp()) {
            Some(step) => db::second_factors::use_step(&mut tx, user_id, step).await?,
            None => false,
        }
    };
    if !counts {
        return Err(SignInError::WrongCode);
    }
    tx.commit().await?;
    hub.cache.forget_attempts(&key(user_id)).await;
    Ok(())
}

async fn new_codes(tx: &mut DoorTx, user_id: UserId) -> Result<Vec<RecoveryCode>, DbError> {
    let codes: Vec<RecoveryCode> = (0..CODES).map(|_| RecoveryCode::fresh()).collect();
    let hashes: Vec<_> = codes.iter().map(RecoveryCode::hash).collect();
    db::second_factors::set_codes(tx, user_id, &hashes).await?;
    Ok(codes)
}

fn open(hub: &Hub, found: &SecondFactor) -> Result<TotpSecret, VaultError> {
    let place = Personal { user_id: found.user_id, column: COLUMN };
    let text = hub.vault.open_personal(place, &found.master_id, &found.secret)?;
    TotpSecret::parse(text.expose_secret()).ok_or(VaultError::Refused)
}

fn key(user_id: UserId) -> String {
    format!("code:{user_id}")
}

async fn slow_down(hub: &Hub, user_id: UserId) -> Result<(), SignInError> {
    attempt(hub, &key(user_id), TRIES).await.map_err(SignInError::TooMany)
}

/// In every company of theirs: each has a member whose account is safer now, or less safe.
async fn note(
    tx: &mut DoorTx,
    user_id: UserId,
    action: &str,
    detail: &Value,
) -> Result<(), DbError> {
    for membership in db::accounts::memberships(tx, user_id).await? {
        let member = Some(membership.member_id);
        let event = audit::Event { member, action, subject: None, detail };
        audit::append_at_door(tx, membership.company_id, &event).await?;
    }
    Ok(())
}

/// Seals every secret under the active master key, so that nothing needs the old one; returns how
/// many.
pub(super) async fn reseal(hub: &Hub) -> Result<usize, SealError> {
    let active = hub.vault.masters().active();
    let mut tx = hub.db.door().await?;
    let old = db::second_factors::not_under(&mut tx, active).await?;
    for found in &old {
        let place = Personal { user_id: found.user_id, column: COLUMN };
        let sealed = hub.vault.seal_personal(place, open(hub, found)?.reveal())?;
        db::second_factors::reseal(&mut tx, found.user_id, (&sealed, active)).await?;
    }
    tx.commit().await?;
    Ok(old.len())
}
