//! Queries that walk by keys.

use std::collections::BTreeSet;

use serde_json::json;
use tandem::{
    connectors::{CrmError, Cursor, From, Throttle},
    domain::RemoteId,
};

use super::{connector, stage};
use crate::connectors::writes::now;

#[tokio::test]
async fn rows_of_one_instant_are_not_lost_between_pages_and_the_deleted_are_among_them() {
    let stage = stage().await;
    let since = now();
    let change = json!({"change": 20, "create": 3, "delete": 4, "merge": 2, "at_once": true});
    let done = stage.control("POST", "/persons/mutate", change).await;
    let (mut seen, mut gone) = (Vec::new(), 0);
    let mut from = From { updated_since: Some(since), limit: Some(7), ..From::default() };
    loop {
        let page = connector().persons(&stage.api, &from).await.unwrap();
        gone += page.items.iter().filter(|person| person.deleted).count();
        seen.extend(page.items.into_iter().map(|person| person.id));
        from.cursor = page.next;
        if from.cursor.is_none() {
            break;
        }
    }
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(seen.len(), distinct.len(), "none came twice");
    // Two merges touch the one that is kept as well, which may have been changed before.
    assert!((29..=31).contains(&seen.len()), "{} of {done}", seen.len());
    assert_eq!(gone, 6, "four deleted, two merged away");
}

#[tokio::test]
async fn a_full_read_survives_what_others_do_between_its_pages() {
    let stage = stage().await;
    let plan = json!({"change": 60, "delete": 10, "create": 5, "after_pages": 1});
    stage.control("POST", "/persons/mutate", plan).await;
    let (mut ids, mut from) = (Vec::new(), From { limit: Some(100), ..From::default() });
    loop {
        let page = connector().persons(&stage.api, &from).await.unwrap();
        ids.extend(page.items.into_iter().map(|person| person.id));
        from.cursor = page.next;
        if from.cursor.is_none() {
            break;
        }
    }
    let done = stage.control("GET", "/mutations", json!({})).await;
    let gone = done[0]["deleted"].as_array().unwrap();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    let truth = stage.control("GET", "/truth/persons?limit=10000", json!({})).await;
    for person in truth.as_array().unwrap() {
        let id = RemoteId(person["id"].as_str().unwrap().into());
        assert!(distinct.contains(&id), "{id} was there all the time, or came behind the page");
    }
    assert!(ids.len() >= 455 - gone.len());
}

#[tokio::test]
async fn labels_custom_fields_and_values_that_are_on_no_list_come_as_they_are() {
    let stage = stage().await;
    let persons = stage.persons().await.unwrap();
    let fields = connector().fields(&stage.api).await.unwrap();
    let values: BTreeSet<&str> =
        persons.iter().filter_map(|one| one.custom.get("Segment__c")?.as_str()).collect();
    assert!(values.contains("Enterprise (old)"), "{values:?}");
    assert!(!fields.custom["Segment__c"].options.contains_key("Enterprise (old)"));
    assert_eq!(fields.custom["Segment__c"].options.len(), 3);
    let labels: BTreeSet<&RemoteId> = persons.iter().flat_map(|one| &one.labels).collect();
    assert!(labels.iter().any(|label| fields.labels.contains_key(label.as_str())));
    assert!(labels.iter().any(|label| !fields.labels.contains_key(label.as_str())));
    assert!(persons.iter().any(|one| one.name.is_none()), "a full stop is no name");
    assert!(!fields.custom.contains_key("Tandem_Labels__c"));
}

#[tokio::test]
async fn a_deal_has_its_contact_and_a_currency_only_where_there_are_several() {
    let stage = stage().await;
    let first = connector().deals(&stage.api, &From::default()).await.unwrap();
    // A page with children is smaller than what was asked for, and not the last for that.
    assert!(first.items.len() == 200 && first.next.is_some());
    assert!(first.items.iter().any(|deal| deal.person.is_some() && deal.value.is_some()));
    let words: BTreeSet<_> = first.items.iter().filter_map(|deal| deal.status.clone()).collect();
    assert_eq!(words.into_iter().collect::<Vec<_>>(), ["lost", "open", "won"]);
    assert!(first.items.iter().all(|deal| deal.currency.is_none()));
}

#[tokio::test]
async fn each_request_counts_and_a_used_up_day_is_a_403_that_says_so() {
    let stage = stage().await;
    connector().account(&stage.api).await.unwrap();
    connector().fields(&stage.api).await.unwrap();
    stage.persons().await.unwrap();
    connector().deals(&stage.api, &From::default()).await.unwrap();
    let counters = stage.control("GET", "/counters", json!({})).await;
    let spent = stage.meter.read().tokens;
    assert_eq!(
        counters["budgets"]["tokens_spent"]["7001"],
        json!(spent),
        "the price list is theirs"
    );
    let view = stage.budget.view().await;
    assert_eq!(view.daily_limit, Some(600_000), "the header told");

    stage.control("POST", "/plan", json!({"daily": 1})).await;
    let error = stage.persons().await.unwrap_err();
    let CrmError::Throttled { scope: Throttle::Daily, wait } = error else { panic!("{error:?}") };
    assert_eq!(wait.as_secs(), 900, "the day rolls: looked at again in a quarter of an hour");
}

#[tokio::test]
async fn a_cursor_of_another_walk_is_refused_before_anything_is_asked() {
    let stage = stage().await;
    let delta = Cursor::parse("t.1763625600123.003Hn000000000AIAU");
    let full = Cursor::parse("i.003Hn000000000AIAU");
    let search = Cursor::parse("100");
    let since = Some(now());
    for (cursor, updated_since) in [(delta, None), (full, since), (search.clone(), None)] {
        let from = From { cursor, updated_since, ..From::default() };
        let error = connector().persons(&stage.api, &from).await.unwrap_err();
        assert_eq!(error, CrmError::CursorRefused);
        assert_eq!(connector().deals(&stage.api, &from).await, Err(CrmError::CursorRefused));
    }
    assert_eq!(stage.meter.read().requests, 0);
    assert!(connector().search_persons(&stage.api, "anna", search.as_ref()).await.is_ok());
    for bad in ["2100", "-1", "1' OR", "i.003Hn000000000AIAU"] {
        let Some(cursor) = Cursor::parse(bad) else { continue };
        let error = connector().search_persons(&stage.api, "anna", Some(&cursor)).await;
        assert_eq!(error, Err(CrmError::CursorRefused), "{bad}");
    }
}

#[tokio::test]
async fn a_search_goes_on_where_its_page_ended() {
    let stage = stage().await;
    let first = connector().search_persons(&stage.api, ".example", None).await.unwrap();
    let next = first.next.as_ref();
    assert_eq!((first.items.len(), next.map(Cursor::as_str)), (100, Some("100")));
    let second = connector().search_persons(&stage.api, ".example", next).await.unwrap();
    let all = first.items.iter().chain(&second.items);
    let ids: BTreeSet<_> = all.map(|one| &one.id).collect();
    assert_eq!(ids.len(), 100 + second.items.len());
    assert_eq!(second.items.len(), 100);
}
