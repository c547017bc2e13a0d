//! `/api/sync-logs/{id}/entries/file`: what a run did not take, as a file for a spreadsheet.

use futures_util::{TryStreamExt as _, stream};
use poem::{Body, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Binary,
};
use uuid::Uuid;

use super::view::OutcomeWord;
use crate::{
    db::{
        self, DbError,
        entries::{After, Entry},
    },
    domain::{RunId, csv},
    flows::SharedHub,
    http::{ApiError, Session, Tag},
    policy::Action,
};

/// Entries that are read at a time, each time in a transaction of its own: a slow reader holds nothing.
const PAGE: i64 = 500;
/// U+FEFF: some spreadsheets read UTF-8 only behind it.
const MARK: &str = "\u{feff}";
const HEAD: &[&str] =
    &["Outcome", "Record", "Name", "Reason", "Contact in the book", "Contact ID", "When (UTC)"];
/// What nothing came of.
const NOT_TAKEN: &[&str] = &["quarantined", "conflict", "skipped"];

pub(in crate::http) struct EntryFileApi;

#[OpenApi(prefix_path = "/sync-logs", tag = "Tag::SyncLog")]
impl EntryFileApi {
    /// Entries as CSV, each with its reason: those of one outcome, or all that the run did not take
    /// (`quarantined`, `conflict`, `skipped`). Nothing in it is run as a formula.
    #[oai(path = "/:id/entries/file", method = "get", operation_id = "download_entries")]
    async fn download(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        outcome: Query<Option<OutcomeWord>>,
    ) -> Result<Downloaded, ApiError> {
        session.may(Action::ImportContacts)?;
        let (company_id, scope) = (session.company_id(), session.scope());
        let run_id = RunId::from_uuid(id.0);
        let mut tx = hub.db.tenant_reading(company_id, scope).await?;
        if db::runs::get(&mut tx, run_id).await?.is_none() {
            return Err(ApiError::not_found());
        }
        drop(tx);
        let outcomes = outcome.0.map_or(NOT_TAKEN.to_vec(), |one| vec![one.word()]);
        let hub = SharedHub::clone(&hub);
        let begin = Place { head: true, outcomes: outcomes.into_iter(), at: None };
        let texts = stream::try_unfold(Some(begin), move |place| {
            let hub = SharedHub::clone(&hub);
            async move {
                let Some(mut place) = place else { return Ok::<_, DbError>(None) };
                let mut text = String::new();
                if std::mem::take(&mut place.head) {
                    text = format!("{MARK}{}", csv::row(HEAD.iter().copied()));
                }
                let (outcome, after) = match place.at.take() {
                    Some((outcome, after)) => (outcome, Some(after)),
                    None => match place.outcomes.next() {
                        Some(outcome) => (outcome, None),
                        None => return Ok(None),
                    },
                };
                let mut tx = hub.db.tenant_reading(company_id, scope).await?;
                let page =
                    db::entries::list(&mut tx, run_id, Some(outcome), after.as_ref(), PAGE).await?;
                drop(tx);
                text.extend(page.iter().map(line));
                if i64::try_from(page.len()) == Ok(PAGE) {
                    place.at = page.last().map(|last| (outcome, After::of(last)));
                }
                Ok(Some((text, Some(place))))
            }
        });
        let body = Body::from_bytes_stream(texts.map_err(std::io::Error::other));
        let name = outcome.0.map_or("not-imported", OutcomeWord::word);
        let name = format!("attachment; filename=\"tandem-run-{name}.csv\"");
        Ok(Downloaded::Csv(Binary(body), name))
    }
}

/// How far a file is written.
struct Place {
    head: bool,
    /// Those that were not begun.
    outcomes: std::vec::IntoIter<&'static str>,
    /// The one that is not over, and behind which of its entries it goes on.
    at: Option<(&'static str, After)>,
}

fn line(entry: &Entry) -> String {
    csv::row([
        entry.outcome.as_str(),
        entry.remote_id.as_deref().unwrap_or_default(),
        entry.remote_name.as_deref().unwrap_or_default(),
        entry.reason.as_deref().unwrap_or_default(),
        entry.contact_name.as_deref().unwrap_or_default(),
        &entry.contact_id.map(|id| id.to_string()).unwrap_or_default(),
        &entry.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    ])
}

#[derive(ApiResponse)]
enum Downloaded {
    /// For a spreadsheet.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Csv(Binary<Body>, #[oai(header = "Content-Disposition")] String),
}
