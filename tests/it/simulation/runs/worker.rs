//! A worker: it claims a job, takes the run up, imports page by page and puts it down.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tandem::{
    connectors::{CrmError, Throttle},
    db::{DbError, jobs::Fate},
    flows::{
        FlowError, Next,
        import::verdict::{Circumstances, Halt, MOVED, Verdict, after, opening, verdict},
    },
    jobs::fate,
};

use super::{super::machine::Simulated, model::Book, stage::Stage};

const LEASE: TimeDelta = TimeDelta::seconds(20);
const PAGE: u32 = 10;
const AGAIN: &str = "again:";

/// A worker at a run.
pub(super) struct Worker {
    pub(super) stage: Arc<Stage>,
    pub(super) machine: Simulated,
}

struct Desk {
    page: i32,
    phase: &'static str,
    cursor: Option<String>,
    attempts: i32,
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

    pub(super) async fn work(self) {
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
            let is_held = self.ask(|book| book.run.end(hold, "completed", "")).await?;
            return Err(if is_held { Halt::Done } else { Halt::Db(DbError::Fenced) });
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
                let count = |new: usize| i64::try_from(new).unwrap();
                let new = count(ids.iter().filter(|id| !book.known.contains(id)).count());
                // A list that started again brings everybody once more, and counts nobody twice.
                let counts = if mark.is_empty() || new > 0 { [new, 0] } else { [0, 0] };
                let mark = if mark == AGAIN && new > 0 { "" } else { mark };
                let cursor = next.map(|next| format!("{mark}{next}"));
                let page = if no_fence { book.run.page } else { page };
                let counts = if no_fence { [count(ids.len()), 0] } else { counts };
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
            by_clock: false,
        };
        let hold = (desk.page, desk.attempts);
        let moved_on = Next::Later { at: Some(given.now + TimeDelta::seconds(5)), reason: MOVED };
        match verdict(halt, &given) {
            Verdict::Over => Ok(Next::Done),
            Verdict::Leave { at, reason } => Ok(Next::Later { at: Some(at), reason }),
            Verdict::Count { at, reason } => Ok(Next::Later { at, reason }),
            Verdict::Wait { at, reason } => {
                let is_held = self.ask(|book| book.run.wait(hold, at, &reason)).await?;
                Ok(if is_held { Next::Later { at: Some(at), reason: "wait" } } else { moved_on })
            }
            Verdict::End { state, reason } => {
                let is_held = self.ask(|book| book.run.end(hold, state, &reason)).await?;
                Ok(if is_held { Next::Done } else { moved_on })
            }
            Verdict::Restart { fails } => {
                let again = Some(AGAIN.to_owned());
                self.ask(|book| book.run.advance(desk.page, desk.phase, again, [0, 0])).await??;
                match fails {
                    None => Ok(Next::Later { at: None, reason: "again" }),
                    Some(reason) => {
                        let hold = (desk.page + 1, 1);
                        let is_held = self.ask(|book| book.run.end(hold, "failed", reason)).await?;
                        Ok(if is_held { Next::Done } else { moved_on })
                    }
                }
            }
        }
    }
}
