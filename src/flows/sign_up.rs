//! Signs a company up: nothing exists until the address is confirmed, and nobody learns from the
//! answer whether an address has an account.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use crate::{
    db::{self, DbError, accounts::Signup, audit, door_mail::About},
    domain::{OpaqueToken, TokenHash},
    flows::{
        Hub, PasswordError,
        password::Password,
        sign_in::{self, SignedIn},
        throttle::{Allowance, attempt},
    },
    policy::Plan,
};

/// How long a confirmation link works.
const CONFIRMABLE: TimeDelta = TimeDelta::hours(24);
/// Sign-ups per network address: an office behind one address may be many people.
const PER_ADDRESS: Allowance = (60, Duration::from_hours(1));
/// Mails per mailbox: more would let strangers flood it.
const PER_MAILBOX: Allowance = (5, Duration::from_hours(1));

/// What a stranger fills in; already trimmed and within its lengths.
pub struct SignUp {
    pub company: String,
    pub name: String,
    pub email: String,
    pub password: String,
    /// ISO 3166 alpha-2.
    pub country: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("too many sign-ups from this address; wait {}s", .0.as_secs())]
    TooMany(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Remembers the sign-up and has a mail sent; the same work and answer for a known address.
pub async fn start(hub: &Hub, form: SignUp, from: &str) -> Result<(), SignUpError> {
    let password = Password::parse(&form.password, &form.email)?;
    let now = hub.clock.now();
    let address = sign_in::key("signup:from", from);
    attempt(hub, &address, PER_ADDRESS).await.map_err(SignUpError::TooMany)?;
    let password_hash = password.hash().await;
    // Silent: an answer here would tell a stranger what others did.
    if attempt(hub, &sign_in::key("mail", &form.email), PER_MAILBOX).await.is_err() {
        return Ok(());
    }

    let mut tx = hub.db.door().await?;
    let known = db::accounts::credentials(&mut tx, &form.email).await?;
    let about = if let Some(known) = known {
        About::AccountExists(known.user_id)
    } else {
        let signup_id = Uuid::now_v7();
        let signup = Signup {
            email: form.email,
            name: form.name,
            company_name: form.company,
            country: form.country,
            password_hash,
        };
        db::accounts::insert_signup(&mut tx, signup_id, &signup, now, now + CONFIRMABLE).await?;
        About::Confirm(signup_id)
    };
    db::door_mail::enqueue(&mut tx, about, now).await?;
    tx.commit().await?;
    Ok(())
}

#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Used, too old, or never ours: all the same to whoever asks.
    #[error("the link no longer works")]
    Expired,
    #[error("the address got an account meanwhile")]
    AlreadyKnown,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes the company with its owner, and signs the owner in.
pub async fn confirm(hub: &Hub, token: &str) -> Result<SignedIn, ConfirmError> {
    let token: TokenHash = OpaqueToken::parse(token).ok_or(ConfirmError::Expired)?.hash();
    let now = hub.clock.now();
    let mut tx = hub.db.door().await?;
    let signup =
        db::accounts::take_signup(&mut tx, &token, now).await?.ok_or(ConfirmError::Expired)?;
    let founded = match db::accounts::found_company(&mut tx, &signup, Plan::Free, now).await {
        Ok(founded) => founded,
        Err(DbError::Conflict { constraint }) if constraint == "app_user_email_unique" => {
            return Err(ConfirmError::AlreadyKnown);
        }
        Err(error) => return Err(error.into()),
    };
    let event = audit::Event {
        member: Some(founded.member_id),
        action: "company.created",
        subject: Some(founded.company_id.uuid()),
        detail: &json!({ "plan": Plan::Free.word() }),
    };
    audit::append_at_door(&mut tx, founded.company_id, &event).await?;
    let place = sign_in::Place { company_id: founded.company_id, member_id: founded.member_id };
    let signed_in = sign_in::open(&mut tx, founded.user_id, place, now).await?;
    tx.commit().await?;
    Ok(signed_in)
}
