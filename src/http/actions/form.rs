//! What callers write into notes and people, and the checks that the other forms share.

use chrono::{DateTime, Datelike, Utc};
use poem_openapi::Object;
use uuid::Uuid;

use crate::{
    domain::{
        LifecycleStage, RemoteId, RemoteValue,
        action::{Action, PersonChange},
    },
    flows::deliver::ask::Wanted,
    http::{
        ApiError, FieldProblem,
        contacts::{ValueForm, read_emails, read_phones},
        field,
    },
};

/// Characters. What is longer some CRM would cut.
const LONGEST_NOTE: usize = 30_000;
const LONGEST_NAME: usize = 200;
/// A date outside of these is a slip of the pen; not every CRM takes it.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;

#[derive(Object)]
#[oai(rename = "NewCrmNote")]
pub(super) struct NewNote {
    /// A contact that has a person at the CRM.
    pub(super) contact_id: Uuid,
    /// Plain text, at most 30,000 characters.
    text: String,
}

#[derive(Object)]
#[oai(rename = "NewCrmContact")]
pub(super) struct NewRemoteContact {
    pub(super) contact_id: Uuid,
    /// How far a sale with them has come. Only where the capabilities name it.
    pub(super) lifecycle_stage: Option<LifecycleStage>,
}

/// At least one of them.
#[derive(Object)]
#[oai(rename = "CrmContactPatch")]
pub(super) struct RemoteContactPatch {
    /// A contact that has a person at the CRM.
    pub(super) contact_id: Uuid,
    /// At most 200 characters.
    full_name: Option<String>,
    /// At most 20.
    emails: Option<Vec<ValueForm>>,
    /// At most 20.
    phones: Option<Vec<ValueForm>>,
    /// Only where the capabilities say that it can be changed, and only forward.
    lifecycle_stage: Option<LifecycleStage>,
}

impl NewNote {
    pub(super) fn read(self) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let text = prose("text", self.text, &mut wrong);
        if text.trim().is_empty() {
            wrong.push(FieldProblem::new("text", "Write something."));
        }
        whole(wrong, Action::CreateNote { text })
    }
}

impl RemoteContactPatch {
    /// `country` is where phone numbers without a country code belong.
    pub(super) fn read(self, country: &str) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let name =
            self.full_name.map(|name| field::text("full_name", &name, LONGEST_NAME, &mut wrong));
        let emails = self.emails.map(|emails| read_emails(emails, &mut wrong));
        let phones = self.phones.map(|phones| read_phones(phones, country, &mut wrong));
        let plain = |value: String, label, primary| RemoteValue { value, label, primary };
        let change = PersonChange {
            name,
            emails: emails.map(|all| {
                all.into_iter().map(|one| plain(one.value, one.label, one.primary)).collect()
            }),
            phones: phones.map(|all| {
                all.into_iter().map(|one| plain(one.value, one.label, one.primary)).collect()
            }),
            lifecycle_stage: self.lifecycle_stage,
        };
        if change == PersonChange::default() {
            wrong.push(FieldProblem::new("full_name", "Say what changes."));
        }
        whole(wrong, Action::UpdateContact { change })
    }
}

pub(super) fn whole(wrong: Vec<FieldProblem>, action: Action) -> Result<Wanted, ApiError> {
    if wrong.is_empty() { Ok(Wanted::Whole(action)) } else { Err(ApiError::invalid_fields(wrong)) }
}

/// Text of several lines, which may be empty.
pub(super) fn prose(name: &str, text: String, wrong: &mut Vec<FieldProblem>) -> String {
    if text.chars().count() > LONGEST_NOTE {
        let words = "Use at most 30,000 characters. What is longer is better a document.";
        wrong.push(FieldProblem::new(name, words));
    } else if text.chars().any(|one| one.is_control() && !"\n\r\t".contains(one)) {
        let words = "Leave out control characters; line breaks and tabs are fine.";
        wrong.push(FieldProblem::new(name, words));
    }
    text
}

pub(super) fn moment(
    name: &str,
    at: DateTime<Utc>,
    wrong: &mut Vec<FieldProblem>,
) -> DateTime<Utc> {
    year(name, at.year(), wrong);
    at
}

pub(super) fn year(name: &str, year: i32, wrong: &mut Vec<FieldProblem>) {
    if !YEARS.contains(&year) {
        wrong.push(FieldProblem::new(name, "Use a date between 1970 and 2099."));
    }
}

pub(super) fn minutes(value: i64, wrong: &mut Vec<FieldProblem>) -> u32 {
    if let Ok(minutes @ 1..=1_440) = u32::try_from(value) {
        return minutes;
    }
    wrong.push(FieldProblem::new("duration_minutes", "Use a number from 1 to 1440."));
    1
}

/// What a provider may call a record: it never meant anything else to us.
pub(super) fn remote_id(name: &str, text: &str, wrong: &mut Vec<FieldProblem>) -> RemoteId {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        wrong.push(FieldProblem::new(name, "This is no id of a CRM's record."));
    }
    RemoteId(text.to_owned())
}
