//! A model of what Postgres and the spool keep of a connection. `same.rs` holds it to the real one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tandem::{
    connectors::{AccessToken, ApiBase, CrmError, Grant},
    db::DbError,
    flows::tokens::ground::{
        Begun, Candidate, End, Kept, Reach, Seen, Standing, TokenStore, Trouble,
    },
};

use super::{
    machine::{Process, Simulated},
    provider::{Provider, number, secret},
};

#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) generation: i64,
    started: DateTime<Utc>,
    holder: Life,
    pub(crate) outcome: &'static str,
    pub(crate) orphan: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) state: &'static str,
    pub(crate) reason: String,
    pub(crate) generation: i64,
    pub(crate) access: u64,
    pub(crate) refresh: u64,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) lease: i64,
    pub(crate) until: Option<DateTime<Utc>>,
    pub(crate) attempts: BTreeMap<i64, Attempt>,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) seen: i64,
    pub(crate) lease: i64,
    access: u64,
    refresh: u64,
    expires: DateTime<Utc>,
    spent: Vec<i64>,
    revives: bool,
}

/// Bugs that are planted to see the simulation find them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    /// A late answer is stored over a newer one.
    NoFence,
    /// The right to ask is given to everybody.
    NoLease,
    /// Late answers are dropped.
    NoOrphans,
    /// The spool forgets.
    NoSpool,
    /// What came into the spool since the first look is not seen.
    NoSecondLook,
    /// A question that was asked meanwhile is not seen.
    NoQuestions,
    /// The living lose their right to ask as the dead do.
    TakenForDead,
}

/// A process from its start to its crash, and the volume it is on.
pub(crate) type Life = (Process, Process, u64);

#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) machine: Simulated,
    pub(crate) row: Arc<Mutex<Row>>,
    /// One volume per machine, by lease.
    pub(crate) spool: Arc<Mutex<BTreeMap<i64, Answer>>>,
    pub(crate) life: Life,
    /// Whoever has crashed.
    pub(crate) dead: Arc<Mutex<BTreeSet<Life>>>,
    /// To note what is safe from now on.
    pub(crate) provider: Provider,
    pub(crate) lease: Duration,
    pub(crate) base: ApiBase,
    /// Percent of calls that fail, before or after they took effect.
    pub(crate) trouble: u64,
    pub(crate) planted: Planted,
}

impl Memory {
    pub(crate) fn row(&self) -> MutexGuard<'_, Row> {
        self.row.lock().unwrap()
    }

    /// A round trip: `work` happens in one moment of it, or not at all.
    async fn ask<T>(&self, work: impl FnOnce(&mut Row) -> T) -> Result<T, DbError> {
        let world = &self.machine.world;
        world.a_while(4).await;
        self.machine.pass().await;
        let away = || DbError::Unavailable(sqlx::Error::PoolTimedOut);
        if world.percent(self.trouble) {
            return Err(away());
        }
        let done = work(&mut self.row());
        world.a_while(4).await;
        self.machine.pass().await;
        // It took effect, and nobody heard of it.
        if world.percent(self.trouble) { Err(away()) } else { Ok(done) }
    }

    fn put_away(&self, row: &mut Row, answer: &Answer) -> Kept {
        let fenced = row.lease != answer.lease && self.planted != Planted::NoFence;
        let moved = row.generation != answer.seen && self.planted != Planted::NoFence;
        let kept = if !fenced && !moved {
            if answer.revives && row.state == "needs_reconnect" {
                row.state = "active";
                row.reason.clear();
                self.provider.truth().rescued += 1;
            }
            (row.access, row.refresh, row.expires) =
                (answer.access, answer.refresh, answer.expires);
            row.generation = answer.seen + 1;
            row.until = None;
            Kept::Stored
        } else if row.state == "disconnected" {
            Kept::Ended
        } else if row.refresh == answer.refresh && row.access == answer.access {
            return Kept::Stored;
        } else if row.state == "needs_reconnect" && row.generation == answer.seen {
            Kept::Late
        } else {
            Kept::Fenced
        };
        let (outcome, orphan) = match kept {
            Kept::Stored => ("stored", None),
            Kept::Fenced | Kept::Late if self.planted != Planted::NoOrphans => {
                ("fenced", Some(answer.refresh))
            }
            _ => ("fenced", None),
        };
        row.end(answer.lease, outcome, orphan);
        row.drop_orphans(&answer.spent);
        if kept != Kept::Ended && self.planted != Planted::NoOrphans {
            self.provider.truth().stored(answer.refresh, self.machine.world.now());
        }
        kept
    }
}

