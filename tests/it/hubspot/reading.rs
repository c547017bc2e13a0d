//! Reading: past the end of a search, past 2^53, past what a batch could not bring.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Endpoints, From},
    domain::{RemoteId, RemotePerson},
};

use super::{hubspot, ids, stage};
use crate::connectors::{canned::json as reply, rig::Rig, stage::Stage, writes::now};

/// Everything that changed since, with how many pages it took.
async fn changed(
    stage: &Stage,
    since: DateTime<Utc>,
    limit: Option<u16>,
) -> (Vec<RemotePerson>, u32) {
    let mut from = From { updated_since: Some(since), limit, ..From::default() };
    let (mut all, mut pages) = (Vec::new(), 0);
    loop {
        let page = hubspot().persons(&stage.api, &from).await.unwrap();
        assert_eq!(page.quarantined, []);
        all.extend(page.items);
        pages += 1;
        from.cursor = page.next;
        if from.cursor.is_none() {
            return (all, pages);
        }
    }
}

fn distinct(persons: &[RemotePerson]) -> BTreeSet<RemoteId> {
    persons.iter().map(|person| person.id.clone()).collect()
}

#[tokio::test]
async fn changes_beyond_the_ten_thousandth_are_read() {
    let stage = stage(10_300).await;
    // Past the end there is a refusal, however many there are.
    let past = json!({ "limit": 200, "after": "9900", "filterGroups": [] });
    assert_eq!(stage.posted("/crm/objects/2026-09/contacts/search", past).await.0, 400);

    let (all, pages) = changed(&stage, "2021-12-31T00:00:00Z".parse().unwrap(), None).await;
    assert_eq!(distinct(&all).len(), 10_300);
    assert!(all.len() < 10_500, "hardly anything is read twice: {}", all.len());
    assert!((52..60).contains(&pages), "{pages}");
}

#[tokio::test]
async fn more_than_a_page_of_one_and_the_same_millisecond_is_read_to_its_end() {
    let stage = stage(700).await;
    let since = now();
    let done = stage.control("POST", "/persons/mutate", json!({ "change": 450 })).await;
    let (all, _) = changed(&stage, since, None).await;
    assert_eq!(distinct(&all), ids(&done["changed"]).into_iter().collect());
}

#[tokio::test]
async fn what_changes_while_changes_are_read_is_not_missed() {
    let stage = stage(600).await;
    let everything = "2021-12-31T00:00:00Z".parse().unwrap();
    let mut from = From { updated_since: Some(everything), limit: Some(50), ..From::default() };
    let mut seen = BTreeSet::new();
    loop {
        let page = hubspot().persons(&stage.api, &from).await.unwrap();
        seen.extend(page.items.iter().map(|person| person.id.clone()));
        // Those just read go to the end, and what follows them moves forward by as many.
        let just_read: Vec<u64> =
            page.items.iter().take(20).map(|person| person.id.as_str().parse().unwrap()).collect();
        if seen.len() < 400 {
            stage.control("POST", "/persons/mutate", json!({ "change_ids": just_read })).await;
        }
        from.cursor = page.next;
        if from.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 600);
}

#[tokio::test]
async fn a_full_read_goes_by_id_and_survives_changes_between_its_pages() {
    let stage = stage(500).await;
    let plan = json!({ "change": 80, "delete": 5, "create": 3, "after_pages": 2 });
    stage.control("POST", "/persons/mutate", plan).await;
    let persons = stage.persons().await.unwrap();
    let read: BTreeSet<_> = distinct(&persons);
    assert_eq!(read.len(), persons.len(), "none came twice");
    let done = &stage.control("GET", "/mutations", json!({})).await[0];
    let truth = stage.control("GET", "/truth/persons?limit=10000", json!({})).await;
    for person in truth.as_array().unwrap() {
        let id = RemoteId(person["id"].as_str().unwrap().to_owned());
        assert!(read.contains(&id), "{person} was missed\n{done}");
    }
}

