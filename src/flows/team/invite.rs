//! Asks somebody into a company by mail.
//!
//! A pending invitation holds a seat as long as it can be accepted, so that nobody is asked in vain;
//! whoever accepts is counted once more, because the plan may have become smaller meanwhile. The token
//! is made when the mail is sent and only its hash is stored, as at the door.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::{TeamError, manager};
use crate::{
    db::{self, DbError, Scope, TenantTx, invitations::NewInvitation, jobs::NewJob},
    domain::{CompanyId, InvitationId, OpaqueToken},
    flows::{
        FlowError, Hub, SealError,
        idempotency::Witness,
        sign_in::{self, Place},
        throttle::{Allowance, attempt},
    },
    outside::letters,
    policy::{self, Plan, Role, Thing},
};

/// The kind of job that sends an invitation.
pub const JOB: &str = "mail_invitation";

/// More than a company asks at a time, and few enough to list.
pub const MOST: u64 = 200;
/// How long a link works when nobody says so, and at most.
pub const USUAL_DAYS: u32 = 7;
pub const MOST_DAYS: u32 = 30;
/// Mails that a company has us send to people who may not know it.
const PER_COMPANY: Allowance = (100, Duration::from_hours(1));
const PER_ADDRESS: Allowance = (5, Duration::from_hours(1));

