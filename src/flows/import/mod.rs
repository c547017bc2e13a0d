//! Taking people in from a CRM.
//!
//! A run is a row with a cursor. A worker fetches a page while it writes the one before; each page
//! commits with its entries, counts and the cursor of the next, so a run that lost its worker goes
//! on from its last committed page, and a page is never written twice.

mod batch;
mod clock;
mod file;
mod halt;
mod objects;
mod origin;
mod ours;
mod pages;
mod persons;
pub mod verdict;
mod work;

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    db::{self, Scope, connections, jobs::NewJob, runs::NewRun},
    domain::{CompanyId, ConnectionId, MemberId, RunId},
    failpoint::reach,
    flows::{FlowError, Provider, SharedHub, account, idempotency::Witness},
};

pub use pages::MOST_ROWS;
pub use work::work;

/// The kind of job that works on a run.
pub const JOB: &str = "import_run";

/// Where a run begins.
pub(super) const FIRST: &str = "users";

/// The same, where users and fields are known already.
pub(super) const AFTER_WORDS: &str = "organizations";

/// What to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Everything, and find what is gone.
    Full,
    /// These persons.
    Selective(Vec<String>),
    /// What changed since the last run.
    Incremental,
}

impl Mode {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Selective(_) => "selective",
            Self::Incremental => "incremental",
        }
    }

    /// Two requests with the same key are one run.
    fn dedup(&self) -> String {
        match self {
            Self::Full | Self::Incremental => self.as_str().to_owned(),
            Self::Selective(ids) => {
                let mut ids = ids.clone();
                ids.sort();
                ids.dedup();
                format!("selective:{}", hex::encode(Sha256::digest(ids.join("\n").as_bytes())))
            }
        }
    }
}

/// A run that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    pub run_id: RunId,
    /// The same import was asked for before and has not ended.
    pub already_running: bool,
}

/// Queues an import; run row, job and audit row commit together.
pub async fn start(
    hub: &SharedHub,
    company_id: CompanyId,
    member_id: MemberId,
    provider: &Provider,
    mode: &Mode,
) -> Result<Started, FlowError> {
    start_seen(hub, company_id, member_id, provider, mode, &mut ()).await
}

/// The same, with somebody who is told before it commits.
pub async fn start_seen(
    hub: &SharedHub,
    company_id: CompanyId,
    member_id: MemberId,
    provider: &Provider,
    mode: &Mode,
    witness: &mut dyn Witness<Started>,
) -> Result<Started, FlowError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    let connection =
        connections::find(&mut tx, provider.slug()).await?.ok_or(FlowError::NotConnected)?;
    account::usable(&connection)?;
    let ids = match mode {
        Mode::Selective(ids) => {
            let mut ids = ids.clone();
            ids.sort();
            ids.dedup();
            Some(ids)
        }
        Mode::Full | Mode::Incremental => None,
    };
    let new = NewRun {
        connection_id: connection.connection_id,
        provider: provider.slug(),
        mode: mode.as_str(),
        ids: ids.as_deref(),
        updated_since: connection.watermark.filter(|_| *mode == Mode::Incremental),
        requested_by: Some(member_id),
        estimate: match &ids {
            Some(ids) => i64::try_from(ids.len()).ok(),
            None if *mode == Mode::Full => connection.persons_estimate,
            None => None,
        },
        phase: FIRST,
        by_hook: false,
        by_clock: false,
        dedup: &mode.dedup(),
    };
    let (run_id, is_new) = db::runs::start(&mut tx, &new).await?;
    if is_new {
        enqueue(&mut tx, provider.slug(), run_id).await?;
        db::audit::append(
            &mut tx,
            Some(member_id),
            "import.started",
            Some(run_id.uuid()),
            &json!({ "provider": provider.slug(), "mode": mode.as_str() }),
        )
        .await?;
    }
    let started = Started { run_id, already_running: !is_new };
    witness.see(&mut tx, &started).await?;
    reach("import.enqueued");
    tx.commit().await?;
    reach("import.started");
    Ok(started)
}

