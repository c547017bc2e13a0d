//! Carries out what was decided about a run that its worker put down.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{self, DbError, Scope, runs::Advance},
    failpoint::reach,
    flows::{
        FlowError, Next, account,
        import::{
            verdict::{Circumstances, MOVED, Verdict, verdict},
            work::{AGAIN, Desk},
        },
        poll, reconnect,
    },
};

pub(super) use super::verdict::Halt;

impl Desk {
    /// Turns what stopped the worker into the run's state, in words, and into when to go on.
    pub(super) async fn put_down(&mut self, halt: Halt, moved: bool) -> Result<Next, FlowError> {
        reach("import.put_down");
        if let Some(account) = self.origin.account() {
            let view = account.budget.view().await;
            let id = account.connection.connection_id;
            account::keep_budget(&self.hub, self.company_id, id, &view).await.ok();
        }
        let spent = account::spent(self.counted, self.origin.spent());
        let overtaken =
            matches!(halt, Halt::Db(DbError::Conflict { .. })) && !self.is_here().await?;
        let given = Circumstances {
            now: self.hub.clock.now(),
            moved,
            attempts: self.run.attempts,
            again: self.mark() == AGAIN,
            overtaken,
            by_clock: self.run.by_clock,
        };
        if let (Halt::Crm(error), Some(account)) = (&halt, self.origin.account()) {
            tracing::warn!(run_id = %self.run.run_id, %error, "a run was interrupted by the provider");
            reconnect::judge(&self.hub, self.company_id, &account.connection, error).await?;
        }
        match verdict(&halt, &given) {
            Verdict::Over => Ok(Next::Done),
            Verdict::Leave { at, reason } => Ok(Next::later(Some(at), reason)),
            Verdict::Count { at, reason } => {
                let counted = self.count(spent).await;
                // A database that is away counts nothing, and that is no failure.
                if matches!(halt, Halt::Stopping) {
                    counted?;
                }
                Ok(Next::later(at, reason))
            }
            Verdict::Wait { at, reason } => self.wait(at, &reason, spent).await,
            Verdict::End { state, reason } => {
                if let Halt::Db(error) = &halt {
                    tracing::error!(run_id = %self.run.run_id, %error, "a page could not be written");
                }
                self.end(state, &reason, spent).await
            }
            Verdict::Restart { fails } => {
                self.restart(spent).await?;
                match fails {
                    None => Ok(Next::later(None, "the cursor was refused; the list starts again")),
                    Some(reason) => self.end("failed", reason, (0, 0)).await,
                }
            }
        }
    }

    /// Pages are safe to see twice: what was seen before is neither counted nor written.
    async fn restart(&mut self, (requests, tokens): (i64, i64)) -> Result<(), FlowError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let phase = self.run.phase.clone();
        let again =
            Advance { phase: &phase, cursor: Some(AGAIN), requests, tokens, ..Advance::default() };
        db::runs::advance(&mut tx, self.run.run_id, self.page, &again).await?;
        tx.commit().await?;
        self.moved();
        reach("import.list_reset");
        Ok(())
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
            return Ok(self.somebody_elses());
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
            return Ok(self.somebody_elses());
        }
        if self.run.fixes.is_some() {
            db::csv::release(&mut tx, self.run.run_id).await?;
        }
        if let Some(account) =
            self.origin.account().filter(|_| self.run.by_clock && state == "failed")
        {
            poll::failed(&self.hub, &mut tx, &account.provider, &account.connection).await?;
        }
        reach("import.end_written");
        tx.commit().await?;
        reach("import.end_committed");
        Ok(Next::Done)
    }

    /// Another worker has taken the run up again since.
    fn somebody_elses(&self) -> Next {
        Next::later(Some(self.hub.clock.now() + TimeDelta::seconds(5)), MOVED)
    }
}
