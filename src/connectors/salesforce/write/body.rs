//! What is sent of people and organizations, and the names by which the CRM objects to it. Pure.

use serde_json::{Map, Value, json};

use super::{
    phones::{phones, places, primary_first},
    text::{lines, one_line},
};
use crate::{
    connectors::{
        CrmError, Objection, Stale,
        api::Names,
        country,
        salesforce::{
            fields::{LABELS, REFERENCE},
            map, people,
            soql::{is_id_of, is_name},
        },
    },
    domain::{
        PersonKind, RemoteId,
        action::PersonChange,
        effect::{Marker, OrganizationToMake, PersonToMake},
    },
};

/// Characters of a contact's description.
const DESCRIPTION: usize = 32_000;

pub(super) static PERSON: Names = &[
    ("LastName", "full_name", None),
    ("FirstName", "full_name", None),
    ("Name", "full_name", None),
    ("Email", "emails", None),
    ("Phone", "phones", None),
    ("MobilePhone", "phones", None),
    ("HomePhone", "phones", None),
    ("OtherPhone", "phones", None),
    ("OwnerId", "owner", Some(Stale::Owner)),
    // Said of somebody who left, without naming the field.
    ("owner", "owner", Some(Stale::Owner)),
    ("AccountId", "organization", Some(Stale::Organization)),
    ("Company", "organization", None),
    (LABELS, "label", Some(Stale::Label)),
    (REFERENCE, "reference", Some(Stale::Reference)),
];

pub(super) static ORGANIZATION: Names = &[
    ("Name", "organization", None),
    ("Website", "website", None),
    ("Industry", "industry", None),
    ("BillingCountry", "country", None),
    ("OwnerId", "owner", Some(Stale::Owner)),
    ("owner", "owner", Some(Stale::Owner)),
];

/// A lead must name a company. Where none is known, that is how Salesforce's own tools say so.
const NO_COMPANY: &str = "[not provided]";

/// What a person is to be.
pub(super) fn kind(make: &PersonToMake) -> PersonKind {
    make.stage.map_or(PersonKind::Contact, crate::domain::LifecycleStage::kind)
}

/// An id of a kind; anything else stands for nothing over there.
pub(super) fn id<'a>(
    id: &'a RemoteId,
    prefix: &str,
    field: &'static str,
    stale: Stale,
) -> Result<&'a str, CrmError> {
    if is_id_of(prefix, id) {
        return Ok(id.as_str());
    }
    Err(CrmError::Refused {
        reason: "an id is none of the provider's",
        status: 0,
        code: Some(stale.word().to_owned()),
        said: objection(field, "There is no such record."),
    })
}

/// Whom an activity is with: a contact or a lead.
pub(super) fn who(person: &RemoteId) -> Result<&str, CrmError> {
    id(person, people::prefix(people::kind(person)), "person", Stale::Person)
}

pub(super) fn objection(field: &str, words: &str) -> Vec<Objection> {
    vec![Objection { field: Some(field.to_owned()), words: words.to_owned() }]
}

/// All but the mark, which is a part of the address. What has no place stands in the description, so
/// that nothing is lost.
pub(super) fn person(make: &PersonToMake) -> Result<Map<String, Value>, CrmError> {
    let (first, last) = names(make).ok_or_else(|| {
        let said = objection("full_name", "A name is required.");
        CrmError::unsent("a person needs a name", said)
    })?;
    let mut body = Map::new();
    let mut put = |key: &str, value: String| body.insert(key.to_owned(), Value::String(value));
    if let Some(first) = first {
        put("FirstName", first);
    }
    put("LastName", last);
    let mut homeless = Vec::new();
    for (at, email) in primary_first(&make.emails).into_iter().enumerate() {
        let value = email.value.trim().to_owned();
        if at == 0 {
            put("Email", value);
        } else {
            homeless.push(value);
        }
    }
    let kind = kind(make);
    let (phones, others) = phones(&make.phones, places(kind));
    for (place, number) in phones {
        put(place, number);
    }
    homeless.extend(others);
    if !homeless.is_empty() {
        put("Description", lines(&format!("Also: {}", homeless.join(", ")), DESCRIPTION));
    }
    if kind == PersonKind::Lead {
        let company = make.company.as_deref().map(one_line).filter(|name| !name.is_empty());
        put("Company", company.unwrap_or_else(|| NO_COMPANY.to_owned()));
    } else if let Some(organization) = &make.organization {
        let id = id(organization, "001", "organization", Stale::Organization)?;
        put("AccountId", id.to_owned());
    }
    if let Some(owner) = &make.owner {
        put("OwnerId", id(owner, "005", "owner", Stale::Owner)?.to_owned());
    }
    if !make.labels.is_empty() {
        put(LABELS, labels(&make.labels)?);
    }
    Ok(body)
}

