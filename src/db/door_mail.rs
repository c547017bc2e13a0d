//! Mail that belongs to no company: confirmations and resets. Tokens exist only while it is sent.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    db::{DbError, DoorTx},
    domain::{TokenHash, UserId},
};

/// What a mail at the door is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Confirm(Uuid),
    AccountExists(UserId),
    Reset(UserId),
}

/// A mail that is due, with the address it goes to; leased to whoever claimed it.
#[derive(Debug, Clone)]
pub struct DueMail {
    pub mail_id: Uuid,
    pub about: About,
    pub to: String,
    pub attempts: i32,
}

pub async fn enqueue(tx: &mut DoorTx, about: About, now: DateTime<Utc>) -> Result<(), DbError> {
    let (kind, signup_id, user_id) = match about {
        About::Confirm(signup_id) => ("confirm_signup", Some(signup_id), None),
        About::AccountExists(user_id) => ("account_exists", None, Some(user_id)),
        About::Reset(user_id) => ("reset_password", None, Some(user_id)),
    };
    sqlx::query(
        "insert into door_mail (mail_id, kind, signup_id, user_id, created_at, run_at)
         values ($1, $2, $3, $4, $5, $5)",
    )
    .bind(Uuid::now_v7())
    .bind(kind)
    .bind(signup_id)
    .bind(user_id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

type Row = (Uuid, String, Option<Uuid>, Option<UserId>, i32);

/// Leases the oldest due mail; nobody else gets it until the lease is over.
pub async fn claim(
    tx: &mut DoorTx,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<DueMail>, DbError> {
    let row: Option<Row> = sqlx::query_as(
        "update door_mail set lease_until = $2, attempts = attempts + 1
         where mail_id = (
             select mail_id from door_mail
             where run_at <= $1 and (lease_until is null or lease_until < $1)
             order by run_at limit 1
             for update skip locked
         )
         returning mail_id, kind, signup_id, user_id, attempts",
    )
    .bind(now)
    .bind(now + lease)
    .fetch_optional(tx.conn())
    .await?;
    let Some((mail_id, kind, signup_id, user_id, attempts)) = row else { return Ok(None) };
    let about = match (kind.as_str(), signup_id, user_id) {
        ("confirm_signup", Some(signup_id), _) => About::Confirm(signup_id),
        ("account_exists", _, Some(user_id)) => About::AccountExists(user_id),
        (_, _, Some(user_id)) => About::Reset(user_id),
        // The row's reason was deleted with its owner; a foreign key cascades, so this is unreachable
        // unless somebody wrote the row by hand.
        _ => return Ok(None),
    };
    let to: String = match about {
        About::Confirm(signup_id) => {
            sqlx::query_scalar("select email from signup where signup_id = $1")
                .bind(signup_id)
                .fetch_one(tx.conn())
                .await?
        }
        About::AccountExists(user_id) | About::Reset(user_id) => {
            sqlx::query_scalar("select email from app_user where user_id = $1")
                .bind(user_id)
                .fetch_one(tx.conn())
                .await?
        }
    };
    Ok(Some(DueMail { mail_id, about, to, attempts }))
}

/// The link of this mail will carry the token; an earlier try's token stops working.
pub async fn arm_signup(
    tx: &mut DoorTx,
    signup_id: Uuid,
    token: &TokenHash,
) -> Result<(), DbError> {
    sqlx::query("update signup set token_hash = $2 where signup_id = $1")
        .bind(signup_id)
        .bind(token.bytes())
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn arm_reset(
    tx: &mut DoorTx,
    user_id: UserId,
    token: &TokenHash,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query(
        "insert into password_reset (token_hash, user_id, created_at, expires_at)
         values ($1, $2, $3, $4)",
    )
    .bind(token.bytes())
    .bind(user_id)
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It left, or never will.
pub async fn done(tx: &mut DoorTx, mail_id: Uuid) -> Result<(), DbError> {
    sqlx::query("delete from door_mail where mail_id = $1")
        .bind(mail_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Tries again then.
pub async fn postpone(
    tx: &mut DoorTx,
    mail_id: Uuid,
    run_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query("update door_mail set run_at = $2, lease_until = null where mail_id = $1")
        .bind(mail_id)
        .bind(run_at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets sign-ups nobody confirmed and reset links that no longer work.
pub async fn sweep(tx: &mut DoorTx, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query("delete from signup where expires_at <= $1").bind(now).execute(tx.conn()).await?;
    sqlx::query("delete from password_reset where expires_at <= $1")
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}
