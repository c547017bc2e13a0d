//! What Pipedrive sends, and what we make of it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{batches, decode, map, wire, *};
use crate::{connectors::Page, domain::RemoteValue};

fn persons(body: &str) -> Page<RemotePerson> {
    decode::page(body.as_bytes(), map::person).unwrap()
}

fn page_of(records: &str) -> String {
    format!(r#"{{"success":true,"data":[{records}],"additional_data":{{"next_cursor":null}}}}"#)
}

fn id(id: &str) -> RemoteId {
    RemoteId(id.to_owned())
}

fn value(value: &str, label: Option<&str>, primary: bool) -> RemoteValue {
    RemoteValue { value: value.to_owned(), label: label.map(str::to_owned), primary }
}

#[test]
fn a_person_is_read_whole() {
    let page = persons(include_str!("fixtures/persons.json"));
    let expected = RemotePerson {
        id: id("1"),
        name: Some("Ada Lovelace".into()),
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        emails: vec![
            value("old@example.com", Some("home"), false),
            value("Ada@Example.com", Some("work"), true),
        ],
        phones: vec![value("+49 30 901820", Some("mobile"), true)],
        organization: Some(id("21")),
        owner: Some(id("11")),
        labels: vec![id("5"), id("6")],
        open_deals: Some(2),
        closed_deals: Some(1),
        custom: [("9f0c0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b".into(), json!("Tier A"))].into(),
        updated_at: Some("2026-03-04T05:06:07Z".parse().unwrap()),
        deleted: false,
    };
    assert_eq!(page.items[0], expected);
    assert_eq!(page.next.unwrap().as_str(), "eyJmaWVsZCI6ImlkIiwiaWQiOjR9");
}

#[test]
fn odd_values_do_not_lose_their_record() {
    let page = persons(include_str!("fixtures/persons.json"));
    let odd = &page.items[1];
    assert_eq!((&odd.id, &odd.name, odd.owner.as_ref()), (&id("2"), &None, None));
    assert_eq!(odd.last_name.as_deref(), Some("7"));
    assert_eq!(odd.organization, Some(id("22")));
    assert_eq!(odd.emails, [value("b@example.com", None, true)]);
    assert_eq!(odd.phones, [value("0151 2345678", None, true)]);
    assert_eq!(odd.labels, [id("5")]);
    assert_eq!(odd.updated_at, Some("2021-01-01T00:00:00Z".parse().unwrap()));
    assert!(odd.deleted && odd.custom.is_empty());

    assert_eq!(page.items[2], RemotePerson { id: id("3"), ..RemotePerson::default() });
    assert_eq!(page.items[3].name.as_deref(), Some("Zoë 🚀 דנה"));
    assert_eq!(
        page.items[3].phones,
        [value("+1 212 555 0100", None, false), value("x", None, true)],
    );
}

#[test]
fn what_has_no_id_is_quarantined_and_the_page_goes_on() {
    let page = persons(include_str!("fixtures/persons.json"));
    assert_eq!(page.items.len(), 4);
    let reasons: Vec<_> = page.quarantined.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["the record has no usable id", "the record is not an object"]);
    assert_eq!(page.quarantined[0].raw, r#"{"id": null, "name": "No id"}"#);
    assert_eq!(page.quarantined[1].raw, r#""not a record""#);
}

#[test]
fn half_a_surrogate_pair_costs_one_character_not_the_person() {
    let page = persons(&page_of(
        r#"{"id":1,"name":"a\ud83db","first_name":"\udc00\\ud800 \ud83d\ude80"},{"id":2}"#,
    ));
    assert_eq!(page.quarantined, []);
    assert_eq!(page.items[0].name.as_deref(), Some("a\u{fffd}b"));
    assert_eq!(page.items[0].first_name.as_deref(), Some("\u{fffd}\\ud800 🚀"));
}

#[test]
fn a_record_beyond_repair_is_quarantined_with_its_id() {
    let page = persons(&page_of(r#"{"id":1,"name":"ok"},{"id":7,"owner_id":1e999},{"id":3}"#));
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.quarantined[0].id, Some(id("7")));
    assert_eq!(page.quarantined[0].reason, "the record's text is broken");
}

#[test]
fn a_quarantined_record_is_kept_up_to_four_kibibytes() {
    let page = persons(&page_of(&format!(r#"{{"name":"{}"}}"#, "é".repeat(5000))));
    let raw = &page.quarantined[0].raw;
    assert!(raw.len() <= 4096 && raw.len() > 4090, "{}", raw.len());
}

#[test]
fn deep_and_doubled_keys_do_no_harm() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let page = persons(&page_of(&format!(
        r#"{{"id":1,"name":"first","name":"last","im":{deep},"custom_fields":{{"k":{deep}}}}}"#
    )));
    assert_eq!(page.quarantined, []);
    assert_eq!(page.items[0].name.as_deref(), Some("last"));
    assert!(page.items[0].custom["k"].as_str().unwrap().len() <= 1024);
}

#[test]
fn nul_never_reaches_the_database() {
    let page = persons(&page_of(
        r#"{"id":1,"name":"a\u0000b","emails":[{"value":"\u0000"}],"custom_fields":{"k\u0000":"\u0000v"}}"#,
    ));
    let person = &page.items[0];
    assert_eq!(person.name.as_deref(), Some("ab"));
    assert_eq!(person.emails, []);
    assert_eq!(person.custom["k"], json!("v"));
}

#[test]
fn an_answer_that_is_no_list_is_never_an_empty_list() {
    for body in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"success":true}"#,
        r#"{"success":false,"data":[]}"#,
        r#"{"data":[]}"#,
        r#"{"success":true,"data":{}}"#,
        r#"{"success":true,"data":7}"#,
        r#"{"success":true,"data":[{"id":1}"#,
        r#"{"success":true,"data":[],"additional_data":{"next_cursor":"two words"}}"#,
        "<html>",
    ] {
        assert!(decode::page(body.as_bytes(), map::person).is_err(), "{body}");
    }
    assert!(
        decode::page(b"{\"success\":true,\"data\":[{\"id\":1,\"name\":\"\xff\"}]}", map::person)
            .is_err()
    );
    for body in [r#"{"success":true,"data":[]}"#, r#"{"success":true,"data":null}"#] {
        assert_eq!(persons(body), Page::default(), "{body}");
    }
}

#[test]
fn organizations_have_an_address_in_either_form() {
    let body = include_bytes!("fixtures/organizations.json");
    let page = decode::page(body, map::organization).unwrap();
    assert_eq!(page.items[0].address.as_deref(), Some("Unter den Linden 1, Berlin"));
    assert_eq!(page.items[0].country.as_deref(), Some("Germany"));
    assert_eq!(page.items[1].address.as_deref(), Some("Somewhere 5"));
    assert_eq!(page.items[1].updated_at, Some("2020-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!((&page.items[2].address, page.next), (&None, None));
}

#[test]
fn deals_are_metadata_and_a_deleted_status_is_a_deletion() {
    let page = decode::page(include_bytes!("fixtures/deals.json"), map::deal).unwrap();
    let [open, lost, deleted] = &page.items[..] else { panic!("{page:?}") };
    assert_eq!((open.value, open.currency.as_deref()), (Some(200.5), Some("EUR")));
    assert_eq!((&open.person, &open.organization), (&Some(id("1")), &Some(id("21"))));
    assert_eq!((lost.value, lost.deleted), (Some(12.0), false));
    assert_eq!((deleted.value, deleted.deleted), (None, true));
}

#[test]
fn labels_and_custom_fields_are_known_by_name() {
    let (fields, next) =
        decode::list::<wire::Field>(include_bytes!("fixtures/fields.json")).unwrap();
    let fields = map::fields(fields);
    assert_eq!(next, None);
    assert_eq!(fields.labels["6"], "Warm lead");
    assert_eq!(fields.labels["9"], "Only here");
    assert_eq!(fields.custom.len(), 1);
    let tier = &fields.custom["9f0c0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b"];
    assert_eq!((tier.name.as_str(), tier.options["42"].as_str()), ("Tier", "B"));
    assert_eq!(tier.options.len(), 2);
}

#[test]
fn an_account_is_a_company_and_a_user() {
    let me = |body: &str| map::account(decode::object(body.as_bytes()).unwrap());
    let fixture = include_str!("fixtures/me.json");
    let account = me(fixture).unwrap();
    assert_eq!(account.id, "7001:18");
    assert_eq!(account.domain.as_deref(), Some("acme"));
    assert_eq!(account.country.as_deref(), Some("EE"));
    assert!(account.admin);
    assert_eq!(me(&fixture.replace("\"EE\"", "\"Estonia\"")).unwrap().country, None);
    assert_eq!(me(&fixture.replace("7001", "null")), None);
}

#[test]
fn inactive_users_are_kept_and_known_as_such() {
    let page = decode::page(include_bytes!("fixtures/users.json"), map::user).unwrap();
    let active: Vec<_> = page.items.iter().map(|user| (user.active, user.admin)).collect();
    assert_eq!(active, [(true, true), (false, false), (false, false), (true, false)]);
}

#[test]
fn a_persons_page_is_linked_only_at_a_plain_domain() {
    let url = |domain, remote: &str| map::person_url(domain, &id(remote));
    let expected = "https://acme.pipedrive.com/person/7";
    assert_eq!(url(Some("acme"), "7").as_deref(), Some(expected));
    assert_eq!(url(Some("acme.pipedrive.com"), "7").as_deref(), Some(expected));
    for domain in [None, Some(""), Some("evil.example/"), Some("a b"), Some("a@b"), Some("a.b")] {
        assert_eq!(url(domain, "7"), None, "{domain:?}");
    }
    assert_eq!(url(Some("acme"), "7/../x"), None);
}

#[test]
fn ids_are_asked_for_by_the_hundred_and_impossible_ones_not_at_all() {
    let ids: Vec<_> = (1..=250).map(|number| id(&number.to_string())).collect();
    let sizes: Vec<_> = batches(&ids).iter().map(|batch| batch.split(',').count()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(batches(&[id("1,2"), id("x"), id(""), id("3")]), ["3"]);
}

#[test]
fn times_are_sent_in_whole_seconds_of_utc() {
    let time: DateTime<Utc> = "2026-03-04T07:06:07.999+02:00".parse().unwrap();
    assert_eq!(whole_seconds(time), "2026-03-04T05:06:07Z");
}

/// JSON as it might come, with our keys often enough to matter.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        proptest::sample::select(vec![
            "id",
            "name",
            "emails",
            "phones",
            "value",
            "primary",
            "label",
            "org_id",
            "owner_id",
            "label_ids",
            "custom_fields",
            "update_time",
            "is_deleted",
            "open_deals_count",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_record_of_a_page_is_either_read_or_quarantined(
        records in prop::collection::vec(any_json(), 0..6),
    ) {
        let count = records.len();
        let usable = records
            .iter()
            .filter(|record| record["id"].as_u64().is_some_and(|id| id > 0))
            .count();
        let body = json!({"success": true, "data": records}).to_string();
        let page = decode::page(body.as_bytes(), map::person).unwrap();
        prop_assert_eq!(page.items.len() + page.quarantined.len(), count);
        prop_assert!(page.items.len() >= usable);
    }

    #[test]
    fn no_bytes_make_reading_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let read = decode::page(&body, map::person);
        prop_assert!(read.is_err() || read.is_ok_and(|page| page.items.is_empty()));
    }

    #[test]
    fn a_cut_answer_is_never_taken_for_a_whole_one(at in 0..1000_usize) {
        let body = include_bytes!("fixtures/persons.json").trim_ascii();
        let at = at.min(body.len() - 1);
        prop_assert!(decode::page(&body[..at], map::person).is_err());
    }
}
