//! An activity on its way: created, brought to its last version, or deleted.

use chrono::TimeDelta;

use crate::{
    connectors::CrmError,
    domain::{
        ActivityType, Cause, DeliveryState, PersonKind, RemoteId,
        effect::{ActivityToMake, Effect, Sent},
    },
    flows::{
        deliver::{
            ground::{About, Change, Commit, Desk, Learned, Link, Outcome, Remote, Store},
            left::{change_to, closed, commit},
            machine::{Deliverer, Flow},
        },
        tokens::ground::Machine,
    },
};

pub(super) const NO_TYPE: &str = "The account has no kind of activity that is in use.";
/// The account's kinds of activity are read again after that.
const A_DAY: TimeDelta = TimeDelta::days(1);

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    /// Creates it, or brings it up to date: what is there now counts, not what was there when it was
    /// queued.
    pub(super) async fn activity(&self, desk: &mut Desk) -> Flow<()> {
        let Some(activity) = desk.activity.clone() else {
            let change = change_to(desk, DeliveryState::Dead)
                .why(Cause::Withdrawn, "The activity was deleted before it was sent.");
            return self.settle(desk, change).await;
        };
        let Some(person) = desk.person.clone() else {
            let change = change_to(desk, DeliveryState::Failed)
                .why(Cause::NotLinked, "The contact has no person at the CRM.");
            return self.settle(desk, change).await;
        };
        if let Some((id, version)) = &desk.sent_activity
            && *version >= activity.version
        {
            let change =
                Change { remote_id: Some(id.clone()), ..change_to(desk, DeliveryState::Delivered) };
            let version = Some((activity.activity_id, activity.version));
            let now = self.machine.wall();
            let commit = Commit { version, ..commit(desk, None, change, Vec::new(), now) };
            return self.carry(&commit).await;
        }
        let of = activity.kind;
        let kind = self.type_of(desk, |remote, types| remote.activity_type(of, types)).await?;
        let Some(kind) = kind else {
            let change = change_to(desk, DeliveryState::Failed).why(Cause::Refused, NO_TYPE);
            return self.settle(desk, change).await;
        };
        let owner = self.owner(desk).await?;
        let organization = organization(&self.remote, desk, &person);
        let to_make = ActivityToMake {
            kind,
            subject: match activity.subject.trim() {
                "" => activity.kind.default_subject().to_owned(),
                subject => subject.to_owned(),
            },
            note: activity.note,
            due_at: activity.due_at,
            has_time: activity.has_time,
            duration_minutes: activity.duration_minutes.and_then(|minutes| minutes.try_into().ok()),
            owner,
            person: person.clone(),
            organization,
            done: activity.done,
            priority: None,
        };
        let effect = match &desk.sent_activity {
            None => Effect::CreateActivity(to_make),
            Some((id, _)) => Effect::UpdateActivity { id: id.clone(), activity: to_make },
        };
        let of = activity.activity_id;
        let about = About { organization: None, activity: Some((of, activity.version)) };
        let (n, answer) = self.attempt(desk, &effect, about).await?;
        match answer {
            Ok(sent) => self.done(desk, n, &effect, about, sent).await,
            Err(CrmError::Missing) if matches!(effect, Effect::UpdateActivity { .. }) => {
                let change = change_to(desk, DeliveryState::Failed)
                    .why(Cause::Gone, "The activity was deleted at the CRM.");
                let close = closed(&desk.delivery, n, Outcome::Refused, None);
                self.write(desk, Some(close), change, vec![Link::ActivityGone { of }]).await
            }
            Err(error) => self.doubted(desk, n, &effect, &error).await,
        }
    }

    pub(super) async fn activity_gone(&self, desk: &mut Desk) -> Flow<()> {
        let Some((id, version)) = desk.sent_activity.clone() else {
            // It never came there.
            return self.settle(desk, change_to(desk, DeliveryState::Delivered)).await;
        };
        let effect = Effect::DeleteActivity { id: id.clone() };
        let activity = desk.delivery.activity_id.map(|of| (of, version));
        let about = About { organization: None, activity };
        let (n, answer) = self.attempt(desk, &effect, about).await?;
        match answer {
            Ok(sent) => self.done(desk, n, &effect, about, sent).await,
            // Somebody deleted it over there: that is what was wanted.
            Err(CrmError::Missing) => {
                self.done(desk, n, &effect, about, Sent { id, ..Sent::default() }).await
            }
            Err(error) => self.lost(desk, n, &error).await,
        }
    }

    /// The account's own type that `find` finds among those it has, which are read once a day.
    pub(super) async fn type_of(
        &self,
        desk: &mut Desk,
        find: impl Fn(&R, &[ActivityType]) -> Option<String> + Send,
    ) -> Flow<Option<String>> {
        let now = self.machine.wall();
        if let Some((types, Some(at))) = &desk.account.types
            && now - *at < A_DAY
            && let Some(found) = find(&self.remote, types)
        {
            return Ok(Some(found));
        }
        let types = self.remote.types().await?;
        self.store.learn(&Learned::Types(types.clone())).await?;
        let found = find(&self.remote, &types);
        desk.account.types = Some((types, Some(now)));
        Ok(found)
    }
}

/// A lead belongs to none.
pub(super) fn organization(
    remote: &impl Remote,
    desk: &Desk,
    person: &RemoteId,
) -> Option<RemoteId> {
    if remote.person_kind(person) == PersonKind::Lead {
        return None;
    }
    desk.contact.as_ref()?.organization.as_ref()?.remote.clone()
}
