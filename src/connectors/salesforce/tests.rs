//! What Salesforce sends, and what we make of it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{decode, map, soql, wire, *};
use crate::{connectors::lenient::Row, domain::RemoteValue};

fn contacts(limit: usize, walk: Walk) -> Page<RemotePerson> {
    let body = include_bytes!("fixtures/contacts.json");
    decode::page(body, walk, limit, map::person).unwrap()
}

fn id(id: &str) -> RemoteId {
    RemoteId(id.to_owned())
}

fn value(value: &str, label: &str, primary: bool) -> RemoteValue {
    RemoteValue { value: value.to_owned(), label: Some(label.to_owned()), primary }
}

fn read<W: for<'de> crate::connectors::lenient::Record<'de>>(json: &Value) -> W {
    serde_json::from_str::<Row<W>>(&json.to_string()).unwrap().0.unwrap()
}

#[test]
fn a_contact_is_read_whole() {
    let page = contacts(2_000, Walk::Id);
    let expected = RemotePerson {
        id: id("003Hn00000000AbIAC"),
        name: Some("Ada Lovelace".into()),
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        emails: vec![value("Ada@Example.com", "work", true)],
        phones: vec![value("+49 30 901820", "mobile", true), value("030 1", "home", false)],
        organization: Some(id("001Hn00000000AbIAC")),
        owner: Some(id("005Hn00000000AbIAC")),
        labels: vec![map::label("Warm Lead"), map::label("Customer")],
        open_deals: None,
        closed_deals: None,
        custom: [
            ("Segment__c".into(), json!("Enterprise (old)")),
            ("Budget__c".into(), json!(1500.5)),
            ("Tandem_Reference__c".into(), json!("m-1")),
        ]
        .into(),
        updated_at: Some("2026-03-04T05:06:07.123Z".parse().unwrap()),
        deleted: false,
    };
    assert_eq!(page.items[0], expected);
}

#[test]
fn odd_values_do_not_lose_their_record_and_a_broken_one_not_its_page() {
    let page = contacts(2_000, Walk::Id);
    let odd = &page.items[1];
    assert_eq!((&odd.name, &odd.last_name, &odd.owner), (&None, &None, &None));
    assert_eq!(odd.phones, [value("4930", "work", true)]);
    assert_eq!(odd.updated_at, Some("2026-01-01T00:00:00Z".parse().unwrap()));
    assert!(odd.deleted && odd.emails.is_empty());
    assert_eq!(odd.custom["Deep__c"], json!({"a": ["x"]}));
    assert_eq!(page.items.len(), 3);
    let kept: Vec<_> = page.quarantined.iter().map(|one| (&one.id, one.reason.as_str())).collect();
    let expected = [
        (&None, "the record has no usable id"),
        (&None, "the record is not an object"),
        (&Some(id("003Hn00000000AdIAC")), "the record's text is broken"),
    ];
    assert_eq!(kept, expected);
}

#[test]
fn the_next_page_begins_after_the_last_row_when_there_is_more_or_the_page_is_full() {
    let cursor = |walk| contacts(2_000, walk).next.unwrap();
    assert_eq!(cursor(Walk::Id).as_str(), "i.003Hn00000000AeIAC");
    assert_eq!(cursor(Walk::Change).as_str(), "t.1772600768000.003Hn00000000AeIAC");
    let body = r#"{"totalSize":1,"done":true,"records":[{"Id":"003Hn00000000AeIAC"}]}"#;
    let page = |limit, walk| decode::page(body.as_bytes(), walk, limit, map::person);
    assert_eq!(page(2, Walk::Id).unwrap().next, None);
    assert!(page(1, Walk::Id).unwrap().next.is_some());
    assert!(page(1, Walk::Change).is_err(), "a row without its time is no place to go on from");
    for broken in ["{}", "[]", r#"{"done":true}"#, r#"{"records":[]}"#, "<html>", "null"] {
        let read = decode::page(broken.as_bytes(), Walk::Id, 1, map::person);
        assert!(read.is_err(), "{broken}");
    }
}

