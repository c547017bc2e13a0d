//! What runs later: workers that claim jobs, and the few things that run by the clock.
//!
//! A worker holds a job by a lease that it keeps alive; whoever dies loses it, and the job goes to
//! the next. Every kind of job is one line of [`Kind`] and one arm of its exhaustive match.

mod clockwork;
mod kind;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    db::{
        DbError,
        jobs::{self, Claimed, Fate, Lanes},
    },
    failpoint::reach,
    flows::{FlowError, Next, SharedHub, deliver},
};

pub use clockwork::{tick, unclaimed};
pub use kind::Kind;

/// A lease is renewed that often in its time, so that one late heartbeat loses no job.
const HEARTBEATS: u32 = 4;
const WAIT_FOR_DATABASE: TimeDelta = TimeDelta::seconds(5);
/// How often workers look although nobody rang.
const LOOK: Duration = Duration::from_millis(500);

/// Deliveries that one process has on their way at once: they wait for CRMs, and hardly use a core.
const DELIVERIES: usize = 64;
/// And of those to CRMs that take many in one request, where most of them wait for the others.
const MANY_DELIVERIES: usize = 800;

/// Works until `stopping`, then lets what runs come to its next safe place. Deliveries have places of
/// their own: an import takes none of theirs, and they none of an import's.
#[expect(clippy::disallowed_methods, reason = "this is the room that runs tasks")]
pub async fn run(hub: SharedHub, most: usize, stopping: CancellationToken) {
    let clockwork = tokio::spawn(clockwork::run(Arc::clone(&hub), stopping.clone()));
    let bell = Arc::new(tokio::sync::Notify::new());
    let ringing = tokio::spawn(ring(Arc::clone(&hub), Arc::clone(&bell), stopping.clone()));
    let serve = |lanes, most| Box::pin(serve(&hub, lanes, most, &bell, &stopping));
    tokio::join!(
        serve(Lanes::NotBeginning(deliver::LANES), most),
        serve(Lanes::Beginning(deliver::SINGLE), DELIVERIES),
        serve(Lanes::Beginning(deliver::MANY), MANY_DELIVERIES),
    );
    clockwork.await.ok();
    ringing.abort();
}

