//! What is sent, and the names by which the CRM objects to it. Pure.

use serde_json::{Map, Value, json};

use super::text;
use crate::{
    connectors::{CrmError, Objection, Stale, api::Names, country},
    domain::{
        PersonKind, RemoteId, RemoteValue,
        effect::{OrganizationToMake, PersonToMake},
    },
};

pub(super) static PERSON: Names = &[
    ("First_Name", "full_name", None),
    ("Last_Name", "full_name", None),
    ("Email", "emails", None),
    ("Secondary_Email", "emails", None),
    ("Phone", "phones", None),
    ("Mobile", "phones", None),
    ("Home_Phone", "phones", None),
    ("Other_Phone", "phones", None),
    ("Owner", "owner", Some(Stale::Owner)),
    ("Account_Name", "organization", Some(Stale::Organization)),
    ("Company", "organization", None),
    ("Tag", "label", Some(Stale::Label)),
    ("duplicate_check_fields", "reference", Some(Stale::Reference)),
];

pub(super) static ORGANIZATION: Names = &[
    ("Account_Name", "organization", None),
    ("Website", "website", None),
    ("Industry", "industry", None),
    ("Billing_Country", "country", None),
    ("Owner", "owner", Some(Stale::Owner)),
];

pub(super) static LABEL: Names =
    &[("tags", "label", None), ("name", "label", None), ("Tag", "label", None)];
pub(super) static REFERENCE: Names = &[("field_label", "reference", None)];

/// An id over there is a positive number; anything else stands for nothing.
pub(super) fn number(id: &RemoteId, field: &'static str, stale: Stale) -> Result<u64, CrmError> {
    let digits = id.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let number = id.as_str().parse().ok().filter(|id: &u64| digits && *id > 0);
    number.ok_or_else(|| CrmError::Refused {
        reason: "an id is none of the provider's",
        status: 0,
        code: Some(stale.word().to_owned()),
        said: objection(field, "There is no such record."),
    })
}

pub(super) fn objection(field: &str, words: &str) -> Vec<Objection> {
    vec![Objection { field: Some(field.to_owned()), words: words.to_owned() }]
}

/// A lookup of a record or a user.
pub(super) fn lookup(id: &RemoteId, field: &'static str, stale: Stale) -> Result<Value, CrmError> {
    Ok(json!({ "id": number(id, field, stale)?.to_string() }))
}

/// First and last name. The last is required, so a single word is one.
pub(super) fn name(make: &PersonToMake) -> Option<(Option<String>, String)> {
    let tidy = |text: Option<&str>| Some(text::one_line(text?)).filter(|text| !text.is_empty());
    if let Some(last) = tidy(make.last_name.as_deref()) {
        return Some((tidy(make.first_name.as_deref()), last));
    }
    let whole = tidy(Some(&make.name)).or_else(|| tidy(make.first_name.as_deref()))?;
    Some(match whole.rsplit_once(' ') {
        Some((first, last)) => (Some(first.to_owned()), last.to_owned()),
        None => (None, whole),
    })
}

/// What a person is to be.
pub(super) fn kind(make: &PersonToMake) -> PersonKind {
    make.stage.map_or(PersonKind::Contact, crate::domain::LifecycleStage::kind)
}

pub(super) fn person(make: &PersonToMake) -> Result<Value, CrmError> {
    let (first, last) = name(make).ok_or_else(|| {
        CrmError::unsent("a person needs a name", objection("full_name", "A name is required."))
    })?;
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    if let Some(first) = first {
        put("First_Name", json!(first));
    }
    put("Last_Name", json!(last));
    let kind = kind(make);
    let (emails, phones) = (emails(make), phones(make, kind));
    for (key, value) in emails.placed.into_iter().chain(phones.placed) {
        put(key, json!(value));
    }
    let rest: Vec<&str> = emails.rest.into_iter().chain(phones.rest).collect();
    if !rest.is_empty() {
        put("Description", json!(format!("Also: {}", rest.join(", "))));
    }
    if kind == PersonKind::Lead {
        // Required only where an account has chosen so, and then it says so.
        if let Some(company) = make.company.as_deref().map(text::one_line) {
            put("Company", json!(company));
        }
    } else if let Some(organization) = &make.organization {
        put("Account_Name", lookup(organization, "organization", Stale::Organization)?);
    }
    if let Some(owner) = &make.owner {
        put("Owner", lookup(owner, "owner", Stale::Owner)?);
    }
    if !make.labels.is_empty() {
        put("Tag", make.labels.iter().map(|name| json!({ "name": name })).collect());
    }
    if let Some(marker) = &make.marker {
        put(&marker.field, json!(marker.value));
    }
    Ok(Value::Object(body))
}

/// Where addresses and numbers go, in the order in which they are filled.
pub(super) static EMAILS: [&str; 2] = ["Email", "Secondary_Email"];
static PHONES: [&str; 4] = ["Phone", "Mobile", "Home_Phone", "Other_Phone"];

/// Places for numbers; a lead has the first two.
pub(super) fn places(kind: PersonKind) -> &'static [&'static str] {
    match kind {
        PersonKind::Contact => &PHONES,
        PersonKind::Lead => &PHONES[..2],
    }
}

