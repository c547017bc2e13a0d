//! What is read from answers as they come.

use serde_json::json;

use super::{decode, map, place::Own, wire};
use crate::domain::RemoteId;

fn own() -> Own {
    Own(vec![("segment".into(), false), ("interests".into(), true), ("remarks".into(), false)])
}

fn id(text: &str) -> RemoteId {
    RemoteId(text.into())
}

#[test]
fn a_page_of_contacts_is_read_and_what_cannot_be_read_is_kept_aside() {
    let body = include_bytes!("fixtures/contacts.json");
    let own = own();
    let read = decode::records(body, |record| map::person(record, &own)).unwrap();
    assert_eq!(read.after.as_deref(), Some("NTEz"));
    let ada = &read.items[0];
    assert_eq!((ada.name.as_deref(), &ada.organization), (Some("Ada Lovelace"), &Some(id("900"))));
    let addresses: Vec<_> =
        ada.emails.iter().map(|one| (one.value.as_str(), one.primary)).collect();
    let expected = [("ada@x.example", true), ("a.l@x.example", false), ("old@y.example", false)];
    assert_eq!(addresses, expected);
    assert_eq!(ada.phones[1].label.as_deref(), Some("mobile"));
    assert_eq!((&ada.owner, &ada.labels), (&Some(id("41629779")), &vec![id("WARM_LEAD")]));
    assert_eq!(ada.custom["segment"], json!("retired"), "whatever the options are");
    assert_eq!(ada.custom["interests"], json!(["price", "service"]));
    assert!(!ada.custom.contains_key("remarks"), "what is empty says nothing");
    assert_eq!(ada.updated_at, "2026-03-04T05:06:07.089Z".parse().ok());

    let bare = &read.items[1];
    assert_eq!((bare.id.as_str(), &bare.name), ("9007199254740993", &None));
    assert!(bare.emails.is_empty() && bare.custom.is_empty() && bare.updated_at.is_some());
    // Half a surrogate pair costs its value, not its record.
    assert_eq!((read.items[2].id.as_str(), read.items[2].deleted), ("513", true));
    let reasons: Vec<_> = read.quarantined.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["the record has no usable id", "the record is not an object"]);
}

#[test]
fn what_is_no_list_is_not_an_empty_one() {
    for body in ["{}", "[]", "null", r#"{"results":null}"#, r#"{"results":{}}"#, "<html>"] {
        assert!(decode::records(body.as_bytes(), Some).is_err(), "{body}");
    }
    let endless = r#"{"results":[],"paging":{"next":{"after":"a&limit=1"}}}"#;
    assert!(decode::records(endless.as_bytes(), Some).is_err(), "no cursor of theirs is trusted");
    let last = r#"{"results":[],"paging":null}"#;
    assert_eq!(decode::records(last.as_bytes(), Some).unwrap().after, None);
}

#[test]
fn a_hit_without_its_time_stops_the_read() {
    let hit = |properties: serde_json::Value| {
        let body = json!({ "results": [{ "id": "7", "properties": properties }] }).to_string();
        decode::hits(body.as_bytes(), "lastmodifieddate")
    };
    let read = hit(json!({ "lastmodifieddate": "2026-03-04T05:06:07.089Z" })).unwrap();
    assert_eq!((read[0].number, read[0].changed), (7, 1_772_600_767_089));
    // The next question would begin who knows where.
    assert!(hit(json!({ "lastmodifieddate": "yesterday" })).is_err());
    assert!(hit(json!({})).is_err());
}

#[test]
fn labels_are_the_options_of_the_lead_status_and_fields_the_customers_own() {
    let properties = json!({ "results": [
        { "name": "hs_lead_status", "hubspotDefined": true, "fieldType": "radio", "options": [
            { "value": "WARM", "label": "Warm lead", "hidden": true }, { "value": "X" }, 7,
        ] },
        { "name": "segment", "label": "Segment", "fieldType": "select",
          "options": [{ "value": "a", "label": "A" }] },
        { "name": "gone", "label": "Gone", "archived": true },
        { "name": "Odd Name", "label": "Odd" },
        { "name": "interests", "fieldType": "checkbox" },
    ] })
    .to_string();
    let (all, _) = decode::list(properties.as_bytes(), Some::<wire::Property>).unwrap();
    let names = Own::of(&all);
    assert_eq!(names, Own(vec![("segment".into(), false), ("interests".into(), true)]));
    let fields = map::fields(all);
    assert_eq!(fields.label("warm LEAD"), Some(id("WARM")));
    assert_eq!(fields.labels["X"], "X");
    assert_eq!(fields.custom["segment"].options["a"], "A");
    assert!(!fields.custom.contains_key("gone"));
}

#[test]
fn an_account_is_shown_only_at_its_own_hosts() {
    let account = |details: serde_json::Value| {
        map::account(decode::one(details.to_string().as_bytes()).unwrap())
    };
    let real = account(json!({ "portalId": 62515, "uiDomain": "app-eu1.hubspot.com" })).unwrap();
    assert_eq!(real.domain.as_deref(), Some("app-eu1.hubspot.com/contacts/62515"));
    let forged = account(json!({ "portalId": 62515, "uiDomain": "evil.example" })).unwrap();
    assert_eq!(forged.domain.as_deref(), Some("app.hubspot.com/contacts/62515"));
    assert_eq!(account(json!({ "uiDomain": "app.hubspot.com" })), None);
}