/// Claims and runs the jobs of these lanes.
async fn serve(
    hub: &SharedHub,
    lanes: Lanes<'static>,
    most: usize,
    bell: &tokio::sync::Notify,
    stopping: &CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(most));
    let mut running = JoinSet::new();
    while !stopping.is_cancelled() {
        let free = slots.available_permits();
        // Listening begins before looking: what is enqueued meanwhile rings.
        let rung = bell.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        let claimed = if free == 0 { Ok(Vec::new()) } else { claim(hub, lanes, free).await };
        match claimed {
            Ok(jobs) if jobs.is_empty() => {
                tokio::select! {
                    () = rung => {}
                    () = tokio::time::sleep(LOOK) => {}
                    () = stopping.cancelled() => {}
                    Some(_) = running.join_next() => {}
                }
            }
            Ok(jobs) => {
                for job in jobs {
                    let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
                    let (hub, stopping) = (Arc::clone(hub), stopping.clone());
                    running.spawn(async move {
                        Box::pin(one(&hub, &job, &stopping)).await;
                        drop(slot);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "jobs could not be claimed");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    while running.join_next().await.is_some() {}
}

/// Wakes the workers when a job is enqueued anywhere; without it they look by themselves.
async fn ring(hub: SharedHub, bell: Arc<tokio::sync::Notify>, stopping: CancellationToken) {
    while !stopping.is_cancelled() {
        if let Ok(mut ringing) = hub.db.job_bell().await {
            while ringing.ring().await.is_ok() {
                bell.notify_waiters();
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn claim(hub: &SharedHub, lanes: Lanes<'_>, most: usize) -> Result<Vec<Claimed>, DbError> {
    let mut tx = hub.db.runner().await?;
    let most = i64::try_from(most).unwrap_or(1);
    let claimed = jobs::claim(&mut tx, lanes, most, hub.config.lease).await?;
    if claimed.is_empty() {
        return Ok(claimed);
    }
    reach("jobs.claimed");
    tx.commit().await?;
    reach("jobs.claim_committed");
    Ok(claimed)
}

/// Runs one job and settles it, keeping the lease meanwhile.
async fn one(hub: &SharedHub, job: &Claimed, stopping: &CancellationToken) {
    let stop = stopping.child_token();
    let outcome = {
        let work = kind::run(hub, job, &stop);
        tokio::pin!(work);
        let beat = heartbeat(hub, job);
        tokio::pin!(beat);
        tokio::select! {
            outcome = &mut work => outcome,
            // Somebody else has the job: what this one would still commit is fenced anyway.
            () = &mut beat => { stop.cancel(); return; }
        }
    };
    if let Err(error) = settle(hub, job, outcome).await {
        // The lease ends by itself, and the job comes back.
        tracing::warn!(job_id = %job.job_id, kind = job.kind, %error, "a job could not be settled");
    }
}

/// Returns only when the lease is lost.
async fn heartbeat(hub: &SharedHub, job: &Claimed) {
    let lease = hub.config.lease;
    loop {
        tokio::time::sleep(lease / HEARTBEATS).await;
        let kept = async {
            let mut tx = hub.db.runner().await?;
            let kept = jobs::heartbeat(&mut tx, job, lease).await?;
            reach("jobs.beaten");
            tx.commit().await?;
            Ok::<bool, DbError>(kept)
        };
        if matches!(kept.await, Ok(false)) {
            tracing::warn!(job_id = %job.job_id, kind = job.kind, "a worker lost its lease");
            return;
        }
    }
}

async fn settle(
    hub: &SharedHub,
    job: &Claimed,
    outcome: Result<Next, FlowError>,
) -> Result<(), DbError> {
    let words = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
    if let Err(error) = &outcome {
        tracing::warn!(job_id = %job.job_id, kind = job.kind, attempts = job.attempts, %error, "a job failed or waits for the database");
    }
    let fate = fate(&outcome, &words, (job.attempts, job.max_attempts), hub.clock.now());
    reach("jobs.settling");
    let mut tx = hub.db.runner().await?;
    jobs::settle(&mut tx, job, fate).await?;
    reach("jobs.settled");
    tx.commit().await?;
    reach("jobs.settle_committed");
    Ok(())
}

/// What becomes of a job that ran; `words` are its error's.
pub fn fate<'a>(
    outcome: &'a Result<Next, FlowError>,
    words: &'a str,
    (attempts, max_attempts): (i32, i32),
    now: DateTime<Utc>,
) -> Fate<'a> {
    match outcome {
        Ok(Next::Done) => Fate::Done,
        // Waiting is no failure: it does not use up attempts.
        Ok(Next::Later { at, reason }) => Fate::Again { at: *at, reason, counts: false },
        // The database was away: the job's own fault is none of it.
        Err(FlowError::Db(error)) if error.is_passing() => {
            let at = Some(now + WAIT_FOR_DATABASE);
            Fate::Again { at, reason: "the database was away", counts: false }
        }
        Err(_) if attempts >= max_attempts => Fate::Dead { reason: words },
        Err(_) => Fate::Again { at: Some(now + backoff(attempts)), reason: words, counts: true },
    }
}

/// 2 s, 4 s, 8 s ... at most 10 min.
fn backoff(attempts: i32) -> TimeDelta {
    TimeDelta::seconds((1_i64 << attempts.clamp(1, 10)).min(600))
}

/// Runs what is due now, on the caller's own task, until nothing is: for tests.
pub async fn drain(hub: &SharedHub) -> Result<usize, DbError> {
    let mut done = 0;
    let stopping = CancellationToken::new();
    loop {
        let jobs = claim(hub, Lanes::All, 8).await?;
        if jobs.is_empty() {
            return Ok(done);
        }
        for job in jobs {
            Box::pin(one(hub, &job, &stopping)).await;
            done += 1;
        }
    }
}
