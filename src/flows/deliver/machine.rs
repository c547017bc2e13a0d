//! The machine of deliveries: works what a contact has waiting at a connection, in order, each
//! effect as an attempt of its own that is committed before its bytes leave.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::CrmError,
    db::DbError,
    domain::{
        Cause, DeliveryKind, DeliveryState, RemoteId, RemotePerson,
        effect::{Effect, Sent},
    },
    flows::{
        deliver::{
            circuit::{self, Circuit, Way},
            ground::{
                About, Begin, Begun, Change, Close, Commit, Delivery, Desk, Link, Outcome, Permit,
                Remote, Store,
            },
            verdict::{Given, Verdict, verdict},
        },
        tokens::ground::Machine,
    },
};

/// Steps of one job; whatever is left then comes with the next.
const MOST: u32 = 100;
/// A little after somebody else's effect.
const SOON: TimeDelta = TimeDelta::milliseconds(500);
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
            now: wall,
        };
        let n = match self.store.begin(&begin).await? {
            Begun::Yes(n) => n,
            Begun::Moved => return Err(Stop::Again),
            Begun::Busy => return Err(Stop::Wait(wall + SOON)),
        };
        desk.delivery.state = DeliveryState::Sending;
        desk.delivery.last = n;
        self.machine.reached("deliver.begun").await;
        let (machine, most) = (self.machine.clone(), self.times.permit);
        let permit = Permit(Arc::new(move || {
            // Both clocks: one of them stands still while a machine is suspended.
            machine.steady().saturating_sub(steady) <= most
                && (machine.wall() - wall).to_std().unwrap_or_default() <= most
        }));
        if !permit.is_good() {
            let close = closed(&desk.delivery, n, Outcome::NotSent, None);
            self.write(desk, Some(close), change_to(desk, DeliveryState::Queued), Vec::new())
                .await?;
            return Err(Stop::Again);
        }
        let answer = self.remote.send(effect, &permit).await;
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
        let (mut change, links) = left(desk, effect, about, &sent.id, sent.person);
        change.remarks.extend(desk.noted.iter().copied());
        let close = closed(&desk.delivery, n, Outcome::Done, Some(sent.id));
        let state = change.state;
        self.write(desk, Some(close), change, links).await?;
        desk.delivery.state = state;
        Ok(())
    }

    /// Writes that an effect was not done, or may not have been; always ends the turn.
    pub(super) async fn lost<T>(&self, desk: &mut Desk, n: i32, error: &CrmError) -> Flow<T> {
        self.store.blame(error).await?;
        let now = self.machine.wall();
        let (mut change, circuit, lane) = self.after(desk, error, now);
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
            circuit,
            lane_until: lane,
            ..commit(desk, Some(close), change, Vec::new(), now)
        };
        self.carry(&commit).await?;
        Err(Stop::Again)
    }

    /// A look failed before anything was sent: the delivery waits, or ends.
    async fn put_back(&self, desk: &Desk, error: &CrmError) -> Flow<()> {
        self.store.blame(error).await?;
        let now = self.machine.wall();
        let (mut change, circuit, lane_until) = self.after(desk, error, now);
        if desk.open.is_some() && !change.state.is_final() {
            // What is unknown stays so until a look says more.
            change.looks = desk.delivery.looks;
            if change.state != DeliveryState::Held {
                change.state = DeliveryState::Unknown;
            }
        }
        let commit = Commit { circuit, lane_until, ..commit(desk, None, change, Vec::new(), now) };
        self.store.commit(&commit).await?;
        Err(Stop::Again)
    }

    fn after(
        &self,
        desk: &Desk,
        error: &CrmError,
        now: DateTime<Utc>,
    ) -> (Change, Option<Circuit>, Option<DateTime<Utc>>) {
        let delivery = &desk.delivery;
        let given = Given {
            now,
            attempts: delivery.attempts,
            give_up_at: delivery.give_up_at,
            chance: chance(delivery),
        };
        let to = |state| Change::to(state, delivery);
        let (words, failed) = (error.to_string(), || Some(desk.circuit.failed(now)));
        match verdict(error, &given) {
            Verdict::Retry { at, cause, counts, lane, failure } => {
                let attempts = delivery.attempts + i32::from(counts);
                let waits = Change { attempts, next_at: Some(at), ..to(DeliveryState::Retrying) };
                let circuit = if failure { failed() } else { None };
                (waits.why(cause, words), circuit, lane.then_some(at))
            }
            Verdict::Unknown => {
                let at = now + self.times.look_at(0);
                let looks = Change { next_at: Some(at), ..to(DeliveryState::Unknown) };
                (looks.why(Cause::Uncertain, words), failed(), None)
            }
            Verdict::Held(cause) => (to(DeliveryState::Held).why(cause, words), None, None),
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
        let works = desk.circuit.failures > 0 && desk.circuit.is_closed() && close.is_some();
        let circuit = works.then(Circuit::default);
        let commit = Commit { circuit, ..commit(desk, close, change, links, now) };
        self.carry(&commit).await
    }

    /// What a CRM said may be all that is known of an effect: a database that is away for a moment
    /// must not cost it.
    async fn carry(&self, commit: &Commit) -> Flow<()> {
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

/// Keeps retries of many deliveries apart without dice: by who they are.
fn chance(delivery: &Delivery) -> f64 {
    let mix = delivery.delivery_id.uuid().as_u128() as u32 ^ delivery.attempts.unsigned_abs();
    f64::from(mix.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX)
}

pub(super) fn change_to(desk: &Desk, state: DeliveryState) -> Change {
    Change::to(state, &desk.delivery)
}

pub(super) fn closed(
    delivery: &Delivery,
    n: i32,
    outcome: Outcome,
    remote_id: Option<RemoteId>,
) -> Close {
    let delivery_id = delivery.delivery_id;
    Close { delivery_id, n, outcome, status: None, remote_id, reason: None }
}

fn commit(
    desk: &Desk,
    close: Option<Close>,
    change: Change,
    links: Vec<Link>,
    now: DateTime<Utc>,
) -> Commit {
    let seen = (desk.delivery.state, desk.delivery.last);
    let delivery_id = desk.delivery.delivery_id;
    Commit { delivery_id, seen, close, change, links, lane_until: None, circuit: None, now }
}

/// What an effect that was done leaves in our rows, and what becomes of its delivery.
pub(super) fn left(
    desk: &Desk,
    effect: &Effect,
    about: About,
    id: &RemoteId,
    person: Option<RemotePerson>,
) -> (Change, Vec<Link>) {
    let goes_on = change_to(desk, DeliveryState::Queued);
    let over = Change { remote_id: Some(id.clone()), ..change_to(desk, DeliveryState::Delivered) };
    let id = id.clone();
    match effect {
        Effect::CreateOrganization(_) => {
            let link =
                about.organization.map(|of| Link::Organization { id: id.clone(), of, made: None });
            (Change { organization: Some(id), ..goes_on }, link.into_iter().collect())
        }
        Effect::CreateLabel { name } => (goes_on, vec![Link::Label { id, name: name.clone() }]),
        Effect::CreateReference { name } => {
            (goes_on, vec![Link::Reference { key: id, name: name.clone() }])
        }
        Effect::CreatePerson(_) => (over, vec![Link::Person { id, made: person.map(Box::new) }]),
        Effect::AddLabels { person, .. } => {
            let id = person.clone();
            let over = Change { remote_id: Some(id.clone()), ..over };
            (over, vec![Link::Person { id, made: None }])
        }
        Effect::CreateActivity(_) => {
            let link = about.activity.map(|(of, version)| Link::Activity { id, of, version });
            (over, link.into_iter().collect())
        }
        Effect::UpdateActivity { id, .. } => {
            let (over, id) = (Change { remote_id: Some(id.clone()), ..over }, id.clone());
            let link = about.activity.map(|(of, version)| Link::Activity { id, of, version });
            (over, link.into_iter().collect())
        }
        Effect::DeleteActivity { id } => {
            let over = Change { remote_id: Some(id.clone()), ..over };
            let link = about.activity.map(|(of, _)| Link::ActivityGone { of });
            (over, link.into_iter().collect())
        }
    }
}
