//! `/api/imports/csv/{id}/rows`: rows of a run's file that could not be read, until they are corrected.

use futures_util::{TryStreamExt as _, stream};
use poem::{Body, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::{Binary, Json},
};
use uuid::Uuid;

use super::{Accepted, Telling};
use crate::{
    db::{self, DbError, TenantTx, csv::BadRow},
    domain::{FileId, RunId, csv, sheet::Settings},
    flows::{SharedHub, csv as files},
    http::{ApiError, Session, Tag, once::Once, paging},
    policy::Action,
};

/// Rows of a file that are read at a time.
const PAGE: i64 = 500;

pub(in crate::http) struct BadRowsApi;

#[OpenApi(prefix_path = "/imports/csv/runs", tag = "Tag::Contacts")]
impl BadRowsApi {
    /// Rows of the run's file that could not be read and wait to be corrected; for 30 days.
    #[oai(path = "/:id/rows", method = "get", operation_id = "list_bad_rows")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<BadRowPage>, ApiError> {
        session.may(Action::ImportContacts)?;
        let limit = paging::limit(limit.0, paging::MOST)?;
        let after: Option<i64> = paging::position(cursor.0.as_deref())?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let (file_id, columns) = file(&mut tx, id.0).await?;
        let rows = db::csv::bad_rows(&mut tx, file_id, after.unwrap_or(0), limit + 1).await?;
        let total = db::csv::count_bad_rows(&mut tx, file_id).await?;
        let (rows, more) = paging::cut(rows, limit);
        let next_cursor =
            rows.last().filter(|_| more).and_then(|last| paging::cursor(&last.row_number));
        let items = rows.into_iter().map(|row| BadRowView::of(row, columns.len())).collect();
        Ok(Json(BadRowPage { columns, items, next_cursor, total }))
    }

    /// Run rows again with other cells: a run of their own, which follows that of their file. What
    /// still cannot be read waits here again.
    #[oai(path = "/:id/rows", method = "post", operation_id = "correct_rows")]
    async fn correct(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<Corrections>,
    ) -> Result<Accepted, ApiError> {
        session.may(Action::ImportContacts)?;
        let rows: Vec<_> = form.0.rows.into_iter().map(|row| (row.row, row.cells)).collect();
        let mut told = Telling { once, started: None };
        let run_id = RunId::from_uuid(id.0);
        files::correct(&hub, session.by(), run_id, &rows, &mut told).await?;
        told.answer()
    }

    /// The same rows as a file, each with the reason; nothing in it is run as a formula.
    #[oai(path = "/:id/rows/file", method = "get", operation_id = "download_bad_rows")]
    async fn download(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
    ) -> Result<Downloaded, ApiError> {
        session.may(Action::ImportContacts)?;
        let (company_id, scope) = (session.company_id(), session.scope());
        let mut tx = hub.db.tenant_reading(company_id, scope).await?;
        let (file_id, columns) = file(&mut tx, id.0).await?;
        drop(tx);
        let width = columns.len();
        let names = columns.iter().map(String::as_str);
        let head = csv::row(["Row", "Reason"].into_iter().chain(names));
        let hub = SharedHub::clone(&hub);
        let texts = stream::try_unfold(Some((Some(head), 0)), move |place| {
            let hub = SharedHub::clone(&hub);
            async move {
                let Some((head, after)) = place else { return Ok::<_, DbError>(None) };
                let mut tx = hub.db.tenant_reading(company_id, scope).await?;
                let page = db::csv::bad_rows(&mut tx, file_id, after, PAGE).await?;
                drop(tx);
                let whole = i64::try_from(page.len()) == Ok(PAGE);
                let next = page.last().filter(|_| whole).map(|last| (None, last.row_number));
                let rows: String = page.iter().map(|row| line(row, width)).collect();
                Ok(Some((head.unwrap_or_default() + &rows, next)))
            }
        });
        let body = Body::from_bytes_stream(texts.map_err(std::io::Error::other));
        let name = "attachment; filename=\"tandem-failed-rows.csv\"".to_owned();
        Ok(Downloaded::Csv(Binary(body), name))
    }
}

fn line(row: &BadRow, width: usize) -> String {
    let number = row.row_number.to_string();
    let cells = row.cells.0.iter().map(String::as_str);
    let cells = cells.chain(std::iter::repeat("")).take(width.max(row.cells.0.len()));
    csv::row([number.as_str(), row.reason.as_str()].into_iter().chain(cells))
}

/// The file of a run, while it is kept, with the names of its columns.
async fn file(tx: &mut TenantTx, run_id: Uuid) -> Result<(FileId, Vec<String>), ApiError> {
    let run = db::runs::get(tx, RunId::from_uuid(run_id)).await?;
    let file_id = run.and_then(|run| run.file_id).ok_or_else(ApiError::not_found)?;
    let file = db::csv::get(tx, file_id).await?.ok_or_else(ApiError::not_found)?;
    let settings: Option<Settings> =
        file.settings.and_then(|text| serde_json::from_str(&text).ok());
    let columns = settings.map(|settings| settings.columns).unwrap_or_default();
    Ok((file_id, columns.into_iter().map(|column| column.name).collect()))
}

#[derive(Object)]
struct BadRowPage {
    /// Names of the file's columns.
    columns: Vec<String>,
    items: Vec<BadRowView>,
    next_cursor: Option<String>,
    /// All that wait.
    total: i64,
}

#[derive(Object)]
#[oai(rename = "BadRow")]
struct BadRowView {
    /// Counted from 1, a header included.
    row: i64,
    /// At least as many as there are columns.
    cells: Vec<String>,
    reason: String,
}

impl BadRowView {
    fn of(row: BadRow, width: usize) -> Self {
        let mut cells = row.cells.0;
        cells.resize(width.max(cells.len()), String::new());
        Self { row: row.row_number, cells, reason: row.reason }
    }
}

#[derive(Object)]
struct Corrections {
    /// 1 to 200, each once.
    rows: Vec<CorrectedRow>,
}

#[derive(Object)]
struct CorrectedRow {
    row: i64,
    /// At most as many as there are columns.
    cells: Vec<String>,
}

#[derive(ApiResponse)]
enum Downloaded {
    /// For a spreadsheet.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Csv(Binary<Body>, #[oai(header = "Content-Disposition")] String),
}
