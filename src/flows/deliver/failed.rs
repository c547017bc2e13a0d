//! What is written when a CRM did not do it, or may not have.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::CrmError,
    domain::{Cause, DeliveryState},
    flows::{
        deliver::{
            circuit::Heard,
            ground::{Change, Close, Commit, Delivery, Desk, Outcome, Remote, Store},
            left::{closed, commit},
            machine::{Deliverer, Flow, Stop},
            verdict::{Given, Verdict, verdict},
        },
        tokens::ground::Machine,
    },
};

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    /// Writes that an effect was not done, or may not have been; always ends the turn.
    pub(super) async fn lost<T>(&self, desk: &mut Desk, n: i32, error: &CrmError) -> Flow<T> {
        self.store.blame(error).await?;
        let now = self.machine.wall();
        let (mut change, heard, lane) = self.after(desk, error, now);
        let outcome = match error {
            CrmError::Uncertain { .. } => Outcome::Unknown,
            CrmError::Refused { .. } | CrmError::MissingScope { .. } | CrmError::Missing => {
                Outcome::Refused
            }
            _ => Outcome::NotSent,
        };
        change.remarks.extend(desk.noted.iter().copied());
        let status = match error {
            CrmError::Refused { status, .. } => Some(*status),
            CrmError::Uncertain { status, .. } | CrmError::Down { status, .. } => *status,
            _ => None,
        };
        let close = Close {
            status,
            reason: Some(error.to_string()),
            ..closed(&desk.delivery, n, outcome, None)
        };
        let commit = Commit {
            heard,
            lane_until: lane,
            ..commit(desk, Some(close), change, Vec::new(), now)
        };
        self.carry(&commit).await?;
        Err(Stop::Again)
    }

    /// A look failed before anything was sent: the delivery waits, or ends.
    pub(super) async fn put_back(&self, desk: &Desk, error: &CrmError) -> Flow<()> {
        self.store.blame(error).await?;
        let now = self.machine.wall();
        let (mut change, heard, lane_until) = self.after(desk, error, now);
        if desk.open.is_some() && !change.state.is_final() {
            // What is unknown stays so until a look says more.
            change.looks = desk.delivery.looks;
            if change.state != DeliveryState::Held {
                change.state = DeliveryState::Unknown;
            }
        }
        let commit = Commit { lane_until, heard, ..commit(desk, None, change, Vec::new(), now) };
        self.store.commit(&commit).await?;
        Err(Stop::Again)
    }

    fn after(
        &self,
        desk: &Desk,
        error: &CrmError,
        now: DateTime<Utc>,
    ) -> (Change, Option<Heard>, Option<DateTime<Utc>>) {
        let delivery = &desk.delivery;
        let given = Given {
            now,
            attempts: delivery.attempts,
            give_up_at: delivery.give_up_at,
            chance: chance(delivery),
        };
        let to = |state| Change::to(state, delivery);
        let words = error.to_string();
        // What many were told of one request is one failure.
        let failed = || self.remote.is_told_first().then_some(Heard::Failure);
        match verdict(error, &given) {
            Verdict::Retry { at, cause, counts, lane, failure } => {
                let attempts = delivery.attempts + i32::from(counts);
                let waits = Change { attempts, next_at: Some(at), ..to(DeliveryState::Retrying) };
                let heard = failure.then(failed).flatten();
                (waits.why(cause, words), heard, lane.then_some(at))
            }
            Verdict::Unknown => {
                let at = now + self.times.look_at(0);
                let looks = Change { next_at: Some(at), ..to(DeliveryState::Unknown) };
                (looks.why(Cause::Uncertain, words), failed(), None)
            }
            Verdict::Held(cause) => {
                // A consent that came meanwhile is not tried without end.
                let next_at = Some(now + TimeDelta::seconds(5));
                let held = Change { next_at, ..to(DeliveryState::Held) };
                (held.why(cause, words), None, None)
            }
            Verdict::Failed { cause, fields } => {
                let failed = Change { fields, ..to(DeliveryState::Failed) };
                (failed.why(cause, words), None, None)
            }
            Verdict::Gone => {
                let gone = to(DeliveryState::Failed);
                (gone.why(Cause::Gone, "The record is gone at the CRM."), None, None)
            }
            Verdict::Dead(cause) => (to(DeliveryState::Dead).why(cause, words), None, None),
        }
    }
}

/// Keeps retries of many deliveries apart without dice: by who they are.
fn chance(delivery: &Delivery) -> f64 {
    let [.., a, b, c, d] = delivery.delivery_id.uuid().into_bytes();
    let mix = u32::from_be_bytes([a, b, c, d]) ^ delivery.attempts.unsigned_abs();
    f64::from(mix.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX)
}
