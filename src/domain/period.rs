//! Days that a report looks at, and the steps into which it cuts them. Days are UTC's.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::words;

/// Longer periods are cut into weeks, and these into months: a chart has some thirty bars.
const MOST_DAYS: i64 = 31;
const MOST_DAYS_IN_WEEKS: i64 = 190;

words! {
    /// What one bar of a chart stands for. The words are those of `date_trunc`.
    Step {
        Day = "day",
        /// From Monday.
        Week = "week",
        Month = "month",
    }
}

/// From a day to a day, both counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// `None` when it would end before it begins, is longer than `most` days, or is out of our time.
    pub fn new(from: NaiveDate, to: NaiveDate, most: i64) -> Option<Self> {
        let ours = |day: NaiveDate| (1970..=2999).contains(&day.year());
        let period = Self { from, to };
        (from <= to && period.days() <= most && ours(from) && ours(to)).then_some(period)
    }

    pub fn days(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    pub fn step(self) -> Step {
        match self.days() {
            days if days <= MOST_DAYS => Step::Day,
            days if days <= MOST_DAYS_IN_WEEKS => Step::Week,
            _ => Step::Month,
        }
    }

    /// The first days of its steps. The first may lie before the period: of its step only what lies
    /// within counts.
    pub fn begins(self) -> Vec<NaiveDate> {
        let step = self.step();
        let first = match step {
            Step::Day => self.from,
            Step::Week => self.from.week(chrono::Weekday::Mon).first_day(),
            Step::Month => self.from.with_day(1).unwrap_or(self.from),
        };
        std::iter::successors(Some(first), |begin| step.after(*begin))
            .take_while(|begin| *begin <= self.to)
            .collect()
    }
}

impl Step {
    /// The first day of the next one.
    pub fn after(self, begin: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => begin.succ_opt(),
            Self::Week => begin.checked_add_days(Days::new(7)),
            Self::Month => begin.checked_add_months(Months::new(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(from: &str, to: &str) -> Period {
        Period::new(day(from), day(to), 3_660).unwrap()
    }

    #[test]
    fn a_period_is_cut_into_days_weeks_from_monday_or_months() {
        let leap = period("2024-02-28", "2024-03-01");
        assert_eq!(leap.begins(), [day("2024-02-28"), day("2024-02-29"), day("2024-03-01")]);
        assert_eq!(period("2026-10-01", "2026-10-31").step(), Step::Day);
        // 1 October 2026 is a Thursday.
        let weeks = period("2026-10-01", "2026-11-02");
        assert_eq!(weeks.step(), Step::Week);
        assert_eq!(weeks.begins()[0], day("2026-09-28"));
        assert_eq!(weeks.begins().last(), Some(&day("2026-11-02")));
        let months = period("2025-12-31", "2026-12-01");
        assert_eq!((months.step(), months.begins().len()), (Step::Month, 13));
    }

    #[test]
    fn a_period_has_an_order_and_an_end() {
        assert_eq!(Period::new(day("2026-01-02"), day("2026-01-01"), 100), None);
        assert_eq!(Period::new(day("2026-01-01"), day("2026-04-10"), 99), None);
        assert!(Period::new(day("2026-01-01"), day("2026-04-10"), 100).is_some());
        assert_eq!(Period::new(day("0026-01-01"), day("0026-01-01"), 100), None);
        assert_eq!(period("2026-01-01", "2026-01-01").begins().len(), 1);
    }
}
