//! Reading: everything once, what changed, and what is gone.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;
use tandem::{
    connectors::{Cursor, From},
    domain::RemoteId,
};

use super::{every, ids, stage};
use crate::connectors::writes::now;

#[tokio::test]
async fn every_living_record_is_read_exactly_once_page_by_page() {
    for connector in every() {
        let stage = stage(connector).await;
        let truth = stage.told("/truth").await;
        let (mut persons, mut pages) = (Vec::new(), 0);
        let mut from = From { limit: Some(100), ..From::default() };
        loop {
            let page = connector.persons(&stage.api, &from).await.unwrap();
            assert!(page.items.len() + page.quarantined.len() <= 100);
            persons.extend(page.items);
            pages += 1;
            let Some(next) = page.next else { break };
            assert!(Cursor::parse(next.as_str()).is_some(), "it survives a row and an address");
            from.cursor = Some(next);
        }
        let distinct: BTreeSet<_> = persons.iter().map(|person| &person.id).collect();
        assert_eq!(json!(distinct.len()), truth["persons"]);
        assert_eq!(distinct.len(), persons.len(), "none came twice");
        assert!(pages >= 7, "{pages} pages");
        assert!(persons.iter().all(|person| person.updated_at.is_some()));
        assert!(persons.iter().any(|person| !person.emails.is_empty()));
        assert!(persons.iter().any(|person| !person.phones.is_empty()));

        let organizations = connector.organizations(&stage.api, &From::default()).await.unwrap();
        assert_eq!(json!(organizations.items.len()), truth["organizations"]);
        let known: BTreeSet<_> = organizations.items.iter().map(|one| &one.id).collect();
        let linked: Vec<_> = persons.iter().filter_map(|one| one.organization.as_ref()).collect();
        assert!(linked.iter().any(|id| known.contains(id)));

        let (mut deals, mut from) = (0, From::default());
        loop {
            let page = connector.deals(&stage.api, &from).await.unwrap();
            deals += page.items.len();
            from.cursor = page.next;
            if from.cursor.is_none() {
                break;
            }
        }
        assert_eq!(json!(deals), truth["deals"]);
    }
}

#[tokio::test]
async fn the_account_its_users_and_its_words_are_known() {
    for connector in every() {
        let stage = stage(connector).await;
        let account = connector.account(&stage.api).await.unwrap();
        assert!(!account.company_id.as_str().is_empty() && !account.user_id.as_str().is_empty());
        let users = connector.users(&stage.api).await.unwrap();
        assert!(users.iter().any(|user| user.active) && users.iter().any(|user| !user.active));
        let fields = connector.fields(&stage.api).await.unwrap();
        assert!(fields.label(" WARM LEAD ").is_some(), "the stand-in's main account has it");
        let link = connector.person_url(account.domain.as_deref(), &RemoteId("5".into()));
        assert!(link.is_none_or(|link| link.starts_with("https://")));
    }
}

#[tokio::test]
async fn an_increment_brings_what_changed_and_nothing_else() {
    for connector in every() {
        let stage = stage(connector).await;
        let since = now() - TimeDelta::seconds(1);
        let nothing = From { updated_since: Some(since), ..From::default() };
        assert!(connector.persons(&stage.api, &nothing).await.unwrap().items.is_empty());
        let done =
            stage.control("POST", "/persons/mutate", json!({"change": 7, "create": 2})).await;
        let mut from = From { updated_since: Some(since), limit: Some(3), ..From::default() };
        let mut seen = BTreeSet::new();
        loop {
            let page = connector.persons(&stage.api, &from).await.unwrap();
            seen.extend(page.items.into_iter().map(|person| person.id));
            from.cursor = page.next;
            if from.cursor.is_none() {
                break;
            }
        }
        let expected: BTreeSet<_> =
            ids(&done["changed"]).into_iter().chain(ids(&done["created"])).collect();
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn what_is_gone_is_absent_and_a_strange_id_is_no_trouble() {
    for connector in every() {
        let stage = stage(connector).await;
        let done =
            stage.control("POST", "/persons/mutate", json!({"delete": 1, "change": 1})).await;
        let (gone, there) = (ids(&done["deleted"]), ids(&done["changed"]));
        let mut asked = [gone, there.clone()].concat();
        for strange in ["0", "", "99999999999999999999", "x'y", "../../users", "1 or 1=1", "5)"] {
            asked.push(RemoteId(strange.into()));
        }
        let page = connector.persons_by_id(&stage.api, &asked).await.unwrap();
        assert_eq!(page.items.iter().map(|one| &one.id).collect::<Vec<_>>(), [&there[0]]);
        assert!(connector.persons_by_id(&stage.api, &[]).await.unwrap().items.is_empty());
        let named = page.items[0].name.clone().unwrap_or_default();
        let found = connector.search_persons(&stage.api, &named, None).await.unwrap();
        assert!(named.trim().len() < 2 || found.items.iter().any(|one| one.id == there[0]));
        for term in ["", " ", "%' or '1'='1", "a)(b", "\"x\\", "\u{0}"] {
            let found = connector.search_persons(&stage.api, term, None).await.unwrap();
            assert!(found.items.len() < 100, "{term:?} is no wild card");
        }
    }
}

#[tokio::test]
async fn a_cursor_that_is_not_ours_is_refused_without_harm() {
    for connector in every() {
        let stage = stage(connector).await;
        for raw in ["AAAA", "eyJ9", "1' or '1'='1", "-1", "9999999999"] {
            let Some(cursor) = Cursor::parse(raw) else { continue };
            let from = From { cursor: Some(cursor), ..From::default() };
            // An error that starts again, or an empty page; never a page of something else, never a
            // panic.
            if let Ok(page) = connector.persons(&stage.api, &from).await {
                assert!(page.items.len() <= 500);
            }
        }
    }
}
