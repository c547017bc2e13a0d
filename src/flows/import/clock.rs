//! What is different in a run that nobody asked for: it makes way, and leaves no trace if it found nothing.

use std::time::Duration;

use crate::{
    connectors::{CrmError, Throttle},
    db::{self, DbError, Scope, TenantTx, runs::Run},
    flows::{
        account,
        import::{halt::Halt, origin::Stored, verdict::READ_BY_ANOTHER, work::Desk},
        poll,
    },
};

/// When the day's budget is looked at again.
const WHEN_SHORT: Duration = Duration::from_hours(1);

/// Whether somebody else has read what a run that waited would read: `(state, reason)`.
pub(super) fn needless(run: &Run, from: &Stored) -> Option<(&'static str, &'static str)> {
    let Stored::Connection(connection) = from else { return None };
    (run.by_clock && run.mode == "incremental" && connection.watermark > run.updated_since)
        .then_some(("cancelled", READ_BY_ANOTHER))
}

impl Desk {
    /// A run of the clock goes on only while nobody else wants the connection, or what is left of the
    /// day's budget.
    pub(super) async fn make_way(&self) -> Result<(), Halt> {
        let Some(account) = self.origin.account().filter(|_| self.run.by_clock) else {
            return Ok(());
        };
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let is_wanted = db::runs::is_wanted(&mut tx, account.connection.connection_id).await?;
        drop(tx);
        if is_wanted {
            return Err(Halt::Yields);
        }
        let view = account.budget.view().await;
        if poll::is_short(&view, &account::limits(&self.hub, &account.provider)) {
            return Err(CrmError::Throttled { scope: Throttle::Daily, wait: WHEN_SHORT }.into());
        }
        Ok(())
    }

    /// What has changed was read to its end.
    pub(super) async fn looked(&self, tx: &mut TenantTx) -> Result<(), DbError> {
        let Some(account) = self.origin.account() else { return Ok(()) };
        // As it is now: meanwhile the CRM may have begun, or ceased, to tell of changes.
        let id = account.connection.connection_id;
        let Some(connection) = db::connections::get(tx, id).await? else { return Ok(()) };
        poll::looked(&self.hub, tx, &account.provider, &connection).await?;
        if self.run.by_clock {
            db::runs::keep_last_empty(tx, id, self.run.run_id).await?;
        }
        Ok(())
    }
}
