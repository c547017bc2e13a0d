//! Workers, members and a CRM, living through the weather of a seed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tandem::{
    domain::{
        ActivityId, ActivityKind, Cause, ContactId, DeliveryKind, OrganizationId, RemoteId,
        RemotePerson, RemoteValue, action::Action, intake::Address,
    },
    flows::deliver::{
        ground::{Activity, Contact},
        machine::{Deliverer, Rest, Times},
    },
};

use super::{
    super::machine::{Hazard, Process, Simulated, World},
    book::{Book, Planted, member},
    crm::{Crm, Kept, Temper, Truth},
    memory::Memory,
};

/// What a seed is allowed to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) processes: Process,
    pub(crate) contacts: u64,
    pub(crate) minutes: u64,
    pub(crate) crm: Temper,
    /// Percent of calls to the database that fail.
    pub(crate) database: u64,
    /// Of a thousand places where a process waits.
    pub(crate) crash: u64,
    pub(crate) stop: u64,
    /// The longest stop, in milliseconds.
    pub(crate) longest: u64,
    pub(crate) unknown: Duration,
    /// Whether members delete contacts and pause the connection.
    pub(crate) members: bool,
    pub(crate) planted: Planted,
}

/// The weather of a seed, from fair to foul.
pub(crate) fn weather(seed: u64) -> Weather {
    let dice = World::new(seed ^ 0xde11);
    let pick = |list: &[u64]| list[usize::try_from(dice.chance(list.len() as u64)).unwrap()];
    let unknown = pick(&[20, 60, 120]);
    Weather {
        processes: 1 + usize::try_from(dice.chance(4)).unwrap(),
        contacts: 1 + dice.chance(4),
        minutes: 5 + dice.chance(25),
        crm: Temper {
            trouble: pick(&[0, 2, 10, 30]),
            lost: pick(&[0, 5, 20, 50]),
            // Whatever is done at all is done before it is given up.
            slow: pick(&[0, 1_000, unknown * 900]),
            lag: pick(&[0, 5_000, 600_000]),
            labels: dice.percent(80),
            references: dice.percent(70),
        },
        database: pick(&[0, 1, 5, 15]),
        crash: pick(&[0, 2, 10, 40]),
        stop: pick(&[0, 2, 10, 60]),
        longest: pick(&[2_000, 40_000, 400_000]),
        unknown: Duration::from_secs(unknown),
        members: dice.percent(70),
        planted: Planted::Nothing,
    }
}

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) weather: Weather,
    pub(crate) hazard: Arc<Hazard>,
    pub(crate) book: Arc<Mutex<Book>>,
    pub(crate) truth: Arc<Mutex<Truth>>,
    pub(crate) contacts: Vec<ContactId>,
    /// When each contact's job is due.
    due: Mutex<BTreeMap<ContactId, Duration>>,
}

pub(super) const PERMIT: Duration = Duration::from_secs(5);

impl Stage {
    pub(crate) fn new(seed: u64, weather: Weather) -> Arc<Self> {
        let world = World::new(seed);
        let mut book = Book { own_user: RemoteId("u1".into()), ..Book::default() };
        book.member = Some(member());
        let acme = OrganizationId::fresh();
        book.organizations.insert(acme, "Acme".to_owned());
        let mut truth = Truth::default();
        let mut contacts = Vec::new();
        for number in 0..weather.contacts {
            let (id, email) = (ContactId::fresh(), format!("p{number}@acme.example"));
            let address = Address { value: email.clone(), label: None, primary: true };
            let contact = Contact {
                full_name: format!("Person {number}"),
                emails: vec![address],
                updated_at: world.wall(),
                ..Contact::default()
            };
            if world.percent(25) {
                let remote = RemoteId(format!("old{number}"));
                let value = RemoteValue { value: email, label: None, primary: true };
                let record = RemotePerson {
                    id: remote.clone(),
                    name: Some(format!("Old {number}")),
                    emails: vec![value],
                    ..RemotePerson::default()
                };
                let (made_at, found_from) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
                truth.persons.insert(remote, Kept { record, made_at, found_from, marker: None });
            }
            book.contacts.insert(id, (contact, world.percent(70).then_some(acme)));
            contacts.push(id);
        }
        Arc::new(Self {
            hazard: Arc::new(Hazard::new(weather.crash, weather.stop, weather.longest)),
            book: Arc::new(Mutex::new(book)),
            truth: Arc::new(Mutex::new(truth)),
            due: Mutex::new(contacts.iter().map(|id| (*id, Duration::ZERO)).collect()),
            contacts,
            world,
            weather,
        })
    }

