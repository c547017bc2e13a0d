//! Whom to contact next, and why.

use chrono::{DateTime, Utc};

/// Days since the last contact of somebody who was never contacted.
pub const NEVER: i64 = 999;
/// Beyond these days waiting makes nobody more urgent.
const ENOUGH: i64 = 30;

/// Whole days since the last contact; `None` when there was none.
pub fn days_since(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<i64> {
    last.map(|at| (now - at).num_days().max(0))
}

/// 0.7 x warmness/10 + 0.3 x min(days since the last contact/30, 1), in hundredths: whole numbers, so
/// that equal scores are equal.
pub fn score(warmness: i16, days: Option<i64>) -> i64 {
    7 * i64::from(warmness) + days.unwrap_or(NEVER).min(ENOUGH)
}

/// What a cold contact scores that was never contacted.
pub const COLD: i64 = ENOUGH;

/// Why somebody is suggested, in words.
pub fn reason(warmness: i16, days: Option<i64>) -> String {
    let heat = match warmness {
        7.. => "Hot",
        4.. => "Warm",
        3 => "Mild",
        2 => "Cool",
        _ => "Cold",
    };
    let contact = match days {
        None => "never contacted".to_owned(),
        Some(0) => "contacted today".to_owned(),
        Some(1) => "last contacted yesterday".to_owned(),
        Some(days @ ..60) => format!("not contacted for {days} days"),
        Some(days @ ..730) => format!("not contacted for {} months", days / 30),
        Some(days) => format!("not contacted for {} years", days / 365),
    };
    format!("{heat} ({warmness} of 10), {contact}")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_score_is_seven_tenths_warmness_and_three_tenths_waiting() {
        for (warmness, days, hundredths) in [
            (0, None, 30),
            (0, Some(0), 0),
            (10, None, 100),
            (10, Some(30), 100),
            (10, Some(999), 100),
            (10, Some(15), 85),
            (5, Some(29), 64),
            (4, None, 58),
        ] {
            assert_eq!(score(warmness, days), hundredths, "{warmness} {days:?}");
        }
        assert_eq!(score(0, None), COLD);
    }

    #[test]
    fn a_day_is_over_after_twenty_four_hours_and_the_future_is_today() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        assert_eq!(days_since(None, now), None);
        assert_eq!(days_since(Some(now - TimeDelta::hours(23)), now), Some(0));
        assert_eq!(days_since(Some(now - TimeDelta::hours(24)), now), Some(1));
        assert_eq!(days_since(Some(now + TimeDelta::days(3)), now), Some(0));
    }

    #[test]
    fn the_reason_names_both_parts_of_the_score() {
        assert_eq!(reason(8, None), "Hot (8 of 10), never contacted");
        assert_eq!(reason(4, Some(0)), "Warm (4 of 10), contacted today");
        assert_eq!(reason(0, Some(1)), "Cold (0 of 10), last contacted yesterday");
        assert_eq!(reason(3, Some(45)), "Mild (3 of 10), not contacted for 45 days");
        assert_eq!(reason(2, Some(90)), "Cool (2 of 10), not contacted for 3 months");
        assert_eq!(reason(1, Some(800)), "Cold (1 of 10), not contacted for 2 years");
    }
}
