//! What is sent: properties, and the names by which the CRM objects to them. Pure.

use serde_json::{Map, Value, json};

use super::stage;
use crate::{
    connectors::{CrmError, Objection, Stale, api::Names, country, html, hubspot::records::is_id},
    domain::{
        RemoteId, RemoteValue,
        effect::{OrganizationToMake, PersonToMake},
    },
};

/// The name of the property that holds our marker; no two contacts may have the same.
pub(super) const REFERENCE_NAME: &str = "tandem_reference";

pub(super) static PERSON: Names = &[
    ("email", "emails", None),
    ("firstname", "full_name", None),
    ("lastname", "full_name", None),
    ("phone", "phones", None),
    ("mobilephone", "phones", None),
    ("hubspot_owner_id", "owner", Some(Stale::Owner)),
    ("hs_lead_status", "label", Some(Stale::Label)),
    (stage::FIELD, "lifecycle_stage", None),
    ("companies", "organization", Some(Stale::Organization)),
    ("tandem_reference", "reference", Some(Stale::Reference)),
];

pub(super) static ORGANIZATION: Names = &[
    ("name", "organization", None),
    ("website", "website", None),
    ("domain", "website", None),
    ("industry", "industry", None),
    ("country", "country", None),
    ("hubspot_owner_id", "owner", Some(Stale::Owner)),
];

pub(super) static LABEL: Names = &[("label", "label", None), ("options", "label", None)];
pub(super) static REFERENCE: Names = &[("name", "reference", None), ("label", "reference", None)];

/// An id that can stand for a record over there.
pub(super) fn known<'a>(
    id: &'a RemoteId,
    field: &'static str,
    stale: Stale,
) -> Result<&'a str, CrmError> {
    if is_id(id.as_str()) {
        return Ok(id.as_str());
    }
    Err(CrmError::Refused {
        reason: "an id is none of the provider's",
        status: 0,
        code: Some(stale.word().to_owned()),
        said: objection(field, "There is no such record."),
    })
}

pub(super) fn objection(field: &str, words: &str) -> Vec<Objection> {
    vec![Objection { field: Some(field.to_owned()), words: words.to_owned() }]
}

/// One address (the others cannot be written), one number and one mobile one.
pub(super) fn person(make: &PersonToMake) -> Result<Map<String, Value>, CrmError> {
    let mut properties = Map::new();
    let mut put = |key: &str, value: &str| {
        let value = value.trim();
        if !value.is_empty() {
            properties.insert(key.to_owned(), json!(value));
        }
    };
    let (first, last) = names(make);
    put("firstname", &first);
    put("lastname", &last);
    let email = primary(&make.emails).map(|one| one.value.as_str()).unwrap_or_default();
    put("email", email);
    let (phone, mobile) = numbers(&make.phones);
    put("phone", phone.unwrap_or_default());
    put("mobilephone", mobile.unwrap_or_default());
    if properties.keys().all(|key| key.ends_with("phone")) {
        let said = objection("full_name", "A name or an address is required.");
        return Err(CrmError::unsent("a contact needs a name or an address", said));
    }
    owner(&mut properties, make.owner.as_ref())?;
    if let Some(stage) = make.stage {
        properties.insert(stage::FIELD.into(), json!(stage::word(stage)));
    }
    // A contact has one lead status.
    if let Some(label) = make.labels.first() {
        properties.insert("hs_lead_status".into(), json!(label.as_str()));
    }
    if let Some(marker) = &make.marker {
        properties.insert(marker.field.clone(), json!(marker.value));
    }
    Ok(properties)
}

/// The parts as they are known, otherwise what the whole is made of.
pub(super) fn names(make: &PersonToMake) -> (String, String) {
    let part = |part: &Option<String>| html::one_line(part.as_deref().unwrap_or_default());
    let (first, last) = (part(&make.first_name), part(&make.last_name));
    if !first.is_empty() || !last.is_empty() {
        return (first, last);
    }
    let whole = html::one_line(&make.name);
    match whole.split_once(' ') {
        Some((first, last)) => (first.to_owned(), last.to_owned()),
        None => (whole, String::new()),
    }
}

pub(super) fn primary(values: &[RemoteValue]) -> Option<&RemoteValue> {
    values.iter().find(|value| value.primary).or(values.first())
}

/// The number to call, and a mobile one beside it.
pub(super) fn numbers(values: &[RemoteValue]) -> (Option<&str>, Option<&str>) {
    let is_mobile = |value: &&RemoteValue| {
        value.label.as_deref().is_some_and(|label| label.to_lowercase().contains("mobil"))
    };
    let mobile = values.iter().find(is_mobile);
    let phone = primary(values).filter(|one| Some(*one) != mobile);
    let phone = phone.or_else(|| values.iter().find(|value| !is_mobile(value)));
    (phone.map(|one| one.value.as_str()), mobile.map(|one| one.value.as_str()))
}

