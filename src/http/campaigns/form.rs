//! What callers write into campaigns, checked field by field.

#![expect(clippy::option_option, reason = "a part that stays, one that goes, one that is set")]

use chrono::{Datelike as _, NaiveDate};
use poem_openapi::{Object, types::MaybeUndefined};
use uuid::Uuid;

use crate::{
    db::campaigns::Fields,
    domain::{ActivityKind, MemberId},
    flows::campaigns::NewCampaign,
    http::{ApiError, FieldProblem, field},
};

const LONGEST_NAME: usize = 120;
const LONGEST_TEXT: usize = 5_000;
/// More than any plan but the largest has seats.
const MOST_PEOPLE: usize = 500;

/// A new campaign.
#[derive(Object)]
#[oai(rename = "NewCampaign")]
pub(super) struct CampaignForm {
    /// At most 120 characters.
    name: String,
    /// Plain text, at most 5,000 characters.
    description: MaybeUndefined<String>,
    /// At most 120 characters.
    sector: MaybeUndefined<String>,
    /// At most 120 characters.
    theme: MaybeUndefined<String>,
    /// Its first day, from 1900 to 9999.
    starts_on: MaybeUndefined<NaiveDate>,
    /// Its last day.
    ends_on: MaybeUndefined<NaiveDate>,
    /// Who works on it, at most 500.
    member_ids: Option<Vec<Uuid>>,
}

/// A change of a campaign. What is left out stays; `null` empties a field.
#[derive(Object)]
#[oai(rename = "CampaignPatch")]
pub(super) struct CampaignPatch {
    /// At most 120 characters.
    name: Option<String>,
    /// Plain text, at most 5,000 characters.
    description: MaybeUndefined<String>,
    /// At most 120 characters.
    sector: MaybeUndefined<String>,
    /// At most 120 characters.
    theme: MaybeUndefined<String>,
    /// Its first day, from 1900 to 9999.
    starts_on: MaybeUndefined<NaiveDate>,
    /// Its last day.
    ends_on: MaybeUndefined<NaiveDate>,
    /// Everybody who works on it, at most 500.
    member_ids: Option<Vec<Uuid>>,
}

/// How a contact of a campaign is to be reached. What is left out stays; `null` empties a field.
#[derive(Object)]
#[oai(rename = "CampaignContactPatch")]
pub(super) struct PlaceForm {
    outreach: MaybeUndefined<ActivityKind>,
    /// Plain text, at most 5,000 characters.
    note: MaybeUndefined<String>,
}

/// What is written of a campaign: `None` where it stays.
pub(super) struct Change {
    name: Option<String>,
    description: Option<String>,
    sector: Option<Option<String>>,
    theme: Option<Option<String>>,
    starts_on: Option<Option<NaiveDate>>,
    ends_on: Option<Option<NaiveDate>>,
    people: Option<Vec<MemberId>>,
}

impl CampaignForm {
    pub(super) fn read(self) -> Result<NewCampaign, ApiError> {
        let patch = CampaignPatch {
            name: Some(self.name),
            description: self.description,
            sector: self.sector,
            theme: self.theme,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            member_ids: self.member_ids,
        };
        let mut fields = Fields::default();
        let people = patch.read()?.apply(&mut fields);
        Ok(NewCampaign { fields, people })
    }
}

impl CampaignPatch {
    pub(super) fn read(self) -> Result<Change, ApiError> {
        let mut wrong = Vec::new();
        let change = Change {
            name: self.name.map(|name| field::text("name", &name, LONGEST_NAME, &mut wrong)),
            description: read_text("description", self.description, &mut wrong),
            sector: read_word("sector", self.sector, &mut wrong),
            theme: read_word("theme", self.theme, &mut wrong),
            starts_on: read_day("starts_on", self.starts_on, &mut wrong),
            ends_on: read_day("ends_on", self.ends_on, &mut wrong),
            people: self.member_ids.map(|ids| {
                if ids.len() > MOST_PEOPLE {
                    let words = format!("Use at most {MOST_PEOPLE}.");
                    wrong.push(FieldProblem::new("member_ids", &words));
                }
                ids.into_iter().map(MemberId::from_uuid).collect()
            }),
        };
        if wrong.is_empty() { Ok(change) } else { Err(ApiError::invalid_fields(wrong)) }
    }
}

impl Change {
    /// Writes it into the fields; the people, if they change.
    pub(super) fn apply(self, fields: &mut Fields) -> Option<Vec<MemberId>> {
        fn put<T>(value: Option<T>, field: &mut T) {
            if let Some(value) = value {
                *field = value;
            }
        }
        put(self.name, &mut fields.name);
        put(self.description, &mut fields.description);
        put(self.sector, &mut fields.sector);
        put(self.theme, &mut fields.theme);
        put(self.starts_on, &mut fields.starts_on);
        put(self.ends_on, &mut fields.ends_on);
        self.people
    }
}

impl PlaceForm {
    pub(super) fn read(self) -> Result<(Option<Option<ActivityKind>>, Option<String>), ApiError> {
        let mut wrong = Vec::new();
        let note = read_text("note", self.note, &mut wrong);
        let method = match self.outreach {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(kind) => Some(Some(kind)),
        };
        if wrong.is_empty() { Ok((method, note)) } else { Err(ApiError::invalid_fields(wrong)) }
    }
}

/// Text of several lines, which may be empty.
pub(super) fn read_text(
    name: &str,
    value: MaybeUndefined<String>,
    wrong: &mut Vec<FieldProblem>,
) -> Option<String> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(String::new()),
        MaybeUndefined::Value(text) => {
            let text = text.trim().to_owned();
            if text.chars().count() > LONGEST_TEXT {
                wrong.push(FieldProblem::new(name, "Use at most 5,000 characters."));
            } else if text.chars().any(|one| one.is_control() && !"\n\r\t".contains(one)) {
                let words = "Leave out control characters; line breaks and tabs are fine.";
                wrong.push(FieldProblem::new(name, words));
            }
            Some(text)
        }
    }
}

/// A few words, which may be none.
fn read_word(
    name: &str,
    value: MaybeUndefined<String>,
    wrong: &mut Vec<FieldProblem>,
) -> Option<Option<String>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Value(text) if !text.trim().is_empty() => {
            Some(Some(field::text(name, &text, LONGEST_NAME, wrong)))
        }
        MaybeUndefined::Value(_) | MaybeUndefined::Null => Some(None),
    }
}

fn read_day(
    name: &str,
    value: MaybeUndefined<NaiveDate>,
    wrong: &mut Vec<FieldProblem>,
) -> Option<Option<NaiveDate>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(day) => {
            if !(1_900..=9_999).contains(&day.year()) {
                wrong.push(FieldProblem::new(name, "Use a day from 1900 to 9999."));
            }
            Some(Some(day))
        }
    }
}