    fn is_foul(&self) -> bool {
        self.hazard.is_on.load(Ordering::Relaxed)
    }

    fn deliverer(
        self: &Arc<Self>,
        process: Process,
        contact_id: ContactId,
    ) -> Deliverer<Memory, Crm, Simulated> {
        let stage = Arc::clone(self);
        let machine = Simulated {
            world: self.world.clone(),
            process,
            hazard: Arc::clone(&self.hazard),
            mourner: Arc::new(move |process| stage.crashed(process)),
        };
        let calm = |percent: u64| if self.is_foul() { percent } else { 0 };
        let temper = Temper {
            trouble: calm(self.weather.crm.trouble),
            lost: calm(self.weather.crm.lost),
            ..self.weather.crm
        };
        let planted = self.weather.planted;
        let lease = if planted == Planted::Impatient { 1 } else { 20 };
        Deliverer {
            store: Memory {
                machine: machine.clone(),
                book: Arc::clone(&self.book),
                contact_id,
                trouble: calm(self.weather.database),
                planted,
            },
            remote: Crm {
                machine: machine.clone(),
                truth: Arc::clone(&self.truth),
                book: Arc::clone(&self.book),
                contact_id,
                temper,
                planted,
            },
            machine,
            times: Times {
                permit: if planted == Planted::NoPermit { Duration::MAX } else { PERMIT },
                lease: Duration::from_secs(lease),
                unknown: match planted {
                    Planted::Impatient => Duration::from_millis(10),
                    _ => self.weather.unknown,
                },
            },
        }
    }

    fn crashed(self: &Arc<Self>, process: Process) {
        let stage = Arc::clone(self);
        self.world.start(0, async move {
            stage.world.a_while(20_000).await;
            stage.boot(process);
        });
    }

    fn boot(self: &Arc<Self>, process: Process) {
        for _ in 0..2 {
            let stage = Arc::clone(self);
            self.world.start(process, async move { stage.worker(process).await });
        }
    }

    /// Takes up whatever is due; now and then what another has already taken up.
    async fn worker(self: &Arc<Self>, process: Process) {
        while self.is_foul() {
            self.world.a_while(1_500).await;
            let contact_id = self.contacts
                [usize::try_from(self.world.chance(self.contacts.len() as u64)).unwrap()];
            self.job(process, contact_id).await;
        }
    }

    async fn job(self: &Arc<Self>, process: Process, contact_id: ContactId) {
        let now = self.world.now();
        let is_due = {
            let mut due = self.due.lock().unwrap();
            let is_due = due[&contact_id] <= now || self.world.percent(5);
            if is_due && self.world.percent(90) {
                // The lease: somebody else comes when it has run out.
                due.insert(contact_id, now + Duration::from_secs(20));
            }
            is_due
        };
        let lane = self.book.lock().unwrap().lane_until;
        if !is_due || lane.is_some_and(|until| until > self.world.wall()) {
            return;
        }
        let rest = self.deliverer(process, contact_id).work(|| false).await;
        let at = match rest {
            Ok(Rest::Done) => Duration::from_secs(5),
            Ok(Rest::At(Some(at))) => (at - self.world.wall()).to_std().unwrap_or_default(),
            Ok(Rest::At(None)) | Err(_) => Duration::from_secs(1),
        };
        self.due.lock().unwrap().insert(contact_id, self.world.now() + at);
    }