#[tokio::test]
async fn ids_beyond_what_a_double_counts_stay_what_they_are() {
    let stage = stage(300).await;
    let persons = stage.persons().await.unwrap();
    let far: Vec<_> = persons
        .iter()
        .filter(|person| person.id.as_str().parse::<u64>().unwrap() > 1 << 53)
        .collect();
    assert!(far.len() >= 5, "one in fifty");
    let wanted: Vec<RemoteId> = far.iter().map(|person| person.id.clone()).collect();
    let page = hubspot().persons_by_id(&stage.api, &wanted).await.unwrap();
    assert_eq!(distinct(&page.items), wanted.iter().cloned().collect());
    assert!(far.iter().any(|person| person.organization.is_some()));
    for person in &page.items {
        let same = persons.iter().find(|one| one.id == person.id).unwrap();
        assert_eq!(person, same, "a batch and a list say the same");
        let link = hubspot().person_url(Some("app-eu1.hubspot.com/contacts/62515"), &person.id);
        assert!(link.unwrap().ends_with(person.id.as_str()));
    }
}

#[tokio::test]
async fn numbers_as_they_are_written_elsewhere_lose_nothing() {
    let record = json!({ "id": 9_007_199_254_740_993_u64, "properties": { "firstname": "Far" } });
    let ties = json!({ "results": [{
        "from": { "id": "9007199254740993" },
        "to": [
            { "toObjectId": 7, "associationTypes": [{ "typeId": 279 }] },
            { "toObjectId": 9_007_199_254_740_995_u64,
              "associationTypes": [{ "typeId": 279 }, { "typeId": 1, "label": "Primary" }] },
        ],
    }] });
    let page = by_id(vec![ties, json!({ "results": [record] })]).await.unwrap();
    assert_eq!(page[0].id.as_str(), "9007199254740993");
    assert_eq!(
        page[0].organization.as_ref().unwrap().as_str(),
        "9007199254740995",
        "the primary one"
    );
}

