//! Queries, built so that nothing from outside can become a part of their words. Pure.
//!
//! Names of kinds are constants, names of fields are constants or come from a description through
//! [`is_name`], and values are quoted by [`quoted`] or written by us.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::{connectors::Cursor, domain::RemoteId};

/// A text in quotes. What SOQL reserves is escaped; other control characters, which no field of one
/// line can hold, are left out.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for letter in text.chars() {
        match letter {
            '\\' | '\'' | '"' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {}
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// A point in time, without quotes.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Fifteen or eighteen letters and digits, which need no escaping anywhere.
pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it is an id of a kind, by the prefix that tells kinds apart.
pub(super) fn is_id_of(prefix: &str, id: &RemoteId) -> bool {
    is_id(id.as_str()) && id.as_str().starts_with(prefix)
}

/// The name of a custom field.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 80
        && text.ends_with("__c")
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Ids in a list, at most so many each. What is no id cannot exist over there.
pub(super) fn batches(ids: &[RemoteId], most: usize) -> Vec<String> {
    let known: Vec<String> =
        ids.iter().filter(|id| is_id(id.as_str())).map(|id| format!("'{id}'")).collect();
    known.chunks(most).map(|ids| ids.join(",")).collect()
}

/// The place after which a page begins; made of the last row of the one before.
///
/// Rows are walked by their keys, never by the CRM's own locators: those expire, and an edit between
/// two pages would move rows across an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// `i.{id}`
    Id(RemoteId),
    /// `t.{milliseconds}.{id}`: many rows can have been changed by one transaction.
    Change(DateTime<Utc>, RemoteId),
}

impl Place {
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.as_str().split('.');
        let place = match (parts.next()?, parts.next()?, parts.next()) {
            ("i", id, None) if is_id(id) => Self::Id(RemoteId(id.to_owned())),
            ("t", ms, Some(id)) if is_id(id) => {
                let plain = ms.len() <= 15 && ms.bytes().all(|byte| byte.is_ascii_digit());
                let ms = plain.then(|| ms.parse().ok()).flatten()?;
                let at = DateTime::from_timestamp_millis(ms)?;
                Self::Change(at, RemoteId(id.to_owned()))
            }
            _ => return None,
        };
        parts.next().is_none().then_some(place)
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        Cursor::parse(&match self {
            Self::Id(id) => format!("i.{id}"),
            Self::Change(at, id) => format!("t.{}.{id}", at.timestamp_millis()),
        })
    }

    pub(super) fn after(&self) -> String {
        match self {
            Self::Id(id) => format!("Id > '{id}'"),
            Self::Change(at, id) => {
                let at = instant(*at);
                format!("SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{id}')")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_never_leaves_its_quotes() {
        for (text, expected) in [
            ("O'Brien", r"'O\'Brien'"),
            (r"a\", r"'a\\'"),
            (r"\' OR Id != '", r"'\\\' OR Id != \''"),
            ("x' OR Email != null --", r"'x\' OR Email != null --'"),
            ("a\"b\nc\r\td\u{0}e", r#"'a\"b\nc\r\tde'"#),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_cursor_reads_back_and_one_of_an_attacker_does_not() {
        let id = RemoteId("003Hn00000000AbIAC".into());
        let at = DateTime::from_timestamp_millis(1_763_625_600_123).unwrap();
        for place in [Place::Id(id.clone()), Place::Change(at, id)] {
            assert_eq!(Place::read(&place.cursor().unwrap()), Some(place));
        }
        for raw in [
            "i.' OR Id != '",
            "i.003Hn00000000AbIAC.x",
            "i.003",
            "t.-1.003Hn00000000AbIAC",
            "t.1e9.003Hn00000000AbIAC",
            "t.99999999999999999999.003Hn00000000AbIAC",
            "t.1763625600123",
            "x.003Hn00000000AbIAC",
            "2000",
        ] {
            let read = Cursor::parse(raw).and_then(|cursor| Place::read(&cursor));
            assert_eq!(read, None, "{raw}");
        }
    }

    #[test]
    fn only_the_name_of_a_custom_field_is_one() {
        assert!(is_name("Segment__c") && is_name("ns__Budget_2__c"));
        for bad in ["Email", "a b__c", "x)__c", "__c", "Id, Name FROM User__c", "é__c"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_no_id_is_not_asked_for() {
        let ids =
            ["003Hn00000000AbIAC", "x'y", "", "003Hn00000000Ab"].map(|id| RemoteId(id.into()));
        assert_eq!(batches(&ids, 1), ["'003Hn00000000AbIAC'", "'003Hn00000000Ab'"]);
        assert!(is_id_of("003", &ids[0]) && !is_id_of("001", &ids[0]));
    }
}