/// What changes of a person. Lists replace what was there: of addresses the first has the one place,
/// and numbers without a place are refused rather than lost.
pub(super) fn changed(
    asked: &PersonChange,
    kind: PersonKind,
) -> Result<Map<String, Value>, CrmError> {
    let mut body = Map::new();
    if let Some(name) = &asked.name {
        let named = PersonToMake { name: name.clone(), ..PersonToMake::default() };
        let (first, last) = names(&named).ok_or_else(|| {
            let said = objection("full_name", "A name is required.");
            CrmError::unsent("a person needs a name", said)
        })?;
        body.insert("FirstName".into(), json!(first));
        body.insert("LastName".into(), json!(last));
    }
    if let Some(emails) = &asked.emails {
        let first = primary_first(emails).into_iter().next();
        body.insert("Email".into(), json!(first.map(|email| email.value.trim())));
    }
    if let Some(numbers) = &asked.phones {
        let places = places(kind);
        let (numbered, others) = phones(numbers, places);
        if !others.is_empty() {
            let words = format!("There are {} places for numbers, one of a kind.", places.len());
            let said = objection("phones", &words);
            return Err(CrmError::unsent("there are too many numbers", said));
        }
        for (place, _) in places {
            let number =
                numbered.iter().find(|(taken, _)| taken == place).map(|(_, number)| number);
            body.insert((*place).to_owned(), json!(number));
        }
    }
    Ok(body)
}

/// First and last name. Of a name in one piece the last word is the last name.
fn names(make: &PersonToMake) -> Option<(Option<String>, String)> {
    let part =
        |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
    match (part(&make.first_name), part(&make.last_name)) {
        (first, Some(last)) => return Some((first, last)),
        (Some(first), None) if one_line(&make.name).is_empty() => return Some((None, first)),
        _ => {}
    }
    let name = one_line(&make.name);
    if name.is_empty() {
        return None;
    }
    match name.rsplit_once(' ') {
        Some((first, last)) => Some((Some(first.to_owned()), last.to_owned())),
        None => Some((None, name)),
    }
}

/// The words of labels as the field for them holds them.
pub(super) fn labels(labels: &[RemoteId]) -> Result<String, CrmError> {
    let words: Option<Vec<&str>> = labels.iter().map(map::word).collect();
    words.map(|words| words.join(";")).ok_or_else(|| CrmError::Refused {
        reason: "a label is none of the provider's",
        status: 0,
        code: Some(Stale::Label.word().to_owned()),
        said: objection("label", "There is no such label."),
    })
}

/// The address under which a record with our mark is made, once.
pub(super) fn marked(kind: PersonKind, marker: &Marker) -> Result<String, CrmError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let value = &marker.value;
    let fits = (1..=64).contains(&value.len()) && value.bytes().all(plain);
    if !fits || !is_name(&marker.field) {
        return Err(CrmError::Refused {
            reason: "our mark does not fit",
            status: 0,
            code: Some(Stale::Reference.word().to_owned()),
            said: objection("reference", "There is no such field."),
        });
    }
    Ok(format!("sobjects/{}/{}/{value}", people::object(kind), marker.field))
}