/// Values with the fields they go to, and those that have none.
pub(super) struct Placed<'a> {
    pub(super) placed: Vec<(&'static str, &'a str)>,
    pub(super) rest: Vec<&'a str>,
}

/// The primary one first.
fn in_order(values: &[RemoteValue]) -> Vec<&RemoteValue> {
    let mut values: Vec<&RemoteValue> =
        values.iter().filter(|value| !value.value.trim().is_empty()).collect();
    values.sort_by_key(|value| !value.primary);
    values
}

pub(super) fn emails(make: &PersonToMake) -> Placed<'_> {
    let mut values = in_order(&make.emails).into_iter().map(|value| value.value.trim());
    let placed = EMAILS.into_iter().zip(values.by_ref()).collect();
    Placed { placed, rest: values.collect() }
}

/// By what they are for where that is free, otherwise in the order of the fields.
pub(super) fn phones(make: &PersonToMake, kind: PersonKind) -> Placed<'_> {
    let mut free = places(kind).to_vec();
    let (mut placed, mut rest) = (vec![], vec![]);
    for value in in_order(&make.phones) {
        let label = value.label.as_deref().unwrap_or_default().to_lowercase();
        let wanted = match label.as_str() {
            "mobile" => "Mobile",
            "home" => "Home_Phone",
            "other" => "Other_Phone",
            _ => "Phone",
        };
        let at = free.iter().position(|key| *key == wanted).or((!free.is_empty()).then_some(0));
        match at {
            Some(at) => placed.push((free.remove(at), value.value.trim())),
            None => rest.push(value.value.trim()),
        }
    }
    Placed { placed, rest }
}

/// `industry` is one of the account's own.
pub(super) fn organization(
    make: &OrganizationToMake,
    industry: Option<String>,
) -> Result<Value, CrmError> {
    let name = text::one_line(&make.name);
    if name.is_empty() {
        let said = objection("organization", "A name is required.");
        return Err(CrmError::unsent("an organization needs a name", said));
    }
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("Account_Name", json!(name));
    if let Some(country) = make.country.as_deref().and_then(country::name) {
        put("Billing_Country", json!(country));
    }
    if let Some(website) = make.website.as_deref() {
        put("Website", json!(website));
    }
    if let Some(industry) = industry {
        put("Industry", json!(industry));
    }
    if let Some(owner) = &make.owner {
        put("Owner", lookup(owner, "owner", Stale::Owner)?);
    }
    Ok(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::Marker;

    fn value(value: &str, label: &str, primary: bool) -> RemoteValue {
        RemoteValue { value: value.into(), label: Some(label.into()), primary }
    }

    fn id(id: &str) -> RemoteId {
        RemoteId(id.into())
    }

    #[test]
    fn a_person_is_sent_in_the_fields_there_are_and_nothing_is_lost() {
        let make = PersonToMake {
            name: " Ann  van Lee ".into(),
            emails: vec![
                value("a@x.example", "work", false),
                value("b@x.example", "home", true),
                value("c@x.example", "home", false),
            ],
            phones: vec![
                value("1", "mobile", false),
                value("2", "mobile", true),
                value("3", "work", false),
                value("4", "", false),
                value("5", "", false),
            ],
            organization: Some(id("5725767000000600001")),
            owner: Some(id("5725767000000030002")),
            labels: vec![id("Warm Lead")],
            marker: Some(Marker { field: "Tandem_reference".into(), value: "m".into() }),
            ..PersonToMake::default()
        };
        let expected = json!({
            "First_Name": "Ann van", "Last_Name": "Lee",
            "Email": "b@x.example", "Secondary_Email": "a@x.example",
            "Mobile": "2", "Phone": "1", "Home_Phone": "3", "Other_Phone": "4",
            "Description": "Also: c@x.example, 5",
            "Account_Name": {"id": "5725767000000600001"}, "Owner": {"id": "5725767000000030002"},
            "Tag": [{"name": "Warm Lead"}], "Tandem_reference": "m",
        });
        assert_eq!(person(&make).unwrap(), expected);
        let bare = PersonToMake { name: "Cher".into(), ..<_>::default() };
        assert_eq!(person(&bare).unwrap(), json!({"Last_Name": "Cher"}));
        let parts = PersonToMake {
            name: "x".into(),
            first_name: Some("Ann".into()),
            last_name: Some("van Lee".into()),
            ..<_>::default()
        };
        assert_eq!(person(&parts).unwrap(), json!({"First_Name": "Ann", "Last_Name": "van Lee"}));
    }

    #[test]
    fn what_is_known_to_be_refused_is_not_sent() {
        let error = person(&PersonToMake::default()).unwrap_err();
        let CrmError::Refused { status: 0, said, .. } = &error else { panic!("{error:?}") };
        assert_eq!(said[0].field.as_deref(), Some("full_name"));
        for hostile in ["", "0", "-1", "+1", "1/../2", "1 ", "x"] {
            let make =
                PersonToMake { name: "A".into(), owner: Some(id(hostile)), ..<_>::default() };
            assert_eq!(person(&make).unwrap_err().stale(), Some(Stale::Owner), "{hostile}");
        }
    }
}
