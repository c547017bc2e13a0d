//! Time as the stand-in tells it: whole seconds since 1970, written the vendor's two ways.

use std::time::SystemTime;

use chrono::{DateTime, NaiveDateTime};

/// 2016-01-01: the first record was added.
pub(crate) const ADDED_FROM: u64 = 1_451_606_400;
/// 2021-12-31: the last one was.
pub(crate) const ADDED_UNTIL: u64 = 1_640_908_800;
/// 2022-01-01: from here on the records were last updated ...
pub(crate) const UPDATED_FROM: u64 = 1_640_995_200;
/// ... until 2025-12-31.
pub(crate) const UPDATED_UNTIL: u64 = 1_767_139_200;

/// A stranger's server has a clock of its own, which ours cannot set.
pub(crate) fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}

/// The same in milliseconds, for whoever compares it with another clock of the machine.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}

/// Year, month, day, hour, minute, second.
fn civil(time: u64) -> [u64; 6] {
    // Howard Hinnant's days_from_civil, backwards; valid for all times after 1970.
    let (days, rest) = (time / 86_400 + 719_468, time % 86_400);
    let era = days / 146_097;
    let doe = days % 146_097;
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + u64::from(month <= 2);
    [year, month, day, rest / 3_600, rest / 60 % 60, rest % 60]
}

/// `2021-01-01T00:00:00Z`, as v2 writes it.
pub(crate) fn rfc3339(time: u64) -> String {
    let [year, month, day, hour, minute, second] = civil(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `2021-01-01 00:00:00`, as v1 writes it.
pub(crate) fn spaced(time: u64) -> String {
    let [year, month, day, hour, minute, second] = civil(time);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// `2021-01-01`.
pub(crate) fn date(time: u64) -> String {
    let [year, month, day, ..] = civil(time);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Reads RFC 3339 in whole seconds; fractions are refused, as the real API refuses them.
pub(crate) fn parse(text: &str) -> Option<u64> {
    if text.contains('.') {
        return None;
    }
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    u64::try_from(time.timestamp()).ok()
}

pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10
        && NaiveDateTime::parse_from_str(&format!("{text} 00:00:00"), "%Y-%m-%d %H:%M:%S").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_as_the_same_second() {
        for time in [0, 68_169_599, 951_782_400, 1_456_704_000, ADDED_FROM, UPDATED_UNTIL - 1] {
            assert_eq!(parse(&rfc3339(time)), Some(time));
        }
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(parse("2021-01-01T00:00:00.5Z"), None);
    }
}
