//! Answers as they may come: whole, odd, and broken.

use serde_json::json;

use super::{cursor::Known, decode, map, wire};
use crate::domain::{RemoteId, RemotePerson};

fn persons(body: &str) -> Result<decode::Listed<RemotePerson>, &'static str> {
    decode::page(body.as_bytes(), map::person)
}

#[test]
fn a_contact_is_read_with_all_it_has_and_what_is_odd_is_as_good_as_missing() {
    let body = json!({ "data": [{
        "id": "5725767000000524157", "First_Name": "Ada", "Last_Name": "L", "Full_Name": "Ada L",
        "Email": "Ada@x.example", "Secondary_Email": null, "Phone": "", "Mobile": "+49 151 1",
        "Other_Phone": 7, "Account_Name": { "name": "Acme", "id": "5725767000000600001" },
        "Owner": { "name": "Anna", "id": "5725767000000030001", "email": "a@x.example" },
        "Tag": [{ "name": "Warm Lead", "id": "1", "color_code": null }, null, "odd", {}],
        "Modified_Time": "2026-11-20T09:00:00+01:00", "Created_Time": "nonsense",
        "Segment": "Z (old)", "Interests": [], "Newsletter": false, "Empty": null,
        "Partner": { "name": "Other", "id": "2" }, "$editable": true, "$se_module": null,
    }], "info": { "more_records": true, "next_page_token": "t", "count": 1 } });
    let page = persons(&body.to_string()).unwrap();
    assert_eq!((page.more, page.token.as_deref()), (true, Some("t")));
    assert_eq!(page.last, Some(5_725_767_000_000_524_157));
    let [person] = &page.items[..] else { panic!("one") };
    assert_eq!(person.id.as_str(), "5725767000000524157");
    assert_eq!(person.name.as_deref(), Some("Ada L"));
    let phones: Vec<_> = person.phones.iter().map(|phone| phone.value.as_str()).collect();
    assert_eq!(phones, ["+49 151 1", "7"]);
    assert!(person.phones[0].primary && !person.phones[1].primary);
    assert_eq!(person.labels, [RemoteId("Warm Lead".into())]);
    assert_eq!(person.organization.as_ref().unwrap().as_str(), "5725767000000600001");
    assert_eq!(person.updated_at.unwrap().to_rfc3339(), "2026-11-20T08:00:00+00:00");
    let own = json!({ "Segment": "Z (old)", "Newsletter": false, "Partner": "Other" });
    assert_eq!(json!(person.custom), own);
}

#[test]
fn nothing_is_an_empty_page_and_what_is_no_list_is_unreadable() {
    let page = persons("").unwrap();
    assert!(page.items.is_empty() && !page.more);
    for broken in
        ["{}", "[]", "null", r#"{"data":null}"#, r#"{"info":{}}"#, "{\"data\":[", "<html>"]
    {
        assert!(persons(broken).is_err(), "{broken}");
    }
    let twice = r#"{"data":[],"info":{},"data":[{"id":"1"}]}"#;
    assert!(persons(twice).is_err(), "which of them is meant?");
}

#[test]
fn what_cannot_be_read_is_quarantined_and_its_page_goes_on() {
    let body = r#"{"data":[{"id":"11","Last_Name":"A"},{"Last_Name":"B"},7,
        {"id":"0","Last_Name":"C"},{"id":"14","Last_Name":"\ud800"},{"id":"15"}],"info":{}}"#;
    let page = persons(body).unwrap();
    let ids: Vec<_> = page.items.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(ids, ["11", "15"]);
    let kept: Vec<_> =
        page.quarantined.iter().map(|one| (one.id.clone(), one.raw.as_str())).collect();
    assert_eq!(kept.len(), 4);
    assert_eq!(kept[0], (None, r#"{"Last_Name":"B"}"#));
    assert_eq!(kept[3].0, Some(RemoteId("14".into())));
    assert_eq!(page.last, Some(15), "the next page begins behind all of them");
}

#[test]
fn a_deal_is_won_or_lost_by_what_the_pipeline_says_of_its_stage() {
    let known = Known { won: vec!["Signed".into()], lost: vec!["Dead".into()], ..Known::default() };
    let status = |stage: &str| {
        let body = json!({ "data": [{ "id": "1", "Stage": stage, "Amount": "12.5" }] }).to_string();
        let map = |wire: wire::Deal| map::deal(wire, &known);
        decode::page(body.as_bytes(), map).unwrap().items.remove(0).status.unwrap()
    };
    assert_eq!(["Signed", "Dead", "Closed Won"].map(status), ["won", "lost", "open"]);
}

#[test]
fn a_query_whose_rows_cannot_be_gone_on_from_is_unreadable() {
    let time = "2026-11-20T09:00:00+01:00";
    let body = |row: serde_json::Value| json!({ "data": [row], "info": {} }).to_string();
    let fine = body(json!({ "id": "1", "Modified_Time": time }));
    assert_eq!(decode::found(fine.as_bytes()).unwrap().0.len(), 1);
    for row in [json!({ "id": "1" }), json!({ "Modified_Time": time }), json!({})] {
        assert!(decode::found(body(row).as_bytes()).is_err());
    }
}
