//! What becomes of an attempt whose outcome nobody knows: it is looked for before it is done again.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::{
        Cause, DeliveryKind, DeliveryState, RemoteId,
        effect::{Act, Effect},
    },
    flows::{
        deliver::{
            ground::{Candidate, Change, Close, Desk, Link, Open, Outcome, Remote, Store, Whose},
            lead::NEW,
            left::{change_to, label_stays, left},
            machine::{Deliverer, Flow, LOOKS, Stop},
        },
        tokens::ground::Machine,
    },
};

/// Clocks differ, and a CRM's may be behind ours.
const BEFORE: TimeDelta = TimeDelta::minutes(1);

/// What may be done about an effect of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// It adds something: done twice, it is there twice.
    AfterLooks,
    /// It sets a state: harmless twice, but not after what follows it.
    Later,
    /// It is the same however often it is done.
    AtOnce,
}

fn again(effect: &Effect) -> Again {
    match effect {
        Effect::CreateOrganization(_)
        | Effect::CreateLabel { .. }
        | Effect::CreateReference { .. }
        | Effect::CreatePerson(_)
        | Effect::CreateActivity(_)
        | Effect::Act(Act::CreateNote(_) | Act::CreateDeal(_)) => Again::AfterLooks,
        Effect::UpdateActivity { .. }
        | Effect::Act(Act::UpdateDeal { .. } | Act::UpdatePerson { .. }) => Again::Later,
        Effect::AddLabels { .. } | Effect::DeleteActivity { .. } => Again::AtOnce,
    }
}

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    pub(super) async fn reconcile(&self, desk: &mut Desk) -> Flow<()> {
        let Some(open) = desk.open.clone() else { return Err(Stop::Again) };
        let now = self.machine.wall();
        if open.sending {
            // Its worker may be alive and about to say how it went.
            let dead = open.started_at + TimeDelta::from_std(self.times.lease).unwrap_or_default();
            if now < dead {
                return Err(Stop::Wait(dead));
            }
            let change = Change { looks: 0, ..change_to(desk, DeliveryState::Unknown) }
                .why(Cause::Uncertain, "The worker stopped before the CRM answered.");
            self.write(desk, Some(close(&open, Outcome::Unknown, None)), change, Vec::new())
                .await?;
            return Err(Stop::Again);
        }
        if let (Effect::CreatePerson(_), Some(chosen)) = (&open.effect, &desk.delivery.chosen) {
            return self.chosen(desk, &open, &chosen.clone()).await;
        }
        match again(&open.effect) {
            Again::AtOnce => self.absent(desk, &open).await,
            Again::Later => self.wait_until(desk, &open, LOOKS, now).await,
            Again::AfterLooks => self.look(desk, &open, now).await,
        }
    }

    /// A person has said which record it is, or that none is.
    async fn chosen(&self, desk: &Desk, open: &Open, chosen: &str) -> Flow<()> {
        if chosen == NEW {
            return self.absent(desk, open).await;
        }
        let id = RemoteId(chosen.to_owned());
        let change = change_to(desk, DeliveryState::Queued);
        self.write(desk, Some(close(open, Outcome::Found, Some(id))), change, Vec::new()).await?;
        Err(Stop::Again)
    }

    async fn look(&self, desk: &mut Desk, open: &Open, now: DateTime<Utc>) -> Flow<()> {
        let looks = desk.delivery.looks;
        let due = open.started_at + self.times.look_at(looks);
        if now < due {
            return self.wait_until(desk, open, looks, now).await;
        }
        let ids = self.remote.look(&open.effect, open.started_at - BEFORE).await?;
        self.machine.reached("deliver.looked").await;
        let free = self.free(desk, open, ids).await?;
        match free.as_slice() {
            [] if looks + 1 >= LOOKS && due >= open.started_at + self.times.look_at(LOOKS) => {
                self.absent(desk, open).await
            }
            [] => {
                let next = open.started_at + self.times.look_at(looks + 1);
                let change = Change {
                    looks: looks + 1,
                    next_at: Some(next.max(now + self.times.pause())),
                    ..change_to(desk, DeliveryState::Unknown)
                }
                .why(Cause::Uncertain, "Looking whether the CRM has it.");
                self.settle(desk, change).await
            }
            [_, _, ..] if matches!(open.effect, Effect::CreatePerson(_)) => {
                let words = "Several people at the CRM may be the one that was sent.";
                let candidates = free.iter().map(|id| self.candidate(id, None)).collect();
                let change = Change { candidates, ..change_to(desk, DeliveryState::Failed) };
                self.settle(desk, change.why(Cause::Ambiguous, words)).await
            }
            [oldest, ..] => self.found(desk, open, &oldest.clone()).await,
        }
    }

    /// Those that belong to nothing else of ours, oldest first.
    async fn free(&self, desk: &Desk, open: &Open, ids: Vec<RemoteId>) -> Flow<Vec<RemoteId>> {
        let whose = match (&open.effect, open.about.activity) {
            (Effect::CreatePerson(_), _) => Whose::Contact(desk.delivery.contact_id),
            (Effect::CreateActivity(_), Some((activity, _))) => Whose::Activity(activity),
            (Effect::CreateOrganization(_), _) => Whose::Organization(open.about.organization),
            (Effect::CreateActivity(_) | Effect::Act(_), None) => {
                Whose::Action(desk.delivery.delivery_id, open.effect.step())
            }
            _ => return Ok(ids),
        };
        if ids.is_empty() {
            return Ok(ids);
        }
        let taken = self.store.taken(whose, &ids).await?;
        Ok(ids.into_iter().filter(|id| !taken.contains(id)).collect())
    }

    async fn found(&self, desk: &mut Desk, open: &Open, id: &RemoteId) -> Flow<()> {
        let person = match &open.effect {
            // As the next import will read it; one that cannot be read now is looked at then.
            Effect::CreatePerson(_) => self.remote.person(id).await.ok().flatten(),
            _ => None,
        };
        if label_stays(&open.effect, person.as_ref()) {
            desk.noted.push("label_stays");
        }
        let (mut change, links) = left(desk, &open.effect, open.about, id, person);
        if let Effect::CreatePerson(person) = &open.effect
            && person.labels.is_empty()
            && desk.delivery.kind == DeliveryKind::WarmLead
        {
            desk.noted.push("label_missing");
        }
        change.remarks.extend(desk.noted.iter().copied());
        if open.delivery_id != desk.delivery.delivery_id {
            // It was left by one that has ended; this one still has its own to do.
            change = change_to(desk, DeliveryState::Queued);
        }
        self.write(desk, Some(close(open, Outcome::Found, Some(id.clone()))), change, links).await
    }

    /// It was never done, or doing it twice is the same: once more.
    async fn absent(&self, desk: &Desk, open: &Open) -> Flow<()> {
        let attempts = desk.delivery.attempts + 1;
        let change = if self.machine.wall() >= desk.delivery.give_up_at {
            change_to(desk, DeliveryState::Dead)
                .why(Cause::GaveUp, "The CRM did not take it for three days.")
        } else if desk.contact.is_none() && desk.delivery.kind == DeliveryKind::WarmLead {
            change_to(desk, DeliveryState::Dead)
                .why(Cause::Withdrawn, "The contact was deleted before it was sent.")
        } else {
            Change { attempts, ..change_to(desk, DeliveryState::Queued) }
        };
        let outcome = match again(&open.effect) {
            Again::AfterLooks => Outcome::Absent,
            Again::Later | Again::AtOnce => Outcome::Unsettled,
        };
        self.write(desk, Some(close(open, outcome, None)), change, Vec::<Link>::new()).await
    }

    /// Until the `looks`-th look is due; then it may be done again.
    async fn wait_until(
        &self,
        desk: &Desk,
        open: &Open,
        looks: i32,
        now: DateTime<Utc>,
    ) -> Flow<()> {
        let due = open.started_at + self.times.look_at(looks);
        if now >= due {
            return self.absent(desk, open).await;
        }
        let waits = Change {
            looks: desk.delivery.looks,
            next_at: Some(due),
            ..change_to(desk, DeliveryState::Unknown)
        };
        self.settle(desk, waits.why(Cause::Uncertain, "Looking whether the CRM has it.")).await
    }

    pub(super) fn candidate(&self, id: &RemoteId, name: Option<String>) -> Candidate {
        Candidate { remote_id: id.clone(), name, url: self.remote.person_url(id) }
    }
}

fn close(open: &Open, outcome: Outcome, remote_id: Option<RemoteId>) -> Close {
    Close {
        delivery_id: open.delivery_id,
        n: open.n,
        outcome,
        status: None,
        remote_id,
        reason: None,
    }
}
