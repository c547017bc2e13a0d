//! Whether a record is one that a query means, and in which order they come.

use std::cmp::Ordering;

use chrono::DateTime;
use serde_json::Value;

use super::{
    super::{
        super::{
            records::{Module, Record, id_of},
            world::Account,
        },
        show,
    },
    parse::{Criteria, Test},
};

pub(super) fn seconds(text: &str) -> Option<u64> {
    u64::try_from(DateTime::parse_from_rfc3339(text).ok()?.timestamp()).ok()
}

pub(super) fn holds(
    account: &Account,
    module: Module,
    record: &Record,
    criteria: &Criteria,
) -> bool {
    match criteria {
        Criteria::And(one, other) => {
            holds(account, module, record, one) && holds(account, module, record, other)
        }
        Criteria::Or(one, other) => {
            holds(account, module, record, one) || holds(account, module, record, other)
        }
        Criteria::Is(name, test) => {
            let own = value(account, module, record, name);
            match test {
                Test::Empty => own.is_none(),
                Test::Filled => own.is_some(),
                Test::Equal(wanted) => own.is_some_and(|own| compare(&own, wanted).is_eq()),
                Test::Unequal(wanted) => own.is_none_or(|own| compare(&own, wanted).is_ne()),
                Test::Less(wanted) => own.is_some_and(|own| compare(&own, wanted).is_lt()),
                Test::AtMost(wanted) => own.is_some_and(|own| compare(&own, wanted).is_le()),
                Test::More(wanted) => own.is_some_and(|own| compare(&own, wanted).is_gt()),
                Test::AtLeast(wanted) => own.is_some_and(|own| compare(&own, wanted).is_ge()),
                Test::In(wanted) => {
                    own.is_some_and(|own| wanted.iter().any(|one| compare(&own, one).is_eq()))
                }
                Test::Like(pattern) => own.is_some_and(|own| like(&own, pattern)),
            }
        }
    }
}

/// The value of a field as text; a lookup is its id.
fn value(account: &Account, module: Module, record: &Record, name: &str) -> Option<String> {
    match name {
        "id" => Some(record.id.to_string()),
        "Owner" => Some(record.owner.to_string()),
        "Created_Time" => Some(show::time(account.org, record.created)),
        "Modified_Time" => Some(show::time(account.org, record.modified)),
        "Full_Name" => record.title(module),
        name => match record.values.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            value @ Value::Object(_) => Some(id_of(value)?.to_string()),
            other => Some(other.to_string()),
        },
    }
}

/// Times by their instant, numbers by their size, texts whatever their case.
fn compare(own: &str, wanted: &str) -> Ordering {
    if let (Some(own), Some(wanted)) = (seconds(own), seconds(wanted)) {
        return own.cmp(&wanted);
    }
    if let (Ok(own), Ok(wanted)) = (own.parse::<u64>(), wanted.parse::<u64>()) {
        return own.cmp(&wanted);
    }
    own.to_lowercase().cmp(&wanted.to_lowercase())
}

/// Begins, ends, or holds: `x%`, `%x`, `%x%`.
fn like(own: &str, pattern: &str) -> bool {
    let (own, pattern) = (own.to_lowercase(), pattern.to_lowercase());
    match (pattern.strip_prefix('%'), pattern.strip_suffix('%')) {
        (Some(end), Some(_)) => own.contains(end.trim_end_matches('%')),
        (Some(end), None) => own.ends_with(end),
        (None, Some(start)) => own.starts_with(start),
        (None, None) => own == pattern,
    }
}

pub(super) fn sort(
    account: &Account,
    module: Module,
    records: &mut [Record],
    order: &[(String, bool)],
) {
    records.sort_by(|one, other| {
        let by = order.iter().map(|(name, up)| {
            let (one, other) =
                (value(account, module, one, name), value(account, module, other, name));
            let by = match (one, other) {
                (Some(one), Some(other)) => compare(&one, &other),
                (one, other) => one.is_some().cmp(&other.is_some()),
            };
            if *up { by } else { by.reverse() }
        });
        by.fold(Ordering::Equal, Ordering::then).then(one.id.cmp(&other.id))
    });
}
