//! `/api/imports/csv`: a file of rows, from its bytes to the correction of what could not be read.

mod bad_rows;
mod refusals;
mod view;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use poem::{Body, http::StatusCode, web::Data};
use poem_openapi::{
    ApiRequest, ApiResponse, OpenApi,
    param::{Path, Query},
    payload::{Binary, Json},
};
use uuid::Uuid;

use crate::{
    db::TenantTx,
    domain::FileId,
    flows::{SealError, SharedHub, csv, idempotency::Witness, import::Started},
    http::{ApiError, Session, Tag, once::Once},
    policy::Action,
};

pub(super) use bad_rows::BadRowsApi;
pub(super) use refusals::FILE_TOO_LARGE;
use view::{CharsetWord, CsvFile, CsvStarted, DelimiterWord, SettingsForm};

pub(super) struct ImportsApi;

#[OpenApi(prefix_path = "/imports/csv", tag = "Tag::Contacts")]
impl ImportsApi {
    /// Bring a file of at most 200 MiB and 500,000 rows; nothing is imported yet. What its columns
    /// seem to be comes back. A file that is not started goes after a day, or when you bring two more.
    #[oai(path = "/", method = "post", operation_id = "upload_csv")]
    async fn upload(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        file: Upload,
    ) -> Result<Arrived, ApiError> {
        session.may(Action::ImportContacts)?;
        let (Upload::Csv(Binary(body)) | Upload::Bytes(Binary(body))) = file;
        let pieces = body.into_bytes_stream().map_err(std::io::Error::other);
        let file_id = csv::receive(&hub, session.by(), pieces, csv::BOUNDS).await?;
        Ok(Arrived::File(Json(load(&hub, &session, file_id, (None, None, None)).await?)))
    }

    /// A file that you brought, read in another way.
    #[oai(path = "/:id", method = "get", operation_id = "look_at_csv")]
    async fn look(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        /// What its bytes look like when left out.
        charset: Query<Option<CharsetWord>>,
        /// What its rows look like when left out.
        delimiter: Query<Option<DelimiterWord>>,
        /// Whether the first row names the columns.
        header: Query<Option<bool>>,
    ) -> Result<Json<CsvFile>, ApiError> {
        session.may(Action::ImportContacts)?;
        let as_said = (charset.0, delimiter.0, header.0);
        Ok(Json(load(&hub, &session, FileId::from_uuid(id.0), as_said).await?))
    }

    /// Forget a file that was not started.
    #[oai(path = "/:id", method = "delete", operation_id = "discard_csv")]
    async fn discard(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Discarded, ApiError> {
        session.may(Action::ImportContacts)?;
        csv::discard(&hub, session.by(), FileId::from_uuid(id.0)).await?;
        Ok(Discarded::Discarded)
    }

    /// Import the file, once: a second start answers with the run of the first.
    #[oai(path = "/:id/start", method = "post", operation_id = "start_csv_import")]
    async fn start(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<SettingsForm>,
    ) -> Result<Accepted, ApiError> {
        session.may(Action::ImportContacts)?;
        let mut told = Telling { once, started: None };
        let file_id = FileId::from_uuid(id.0);
        csv::start(&hub, session.by(), file_id, form.0.into(), &mut told).await?;
        told.answer()
    }
}

async fn load(
    hub: &SharedHub,
    session: &Session,
    file_id: FileId,
    (charset, delimiter, header): (Option<CharsetWord>, Option<DelimiterWord>, Option<bool>),
) -> Result<CsvFile, ApiError> {
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let (charset, delimiter) = (charset.map(Into::into), delimiter.map(Into::into));
    Ok(csv::look(&mut tx, file_id, charset, delimiter, header).await?.into())
}

/// The bytes of a file.
#[derive(ApiRequest)]
enum Upload {
    #[oai(content_type = "text/csv")]
    Csv(Binary<Body>),
    #[oai(content_type = "application/octet-stream")]
    Bytes(Binary<Body>),
}

#[derive(ApiResponse)]
enum Arrived {
    /// It is there, and can be started.
    #[oai(status = 201)]
    File(Json<CsvFile>),
}

#[derive(ApiResponse)]
enum Discarded {
    /// It is gone.
    #[oai(status = 204)]
    Discarded,
}

#[derive(ApiResponse)]
enum Accepted {
    /// The run is queued; its state is at `/api/sync-logs/{run_id}`.
    #[oai(status = 202)]
    Run(Json<CsvStarted>),
}

/// Keeps which run was started as the answer.
struct Telling {
    once: Once,
    started: Option<Started>,
}

impl Telling {
    fn answer(self) -> Result<Accepted, ApiError> {
        let started = self.started.ok_or_else(ApiError::not_found)?;
        Ok(Accepted::Run(Json(started.into())))
    }
}

#[async_trait]
impl Witness<Started> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, started: &Started) -> Result<(), SealError> {
        self.started = Some(*started);
        self.once.keep(tx, StatusCode::ACCEPTED, &CsvStarted::from(*started)).await
    }
}
