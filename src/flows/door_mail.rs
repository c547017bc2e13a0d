//! Sends confirmations and resets. A token is made here, when its mail is sent, and only its hash
//! is stored: a copy of the database opens no account.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{
        self, DbError,
        door_mail::{About, DueMail},
    },
    domain::OpaqueToken,
    flows::Hub,
    outside::{
        MailError,
        letters::{self, Letter},
    },
};

/// Longer than a relay may take, so that nobody sends the same mail meanwhile.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// A reset link opens an account: it works for as long as the letter says.
const RESETTABLE: TimeDelta = TimeDelta::hours(1);
/// With the pauses below: about half a day of a relay being away.
const MOST_ATTEMPTS: i32 = 10;

/// Sends what is due, one after the other; returns how many left.
pub async fn send_due(hub: &Hub) -> Result<usize, DbError> {
    let mut sent = 0;
    while let Some(mail) = claim(hub).await? {
        let letter = write(hub, &mail).await?;
        match hub.mailer.send(&mail.to, &letter).await {
            Ok(()) => {
                sent += 1;
                finish(hub, &mail, None).await?;
            }
            Err(error) => {
                let passing = matches!(error, MailError::Later | MailError::Mailbox(_));
                let again = passing && mail.attempts < MOST_ATTEMPTS;
                tracing::warn!(
                    mail_id = %mail.mail_id, attempt = mail.attempts, again,
                    error = &error as &dyn std::error::Error, "a mail was not sent"
                );
                let next = again.then(|| hub.clock.now() + pause(mail.attempts));
                finish(hub, &mail, next).await?;
            }
        }
    }
    Ok(sent)
}

async fn claim(hub: &Hub) -> Result<Option<DueMail>, DbError> {
    let mut tx = hub.db.door().await?;
    let mail = db::door_mail::claim(&mut tx, hub.clock.now(), LEASE).await?;
    tx.commit().await?;
    Ok(mail)
}

/// The letter with its token, whose hash is committed before the bytes leave.
async fn write(hub: &Hub, mail: &DueMail) -> Result<Letter, DbError> {
    let url = hub.public_url();
    let (now, token) = (hub.clock.now(), OpaqueToken::fresh());
    let mut tx = hub.db.door().await?;
    let letter = match mail.about {
        About::Confirm(signup_id) => {
            db::door_mail::arm_signup(&mut tx, signup_id, &token.hash()).await?;
            letters::confirm(&url, token.reveal())
        }
        About::Reset(user_id) => {
            let until = now + RESETTABLE;
            db::door_mail::arm_reset(&mut tx, user_id, &token.hash(), now, until).await?;
            letters::reset(&url, token.reveal())
        }
        About::AccountExists(_) => letters::account_exists(&url),
    };
    tx.commit().await?;
    Ok(letter)
}

async fn finish(hub: &Hub, mail: &DueMail, next: Option<DateTime<Utc>>) -> Result<(), DbError> {
    let mut tx = hub.db.door().await?;
    match next {
        Some(at) => db::door_mail::postpone(&mut tx, mail.mail_id, at).await?,
        None => db::door_mail::done(&mut tx, mail.mail_id).await?,
    }
    tx.commit().await
}

/// 30 s, then twice as long each time, at most two hours.
fn pause(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(30 << attempts.clamp(1, 9).saturating_sub(1)).min(TimeDelta::hours(2))
}
