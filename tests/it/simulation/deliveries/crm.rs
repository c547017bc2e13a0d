//! A CRM that loses answers, takes its time, and whose search lags; and its own record of what it
//! was asked to do.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tandem::{
    connectors::{CrmError, Throttle},
    domain::{
        ActivityKind, ActivityType, ContactId, CustomField, DeliveryId, Fields, RemoteDeal,
        RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
        action::{DealStage, TaskKind},
        effect::{Act, Effect, NoteToMake, Sent},
    },
    flows::deliver::ground::{Permit, Remote},
};
use tokio::sync::oneshot;

use super::{
    super::machine::Simulated,
    book::{Book, Planted},
};

pub(crate) const REFERENCE: &str = "Our reference";

/// Something that the CRM did because we asked.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub(crate) by: (DeliveryId, i32),
    pub(crate) contact_id: ContactId,
    pub(crate) effect: Effect,
    pub(crate) id: RemoteId,
    pub(crate) at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    pub(crate) record: T,
    pub(crate) made_at: DateTime<Utc>,
    /// When the search index knows it.
    pub(crate) found_from: DateTime<Utc>,
    pub(crate) marker: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) last: u64,
    pub(crate) persons: BTreeMap<RemoteId, Kept<RemotePerson>>,
    pub(crate) organizations: BTreeMap<RemoteId, Kept<RemoteOrganization>>,
    pub(crate) activities: BTreeMap<RemoteId, Kept<tandem::domain::effect::ActivityToMake>>,
    /// Texts.
    pub(crate) notes: BTreeMap<RemoteId, Kept<NoteToMake>>,
    pub(crate) fields: Fields,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) lost: u64,
}

/// What a seed's CRM is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Temper {
    /// Percent of calls in trouble.
    pub(crate) trouble: u64,
    /// Of those that change something: done, and the answer lost.
    pub(crate) lost: u64,
    /// Done long after the answer was given up, in milliseconds at most.
    pub(crate) slow: u64,
    /// How far the search lags, in milliseconds at most.
    pub(crate) lag: u64,
    pub(crate) labels: bool,
    pub(crate) references: bool,
}

#[derive(Clone)]
pub(crate) struct Crm {
    pub(crate) machine: Simulated,
    pub(crate) truth: Arc<Mutex<Truth>>,
    /// To know whose attempt a request is.
    pub(crate) book: Arc<Mutex<Book>>,
    pub(crate) contact_id: ContactId,
    pub(crate) temper: Temper,
    pub(crate) planted: Planted,
}

const DOWN: CrmError = CrmError::Down { what: "simulated", status: Some(503), wait: None };
const LOST: CrmError = CrmError::Uncertain { what: "simulated", status: None };
const REFUSED: CrmError =
    CrmError::Refused { reason: "simulated", status: 403, code: None, said: Vec::new() };

