//! Takes somebody out of a company, or lets them go.

use serde_json::json;

use super::{TeamError, keep_an_owner, manager, note_withdrawn};
use crate::{
    db::{self, Scope},
    domain::MemberId,
    flows::{Hub, sign_in::Place},
    policy,
};

/// What became of a member's contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    pub contacts_given: u64,
}

/// Ends the membership with its sessions, API keys and invitations, all at once. The contacts go to
/// `heir`, or to nobody. Everybody may leave; who leaves without looking after the team leaves their
/// contacts to nobody, since only managers decide whose they are.
pub async fn remove(
    hub: &Hub,
    by: Place,
    member_id: MemberId,
    heir: Option<MemberId>,
) -> Result<Removed, TeamError> {
    let mut tx = hub.db.tenant(by.company_id, Scope::All).await?;
    // First of all locks.
    db::book::lock(&mut tx).await?;
    db::members::lock_team(&mut tx).await?;
    let manages = match manager(&mut tx, by).await {
        Ok(own) => Some(own),
        Err(TeamError::Forbidden) if member_id == by.member_id && heir.is_none() => None,
        Err(error) => return Err(error),
    };
    let role = db::members::role(&mut tx, member_id).await?.ok_or(TeamError::NotFound)?;
    if manages.is_some_and(|own| !policy::can_grant(own, role)) {
        return Err(TeamError::RoleAbove);
    }
    if let Some(heir) = heir
        && (heir == member_id || db::members::role(&mut tx, heir).await?.is_none())
    {
        return Err(TeamError::UnknownHeir);
    }
    keep_an_owner(&mut tx, role, None).await?;
    let withdrawn = db::invitations::withdraw(&mut tx, member_id, &[]).await?;
    note_withdrawn(&mut tx, by.member_id, &withdrawn).await?;
    let contacts = db::members::remove(&mut tx, member_id, heir, hub.clock.now()).await?;
    let detail = json!({ "role": role.word(), "contacts": contacts, "contacts_to": heir });
    let subject = Some(member_id.uuid());
    let action = if member_id == by.member_id { "member.left" } else { "member.removed" };
    db::audit::append(&mut tx, Some(by.member_id), action, subject, &detail).await?;
    tx.commit().await?;
    Ok(Removed { contacts_given: contacts })
}
