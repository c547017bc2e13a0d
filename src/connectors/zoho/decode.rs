//! From an answer's bytes to a page: in one pass when all is well, record by record when not.

use serde_json::value::RawValue;

use super::wire::{Envelope, Found, Info, RawEnvelope};
use crate::{
    connectors::lenient::{Id, Record, Row, cut, record},
    domain::{Quarantined, RemoteId},
};

/// What of an unreadable record is kept for people to look at.
const RAW: usize = 4096;

/// Why a whole answer cannot be used.
type Unreadable = &'static str;

/// A page, and how it goes on.
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    pub(super) quarantined: Vec<Quarantined>,
    pub(super) more: bool,
    pub(super) token: Option<String>,
    /// The highest id that could be read.
    pub(super) last: Option<u64>,
}

impl<T> Listed<T> {
    pub(super) fn none() -> Self {
        Self::new(Row(None))
    }

    fn new(info: Row<Info>) -> Self {
        let info = info.0.unwrap_or_default();
        let (more, token) = (info.more.0 == Some(true), info.token.0);
        Self { items: Vec::new(), quarantined: Vec::new(), more, token, last: None }
    }
}

record!(OnlyId { "id" => id: Id, });

/// Reads a list. `map` turns a record into ours and its id, or says that it has no usable id.
pub(super) fn page<W, T>(
    body: &[u8],
    map: impl Fn(W) -> Option<(RemoteId, T)>,
) -> Result<Listed<T>, Unreadable>
where
    W: for<'de> Record<'de>,
{
    // 204: nothing matches.
    if body.is_empty() {
        return Ok(Listed::none());
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope<Row<W>>>(body) else {
        return one_by_one(body, map);
    };
    let mut page = Listed::new(envelope.info);
    for row in envelope.data {
        match row.0.and_then(&map) {
            Some((id, item)) => {
                page.last = page.last.max(number(&id));
                page.items.push(item);
            }
            // Quarantine wants the text as it came, which this pass has not kept.
            None => return one_by_one(body, map),
        }
    }
    Ok(page)
}

fn one_by_one<W, T>(
    body: &[u8],
    map: impl Fn(W) -> Option<(RemoteId, T)>,
) -> Result<Listed<T>, Unreadable>
where
    W: for<'de> Record<'de>,
{
    let envelope: RawEnvelope<'_> =
        serde_json::from_slice(body).map_err(|_| "it is not a list of records")?;
    let mut page = Listed::new(envelope.info);
    for raw in envelope.data {
        let id = || serde_json::from_str::<Row<OnlyId>>(raw.get()).ok().and_then(|row| row.0?.id.0);
        match one(raw, &map) {
            Ok((id, item)) => {
                page.last = page.last.max(number(&id));
                page.items.push(item);
            }
            Err(reason) => {
                let id = id();
                page.last = page.last.max(id.as_ref().and_then(number));
                let raw = cut(raw.get(), RAW).to_owned();
                page.quarantined.push(Quarantined { id, reason: reason.to_owned(), raw });
            }
        }
    }
    Ok(page)
}

fn one<W, T>(
    raw: &RawValue,
    map: impl Fn(W) -> Option<(RemoteId, T)>,
) -> Result<(RemoteId, T), Unreadable>
where
    W: for<'de> Record<'de>,
{
    match serde_json::from_str::<Row<W>>(raw.get()) {
        Ok(Row(Some(wire))) => map(wire).ok_or("the record has no usable id"),
        Ok(Row(None)) => Err("the record is not an object"),
        Err(_) => Err("the record's text is broken"),
    }
}

/// Ids are numbers of up to nineteen digits.
pub(super) fn number(id: &RemoteId) -> Option<u64> {
    id.as_str().parse().ok()
}

/// Reads a list whose unreadable records do not matter, and whether there is more.
pub(super) fn list<W: for<'de> Record<'de>>(body: &[u8]) -> Result<(Vec<W>, bool), Unreadable> {
    if body.is_empty() {
        return Ok((Vec::new(), false));
    }
    let envelope: Envelope<Row<W>> =
        serde_json::from_slice(body).map_err(|_| "it is not a list")?;
    let more = envelope.info.0.is_some_and(|info| info.more.0 == Some(true));
    Ok((envelope.data.into_iter().filter_map(|row| row.0).collect(), more))
}

/// Reads a list of one.
pub(super) fn object<W: for<'de> Record<'de>>(body: &[u8]) -> Result<W, Unreadable> {
    list(body)?.0.into_iter().next().ok_or("it holds no object")
}

/// The rows of a query, in its order, and whether there are more. A row without an id or a time cannot be
/// gone on from.
pub(super) fn found(body: &[u8]) -> Result<(Vec<Found>, bool), Unreadable> {
    let (rows, more) = list::<Found>(body)?;
    let whole = rows.iter().all(|row| row.id.0.is_some() && row.modified.0.is_some());
    if whole { Ok((rows, more)) } else { Err("a row of it has no id or no time") }
}
