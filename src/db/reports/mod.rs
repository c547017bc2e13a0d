//! What reports count, a statement each. Days are UTC's.

mod activities;
mod deliveries;
mod plan;
mod warmness;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::{
    db::Scope,
    domain::{ActivityKind, CampaignId, MemberId, Period},
};

pub use activities::{MeetingsRow, MemberRow, meetings, members, methods};
pub use deliveries::{Delivered, RunsRow, Speed, delivered, runs};
pub use plan::{Planned, plans};
pub use warmness::{Held, fold_warmness, known_since, warmness};

/// What is asked for. Conditions that all must hold; each report says which of them mean nothing to it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub period: Period,
    pub campaign: Option<CampaignId>,
    pub member: Option<MemberId>,
    pub method: Option<ActivityKind>,
    /// The key's: who sees everybody's contacts is answered from what is kept by day.
    pub scope: Scope,
}

impl Asked {
    /// The moments between which it lies, the second one not in it.
    fn moments(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let after = self.period.to.checked_add_days(Days::new(1)).unwrap_or(self.period.to);
        (begin(self.period.from), begin(after))
    }
}