impl Crm {
    pub(crate) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap()
    }

    /// There and back; a read may fail.
    async fn read<T>(&self, read: impl FnOnce(&Truth, DateTime<Utc>) -> T) -> Result<T, CrmError> {
        let world = &self.machine.world;
        world.a_while(100).await;
        self.machine.pass().await;
        if world.percent(self.temper.trouble) {
            return Err(if world.percent(30) { throttled() } else { DOWN });
        }
        let found = read(&self.truth(), world.wall());
        world.a_while(100).await;
        self.machine.pass().await;
        Ok(found)
    }

    /// Whose attempt this is: the newest that this process has begun for the contact.
    fn attempt(&self) -> (DeliveryId, i32) {
        let book = self.book.lock().unwrap();
        let mine = |id: &DeliveryId| book.rows[id].delivery.contact_id == self.contact_id;
        let newest = book
            .attempts
            .iter()
            .filter(|((id, _), attempt)| mine(id) && attempt.process == self.machine.process)
            .max_by_key(|((_, n), attempt)| (attempt.started_at, *n));
        *newest.expect("nothing is sent without an attempt").0
    }

    /// Does it, now.
    fn apply(&self, effect: &Effect, by: (DeliveryId, i32)) -> Result<Sent, CrmError> {
        let now = self.machine.world.wall();
        let lag = TimeDelta::milliseconds(
            i64::try_from(self.machine.world.chance(self.temper.lag + 1)).unwrap(),
        );
        let mut truth = self.truth();
        truth.last += 1;
        let mut id = RemoteId(truth.last.to_string());
        let found_from = now + lag;
        let mut person = None;
        match effect {
            Effect::CreateOrganization(new) => {
                let record = RemoteOrganization {
                    id: id.clone(),
                    name: Some(new.name.clone()),
                    ..RemoteOrganization::default()
                };
                let kept = Kept { record, made_at: now, found_from, marker: None };
                truth.organizations.insert(id.clone(), kept);
            }
            Effect::CreateLabel { name } => {
                if !self.temper.labels {
                    return Err(REFUSED);
                }
                truth.fields.labels.insert(id.0.clone(), name.clone());
            }
            Effect::CreateReference { name } => {
                if !self.temper.references {
                    return Err(REFUSED);
                }
                let field = CustomField { name: name.clone(), ..CustomField::default() };
                truth.fields.custom.insert(id.0.clone(), field);
            }
            Effect::CreatePerson(new) => {
                let record = RemotePerson {
                    id: id.clone(),
                    name: Some(new.name.clone()),
                    emails: new.emails.clone(),
                    labels: new.labels.clone(),
                    organization: new.organization.clone(),
                    owner: new.owner.clone(),
                    ..RemotePerson::default()
                };
                person = Some(record.clone());
                let marker = new.marker.as_ref().map(|marker| marker.value.clone());
                truth.persons.insert(id.clone(), Kept { record, made_at: now, found_from, marker });
            }
            Effect::AddLabels { person, labels } => {
                let Some(kept) = truth.persons.get_mut(person) else {
                    return Err(CrmError::Missing);
                };
                for label in labels {
                    if !kept.record.labels.contains(label) {
                        kept.record.labels.push(label.clone());
                    }
                }
                id = person.clone();
            }
            Effect::CreateActivity(new) => {
                let kept = Kept { record: new.clone(), made_at: now, found_from, marker: None };
                truth.activities.insert(id.clone(), kept);
            }
            Effect::UpdateActivity { id: of, activity } => {
                let Some(kept) = truth.activities.get_mut(of) else {
                    return Err(CrmError::Missing);
                };
                kept.record = activity.clone();
                id = of.clone();
            }
            Effect::DeleteActivity { id: of } => {
                truth.activities.remove(of);
                id = of.clone();
            }
            Effect::Act(Act::CreateNote(new)) => {
                let kept = Kept { record: new.clone(), made_at: now, found_from, marker: None };
                truth.notes.insert(id.clone(), kept);
            }
            // No seed asks for more.
            Effect::Act(_) => return Err(REFUSED),
        }
        let (contact_id, effect) = (self.contact_id, effect.clone());
        truth.receipts.push(Receipt { by, contact_id, effect, id: id.clone(), at: now });
        Ok(Sent { id, person })
    }
}

fn throttled() -> CrmError {
    CrmError::Throttled { scope: Throttle::Burst, wait: Duration::from_secs(2) }
}

impl Remote for Crm {
    async fn users(&self) -> Result<Vec<RemoteUser>, CrmError> {
        self.read(|_, _| {
            let user = |id: &str, email: &str| RemoteUser {
                id: RemoteId(id.to_owned()),
                name: None,
                email: Some(email.to_owned()),
                active: true,
                admin: false,
            };
            vec![user("u1", "own@acme.example"), user("u2", "ADA@acme.example")]
        })
        .await
    }

    async fn fields(&self) -> Result<Fields, CrmError> {
        self.read(|truth, _| truth.fields.clone()).await
    }

    async fn types(&self) -> Result<Vec<ActivityType>, CrmError> {
        let call = ActivityType { key: "call".into(), name: "Call".into(), active: true };
        self.read(|_, _| vec![call]).await
    }

    async fn persons_with_email(&self, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
        self.read(|truth, now| {
            let has = |person: &RemotePerson| person.emails.iter().any(|one| one.value == email);
            truth
                .persons
                .values()
                .filter(|kept| kept.found_from <= now && has(&kept.record))
                .map(|kept| kept.record.clone())
                .collect()
        })
        .await
    }

    async fn organizations_named(&self, name: &str) -> Result<Vec<RemoteOrganization>, CrmError> {
        self.read(|truth, now| {
            truth
                .organizations
                .values()
                .filter(|kept| kept.found_from <= now)
                .filter(|kept| kept.record.name.as_deref() == Some(name))
                .map(|kept| kept.record.clone())
                .collect()
        })
        .await
    }

    async fn person(&self, id: &RemoteId) -> Result<Option<RemotePerson>, CrmError> {
        self.read(|truth, _| truth.persons.get(id).map(|kept| kept.record.clone())).await
    }

