//! What Postgres keeps of a run and its jobs. `same.rs` holds the run to the real one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tandem::db::DbError;

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
pub(super) struct Job {
    pub(super) state: &'static str,
    pub(super) run_at: DateTime<Utc>,
    pub(super) attempts: i32,
    pub(super) lease_gen: i64,
    pub(super) until: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) run: RunRow,
    pub(super) jobs: Vec<Option<Job>>,
    /// Persons that the run has noted.
    pub(super) known: BTreeSet<u32>,
    pub(super) is_paused: bool,
}
