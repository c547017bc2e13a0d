//! Pages: what came, what could not be read, and where the next one starts.

use chrono::{DateTime, Utc};

use crate::domain::Quarantined;

/// Where the next page starts; opaque outside the connector that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Longer ones are refused: a cursor is kept in the run's row and travels in a URL.
    const MAX_BYTES: usize = 4096;

    /// Takes a cursor that came from a provider, from a run's row or from a client.
    pub fn parse(raw: &str) -> Option<Self> {
        let fine = !raw.is_empty()
            && raw.len() <= Self::MAX_BYTES
            && raw.bytes().all(|byte| byte.is_ascii_graphic());
        fine.then(|| Self(raw.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page is wanted.
#[derive(Debug, Clone, Default)]
pub struct From {
    pub cursor: Option<Cursor>,
    /// Only what changed at or after this instant; must stay the same while a cursor is followed.
    pub updated_since: Option<DateTime<Utc>>,
    /// Rows per page; the largest the provider allows when absent.
    pub limit: Option<u16>,
}

/// One page of a CRM's objects. Nothing is dropped: what cannot be read is quarantined.
#[derive(Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub quarantined: Vec<Quarantined>,
    pub next: Option<Cursor>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), quarantined: Vec::new(), next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_printable_ascii_of_sane_length() {
        assert_eq!(Cursor::parse("eyJpZCI6N30=").unwrap().as_str(), "eyJpZCI6N30=");
        for bad in ["", "a b", "a\nb", "\u{0}", "é", &"x".repeat(4097)] {
            assert_eq!(Cursor::parse(bad), None, "{bad:?}");
        }
    }
}