    async fn organization(&self, id: &RemoteId) -> Result<Option<RemoteOrganization>, CrmError> {
        self.read(|truth, _| truth.organizations.get(id).map(|kept| kept.record.clone())).await
    }

    async fn send(&self, effect: &Effect, permit: &Permit) -> Result<Sent, CrmError> {
        let world = self.machine.world.clone();
        if !permit.is_good() && self.planted != Planted::NoPermit {
            return Err(CrmError::TooLate);
        }
        let by = self.attempt();
        if world.percent(self.temper.trouble) {
            // It does not get there.
            world.a_while(50).await;
            self.machine.pass().await;
            return Err(match world.chance(3) {
                0 => throttled(),
                1 => DOWN,
                _ => LOST,
            });
        }
        // The bytes have left: whatever becomes of the process, they arrive.
        let (say, hear) = oneshot::channel();
        let is_lost = world.percent(self.temper.lost);
        let slow = if is_lost { world.chance(self.temper.slow + 1) } else { 0 };
        let (crm, effect) = (self.clone(), effect.clone());
        world.start(0, async move {
            crm.machine.world.sleep(Duration::from_millis(slow)).await;
            crm.machine.world.a_while(50).await;
            say.send(crm.apply(&effect, by)).ok();
        });
        if is_lost {
            self.truth().lost += 1;
            world.a_while(300).await;
            self.machine.pass().await;
            return Err(LOST);
        }
        let answer = hear.await.expect("the outside never crashes");
        world.a_while(50).await;
        self.machine.pass().await;
        answer
    }

    async fn look(&self, effect: &Effect, since: DateTime<Utc>) -> Result<Vec<RemoteId>, CrmError> {
        let search = self.planted == Planted::SearchProves;
        self.read(|truth, now| {
            let shown = |made_at: DateTime<Utc>, found_from: DateTime<Utc>| {
                made_at >= since && (!search || found_from <= now)
            };
            match effect {
                Effect::CreateOrganization(new) => truth
                    .organizations
                    .iter()
                    .filter(|(_, kept)| shown(kept.made_at, kept.found_from))
                    .filter(|(_, kept)| kept.record.name.as_deref() == Some(&new.name))
                    .map(|(id, _)| id.clone())
                    .collect(),
                Effect::CreatePerson(new) => truth
                    .persons
                    .iter()
                    .filter(|(_, kept)| shown(kept.made_at, kept.found_from))
                    .filter(|(_, kept)| match &new.marker {
                        Some(marker) => kept.marker.as_ref() == Some(&marker.value),
                        None => {
                            kept.record.name.as_deref() == Some(&new.name)
                                && kept.record.emails == new.emails
                        }
                    })
                    .map(|(id, _)| id.clone())
                    .collect(),
                Effect::CreateActivity(new) => truth
                    .activities
                    .iter()
                    .filter(|(_, kept)| shown(kept.made_at, kept.found_from) && kept.record == *new)
                    .map(|(id, _)| id.clone())
                    .collect(),
                Effect::CreateLabel { name } => truth
                    .fields
                    .labels
                    .iter()
                    .filter(|(_, known)| *known == name)
                    .map(|(id, _)| RemoteId(id.clone()))
                    .collect(),
                Effect::CreateReference { name } => truth
                    .fields
                    .custom
                    .iter()
                    .filter(|(_, known)| known.name == *name)
                    .map(|(id, _)| RemoteId(id.clone()))
                    .collect(),
                Effect::Act(Act::CreateNote(new)) => truth
                    .notes
                    .iter()
                    .filter(|(_, kept)| shown(kept.made_at, kept.found_from) && kept.record == *new)
                    .map(|(id, _)| id.clone())
                    .collect(),
                _ => Vec::new(),
            }
        })
        .await
    }

    async fn probe(&self) -> Result<(), CrmError> {
        self.read(|_, _| ()).await
    }

    async fn stages(&self) -> Result<Vec<DealStage>, CrmError> {
        self.read(|_, _| Vec::new()).await
    }

    async fn deal(&self, _: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
        self.read(|_, _| None).await
    }

    fn task_type(&self, _: TaskKind, types: &[ActivityType]) -> Option<String> {
        types.first().map(|known| known.key.clone())
    }

    fn activity_type(&self, _kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
        types.first().map(|one| one.key.clone())
    }

    fn reference_name(&self) -> Option<&'static str> {
        Some(REFERENCE)
    }

    fn person_url(&self, _id: &RemoteId) -> Option<String> {
        None
    }
}
