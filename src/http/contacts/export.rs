//! `/api/contacts/export`: contacts as a file for a spreadsheet.

use futures_util::TryStreamExt as _;
use poem::{Body, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    payload::{Binary, Json},
};
use uuid::Uuid;

use super::filter::FilterForm;
use crate::{
    db::contacts::Chosen,
    domain::ContactId,
    flows::{
        SharedHub,
        bulk::MOST,
        export::{self, ExportError},
    },
    http::{ApiError, FieldProblem, Session, Tag},
    policy::Action,
};

pub(in crate::http) struct ExportApi;

#[OpenApi(prefix_path = "/contacts", tag = "Tag::Contacts")]
impl ExportApi {
    /// Contacts as CSV, of those that you may see: chosen ones, or all that hold the filter. Nothing in
    /// it is run as a formula, and importing it again changes nothing. Who exports is in the audit log.
    #[oai(path = "/export", method = "post", operation_id = "export_contacts")]
    async fn export(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        form: Json<ExportForm>,
    ) -> Result<Exported, ApiError> {
        session.may(Action::WorkContacts)?;
        let mark = form.0.mark.unwrap_or(true);
        let chosen = form.0.read()?;
        let texts = export::contacts(&hub, session.by(), chosen, mark).await?;
        let body = Body::from_bytes_stream(texts.map_err(std::io::Error::other));
        let name = "attachment; filename=\"tandem-contacts.csv\"".to_owned();
        Ok(Exported::Csv(Binary(body), name))
    }
}

/// One of `contact_ids` and `filter`.
#[derive(Object)]
#[oai(rename = "ContactsExport")]
struct ExportForm {
    /// At most 10,000.
    contact_ids: Option<Vec<Uuid>>,
    /// All contacts that the list shows with these filters.
    filter: Option<FilterForm>,
    /// Begin with a byte order mark, by which some spreadsheets know UTF-8; `true` when left out.
    mark: Option<bool>,
}

impl ExportForm {
    fn read(self) -> Result<Chosen, ApiError> {
        match (self.contact_ids, self.filter) {
            (Some(ids), None) if ids.len() > MOST => {
                let words = "Use at most 10,000 at once.";
                Err(ApiError::invalid_fields(vec![FieldProblem::new("contact_ids", words)]))
            }
            (Some(ids), None) => {
                Ok(Chosen::Ids(ids.into_iter().map(ContactId::from_uuid).collect()))
            }
            (None, Some(filter)) => Ok(Chosen::Matching(filter.read()?)),
            _ => Err(ApiError::invalid("Name one of contact_ids and filter.")),
        }
    }
}

#[derive(ApiResponse)]
enum Exported {
    /// For a spreadsheet.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Csv(Binary<Body>, #[oai(header = "Content-Disposition")] String),
}

impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Wait(time) => {
                Self::too_many(time, "Too many exports. Wait a little, then try again.")
            }
            ExportError::TooManyMatch => Self::conflict(
                "too_many",
                "More than 10,000 contacts match the search. Search for more letters, or leave it out.",
            ),
            ExportError::Db(error) => error.into(),
        }
    }
}
