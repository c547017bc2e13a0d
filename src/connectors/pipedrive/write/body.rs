//! What is sent: bodies, and the names by which the CRM objects to them. Pure.

use serde_json::{Map, Value, json};

use super::html;
use crate::{
    connectors::{CrmError, Objection, Stale, api::Names, country},
    domain::{
        RemoteId, RemoteValue,
        action::PersonChange,
        effect::{OrganizationToMake, PersonToMake},
    },
};

pub(super) static PERSON: Names = &[
    ("name", "full_name", None),
    ("first_name", "full_name", None),
    ("last_name", "full_name", None),
    ("emails", "emails", None),
    ("email", "emails", None),
    ("phones", "phones", None),
    ("phone", "phones", None),
    ("owner_id", "owner", Some(Stale::Owner)),
    ("org_id", "organization", Some(Stale::Organization)),
    ("label_ids", "label", Some(Stale::Label)),
    ("custom_fields", "reference", Some(Stale::Reference)),
];

pub(super) static ORGANIZATION: Names = &[
    ("name", "organization", None),
    ("website", "website", None),
    ("industry", "industry", None),
    ("address", "country", None),
    ("country", "country", None),
    ("owner_id", "owner", Some(Stale::Owner)),
];

pub(super) static LABEL: Names = &[("label", "label", None), ("options", "label", None)];
pub(super) static REFERENCE: Names = &[("field_name", "reference", None)];

/// An id over there is a positive number; anything else stands for nothing.
pub(super) fn number(id: &RemoteId, field: &'static str, stale: Stale) -> Result<u64, CrmError> {
    id.as_str().parse().ok().filter(|id| *id > 0).ok_or_else(|| CrmError::Refused {
        reason: "an id is none of the provider's",
        status: 0,
        code: Some(stale.word().to_owned()),
        said: objection(field, "There is no such record."),
    })
}

pub(super) fn objection(field: &str, words: &str) -> Vec<Objection> {
    vec![Objection { field: Some(field.to_owned()), words: words.to_owned() }]
}

/// `name` alone: with first and last name beside it the whole is refused, and it is split over there.
pub(super) fn person(make: &PersonToMake) -> Result<Value, CrmError> {
    let parts = [make.first_name.as_deref(), make.last_name.as_deref()];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = [make.name.trim(), joined.trim()].into_iter().find(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        CrmError::unsent("a person needs a name", objection("full_name", "A name is required."))
    })?;
    let mut body = Map::new();
    body.insert("name".into(), json!(name));
    for (key, values) in [("emails", &make.emails), ("phones", &make.phones)] {
        if !values.is_empty() {
            body.insert(key.into(), channels(values));
        }
    }
    if let Some(organization) = &make.organization {
        let id = number(organization, "organization", Stale::Organization)?;
        body.insert("org_id".into(), json!(id));
    }
    owner(&mut body, make.owner.as_ref())?;
    if !make.labels.is_empty() {
        body.insert("label_ids".into(), json!(labels(&make.labels)?));
    }
    if let Some(marker) = &make.marker {
        body.insert("custom_fields".into(), json!({ &marker.field: marker.value }));
    }
    Ok(Value::Object(body))
}

/// A list that is given replaces what was there.
pub(super) fn person_change(make: &PersonChange) -> Value {
    let mut body = Map::new();
    if let Some(name) = &make.name {
        body.insert("name".into(), json!(html::one_line(name)));
    }
    for (key, values) in [("emails", &make.emails), ("phones", &make.phones)] {
        if let Some(values) = values {
            body.insert(key.into(), channels(values));
        }
    }
    Value::Object(body)
}

pub(super) fn owner(
    body: &mut Map<String, Value>,
    owner: Option<&RemoteId>,
) -> Result<(), CrmError> {
    if let Some(owner) = owner {
        body.insert("owner_id".into(), json!(number(owner, "owner", Stale::Owner)?));
    }
    Ok(())
}

pub(super) fn labels(ids: &[RemoteId]) -> Result<Vec<u64>, CrmError> {
    ids.iter().map(|id| number(id, "label", Stale::Label)).collect()
}

