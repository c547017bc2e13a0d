//! Where a reading goes on. Made and read only here; what comes back may be anybody's, so it is read
//! strictly, and nothing of it goes into a query but numbers, times and names of fields.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::connectors::{CrmError, Cursor};

/// What a page needs to know beside its place; looked up once, at the first page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    /// API names of the account's own fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<String>,
    /// Stages of deals that are won, and those that are lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) won: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lost: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Place {
    /// A list goes on at this token, after the record of this id.
    Token { last: u64, token: String },
    /// By id: beyond the end of tokens, and when one is no longer accepted.
    After { last: u64 },
    /// By time of change, and by id within a second.
    Changed { at: DateTime<Utc>, last: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    pub(super) place: Place,
    pub(super) known: Known,
}

impl Mark {
    pub(super) fn read(cursor: &Cursor) -> Result<Self, CrmError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor.as_str());
        let mark: Option<Self> = bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let fine = |mark: &Self| mark.known.fields.iter().all(|name| is_name(name));
        mark.filter(fine).ok_or(CrmError::CursorRefused)
    }

    pub(super) fn cursor(&self) -> Result<Cursor, CrmError> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        Cursor::parse(&BASE64_URL_SAFE_NO_PAD.encode(json))
            .ok_or(CrmError::Unreadable { what: "its page token is too long" })
    }
}

/// `[A-Za-z][A-Za-z0-9_]*`: what a field's API name is made of.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 100
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_went_and_nothing_else_comes_in() {
        let known = Known { fields: vec!["Segment".into()], ..Known::default() };
        let at = "2026-11-20T08:00:00Z".parse().unwrap();
        for place in [
            Place::Token { last: 5_725_767_000_000_524_157, token: "a|b=".into() },
            Place::After { last: 7 },
            Place::Changed { at, last: u64::MAX },
        ] {
            let mark = Mark { place, known: known.clone() };
            assert_eq!(Mark::read(&mark.cursor().unwrap()).unwrap(), mark);
        }
        let sealed = |json: &str| Cursor::parse(&BASE64_URL_SAFE_NO_PAD.encode(json)).unwrap();
        for hostile in [
            r#"{"place":{"after":{"last":"7' or id is not null"}},"known":{}}"#,
            r#"{"place":{"after":{"last":-7}},"known":{}}"#,
            r#"{"place":{"after":{"last":7}},"known":{"fields":["id from Users"]}}"#,
            r#"{"place":{"after":{"last":7}},"known":{"fields":["Email,Tag"]}}"#,
            r#"{"place":{"after":{"last":7},"token":{}},"known":{}}"#,
            r#"{"place":{"changed":{"at":"2026' or 'x' = 'x","last":1}},"known":{}}"#,
            r#"{"place":{"after":{"last":7}},"known":{},"more":1}"#,
            "{}",
            "",
        ] {
            if hostile.is_empty() {
                continue;
            }
            assert_eq!(Mark::read(&sealed(hostile)), Err(CrmError::CursorRefused), "{hostile}");
        }
        assert_eq!(Mark::read(&Cursor::parse("nonsense!").unwrap()), Err(CrmError::CursorRefused));
    }

    #[test]
    fn the_most_that_is_known_fits_into_a_cursor() {
        let fields = (0..super::super::read::MOST_OWN).map(|nth| format!("{nth:040}"));
        let fields = fields.map(|name| format!("F{}", &name[..39])).collect();
        let known = Known { fields, ..Known::default() };
        let mark = Mark { place: Place::Token { last: u64::MAX, token: "t".repeat(400) }, known };
        mark.cursor().unwrap();
    }
}
