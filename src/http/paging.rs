//! Cursors: opaque to callers, checked when they come back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike as _, Utc};
use serde::{Serialize, de::DeserializeOwned};

use crate::http::{ApiError, FieldProblem};

const LONGEST: usize = 2_000;
pub(super) const USUAL: u32 = 50;
pub(super) const MOST: u32 = 200;

/// Where the next page begins, for the caller to send back as it is.
pub(super) fn cursor(position: &impl Serialize) -> Option<String> {
    serde_json::to_vec(position).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// What a caller sent back; 400 for anything that we did not write.
pub(super) fn position<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, ApiError> {
    let Some(text) = cursor else { return Ok(None) };
    Some(text)
        .filter(|text| text.len() <= LONGEST)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .map(Some)
        .ok_or_else(|| {
            let words = "This cursor is not one of ours. Start again without it.";
            ApiError::invalid_fields(vec![FieldProblem::new("cursor", words)])
        })
}

/// How many items a page holds.
pub(super) fn limit(limit: Option<u32>, most: u32) -> Result<i64, ApiError> {
    match limit.unwrap_or(USUAL.min(most)) {
        wanted if (1..=most).contains(&wanted) => Ok(i64::from(wanted)),
        _ => {
            let words = format!("Use a number from 1 to {most}.");
            Err(ApiError::invalid_fields(vec![FieldProblem::new("limit", &words)]))
        }
    }
}

/// A time that the database can compare with: 400 for one of before our era or after the year 9999.
pub(super) fn moment(name: &str, at: DateTime<Utc>) -> Result<DateTime<Utc>, ApiError> {
    if (1..=9_999).contains(&at.year()) {
        return Ok(at);
    }
    let words = "Use a time from the year 1 to 9999.";
    Err(ApiError::invalid_fields(vec![FieldProblem::new(name, words)]))
}

/// Cuts a page that was asked for with one row more; whether there was one more.
pub(super) fn cut<T>(mut rows: Vec<T>, limit: i64) -> (Vec<T>, bool) {
    let most = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > most;
    rows.truncate(most);
    (rows, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_nothing_else_does() {
        let text = cursor(&("name", 7)).unwrap();
        let read: Option<(String, u32)> = position(Some(&text)).unwrap();
        assert_eq!(read, Some(("name".to_owned(), 7)));
        for wrong in ["", "%", "e30", &text[1..], &"A".repeat(3_000)] {
            assert!(position::<(String, u32)>(Some(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(position::<u32>(None).unwrap(), None);
    }

    #[test]
    fn a_page_has_one_item_at_least_and_so_many_at_most() {
        assert_eq!(limit(None, MOST).unwrap(), 50);
        assert_eq!(limit(Some(200), MOST).unwrap(), 200);
        assert!(limit(Some(0), MOST).is_err() && limit(Some(201), MOST).is_err());
    }
}
