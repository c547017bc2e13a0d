//! First imports of many: queries that the org runs by itself (Bulk API 2.0), whose result is fetched
//! in large pages of CSV.
//!
//! The first page of a full read is a query like any other. When it is full, the org is asked how many
//! there are; beyond [`MANY`] a job is made for the rest, and its id goes into the cursor: whoever
//! takes the run up again goes on with the same job. A job that takes long is waited for, by the run
//! and not in here. One that fails or is gone costs nothing but time: the cursor says where the walk
//! by keys goes on. What only this way of reading needs is no reason to fail: an org that makes no job
//! is walked by keys.
//!
//! CSV has no types: what a cell holds is what the description says of its column, so that a value is
//! the same by either way. Times end in `Z` here. A job is deleted when all of it has been read; until
//! then it is there for seven days.

mod table;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use self::table::Columns;
use super::{
    MANIFEST, SCOPE, ask, contact_fields, decode, dialect, fields, path,
    soql::{Place, is_id},
    wire,
};
use crate::{
    connectors::{
        Api, Cost, CrmError, Cursor, From, Lane, Page,
        api::{Ask, Change},
    },
    domain::{RemoteId, RemotePerson},
};

/// Beyond so many a job is worth its while; it is ready after some seconds at the earliest.
const MANY: u64 = 10_000;
/// Rows of a page: some five megabytes of records with a dozen fields of the org's own.
const ROWS: u16 = 5_000;
/// Between looks at a job, while the page before is still being written.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(8),
];
/// Then the run waits.
const LATER: Duration = Duration::from_secs(20);
/// The header with the place of the next page; the word for none.
const LOCATOR: &str = "sforce-locator";
const NO_MORE: &str = "null";

/// A place in the result of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// `b.{job}.{id}`, then `b.{job}.{id}.{locator}`: the walk by keys would go on after the id.
    Result { id: RemoteId, after: RemoteId, locator: Option<String> },
    /// `e.{job}`: all of it has been read.
    Over(RemoteId),
}

impl Job {
    /// `None` for a place of the walk by keys. Only a whole first read has jobs.
    pub(super) fn of(from: &From) -> Result<Option<Self>, CrmError> {
        let Some(cursor) = &from.cursor else { return Ok(None) };
        if !cursor.as_str().starts_with(['b', 'e']) {
            return Ok(None);
        }
        if from.updated_since.is_some() || from.limit.is_some() {
            return Err(CrmError::CursorRefused);
        }
        Self::read(cursor.as_str()).map(Some).ok_or(CrmError::CursorRefused)
    }

    fn read(cursor: &str) -> Option<Self> {
        let mut parts = cursor.splitn(4, '.');
        let (kind, id) = (parts.next()?, parts.next()?);
        let job = is_job(id).then(|| RemoteId(id.to_owned()))?;
        match (kind, parts.next(), parts.next()) {
            ("e", None, None) => Some(Self::Over(job)),
            ("b", Some(after), locator) if is_id(after) => {
                let locator = locator.map(str::to_owned);
                Some(Self::Result { id: job, after: RemoteId(after.to_owned()), locator })
            }
            _ => None,
        }
    }

    fn cursor(&self) -> Option<Cursor> {
        Cursor::parse(&match self {
            Self::Result { id, after, locator: None } => format!("b.{id}.{after}"),
            Self::Result { id, after, locator: Some(locator) } => {
                format!("b.{id}.{after}.{locator}")
            }
            Self::Over(id) => format!("e.{id}"),
        })
    }

    pub(super) async fn page(&self, api: &Api) -> Result<Page<RemotePerson>, CrmError> {
        match self {
            Self::Over(id) => {
                forget(api, id).await;
                Ok(Page::default())
            }
            Self::Result { id, after, locator } => {
                match result(api, id, locator.as_deref()).await {
                    Ok((mut page, locator)) => {
                        page.next = match locator {
                            locator @ Some(_) => {
                                Self::Result { id: id.clone(), after: after.clone(), locator }
                                    .cursor()
                            }
                            None => Self::Over(id.clone()).cursor(),
                        };
                        Ok(page)
                    }
                    Err(Broken::Gone) => {
                        tracing::info!(job = %id, "a job is of no use, its rows are read by their keys");
                        Ok(Page { next: Place::Id(after.clone()).cursor(), ..Page::default() })
                    }
                    Err(Broken::Crm(error)) => Err(error),
                }
            }
        }
    }
}

fn is_job(id: &str) -> bool {
    is_id(id) && id.starts_with("750")
}

/// Why a job brings nothing.
enum Broken {
    /// It failed, was ended or deleted.
    Gone,
    Crm(CrmError),
}

impl std::convert::From<CrmError> for Broken {
    fn from(error: CrmError) -> Self {
        match error {
            CrmError::Missing => Self::Gone,
            other => Self::Crm(other),
        }
    }
}

/// The first page of a full read, with a job for the rest where there are many.
pub(super) async fn instead(
    api: &Api,
    from: &From,
    page: Page<RemotePerson>,
) -> Page<RemotePerson> {
    let whole = from.cursor.is_none() && from.updated_since.is_none() && from.limit.is_none();
    let last = page.next.as_ref().and_then(Place::read).filter(|_| whole);
    let Some(Place::Id(after)) = last else { return page };
    match begin(api, &after).await {
        Ok(Some(id)) => {
            let job = Job::Result { id, after, locator: None };
            Page { next: job.cursor(), ..page }
        }
        Ok(None) => page,
        Err(error) => {
            tracing::info!(%error, "the org makes no job, its rows are read by their keys");
            page
        }
    }
}

