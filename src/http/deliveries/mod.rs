//! `/api/deliveries`: what is to happen at the CRMs, and what became of it.

mod events;
mod outbound;
mod push;
mod view;

use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    db::{self, deliveries::Filter},
    domain::{Cause, ContactId, DeliveryId, DeliveryKind, DeliveryState},
    flows::{SharedHub, deliver::replay},
    http::{ApiError, FieldProblem, Session, Tag, once::Once, paging},
    policy::Action,
};

pub(super) use events::EventsApi;
pub(super) use outbound::OutboundApi;
pub(super) use push::{AliasApi, PushApi};
pub(super) use view::{ContactRef, DeliveryView, provider_name};
use view::{DeliveryPage, DeliveryStory};

pub(super) struct DeliveriesApi;

#[OpenApi(prefix_path = "/deliveries", tag = "Tag::Deliveries")]
impl DeliveriesApi {
    /// List deliveries to all CRMs, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_deliveries")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Query<Option<String>>,
        state: Query<Option<DeliveryState>>,
        cause: Query<Option<Cause>>,
        /// Of this contact, its activities included.
        contact: Query<Option<Uuid>>,
        kind: Query<Option<DeliveryKind>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<DeliveryPage>, ApiError> {
        let filter = Filter {
            provider: provider.0.filter(|text| !text.is_empty()),
            state: state.0,
            cause: cause.0,
            contact: contact.0.map(ContactId::from_uuid),
            kind: kind.0,
        };
        page(&hub, &session, &filter, limit.0, cursor.0).await
    }

    /// One delivery, with all that was tried.
    #[oai(path = "/:id", method = "get", operation_id = "get_delivery")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Json<DeliveryStory>, ApiError> {
        Ok(Json(story(&hub, &session, id.0).await?))
    }

    /// Let a delivery that failed or was given up be attempted anew: the same one, with what the
    /// contact and the activity are now.
    #[oai(path = "/:id/retry", method = "post", operation_id = "retry_delivery")]
    async fn retry(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Accepted, ApiError> {
        session.may(Action::WorkContacts)?;
        replay::one(&hub, session.by(), DeliveryId::from_uuid(id.0)).await?;
        Ok(Accepted::Again(Json(story(&hub, &session, id.0).await?)))
    }

    /// Say which of the candidates the contact is, or that it is none of them; the delivery goes on
    /// with that.
    #[oai(path = "/:id/choose", method = "post", operation_id = "choose_candidate")]
    async fn choose(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<ChoiceForm>,
    ) -> Result<Accepted, ApiError> {
        session.may(Action::WorkContacts)?;
        let chosen = form.0.read()?;
        let id = DeliveryId::from_uuid(id.0);
        replay::choose(&hub, session.by(), id, chosen.as_deref()).await?;
        Ok(Accepted::Again(Json(story(&hub, &session, id.uuid()).await?)))
    }
}

/// One of both.
#[derive(Object)]
#[oai(rename = "CandidateChoice")]
struct ChoiceForm {
    /// One of the delivery's `candidates`.
    remote_id: Option<String>,
    /// `true`: none of them; make a new person.
    create: Option<bool>,
}

impl ChoiceForm {
    /// `None` is a new person.
    fn read(self) -> Result<Option<String>, ApiError> {
        match (self.remote_id, self.create) {
            (Some(remote_id), None | Some(false)) if is_remote_id(&remote_id) => {
                Ok(Some(remote_id))
            }
            (None, Some(true)) => Ok(None),
            _ => Err(ApiError::invalid_fields(vec![FieldProblem::new(
                "remote_id",
                "Say either the `remote_id` of a candidate, or `create: true`.",
            )])),
        }
    }
}

/// What a provider may call a record: it never meant anything else to us.
fn is_remote_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[derive(ApiResponse)]
enum Accepted {
    /// It is taken up again; what becomes of it is told by `/api/events`.
    #[oai(status = 202)]
    Again(Json<DeliveryStory>),
}

async fn story(hub: &SharedHub, session: &Session, id: Uuid) -> Result<DeliveryStory, ApiError> {
    session.may(Action::WorkContacts)?;
    let id = DeliveryId::from_uuid(id);
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let delivery = db::deliveries::get(&mut tx, id).await?.ok_or_else(ApiError::not_found)?;
    let attempts = db::deliveries::attempts(&mut tx, id).await?;
    tx.commit().await?;
    Ok(DeliveryStory::of(delivery, attempts))
}

async fn page(
    hub: &SharedHub,
    session: &Session,
    filter: &Filter,
    limit: Option<u32>,
    cursor: Option<String>,
) -> Result<Json<DeliveryPage>, ApiError> {
    session.may(Action::WorkContacts)?;
    let limit = paging::limit(limit, paging::MOST)?;
    let before: Option<Uuid> = paging::position(cursor.as_deref())?;
    let before = before.map(DeliveryId::from_uuid);
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let rows = db::deliveries::list(&mut tx, filter, before, limit + 1).await?;
    let counts = match before {
        None => Some(db::deliveries::counts(&mut tx, filter).await?.into()),
        Some(_) => None,
    };
    tx.commit().await?;
    let (rows, more) = paging::cut(rows, limit);
    let next_cursor =
        rows.last().filter(|_| more).and_then(|last| paging::cursor(&last.delivery_id.uuid()));
    let items = rows.into_iter().map(DeliveryView::from).collect();
    Ok(Json(DeliveryPage { items, next_cursor, counts }))
}
