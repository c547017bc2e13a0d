//! `/api/campaigns`: whom the team reaches out to, and what came of it.

mod assign;
mod form;
mod refusals;
mod view;

use std::collections::HashMap;

use async_trait::async_trait;
use poem::{http::StatusCode, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    db::{self, TenantTx, campaigns::Position},
    domain::{CampaignId, ContactId},
    flows::{SealError, SharedHub, campaigns, idempotency::Witness},
    http::{ApiError, Session, Tag, once::Once, paging},
    policy::Action,
};

use assign::{AssignForm, AssignResult};
use form::{CampaignForm, CampaignPatch, PlaceForm};
pub(super) use view::CampaignRef;
use view::{CampaignContactPage, CampaignPage, CampaignView, PlacedView};

pub(super) struct CampaignsApi;

#[OpenApi(prefix_path = "/campaigns", tag = "Tag::Campaigns")]
impl CampaignsApi {
    /// List campaigns, the newest first, with what came of them.
    #[oai(path = "/", method = "get", operation_id = "list_campaigns")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<CampaignPage>, ApiError> {
        session.may(Action::WorkContacts)?;
        let limit = paging::limit(limit.0, paging::MOST)?;
        let after: Option<CampaignId> = paging::position(cursor.0.as_deref())?;
        let now = hub.clock.now();
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let rows = db::campaigns::list(&mut tx, after, limit + 1).await?;
        let (rows, more) = paging::cut(rows, limit);
        let ids: Vec<CampaignId> = rows.iter().map(|row| row.campaign_id).collect();
        let counted = db::campaigns::performance(&mut tx, &ids, now).await?;
        tx.commit().await?;
        let counted: HashMap<_, _> = counted.into_iter().collect();
        let next_cursor = ids.last().filter(|_| more).and_then(paging::cursor);
        let items = rows.into_iter().map(|row| {
            let performance = counted.get(&row.campaign_id).copied().unwrap_or_default();
            CampaignView::of(row, performance)
        });
        Ok(Json(CampaignPage { items: items.collect(), next_cursor }))
    }

    /// Make a campaign.
    #[oai(path = "/", method = "post", operation_id = "create_campaign")]
    async fn create(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<CampaignForm>,
    ) -> Result<Created, ApiError> {
        session.may(Action::ManageCampaigns)?;
        let new = form.0.read()?;
        let mut told = Telling { once, view: None };
        campaigns::create(&hub, session.by(), new, &mut told).await?;
        Ok(Created::Created(Json(told.view.ok_or_else(ApiError::not_found)?)))
    }

    /// One campaign.
    #[oai(path = "/:id", method = "get", operation_id = "get_campaign")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Json<CampaignView>, ApiError> {
        session.may(Action::WorkContacts)?;
        Ok(Json(load(&hub, &session, id.0).await?))
    }

    /// Change a campaign. What is left out stays as it is; `null` empties a field.
    #[oai(path = "/:id", method = "put", operation_id = "replace_campaign")]
    async fn put(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        form: Json<CampaignPatch>,
    ) -> Result<Json<CampaignView>, ApiError> {
        update(&hub, &session, id.0, form.0).await
    }

    /// Change a part of a campaign. What is left out stays as it is; `null` empties a field.
    #[oai(path = "/:id", method = "patch", operation_id = "update_campaign")]
    async fn patch(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        form: Json<CampaignPatch>,
    ) -> Result<Json<CampaignView>, ApiError> {
        update(&hub, &session, id.0, form.0).await
    }

    /// Delete a campaign. Its contacts and what was done with them stay.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_campaign")]
    async fn delete(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Deleted, ApiError> {
        session.may(Action::ManageCampaigns)?;
        campaigns::delete(&hub, session.by(), CampaignId::from_uuid(id.0)).await?;
        Ok(Deleted::Deleted)
    }

    /// Put contacts into a campaign: a selection, all that a filter shows, or a pasted list of addresses.
    #[oai(path = "/:id/assign-contacts", method = "post", operation_id = "assign_contacts")]
    async fn assign(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<AssignForm>,
    ) -> Result<Json<AssignResult>, ApiError> {
        session.may(Action::ManageCampaigns)?;
        let (chosen, outreach, asked) = form.0.read()?;
        let id = CampaignId::from_uuid(id.0);
        let assigned = campaigns::assign(&hub, session.by(), id, chosen, &outreach).await?;
        Ok(Json(AssignResult::of(assigned, asked)))
    }

    /// Whom a campaign reaches out to, of those you may see; the last added first.
    #[oai(path = "/:id/contacts", method = "get", operation_id = "list_campaign_contacts")]
    async fn contacts(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<CampaignContactPage>, ApiError> {
        session.may(Action::WorkContacts)?;
        let limit = paging::limit(limit.0, paging::MOST)?;
        let after: Option<Position> = paging::position(cursor.0.as_deref())?;
        let after =
            after.map(|(at, id)| paging::moment("cursor", at).map(|at| (at, id))).transpose()?;
        let (id, now) = (CampaignId::from_uuid(id.0), hub.clock.now());
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        db::campaigns::get(&mut tx, id).await?.ok_or_else(ApiError::not_found)?;
        let rows = db::campaigns::contacts(&mut tx, id, after, limit + 1, now).await?;
        tx.commit().await?;
        let (rows, more) = paging::cut(rows, limit);
        let last = rows.last().filter(|_| more);
        let next_cursor = last.and_then(|last| paging::cursor(&(last.added_at, last.contact_id)));
        let items = rows.into_iter().map(PlacedView::try_from).collect::<Result<_, _>>();
        let items = items.map_err(|error| ApiError::internal(&error))?;
        Ok(Json(CampaignContactPage { items, next_cursor }))
    }

    /// Change how a contact of a campaign is to be reached.
    #[oai(
        path = "/:id/contacts/:contact_id",
        method = "patch",
        operation_id = "update_campaign_contact"
    )]
    async fn place(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        contact_id: Path<Uuid>,
        form: Json<PlaceForm>,
    ) -> Result<Json<PlacedView>, ApiError> {
        session.may(Action::ManageCampaigns)?;
        let (method, note) = form.0.read()?;
        let which = (CampaignId::from_uuid(id.0), ContactId::from_uuid(contact_id.0));
        campaigns::place(&hub, session.by(), which, method, note.as_deref()).await?;
        let now = hub.clock.now();
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let placed = db::campaigns::placed(&mut tx, which.0, which.1, now).await?;
        tx.commit().await?;
        let placed = placed.ok_or_else(ApiError::not_found)?;
        Ok(Json(PlacedView::try_from(placed).map_err(|error| ApiError::internal(&error))?))
    }

    /// Take a contact out of a campaign. The contact stays in the book.
    #[oai(
        path = "/:id/contacts/:contact_id",
        method = "delete",
        operation_id = "remove_campaign_contact"
    )]
    async fn remove(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        contact_id: Path<Uuid>,
    ) -> Result<Deleted, ApiError> {
        session.may(Action::ManageCampaigns)?;
        let which = (CampaignId::from_uuid(id.0), ContactId::from_uuid(contact_id.0));
        campaigns::remove(&hub, session.by(), which).await?;
        Ok(Deleted::Deleted)
    }
}