/// Makes a job for all after this one, if they are many. An answer that is lost leaves a job that
/// nobody reads, which ends by itself.
async fn begin(api: &Api, after: &RemoteId) -> Result<Option<RemoteId>, CrmError> {
    let rest = Place::Id(after.clone()).after();
    let text = format!("SELECT count() FROM Contact WHERE {rest}");
    let total = fields::query(api, false, &text, |body| {
        let total: wire::Total = decode::object(body)?;
        total.size.0.ok_or("it counts nothing")
    });
    if u64::from(total.await?) < MANY {
        return Ok(None);
    }
    let names = contact_fields(api, &From::default()).await?;
    let query = format!("SELECT {names} FROM Contact WHERE {rest}");
    let path = path("jobs/query");
    let body = json!({
        "operation": "query", "query": query, "contentType": "CSV", "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    });
    let asked = Ask { body: Some(body), ..ask(&path, &[]) };
    let job: wire::Job = api.read(&asked, decode::object).await?;
    Ok(job.id.0.filter(|id| is_job(id.as_str())))
}

/// Waits as long as a page is written; a job that takes longer is for the run to wait for.
async fn ready(api: &Api, job: &RemoteId) -> Result<(), Broken> {
    let path = path(&format!("jobs/query/{job}"));
    let mut pauses = PAUSES.into_iter();
    loop {
        let now: wire::Job = api.read(&ask(&path, &[]), decode::object).await?;
        match now.state.0.as_deref() {
            Some("JobComplete") => return Ok(()),
            Some("Failed" | "Aborted") => return Err(Broken::Gone),
            Some("UploadComplete" | "InProgress") => {}
            _ => return Err(CrmError::Unreadable { what: "a job is in no known state" }.into()),
        }
        let Some(pause) = pauses.next() else {
            let what = "the org is still putting the list of its contacts together";
            return Err(CrmError::Down { what, status: None, wait: Some(LATER) }.into());
        };
        api.pause(pause).await;
    }
}

async fn result(
    api: &Api,
    job: &RemoteId,
    locator: Option<&str>,
) -> Result<(Page<RemotePerson>, Option<String>), Broken> {
    if locator.is_none() {
        ready(api, job).await?;
    }
    let described = fields::describe(api, "Contact").await?;
    let columns = Columns::of(described);
    let (path, rows) = (path(&format!("jobs/query/{job}/results")), ROWS.to_string());
    let mut query = vec![("maxRecords", rows.as_str())];
    query.extend(locator.map(|locator| ("locator", locator)));
    let asked = Ask { headers: &[("accept", "text/csv")], ..ask(&path, &query) };
    let read = api.read_with_head(&asked, |head, body| {
        let next = head.get(LOCATOR).and_then(|value| value.to_str().ok());
        // Without the header nobody knows whether that was all.
        let next = next.ok_or("it does not say whether there is more")?;
        let next = (next != NO_MORE).then(|| next.to_owned());
        Ok((columns.page(body)?, next))
    });
    Ok(read.await?)
}

/// As far as it is ours to tidy up; what is not deleted ends by itself.
async fn forget(api: &Api, job: &RemoteId) {
    let path = path(&format!("jobs/query/{job}"));
    let change = Change {
        dialect: &dialect::WORDS,
        method: Method::DELETE,
        path: &path,
        query: &[],
        headers: &[],
        cost: Cost { tokens: MANIFEST.costs.delete, lane: Lane::General },
        scope: SCOPE,
        body: None,
        names: &[],
    };
    if let Err(error) = api.write(&change, decode::nothing).await {
        tracing::info!(job = %job, %error, "a job was not deleted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_job_reads_back_and_belongs_to_a_whole_read_only() {
        let (id, after) =
            (RemoteId("750Hn00000000AbIAC".into()), RemoteId("003Hn00000000AbIAC".into()));
        for job in [
            Job::Result { id: id.clone(), after: after.clone(), locator: None },
            Job::Result { id: id.clone(), after, locator: Some("MTAw.MDA=".into()) },
            Job::Over(id),
        ] {
            let from = From { cursor: job.cursor(), ..From::default() };
            assert_eq!(Job::of(&from).unwrap(), Some(job));
            let part = From { limit: Some(50), ..from.clone() };
            assert!(Job::of(&part).is_err());
            let delta = From { updated_since: Some(chrono::DateTime::UNIX_EPOCH), ..from };
            assert!(Job::of(&delta).is_err());
        }
        for raw in [
            "b.",
            "b.750Hn00000000AbIAC",
            "b.003Hn00000000AbIAC.003Hn00000000AbIAC",
            "e.x",
            "b.750Hn00000000AbIAC.x'y",
            "e.750Hn00000000AbIAC.003Hn00000000AbIAC",
        ] {
            let from = From { cursor: Cursor::parse(raw), ..From::default() };
            assert!(Job::of(&from).is_err(), "{raw}");
        }
        let keys = From { cursor: Cursor::parse("i.003Hn00000000AbIAC"), ..From::default() };
        assert_eq!(Job::of(&keys).unwrap(), None);
    }
}