/// One lane per provider: the runs of a connection follow one another.
pub(super) async fn enqueue(
    tx: &mut db::TenantTx,
    provider: &str,
    run_id: RunId,
) -> Result<(), db::DbError> {
    enqueue_at(tx, provider, run_id, None).await
}

/// The same at a time; `None` is at once.
async fn enqueue_at(
    tx: &mut db::TenantTx,
    provider: &str,
    run_id: RunId,
    run_at: Option<DateTime<Utc>>,
) -> Result<(), db::DbError> {
    let new = NewJob {
        lane: &format!("import:{provider}"),
        cap: 1,
        kind: JOB,
        subject: Some(run_id.uuid()),
        run_at,
        dedup: Some(&run_id.to_string()),
        // A run that loses its worker that often is given up by hand, not by the queue.
        max_attempts: 1_000,
    };
    db::jobs::enqueue(tx, new).await
}

/// Asks a run to stop; what it imported stays. `scope` decides whether the member sees the run.
pub async fn cancel(
    hub: &SharedHub,
    company_id: CompanyId,
    member_id: MemberId,
    scope: Scope,
    run_id: RunId,
) -> Result<(), FlowError> {
    let mut tx = hub.db.tenant(company_id, scope).await?;
    let run = db::runs::get(&mut tx, run_id).await?.ok_or(FlowError::NotFound)?;
    if !run.is_over() {
        db::runs::cancel(&mut tx, run_id).await?;
        db::audit::append(
            &mut tx,
            Some(member_id),
            "import.cancelled",
            Some(run_id.uuid()),
            &json!({}),
        )
        .await?;
        tx.commit().await?;
        tell(hub, run_id).await;
    }
    Ok(())
}

/// Lets a failed or cancelled run go on from its last committed page.
pub async fn resume(
    hub: &SharedHub,
    company_id: CompanyId,
    member_id: MemberId,
    scope: Scope,
    run_id: RunId,
) -> Result<(), FlowError> {
    let mut tx = hub.db.tenant(company_id, scope).await?;
    let run = db::runs::get(&mut tx, run_id).await?.ok_or(FlowError::NotFound)?;
    match run.connection_id {
        Some(id) => {
            let connection = connections::get(&mut tx, id).await?;
            account::usable(&connection.ok_or(FlowError::NotConnected)?)?;
        }
        None => file::may_go_on(&mut tx, &run).await?,
    }
    match db::runs::resume(&mut tx, run_id).await {
        Ok(true) => {}
        Ok(false) => {
            return Err(FlowError::Refused("Only a run that failed or was cancelled can go on."));
        }
        Err(db::DbError::Conflict { .. }) => {
            return Err(FlowError::Refused("The same import is already under way."));
        }
        Err(error) => return Err(error.into()),
    }
    enqueue(&mut tx, &run.provider, run_id).await?;
    db::audit::append(&mut tx, Some(member_id), "import.resumed", Some(run_id.uuid()), &json!({}))
        .await?;
    tx.commit().await?;
    tell(hub, run_id).await;
    Ok(())
}

/// A new consent is all that a run was waiting for: it goes on by itself.
pub(super) async fn go_on_after_consent(
    tx: &mut db::TenantTx,
    connection_id: ConnectionId,
    provider: &str,
) -> Result<(), db::DbError> {
    if let Some(run_id) = db::runs::take_back(tx, connection_id, verdict::RECONNECT).await? {
        enqueue(tx, provider, run_id).await?;
        db::audit::append(tx, None, "import.resumed", Some(run_id.uuid()), &json!({})).await?;
    }
    Ok(())
}

/// Where live pages listen for news of a run.
pub fn channel(run_id: RunId) -> String {
    format!("run:{run_id}")
}

/// Tells live pages that the run moved; they read the truth from the database.
async fn tell(hub: &SharedHub, run_id: RunId) {
    hub.cache.publish(&channel(run_id), "moved").await;
}
