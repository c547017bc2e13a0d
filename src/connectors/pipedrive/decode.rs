//! From an answer's bytes to a page: in one pass when all is well, record by record when not.

use serde_json::value::RawValue;

use super::wire::{Data, Envelope, Hits, More, RawEnvelope};
use crate::{
    connectors::{
        Cursor, Page,
        lenient::{Flag, Id, Record, Row, cut, record},
    },
    domain::{Quarantined, RemoteId},
};

/// What of an unreadable record is kept for people to look at.
const RAW: usize = 4096;
const NO_OBJECT: &str = "the record is not an object";
const NO_ID: &str = "the record has no usable id";
const BROKEN: &str = "the record's text is broken";

/// Why a whole answer cannot be used.
type Unreadable = &'static str;

record!(
    /// What is left to say of something deleted.
    OnlyId { "id" => id: Id, }
);

/// Reads a list. `map` turns a record into ours, or says that it has no usable id.
pub(super) fn page<W, T>(body: &[u8], map: impl Fn(W) -> Option<T>) -> Result<Page<T>, Unreadable>
where
    W: for<'de> Record<'de>,
{
    let Ok(envelope) = serde_json::from_slice::<Envelope<Vec<Row<W>>>>(body) else {
        return one_by_one(body, map);
    };
    let rows = data(&envelope.success, envelope.data)?.unwrap_or_default();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        match row.0.and_then(&map) {
            Some(item) => items.push(item),
            // Quarantine wants the text as it came, which this pass has not kept.
            None => return one_by_one(body, map),
        }
    }
    Ok(Page { items, quarantined: Vec::new(), next: next(envelope.additional_data)? })
}

fn data<R>(success: &Flag, data: Data<R>) -> Result<Option<R>, Unreadable> {
    match data {
        _ if success.0 != Some(true) => Err("it is no success"),
        Data::Given(data) => Ok(data),
        Data::Absent => Err("it holds no data"),
    }
}

fn one_by_one<W, T>(body: &[u8], map: impl Fn(W) -> Option<T>) -> Result<Page<T>, Unreadable>
where
    W: for<'de> Record<'de>,
{
    let envelope: RawEnvelope<'_> =
        serde_json::from_slice(body).map_err(|_| "it is not a list of records")?;
    let mut page = Page { next: next(envelope.additional_data)?, ..Page::default() };
    for raw in data(&envelope.success, envelope.data)?.unwrap_or_default() {
        match record(raw, &map) {
            Ok(item) => page.items.push(item),
            Err(quarantined) => page.quarantined.push(quarantined),
        }
    }
    Ok(page)
}

fn record<W, T>(raw: &RawValue, map: impl Fn(W) -> Option<T>) -> Result<T, Quarantined>
where
    W: for<'de> Record<'de>,
{
    let quarantined = |id, reason: &str| Quarantined {
        id,
        reason: reason.to_owned(),
        raw: cut(raw.get(), RAW).to_owned(),
    };
    let text = raw.get();
    let row = serde_json::from_str::<Row<W>>(text).or_else(|_| {
        // Half a surrogate pair is the one damage that real records are known to have.
        serde_json::from_str(&with_whole_surrogates(text))
    });
    match row {
        Ok(Row(Some(wire))) => map(wire).ok_or_else(|| quarantined(None, NO_ID)),
        Ok(Row(None)) => Err(quarantined(None, NO_OBJECT)),
        Err(_) => {
            let id = serde_json::from_str::<Row<OnlyId>>(text).ok().and_then(|row| row.0?.id.0);
            Err(quarantined(id, BROKEN))
        }
    }
}

/// A cursor that cannot be followed must not look like the end of the list.
fn next(more: Row<More>) -> Result<Option<Cursor>, Unreadable> {
    let Some(raw) = more.0.and_then(|more| more.next_cursor.0) else { return Ok(None) };
    Cursor::parse(&raw).map(Some).ok_or("its cursor is malformed")
}

/// Reads an answer that is one object.
pub(super) fn object<W: for<'de> Record<'de>>(body: &[u8]) -> Result<W, Unreadable> {
    let envelope: Envelope<Row<W>> =
        serde_json::from_slice(body).map_err(|_| "it is not an object")?;
    data(&envelope.success, envelope.data)?.and_then(|row| row.0).ok_or("it holds no object")
}

/// Reads a list whose unreadable records do not matter, and where the next page starts.
pub(super) fn list<W: for<'de> Record<'de>>(
    body: &[u8],
) -> Result<(Vec<W>, Option<Cursor>), Unreadable> {
    let page = page(body, Some)?;
    Ok((page.items, page.next))
}

/// The ids of search hits, best first, and where the next hits start.
pub(super) fn hits(body: &[u8]) -> Result<(Vec<RemoteId>, Option<Cursor>), Unreadable> {
    let envelope: Envelope<Row<Hits>> =
        serde_json::from_slice(body).map_err(|_| "it is not a list of hits")?;
    let hits = data(&envelope.success, envelope.data)?.and_then(|row| row.0).unwrap_or_default();
    let ids = hits.items.0.into_iter().filter_map(|hit| hit.0?.item.0?.id.0).collect();
    Ok((ids, next(envelope.additional_data)?))
}

/// Replaces `\ud800` and its like, where they are not a pair, by the replacement character.
fn with_whole_surrogates(json: &str) -> String {
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match surrogate(rest) {
            Some(Half::High) if matches!(rest.get(6..).and_then(surrogate), Some(Half::Low)) => 12,
            Some(_) => {
                whole.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            // The escape and what it escapes, so that `\\ud800` is not taken for one.
            None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        whole.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    whole.push_str(rest);
    whole
}

enum Half {
    High,
    Low,
}

/// Which half of a pair an escape at the start of `json` is.
fn surrogate(json: &str) -> Option<Half> {
    let unit = u16::from_str_radix(json.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    match unit {
        0xd800..0xdc00 => Some(Half::High),
        0xdc00..0xe000 => Some(Half::Low),
        _ => None,
    }
}
