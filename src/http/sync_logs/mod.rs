//! `/api/sync-logs`: runs, what they did to each record, and their progress while they run.

mod events;
mod file;
mod view;

use futures_util::stream::BoxStream;
use poem::web::Data;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::{EventStream, Json},
};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    db::{self, entries::After},
    domain::RunId,
    flows::{SharedHub, import},
    http::{ApiError, FieldProblem, Session, Tag, once::Once, paging},
    policy::Action,
};

pub(super) use file::EntryFileApi;
use view::{EntryPage, EntryView, OutcomeWord, RunPage, RunStateWord, RunView};

pub(super) struct SyncLogsApi;

#[derive(ApiResponse)]
enum Accepted {
    /// Noted; the run's state follows.
    #[oai(status = 202)]
    Run(Json<RunView>),
}

#[OpenApi(prefix_path = "/sync-logs", tag = "Tag::SyncLog")]
impl SyncLogsApi {
    /// List runs, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_runs")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Query<Option<String>>,
        state: Query<Option<RunStateWord>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<RunPage>, ApiError> {
        let limit = paging::limit(limit.0, paging::MOST)?;
        let before: Option<Uuid> = paging::position(cursor.0.as_deref())?;
        let state = state.0.map(RunStateWord::word);
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let before = before.map(RunId::from_uuid);
        let runs = db::runs::list(&mut tx, provider.0.as_deref(), state, before, limit + 1).await?;
        let (runs, more) = paging::cut(runs, limit);
        let next_cursor =
            runs.last().filter(|_| more).and_then(|last| paging::cursor(&last.run_id.uuid()));
        let items = runs.into_iter().map(|run| RunView::of(&hub, run)).collect();
        Ok(Json(RunPage { items, next_cursor }))
    }

    /// One run, with its reconciliation.
    #[oai(path = "/:id", method = "get", operation_id = "get_run")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Json<RunView>, ApiError> {
        Ok(Json(load(&hub, &session, id.0).await?))
    }

    /// What the run did to each record, grouped by outcome.
    #[oai(path = "/:id/entries", method = "get", operation_id = "list_entries")]
    async fn entries(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        outcome: Query<Option<OutcomeWord>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<EntryPage>, ApiError> {
        let limit = paging::limit(limit.0, paging::MOST)?;
        let after: Option<EntryCursor> = paging::position(cursor.0.as_deref())?;
        let after = after.map(EntryCursor::read).transpose()?;
        let outcome = outcome.0.map(OutcomeWord::word);
        let run_id = RunId::from_uuid(id.0);
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        if db::runs::get(&mut tx, run_id).await?.is_none() {
            return Err(ApiError::not_found());
        }
        let entries =
            db::entries::list(&mut tx, run_id, outcome, after.as_ref(), limit + 1).await?;
        let (entries, more) = paging::cut(entries, limit);
        let next_cursor = entries.last().filter(|_| more).and_then(|last| {
            let After { outcome, page, seq, part } = After::of(last);
            paging::cursor(&EntryCursor { outcome, page, seq, part })
        });
        let items = entries.into_iter().map(EntryView::from).collect();
        Ok(Json(EntryPage { items, next_cursor }))
    }

    /// Progress as server-sent events: the run at once, then at every change, until it ends.
    #[oai(path = "/:id/events", method = "get", operation_id = "watch_run")]
    async fn events(
        &self,
        hub: Data<&SharedHub>,
        stopping: Data<&CancellationToken>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<EventStream<BoxStream<'static, RunView>>, ApiError> {
        load(&hub, &session, id.0).await?;
        Ok(events::watch(&hub, &stopping, session, RunId::from_uuid(id.0)))
    }

    /// Stop a run. What it imported stays.
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancel_run")]
    async fn cancel(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Accepted, ApiError> {
        session.may(Action::ImportContacts)?;
        let run_id = RunId::from_uuid(id.0);
        let (company, member) = (session.company_id(), session.member_id());
        import::cancel(&hub, company, member, session.scope(), run_id).await?;
        Ok(Accepted::Run(Json(load(&hub, &session, id.0).await?)))
    }

    /// Let a failed or cancelled run go on from its last committed page.
    #[oai(path = "/:id/resume", method = "post", operation_id = "resume_run")]
    async fn resume(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Accepted, ApiError> {
        session.may(Action::ImportContacts)?;
        let run = load(&hub, &session, id.0).await?;
        if let Some(provider) = hub.providers.get(&run.provider) {
            session.allows(provider.connector.manifest().plan_feature)?;
        }
        let run_id = RunId::from_uuid(id.0);
        let (company, member) = (session.company_id(), session.member_id());
        import::resume(&hub, company, member, session.scope(), run_id).await?;
        Ok(Accepted::Run(Json(load(&hub, &session, id.0).await?)))
    }
}

async fn load(hub: &SharedHub, session: &Session, run_id: Uuid) -> Result<RunView, ApiError> {
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let run = db::runs::get(&mut tx, RunId::from_uuid(run_id)).await?;
    Ok(RunView::of(hub, run.ok_or_else(ApiError::not_found)?))
}

/// Where a list of entries goes on.
#[derive(Serialize, Deserialize)]
struct EntryCursor {
    outcome: String,
    page: i32,
    seq: i32,
    part: i64,
}

impl EntryCursor {
    fn read(self) -> Result<After, ApiError> {
        if self.outcome.contains('\0') || self.outcome.len() > 20 {
            let words = "This cursor is not one of ours. Start again without it.";
            return Err(ApiError::invalid_fields(vec![FieldProblem::new("cursor", words)]));
        }
        Ok(After { outcome: self.outcome, page: self.page, seq: self.seq, part: self.part })
    }
}
