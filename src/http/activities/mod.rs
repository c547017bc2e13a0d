//! `/api/activities`: what members do with contacts.

mod form;
mod view;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use poem::{http::StatusCode, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    db::{self, TenantTx, activities::Filter},
    domain::{ActivityId, ActivityKind, CampaignId, ContactId, MemberId},
    flows::{SealError, SharedHub, activities, idempotency::Witness},
    http::{ApiError, Session, Tag, once::Once, paging},
    policy::Action,
};

pub(super) use form::no_meeting;
use form::{ActivityForm, ActivityPatch};
use view::{ActivityPage, ActivityView, SyncStatus};

pub(super) struct ActivitiesApi;

#[OpenApi(prefix_path = "/activities", tag = "Tag::Activities")]
impl ActivitiesApi {
    /// List activities of contacts that you may see, the latest first.
    #[oai(path = "/", method = "get", operation_id = "list_activities")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// Of this contact.
        contact: Query<Option<Uuid>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ActivityPage>, ApiError> {
        let filter = Filter { contact: contact.0.map(ContactId::from_uuid), ..Filter::default() };
        page(&hub, &session, filter, limit.0, cursor.0).await
    }

    /// The team's activities, those that hold every condition, the latest first. What is planned comes
    /// before what was done.
    #[oai(path = "/feed", method = "get", operation_id = "activity_feed")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn feed(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        contact: Query<Option<Uuid>>,
        /// Logged by this member.
        member: Query<Option<Uuid>>,
        /// Done for this campaign.
        campaign: Query<Option<Uuid>>,
        kind: Query<Option<ActivityKind>>,
        done: Query<Option<bool>>,
        /// Due then or later.
        from: Query<Option<DateTime<Utc>>>,
        /// Due before.
        to: Query<Option<DateTime<Utc>>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ActivityPage>, ApiError> {
        let filter = Filter {
            contact: contact.0.map(ContactId::from_uuid),
            member: member.0.map(MemberId::from_uuid),
            campaign: campaign.0.map(CampaignId::from_uuid),
            kind: kind.0,
            done: done.0,
            from: from.0.map(|at| paging::moment("from", at)).transpose()?,
            to: to.0.map(|at| paging::moment("to", at)).transpose()?,
        };
        page(&hub, &session, filter, limit.0, cursor.0).await
    }

    /// Log an activity. What is done sets when its contact was last contacted; a meeting that is still
    /// to come makes the contact a lead at the CRM.
    #[oai(path = "/", method = "post", operation_id = "create_activity")]
    async fn create(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<ActivityForm>,
    ) -> Result<Created, ApiError> {
        session.may(Action::LogActivities)?;
        let new = form.0.read()?;
        let mut told = Telling { once, view: None };
        activities::create(&hub, session.by(), new, &mut told).await?;
        Ok(Created::Created(Json(told.view.ok_or_else(ApiError::not_found)?)))
    }

    /// One activity.
    #[oai(path = "/:id", method = "get", operation_id = "get_activity")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Json<ActivityView>, ApiError> {
        Ok(Json(load(&hub, &session, id.0).await?))
    }

    /// Change an activity. What is left out stays as it is; `null` empties a field.
    #[oai(path = "/:id", method = "put", operation_id = "replace_activity")]
    async fn put(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        form: Json<ActivityPatch>,
    ) -> Result<Json<ActivityView>, ApiError> {
        update(&hub, &session, id.0, form.0).await
    }

    /// Change a part of an activity. What is left out stays as it is; `null` empties a field.
    #[oai(path = "/:id", method = "patch", operation_id = "update_activity")]
    async fn patch(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        form: Json<ActivityPatch>,
    ) -> Result<Json<ActivityView>, ApiError> {
        update(&hub, &session, id.0, form.0).await
    }

    /// Delete an activity, here and at the CRMs that have it.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_activity")]
    async fn delete(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Deleted, ApiError> {
        session.may(Action::LogActivities)?;
        activities::delete(&hub, session.by(), ActivityId::from_uuid(id.0)).await?;
        Ok(Deleted::Deleted)
    }

    /// How an activity came to the CRM.
    #[oai(path = "/:id/sync-status", method = "get", operation_id = "get_activity_sync_status")]
    async fn sync_status(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Json<SyncStatus>, ApiError> {
        session.may(Action::LogActivities)?;
        let id = ActivityId::from_uuid(id.0);
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let activity = db::activities::get(&mut tx, id).await?.ok_or_else(ApiError::not_found)?;
        let attempts = db::activities::attempts(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Json(SyncStatus::of(activity.into(), attempts)))
    }
}

async fn page(
    hub: &SharedHub,
    session: &Session,
    filter: Filter,
    limit: Option<u32>,
    cursor: Option<String>,
) -> Result<Json<ActivityPage>, ApiError> {
    session.may(Action::LogActivities)?;
    let limit = paging::limit(limit, paging::MOST)?;
    let after: Option<(DateTime<Utc>, ActivityId)> = paging::position(cursor.as_deref())?;
    let after =
        after.map(|(at, id)| paging::moment("cursor", at).map(|at| (at, id))).transpose()?;
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let rows = db::activities::list(&mut tx, &filter, after, limit + 1).await?;
    tx.commit().await?;
    let (rows, more) = paging::cut(rows, limit);
    let next_cursor = rows
        .last()
        .filter(|_| more)
        .and_then(|last| paging::cursor(&(last.fields.due_at, last.activity_id)));
    let items = rows.into_iter().map(ActivityView::from).collect();
    Ok(Json(ActivityPage { items, next_cursor }))
}

async fn update(
    hub: &SharedHub,
    session: &Session,
    id: Uuid,
    form: ActivityPatch,
) -> Result<Json<ActivityView>, ApiError> {
    session.may(Action::LogActivities)?;
    activities::update(hub, session.by(), ActivityId::from_uuid(id), form.read()?).await?;
    Ok(Json(load(hub, session, id).await?))
}

async fn load(hub: &SharedHub, session: &Session, id: Uuid) -> Result<ActivityView, ApiError> {
    session.may(Action::LogActivities)?;
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let activity = db::activities::get(&mut tx, ActivityId::from_uuid(id)).await?;
    tx.commit().await?;
    Ok(activity.ok_or_else(ApiError::not_found)?.into())
}

/// Reads a new activity where it was written, and keeps that as the answer.
struct Telling {
    once: Once,
    view: Option<ActivityView>,
}

#[async_trait]
impl Witness<ActivityId> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, id: &ActivityId) -> Result<(), SealError> {
        let Some(activity) = db::activities::get(tx, *id).await? else { return Ok(()) };
        let view = self.view.insert(ActivityView::from(activity));
        self.once.keep(tx, StatusCode::CREATED, view).await
    }
}

#[derive(ApiResponse)]
enum Created {
    /// The activity as it is now.
    #[oai(status = 201)]
    Created(Json<ActivityView>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone.
    #[oai(status = 204)]
    Deleted,
}
