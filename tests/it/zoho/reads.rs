//! Lists by token, by id and by time; whole ids; words that nobody listed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Cursor, From},
    domain::{RemoteId, RemotePerson},
};

use super::{BEYOND_DOUBLES, number, stage, zoho};
use crate::connectors::stage::Stage;

/// Everything from a place on, `limit` at a time, with what happens between the pages.
async fn all(stage: &Stage, mut from: From, limits: &[u16]) -> Vec<RemotePerson> {
    let (mut found, mut limits) = (Vec::new(), limits.iter().cycle());
    loop {
        from.limit = limits.next().copied();
        let page = zoho().persons(&stage.api, &from).await.unwrap();
        assert_eq!(page.quarantined, []);
        found.extend(page.items);
        from.cursor = page.next;
        if from.cursor.is_none() {
            return found;
        }
    }
}

async fn truth(stage: &Stage) -> BTreeSet<RemoteId> {
    let told = stage.control("GET", "/truth/persons?limit=10000", json!({})).await;
    let ids = told.as_array().unwrap().iter();
    ids.map(|person| RemoteId(person["id"].as_str().unwrap().to_owned())).collect()
}

fn ids(persons: &[RemotePerson]) -> BTreeSet<RemoteId> {
    persons.iter().map(|person| person.id.clone()).collect()
}

#[tokio::test]
async fn ids_beyond_doubles_are_read_and_asked_for_to_the_last_digit() {
    let stage = stage().await;
    let persons = all(&stage, From::default(), &[200]).await;
    assert!(persons.iter().all(|person| number(&person.id) > BEYOND_DOUBLES));
    assert_eq!(ids(&persons), truth(&stage).await);
    let wanted: Vec<RemoteId> = persons.iter().step_by(3).map(|one| one.id.clone()).collect();
    assert!(wanted.len() > 200, "more than one request");
    let found = zoho().persons_by_id(&stage.api, &wanted).await.unwrap().items;
    assert_eq!(
        found.iter().map(|one| &one.id).collect::<Vec<_>>(),
        wanted.iter().collect::<Vec<_>>()
    );
    assert_eq!(found[1], persons[3], "the same however it is asked for");
    let owners: Vec<_> = persons.iter().filter_map(|one| one.owner.as_ref()).collect();
    let users = zoho().users(&stage.api).await.unwrap();
    assert!(owners.iter().all(|owner| users.iter().any(|user| user.id == **owner)));
}

#[tokio::test]
async fn a_page_token_that_is_no_longer_accepted_is_gone_on_from_by_id() {
    let stage = stage().await;
    // A token belongs to the size of its pages: another size is refused, as after a day.
    let persons = all(&stage, From::default(), &[100, 70, 90]).await;
    assert_eq!((persons.len(), ids(&persons)), (620, truth(&stage).await));
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert!(counters["requests"]["POST /crm/v8/coql"].as_u64() >= Some(5), "{counters}");
}

#[tokio::test]
async fn edits_between_the_pages_lose_nobody_and_double_nobody() {
    let stage = stage().await;
    let edits = json!({"change": 40, "delete": 15, "create": 5, "merge": 3, "after_pages": 2});
    stage.control("POST", "/persons/mutate", edits).await;
    let persons = all(&stage, From::default(), &[100]).await;
    let (seen, alive) = (ids(&persons), truth(&stage).await);
    assert_eq!(persons.len(), seen.len(), "none came twice");
    assert!(alive.is_subset(&seen), "{:?}", alive.difference(&seen).collect::<Vec<_>>());
}

#[tokio::test]
async fn records_of_one_second_survive_a_pages_end() {
    let stage = stage().await;
    let everybody = all(&stage, From::default(), &[200]).await;
    let times: BTreeMap<&RemoteId, DateTime<Utc>> =
        everybody.iter().map(|one| (&one.id, one.updated_at.unwrap())).collect();
    let distinct: BTreeSet<_> = times.values().collect();
    assert!(distinct.len() < times.len(), "some share a second");
    let since: DateTime<Utc> = "2025-06-01T00:00:00Z".parse().unwrap();
    let expected: BTreeSet<RemoteId> =
        times.iter().filter(|(_, at)| **at >= since).map(|(id, _)| (*id).clone()).collect();
    assert!(expected.len() > 50);
    let from = From { updated_since: Some(since), ..From::default() };
    for limit in [3, 7] {
        let changed = all(&stage, from.clone(), &[limit]).await;
        assert_eq!(changed.len(), expected.len(), "none came twice");
        assert_eq!(ids(&changed), expected);
        assert!(changed.is_sorted_by_key(|person| person.updated_at));
    }
}

#[tokio::test]
async fn a_cursor_of_one_reading_is_refused_in_another() {
    let stage = stage().await;
    let first = From { limit: Some(5), ..From::default() };
    let list = zoho().persons(&stage.api, &first).await.unwrap().next;
    let since = Some("2022-01-01T00:00:00Z".parse().unwrap());
    let mixed = From { cursor: list, updated_since: since, limit: Some(5) };
    assert_eq!(zoho().persons(&stage.api, &mixed).await.unwrap_err(), CrmError::CursorRefused);
    let changes = From { updated_since: since, limit: Some(5), ..From::default() };
    let changes = zoho().persons(&stage.api, &changes).await.unwrap().next;
    let mixed = From { cursor: changes, updated_since: None, limit: Some(5) };
    assert_eq!(zoho().persons(&stage.api, &mixed).await.unwrap_err(), CrmError::CursorRefused);
    assert_eq!(
        zoho().search_persons(&stage.api, "Anna", Cursor::parse("2;3").as_ref()).await.unwrap_err(),
        CrmError::CursorRefused
    );
}

