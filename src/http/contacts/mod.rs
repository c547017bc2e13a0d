//! `/api/contacts`.

mod bulk;
mod export;
mod filter;
mod form;
mod suggested;
mod view;

use async_trait::async_trait;
use poem::{http::StatusCode, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    db::{
        self, TenantTx,
        contacts::{Order, Position, Sort},
    },
    domain::ContactId,
    flows::{FlowError, SealError, SharedHub, contacts, deliver::check, idempotency::Witness},
    http::{ApiError, FieldProblem, Session, Tag, once::Once, paging},
    policy::Action,
};

pub(super) use bulk::BulkApi;
pub(super) use export::ExportApi;
pub(super) use filter::FilterForm;
use form::{ContactForm, ContactPatch};
pub(super) use form::{ValueForm, read_emails, read_phones};
pub(super) use suggested::SuggestionsApi;
pub(super) use view::MemberRef;
use view::{ContactPage, ContactView, WarmLeadCheck};

pub(super) struct ContactsApi;

#[OpenApi(prefix_path = "/contacts", tag = "Tag::Contacts")]
impl ContactsApi {
    /// List contacts: all that hold every condition, and that you may see.
    #[oai(path = "/", method = "get", operation_id = "list_contacts")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// Part of a name, address, number or organization.
        search: Query<Option<String>>,
        /// Id of a member, or `none`.
        owner: Query<Option<String>>,
        source: Query<Option<String>>,
        tag: Query<Option<String>>,
        /// Linked at this provider.
        provider: Query<Option<String>>,
        /// In this campaign.
        campaign: Query<Option<Uuid>>,
        /// `name`, `created`, `updated` or `warmness`; `-` in front is descending. `-created` when
        /// left out.
        sort: Query<Option<String>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ContactPage>, ApiError> {
        session.may(Action::WorkContacts)?;
        let order = order(sort.0.as_deref().unwrap_or("-created"))?;
        let form = FilterForm {
            search: search.0,
            owner: owner.0,
            source: source.0,
            tag: tag.0,
            provider: provider.0,
            campaign: campaign.0,
        };
        let filter = form.read()?;
        let limit = paging::limit(limit.0, paging::MOST)?;
        let after: Option<CursorText> = paging::position(cursor.0.as_deref())?;
        let position = after.as_ref().map(|after| after.read(order.sort)).transpose()?;

        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let rows =
            db::contacts::list(&mut tx, &filter, order, position.as_ref(), limit + 1).await?;
        let total = match position {
            None => db::contacts::count(&mut tx, &filter).await?,
            Some(_) => None,
        };
        tx.commit().await?;
        let (rows, more) = paging::cut(rows, limit);
        let last = rows.last().filter(|_| more);
        let next_cursor = last
            .and_then(|last| paging::cursor(&CursorText::of(&Position::after(last, order.sort))));
        let items = rows.into_iter().map(ContactView::from).collect();
        Ok(Json(ContactPage { items, next_cursor, total }))
    }

    /// Add a contact. It belongs to you unless you say otherwise.
    #[oai(path = "/", method = "post", operation_id = "create_contact")]
    async fn create(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<ContactForm>,
    ) -> Result<Created, ApiError> {
        session.may(Action::WorkContacts)?;
        let change = form.0.read(session.country())?;
        let mut told = Telling { once, view: None };
        contacts::create(&hub, session.by(), change, &mut told).await?;
        Ok(Created::Created(Json(told.view.ok_or_else(ApiError::not_found)?)))
    }

