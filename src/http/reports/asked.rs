//! What a report is asked for, read from the address.

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    db::reports::Asked,
    domain::{ActivityKind, CampaignId, MemberId, Period},
    http::{ApiError, FieldProblem, Session},
};

/// Ten years and the leap days in them.
const LONGEST: i64 = 3_660;
/// Without a first day, thirty days are looked at.
const USUAL: u64 = 30;

#[derive(Debug, Clone, Copy)]
pub(super) struct Filters {
    pub(super) from: Option<NaiveDate>,
    pub(super) to: Option<NaiveDate>,
    pub(super) campaign: Option<Uuid>,
    pub(super) member: Option<Uuid>,
    pub(super) method: Option<ActivityKind>,
}

impl Filters {
    /// A foreign campaign or member is as empty as one that never was.
    pub(super) fn read(self, session: &Session, now: DateTime<Utc>) -> Result<Asked, ApiError> {
        Ok(Asked {
            period: period(self.from, self.to, now.date_naive())?,
            campaign: self.campaign.map(CampaignId::from_uuid),
            member: self.member.map(MemberId::from_uuid),
            method: self.method,
            scope: session.scope(),
        })
    }
}

fn period(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Period, ApiError> {
    let to = to.unwrap_or_else(|| from.map_or(today, |from| from.max(today)));
    let from = from.or_else(|| to.checked_sub_days(Days::new(USUAL - 1))).unwrap_or(to);
    Period::new(from, to, LONGEST).ok_or_else(|| {
        let words = "Choose a last day that is not before the first, at most ten years later.";
        ApiError::invalid_fields(vec![FieldProblem::new("to", words)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_a_period_is_the_last_thirty_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let read = |from: Option<&str>, to: Option<&str>| {
            let period = period(from.map(day), to.map(day), day("2026-11-28")).ok()?;
            Some((period.from.to_string(), period.to.to_string()))
        };
        let both = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(read(None, None), both("2026-10-30", "2026-11-28"));
        assert_eq!(read(Some("2026-11-01"), None), both("2026-11-01", "2026-11-28"));
        assert_eq!(read(None, Some("2024-03-01")), both("2024-02-01", "2024-03-01"));
        // Ahead there may be meetings already.
        assert_eq!(read(Some("2027-01-05"), None), both("2027-01-05", "2027-01-05"));
        for (from, to) in [("2026-11-02", "2026-11-01"), ("2000-01-01", "2026-01-01")] {
            assert_eq!(read(Some(from), Some(to)), None);
        }
    }
}