impl Row {
    fn unanswered(&self) -> Option<DateTime<Utc>> {
        self.first(&["sent", "unknown"])
    }

    /// When this generation's token was first sent to such an end.
    fn first(&self, outcomes: &[&str]) -> Option<DateTime<Utc>> {
        self.attempts
            .values()
            .filter(|attempt| attempt.generation == self.generation)
            .filter(|attempt| outcomes.contains(&attempt.outcome))
            .map(|attempt| attempt.started)
            .min()
    }

    /// Whether the lease was still theirs.
    fn end(&mut self, lease: i64, outcome: &'static str, orphan: Option<u64>) -> bool {
        if let Some(attempt) = self.attempts.get_mut(&lease) {
            attempt.outcome = outcome;
            attempt.orphan = orphan;
        }
        let ours = self.lease == lease;
        if ours {
            self.until = None;
        }
        ours
    }

    fn drop_orphans(&mut self, leases: &[i64]) {
        for lease in leases {
            if let Some(attempt) = self.attempts.get_mut(lease) {
                attempt.orphan = None;
            }
        }
    }

    /// Newest first.
    pub(crate) fn orphans(&self) -> Vec<(i64, i64, u64)> {
        self.attempts
            .iter()
            .rev()
            .filter_map(|(lease, attempt)| Some((*lease, attempt.generation, attempt.orphan?)))
            .collect()
    }

    /// A new consent.
    pub(crate) fn connect(&mut self, access: u64, refresh: u64, expires: DateTime<Utc>) {
        self.state = "active";
        self.reason.clear();
        self.generation += 1;
        self.lease += 1;
        self.until = None;
        (self.access, self.refresh, self.expires) = (access, refresh, expires);
        for attempt in self.attempts.values_mut() {
            attempt.orphan = None;
        }
    }

    fn candidates(&self, reach: Reach) -> Vec<Candidate> {
        let open = |(lease, _, token): &(i64, i64, u64)| Candidate {
            token: secret(*token),
            orphan: Some(*lease),
        };
        let (newer, older): (Vec<_>, Vec<_>) = self
            .orphans()
            .into_iter()
            .partition(|(_, generation, _)| *generation == self.generation);
        let mut found: Vec<Candidate> = newer.iter().map(open).collect();
        if found.is_empty() && reach != Reach::Dead {
            found.push(Candidate { token: secret(self.refresh), orphan: None });
            found.extend(older.iter().map(open));
        }
        found.truncate(3);
        found
    }
}

impl TokenStore for Memory {
    type Sealer = (Vec<i64>, Reach);
    type Answer = Answer;

    async fn look(&self) -> Result<Seen, Trouble> {
        let row = self.ask(|row| row.clone()).await?;
        match row.state {
            "active" => {}
            "paused" => return Err(CrmError::Suspended { reason: "paused" }.into()),
            _ => return Err(CrmError::Revoked.into()),
        }
        Ok(Seen {
            token: AccessToken {
                secret: secret(row.access),
                generation: row.generation,
                api_base: self.base.clone(),
            },
            expires_at: Some(row.expires),
            unanswered: row.unanswered().is_some(),
        })
    }