/// Asks a scripted server for one contact; the first answer is the list of properties.
async fn by_id(answers: Vec<Value>) -> Result<Vec<RemotePerson>, CrmError> {
    let mut script = vec![reply(200, &[], r#"{"results":[]}"#)];
    script.extend(answers.into_iter().map(|answer| {
        let status = if answer["errors"].is_array() { 207 } else { 200 };
        reply(status, &[], &answer.to_string())
    }));
    let rig = Rig::of(script).await;
    let ids = [RemoteId("9007199254740993".into())];
    Ok(hubspot().persons_by_id(&rig.api, &ids).await?.items)
}

#[tokio::test]
async fn a_part_of_a_batch_that_failed_is_not_taken_for_what_is_gone() {
    let error = |category: &str| json!({ "status": "error", "category": category, "message": "x" });
    let batch = |error: Value| json!({ "results": [], "numErrors": 1, "errors": [error] });
    let none = || batch(error("OBJECT_NOT_FOUND"));
    assert_eq!(by_id(vec![none(), none()]).await.unwrap(), [], "it is gone, and tied to nothing");

    let broken = || batch(error("INTERNAL_ERROR"));
    // Asked again as often as reads are, then said.
    let answers = (0..8).map(|_| broken()).collect();
    let failed = by_id(answers).await.unwrap_err();
    assert!(matches!(failed, CrmError::Unreadable { .. }), "{failed:?}");
    let mut answers = vec![none()];
    answers.extend((0..8).map(|_| broken()));
    let failed = by_id(answers).await.unwrap_err();
    assert!(matches!(failed, CrmError::Unreadable { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_value_that_no_option_has_is_kept_as_it_is() {
    let stage = stage(1_200).await;
    let fields = hubspot().fields(&stage.api).await.unwrap();
    let segment = &fields.custom["segment"];
    assert_eq!((segment.name.as_str(), segment.options["a"].as_str()), ("Segment", "A"));
    assert!(!segment.options.contains_key("retired"));
    assert!(!fields.custom.contains_key("email"), "only the customer's own");
    let persons = stage.persons().await.unwrap();
    let mut seen = BTreeMap::new();
    for person in &persons {
        for (name, value) in &person.custom {
            seen.entry(name.as_str()).or_insert_with(Vec::new).push(value);
        }
    }
    assert!(seen["segment"].contains(&&json!("retired")));
    assert!(seen["interests"].contains(&&json!(["price", "service"])), "several are a list");
    assert!(seen["remarks"].iter().any(|text| text.as_str().unwrap().len() > 8_000));
    assert!(persons.iter().any(|person| person.name.is_none() && !person.emails.is_empty()));
    assert!(persons.iter().any(|person| person.emails.len() == 3));
}

#[tokio::test]
async fn owners_are_known_by_the_id_that_records_name() {
    let stage = stage(200).await;
    let users = hubspot().users(&stage.api).await.unwrap();
    let of = |active| {
        let these = users.iter().filter(move |user| user.active == active);
        these.map(|user| user.id.clone()).collect::<BTreeSet<_>>()
    };
    let persons = stage.persons().await.unwrap();
    let owners: BTreeSet<_> = persons.iter().filter_map(|person| person.owner.clone()).collect();
    assert!(owners.iter().any(|owner| of(true).contains(owner)));
    assert!(owners.iter().any(|owner| of(false).contains(owner)), "whoever left still owns some");
    assert!(owners.iter().all(|owner| users.iter().any(|user| user.id == *owner)));
}

#[tokio::test]
async fn deals_have_their_contact_company_and_end_in_lists_and_in_changes() {
    let stage = stage(200).await;
    let mut from = From::default();
    let mut listed = Vec::new();
    loop {
        let page = hubspot().deals(&stage.api, &from).await.unwrap();
        listed.extend(page.items);
        from.cursor = page.next;
        if from.cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed.len(), 120);
    for status in ["open", "won", "lost"] {
        assert!(listed.iter().any(|deal| deal.status.as_deref() == Some(status)), "{status}");
    }
    assert!(listed.iter().any(|deal| deal.value.is_some() && deal.currency.is_some()));
    let since = "2021-12-31T00:00:00Z".parse().unwrap();
    let from = From { updated_since: Some(since), ..From::default() };
    let mut changed = hubspot().deals(&stage.api, &from).await.unwrap().items;
    listed.sort_by(|one, other| one.id.cmp(&other.id));
    changed.sort_by(|one, other| one.id.cmp(&other.id));
    // Of several contacts without a label any may be the first.
    assert_eq!(changed, listed);
    assert!(listed.iter().any(|deal| deal.person.is_some() && deal.organization.is_some()));
}

#[tokio::test]
async fn an_index_that_lags_loses_nothing_that_the_next_delta_brings() {
    let stage = stage(200).await;
    let since = now();
    stage.control("POST", "/search_lag", json!({ "ms": 60_000 })).await;
    let done = stage.control("POST", "/persons/mutate", json!({ "change": 3 })).await;
    assert!(changed(&stage, since, None).await.0.is_empty());
    stage.control("POST", "/search_lag", json!({ "ms": 0 })).await;
    // The next run begins where this one did not see them yet.
    let (all, _) = changed(&stage, since + TimeDelta::minutes(4), None).await;
    assert_eq!(distinct(&all), ids(&done["changed"]).into_iter().collect());
}

#[tokio::test]
async fn a_missing_scope_is_told_with_its_name() {
    let stage = stage(50).await;
    stage.control("POST", "/scopes", json!({ "scope": "oauth crm.objects.contacts.read" })).await;
    let error = hubspot().deals(&stage.api, &From::default()).await.unwrap_err();
    assert_eq!(error, CrmError::MissingScope { needed: "crm.objects.deals.read" });
}

#[test]
fn a_token_goes_to_one_host_only() {
    let endpoints = Endpoints::production(hubspot().manifest());
    assert!(endpoints.api_base("https://api.hubapi.com").is_ok());
    for hostile in [
        "https://evil.example",
        "https://api.hubapi.com.evil.example",
        "https://evilapi.hubapi.com",
        "https://x.api.hubapi.com",
        "https://hubapi.com",
        "https://api.hubapi.com:8443",
        "https://api.hubapi.com@evil.example",
        "https://user@api.hubapi.com",
        "https://api.hubapi.com/crm",
        "http://api.hubapi.com",
        "https://API.hubapi.com",
        "https://api.hubapi.com.",
        "https://аpi.hubapi.com",
        "https://169.254.169.254",
        "",
    ] {
        assert!(endpoints.api_base(hostile).is_err(), "{hostile:?} was accepted");
    }
    for hostile in [
        "evil.example/contacts/1",
        "app.hubspot.com.evil.example/contacts/1",
        "app@evil.example/contacts/1",
        "app.hubspot.com/contacts/1/../2",
        "apple.hubspot.com/contacts/1",
        "app.hubspot.com",
    ] {
        assert_eq!(hubspot().person_url(Some(hostile), &RemoteId("7".into())), None, "{hostile}");
    }
    let link = hubspot().person_url(Some("app.hubspot.com/contacts/62515"), &RemoteId("7".into()));
    assert_eq!(link.as_deref(), Some("https://app.hubspot.com/contacts/62515/record/0-1/7"));
}
