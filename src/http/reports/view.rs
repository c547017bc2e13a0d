//! Reports as the API shows them.

use chrono::NaiveDate;
use poem_openapi::Object;

use crate::{
    db::reports::{Asked, Delivered, Held, MeetingsRow, MemberRow, RunsRow},
    domain::{ActivityKind, DeliveryState, MemberId, Period, Step},
    http::{campaigns::CampaignRef, contacts::MemberRef},
};

/// The days that were counted, both of them in it (UTC), and what one item over time stands for.
#[derive(Object, Clone)]
pub(super) struct ReportPeriod {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    step: Step,
}

/// Days of one item, both of them in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Where its step begins, which may be before the period.
    pub(super) step: NaiveDate,
    pub(super) begins: NaiveDate,
    pub(super) ends: NaiveDate,
}

pub(super) fn spans(period: Period) -> Vec<Span> {
    let step = period.step();
    let span = |begin: NaiveDate| {
        let last = step.after(begin).and_then(|next| next.pred_opt()).unwrap_or(period.to);
        Span { step: begin, begins: begin.max(period.from), ends: last.min(period.to) }
    };
    period.begins().into_iter().map(span).collect()
}

impl From<&Asked> for ReportPeriod {
    fn from(asked: &Asked) -> Self {
        let Period { from, to } = asked.period;
        Self { from, to, step: asked.period.step() }
    }
}

#[derive(Object)]
pub(super) struct MeetingsReport {
    period: ReportPeriod,
    /// The whole period, the earliest first.
    pub(super) items: Vec<MeetingsItem>,
}

#[derive(Object)]
pub(super) struct MeetingsItem {
    pub(super) begins: NaiveDate,
    pub(super) ends: NaiveDate,
    /// Agreed upon or only asked for.
    pub(super) requested: i64,
    pub(super) booked: i64,
}

impl MeetingsReport {
    pub(super) fn of(asked: &Asked, rows: &[MeetingsRow]) -> Self {
        let items = spans(asked.period).into_iter().map(|span| {
            let row = rows.iter().find(|row| row.begins == span.step);
            let (requested, booked) = row.map_or((0, 0), |row| (row.requested, row.booked));
            MeetingsItem { begins: span.begins, ends: span.ends, requested, booked }
        });
        Self { period: asked.into(), items: items.collect() }
    }
}

#[derive(Object)]
pub(super) struct MethodsReport {
    period: ReportPeriod,
    /// The most used first; methods that were not used are left out.
    pub(super) items: Vec<MethodItem>,
}

#[derive(Object)]
pub(super) struct MethodItem {
    pub(super) method: ActivityKind,
    pub(super) done: i64,
}

impl MethodsReport {
    pub(super) fn of(asked: &Asked, rows: Vec<(String, i64)>) -> Self {
        let item = |(word, done): (String, i64)| {
            Some(MethodItem { method: ActivityKind::parse(&word)?, done })
        };
        Self { period: asked.into(), items: rows.into_iter().filter_map(item).collect() }
    }
}

#[derive(Object)]
pub(super) struct MembersReport {
    period: ReportPeriod,
    /// Who did most first.
    pub(super) items: Vec<MemberItem>,
}

#[derive(Object)]
pub(super) struct MemberItem {
    /// `null`: those who left.
    pub(super) member: Option<MemberRef>,
    /// By the method that was asked for, if one was.
    pub(super) done: i64,
    pub(super) requested: i64,
    pub(super) booked: i64,
}

impl MembersReport {
    pub(super) fn of(asked: &Asked, rows: Vec<MemberRow>) -> Self {
        let item = |row: MemberRow| MemberItem {
            member: row
                .member_id
                .zip(row.name)
                .map(|(id, name): (MemberId, String)| MemberRef { member_id: id.uuid(), name }),
            done: row.done,
            requested: row.requested,
            booked: row.booked,
        };
        Self { period: asked.into(), items: rows.into_iter().map(item).collect() }
    }
}

#[derive(Object)]
pub(super) struct CampaignsReport {
    /// The newest campaigns first.
    pub(super) items: Vec<CampaignItem>,
    /// Whether there are older ones.
    pub(super) more: bool,
}

