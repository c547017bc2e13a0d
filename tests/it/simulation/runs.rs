//! Runs of imports under crashed, stopped and overtaken workers, a provider in trouble, a failing
//! database, and members who cancel, pause and resume: counts add up, and a run ends or goes on.
//!
//! What becomes of a run and of its job is decided by the code of production (`verdict`, `opening`,
//! `after`, `fate`); the rows are a model that `same.rs` holds to Postgres.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tandem::{
    connectors::{CrmError, Throttle},
    db::{DbError, jobs::Fate},
    flows::{
        FlowError, Next,
        import::verdict::{Circumstances, Halt, MOVED, Verdict, after, opening, verdict},
    },
    jobs::fate,
};

use super::{
    machine::{Hazard, Process, Simulated, World},
    seeds,
};

const LEASE: TimeDelta = TimeDelta::seconds(20);
const PAGE: u32 = 10;
const AGAIN: &str = "again:";

#[derive(Debug, Clone)]
pub(crate) struct RunRow {
    pub(crate) state: &'static str,
    pub(crate) reason: String,
    pub(crate) waiting_until: Option<DateTime<Utc>>,
    pub(crate) phase: &'static str,
    pub(crate) cursor: Option<String>,
    pub(crate) page: i32,
    pub(crate) cancel_requested: bool,
    pub(crate) attempts: i32,
    pub(crate) seen: i64,
    pub(crate) created: i64,
    pub(crate) unchanged: i64,
}