pub(super) fn organization(make: &OrganizationToMake) -> Result<Map<String, Value>, CrmError> {
    let name = one_line(&make.name);
    if name.is_empty() {
        let said = objection("organization", "A name is required.");
        return Err(CrmError::unsent("an organization needs a name", said));
    }
    let mut body = Map::new();
    body.insert("Name".into(), json!(name));
    // By its name: orgs that choose countries from a list know them by it, and the others show it.
    let country = make.country.as_deref().and_then(country::name).map(ToOwned::to_owned);
    let texts =
        [("Industry", &make.industry), ("BillingCountry", &country), ("Website", &make.website)];
    for (key, text) in texts {
        if let Some(text) = text.as_deref().map(one_line).filter(|text| !text.is_empty()) {
            body.insert(key.into(), json!(text));
        }
    }
    if let Some(owner) = &make.owner {
        body.insert("OwnerId".into(), json!(id(owner, "005", "owner", Stale::Owner)?));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RemoteValue;

    fn value(value: &str, label: &str, primary: bool) -> RemoteValue {
        RemoteValue { value: value.into(), label: Some(label.into()), primary }
    }

    fn remote(id: &str) -> RemoteId {
        RemoteId(id.into())
    }

    #[test]
    fn everything_of_a_person_has_a_place_and_what_has_none_is_told() {
        let make = PersonToMake {
            name: "Ann Lee".into(),
            first_name: Some("Ann".into()),
            last_name: Some("Lee".into()),
            emails: vec![value("b@x.example", "home", false), value(" a@x.example", "work", true)],
            phones: vec![
                value("+1", "work", false),
                value("+2", "Mobile phone", true),
                value("+3", "home", false),
                value("+4", "", false),
                value("+5", "mobile", false),
            ],
            organization: Some(remote("001Hn00000000AbIAC")),
            owner: Some(remote("005Hn00000000AbIAC")),
            labels: vec![map::label("Warm Lead"), map::label("Customer")],
            ..PersonToMake::default()
        };
        let expected = json!({
            "FirstName": "Ann", "LastName": "Lee", "Email": "a@x.example", "Phone": "+1",
            "MobilePhone": "+2", "HomePhone": "+3", "OtherPhone": "+4",
            "Description": "Also: b@x.example, +5",
            "AccountId": "001Hn00000000AbIAC", "OwnerId": "005Hn00000000AbIAC",
            "Tandem_Labels__c": "Warm Lead;Customer",
        });
        assert_eq!(Value::Object(person(&make).unwrap()), expected);
    }

    #[test]
    fn a_lead_names_its_company_in_words_and_has_two_places_for_numbers() {
        let make = PersonToMake {
            name: "Ann Lee".into(),
            emails: vec![value("a@x.example", "work", true)],
            phones: vec![value("+1", "home", true), value("+2", "", false), value("+3", "", false)],
            stage: Some(crate::domain::LifecycleStage::Subscriber),
            ..<_>::default()
        };
        let expected = json!({
            "FirstName": "Ann", "LastName": "Lee", "Email": "a@x.example", "Phone": "+1",
            "Description": "Also: +2, +3", "Company": "[not provided]",
        });
        assert_eq!(Value::Object(person(&make).unwrap()), expected);
        let known = PersonToMake { company: Some(" Acme  Ltd".into()), ..make };
        assert_eq!(person(&known).unwrap()["Company"], "Acme Ltd");
    }

    #[test]
    fn a_name_in_one_piece_is_split_before_its_last_word() {
        let split = |name: &str, first: Option<&str>| {
            let first_name = first.map(Into::into);
            let make = PersonToMake { name: name.into(), first_name, ..<_>::default() };
            person(&make).map(|body| (body.get("FirstName").cloned(), body["LastName"].clone()))
        };
        assert_eq!(split(" Jan  van Dyck ", None), Ok((Some(json!("Jan van")), json!("Dyck"))));
        assert_eq!(split("Cher", Some("Cher")), Ok((None, json!("Cher"))));
        assert_eq!(split("", Some("Ann")), Ok((None, json!("Ann"))));
        assert!(matches!(split(" \n", None), Err(CrmError::Refused { status: 0, .. })));
    }

    #[test]
    fn a_change_replaces_what_it_names_and_touches_nothing_else() {
        let contact = PersonKind::Contact;
        let none = changed(&PersonChange::default(), contact).unwrap();
        assert!(none.is_empty());
        let asked = PersonChange {
            name: Some("Ann van Lee".into()),
            emails: Some(vec![]),
            phones: Some(vec![value("+2", "mobile", true)]),
            ..<_>::default()
        };
        let expected = json!({
            "FirstName": "Ann van", "LastName": "Lee", "Email": null, "MobilePhone": "+2",
            "Phone": null, "HomePhone": null, "OtherPhone": null,
        });
        assert_eq!(Value::Object(changed(&asked, contact).unwrap()), expected);
        let many = (0..5).map(|nth| value(&format!("+{nth}"), "", false)).collect();
        let asked = PersonChange { phones: Some(many), ..<_>::default() };
        assert!(changed(&asked, contact).is_err());
    }

    #[test]
    fn ids_and_marks_of_another_kind_are_not_sent() {
        let stale = |make: PersonToMake| person(&make).unwrap_err().stale();
        let make = || PersonToMake { name: "A".into(), ..<_>::default() };
        let contact = remote("003Hn00000000AbIAC");
        assert_eq!(
            stale(PersonToMake { owner: Some(contact.clone()), ..make() }),
            Some(Stale::Owner)
        );
        let make_at = PersonToMake { organization: Some(contact), ..make() };
        assert_eq!(stale(make_at), Some(Stale::Organization));
        for bad in ["7", "Tandem_Labels__c=", "Tandem_Labels__c=a;b", "Segment__c=Small"] {
            let labels = vec![remote(bad)];
            assert_eq!(stale(PersonToMake { labels, ..make() }), Some(Stale::Label), "{bad}");
        }
        let mark = |field: &str, value: &str| {
            let marker = Marker { field: field.into(), value: value.into() };
            marked(PersonKind::Contact, &marker)
        };
        assert_eq!(mark(REFERENCE, "a-1").unwrap(), "sobjects/Contact/Tandem_Reference__c/a-1");
        for (field, value) in [("../x__c", "a"), (REFERENCE, "a/b"), (REFERENCE, ""), ("Id", "a")] {
            assert_eq!(mark(field, value).unwrap_err().stale(), Some(Stale::Reference));
        }
    }

    #[test]
    fn an_organization_names_its_country_in_words() {
        let make = OrganizationToMake {
            name: "Acme  GmbH ".into(),
            industry: Some("Energy".into()),
            country: Some("de".into()),
            website: Some("acme.example".into()),
            owner: None,
        };
        let body = Value::Object(organization(&make).unwrap());
        let expected = json!({
            "Name": "Acme GmbH", "Industry": "Energy", "BillingCountry": "Germany",
            "Website": "acme.example",
        });
        assert_eq!(body, expected);
    }
}
