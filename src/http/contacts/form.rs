//! What callers write into contacts, checked field by field.

use poem_openapi::{Object, types::MaybeUndefined};
use uuid::Uuid;

use crate::{
    domain::{
        Email, MemberId,
        intake::{Address, Number, one_primary},
        phone,
    },
    flows::contacts::{Change, Edit},
    http::{ApiError, FieldProblem, field},
};

const LONGEST_NAME: usize = 200;
const MOST_VALUES: usize = 20;
const MOST_TAGS: usize = 50;

/// An e-mail address or phone number, as written.
#[derive(Object)]
#[oai(rename = "ValueInput")]
pub(in crate::http) struct ValueForm {
    value: String,
    label: Option<String>,
    /// The first is, where none says so.
    #[oai(default)]
    primary: bool,
}

/// A new contact.
#[derive(Object)]
#[oai(rename = "NewContact")]
pub(super) struct ContactForm {
    full_name: String,
    first_name: MaybeUndefined<String>,
    last_name: MaybeUndefined<String>,
    emails: Option<Vec<ValueForm>>,
    phones: Option<Vec<ValueForm>>,
    organization_name: MaybeUndefined<String>,
    owner_member_id: MaybeUndefined<Uuid>,
    /// 0 to 10.
    warmness: Option<i64>,
    tags: Option<Vec<String>>,
}

/// A change of a contact. What is left out stays; `null` empties a field.
#[derive(Object)]
#[oai(rename = "ContactPatch")]
pub(super) struct ContactPatch {
    full_name: Option<String>,
    first_name: MaybeUndefined<String>,
    last_name: MaybeUndefined<String>,
    emails: Option<Vec<ValueForm>>,
    phones: Option<Vec<ValueForm>>,
    organization_name: MaybeUndefined<String>,
    owner_member_id: MaybeUndefined<Uuid>,
    /// 0 to 10.
    warmness: Option<i64>,
    tags: Option<Vec<String>>,
}

impl ContactForm {
    /// `country` is where phone numbers without a country code belong.
    pub(super) fn read(self, country: &str) -> Result<Change, ApiError> {
        let patch = ContactPatch {
            full_name: Some(self.full_name),
            first_name: self.first_name,
            last_name: self.last_name,
            emails: self.emails,
            phones: self.phones,
            organization_name: self.organization_name,
            owner_member_id: self.owner_member_id,
            warmness: self.warmness,
            tags: self.tags,
        };
        patch.read(country)
    }
}

impl ContactPatch {
    pub(super) fn read(self, country: &str) -> Result<Change, ApiError> {
        let mut wrong = Vec::new();
        let change = Change {
            full_name: self
                .full_name
                .map(|name| field::text("full_name", &name, LONGEST_NAME, &mut wrong)),
            first_name: optional("first_name", self.first_name, &mut wrong),
            last_name: optional("last_name", self.last_name, &mut wrong),
            emails: self.emails.map(|emails| read_emails(emails, &mut wrong)),
            phones: self.phones.map(|phones| read_phones(phones, country, &mut wrong)),
            organization_name: optional("organization_name", self.organization_name, &mut wrong),
            owner: match self.owner_member_id {
                MaybeUndefined::Undefined => Edit::Keep,
                MaybeUndefined::Null => Edit::Empty,
                MaybeUndefined::Value(id) => Edit::To(MemberId::from_uuid(id)),
            },
            warmness: self.warmness.map(|warmness| read_warmness(warmness, &mut wrong)),
            tags: self.tags.map(|tags| read_tags(tags, &mut wrong)),
        };
        if wrong.is_empty() { Ok(change) } else { Err(ApiError::invalid_fields(wrong)) }
    }
}

/// Text that may be empty, which is the same as none.
fn optional(
    name: &str,
    value: MaybeUndefined<String>,
    wrong: &mut Vec<FieldProblem>,
) -> Edit<String> {
    match value {
        MaybeUndefined::Undefined => Edit::Keep,
        MaybeUndefined::Value(text) if !text.trim().is_empty() => {
            Edit::To(field::text(name, &text, LONGEST_NAME, wrong))
        }
        MaybeUndefined::Value(_) | MaybeUndefined::Null => Edit::Empty,
    }
}

pub(in crate::http) fn read_emails(
    values: Vec<ValueForm>,
    wrong: &mut Vec<FieldProblem>,
) -> Vec<Address> {
    too_many("emails", values.len(), MOST_VALUES, wrong);
    let mut emails: Vec<Address> = Vec::new();
    let mut seen: Vec<Email> = Vec::new();
    for (at, form) in values.into_iter().enumerate() {
        let (value, label) = (form.value.trim().to_owned(), label(form.label));
        match Email::parse(&value).filter(|_| value.len() <= 254) {
            Some(email) if seen.contains(&email) => {}
            Some(email) => {
                seen.push(email);
                emails.push(Address { value, label, primary: form.primary });
            }
            None => wrong.push(FieldProblem::new(
                &format!("emails[{at}].value"),
                "This is not an e-mail address.",
            )),
        }
    }
    one_primary(&mut emails, |address| &mut address.primary);
    emails
}

pub(in crate::http) fn read_phones(
    values: Vec<ValueForm>,
    country: &str,
    wrong: &mut Vec<FieldProblem>,
) -> Vec<Number> {
    too_many("phones", values.len(), MOST_VALUES, wrong);
    let mut phones: Vec<Number> = Vec::new();
    for (at, form) in values.into_iter().enumerate() {
        let (value, label) = (form.value.trim().to_owned(), label(form.label));
        if !value.bytes().any(|byte| byte.is_ascii_digit()) || value.chars().count() > 60 {
            let name = format!("phones[{at}].value");
            wrong.push(FieldProblem::new(&name, "This is not a phone number."));
            continue;
        }
        let e164 = phone::e164(&value, country);
        let known = phones
            .iter()
            .any(|known| known.value == value || (e164.is_some() && known.e164 == e164));
        if !known {
            phones.push(Number { value, e164, label, primary: form.primary });
        }
    }
    one_primary(&mut phones, |number| &mut number.primary);
    phones
}

fn read_warmness(warmness: i64, wrong: &mut Vec<FieldProblem>) -> i16 {
    if let Ok(warmness @ 0..=10) = i16::try_from(warmness) {
        return warmness;
    }
    wrong.push(FieldProblem::new("warmness", "Use a number from 0 to 10."));
    0
}

fn read_tags(values: Vec<String>, wrong: &mut Vec<FieldProblem>) -> Vec<String> {
    too_many("tags", values.len(), MOST_TAGS, wrong);
    let mut tags: Vec<String> = Vec::new();
    for value in values {
        let tag = field::text("tags", &value, 60, wrong);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

fn too_many(name: &str, count: usize, most: usize, wrong: &mut Vec<FieldProblem>) {
    if count > most {
        wrong.push(FieldProblem::new(name, &format!("Use at most {most}.")));
    }
}

fn label(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().chars().filter(|letter| !letter.is_control()).take(40).collect())
        .filter(|text: &String| !text.is_empty())
}
