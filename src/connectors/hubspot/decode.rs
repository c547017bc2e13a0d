//! From an answer's bytes to records; what cannot be read is quarantined, one by one.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::{
    place::is_after,
    wire::{Failed, Listed, OnlyId, Record, Ties},
};
use crate::{
    connectors::lenient::{self, Row, cut},
    domain::{Quarantined, RemoteId},
};

/// What of an unreadable record is kept for people to look at.
const RAW: usize = 4096;

/// Why a whole answer cannot be used.
type Unreadable = &'static str;

/// Records as they were read, and where the next page starts.
pub(super) struct Read<T> {
    pub(super) items: Vec<T>,
    pub(super) quarantined: Vec<Quarantined>,
    pub(super) after: Option<String>,
}

fn results(body: &[u8]) -> Result<Listed<'_>, Unreadable> {
    let results: Listed<'_> =
        serde_json::from_slice(body).map_err(|_| "it is not a list of records")?;
    if results.errors.0.iter().filter_map(|row| row.0.as_ref()).all(is_absence) {
        Ok(results)
    } else {
        // What was left out would look like what is gone.
        Err("a part of the batch failed")
    }
}

/// What does not exist, and what is tied to nothing, is an error over there and none here.
fn is_absence(failed: &Failed) -> bool {
    failed.category.0.as_deref() == Some("OBJECT_NOT_FOUND")
        || failed.sub_category.0.as_deref().is_some_and(|of| of.ends_with("NO_ASSOCIATIONS_FOUND"))
}

/// A cursor that cannot be followed must not look like the end of the list.
fn after(results: Listed<'_>) -> Result<Option<String>, Unreadable> {
    let after = results.paging.0.and_then(|paging| paging.next.0?.after.0);
    match after {
        Some(after) if !is_after(&after) => Err("its cursor is malformed"),
        after => Ok(after),
    }
}

/// Reads records. `map` turns one into ours, or says that it has no usable id.
pub(super) fn records<T>(
    body: &[u8],
    map: impl Fn(Record) -> Option<T>,
) -> Result<Read<T>, Unreadable> {
    let results = results(body)?;
    let (mut items, mut quarantined) = (Vec::new(), Vec::new());
    for raw in &results.results {
        match record(raw, &map) {
            Ok(item) => items.push(item),
            Err(reason) => quarantined.push(Quarantined {
                id: row::<OnlyId>(raw).and_then(|only| only.id.0),
                reason: reason.to_owned(),
                raw: cut(raw.get(), RAW).to_owned(),
            }),
        }
    }
    Ok(Read { items, quarantined, after: after(results)? })
}

fn record<T>(raw: &RawValue, map: impl Fn(Record) -> Option<T>) -> Result<T, Unreadable> {
    match serde_json::from_str::<Row<Record>>(raw.get()) {
        Ok(Row(Some(record))) => map(record).ok_or("the record has no usable id"),
        Ok(Row(None)) => Err("the record is not an object"),
        Err(_) => Err("the record's text is broken"),
    }
}

fn row<W: for<'de> lenient::Record<'de>>(raw: &RawValue) -> Option<W> {
    serde_json::from_str::<Row<W>>(raw.get()).ok()?.0
}

/// Reads a list whose unreadable entries do not matter.
pub(super) fn list<W: for<'de> lenient::Record<'de>, T>(
    body: &[u8],
    map: impl Fn(W) -> Option<T>,
) -> Result<(Vec<T>, Option<String>), Unreadable> {
    let results = results(body)?;
    let items = results.results.iter().filter_map(|raw| map(row(raw)?)).collect();
    Ok((items, after(results)?))
}

/// Reads an answer that is one object.
pub(super) fn one<W: for<'de> lenient::Record<'de>>(body: &[u8]) -> Result<W, Unreadable> {
    let row: Row<W> = serde_json::from_slice(body).map_err(|_| "it is not an object")?;
    row.0.ok_or("it is not an object")
}

/// The ids of hits, best first, and whether there are more.
pub(super) fn ids(body: &[u8]) -> Result<(Vec<RemoteId>, bool), Unreadable> {
    let (ids, after) = list(body, |only: OnlyId| only.id.0)?;
    Ok((ids, after.is_some()))
}

/// A hit of a search by change time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) id: RemoteId,
    pub(super) number: u64,
    /// Milliseconds since 1970.
    pub(super) changed: i64,
}

/// Hits with the time in `property`. One that cannot be read makes the whole unreadable: the next
/// question begins after it.
pub(super) fn hits(body: &[u8], property: &str) -> Result<Vec<Hit>, Unreadable> {
    let results = results(body)?;
    let hit = |raw: &&RawValue| {
        let record: Record = row(raw)?;
        let id = record.id.0.clone()?;
        let changed = record.text(property).and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let changed = changed.or(record.updated_at.0)?.timestamp_millis();
        Some(Hit { number: id.as_str().parse().ok()?, id, changed })
    };
    let hits: Option<Vec<Hit>> = results.results.iter().map(hit).collect();
    hits.ok_or("a hit lacks its id or its time")
}

/// What each record of a batch is tied to, by its id: the primary one, otherwise the first.
pub(super) fn ties(
    body: &[u8],
    primary: Option<u16>,
) -> Result<Vec<(RemoteId, RemoteId)>, Unreadable> {
    let primary = primary.map(|id| RemoteId(id.to_string()));
    let tie = |ties: Ties| {
        let of = || ties.to.0.iter().filter_map(|row| row.0.as_ref());
        let first = of().find(|tie| {
            let mut types = tie.types.0.iter().filter_map(|row| row.0.as_ref());
            primary.is_some() && types.any(|one| one.type_id.0 == primary)
        });
        let to = first.or_else(|| of().next())?.id.0.clone()?;
        Some((ties.from.0.as_ref()?.id.0.clone()?, to))
    };
    Ok(list(body, tie)?.0)
}
