//! What runs by the clock. Every worker does it; doing it twice is harmless.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::{
    db::{self, DbError, Scope},
    flows::{SharedHub, account, audit, door_mail},
};

/// Dead workers' jobs and mail that nobody belongs to are looked for that often.
const SECOND: Duration = Duration::from_secs(1);
/// Refresh tokens die when nobody uses them (60 days at the shortest provider): use them weekly.
const DORMANT: TimeDelta = TimeDelta::days(7);
const HOUR: u32 = 3_600;
const MINUTE: u32 = 60;
/// The audit log is chained that often: until then a row is only append-only by grant.
const SEALING: u32 = 5 * MINUTE;

pub(super) async fn run(hub: SharedHub, stopping: CancellationToken) {
    let mut seconds: u32 = 0;
    while !stopping.is_cancelled() {
        tick(&hub, seconds).await;
        seconds = seconds.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(SECOND) => {}
            () = stopping.cancelled() => {}
        }
    }
}

/// One turn; `seconds` since the start decides what is due.
pub async fn tick(hub: &SharedHub, seconds: u32) {
    let report = |what: &str, error: &dyn std::fmt::Display| {
        tracing::warn!(what, %error, "something that runs by the clock failed");
    };
    if let Err(error) = reap(hub).await {
        report("jobs of dead workers", &error);
    }
    if let Err(error) = door_mail::send_due(hub).await {
        report("mail", &error);
    }
    if seconds.is_multiple_of(MINUTE)
        && let Err(error) = sweep(hub).await
    {
        report("ended sessions", &error);
    }
    if seconds.is_multiple_of(SEALING)
        && let Err(error) = for_each_company(hub, Chore::SealAudit).await
    {
        report("the audit log", &error);
    }
    if seconds.is_multiple_of(HOUR)
        && let Err(error) = for_each_company(hub, Chore::WakeConnections).await
    {
        report("dormant connections", &error);
    }
}

async fn reap(hub: &SharedHub) -> Result<(), DbError> {
    let mut tx = hub.db.runner().await?;
    let reaped = db::jobs::reap(&mut tx).await?;
    let (waiting, running, dead) = db::jobs::backlog(&mut tx).await?;
    tx.commit().await?;
    if reaped > 0 {
        tracing::info!(reaped, "took back the jobs of workers that stopped");
    }
    for (state, jobs) in [("waiting", waiting), ("running", running), ("dead", dead)] {
        #[expect(clippy::cast_precision_loss, reason = "a gauge, not an account")]
        metrics::gauge!("tandem_jobs", "state" => state).set(jobs as f64);
    }
    Ok(())
}

async fn sweep(hub: &SharedHub) -> Result<(), DbError> {
    let mut tx = hub.db.door().await?;
    db::sessions::sweep(&mut tx, hub.clock.now()).await?;
    db::door_mail::sweep(&mut tx, hub.clock.now()).await?;
    tx.commit().await
}

#[derive(Clone, Copy)]
enum Chore {
    SealAudit,
    WakeConnections,
}

async fn for_each_company(hub: &SharedHub, chore: Chore) -> Result<(), DbError> {
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    for company_id in companies {
        match chore {
            Chore::SealAudit => {
                audit::seal(hub, company_id).await?;
            }
            Chore::WakeConnections => {
                let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
                let before = hub.clock.now() - DORMANT;
                let dormant = db::tokens::dormant(&mut tx, before).await?;
                drop(tx);
                for connection_id in dormant {
                    account::keep_alive(hub, company_id, connection_id).await;
                }
            }
        }
    }
    Ok(())
}
