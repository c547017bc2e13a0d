//! What stops a worker, and what becomes of its run: the state, the words, and when it goes on.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::{CrmError, Throttle},
    db::{self, DbError, Scope, runs::Advance},
    failpoint::reach,
    flows::{
        FlowError, Next, account,
        import::work::{AGAIN, CANCELLED, Desk, OVERLAP, RECONNECT},
        reconnect,
    },
};

/// The longest wait for a provider that is in trouble, in seconds: a run is back within a minute
/// of its provider.
const LONGEST_WAIT: i64 = 45;
/// After this many attempts in a row without a committed page, which is about a day, a run fails;
/// it can be resumed.
const PATIENCE: i32 = 2_000;

const MOVED: &str = "the run moved on";

/// Why a worker put a run down.
#[derive(Debug)]
pub(super) enum Halt {
    /// The run ended.
    Done,
    Cancelled,
    Stopping,
    /// The plan has no room for more contacts.
    Full,
    /// The plan lost the provider, or the connection was paused or ended meanwhile.
    Closed(&'static str),
    Crm(CrmError),
    Db(DbError),
}

impl From<CrmError> for Halt {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

impl From<DbError> for Halt {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl Desk {
    /// Turns what stopped the worker into the run's state, in words, and into when to go on.
    pub(super) async fn put_down(&mut self, halt: Halt, moved: bool) -> Result<Next, FlowError> {
        reach("import.put_down");
        let view = self.account.budget.view().await;
        account::keep_budget(&self.hub, self.company_id, self.run.connection_id, &view).await.ok();
        let spent = account::spent(self.counted, self.account.meter.read());
        match halt {
            Halt::Done => Ok(Next::Done),
            // Another worker has the run by now, and its job. If the job is still ours, somebody who
            // had lost it put the run down: look again.
            Halt::Db(DbError::Fenced) => Ok(Next::later(Some(self.soon(5)), MOVED)),
            Halt::Db(error) if error.is_passing() => {
                self.count(spent).await.ok();
                Ok(Next::later(Some(self.soon(5)), "the database was busy"))
            }
            // Two workers wrote the same page, and the other one was first.
            Halt::Db(DbError::Conflict { .. }) if !self.is_here().await? => {
                Ok(Next::later(Some(self.soon(5)), MOVED))
            }
            Halt::Db(error) => {
                tracing::error!(run_id = %self.run.run_id, %error, "a page could not be written");
                let error = error.to_string();
                self.end(
                    "failed",
                    &format!("A page could not be written ({error}). It can be resumed."),
                    spent,
                )
                .await
            }
            Halt::Stopping => {
                self.count(spent).await?;
                Ok(Next::later(None, "the worker is stopping"))
            }
            Halt::Cancelled => self.end("cancelled", CANCELLED, spent).await,
            Halt::Closed(reason) => self.end("failed", reason, spent).await,
            Halt::Full => {
                let reason = "Stopped at the plan's contact limit: what fitted was imported. Upgrade and import again to take in the rest.";
                self.end("completed", reason, spent).await
            }
            Halt::Crm(error) => self.crm(error, moved, spent).await,
        }
    }

    async fn crm(
        &mut self,
        error: CrmError,
        moved: bool,
        spent: (i64, i64),
    ) -> Result<Next, FlowError> {
        tracing::warn!(run_id = %self.run.run_id, %error, "a run was interrupted by the provider");
        let called = &self.account.connection;
        reconnect::judge(&self.hub, self.company_id, called, &error).await?;
        match &error {
            CrmError::Throttled { scope, wait } => {
                let at = self.hub.clock.now() + TimeDelta::from_std(*wait).unwrap_or(OVERLAP);
                let reason = match scope {
                    Throttle::Burst => "Waiting: the CRM asks us to slow down.",
                    Throttle::Daily => {
                        "Waiting: the CRM's daily budget is used up, or down to the share kept for people."
                    }
                    Throttle::Blocked => "Waiting: the CRM has shut us out for a while.",
                };
                self.wait(at, reason, spent).await
            }
            CrmError::CursorRefused => {
                // Pages are safe to see twice: what was seen before is neither counted nor written.
                let twice = self.mark() == AGAIN;
                let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
                let phase = self.run.phase.clone();
                let (requests, tokens) = spent;
                let again = Advance {
                    phase: &phase,
                    cursor: Some(AGAIN),
                    requests,
                    tokens,
                    ..Advance::default()
                };
                db::runs::advance(&mut tx, self.run.run_id, self.page, &again).await?;
                tx.commit().await?;
                self.moved();
                reach("import.list_reset");
                if !twice {
                    return Ok(Next::later(None, "the cursor was refused; the list starts again"));
                }
                // A list that gets no further would be read for ever.
                let reason = "Stopped: the CRM twice refused to go on with its own list. What was imported stays, and the run can be resumed.";
                self.end("failed", reason, (0, 0)).await
            }
            error if error.passes() && (moved || self.run.attempts < PATIENCE) => {
                // 5 s, 10 s, 20 s, 40 s, 45 s, counted from the last page that was committed.
                // A token that another worker is fetching, or took into its grave, is nobody's
                // trouble over there.
                let at_once = moved || matches!(error, CrmError::TokenUnavailable { .. });
                let tries = if at_once { 0 } else { self.run.attempts.clamp(0, 7) };
                let at = self.soon((5_i64 << tries).min(LONGEST_WAIT));
                self.wait(at, &format!("Waiting: {error}. It goes on by itself."), spent).await
            }
            CrmError::Revoked | CrmError::Expired | CrmError::MissingScope { .. } => {
                self.end("failed", RECONNECT, spent).await
            }
            error => {
                let reason = format!(
                    "Stopped: {error}. What was imported stays, and the run can be resumed."
                );
                self.end("failed", &reason, spent).await
            }
        }
    }

    /// Whether the run is still where this worker took it to.
    async fn is_here(&self) -> Result<bool, DbError> {
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        match db::runs::is_at(&mut tx, self.run.run_id, self.page).await {
            Ok(()) => Ok(true),
            Err(DbError::Fenced) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What was asked since the last page, when the run neither ends nor waits.
    async fn count(&self, spent: (i64, i64)) -> Result<(), DbError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        db::runs::count(&mut tx, self.run.run_id, spent).await?;
        tx.commit().await
    }

    async fn wait(
        &self,
        at: DateTime<Utc>,
        reason: &str,
        spent: (i64, i64),
    ) -> Result<Next, FlowError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        if !db::runs::wait(&mut tx, self.run.run_id, self.hold(), at, reason, spent).await? {
            return Ok(Next::later(Some(self.soon(5)), MOVED));
        }
        reach("import.wait_written");
        tx.commit().await?;
        reach("import.wait_committed");
        Ok(Next::later(Some(at), "the provider asked us to wait"))
    }

    async fn end(&self, state: &str, reason: &str, spent: (i64, i64)) -> Result<Next, FlowError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let hold = self.hold();
        if !db::runs::end(&mut tx, self.run.run_id, hold, state, Some(reason), spent).await? {
            return Ok(Next::later(Some(self.soon(5)), MOVED));
        }
        reach("import.end_written");
        tx.commit().await?;
        reach("import.end_committed");
        Ok(Next::Done)
    }

    fn soon(&self, seconds: i64) -> DateTime<Utc> {
        self.hub.clock.now() + TimeDelta::seconds(seconds)
    }
}