/// What came of a campaign, as on its page: as a whole, whatever the period.
#[derive(Object)]
pub(super) struct CampaignItem {
    pub(super) campaign: CampaignRef,
    pub(super) contacts: i64,
    pub(super) contacted: i64,
    pub(super) requested: i64,
    pub(super) booked: i64,
}

#[derive(Object)]
pub(super) struct WarmnessReport {
    period: ReportPeriod,
    /// Nobody kept it before this day; `null` when there was never a contact.
    known_since: Option<NaiveDate>,
    /// Up to today, the earliest first.
    pub(super) items: Vec<WarmnessItem>,
}

#[derive(Object)]
pub(super) struct WarmnessItem {
    pub(super) begins: NaiveDate,
    pub(super) ends: NaiveDate,
    /// Contacts at the end of it by warmness, 0 to 10; `null` where nobody knows.
    pub(super) contacts: Option<Vec<i64>>,
}

impl WarmnessReport {
    pub(super) fn of(
        asked: &Asked,
        (since, today): (Option<NaiveDate>, NaiveDate),
        rows: &[Held],
    ) -> Self {
        let mut held = vec![0; 11];
        let mut items = Vec::new();
        let add = |held: &mut [i64], begins: Option<NaiveDate>| {
            for row in rows.iter().filter(|row| row.begins == begins) {
                let level = usize::try_from(row.warmness).ok();
                if let Some(contacts) = level.and_then(|level| held.get_mut(level)) {
                    *contacts += row.contacts;
                }
            }
        };
        add(&mut held, None);
        for span in spans(asked.period).into_iter().filter(|span| span.begins <= today) {
            add(&mut held, Some(span.step));
            let known = since.is_some_and(|since| since <= span.ends);
            let contacts = known.then(|| held.clone());
            items.push(WarmnessItem { begins: span.begins, ends: span.ends, contacts });
        }
        Self { period: asked.into(), known_since: since, items }
    }
}

#[derive(Object)]
pub(super) struct SyncReport {
    period: ReportPeriod,
    /// Imports by when they were asked for, over the whole period, the earliest first.
    pub(super) runs: Vec<RunsItem>,
    /// Deliveries by how they stand; the most first.
    pub(super) outcomes: Vec<OutcomeItem>,
    pub(super) time_to_crm: TimeToCrm,
}

#[derive(Object, Default)]
pub(super) struct RunsItem {
    pub(super) begins: NaiveDate,
    pub(super) ends: NaiveDate,
    pub(super) completed: i64,
    pub(super) failed: i64,
    pub(super) cancelled: i64,
    /// Queued, running or waiting.
    pub(super) under_way: i64,
    /// People that they looked at.
    pub(super) seen: i64,
}

#[derive(Object)]
pub(super) struct OutcomeItem {
    pub(super) state: DeliveryState,
    pub(super) deliveries: i64,
}

/// Delivered ones by how long they took, from the change here to the CRM's answer.
#[derive(Object)]
pub(super) struct TimeToCrm {
    pub(super) within_second: i64,
    /// More than a second and up to five; the others likewise.
    pub(super) within_five_seconds: i64,
    pub(super) within_minute: i64,
    pub(super) within_hour: i64,
    pub(super) longer: i64,
}

impl SyncReport {
    pub(super) fn of(asked: &Asked, runs: &[RunsRow], delivered: Delivered) -> Self {
        let Delivered { outcomes, speed } = delivered;
        let runs = spans(asked.period).into_iter().map(|span| {
            let mut item = RunsItem { begins: span.begins, ends: span.ends, ..RunsItem::default() };
            for row in runs.iter().filter(|row| row.begins == span.step) {
                item.seen += row.seen;
                *match row.state.as_str() {
                    "completed" => &mut item.completed,
                    "failed" => &mut item.failed,
                    "cancelled" => &mut item.cancelled,
                    _ => &mut item.under_way,
                } += row.runs;
            }
            item
        });
        let outcome = |(word, deliveries): (String, i64)| {
            Some(OutcomeItem { state: DeliveryState::parse(&word)?, deliveries })
        };
        Self {
            period: asked.into(),
            runs: runs.collect(),
            outcomes: outcomes.into_iter().filter_map(outcome).collect(),
            time_to_crm: TimeToCrm {
                within_second: speed.within_second,
                within_five_seconds: speed.within_five,
                within_minute: speed.within_minute,
                within_hour: speed.within_hour,
                longer: speed.longer,
            },
        }
    }
}
