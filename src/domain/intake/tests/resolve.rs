//! Ids to words, and fingerprints.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::world::{Words, person, value};
use crate::domain::{CustomField, RemoteId, RemotePerson, intake::resolve};

fn words() -> Words {
    let mut words = Words::default();
    words.fields.labels = BTreeMap::from([
        ("1".to_owned(), "Customer".to_owned()),
        ("2".to_owned(), "Warm".to_owned()),
    ]);
    let options = BTreeMap::from([("10".to_owned(), "Gold".to_owned())]);
    words.fields.custom = BTreeMap::from([
        ("tier".to_owned(), CustomField { name: "Tier".to_owned(), options }),
        ("note".to_owned(), CustomField { name: "Note".to_owned(), options: BTreeMap::new() }),
    ]);
    words
}

fn custom(key: &str, value: Value) -> Option<Value> {
    let words = words();
    let mut ada = person("1", "Ada", &[], &[]);
    ada.custom.insert(key.to_owned(), value);
    let mut facts = resolve(ada.clone(), &words.source()).custom_fields;
    facts.remove("crm_person_id");
    facts.into_values().next()
}

#[test]
fn labels_and_options_become_their_names() {
    let words = words();
    let mut ada = person("1", "Ada", &[], &[]);
    ada.labels = ["2", "1", "99"].map(|id| RemoteId(id.to_owned())).into();
    let facts = resolve(ada.clone(), &words.source()).custom_fields;
    assert_eq!(facts["crm_label"], "Warm, Customer");
    for option in [json!(10), json!("10")] {
        assert_eq!(custom("tier", option), Some(json!("Gold")));
    }
    assert_eq!(custom("tier", json!([10, 11])), Some(json!(["Gold", 11])));
}

#[test]
fn a_custom_field_is_kept_by_its_name_or_else_its_key() {
    let words = words();
    let mut ada = person("1", "Ada", &[], &[]);
    ada.custom.insert("note".to_owned(), json!("likes tea"));
    ada.custom.insert("brand new".to_owned(), json!(true));
    let facts = resolve(ada.clone(), &words.source()).custom_fields;
    assert_eq!((&facts["Note"], &facts["brand new"]), (&json!("likes tea"), &json!(true)));
}

#[test]
fn empty_custom_values_are_no_values() {
    for empty in [json!(null), json!(" "), json!([]), json!([null, ""])] {
        assert_eq!(custom("note", empty.clone()), None, "{empty}");
    }
    assert_eq!(custom("note", json!(0)), Some(json!(0)));
    assert_eq!(custom("note", json!(false)), Some(json!(false)));
}

#[test]
fn text_that_the_database_cannot_hold_is_cleaned_once_and_everywhere() {
    let words = words();
    let mut ada = person("1", "A\0da", &["a\0da@x.de"], &["\0"]);
    ada.custom.insert("n\0te".to_owned(), json!({ "ke\0y": "va\0lue" }));
    let resolved = resolve(ada.clone(), &words.source());
    assert_eq!(
        (resolved.name.as_deref(), resolved.emails[0].value.as_str()),
        (Some("Ada"), "ada@x.de")
    );
    let text = serde_json::to_string(&resolved).unwrap();
    assert!(!text.contains("\\u0000"), "{text}");
}

#[test]
fn a_fingerprint_changes_with_what_is_stored_and_with_nothing_else() {
    let words = words();
    let print = |person: &RemotePerson| resolve(person.clone(), &words.source()).fingerprint();
    let ada = person("1", "Ada", &["ada@x.de"], &[]);
    let later = chrono::DateTime::from_timestamp(1_800_000_000, 0);
    let unknown = Some(RemoteId("77".to_owned()));
    assert_eq!(print(&ada), print(&RemotePerson { updated_at: later, ..ada.clone() }));
    assert_eq!(print(&ada), print(&RemotePerson { owner: unknown, ..ada.clone() }));
    for other in [
        person("1", "Adah", &["ada@x.de"], &[]),
        person("1", "Ada", &["ada@x.de"], &["1"]),
        person("1", "Ada", &[], &[]),
        RemotePerson { open_deals: Some(1), ..ada.clone() },
        RemotePerson { custom: BTreeMap::from([("note".to_owned(), json!("x"))]), ..ada.clone() },
        RemotePerson {
            emails: vec![crate::domain::RemoteValue { primary: true, ..value("ada@x.de") }],
            ..ada.clone()
        },
    ] {
        assert_ne!(print(&ada), print(&other), "{other:?}");
    }
}

#[test]
fn an_organization_that_the_book_does_not_know_is_still_named_by_its_id() {
    let words = words();
    let mut ada = person("1", "Ada", &[], &[]);
    ada.organization = Some(RemoteId("7".to_owned()));
    let resolved = resolve(ada.clone(), &words.source());
    assert_eq!(resolved.organization, None);
    assert_eq!(resolved.custom_fields["crm_org_id"], "7");
}
