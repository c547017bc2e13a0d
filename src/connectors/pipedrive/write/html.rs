//! Notes as this CRM takes them: safe HTML of bounded size, and HTML as the text that a reader sees.

pub(super) use crate::connectors::html::{one_line, to_text};

/// What a note may have, in bytes: 100 KB, read narrowly.
const MOST_BYTES: usize = 100_000;

pub(super) fn from_text(text: &str) -> String {
    crate::connectors::html::from_text(text, MOST_BYTES)
}
