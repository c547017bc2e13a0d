//! Rows of `lane` and `job`: written by companies, claimed by workers.
//!
//! A lane holds at most `cap` running jobs, and lanes are served least recently first: one
//! company's backlog never delays another's.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, postgres::PgListener};
use uuid::Uuid;

use crate::{
    db::{Db, DbError, RunnerTx, TenantTx},
    domain::{CompanyId, JobId},
};

/// A job to enqueue.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    pub lane: &'a str,
    /// How many jobs of the lane may run at once; what the lane was made with counts.
    pub cap: i32,
    pub kind: &'a str,
    pub subject: Option<Uuid>,
    pub run_at: Option<DateTime<Utc>>,
    /// At most one waiting job of this kind and key.
    pub dedup: Option<&'a str>,
    pub max_attempts: i32,
}

/// A job that this worker holds until its lease ends.
#[derive(Debug, Clone, FromRow)]
pub struct Claimed {
    pub company_id: CompanyId,
    pub job_id: JobId,
    pub kind: String,
    pub subject: Option<Uuid>,
    pub attempts: i32,
    pub max_attempts: i32,
    pub lease_gen: i64,
}

/// Enqueues as part of `tx`: the job exists if, and only if, the change it follows does. One of the same
/// kind and key that waits already runs at the earlier of both times.
pub async fn enqueue(tx: &mut TenantTx, job: NewJob<'_>) -> Result<(), DbError> {
    let company_id = tx.company_id();
    sqlx::query(
        "insert into lane (company_id, lane_key, cap) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(company_id)
    .bind(job.lane)
    .bind(job.cap)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into job (company_id, job_id, lane_key, kind, subject, run_at, dedup, max_attempts)
         values ($1, $2, $3, $4, $5, coalesce($6, now()), $7, $8)
         on conflict (company_id, kind, dedup) where dedup is not null and state = 'ready'
         do update set run_at = least(job.run_at, excluded.run_at)",
    )
    .bind(company_id)
    .bind(JobId::fresh())
    .bind(job.lane)
    .bind(job.kind)
    .bind(job.subject)
    .bind(job.run_at)
    .bind(job.dedup)
    .bind(job.max_attempts)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Enqueues many jobs of one lane and kind, each with its subject and key, to run at once.
pub async fn enqueue_many(
    tx: &mut TenantTx,
    of: NewJob<'_>,
    jobs: &[(Uuid, String)],
) -> Result<(), DbError> {
    let company_id = tx.company_id();
    let ids: Vec<JobId> = jobs.iter().map(|_| JobId::fresh()).collect();
    let (subjects, keys): (Vec<Uuid>, Vec<&str>) =
        jobs.iter().map(|(subject, key)| (*subject, key.as_str())).unzip();
    sqlx::query(
        "with lane as (
             insert into lane (company_id, lane_key, cap) values ($1, $2, $3) on conflict do nothing
         )
         insert into job (company_id, job_id, lane_key, kind, subject, run_at, dedup, max_attempts)
         select $1, job_id, $2, $4, subject, now(), key, $5
         from unnest($6::uuid[], $7::uuid[], $8::text[]) as new (job_id, subject, key)
         on conflict (company_id, kind, dedup) where dedup is not null and state = 'ready'
         do update set run_at = least(job.run_at, excluded.run_at)",
    )
    .bind(company_id)
    .bind(of.lane)
    .bind(of.cap)
    .bind(of.kind)
    .bind(of.max_attempts)
    .bind(ids)
    .bind(subjects)
    .bind(keys)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Which lanes are looked at, by how their keys begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lanes<'a> {
    All,
    Beginning(&'a str),
    NotBeginning(&'a str),
}

/// Leases up to `most` jobs, from the lanes that waited longest.
pub async fn claim(
    tx: &mut RunnerTx,
    lanes: Lanes<'_>,
    most: i64,
    lease: Duration,
) -> Result<Vec<Claimed>, DbError> {
    let (prefix, begins) = match lanes {
        Lanes::All => (None, true),
        Lanes::Beginning(prefix) => (Some(prefix), true),
        Lanes::NotBeginning(prefix) => (Some(prefix), false),
    };
    let claimed = sqlx::query_as(
        // `waiting` walks from lane to lane through the index instead of reading a backlog.
        "with recursive waiting (company_id, lane_key) as (
             (select company_id, lane_key from job where state = 'ready'
              order by company_id, lane_key limit 1)
             union all
             select next.company_id, next.lane_key
             from waiting cross join lateral (
                 select company_id, lane_key from job
                 where state = 'ready'
                   and (company_id, lane_key) > (waiting.company_id, waiting.lane_key)
                 order by company_id, lane_key limit 1
             ) next
         ),
         open as materialized (
             select lane.company_id, lane.lane_key, lane.cap - lane.inflight as room
             from waiting join lane using (company_id, lane_key)
             where lane.inflight < lane.cap
               and ($3::text is null or starts_with(lane.lane_key, $3) = $4)
               and (lane.resumes_at is null or lane.resumes_at <= now())
               and exists (
                   select from job
                   where job.company_id = lane.company_id and job.lane_key = lane.lane_key
                     and state = 'ready' and run_at <= now()
               )
             order by lane.served_at
             limit $1
             for update of lane skip locked
         ),
         picked as materialized (
             select job.company_id, job.job_id
             from open cross join lateral (
                 select company_id, job_id from job
                 where company_id = open.company_id and lane_key = open.lane_key
                   and state = 'ready' and run_at <= now()
                 order by run_at, job_id
                 limit open.room
                 for update skip locked
             ) job
             limit $1
         ),
         leased as (
             update job
             set state = 'leased', attempts = attempts + 1, lease_gen = lease_gen + 1,
                 dedup = null, lease_until = now() + make_interval(secs => $2)
             from picked
             where job.company_id = picked.company_id and job.job_id = picked.job_id
             returning job.*
         ),
         counted as (
             update lane
             set inflight = inflight + taken.n, served_at = clock_timestamp()
             from (select company_id, lane_key, count(*)::int as n from leased group by 1, 2) taken
             where lane.company_id = taken.company_id and lane.lane_key = taken.lane_key
         )
         select company_id, job_id, kind, subject, attempts, max_attempts, lease_gen from leased",
    )
    .bind(most)
    .bind(lease.as_secs_f64())
    .bind(prefix)
    .bind(begins)
    .fetch_all(tx.conn())
    .await?;
    Ok(claimed)
}

/// Keeps the lease; `false` when another worker has it by now.
pub async fn heartbeat(tx: &mut RunnerTx, job: &Claimed, lease: Duration) -> Result<bool, DbError> {
    let done = sqlx::query(
        "update job set lease_until = now() + make_interval(secs => $4)
         where company_id = $1 and job_id = $2 and lease_gen = $3 and state = 'leased'",
    )
    .bind(job.company_id)
    .bind(job.job_id)
    .bind(job.lease_gen)
    .bind(lease.as_secs_f64())
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What becomes of a job that ran.
#[derive(Debug, Clone)]
pub enum Fate<'a> {
    Done,
    /// Once more at this time; `None` is at once.
    Again {
        at: Option<DateTime<Utc>>,
        reason: &'a str,
        counts: bool,
    },
    /// Kept for a person to look at.
    Dead {
        reason: &'a str,
    },
}

/// Gives a job up; does nothing when another worker has it by now.
pub async fn settle(tx: &mut RunnerTx, job: &Claimed, fate: Fate<'_>) -> Result<(), DbError> {
    let (state, at, reason, counts) = match fate {
        Fate::Done => ("done", None, None, true),
        Fate::Again { at, reason, counts } => ("ready", at, Some(reason), counts),
        Fate::Dead { reason } => ("dead", None, Some(reason), true),
    };
    sqlx::query(
        "with gone as (
             delete from job
             where company_id = $1 and job_id = $2 and lease_gen = $3 and state = 'leased'
               and $4 = 'done'
             returning company_id, lane_key
         ),
         kept as (
             update job
             set state = $4, run_at = coalesce($5, now()), last_error = left($6, 500),
                 lease_until = null, attempts = attempts - case when $7 then 0 else 1 end
             where company_id = $1 and job_id = $2 and lease_gen = $3 and state = 'leased'
               and $4 <> 'done'
             returning company_id, lane_key
         ),
         settled as (select * from gone union all select * from kept)
         update lane set inflight = inflight - 1
         from settled
         where lane.company_id = settled.company_id and lane.lane_key = settled.lane_key",
    )
    .bind(job.company_id)
    .bind(job.job_id)
    .bind(job.lease_gen)
    .bind(state)
    .bind(at)
    .bind(reason)
    .bind(counts)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back the jobs of workers that died; returns how many.
pub async fn reap(tx: &mut RunnerTx) -> Result<u64, DbError> {
    let reaped: i64 = sqlx::query_scalar(
        "with lost as (
             select company_id, job_id from job
             where state = 'leased' and lease_until < now()
             order by company_id, job_id
             for update skip locked
         ),
         freed as (
             update job
             set state = case when attempts >= max_attempts then 'dead' else 'ready' end,
                 lease_until = null, last_error = 'the worker stopped before it was done'
             from lost
             where job.company_id = lost.company_id and job.job_id = lost.job_id
             returning job.company_id, job.lane_key
         ),
         per_lane as (select company_id, lane_key, count(*)::int as n from freed group by 1, 2),
         counted as (
             update lane set inflight = inflight - per_lane.n
             from per_lane
             where lane.company_id = per_lane.company_id and lane.lane_key = per_lane.lane_key
         )
         select count(*) from freed",
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(reaped.unsigned_abs())
}

/// Jobs that are not done yet: waiting, running, and dead.
pub async fn backlog(tx: &mut RunnerTx) -> Result<(i64, i64, i64), DbError> {
    let counts = sqlx::query_as(
        "select count(*) filter (where state = 'ready'), count(*) filter (where state = 'leased'),
                count(*) filter (where state = 'dead')
         from job",
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(counts)
}

/// Every company, for what runs for each of them.
pub async fn companies(tx: &mut RunnerTx) -> Result<Vec<CompanyId>, DbError> {
    Ok(sqlx::query_scalar("select company_id from company order by company_id")
        .fetch_all(tx.conn())
        .await?)
}

/// Hears that jobs were enqueued. Losing the connection loses no job: workers look anyway.
pub struct JobBell {
    listener: PgListener,
}

impl Db {
    pub async fn job_bell(&self) -> Result<JobBell, DbError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen("tandem_jobs").await?;
        Ok(JobBell { listener })
    }
}

impl JobBell {
    pub async fn ring(&mut self) -> Result<(), DbError> {
        self.listener.recv().await?;
        Ok(())
    }
}
