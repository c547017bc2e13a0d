//! Lists: cursor, limit, order, time bounds and the filters all kinds share.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    super::records::{
        book::{Book, Mark, Record, Sort, Step},
        population::Roll,
    },
    call::{Call, Refusal},
};

/// Parameters every v2 list understands.
const SHARED: &[&str] = &[
    "filter_id",
    "ids",
    "owner_id",
    "updated_since",
    "updated_until",
    "sort_by",
    "sort_direction",
    "include_fields",
    "custom_fields",
    "include_option_labels",
    "include_labels",
    "limit",
    "cursor",
];

/// A list request, read.
#[derive(Debug)]
pub(crate) struct Listing {
    limit: usize,
    after: Option<Mark>,
    sort: Sort,
    descending: bool,
    since: Option<u64>,
    until: Option<u64>,
    pub(crate) ids: Option<Vec<u64>>,
    pub(crate) owner: Option<u64>,
    /// Custom fields to show; `None` shows all.
    pub(crate) custom: Option<Vec<String>>,
    pub(crate) labels: bool,
    /// Deleted records are left out unless the list is asked for them.
    pub(crate) with_deleted: bool,
}

impl Sort {
    const fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::AddTime => "add_time",
            Self::UpdateTime => "update_time",
        }
    }
}

impl Listing {
    pub(crate) fn read(call: &Call, filters: &[&str]) -> Result<Self, Refusal> {
        let known: Vec<&str> = SHARED.iter().chain(filters).copied().collect();
        call.only(&known)?;
        let sort = match call.param("sort_by").unwrap_or("id") {
            "id" => Sort::Id,
            "add_time" => Sort::AddTime,
            "update_time" => Sort::UpdateTime,
            _ => return Err(Refusal::invalid("sort_by: must be one of id, update_time, add_time")),
        };
        let descending = match call.param("sort_direction").unwrap_or("asc") {
            "asc" => false,
            "desc" => true,
            _ => return Err(Refusal::invalid("sort_direction: must be one of asc, desc")),
        };
        let ids = call
            .param("ids")
            .map(|text| text.split(',').map(str::parse).collect::<Result<Vec<u64>, _>>())
            .transpose()
            .map_err(|_| Refusal::invalid("ids: must be a comma separated list of integers"))?;
        if ids.as_ref().is_some_and(|ids| ids.len() > 100) {
            return Err(Refusal::invalid("ids: at most 100 ids are allowed"));
        }
        let custom = call
            .param("custom_fields")
            .map(|keys| keys.split(',').map(ToOwned::to_owned).collect::<Vec<_>>());
        if custom.as_ref().is_some_and(|keys| keys.len() > 15) {
            return Err(Refusal::invalid("custom_fields: at most 15 keys are allowed"));
        }
        Ok(Self {
            limit: limit(call, 500)?,
            after: call
                .param("cursor")
                .map(|text| read_cursor(text, sort, descending))
                .transpose()?,
            sort,
            descending,
            since: call.time("updated_since")?,
            until: call.time("updated_until")?,
            ids,
            owner: call.number("owner_id")?,
            custom,
            labels: call.flag("include_labels")?.unwrap_or(false),
            with_deleted: false,
        })
    }

    fn in_time(&self, update_time: u64) -> bool {
        self.since.is_none_or(|since| update_time >= since)
            && self.until.is_none_or(|until| update_time < until)
    }

    fn mark(&self, record: &impl Record) -> Mark {
        let key = match self.sort {
            Sort::Id => record.id(),
            Sort::AddTime => record.add_time(),
            Sort::UpdateTime => record.update_time(),
        };
        (key, record.id())
    }

    /// One page of a book.
    ///
    /// `quick` judges a generated record by its position before it is built; `keep` has the
    /// last word on any record. With `only`, nothing but these ids is looked at.
    pub(crate) fn page<R: Record>(
        &self,
        book: &Book<R>,
        roll: &Roll,
        make: impl Fn(u64) -> R,
        quick: impl Fn(u64) -> bool,
        keep: impl Fn(&R) -> bool,
        only: Option<Vec<u64>>,
    ) -> (Vec<R>, Option<String>) {
        let fits = |record: &R| {
            (self.with_deleted || !record.is_deleted())
                && self.in_time(record.update_time())
                && keep(record)
        };
        let mut found: Vec<R>;
        if let Some(ids) = only {
            found = ids.into_iter().filter_map(|id| book.get(roll, id, &make)).collect();
            found.retain(|record| fits(record) && self.is_after(self.mark(record)));
            found.sort_by_key(|record| self.mark(record));
            found.dedup_by_key(|record| record.id());
            if self.descending {
                found.reverse();
            }
            found.truncate(self.limit + 1);
        } else {
            // With a lower bound on the time and that order, the walk starts at the bound.
            let since = self.since.filter(|_| self.sort == Sort::UpdateTime && !self.descending);
            let after =
                self.after.max(since.and_then(|since| Some((since.checked_sub(1)?, u64::MAX))));
            found = book
                .walk(roll, self.sort, self.descending, after)
                .filter_map(|(_, step)| match step {
                    Step::Generated { index, .. } => {
                        let wanted = self.in_time(roll.update_time(index)) && quick(index);
                        wanted.then(|| make(index))
                    }
                    Step::Changed { id } => book.change(id).cloned(),
                })
                .filter(fits)
                .take(self.limit + 1)
                .collect();
        }
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| more).map(|last| self.cursor(self.mark(last)));
        (found, next)
    }

    fn is_after(&self, mark: Mark) -> bool {
        self.after.is_none_or(|after| if self.descending { mark < after } else { mark > after })
    }

    fn cursor(&self, (key, id): Mark) -> String {
        let direction = if self.descending { "desc" } else { "asc" };
        let marker = json!({
            "field": self.sort.word(), "fieldValue": key, "sortDirection": direction, "id": id,
        });
        URL_SAFE_NO_PAD.encode(marker.to_string())
    }
}

/// `limit`: 100 unless told, never above `most`.
pub(crate) fn limit(call: &Call, most: u64) -> Result<usize, Refusal> {
    match call.number("limit")?.unwrap_or(100) {
        limit if (1..=most).contains(&limit) => Ok(usize::try_from(limit).unwrap_or(100)),
        _ => Err(Refusal::invalid(format!("limit: must be between 1 and {most}"))),
    }
}

fn read_cursor(text: &str, sort: Sort, descending: bool) -> Result<Mark, Refusal> {
    let read = || -> Option<Mark> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        let marker: Value = serde_json::from_slice(&bytes).ok()?;
        let same =
            marker["field"] == sort.word() && (marker["sortDirection"] == "desc") == descending;
        if same { Some((marker["fieldValue"].as_u64()?, marker["id"].as_u64()?)) } else { None }
    };
    read().ok_or_else(|| Refusal::invalid("cursor: is not valid"))
}

/// The optional fields asked for, all of them known.
pub(crate) fn include(call: &Call, known: &[&'static str]) -> Result<Vec<&'static str>, Refusal> {
    let Some(text) = call.param("include_fields") else { return Ok(vec![]) };
    text.split(',')
        .map(|name| {
            known.iter().copied().find(|known| *known == name.trim()).ok_or_else(|| {
                Refusal::invalid(format!("include_fields: '{name}' is not supported"))
            })
        })
        .collect()
}
