//! `/api/saved-filters`: questions to the book that a member keeps.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use poem::{http::StatusCode, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::Path,
    payload::Json,
    types::{ParseFromJSON as _, ToJSON as _},
};
use uuid::Uuid;

use crate::{
    db::{self, TenantTx, saved_filters::SavedFilter},
    domain::SavedFilterId,
    flows::{
        SealError, SharedHub,
        idempotency::Witness,
        saved_filters::{self, NewFilter},
    },
    http::{
        ApiError, Session, Tag,
        contacts::{FilterForm, check_sort},
        field,
        once::Once,
    },
    policy::Action,
};

const LONGEST_NAME: usize = 60;

pub(super) struct SavedFiltersApi;

#[OpenApi(prefix_path = "/saved-filters", tag = "Tag::Contacts")]
impl SavedFiltersApi {
    /// Your filters of the contact list, by name.
    #[oai(path = "/", method = "get", operation_id = "list_saved_filters")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<SavedFilters>, ApiError> {
        session.may(Action::WorkContacts)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let kept = db::saved_filters::list(&mut tx, session.by().member_id).await?;
        tx.commit().await?;
        Ok(Json(SavedFilters { items: kept.into_iter().map(SavedFilterView::from).collect() }))
    }

    /// Keep a filter of the contact list. Only you see it.
    #[oai(path = "/", method = "post", operation_id = "create_saved_filter")]
    async fn create(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<SavedFilterForm>,
    ) -> Result<Created, ApiError> {
        session.may(Action::WorkContacts)?;
        let SavedFilterForm { name, filter, sort } = form.0;
        let mut wrong = Vec::new();
        let name = field::text("name", &name, LONGEST_NAME, &mut wrong);
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        if let Some(sort) = &sort {
            check_sort(sort)?;
        }
        let written = filter.to_json().unwrap_or_default();
        let new = NewFilter { name, filter: filter.read()?, written, sort };
        let mut told = Telling { once, view: None };
        saved_filters::create(&hub, session.by(), new, &mut told).await?;
        Ok(Created::Created(Json(told.view.ok_or_else(ApiError::not_found)?)))
    }

    /// Forget a filter.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_saved_filter")]
    async fn delete(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Deleted, ApiError> {
        session.may(Action::WorkContacts)?;
        saved_filters::delete(&hub, session.by(), SavedFilterId::from_uuid(id.0)).await?;
        Ok(Deleted::Deleted)
    }
}

/// A filter to keep.
#[derive(Object)]
#[oai(rename = "NewSavedFilter")]
struct SavedFilterForm {
    /// At most 60 characters; yours, each once.
    name: String,
    filter: FilterForm,
    /// As in the list of contacts.
    sort: Option<String>,
}

#[derive(Object)]
#[oai(rename = "SavedFilter")]
struct SavedFilterView {
    id: Uuid,
    name: String,
    filter: FilterForm,
    sort: Option<String>,
    created_at: DateTime<Utc>,
}

#[derive(Object)]
struct SavedFilters {
    items: Vec<SavedFilterView>,
}

impl From<SavedFilter> for SavedFilterView {
    fn from(kept: SavedFilter) -> Self {
        Self {
            id: kept.filter_id.uuid(),
            name: kept.name,
            // It was written by this form: what an earlier version knew and this one does not is gone.
            filter: FilterForm::parse_from_json(Some(kept.filter)).unwrap_or_default(),
            sort: kept.sort,
            created_at: kept.created_at,
        }
    }
}

/// Keeps a new filter as the answer.
struct Telling {
    once: Once,
    view: Option<SavedFilterView>,
}

#[async_trait]
impl Witness<SavedFilter> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, kept: &SavedFilter) -> Result<(), SealError> {
        let view = self.view.insert(SavedFilterView::from(kept.clone()));
        self.once.keep(tx, StatusCode::CREATED, view).await
    }
}

#[derive(ApiResponse)]
enum Created {
    /// The filter as it is kept.
    #[oai(status = 201)]
    Created(Json<SavedFilterView>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone.
    #[oai(status = 204)]
    Deleted,
}
