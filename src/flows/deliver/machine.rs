//! The machine of deliveries: works what a contact has waiting at a connection, in order, each
//! effect as an attempt of its own that is committed before its bytes leave.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::CrmError,
    db::DbError,
    domain::{
        Cause, DeliveryKind, DeliveryState,
        effect::{Effect, Sent},
    },
    flows::{
        deliver::{
            circuit::{self, Circuit, Heard, Way},
            ground::{
                About, Begin, Begun, Change, Close, Commit, Desk, Link, Outcome, Permit, Remote,
                Store,
            },
            left::{change_to, closed, commit, label_stays, left},
        },
        tokens::ground::Machine,
    },
};

/// Steps of one job; whatever is left then comes with the next.
const MOST: u32 = 100;
/// A little after somebody else's effect, and a little later.
const SOON: TimeDelta = TimeDelta::milliseconds(500);
const LATER: TimeDelta = TimeDelta::seconds(30);
/// An answer is carried that often when the database does not take it: it may be all we know.
const CARRIES: u32 = 4;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// From the commit of `sending` until the bytes leave. A worker that slept longer sends nothing:
    /// somebody may have looked meanwhile and found that nothing was there.
    pub permit: Duration,
    /// A worker that has not said for so long how its attempt ended is thought dead.
    pub lease: Duration,
    /// What was sent and did not turn up for so long was never done.
    pub unknown: Duration,
}

/// That many looks in vain, the last of them after all of [`Times::unknown`], say that it was not done.
pub(super) const LOOKS: i32 = 3;

impl Times {
    /// When the `looks`-th look is due, from the start of the attempt.
    pub(super) fn look_at(&self, looks: i32) -> TimeDelta {
        let whole = TimeDelta::from_std(self.unknown).unwrap_or(TimeDelta::minutes(2));
        match looks {
            0 => self.pause(),
            1 => whole / 2,
            _ => whole + TimeDelta::from_std(self.permit).unwrap_or_default(),
        }
    }

    /// Between two looks, at least.
    pub(super) fn pause(&self) -> TimeDelta {
        TimeDelta::from_std(self.unknown / 4).unwrap_or_default().min(TimeDelta::seconds(2))
    }
}

/// When a contact's work is to be taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Nothing is left, or only a person can lift it.
    Done,
    At(Option<DateTime<Utc>>),
}

/// Why a turn ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something changed: look again.
    Again,
    Wait(DateTime<Utc>),
    /// Only a person can lift it.
    Held,
    /// A look failed; nothing was sent.
    Crm(CrmError),
    Db(DbError),
}