    async fn begin(&self, seen: i64, reach: Reach) -> Result<Option<Begun<Self::Sealer>>, Trouble> {
        let (lasts, planted, world) = (self.lease, self.planted, self.machine.world.clone());
        let holder = self.life;
        let provider = self.provider.clone();
        let begun = self
            .ask(move |row| {
                let now = world.wall();
                let free = row.until.is_none_or(|until| until < now) || planted == Planted::NoLease;
                let reachable = match reach {
                    Reach::Unasked | Reach::Active => row.state == "active",
                    Reach::Dead => {
                        let refused = |attempt: &Attempt| {
                            attempt.generation == seen && attempt.outcome == "refused"
                        };
                        row.state == "needs_reconnect" && row.attempts.values().any(refused)
                    }
                };
                let candidates = row.candidates(reach);
                if !free || !reachable || row.generation != seen || candidates.is_empty() {
                    return None;
                }
                let unanswered = row.unanswered();
                let missed = row.first(&["sent", "unknown", "fenced"]);
                let known = unanswered.is_some() && planted != Planted::NoQuestions;
                if known && reach == Reach::Unasked {
                    return None;
                }
                if unanswered.is_some() && reach != Reach::Dead && provider.works(row.access) {
                    let words = "asked again without need, with a question unanswered";
                    provider.truth().faults.push(words.to_owned());
                }
                row.lease += 1;
                row.until = Some(now + lasts);
                let attempt = Attempt {
                    generation: seen,
                    started: now,
                    holder,
                    outcome: "sent",
                    orphan: None,
                };
                row.attempts.insert(row.lease, attempt);
                Some((row.lease, candidates, missed))
            })
            .await?;
        Ok(begun.map(|(lease, candidates, missed)| {
            let orphans = candidates.iter().filter_map(|candidate| candidate.orphan).collect();
            let (api_base, sealer) = (self.base.clone(), (orphans, reach));
            Begun { seen, lease, candidates, api_base, missed, sealer }
        }))
    }

    fn seal(
        &self,
        begun: &Begun<Self::Sealer>,
        grant: &Grant,
        sent: &SecretString,
    ) -> Result<Answer, Trouble> {
        Ok(Answer {
            seen: begun.seen,
            lease: begun.lease,
            access: number(&grant.access_token),
            refresh: number(grant.refresh_token.as_ref().unwrap_or(sent)),
            expires: self.machine.world.wall() + grant.expires_in,
            spent: begun.sealer.0.clone(),
            revives: begun.sealer.1 == Reach::Dead,
        })
    }

    async fn spool(&self, answer: &Answer) {
        if self.planted != Planted::NoSpool {
            self.spool.lock().unwrap().insert(answer.lease, answer.clone());
        }
        let now = self.machine.world.now();
        self.provider.truth().spooled(answer.refresh, self.provider.volume, now);
        self.machine.world.a_while(1).await;
    }

    async fn unspool(&self, answer: &Answer) {
        self.spool.lock().unwrap().remove(&answer.lease);
        self.machine.world.a_while(1).await;
    }

    async fn recover(&self) -> Result<(), DbError> {
        let ours = |life: &&Life| life.0 == self.life.0;
        let mut dead: BTreeSet<Life> =
            self.dead.lock().unwrap().iter().filter(ours).copied().collect();
        if self.planted == Planted::TakenForDead {
            dead.extend(self.row().attempts.values().map(|attempt| attempt.holder));
        }
        let left: Vec<Answer> = self.spool.lock().unwrap().values().cloned().collect();
        for answer in left {
            self.store(&answer).await?;
            self.unspool(&answer).await;
        }
        if !dead.is_empty() {
            self.ask(|row| {
                let long_ago = self.machine.world.wall() - self.provider.answer_within;
                let last = row.attempts.get(&row.lease);
                if last.is_some_and(|one| dead.contains(&one.holder) && one.started < long_ago) {
                    row.until = None;
                }
            })
            .await?;
        }
        Ok(())
    }

    async fn is_answered(&self, begun: &Begun<Self::Sealer>) -> bool {
        let spool = self.spool.lock().unwrap();
        let waits = |one: &Answer| one.seen == begun.seen && !begun.sealer.0.contains(&one.lease);
        spool.values().any(waits) && self.planted != Planted::NoSecondLook
    }

    async fn store(&self, answer: &Answer) -> Result<Kept, DbError> {
        self.ask(|row| self.put_away(row, answer)).await
    }

    async fn refuse(&self, begun: &Begun<Self::Sealer>, end: &End) -> Result<Standing, DbError> {
        self.ask(|row| {
            let outcome = if *end == End::Unknown { "unknown" } else { "refused" };
            let ours = row.end(begun.lease, outcome, None);
            if row.generation != begun.seen {
                return Standing::Moved;
            }
            if !ours {
                return Standing::Overtaken;
            }
            if let End::Dead { orphans, reason } = end {
                row.drop_orphans(orphans);
                if !row.orphans().is_empty() {
                    return Standing::Overtaken;
                }
                if row.state == "active" {
                    row.state = "needs_reconnect";
                    row.reason.clone_from(reason);
                }
            }
            Standing::Ours
        })
        .await
    }
}