impl RunRow {
    pub(crate) fn new() -> Self {
        Self {
            state: "queued",
            reason: String::new(),
            waiting_until: None,
            phase: "users",
            cursor: None,
            page: 0,
            cancel_requested: false,
            attempts: 0,
            seen: 0,
            created: 0,
            unchanged: 0,
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        ["queued", "running", "waiting"].contains(&self.state)
    }

    pub(crate) fn take_up(&mut self) -> bool {
        if !self.is_active() {
            return false;
        }
        self.state = "running";
        self.reason.clear();
        self.waiting_until = None;
        self.attempts += 1;
        true
    }

    /// Whether somebody asked to cancel.
    pub(crate) fn advance(
        &mut self,
        page: i32,
        phase: &'static str,
        cursor: Option<String>,
        [created, unchanged]: [i64; 2],
    ) -> Result<bool, DbError> {
        if self.page != page || self.state != "running" {
            return Err(DbError::Fenced);
        }
        self.page += 1;
        (self.phase, self.cursor, self.attempts) = (phase, cursor, 1);
        self.seen += created + unchanged;
        self.created += created;
        self.unchanged += unchanged;
        Ok(self.cancel_requested)
    }

    /// What makes the run a worker's.
    fn is_held(&self, (page, attempts): (i32, i32)) -> bool {
        self.state == "running" && (self.page, self.attempts) == (page, attempts)
    }

    pub(crate) fn end(&mut self, hold: (i32, i32), state: &'static str, reason: &str) -> bool {
        if !self.is_held(hold) {
            return false;
        }
        self.state = state;
        reason.clone_into(&mut self.reason);
        self.waiting_until = None;
        true
    }

    pub(crate) fn wait(&mut self, hold: (i32, i32), until: DateTime<Utc>, reason: &str) -> bool {
        let is_held = self.is_held(hold);
        if is_held {
            self.state = "waiting";
            reason.clone_into(&mut self.reason);
            self.waiting_until = Some(until);
        }
        is_held
    }

    pub(crate) fn cancel(&mut self) {
        if !self.is_active() {
            return;
        }
        self.cancel_requested = true;
        self.waiting_until = None;
        if self.state != "running" {
            self.state = "cancelled";
            "Cancelled; what was imported stays.".clone_into(&mut self.reason);
        }
    }

    pub(crate) fn resume(&mut self) -> bool {
        if !["failed", "cancelled"].contains(&self.state) {
            return false;
        }
        self.state = "queued";
        self.reason.clear();
        self.cancel_requested = false;
        true
    }
}

#[derive(Debug, Clone)]
struct Job {
    state: &'static str,
    run_at: DateTime<Utc>,
    attempts: i32,
    lease_gen: i64,
    until: DateTime<Utc>,
}

#[derive(Debug)]
struct Book {
    run: RunRow,
    jobs: Vec<Option<Job>>,
    /// Persons that the run has noted.
    known: BTreeSet<u32>,
    is_paused: bool,
}

#[derive(Debug, Clone, Copy)]
struct Weather {
    persons: u32,
    workers: Process,
    provider: u64,
    database: u64,
    crash: u64,
    stop: u64,
    member: bool,
    /// Planted: a page is committed whoever has gone further.
    no_fence: bool,
}

struct Stage {
    world: World,
    weather: Weather,
    hazard: Arc<Hazard>,
    book: Mutex<Book>,
    end: Mutex<Duration>,
}

/// A worker at a run.
struct Worker {
    stage: Arc<Stage>,
    machine: Simulated,
}

struct Desk {
    page: i32,
    phase: &'static str,
    cursor: Option<String>,
    attempts: i32,
}

impl Stage {
    fn new(seed: u64, weather: Weather) -> Arc<Self> {
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

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    fn is_over(&self) -> bool {
        let book = self.book();
        if !self.is_foul() && !book.run.is_active() && book.jobs.iter().all(Option::is_none) {
            return true;
        }
        drop(book);
        self.world.now() > *self.end.lock().unwrap()
    }

    fn is_foul(&self) -> bool {
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
    fn run(self: &Arc<Self>) -> Vec<String> {
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
        } else if book.run.created != persons || book.known.len() != persons as usize {
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

impl Worker {
    async fn ask<T>(&self, work: impl FnOnce(&mut Book) -> T) -> Result<T, DbError> {
        let world = &self.machine.world;
        let trouble = if self.stage.is_foul() { self.stage.weather.database } else { 0 };
        let away = || DbError::Unavailable(sqlx::Error::PoolTimedOut);
        world.a_while(10).await;
        self.machine.pass().await;
        if world.percent(trouble) {
            return Err(away());
        }
        let done = work(&mut self.stage.book());
        world.a_while(10).await;
        self.machine.pass().await;
        if world.percent(trouble) { Err(away()) } else { Ok(done) }
    }

    async fn work(self) {
        while !self.stage.is_over() {
            let now = self.machine.world.wall();
            let claimed = self
                .ask(|book| {
                    for job in book.jobs.iter_mut().flatten() {
                        if job.state == "leased" && job.until < now {
                            job.state = "ready";
                        }
                    }
                    if book.jobs.iter().flatten().any(|job| job.state == "leased") {
                        return None;
                    }
                    let at = book.jobs.iter().position(|job| {
                        job.as_ref().is_some_and(|job| job.state == "ready" && job.run_at <= now)
                    })?;
                    let job = book.jobs[at].as_mut()?;
                    (job.state, job.until) = ("leased", now + LEASE);
                    job.attempts += 1;
                    job.lease_gen += 1;
                    Some((at, job.lease_gen, job.attempts))
                })
                .await;
            match claimed {
                Ok(Some((at, lease, attempts))) => self.one(at, lease, attempts).await,
                _ => self.machine.world.sleep(Duration::from_secs(3)).await,
            }
        }
    }

    async fn one(&self, at: usize, lease: i64, attempts: i32) {
        let outcome = tokio::select! {
            biased;
            outcome = self.go() => outcome,
            () = self.heartbeat(at, lease) => return,
        };
        let words = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let now = self.machine.world.wall();
        let settled = self
            .ask(|book| {
                let Some(job) = book.jobs[at].as_mut() else { return };
                if job.lease_gen != lease || job.state != "leased" {
                    return;
                }
                match fate(&outcome, &words, (attempts, 1_000), now) {
                    Fate::Done => book.jobs[at] = None,
                    Fate::Again { at, counts, .. } => {
                        (job.state, job.run_at) = ("ready", at.unwrap_or(now));
                        job.attempts -= i32::from(!counts);
                    }
                    Fate::Dead { .. } => job.state = "dead",
                }
            })
            .await;
        settled.ok();
    }

    async fn heartbeat(&self, at: usize, lease: i64) {
        loop {
            self.machine.world.sleep(Duration::from_secs(5)).await;
            let now = self.machine.world.wall();
            let kept = self
                .ask(|book| match book.jobs[at].as_mut() {
                    Some(job) if job.lease_gen == lease && job.state == "leased" => {
                        job.until = now + LEASE;
                        true
                    }
                    _ => false,
                })
                .await;
            if matches!(kept, Ok(false)) {
                return;
            }
        }
    }

    async fn go(&self) -> Result<Next, FlowError> {
        let desk = self
            .ask(|book| {
                if !book.run.take_up() {
                    return None;
                }
                let refusal = book.is_paused.then_some("The connection is paused.");
                if let Some((state, reason)) = opening(book.run.cancel_requested, refusal) {
                    let hold = (book.run.page, book.run.attempts);
                    book.run.end(hold, state, reason);
                    return None;
                }
                let run = &book.run;
                let (phase, cursor) = (run.phase, run.cursor.clone());
                Some(Desk { page: run.page, phase, cursor, attempts: run.attempts })
            })
            .await?;
        let Some(mut desk) = desk else { return Ok(Next::Done) };
        let first = desk.page;
        let halt = loop {
            match self.step(&mut desk).await {
                Ok(()) => {}
                Err(halt) => break halt,
            }
        };
        self.put_down(&desk, &halt, desk.page > first).await
    }

    /// One page, or the end of the run.
    async fn step(&self, desk: &mut Desk) -> Result<(), Halt> {
        self.fetch(desk).await?;
        if desk.phase == "reconcile" {
            let hold = (desk.page, desk.attempts);
            self.ask(|book| book.run.end(hold, "completed", "")).await?;
            return Err(Halt::Done);
        }
        let persons = self.stage.weather.persons;
        let mark = desk
            .cursor
            .as_deref()
            .map_or("", |cursor| if cursor.starts_with(AGAIN) { AGAIN } else { "" });
        let from: u32 = desk
            .cursor
            .as_deref()
            .map_or(0, |cursor| cursor.trim_start_matches(AGAIN).parse().unwrap_or(0));
        let (ids, next) = if desk.phase == "persons" {
            let to = (from + PAGE).min(persons);
            ((from..to).collect::<Vec<_>>(), (to < persons).then_some(to))
        } else {
            (Vec::new(), None)
        };
        let phase = if next.is_some() { desk.phase } else { after(desk.phase, false) };
        let page = desk.page;
        let no_fence = self.stage.weather.no_fence;
        let (cursor, cancel) = self
            .ask(|book| {
                if book.is_paused {
                    return Err(Halt::Closed("The connection is paused."));
                }
                let new = ids.iter().filter(|id| !book.known.contains(id)).count() as i64;
                // A list that started again brings everybody once more, and counts nobody twice.
                let counts = if mark.is_empty() || new > 0 { [new, 0] } else { [0, 0] };
                let mark = if mark == AGAIN && new > 0 { "" } else { mark };
                let cursor = next.map(|next| format!("{mark}{next}"));
                let page = if no_fence { book.run.page } else { page };
                let counts = if no_fence { [ids.len() as i64, 0] } else { counts };
                let cancel = book.run.advance(page, phase, cursor.clone(), counts)?;
                book.known.extend(&ids);
                Ok((cursor, cancel))
            })
            .await
            .map_err(Halt::from)
            .flatten()?;
        (desk.page, desk.phase, desk.cursor, desk.attempts) = (page + 1, phase, cursor, 1);
        if cancel { Err(Halt::Cancelled) } else { Ok(()) }
    }

    async fn fetch(&self, desk: &Desk) -> Result<(), CrmError> {
        let world = &self.machine.world;
        world.a_while(400).await;
        self.machine.pass().await;
        if !self.stage.is_foul() || !world.percent(self.stage.weather.provider) {
            return Ok(());
        }
        Err(match world.chance(8) {
            0 => CrmError::Throttled { scope: Throttle::Burst, wait: Duration::from_secs(2) },
            1 => CrmError::Throttled { scope: Throttle::Daily, wait: Duration::from_mins(15) },
            2 if desk.phase == "persons" => CrmError::CursorRefused,
            3 => CrmError::TokenUnavailable { what: "simulated" },
            4 => CrmError::Unreadable { what: "simulated" },
            5 if world.percent(10) => CrmError::Revoked,
            6 if world.percent(10) => CrmError::Suspended { reason: "simulated" },
            _ => CrmError::Down { what: "simulated", status: None, wait: None },
        })
    }

    /// As `halt.rs` carries it out.
    async fn put_down(&self, desk: &Desk, halt: &Halt, moved: bool) -> Result<Next, FlowError> {
        let given = Circumstances {
            now: self.machine.world.wall(),
            moved,
            attempts: desk.attempts,
            again: desk.cursor.as_deref().is_some_and(|cursor| cursor.starts_with(AGAIN)),
            overtaken: false,
        };
        let hold = (desk.page, desk.attempts);
        let moved_on = Next::Later { at: Some(given.now + TimeDelta::seconds(5)), reason: MOVED };
        match verdict(halt, &given) {
            Verdict::Over => Ok(Next::Done),
            Verdict::Leave { at, reason } => Ok(Next::Later { at: Some(at), reason }),
            Verdict::Count { at, reason } => Ok(Next::Later { at, reason }),
            Verdict::Wait { at, reason } => {
                let held = self.ask(|book| book.run.wait(hold, at, &reason)).await?;
                Ok(if held { Next::Later { at: Some(at), reason: "wait" } } else { moved_on })
            }
            Verdict::End { state, reason } => {
                let held = self.ask(|book| book.run.end(hold, state, &reason)).await?;
                Ok(if held { Next::Done } else { moved_on })
            }
            Verdict::Restart { fails } => {
                let again = Some(AGAIN.to_owned());
                self.ask(|book| book.run.advance(desk.page, desk.phase, again, [0, 0])).await??;
                match fails {
                    None => Ok(Next::Later { at: None, reason: "again" }),
                    Some(reason) => {
                        let hold = (desk.page + 1, 1);
                        let held = self.ask(|book| book.run.end(hold, "failed", reason)).await?;
                        Ok(if held { Next::Done } else { moved_on })
                    }
                }
            }
        }
    }
}

fn weather(seed: u64) -> Weather {
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

#[test]
fn every_run_ends_or_goes_on_and_its_counts_add_up() {
    let (mut crashed, mut stopped, mut pages) = (0, 0, 0_i64);
    seeds(1_000, |seed| {
        let stage = Stage::new(seed, weather(seed));
        let broken = stage.run();
        assert!(broken.is_empty(), "{:?}\n{broken:#?}\n{:#?}", stage.weather, stage.book());
        crashed += stage.hazard.crashed.load(Ordering::Relaxed);
        stopped += stage.hazard.stopped.load(Ordering::Relaxed);
        pages += i64::from(stage.book().run.page);
    });
    println!("{crashed} crashes, {stopped} stops, {pages} pages");
}

#[test]
fn a_run_without_its_fence_is_found_out() {
    let found = (0..300).find(|seed| {
        let stage = Stage::new(*seed, Weather { no_fence: true, ..weather(*seed) });
        !stage.run().is_empty()
    });
    assert!(found.is_some(), "a page that is written twice goes unnoticed");
}