pub(super) type Flow<T> = Result<T, Stop>;

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<CrmError> for Stop {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

/// The deliveries of one contact at one connection, over any store, CRM and machine.
#[derive(Debug, Clone)]
pub struct Deliverer<S, R, M> {
    pub store: S,
    pub remote: R,
    pub machine: M,
    pub times: Times,
}

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    /// Works until nothing is left, something has to wait, or `stopping` says so.
    pub async fn work(&self, stopping: impl Fn() -> bool + Send) -> Result<Rest, DbError> {
        for _ in 0..MOST {
            if stopping() {
                break;
            }
            let Some(mut desk) = self.store.head().await? else { return Ok(Rest::Done) };
            self.machine.reached("deliver.taken_up").await;
            let ended = match self.turn(&mut desk).await {
                Err(Stop::Crm(error)) => self.put_back(&desk, &error).await,
                other => other,
            };
            match ended {
                Ok(()) | Err(Stop::Again) => {}
                Err(Stop::Wait(at)) => return Ok(Rest::At(Some(at))),
                Err(Stop::Held) => return Ok(Rest::Done),
                Err(Stop::Db(error)) => return Err(error),
                // The words of a failure are written without asking the CRM again.
                Err(Stop::Crm(_)) => return Ok(Rest::At(Some(self.machine.wall() + SOON))),
            }
        }
        Ok(Rest::At(None))
    }

    async fn turn(&self, desk: &mut Desk) -> Flow<()> {
        let now = self.machine.wall();
        let delivery = &desk.delivery;
        if let Some(cause) = desk.closed {
            if delivery.state != DeliveryState::Held || delivery.cause != Some(cause) {
                self.settle(desk, Change::to(DeliveryState::Held, delivery).why(cause, "")).await?;
            }
            return Err(Stop::Held);
        }
        if let Some(at) = delivery.next_at.filter(|at| *at > now) {
            return Err(Stop::Wait(at));
        }
        self.pass_circuit(desk, now).await?;
        if desk.open.is_some() {
            return self.reconcile(desk).await;
        }
        if delivery.state == DeliveryState::Unknown {
            // Released while its attempt was open, it was looked for by two: one found out and the
            // other, whose look failed, wrote that nothing is known. Something is.
            return self.settle(desk, change_to(desk, DeliveryState::Queued)).await;
        }
        if desk.contact.is_none() {
            let change = Change::to(DeliveryState::Dead, delivery)
                .why(Cause::Withdrawn, "The contact was deleted before it was sent.");
            return self.settle(desk, change).await;
        }
        match delivery.kind {
            DeliveryKind::WarmLead => self.lead(desk).await,
            DeliveryKind::ActivityCreate | DeliveryKind::ActivityUpdate => {
                self.activity(desk).await
            }
            DeliveryKind::ActivityDelete => self.activity_gone(desk).await,
            DeliveryKind::Action => self.action(desk).await,
        }
    }

    /// Waits while the circuit is open; when its time is up, one worker asks whether the CRM is back.
    async fn pass_circuit(&self, desk: &Desk, now: DateTime<Utc>) -> Flow<()> {
        let until = match desk.circuit.way(now) {
            Way::Free => return Ok(()),
            Way::Wait(until) => until,
            Way::Probe if self.store.take_probe(now).await? => {
                self.machine.reached("deliver.probing").await;
                let answer = self.remote.probe().await;
                let now = self.machine.wall();
                let back = answer.is_ok() || answer.as_ref().is_err_and(|error| !is_away(error));
                let circuit =
                    if back { Circuit::default() } else { desk.circuit.probe_failed(now) };
                self.store.set_circuit(circuit, now).await?;
                match circuit.until {
                    None => return Err(Stop::Again),
                    Some(until) => until,
                }
            }
            Way::Probe => now + circuit::PROBING,
        };
        if desk.open.is_none() && desk.delivery.state == DeliveryState::Queued {
            let waits = Change { next_at: Some(until), ..change_to(desk, DeliveryState::Retrying) };
            self.settle(desk, waits.why(Cause::Down, WAITS)).await?;
        }
        Err(Stop::Wait(until))
    }

    /// One effect: committed, then sent once. What came of it is still to be written.
    pub(super) async fn attempt(
        &self,
        desk: &mut Desk,
        effect: &Effect,
        about: About,
    ) -> Flow<(i32, Result<Sent, CrmError>)> {
        let (steady, wall) = (self.machine.steady(), self.machine.wall());
        let begin = Begin {
            delivery: &desk.delivery,
            effect,
            about,
            contact_at: desk.contact.as_ref().map(|contact| contact.updated_at),
            words_at: desk.account.fields_at,
            now: wall,
        };
        let n = match self.store.begin(&begin).await? {
            Begun::Yes(n) => n,
            Begun::Moved => return Err(Stop::Again),
            // As long again as it has taken so far.
            Begun::Busy(since) => {
                return Err(Stop::Wait(wall + (wall - since).clamp(SOON, LATER)));
            }
        };
        desk.delivery.state = DeliveryState::Sending;
        desk.delivery.last = n;
        self.machine.reached("deliver.begun").await;
        let (machine, most) = (self.machine.clone(), self.times.permit);
        let permit = Permit(Arc::new(move || {
            // Both clocks: one of them stands still while a machine is suspended.
            let spent = machine.steady().saturating_sub(steady);
            let spent = spent.max((machine.wall() - wall).to_std().unwrap_or_default());
            most.saturating_sub(spent)
        }));
        let answer = if permit.is_good() {
            self.remote.send(effect, &permit).await
        } else {
            Err(CrmError::TooLate)
        };
        if matches!(answer, Err(CrmError::TooLate)) {
            let close = closed(&desk.delivery, n, Outcome::NotSent, None);
            let change = change_to(desk, DeliveryState::Queued);
            self.write(desk, Some(close), change, Vec::new()).await?;
            return Err(Stop::Again);
        }
        self.machine.reached("deliver.answered").await;
        Ok((n, answer))
    }

    /// Writes that an effect was done. A lead whose person is not there yet goes on.
    pub(super) async fn done(
        &self,
        desk: &mut Desk,
        n: i32,
        effect: &Effect,
        about: About,
        sent: Sent,
    ) -> Flow<()> {
        if label_stays(effect, sent.person.as_ref()) {
            desk.noted.push("label_stays");
        }
        let (mut change, links) = left(desk, effect, about, &sent.id, sent.person);
        change.remarks.extend(desk.noted.iter().copied());
        let close = closed(&desk.delivery, n, Outcome::Done, Some(sent.id));
        let state = change.state;
        self.write(desk, Some(close), change, links).await?;
        desk.delivery.state = state;
        Ok(())
    }

    /// Writes how a delivery stands without an attempt.
    pub(super) async fn settle(&self, desk: &Desk, change: Change) -> Flow<()> {
        let commit = commit(desk, None, change, Vec::new(), self.machine.wall());
        self.store.commit(&commit).await?;
        self.machine.reached("deliver.settled").await;
        Ok(())
    }

    /// Writes the end of an attempt, or of a delivery that needs none; looks again when somebody
    /// else was faster.
    pub(super) async fn write(
        &self,
        desk: &Desk,
        close: Option<Close>,
        change: Change,
        links: Vec<Link>,
    ) -> Flow<()> {
        let now = self.machine.wall();
        // The CRM has said something: its failures are not in a row any more.
        let answered = close.as_ref().is_some_and(|close| close.outcome != Outcome::NotSent);
        let works = answered && desk.circuit.failures > 0 && desk.circuit.is_closed();
        let heard = works.then_some(Heard::Answer);
        let commit = Commit { heard, ..commit(desk, close, change, links, now) };
        self.carry(&commit).await
    }

    /// What a CRM said may be all that is known of an effect: a database that is away for a moment
    /// must not cost it.
    pub(super) async fn carry(&self, commit: &Commit) -> Flow<()> {
        let mut tries = 0;
        let written = loop {
            match self.store.commit(commit).await {
                Err(error) if error.is_passing() && tries < CARRIES => {
                    tries += 1;
                    self.machine.sleep(Duration::from_secs(1)).await;
                }
                other => break other?,
            }
        };
        self.machine.reached("deliver.committed").await;
        if written { Ok(()) } else { Err(Stop::Again) }
    }
}

pub(super) const WAITS: &str = "The CRM does not answer; it is asked again by itself.";

/// Whether an answer says that the CRM is (still) in trouble.
fn is_away(error: &CrmError) -> bool {
    matches!(
        error,
        CrmError::Down { .. }
            | CrmError::Unreadable { .. }
            | CrmError::Uncertain { .. }
            | CrmError::Throttled { .. }
            | CrmError::TokenUnavailable { .. }
    )
}
