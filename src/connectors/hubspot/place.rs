//! Where a read goes on: cursors of our own making, which somebody else may hand us all the same.
//!
//! | cursor | means |
//! |---|---|
//! | `l~{after}~{names}` | a list, after what its last page said |
//! | `s~{ms}~{names}` | changes at that millisecond or later |
//! | `t~{ms}~{id}~{names}` | changes at exactly that millisecond, with a higher id |
//! | `h~{n}` | hits of a search after so many |
//!
//! `names` are those of the customer's own properties, `,` between them and `*` behind those that
//! hold several values.

use chrono::TimeDelta;

use super::{MOST_RESULTS, wire};
use crate::connectors::{CrmError, Cursor, From};

/// Their search index lags by seconds, and what is indexed late has an earlier time than what was
/// read before it: each delta looks back that much.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// What the names may take of a cursor; those of an account with more are left out from the end.
const MOST_NAMES: usize = 3_000;
const LONGEST_NAME: usize = 100;
const LONGEST_AFTER: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: At,
    pub(super) own: Own,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// A list, from its start or after that.
    List(Option<String>),
    /// Milliseconds since 1970.
    Since(i64),
    Tie(i64, u64),
}

/// The customer's own properties, by name; of those marked, values are separated by `;`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Own(pub(super) Vec<(String, bool)>);

impl Place {
    pub(super) fn of(from: &From) -> Result<Self, CrmError> {
        match (&from.cursor, from.updated_since) {
            (Some(cursor), since) => {
                let place = Self::parse(cursor.as_str()).ok_or(CrmError::CursorRefused)?;
                // A cursor of the one read must not be followed in the other.
                let is_list = matches!(place.at, At::List(_));
                if is_list == since.is_none() { Ok(place) } else { Err(CrmError::CursorRefused) }
            }
            (None, Some(since)) => {
                let since = since.checked_sub_signed(OVERLAP).unwrap_or(since);
                let at = At::Since(since.timestamp_millis().max(0));
                Ok(Self { at, own: Own::default() })
            }
            (None, None) => Ok(Self { at: At::List(None), own: Own::default() }),
        }
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        let names = self.own.text();
        Cursor::parse(&match &self.at {
            At::List(after) => format!("l~{}~{names}", after.as_ref()?),
            At::Since(time) => format!("s~{time}~{names}"),
            At::Tie(time, id) => format!("t~{time}~{id}~{names}"),
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('~').collect();
        let (at, names) = match parts.as_slice() {
            ["l", after, names] if is_after(after) => (At::List(Some((*after).to_owned())), names),
            ["s", time, names] => (At::Since(number(time)?.try_into().ok()?), names),
            ["t", time, id, names] => (At::Tie(number(time)?.try_into().ok()?, number(id)?), names),
            _ => return None,
        };
        Some(Self { at, own: Own::parse(names)? })
    }
}

/// What they say stands for the next page; opaque, so that only its letters are judged.
pub(super) fn is_after(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=.+/%".contains(&byte);
    (1..=LONGEST_AFTER).contains(&text.len()) && text.bytes().all(fine)
}

/// Digits only: no sign, no more than fit.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl Own {
    pub(super) fn of(properties: &[wire::Property]) -> Self {
        let own = properties.iter().filter(|property| property.is_own());
        let named = own.filter_map(|property| {
            let name = property.name.0.clone().filter(|name| is_name(name))?;
            Some((name, property.field_type.0.as_deref() == Some("checkbox")))
        });
        let mut length = 0;
        Self(
            named
                .take_while(|(name, _)| {
                    length += name.len() + 2;
                    length <= MOST_NAMES
                })
                .collect(),
        )
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn text(&self) -> String {
        let texts = self.0.iter().map(
            |(name, several)| {
                if *several { format!("{name}*") } else { name.clone() }
            },
        );
        texts.collect::<Vec<_>>().join(",")
    }

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let named = text.split(',').map(|one| {
            let name = one.strip_suffix('*').unwrap_or(one);
            is_name(name).then(|| (name.to_owned(), name.len() < one.len()))
        });
        named.collect::<Option<Vec<_>>>().map(Self)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// After how many hits a search goes on.
pub(super) fn hits_after(cursor: Option<&Cursor>) -> Result<u64, CrmError> {
    let Some(cursor) = cursor else { return Ok(0) };
    let after = cursor.as_str().strip_prefix("h~").and_then(number);
    after.filter(|after| *after < MOST_RESULTS).ok_or(CrmError::CursorRefused)
}

pub(super) fn hits(after: u64) -> Option<Cursor> {
    Cursor::parse(&format!("h~{after}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own() -> Own {
        Own(vec![("segment".into(), false), ("interests".into(), true)])
    }

    #[test]
    fn a_place_survives_its_cursor() {
        for at in [
            At::List(Some("12345678901234567890".into())),
            At::Since(1_790_000_000_123),
            At::Tie(1_790_000_000_123, 9_007_199_254_740_993),
        ] {
            for own in [own(), Own::default()] {
                let place = Place { at: at.clone(), own };
                let cursor = place.cursor().unwrap();
                assert_eq!(Place::parse(cursor.as_str()), Some(place));
            }
        }
        assert_eq!(hits_after(hits(300).as_ref()), Ok(300));
    }

    #[test]
    fn a_cursor_of_the_other_read_is_refused() {
        let since = Some("2026-03-04T05:06:07Z".parse().unwrap());
        for (cursor, updated_since) in [("l~7~", since), ("s~7~", None), ("t~7~8~", None)] {
            let from = From { cursor: Cursor::parse(cursor), updated_since, limit: None };
            assert_eq!(Place::of(&from), Err(CrmError::CursorRefused), "{cursor}");
        }
    }

    #[test]
    fn what_was_not_made_here_is_refused() {
        for bad in [
            "",
            "l",
            "l~~",
            "l~7",
            "l~7~Segment",
            "l~7~a,,b",
            "l~7~a~b",
            "l~a b~",
            "l~a&limit=1~",
            "s~-7~",
            "s~+7~",
            "s~x~",
            "s~99999999999999999999~",
            "t~7~",
            "t~7~x~",
            "h~7",
            "x~7~",
            "s~18446744073709551615~",
            "l~7~a**",
        ] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
        for bad in ["h~10000", "h~", "h~-1", "l~7~", "7"] {
            assert!(hits_after(Cursor::parse(bad).as_ref()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_from_anywhere_leads_only_where_ours_could(text in "[ltsh]~[0-9a-z~,*+%-]{0,40}") {
            if let Some(place) = Place::parse(&text) {
                let again = place.cursor().unwrap();
                prop_assert_eq!(Place::parse(again.as_str()), Some(place));
            }
        }
    }
}