pub(super) fn owner(
    properties: &mut Map<String, Value>,
    owner: Option<&RemoteId>,
) -> Result<(), CrmError> {
    if let Some(owner) = owner {
        let owner = known(owner, "owner", Stale::Owner)?;
        properties.insert("hubspot_owner_id".into(), json!(owner));
    }
    Ok(())
}

/// The country goes in words; `industry` is the value of the option of that name, where there is one.
pub(super) fn organization(
    make: &OrganizationToMake,
    industry: Option<String>,
) -> Result<Map<String, Value>, CrmError> {
    let name = html::one_line(&make.name);
    if name.is_empty() {
        let said = objection("organization", "A name is required.");
        return Err(CrmError::unsent("a company needs a name", said));
    }
    let mut properties = Map::new();
    properties.insert("name".into(), json!(name));
    owner(&mut properties, make.owner.as_ref())?;
    if let Some(country) = make.country.as_deref().and_then(country::name) {
        properties.insert("country".into(), json!(country));
    }
    if let Some(website) = make.website.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        properties.insert("website".into(), json!(website));
        if let Some(host) = host(website) {
            properties.insert("domain".into(), json!(host));
        }
    }
    if let Some(industry) = industry {
        properties.insert("industry".into(), json!(industry));
    }
    Ok(properties)
}

/// What the CRM recognizes a company by.
fn host(website: &str) -> Option<String> {
    let rest = website.split_once("://").map_or(website, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next()?.trim_start_matches("www.");
    let plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '.';
    (host.contains('.') && host.chars().all(plain)).then(|| host.to_lowercase())
}

/// One end of an association of the CRM's own kinds.
pub(super) fn tie(id: &str, type_id: u16) -> Value {
    json!({
        "to": { "id": id },
        "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id }],
    })
}

/// The value of a new option: in capitals with underscores, as their own values are.
pub(super) fn free_value(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let plain: String = name
        .chars()
        .map(
            |letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' },
        )
        .take(40)
        .collect();
    let mut value = plain.clone();
    for n in 2..100 {
        if !is_taken(&value) {
            break;
        }
        value = format!("{plain}_{n}");
    }
    value
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
    fn a_person_is_sent_as_text_with_one_address_and_one_status() {
        let make = PersonToMake {
            name: " Ann van Lee ".into(),
            emails: vec![value("a@x.example", "home", false), value("b@x.example", "work", true)],
            phones: vec![value("+4930901820", "work", false), value("+4915112", "Mobile", true)],
            owner: Some(id("9007199254740993")),
            labels: vec![id("WARM_LEAD"), id("NEW")],
            marker: Some(Marker { field: REFERENCE_NAME.into(), value: "m".into() }),
            ..PersonToMake::default()
        };
        let expected = json!({
            "firstname": "Ann", "lastname": "van Lee", "email": "b@x.example",
            "phone": "+4930901820", "mobilephone": "+4915112",
            "hubspot_owner_id": "9007199254740993", "hs_lead_status": "WARM_LEAD",
            "tandem_reference": "m",
        });
        assert_eq!(Value::Object(person(&make).unwrap()), expected);
        let parts = PersonToMake {
            name: "Dr. Ann Lee".into(),
            last_name: Some("Lee".into()),
            ..<_>::default()
        };
        assert_eq!(Value::Object(person(&parts).unwrap()), json!({"lastname": "Lee"}));
    }

    #[test]
    fn what_is_known_to_be_refused_is_not_sent() {
        let phones = vec![value("+49", "work", true)];
        let error = person(&PersonToMake { phones, ..<_>::default() }).unwrap_err();
        let CrmError::Refused { status: 0, said, .. } = &error else { panic!("{error:?}") };
        assert_eq!(said[0].field.as_deref(), Some("full_name"));
        for owner in ["", "x", "7/../8", "-7", "123456789012345678901"] {
            let make = PersonToMake { name: "A".into(), owner: Some(id(owner)), ..<_>::default() };
            assert_eq!(person(&make).unwrap_err().stale(), Some(Stale::Owner), "{owner}");
        }
    }

    #[test]
    fn a_company_has_its_country_in_words_and_its_domain() {
        let make = OrganizationToMake {
            name: "Acme  GmbH ".into(),
            industry: None,
            country: Some("de".into()),
            website: Some("https://www.Acme.example/about".into()),
            owner: None,
        };
        let expected = json!({
            "name": "Acme GmbH", "country": "Germany", "domain": "acme.example",
            "website": "https://www.Acme.example/about",
        });
        assert_eq!(Value::Object(organization(&make, None).unwrap()), expected);
        assert_eq!(host("not a host"), None);
    }
}
