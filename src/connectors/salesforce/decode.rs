//! From an answer's bytes to a page, record by record: one that cannot be read is kept apart.

use serde_json::value::RawValue;

use super::{
    soql::Place,
    wire::{Id, Keys, Rows},
};
use crate::{
    connectors::{
        Page,
        lenient::{Record, Row, cut, record},
    },
    domain::{Quarantined, RemoteId},
};

/// What of an unreadable record is kept for people to look at.
const RAW: usize = 4096;
pub(super) const NO_ID: &str = "the record has no usable id";
const NO_OBJECT: &str = "the record is not an object";
pub(super) const BROKEN: &str = "the record's text is broken";

/// Why a whole answer cannot be used.
type Unreadable = &'static str;

record!(
    /// What is left to say of something deleted.
    OnlyId { "Id" => id: Id, }
);

/// By what a list is walked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    Id,
    Change,
}

pub(super) fn rows(body: &[u8]) -> Result<Rows<'_>, Unreadable> {
    serde_json::from_slice(body).map_err(|_| "it is not a page of a query")
}

/// Reads a page of at most `limit` rows. The next one begins after the last row, whether the CRM says
/// that there is more or the page is full.
pub(super) fn page<W, T>(
    body: &[u8],
    walk: Walk,
    limit: usize,
    map: impl Fn(W) -> Option<T>,
) -> Result<Page<T>, Unreadable>
where
    W: for<'de> Record<'de>,
{
    let Rows { done, records } = rows(body)?;
    let mut page = Page::default();
    for raw in &records {
        match read(raw, &map) {
            Ok(item) => page.items.push(item),
            Err(quarantined) => page.quarantined.push(quarantined),
        }
    }
    if done && records.len() < limit {
        return Ok(page);
    }
    // More, and no place to go on from, must not look like the end.
    let last = records.last().and_then(|raw| serde_json::from_str::<Row<Keys>>(raw.get()).ok());
    let keys = last.and_then(|row| row.0).ok_or("its last row cannot be read")?;
    let place = match (walk, keys.id.0, keys.changed.0) {
        (Walk::Id, Some(id), _) => Place::Id(id),
        (Walk::Change, Some(id), Some(at)) => Place::Change(at, id),
        _ => return Err("its last row has no keys"),
    };
    page.next = place.cursor();
    Ok(page)
}

/// A record that cannot be read, for people to look at.
pub(super) fn kept(id: Option<RemoteId>, reason: &str, text: &str) -> Quarantined {
    Quarantined { id, reason: reason.to_owned(), raw: cut(text, RAW).to_owned() }
}

fn read<W, T>(raw: &RawValue, map: impl Fn(W) -> Option<T>) -> Result<T, Quarantined>
where
    W: for<'de> Record<'de>,
{
    let text = raw.get();
    let quarantined = |id, reason: &str| kept(id, reason, text);
    match serde_json::from_str::<Row<W>>(text) {
        Ok(Row(Some(wire))) => map(wire).ok_or_else(|| quarantined(None, NO_ID)),
        Ok(Row(None)) => Err(quarantined(None, NO_OBJECT)),
        Err(_) => {
            let id = serde_json::from_str::<Row<OnlyId>>(text).ok().and_then(|row| row.0?.id.0);
            Err(quarantined(id, BROKEN))
        }
    }
}

/// Reads a page whose unreadable rows do not matter.
pub(super) fn list<W: for<'de> Record<'de>>(body: &[u8]) -> Result<Vec<W>, Unreadable> {
    let Rows { records, .. } = rows(body)?;
    let read = |raw: &&RawValue| serde_json::from_str::<Row<W>>(raw.get()).ok()?.0;
    Ok(records.iter().filter_map(read).collect())
}

/// Reads an answer that is one object.
pub(super) fn object<W: for<'de> Record<'de>>(body: &[u8]) -> Result<W, Unreadable> {
    let row: Row<W> = serde_json::from_slice(body).map_err(|_| "it is not an object")?;
    row.0.ok_or("it is not an object")
}

/// The id of what was made.
pub(super) fn made(body: &[u8]) -> Result<RemoteId, Unreadable> {
    let made: super::wire::Made = object(body)?;
    if made.success.0 != Some(true) {
        return Err("it is no success");
    }
    made.id.0.ok_or(NO_ID)
}

/// What became of one record of many.
pub(super) enum Part {
    Made(RemoteId),
    /// Its errors, as a request of its own would have been answered, and the code of the first.
    Refused(String, Box<RawValue>),
    /// It says neither.
    Unclear,
}

/// What became of each of `count` records, in their order.
pub(super) fn parts(body: &[u8], count: usize) -> Result<Vec<Part>, Unreadable> {
    let rows: Vec<&RawValue> =
        serde_json::from_slice(body).map_err(|_| "it is not a list of outcomes")?;
    if rows.len() != count {
        return Err("it has not an outcome for each");
    }
    Ok(rows.into_iter().map(part).collect())
}

fn part(raw: &RawValue) -> Part {
    let row = serde_json::from_str::<Row<super::wire::Outcome>>(raw.get());
    let Ok(Row(Some(outcome))) = row else { return Part::Unclear };
    match (outcome.success.0, outcome.id.0, outcome.errors) {
        (Some(true), Some(id), _) => Part::Made(id),
        (Some(false), _, Some(errors)) => match super::dialect::first_code(errors.get().as_bytes())
        {
            Some(code) => Part::Refused(code, errors),
            None => Part::Unclear,
        },
        _ => Part::Unclear,
    }
}

/// Nothing, which is what a change and a deletion are answered with.
pub(super) fn nothing(body: &[u8]) -> Result<(), Unreadable> {
    if body.is_empty() { Ok(()) } else { Err("it says something where nothing is to say") }
}
