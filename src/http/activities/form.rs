//! What callers write into activities, checked field by field.

use chrono::{DateTime, Utc};
use poem_openapi::{Object, types::MaybeUndefined};
use uuid::Uuid;

use crate::{
    domain::{ActivityKind, CampaignId, ContactId},
    flows::{
        activities::{Change, NewActivity},
        contacts::Edit,
    },
    http::{ApiError, FieldProblem, field},
};

const LONGEST_SUBJECT: usize = 255;
/// Characters. CRMs take less than a megabyte, of which HTML may make a multiple.
const LONGEST_NOTE: usize = 100_000;
/// Nobody logs what was before; CRMs refuse it with words that nobody understands.
const EARLIEST: &str = "1900-01-01T00:00:00Z";
/// Years have four digits at every CRM.
const LATEST: &str = "9999-12-31T23:59:59.999999Z";

/// Something that was done with a contact, or is to be done.
#[derive(Object)]
#[oai(rename = "NewActivity")]
pub(super) struct ActivityForm {
    contact_id: Uuid,
    kind: ActivityKind,
    /// At most 255 characters; the name of the kind when left out.
    subject: MaybeUndefined<String>,
    /// Plain text, at most 100,000 characters.
    note: MaybeUndefined<String>,
    /// When it happened or is due, from 1900 to 9999; now when left out.
    due_at: MaybeUndefined<DateTime<Utc>>,
    /// `false`: the day (UTC) alone counts. `true` when left out.
    has_time: Option<bool>,
    /// 1 to 1440.
    duration_minutes: MaybeUndefined<i64>,
    /// When left out, what is still to come is not done.
    done: Option<bool>,
    /// Of a meeting: whether it is booked, which makes its contact a lead; `false` when it was only asked
    /// for. When left out, one that is still to come is.
    booked: Option<bool>,
    /// The campaign it was done for.
    campaign_id: MaybeUndefined<Uuid>,
}

/// A change of an activity. What is left out stays; `null` empties a field.
#[derive(Object)]
#[oai(rename = "ActivityPatch")]
pub(super) struct ActivityPatch {
    kind: Option<ActivityKind>,
    /// At most 255 characters.
    subject: MaybeUndefined<String>,
    /// Plain text, at most 100,000 characters.
    note: MaybeUndefined<String>,
    /// From 1900 to 9999.
    due_at: Option<DateTime<Utc>>,
    /// `false`: the day (UTC) alone counts.
    has_time: Option<bool>,
    /// 1 to 1440.
    duration_minutes: MaybeUndefined<i64>,
    done: Option<bool>,
    /// Of a meeting: whether it is booked, which makes its contact a lead; `false` when it was only asked
    /// for.
    booked: Option<bool>,
    /// The campaign it was done for.
    campaign_id: MaybeUndefined<Uuid>,
}

impl ActivityForm {
    pub(super) fn read(self) -> Result<NewActivity, ApiError> {
        let mut wrong = Vec::new();
        let due_at = match self.due_at {
            MaybeUndefined::Value(at) => Some(at),
            MaybeUndefined::Null | MaybeUndefined::Undefined => None,
        };
        if self.booked == Some(true) && self.kind != ActivityKind::Meeting {
            wrong.push(no_meeting());
        }
        let new = NewActivity {
            contact_id: ContactId::from_uuid(self.contact_id),
            kind: self.kind,
            subject: read_subject(self.subject, &mut wrong).unwrap_or_default(),
            note: read_note(self.note, &mut wrong).unwrap_or_default(),
            due_at: due_at.map(|at| read_due(at, &mut wrong)),
            has_time: self.has_time.unwrap_or(true),
            duration_minutes: match read_minutes(self.duration_minutes, &mut wrong) {
                Edit::To(minutes) => Some(minutes),
                Edit::Keep | Edit::Empty => None,
            },
            done: self.done,
            booked: self.booked,
            campaign_id: match self.campaign_id {
                MaybeUndefined::Value(id) => Some(CampaignId::from_uuid(id)),
                MaybeUndefined::Null | MaybeUndefined::Undefined => None,
            },
        };
        if wrong.is_empty() { Ok(new) } else { Err(ApiError::invalid_fields(wrong)) }
    }
}

impl ActivityPatch {
    pub(super) fn read(self) -> Result<Change, ApiError> {
        let mut wrong = Vec::new();
        let change = Change {
            kind: self.kind,
            subject: read_subject(self.subject, &mut wrong),
            note: read_note(self.note, &mut wrong),
            due_at: self.due_at.map(|at| read_due(at, &mut wrong)),
            has_time: self.has_time,
            duration_minutes: read_minutes(self.duration_minutes, &mut wrong),
            done: self.done,
            booked: self.booked,
            campaign: match self.campaign_id {
                MaybeUndefined::Undefined => Edit::Keep,
                MaybeUndefined::Null => Edit::Empty,
                MaybeUndefined::Value(id) => Edit::To(CampaignId::from_uuid(id)),
            },
        };
        if wrong.is_empty() { Ok(change) } else { Err(ApiError::invalid_fields(wrong)) }
    }
}

/// What is wrong with booking something else.
pub(in crate::http) fn no_meeting() -> FieldProblem {
    FieldProblem::new("booked", "Only a meeting is booked.")
}

fn read_subject(value: MaybeUndefined<String>, wrong: &mut Vec<FieldProblem>) -> Option<String> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Value(text) if !text.trim().is_empty() => {
            Some(field::text("subject", &text, LONGEST_SUBJECT, wrong))
        }
        MaybeUndefined::Value(_) | MaybeUndefined::Null => Some(String::new()),
    }
}

fn read_note(value: MaybeUndefined<String>, wrong: &mut Vec<FieldProblem>) -> Option<String> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(String::new()),
        MaybeUndefined::Value(text) => {
            if text.chars().count() > LONGEST_NOTE {
                let words = "Use at most 100,000 characters. What is longer is better a document.";
                wrong.push(FieldProblem::new("note", words));
            } else if text.chars().any(|one| one.is_control() && !"\n\r\t".contains(one)) {
                let words = "Leave out control characters; line breaks and tabs are fine.";
                wrong.push(FieldProblem::new("note", words));
            }
            Some(text)
        }
    }
}

fn read_due(at: DateTime<Utc>, wrong: &mut Vec<FieldProblem>) -> DateTime<Utc> {
    let edge = |text: &str| text.parse::<DateTime<Utc>>().ok();
    if edge(EARLIEST).is_some_and(|earliest| at < earliest)
        || edge(LATEST).is_some_and(|latest| at > latest)
    {
        wrong.push(FieldProblem::new("due_at", "Use a time from 1900 to 9999 (UTC)."));
    }
    at
}

fn read_minutes(value: MaybeUndefined<i64>, wrong: &mut Vec<FieldProblem>) -> Edit<i32> {
    match value {
        MaybeUndefined::Undefined => Edit::Keep,
        MaybeUndefined::Null => Edit::Empty,
        MaybeUndefined::Value(minutes) => {
            if let Ok(minutes @ 1..=1_440) = i32::try_from(minutes) {
                return Edit::To(minutes);
            }
            wrong.push(FieldProblem::new("duration_minutes", "Use a number from 1 to 1440."));
            Edit::Keep
        }
    }
}