    /// What members do meanwhile.
    async fn members(self: Arc<Self>) {
        let end = Duration::from_secs(self.weather.minutes * 60);
        let mut subjects = 0;
        while self.world.now() < end {
            self.world.a_while(20_000).await;
            let now = self.world.wall();
            let contact_id = self.contacts
                [usize::try_from(self.world.chance(self.contacts.len() as u64)).unwrap()];
            let dice = self.world.chance(20);
            if (10..15).contains(&dice) {
                // Somebody types, saves, and saves again.
                for _ in 0..=self.world.chance(6) {
                    edit(&mut self.book.lock().unwrap(), contact_id, self.world.wall());
                    self.world.a_while(60).await;
                }
                continue;
            }
            let mut book = self.book.lock().unwrap();
            if !book.contacts.contains_key(&contact_id) {
                continue;
            }
            match dice {
                0..5 => book.queue(DeliveryKind::WarmLead, contact_id, None, now),
                9 => {
                    let text = format!("Note {}", subjects % 2);
                    book.ask(contact_id, Action::CreateNote { text }, now);
                }
                5..9 => {
                    subjects += 1;
                    let activity = Activity {
                        activity_id: ActivityId::fresh(),
                        kind: ActivityKind::Call,
                        subject: format!("Call {subjects}"),
                        note: String::new(),
                        due_at: now,
                        has_time: true,
                        duration_minutes: None,
                        done: true,
                        version: 1,
                    };
                    let id = activity.activity_id;
                    book.activities.insert(id, (contact_id, activity));
                    book.queue(DeliveryKind::ActivityCreate, contact_id, Some(id), now);
                }
                15 => drop_activity(&mut book, contact_id, now),
                16 => {
                    if let Some((contact, _)) = book.contacts.get_mut(&contact_id) {
                        contact.updated_at = now;
                    }
                }
                17 if self.weather.members => book.delete_contact(contact_id),
                18 if self.weather.members => book.close(Some(Cause::Paused)),
                19 => book.close(None),
                _ => {}
            }
        }
        self.book.lock().unwrap().close(None);
    }

    /// Lives through it, then lets the storm pass and everything be worked off.
    pub(crate) fn run(self: &Arc<Self>) -> Vec<String> {
        for process in 1..=self.weather.processes {
            self.boot(process);
        }
        self.world.start(0, Arc::clone(self).members());
        let stage = Arc::clone(self);
        self.world.start(0, async move {
            stage.world.sleep(Duration::from_secs(stage.weather.minutes * 60 + 60)).await;
            stage.hazard.is_on.store(false, Ordering::Relaxed);
        });
        self.world.run();
        for contact_id in self.contacts.clone() {
            let stage = Arc::clone(self);
            self.world.start(1, async move {
                for _ in 0..5_000 {
                    match stage.deliverer(1, contact_id).work(|| false).await {
                        Ok(Rest::Done) => return,
                        Ok(Rest::At(Some(at))) => {
                            let wait = (at - stage.world.wall()).to_std().unwrap_or_default();
                            stage.world.sleep(wait + Duration::from_millis(1)).await;
                        }
                        Ok(Rest::At(None)) | Err(_) => {
                            stage.world.sleep(Duration::from_secs(1)).await;
                        }
                    }
                }
            });
        }
        self.world.run();
        self.judge()
    }
}

fn edit(book: &mut Book, contact_id: ContactId, now: DateTime<Utc>) {
    let mine = book.activities.values_mut().filter(|(of, _)| *of == contact_id);
    let Some((_, activity)) = mine.last() else { return };
    activity.version += 1;
    activity.note = format!("version {}", activity.version);
    let id = activity.activity_id;
    book.queue(DeliveryKind::ActivityUpdate, contact_id, Some(id), now);
}

fn drop_activity(book: &mut Book, contact_id: ContactId, now: DateTime<Utc>) {
    let found = book.activities.iter().find(|(_, (of, _))| *of == contact_id).map(|(id, _)| *id);
    if let Some(id) = found {
        book.activities.remove(&id);
        book.queue(DeliveryKind::ActivityDelete, contact_id, Some(id), now);
    }
}