#[test]
fn a_deal_is_won_lost_or_open_and_belongs_to_its_first_role() {
    let role = json!({"records": [{"ContactId": "003Hn00000000AbIAC"}]});
    let deal = |closed: bool, won: bool| {
        map::deal(read(&json!({
            "Id": "006Hn00000000AbIAC", "Name": "Big", "Amount": 12.5, "StageName": "Angebot",
            "IsClosed": closed, "IsWon": won, "CurrencyIsoCode": "CHF",
            "OpportunityContactRoles": role,
        })))
        .unwrap()
    };
    let open = deal(false, false);
    assert_eq!((open.status.as_deref(), open.value), (Some("open"), Some(12.5)));
    assert_eq!((open.person, open.stage), (Some(id("003Hn00000000AbIAC")), Some(id("Angebot"))));
    assert_eq!(deal(true, true).status.as_deref(), Some("won"));
    assert_eq!(deal(true, false).status.as_deref(), Some("lost"));
}

#[test]
fn an_organizations_address_is_one_line() {
    let there = map::organization(read(&json!({
        "Id": "001Hn00000000AbIAC", "Name": "Acme", "BillingStreet": "Hauptstraße 1\r\n2. Hof",
        "BillingPostalCode": "10115", "BillingCity": "Berlin", "BillingCountry": "Germany",
    })));
    let there = there.unwrap();
    let expected = "Hauptstraße 1, 2. Hof, 10115 Berlin, Germany";
    assert_eq!(
        (there.address.as_deref(), there.country.as_deref()),
        (Some(expected), Some("Germany"))
    );
}

#[test]
fn an_account_is_an_org_and_a_user_and_links_go_to_its_own_host_only() {
    let who = |url: &str| {
        let who = read(&json!({
            "user_id": "005Hn00000000AbIAC", "organization_id": "00DHn00000000AbIAC",
            "urls": {"custom_domain": url},
        }));
        map::account(who, read(&json!({"Name": "Acme", "Country": "de"}))).unwrap()
    };
    let account = who("https://acme--dev.sandbox.my.salesforce.com");
    assert_eq!(account.id, "00DHn00000000AbIAC:005Hn00000000AbIAC");
    assert_eq!(account.country.as_deref(), Some("DE"));
    let link = map::record_url(account.domain.as_deref(), &id("003Hn00000000AbIAC"));
    let expected = "https://acme--dev.sandbox.my.salesforce.com/003Hn00000000AbIAC";
    assert_eq!(link.as_deref(), Some(expected));
    for hostile in [
        "https://evil.example",
        "http://acme.my.salesforce.com",
        "https://evil.example/.my.salesforce.com",
        "https://a@evil.example#.my.salesforce.com",
        "https://a.b.c.my.salesforce.com",
    ] {
        assert_eq!(who(hostile).domain, None, "{hostile}");
    }
    for bad in ["acme.evil/", "acme\"", "", "a.b.c"] {
        assert_eq!(map::record_url(Some(bad), &id("003Hn00000000AbIAC")), None, "{bad}");
    }
    assert_eq!(map::record_url(Some("acme"), &id("../003")), None);
}

#[test]
fn names_of_fields_fill_an_address_only_so_far_and_ours_come_first() {
    let field = |name: &str| (name.to_owned(), wire::Field::default());
    let many: std::collections::BTreeMap<_, _> = (0..900)
        .map(|nth| field(&format!("A_very_long_name_of_a_field_{nth:03}__c")))
        .chain([field(fields::LABELS), field(fields::REFERENCE)])
        .collect();
    let names = fields::names(&many);
    assert_eq!(names[..2], [fields::LABELS, fields::REFERENCE]);
    let length = names.join(", ").len();
    assert!((8_000..9_100).contains(&length), "{length}");
}

proptest! {
    /// Whatever somebody is called: the text stays one literal, and reads back as itself.
    #[test]
    fn no_text_ends_its_literal(text in ".{0,60}") {
        let quoted = soql::quoted(&text);
        let inner = quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
        let (mut back, mut letters) = (String::new(), inner.chars());
        while let Some(letter) = letters.next() {
            prop_assert!(letter != '\'' && !letter.is_control());
            back.push(match letter {
                '\\' => match letters.next().expect("an escape escapes something") {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    same => same,
                },
                other => other,
            });
        }
        let kept: String =
            text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
        prop_assert_eq!(back, kept);
    }

    #[test]
    fn bytes_from_a_stranger_are_read_or_refused_and_never_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200)
    ) {
        let _ = decode::page(&bytes, Walk::Id, 10, map::person);
        let _ = dialect::duplicates(&bytes);
    }
}
