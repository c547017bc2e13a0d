//! Who is in a company, and as what.
//!
//! Everything here happens with the company's team locked, and asks for the role of whoever does it
//! under that lock: a session may still believe in one that was taken away a moment ago.

pub mod invite;
pub mod join;
pub mod remove;

use serde_json::json;

use crate::{
    db::{self, DbError, Scope, TenantTx},
    domain::{InvitationId, MemberId},
    flows::{Hub, sign_in::Place},
    policy::{self, Role},
};

#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// Not there, or another company's.
    #[error("there is no such member")]
    NotFound,
    #[error("the role does not allow it")]
    Forbidden,
    /// The other is above, or would be.
    #[error("the role is above the member's own")]
    RoleAbove,
    #[error("the company would have no owner")]
    LastOwner,
    /// Contacts cannot go to somebody who is not there, or who leaves.
    #[error("the contacts need another member")]
    UnknownHeir,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes a member somebody else in the company; the next request of theirs knows it.
pub async fn change_role(
    hub: &Hub,
    by: Place,
    member_id: MemberId,
    role: Role,
) -> Result<(), TeamError> {
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    db::members::lock_team(&mut tx).await?;
    let own = manager(&mut tx, by).await?;
    let before = db::members::role(&mut tx, member_id).await?.ok_or(TeamError::NotFound)?;
    if !policy::can_grant(own, before) || !policy::can_grant(own, role) {
        return Err(TeamError::RoleAbove);
    }
    if before == role {
        return Ok(());
    }
    keep_an_owner(&mut tx, before, Some(role)).await?;
    db::members::set_role(&mut tx, member_id, role).await?;
    let detail = json!({ "from": before.word(), "to": role.word() });
    let subject = Some(member_id.uuid());
    db::audit::append(&mut tx, Some(by.member_id), "member.role_changed", subject, &detail).await?;
    let grants: Vec<Role> =
        Role::ALL.iter().copied().filter(|&other| policy::can_grant(role, other)).collect();
    let withdrawn = db::invitations::withdraw(&mut tx, member_id, &grants).await?;
    note_withdrawn(&mut tx, by.member_id, &withdrawn).await?;
    Ok(tx.commit().await?)
}

/// The role of whoever looks after the team, as it is now.
async fn manager(tx: &mut TenantTx, by: Place) -> Result<Role, TeamError> {
    let own = db::members::role(tx, by.member_id).await?;
    own.filter(|&own| policy::may(own, policy::Action::ManageTeam)).ok_or(TeamError::Forbidden)
}

/// A company without an owner could never be paid for or closed.
async fn keep_an_owner(
    tx: &mut TenantTx,
    before: Role,
    after: Option<Role>,
) -> Result<(), TeamError> {
    let one_less = before == Role::Owner && after != Some(Role::Owner);
    if one_less && db::members::owners(tx).await? <= 1 {
        return Err(TeamError::LastOwner);
    }
    Ok(())
}

/// Invitations stand on their maker's authority and fall with it.
async fn note_withdrawn(
    tx: &mut TenantTx,
    by: MemberId,
    withdrawn: &[InvitationId],
) -> Result<(), DbError> {
    for id in withdrawn {
        let detail = json!({ "cause": "inviter" });
        let subject = Some(id.uuid());
        db::audit::append(tx, Some(by), "invitation.revoked", subject, &detail).await?;
    }
    Ok(())
}