/// Of several primaries the last would win over there; here it is one from the start.
fn channels(values: &[RemoteValue]) -> Value {
    let primary = values.iter().position(|value| value.primary).unwrap_or(0);
    values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let label = value.label.as_deref().filter(|label| !label.trim().is_empty());
            json!({
                "value": value.value,
                "label": label.unwrap_or("work"),
                "primary": at == primary,
            })
        })
        .collect()
}

/// Where an account has a place for what not every account has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) website: bool,
    /// The option of that name.
    pub(super) industry: Option<u64>,
}

pub(super) fn organization(make: &OrganizationToMake, places: &Places) -> Result<Value, CrmError> {
    let name = html::one_line(&make.name);
    if name.is_empty() {
        let said = objection("organization", "A name is required.");
        return Err(CrmError::unsent("an organization needs a name", said));
    }
    let mut body = Map::new();
    body.insert("name".into(), json!(name));
    owner(&mut body, make.owner.as_ref())?;
    if let Some(country) = make.country.as_deref().and_then(country::name) {
        // There is no country of its own: it is a part of the address, which needs its text too.
        body.insert("address".into(), json!({ "value": country, "country": country }));
    }
    if let Some(website) = make.website.as_deref().filter(|_| places.website) {
        body.insert("website".into(), json!(website));
    }
    if let Some(industry) = places.industry {
        body.insert("industry".into(), json!(industry));
    }
    Ok(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::Marker;

    fn value(value: &str, primary: bool) -> RemoteValue {
        RemoteValue { value: value.into(), label: None, primary }
    }

    fn id(id: &str) -> RemoteId {
        RemoteId(id.into())
    }

    #[test]
    fn a_person_is_sent_with_whole_numbers_one_primary_and_one_name() {
        let make = PersonToMake {
            name: " Ann Lee ".into(),
            first_name: Some("Ann".into()),
            last_name: Some("Lee".into()),
            emails: vec![value("a@x.example", false), value("b@x.example", true)],
            phones: vec![value("+4930901820", false)],
            organization: Some(id("7")),
            owner: Some(id("18")),
            labels: vec![id("3"), id("27")],
            marker: Some(Marker { field: "f00".into(), value: "m".into() }),
            ..<_>::default()
        };
        let expected = json!({
            "name": "Ann Lee",
            "emails": [
                {"value": "a@x.example", "label": "work", "primary": false},
                {"value": "b@x.example", "label": "work", "primary": true},
            ],
            "phones": [{"value": "+4930901820", "label": "work", "primary": true}],
            "org_id": 7, "owner_id": 18, "label_ids": [3, 27], "custom_fields": {"f00": "m"},
        });
        assert_eq!(person(&make).unwrap(), expected);
        let bare =
            PersonToMake { name: " ".into(), last_name: Some("Lee".into()), ..<_>::default() };
        assert_eq!(person(&bare).unwrap(), json!({"name": "Lee"}));
    }

    #[test]
    fn what_is_known_to_be_refused_is_not_sent() {
        let error = person(&PersonToMake::default()).unwrap_err();
        let CrmError::Refused { status: 0, said, .. } = &error else { panic!("{error:?}") };
        assert_eq!(said[0].field.as_deref(), Some("full_name"));
        let make = PersonToMake { name: "A".into(), owner: Some(id("x")), ..<_>::default() };
        assert_eq!(person(&make).unwrap_err().stale(), Some(Stale::Owner));
        let make = PersonToMake { name: "A".into(), labels: vec![id("0")], ..<_>::default() };
        assert_eq!(person(&make).unwrap_err().stale(), Some(Stale::Label));
    }

    #[test]
    fn an_organization_gets_what_the_account_has_a_place_for() {
        let make = OrganizationToMake {
            name: "Acme  GmbH ".into(),
            industry: Some("Software".into()),
            country: Some("de".into()),
            website: Some("acme.example".into()),
            owner: None,
        };
        let nowhere = organization(&make, &Places::default()).unwrap();
        let address = json!({"value": "Germany", "country": "Germany"});
        assert_eq!(nowhere, json!({"name": "Acme GmbH", "address": address}));
        let places = Places { website: true, industry: Some(302) };
        let whole = organization(&make, &places).unwrap();
        assert_eq!((&whole["website"], &whole["industry"]), (&json!("acme.example"), &json!(302)));
    }
}