#[tokio::test]
async fn picklist_values_that_nobody_listed_and_own_fields_are_kept() {
    let stage = stage().await;
    let persons = all(&stage, From::default(), &[200]).await;
    let fields = zoho().fields(&stage.api).await.unwrap();
    let segment = &fields.custom["Segment"];
    assert_eq!(segment.options["A"], "A");
    assert!(!segment.options.contains_key("Z (old)"));
    let of = |key: &str| persons.iter().filter_map(|one| one.custom.get(key)).collect::<Vec<_>>();
    assert!(of("Segment").contains(&&json!("Z (old)")));
    assert!(
        of("Interests").iter().all(|value| value.as_array().is_some_and(|all| !all.is_empty()))
    );
    assert!(of("Partner").iter().all(|value| value.is_string()), "a lookup is what it is called");
    assert!(of("Remarks").iter().any(|value| value.as_str().unwrap().chars().count() == 2_000));
    assert!(of("Lead_Source").is_empty(), "not the account's own");
    assert!(persons.iter().all(|one| one.custom.keys().all(|key| fields.custom.contains_key(key))));
    let labels: BTreeSet<_> = persons.iter().flat_map(|one| &one.labels).collect();
    assert!(labels.contains(&RemoteId("Warm Lead".into())));
    assert!(labels.iter().all(|label| fields.labels.contains_key(label.as_str())));
}

#[tokio::test]
async fn deals_say_whether_they_are_won_and_in_which_currency() {
    let stage = stage().await;
    let (mut deals, mut from) = (Vec::new(), From::default());
    loop {
        let page = zoho().deals(&stage.api, &from).await.unwrap();
        deals.extend(page.items);
        from.cursor = page.next;
        if from.cursor.is_none() {
            break;
        }
    }
    for deal in &deals {
        let status = match deal.stage.as_ref().unwrap().as_str() {
            "Closed Won" => "won",
            "Closed Lost" | "Closed-Lost to Competition" => "lost",
            _ => "open",
        };
        assert_eq!(deal.status.as_deref(), Some(status));
        assert_eq!(deal.currency.as_deref(), deal.value.map(|_| "EUR"));
    }
    assert!(deals.iter().any(|deal| deal.value.is_some_and(|value| value.fract() != 0.0)));
    assert!(deals.iter().any(|deal| deal.person.is_some() && deal.organization.is_some()));
    let stages = super::writer().stages(&stage.api).await.unwrap();
    assert_eq!((stages.len(), stages[0].name.as_str()), (7, "Qualification"));
}

#[tokio::test]
async fn the_account_is_its_organization_and_links_lead_into_it() {
    let stage = stage().await;
    let account = zoho().account(&stage.api).await.unwrap();
    assert_eq!(account.id, format!("{}:{}", account.company_id, account.user_id));
    assert!(account.admin && account.country.as_deref() == Some("DE"));
    let id = RemoteId("5725767000000524157".into());
    let url = |domain: &str| zoho().person_url(Some(domain), &id);
    let eu = "crm.zoho.eu/crm/org20081234567";
    let expected = "https://crm.zoho.eu/crm/org20081234567/tab/Contacts/5725767000000524157";
    assert_eq!(url(eu).as_deref(), Some(expected));
    assert!(url(account.domain.as_deref().unwrap()).is_some());
    for hostile in
        ["evil.example/crm/org1", "crm.zoho.eu/crm/../x", "crm.zoho.eu", "", "javascript:/crm/x"]
    {
        assert_eq!(url(hostile), None, "{hostile}");
    }
    assert_eq!(zoho().person_url(Some(eu), &RemoteId("1/../2".into())), None);
    let call = super::writer().activity_url(Some(eu), &RemoteId("Calls/7".into()));
    assert_eq!(call.as_deref(), Some("https://crm.zoho.eu/crm/org20081234567/tab/Calls/7"));
}

#[tokio::test]
async fn searching_finds_by_address_number_and_word() {
    let stage = stage().await;
    let persons = all(&stage, From::default(), &[200]).await;
    let has = |person: &&RemotePerson| {
        let named = person.last_name.as_deref().is_some_and(|name| name.chars().count() > 4);
        named && person.emails.len() == 2 && !person.phones.is_empty()
    };
    let somebody = persons.iter().find(has).unwrap();
    let name = somebody.last_name.clone().unwrap();
    for term in [&somebody.emails[1].value, &somebody.phones[0].value, &name] {
        let mut cursor = None;
        let mut found = Vec::new();
        loop {
            let page = zoho().search_persons(&stage.api, term, cursor.as_ref()).await.unwrap();
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert!(found.contains(somebody), "{term}");
        assert!(found.len() < 400, "{term}");
    }
    let told: Value = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(
        json!(stage.meter.read().tokens),
        told["budgets"]["tokens_spent"]["5725767000000020001"]
    );
}