/// Somebody to ask; the address is one that mail can be sent to.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub email: String,
    pub role: Role,
    /// 1 to [`MOST_DAYS`].
    pub days: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    #[error(transparent)]
    Team(#[from] TeamError),
    #[error("the address is a member's")]
    AlreadyMember,
    #[error("the address was asked already")]
    AlreadyInvited,
    #[error("the company has {MOST} invitations already")]
    TooMany,
    /// Members and open invitations fill the plan.
    #[error("the plan has no free seat")]
    NoSeat { upgrade_to: Option<Plan> },
    #[error("too many mails; wait {}s", .0.as_secs())]
    Wait(Duration),
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<DbError> for InviteError {
    fn from(error: DbError) -> Self {
        TeamError::from(error).into()
    }
}

/// Writes the invitation down and has its mail sent.
pub async fn invite(
    hub: &Hub,
    by: Place,
    wanted: &Wanted,
    witness: &mut dyn Witness<InvitationId>,
) -> Result<(), InviteError> {
    slow_down(hub, by.company_id, &wanted.email).await?;
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    db::members::lock_team(&mut tx).await?;
    let own = manager(&mut tx, by).await?;
    if !policy::can_grant(own, wanted.role) {
        return Err(TeamError::RoleAbove.into());
    }
    if db::members::has_address(&mut tx, &wanted.email).await? {
        return Err(InviteError::AlreadyMember);
    }
    room(hub, &mut tx, None).await?;
    let invitation_id = InvitationId::fresh();
    let new = NewInvitation {
        invitation_id,
        email: &wanted.email,
        role: wanted.role,
        invited_by: by.member_id,
        expires_at: now + TimeDelta::days(wanted.days.into()),
    };
    match db::invitations::insert(&mut tx, &new, now).await {
        Err(DbError::Conflict { constraint }) if constraint == "invitation_once" => {
            return Err(InviteError::AlreadyInvited);
        }
        other => other?,
    }
    let detail = json!({ "role": wanted.role.word(), "expires_at": new.expires_at });
    note(&mut tx, by, "invitation.created", invitation_id, &detail).await?;
    mail(&mut tx, invitation_id).await?;
    witness.see(&mut tx, &invitation_id).await?;
    Ok(tx.commit().await?)
}

/// Sends it once more, with a new link and the usual time; the old link opens nothing from now on.
pub async fn resend(
    hub: &Hub,
    by: Place,
    id: InvitationId,
    witness: &mut dyn Witness<InvitationId>,
) -> Result<(), InviteError> {
    // Only what would be sent is counted, and nobody waits for the counter while holding a
    // transaction.
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    reachable(&mut tx, by, id).await?;
    drop(tx);
    slow_down(hub, by.company_id, &id.to_string()).await?;

    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    db::members::lock_team(&mut tx).await?;
    reachable(&mut tx, by, id).await?;
    room(hub, &mut tx, Some(id)).await?;
    let expires_at = hub.clock.now() + TimeDelta::days(USUAL_DAYS.into());
    db::invitations::renew(&mut tx, id, by.member_id, expires_at).await?;
    note(&mut tx, by, "invitation.resent", id, &json!({ "expires_at": expires_at })).await?;
    mail(&mut tx, id).await?;
    witness.see(&mut tx, &id).await?;
    Ok(tx.commit().await?)
}

/// Takes it back; its link opens nothing from now on.
pub async fn revoke(hub: &Hub, by: Place, id: InvitationId) -> Result<(), TeamError> {
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    db::members::lock_team(&mut tx).await?;
    reachable(&mut tx, by, id).await?;
    db::invitations::delete(&mut tx, id).await?;
    note(&mut tx, by, "invitation.revoked", id, &json!({})).await?;
    Ok(tx.commit().await?)
}

/// One that `by` could have made.
async fn reachable(tx: &mut TenantTx, by: Place, id: InvitationId) -> Result<(), TeamError> {
    let own = manager(tx, by).await?;
    let invitation = db::invitations::get(tx, id).await?.ok_or(TeamError::NotFound)?;
    if policy::can_grant(own, invitation.role) { Ok(()) } else { Err(TeamError::RoleAbove) }
}

/// Whether one more fits; `but` holds its own seat already.
async fn room(hub: &Hub, tx: &mut TenantTx, but: Option<InvitationId>) -> Result<(), InviteError> {
    let (all, open) = db::invitations::counts(tx, but, hub.clock.now()).await?;
    if all >= MOST {
        return Err(InviteError::TooMany);
    }
    let plan = db::companies::plan(tx).await?;
    let taken = db::members::count(tx).await? + open;
    match policy::limit(plan, Thing::Seats) {
        Some(seats) if taken >= seats => {
            let upgrade_to = policy::upgrade_for_more(plan, Thing::Seats);
            Err(InviteError::NoSeat { upgrade_to })
        }
        _ => Ok(()),
    }
}

/// Per company: whether others wrote to an address is nobody's business.
async fn slow_down(hub: &Hub, company_id: CompanyId, to: &str) -> Result<(), InviteError> {
    let address = sign_in::key(&format!("invite:{company_id}"), to);
    let company = format!("invite:{company_id}");
    for (key, allowance) in [(&address, PER_ADDRESS), (&company, PER_COMPANY)] {
        attempt(hub, key, allowance).await.map_err(InviteError::Wait)?;
    }
    Ok(())
}

async fn note(
    tx: &mut TenantTx,
    by: Place,
    action: &str,
    id: InvitationId,
    detail: &serde_json::Value,
) -> Result<(), DbError> {
    db::audit::append(tx, Some(by.member_id), action, Some(id.uuid()), detail).await
}

async fn mail(tx: &mut TenantTx, id: InvitationId) -> Result<(), DbError> {
    db::jobs::enqueue(
        tx,
        NewJob {
            lane: "mail",
            cap: 1,
            kind: JOB,
            subject: Some(id.uuid()),
            run_at: None,
            dedup: Some(&id.to_string()),
            max_attempts: 10,
        },
    )
    .await
}

/// Sends the mail of an invitation that still stands. The hash of its token is committed before the
/// bytes leave; after a crash in between, the next try's token is the one that counts.
pub async fn send_mail(
    hub: &Hub,
    company_id: CompanyId,
    id: InvitationId,
) -> Result<(), FlowError> {
    let now = hub.clock.now();
    let token = OpaqueToken::fresh();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let invitation = db::invitations::get(&mut tx, id).await?;
    let Some(invitation) = invitation.filter(|one| one.expires_at > now) else {
        return Ok(());
    };
    db::invitations::arm(&mut tx, id, &token.hash(), now).await?;
    let company = db::directory::company(&mut tx).await?;
    tx.commit().await?;
    let letter = letters::invitation(
        &hub.public_url(),
        &company.name,
        &invitation.invited_by_name,
        invitation.expires_at,
        token.reveal(),
    );
    Ok(hub.mailer.send(&invitation.email, &letter).await?)
}
