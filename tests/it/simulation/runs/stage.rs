//! Workers, a member and the weather of a seed, and what must hold when it is over.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering},
    time::Duration,
};

use super::{
    super::machine::{Hazard, Process, Simulated, World},
    model::{Book, Job, RunRow},
    worker::Worker,
};

#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) persons: u32,
    pub(super) workers: Process,
    pub(super) provider: u64,
    pub(super) database: u64,
    pub(super) crash: u64,
    pub(super) stop: u64,
    pub(super) member: bool,
    /// Planted: a page is committed whoever has gone further.
    pub(super) no_fence: bool,
}

pub(super) fn weather(seed: u64) -> Weather {
    let dice = World::new(seed ^ 0xb00c);
    let one = |of: [u64; 4]| of[usize::try_from(dice.chance(4)).unwrap()];
    Weather {
        persons: u32::try_from(1 + dice.chance(200)).unwrap(),
        workers: 1 + usize::try_from(dice.chance(3)).unwrap(),
        provider: one([0, 5, 20, 40]),
        database: one([0, 1, 5, 15]),
        crash: one([0, 2, 10, 40]),
        stop: one([0, 2, 10, 40]),
        member: dice.percent(60),
        no_fence: false,
    }
}

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) weather: Weather,
    pub(super) hazard: Arc<Hazard>,
    pub(super) book: Mutex<Book>,
    pub(super) end: Mutex<Duration>,
}

impl Stage {
    pub(super) fn new(seed: u64, weather: Weather) -> Arc<Self> {
        let world = World::new(seed);
        let job = Job {
            state: "ready",
            run_at: world.wall(),
            attempts: 0,
            lease_gen: 0,
            until: world.wall(),
        };
        Arc::new(Self {
            hazard: Arc::new(Hazard::new(weather.crash, weather.stop, 60_000)),
            book: Mutex::new(Book {
                run: RunRow::new(),
                jobs: vec![Some(job)],
                known: BTreeSet::new(),
                is_paused: false,
            }),
            end: Mutex::new(Duration::from_mins(30)),
            world,
            weather,
        })
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    pub(super) fn is_over(&self) -> bool {
        let book = self.book();
        if !self.is_foul() && !book.run.is_active() && book.jobs.iter().all(Option::is_none) {
            return true;
        }
        drop(book);
        self.world.now() > *self.end.lock().unwrap()
    }

    pub(super) fn is_foul(&self) -> bool {
        self.hazard.is_on.load(Ordering::Relaxed)
    }

    fn boot(self: &Arc<Self>, process: Process) {
        let stage = Arc::clone(self);
        let mourner = Arc::new(move |process: Process| {
            let stage = Arc::clone(&stage);
            stage.world.clone().start(0, async move {
                stage.world.a_while(10_000).await;
                stage.boot(process);
            });
        });
        let machine = Simulated {
            world: self.world.clone(),
            process,
            hazard: Arc::clone(&self.hazard),
            mourner,
        };
        let worker = Worker { stage: Arc::clone(self), machine };
        self.world.start(process, worker.work());
    }

    fn resume(&self) {
        let now = self.world.wall();
        let mut book = self.book();
        if !book.is_paused && book.run.resume() {
            let is_waiting = book.jobs.iter().flatten().any(|job| job.state == "ready");
            if !is_waiting {
                let job =
                    Job { state: "ready", run_at: now, attempts: 0, lease_gen: 0, until: now };
                book.jobs.push(Some(job));
            }
        }
    }

    async fn member(self: Arc<Self>) {
        while !self.is_over() && self.weather.member {
            self.world.a_while(150_000).await;
            match self.world.chance(4) {
                0 => self.book().run.cancel(),
                1 => {
                    let mut book = self.book();
                    book.is_paused = !book.is_paused;
                }
                _ => self.resume(),
            }
        }
    }

    /// Lives through it; what was broken on the way or in the end.
    pub(super) fn run(self: &Arc<Self>) -> Vec<String> {
        for process in 1..=self.weather.workers {
            self.boot(process);
        }
        self.world.start(0, Arc::clone(self).member());
        self.world.run();
        let mut broken = self.look();
        // Fair weather: whatever stopped is resumed, and nothing else is done by hand.
        self.hazard.is_on.store(false, Ordering::Relaxed);
        self.book().is_paused = false;
        for _ in 0..3 {
            self.resume();
            *self.end.lock().unwrap() = self.world.now() + Duration::from_hours(2);
            for process in 1..=self.weather.workers {
                self.boot(process);
            }
            self.world.run();
            broken.extend(self.look());
            if self.book().run.state == "completed" {
                break;
            }
        }
        let book = self.book();
        let persons = i64::from(self.weather.persons);
        if book.run.state != "completed" {
            broken.push("it does not come to an end".to_owned());
        } else if book.run.created != persons || book.known.len() != self.weather.persons as usize {
            broken.push(format!("{} of {persons} persons were created", book.run.created));
        }
        if book.jobs.iter().flatten().any(|job| job.state != "dead") {
            broken.push("a job is left".to_owned());
        }
        broken
    }

    fn look(&self) -> Vec<String> {
        let book = self.book();
        let mut broken = Vec::new();
        if book.run.is_active() && !book.jobs.iter().flatten().any(|job| job.state != "dead") {
            broken.push(format!("nobody will ever go on with a run that is {}", book.run.state));
        }
        if book.run.seen != book.run.created + book.run.unchanged {
            broken.push("the counts do not add up".to_owned());
        }
        if book.run.created > i64::from(self.weather.persons) {
            broken.push("somebody was counted twice".to_owned());
        }
        broken
    }
}
