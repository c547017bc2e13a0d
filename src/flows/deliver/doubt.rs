//! What a refusal may be about: words of the account that have changed since they were read. They
//! are read again, and if one is gone, the delivery is made anew with those that are there.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::CrmError,
    domain::{DeliveryState, RemoteId, RemoteUser, effect::Effect},
    flows::{
        deliver::{
            ground::{Change, Desk, Learned, Link, Outcome, Remote, Store},
            lead::LABEL,
            left::{change_to, closed},
            machine::{Deliverer, Flow, Stop},
        },
        tokens::ground::Machine,
    },
};

/// Somebody who is not among the users that were read is looked for again after that.
const A_DAY: TimeDelta = TimeDelta::days(1);
/// Refusals in a row that are doubted.
const DOUBTS: i32 = 3;

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    /// Ends an attempt that failed; a refusal is believed once nothing that was named is gone.
    pub(super) async fn doubted<T>(
        &self,
        desk: &mut Desk,
        n: i32,
        effect: &Effect,
        error: &CrmError,
    ) -> Flow<T> {
        let is_refusal = error.stale().is_some() || matches!(error, CrmError::Missing);
        if is_refusal && desk.delivery.attempts < DOUBTS {
            // The refusal is certain, whatever becomes of these looks.
            match self.stale(desk, effect).await {
                Ok(Some(links)) => {
                    let attempts = desk.delivery.attempts + 1;
                    let change = Change { attempts, ..change_to(desk, DeliveryState::Queued) };
                    let close = closed(&desk.delivery, n, Outcome::Refused, None);
                    self.write(desk, Some(close), change, links).await?;
                    return Err(Stop::Again);
                }
                Ok(None) | Err(Stop::Crm(_)) => {}
                Err(stop) => return Err(stop),
            }
        }
        self.lost(desk, n, error).await
    }

    /// Whether something that the effect names is not there any more; with what to forget.
    async fn stale(&self, desk: &Desk, effect: &Effect) -> Flow<Option<Vec<Link>>> {
        let mut forget = Vec::new();
        let mut is_stale = false;
        let (labels, owner, organization) = match effect {
            Effect::CreatePerson(person) => {
                (person.labels.clone(), person.owner.as_ref(), person.organization.as_ref())
            }
            Effect::AddLabels { labels, .. } => (labels.clone(), None, None),
            Effect::CreateActivity(activity) | Effect::UpdateActivity { activity, .. } => {
                (Vec::new(), activity.owner.as_ref(), activity.organization.as_ref())
            }
            Effect::CreateOrganization(organization) => {
                (Vec::new(), organization.owner.as_ref(), None)
            }
            _ => return Ok(None),
        };
        let marker = match effect {
            Effect::CreatePerson(person) => person.marker.as_ref().map(|marker| &marker.field),
            _ => None,
        };
        if !labels.is_empty() || marker.is_some() {
            let fields = self.remote.fields().await?;
            let name = self.remote.reference_name().unwrap_or_default();
            let label = fields.label(LABEL);
            is_stale |= labels.iter().any(|id| Some(id) != label.as_ref());
            is_stale |= marker.is_some_and(|key| fields.custom_key(name) != Some(key.as_str()));
            let known = desk.account.fields.clone();
            self.store.learn(&Learned::Fields { read: fields, known }).await?;
        }
        if let Some(owner) = owner.filter(|owner| **owner != desk.account.own_user) {
            let users = self.remote.users().await?;
            is_stale |= !users.iter().any(|user| user.id == *owner && user.active);
            self.store.learn(&Learned::Users(users)).await?;
        }
        if let Some(id) = organization
            && self.remote.organization(id).await?.is_none_or(|there| there.deleted)
        {
            is_stale = true;
            forget.push(Link::OrganizationGone { id: id.clone() });
        }
        if let Effect::CreateActivity(activity) | Effect::UpdateActivity { activity, .. } = effect {
            let types = self.remote.types().await?;
            is_stale |= !types.iter().any(|known| known.active && known.key == activity.kind);
            self.store.learn(&Learned::Types(types)).await?;
            if self.remote.person(&activity.person).await?.is_none_or(|there| there.deleted) {
                is_stale = true;
                forget.push(Link::PersonGone { id: activity.person.clone() });
            }
        }
        Ok(is_stale.then_some(forget))
    }

    /// The user at the CRM whose the record becomes: the member's own, else the connection's.
    pub(super) async fn owner(&self, desk: &mut Desk) -> Flow<Option<RemoteId>> {
        let now = self.machine.wall();
        let is_old = |at: Option<DateTime<Utc>>| at.is_none_or(|at| now - at > A_DAY);
        let known = desk.account.users.as_ref();
        let mine = desk.member.as_ref().map(|member| member.email.as_str());
        let is_there = known
            .is_some_and(|(users, _)| mine.is_none_or(|email| user_of(users, email).is_some()));
        // Names of owners are part of what an import compares: they are read once at least.
        if known.is_none_or(|(_, at)| !is_there && is_old(*at)) {
            let users = self.remote.users().await?;
            self.store.learn(&Learned::Users(users.clone())).await?;
            desk.account.users = Some((users, Some(now)));
        }
        let users = desk.account.users.as_ref().map(|(users, _)| users.as_slice());
        let users = users.unwrap_or_default();
        if let Some(member) = &desk.member {
            let same = |user: &&RemoteUser| user.active && Some(&user.id) == member.remote.as_ref();
            if let Some(user) = users.iter().find(same) {
                return Ok(Some(user.id.clone()));
            }
            if let Some(user) = user_of(users, &member.email) {
                self.store.learn(&Learned::Member(member.member_id, user.id.clone())).await?;
                return Ok(Some(user.id));
            }
        }
        // Not every CRM tells who connected; without an owner the CRM has its own rule.
        let own = &desk.account.own_user;
        let own = users.iter().any(|user| user.id == *own).then(|| own.clone());
        desk.noted.push(if own.is_some() { "owner_of_connection" } else { "no_owner" });
        Ok(own)
    }
}

/// The active user with this address.
pub(super) fn user_of(users: &[RemoteUser], email: &str) -> Option<RemoteUser> {
    let same = |user: &&RemoteUser| {
        let theirs = user.email.as_deref().unwrap_or_default();
        user.active && theirs.trim().to_lowercase() == email.trim().to_lowercase()
    };
    users.iter().find(same).cloned()
}