async fn update(
    hub: &SharedHub,
    session: &Session,
    id: Uuid,
    form: CampaignPatch,
) -> Result<Json<CampaignView>, ApiError> {
    session.may(Action::ManageCampaigns)?;
    let change = form.read()?;
    let apply = |fields: &mut _| change.apply(fields);
    campaigns::update(hub, session.by(), CampaignId::from_uuid(id), apply).await?;
    Ok(Json(load(hub, session, id).await?))
}

async fn load(hub: &SharedHub, session: &Session, id: Uuid) -> Result<CampaignView, ApiError> {
    let (id, now) = (CampaignId::from_uuid(id), hub.clock.now());
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let campaign = db::campaigns::get(&mut tx, id).await?.ok_or_else(ApiError::not_found)?;
    let counted = db::campaigns::performance(&mut tx, &[id], now).await?.pop();
    tx.commit().await?;
    Ok(CampaignView::of(campaign, counted.map(|(_, counted)| counted).unwrap_or_default()))
}

/// Reads a new campaign where it was written, and keeps that as the answer.
struct Telling {
    once: Once,
    view: Option<CampaignView>,
}

#[async_trait]
impl Witness<CampaignId> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, id: &CampaignId) -> Result<(), SealError> {
        let Some(campaign) = db::campaigns::get(tx, *id).await? else { return Ok(()) };
        let view =
            self.view.insert(CampaignView::of(campaign, db::campaigns::Performance::default()));
        self.once.keep(tx, StatusCode::CREATED, view).await
    }
}

#[derive(ApiResponse)]
enum Created {
    /// The campaign as it is now.
    #[oai(status = 201)]
    Created(Json<CampaignView>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone.
    #[oai(status = 204)]
    Deleted,
}
