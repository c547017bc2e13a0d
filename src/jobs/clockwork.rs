//! What runs by the clock. Every worker does it; doing it twice is harmless.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::{
    db::{self, DbError, Scope},
    domain::CompanyId,
    failpoint::reach,
    flows::{
        SharedHub, account, audit, billing, csv, door_mail, hooks, idempotency, install, poll,
        reminders, reports,
    },
};

/// Dead workers' jobs and mail that nobody belongs to are looked for that often.
const SECOND: Duration = Duration::from_secs(1);
/// Refresh tokens die when nobody uses them (60 days at the shortest provider): use them weekly.
const DORMANT: TimeDelta = TimeDelta::days(7);
const MINUTE: Duration = Duration::from_mins(1);
/// Minutes between two sealings of the audit log: until then a row is only append-only by grant.
const SEALING: u32 = 5;
/// Minutes between two looks for connections that nobody uses.
const WAKING: u32 = 60;
/// Minutes between two looks for next steps that are due.
const REMINDING: u32 = 5;
/// Minutes between two looks for answers that nobody asks for again, and for files.
const FORGETTING: u32 = 60;
/// Minutes between two looks at what CRMs tell: the shortest channel lives for an hour.
const HEARING: u32 = 5;
/// Minutes between two looks at what companies pay: webhooks get lost, and graces end.
const BILLING: u32 = 60;

pub(super) async fn run(hub: SharedHub, stopping: CancellationToken) {
    // Two loops: a provider that is slow to renew a token delays no mail.
    let quick = every(SECOND, &stopping, |_| tick(&hub));
    let slow = every(MINUTE, &stopping, |minutes| chores(&hub, minutes));
    tokio::join!(quick, slow);
}

/// Calls `work` with 0, 1, 2 ... until it is time to stop.
async fn every<F: Future<Output = ()>>(
    pause: Duration,
    stopping: &CancellationToken,
    work: impl Fn(u32) -> F,
) {
    let mut turn: u32 = 0;
    while !stopping.is_cancelled() {
        work(turn).await;
        turn = turn.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => {}
        }
    }
}

fn report(what: &str, error: &dyn std::fmt::Display) {
    tracing::warn!(what, %error, "something that runs by the clock failed");
}

/// What must not wait: jobs of dead workers, and mail.
pub async fn tick(hub: &SharedHub) {
    if let Err(error) = reap(hub).await {
        report("jobs of dead workers", &error);
    }
    if let Err(error) = door_mail::send_due(hub).await {
        report("mail", &error);
    }
}

async fn chores(hub: &SharedHub, minutes: u32) {
    if let Err(error) = sweep(hub).await {
        report("ended sessions", &error);
    }
    if let Err(error) = unclaimed(hub).await {
        report("installs that nobody confirmed", &error);
    }
    if let Err(error) = poll::take_turns(hub).await {
        report("what has changed at CRMs", &error);
    }
    if minutes.is_multiple_of(SEALING)
        && let Err(error) = for_each_company(hub, Chore::SealAudit).await
    {
        report("the audit log", &error);
    }
    if minutes.is_multiple_of(WAKING)
        && let Err(error) = for_each_company(hub, Chore::WakeConnections).await
    {
        report("dormant connections", &error);
    }
    if minutes.is_multiple_of(REMINDING)
        && let Err(error) = for_each_company(hub, Chore::Remind).await
    {
        report("reminders", &error);
    }
    if minutes.is_multiple_of(HEARING)
        && let Err(error) = for_each_company(hub, Chore::LookAfterHooks).await
    {
        report("what CRMs tell", &error);
    }
    if minutes.is_multiple_of(FORGETTING) {
        if let Err(error) = for_each_company(hub, Chore::ForgetAnswers).await {
            report("answers that were kept for a day", &error);
        }
        if let Err(error) = for_each_company(hub, Chore::FoldWarmness).await {
            report("how warm the book was", &error);
        }
        if let Err(error) = for_each_company(hub, Chore::LookAfterTurns).await {
            report("turns of connections", &error);
        }
    }
    if minutes.is_multiple_of(BILLING)
        && let Err(error) = for_each_company(hub, Chore::LookAfterBilling).await
    {
        report("what companies pay", &error);
    }
    if minutes.is_multiple_of(FORGETTING)
        && let Err(error) = for_each_company(hub, Chore::ForgetFiles).await
    {
        report("files that were kept long enough", &error);
    }
}

async fn reap(hub: &SharedHub) -> Result<(), DbError> {
    let mut tx = hub.db.runner().await?;
    let reaped = db::jobs::reap(&mut tx).await?;
    if reaped > 0 {
        reach("jobs.reaped");
    }
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

/// Installs that began at a CRM and were never confirmed here.
pub async fn unclaimed(hub: &SharedHub) -> Result<(), DbError> {
    install::give_back_expired(hub).await?;
    install::sweep(hub).await
}

#[derive(Clone, Copy)]
enum Chore {
    SealAudit,
    WakeConnections,
    Remind,
    ForgetAnswers,
    FoldWarmness,
    LookAfterBilling,
    ForgetFiles,
    LookAfterHooks,
    LookAfterTurns,
}

async fn for_each_company(hub: &SharedHub, chore: Chore) -> Result<(), DbError> {
    let mut tx = hub.db.runner().await?;
    let companies = db::jobs::companies(&mut tx).await?;
    drop(tx);
    for company_id in companies {
        let done = match chore {
            Chore::SealAudit => audit::seal(hub, company_id).await.map(drop),
            Chore::WakeConnections => wake(hub, company_id).await,
            Chore::Remind => reminders::plan(hub, company_id).await.map(drop),
            Chore::FoldWarmness => reports::fold(hub, company_id).await.map(drop),
            Chore::ForgetAnswers => idempotency::sweep(hub, company_id).await.map(drop),
            Chore::LookAfterBilling => billing::read::look_after(hub, company_id).await,
            Chore::LookAfterHooks => hooks::look_after(hub, company_id).await,
            Chore::LookAfterTurns => poll::look_after(hub, company_id).await,
            Chore::ForgetFiles => csv::sweep(hub, company_id).await.map(drop),
        };
        // One company's trouble is not the next one's.
        if let Err(error) = done {
            report("a company's share", &error);
        }
    }
    Ok(())
}

async fn wake(hub: &SharedHub, company_id: CompanyId) -> Result<(), DbError> {
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let dormant = db::tokens::dormant(&mut tx, hub.clock.now() - DORMANT).await?;
    drop(tx);
    for connection_id in dormant {
        Box::pin(account::keep_alive(hub, company_id, connection_id)).await;
    }
    Ok(())
}