    /// One contact.
    #[oai(path = "/:id", method = "get", operation_id = "get_contact")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Json<ContactView>, ApiError> {
        session.may(Action::WorkContacts)?;
        Ok(Json(load(&hub, &session, ContactId::from_uuid(id.0)).await?))
    }

    /// Change a contact. What is left out stays as it is; `null` empties a field.
    #[oai(path = "/:id", method = "put", operation_id = "replace_contact")]
    async fn put(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        form: Json<ContactPatch>,
    ) -> Result<Json<ContactView>, ApiError> {
        update(&hub, &session, id.0, form.0).await
    }

    /// Change a part of a contact. What is left out stays as it is; `null` empties a field.
    #[oai(path = "/:id", method = "patch", operation_id = "update_contact")]
    async fn patch(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        form: Json<ContactPatch>,
    ) -> Result<Json<ContactView>, ApiError> {
        update(&hub, &session, id.0, form.0).await
    }

    /// Judge now whether a contact is a warm lead, send it to the CRM if it is not there, and wait up
    /// to five seconds for what becomes of that.
    #[oai(path = "/:id/check-warm-lead", method = "post", operation_id = "check_warm_lead")]
    async fn check(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Json<WarmLeadCheck>, ApiError> {
        session.may(Action::WorkContacts)?;
        let id = ContactId::from_uuid(id.0);
        match check::check(&hub, session.by(), id).await {
            Ok(checked) => Ok(Json(checked.into())),
            Err(FlowError::NotConnected) => Err(ApiError::invalid_as(
                "not_connected",
                "No CRM is connected that a lead could be sent to. Connect one under Integrations.",
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Remove a contact from the book. The CRM keeps what it has.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_contact")]
    async fn delete(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Deleted, ApiError> {
        session.may(Action::WorkContacts)?;
        contacts::delete(&hub, session.by(), ContactId::from_uuid(id.0)).await?;
        Ok(Deleted::Deleted)
    }
}

async fn update(
    hub: &SharedHub,
    session: &Session,
    id: Uuid,
    form: ContactPatch,
) -> Result<Json<ContactView>, ApiError> {
    session.may(Action::WorkContacts)?;
    let id = ContactId::from_uuid(id);
    contacts::update(hub, session.by(), id, form.read(session.country())?).await?;
    Ok(Json(load(hub, session, id).await?))
}

async fn load(hub: &SharedHub, session: &Session, id: ContactId) -> Result<ContactView, ApiError> {
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let contact = db::contacts::get(&mut tx, id).await?.ok_or_else(ApiError::not_found)?;
    tx.commit().await?;
    Ok(ContactView::from(contact))
}

/// 400 for an order that the list does not know.
pub(super) fn check_sort(text: &str) -> Result<(), ApiError> {
    order(text).map(|_| ())
}

fn order(text: &str) -> Result<Order, ApiError> {
    let (descending, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
    let sort = match word {
        "name" => Sort::Name,
        "created" => Sort::Created,
        "updated" => Sort::Updated,
        "warmness" => Sort::Warmness,
        _ => {
            let words = "Use name, created, updated or warmness, with `-` in front to turn it.";
            return Err(ApiError::invalid_fields(vec![FieldProblem::new("sort", words)]));
        }
    };
    Ok(Order { sort, descending })
}

/// A [`Position`] inside a cursor.
#[derive(Serialize, Deserialize)]
enum CursorText {
    N(String, ContactId),
    C(ContactId),
    U(chrono::DateTime<chrono::Utc>, ContactId),
    W(i16, ContactId),
}

impl CursorText {
    fn of(position: &Position) -> Self {
        match position {
            Position::Name(name, id) => Self::N(name.clone(), *id),
            Position::Created(id) => Self::C(*id),
            Position::Updated(at, id) => Self::U(*at, *id),
            Position::Warmness(warmness, id) => Self::W(*warmness, *id),
        }
    }

    /// 400 when the cursor is of a list in another order.
    fn read(&self, sort: Sort) -> Result<Position, ApiError> {
        let position = match self {
            Self::N(name, id) => Position::Name(name.clone(), *id),
            Self::C(id) => Position::Created(*id),
            Self::U(at, id) => Position::Updated(*at, *id),
            Self::W(warmness, id) => Position::Warmness(*warmness, *id),
        };
        if position.sort() == sort {
            return Ok(position);
        }
        let words = "This cursor is of a list in another order. Start again without it.";
        Err(ApiError::invalid_fields(vec![FieldProblem::new("cursor", words)]))
    }
}

/// Reads a new contact where it was written, and keeps that as the answer.
struct Telling {
    once: Once,
    view: Option<ContactView>,
}

#[async_trait]
impl Witness<ContactId> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, id: &ContactId) -> Result<(), SealError> {
        let Some(contact) = db::contacts::get(tx, *id).await? else { return Ok(()) };
        let view = self.view.insert(ContactView::from(contact));
        self.once.keep(tx, StatusCode::CREATED, view).await
    }
}

#[derive(ApiResponse)]
enum Created {
    /// The contact as it is now.
    #[oai(status = 201)]
    Created(Json<ContactView>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone.
    #[oai(status = 204)]
    Deleted,
}
