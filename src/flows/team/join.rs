//! Lets somebody in who was asked: explicitly, and only as the person whom the mail was sent to.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    db::{
        self, DbError, DoorTx,
        accounts::{NewMember, User},
        audit,
        invitations::Opened,
    },
    domain::{MemberId, OpaqueToken, TokenHash, UserId},
    flows::{
        Hub, PasswordError,
        password::Password,
        sign_in::{self, Place, Proof, SignInError, SignedIn},
        throttle::{Allowance, attempt},
    },
    policy::{self, Thing},
};

const PER_ADDRESS: Allowance = (60, Duration::from_hours(1));

#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Accepted, revoked, too old, or never ours: all the same to whoever asks.
    #[error("the invitation no longer stands")]
    Expired,
    /// Somebody else is signed in here.
    #[error("the invitation is for another address")]
    AnotherAddress,
    /// The address has an account; whoever accepts proves that it is theirs.
    #[error("the account's password is needed")]
    SignInFirst,
    #[error("a name is needed")]
    NameNeeded,
    #[error("they are a member already")]
    AlreadyMember,
    #[error("the company has no free seat")]
    SeatsFull,
    #[error("too many tries; wait {}s", .0.as_secs())]
    TooMany(Duration),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What whoever holds the link is told before they accept.
#[derive(Debug, Clone)]
pub struct Asked {
    pub invitation: Opened,
    /// The account of the address; without one they choose a name and a password.
    pub user_id: Option<UserId>,
}

/// What an invitation asks for. Whoever has its link reads its mail, so the answer may tell whether
/// the address has an account.
pub async fn look(hub: &Hub, token: &str, from: &str) -> Result<Asked, JoinError> {
    let (token, now) = (parse(hub, token, from).await?, hub.clock.now());
    let mut tx = hub.db.door().await?;
    let invitation = open(&mut tx, &token, now).await?;
    let known = db::accounts::credentials(&mut tx, &invitation.email).await?;
    Ok(Asked { invitation, user_id: known.map(|known| known.user_id) })
}

/// What somebody who accepts says of themselves.
pub struct Acceptance<'a> {
    pub token: &'a str,
    /// Of somebody new.
    pub name: Option<String>,
    /// The account's, or the one that somebody new chooses.
    pub password: Option<&'a str>,
    /// Where the account has a second factor.
    pub code: Option<&'a str>,
    /// Who is signed in in this browser, with the hash of their session.
    pub session: Option<(UserId, TokenHash)>,
}

/// Makes them a member and signs them in to the company.
pub async fn accept(hub: &Hub, given: Acceptance<'_>, from: &str) -> Result<SignedIn, JoinError> {
    let (token, now) = (parse(hub, given.token, from).await?, hub.clock.now());
    let mut tx = hub.db.door().await?;
    let asked = open(&mut tx, &token, now).await?;
    let known = db::accounts::credentials(&mut tx, &asked.email).await?.map(|one| one.user_id);
    tx.commit().await?;

    let who = match (given.session, known) {
        (Some((user, _)), Some(known)) if user == known => Who::Known(known),
        (Some(_), _) => return Err(JoinError::AnotherAddress),
        (None, Some(_)) => {
            let password = given.password.ok_or(JoinError::SignInFirst)?;
            let proof = Proof { password, code: given.code };
            Who::Known(sign_in::identify(hub, &asked.email, proof, from).await?)
        }
        (None, None) => {
            let name = given.name.ok_or(JoinError::NameNeeded)?;
            let password = Password::parse(given.password.unwrap_or_default(), &asked.email)?;
            Who::New { name, password_hash: password.hash().await }
        }
    };
    let mut tx = hub.db.door().await?;
    db::members::lock_team_at_door(&mut tx, asked.company_id).await?;
    // Looked at again under the lock: others accept, revoke and renew meanwhile.
    if !db::invitations::spend(&mut tx, &asked, &token, now).await? {
        return Err(JoinError::Expired);
    }
    let (plan, members) =
        db::accounts::seats_taken(&mut tx, asked.company_id).await?.ok_or(JoinError::Expired)?;
    if policy::limit(plan, Thing::Seats).is_some_and(|seats| members >= seats) {
        return Err(JoinError::SeatsFull);
    }
    let (user_id, member_id) = enter(&mut tx, &asked, who, now).await?;
    let event = audit::Event {
        member: Some(member_id),
        action: "member.joined",
        subject: Some(member_id.uuid()),
        detail: &json!({ "invitation_id": asked.invitation_id, "role": asked.role.word() }),
    };
    audit::append_at_door(&mut tx, asked.company_id, &event).await?;
    if let Some((_, session)) = given.session {
        db::sessions::end(&mut tx, &session).await?;
    }
    let place = Place { company_id: asked.company_id, member_id };
    let signed_in = sign_in::open(&mut tx, user_id, place, now).await?;
    tx.commit().await?;
    Ok(signed_in)
}

enum Who {
    Known(UserId),
    New { name: String, password_hash: String },
}

async fn enter(
    tx: &mut DoorTx,
    asked: &Opened,
    who: Who,
    now: DateTime<Utc>,
) -> Result<(UserId, MemberId), JoinError> {
    let entered = match who {
        Who::Known(user_id) => {
            let user = db::accounts::user(tx, user_id).await?.ok_or(JoinError::Expired)?;
            entered(tx, asked, &user, now).await
        }
        Who::New { name, password_hash } => {
            let new = NewMember {
                company_id: asked.company_id,
                role: asked.role,
                name: &name,
                email: &asked.email,
                password_hash: &password_hash,
            };
            db::accounts::join(tx, &new, now).await
        }
    };
    entered.map_err(|error| match error {
        DbError::Conflict { constraint } if constraint == "member_user_unique" => {
            JoinError::AlreadyMember
        }
        // Somebody signed up with the address at the same moment.
        DbError::Conflict { constraint } if constraint == "app_user_email_unique" => {
            JoinError::SignInFirst
        }
        other => other.into(),
    })
}

async fn entered(
    tx: &mut DoorTx,
    asked: &Opened,
    user: &User,
    now: DateTime<Utc>,
) -> Result<(UserId, MemberId), DbError> {
    let member_id = db::accounts::enter(tx, asked.company_id, user, asked.role, now).await?;
    Ok((user.user_id, member_id))
}

async fn parse(hub: &Hub, token: &str, from: &str) -> Result<TokenHash, JoinError> {
    let address = sign_in::key("join:from", from);
    attempt(hub, &address, PER_ADDRESS).await.map_err(JoinError::TooMany)?;
    Ok(OpaqueToken::parse(token).ok_or(JoinError::Expired)?.hash())
}

async fn open(tx: &mut DoorTx, token: &TokenHash, now: DateTime<Utc>) -> Result<Opened, JoinError> {
    db::invitations::opened(tx, token, now).await?.ok_or(JoinError::Expired)
}
