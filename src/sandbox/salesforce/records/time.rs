//! Time as the vendor writes it: milliseconds, and an offset without a colon.

use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};

/// 2016-01-01, when the first record was made.
pub(crate) const MADE_FROM: i64 = 1_451_606_400_000;
/// 2022-01-01: from here on records were last changed ...
pub(crate) const CHANGED_FROM: i64 = 1_640_995_200_000;
/// ... until 2025-12-31.
pub(crate) const CHANGED_UNTIL: i64 = 1_767_139_200_000;

/// Milliseconds since 1970. A stranger's server has a clock of its own, which ours cannot set.
pub(crate) fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis());
    i64::try_from(since).unwrap_or(i64::MAX)
}

/// `2026-11-20T08:00:00.000+0000`
pub(crate) fn written(ms: i64) -> String {
    let at = DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default();
    at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

/// A point in time as queries and records have it: an offset with or without a colon, or `Z`.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let at = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?;
    Some(at.timestamp_millis())
}

pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_in_every_spelling() {
        assert_eq!(written(1_763_625_600_123), "2025-11-20T08:00:00.123+0000");
        for text in [
            "2025-11-20T08:00:00.123+0000",
            "2025-11-20T08:00:00.123Z",
            "2025-11-20T09:00:00.123+01:00",
        ] {
            assert_eq!(parse(text), Some(1_763_625_600_123), "{text}");
        }
        assert_eq!((parse("2025-11-20"), is_date("2025-11-20")), (None, true));
        assert!(!is_date("2025-02-30"));
    }
}
