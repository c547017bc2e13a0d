//! The count on a connection's card is the count of linked contacts, whoever wrote mappings last.

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{Duration, timeout};

use super::stage::{Stage, slug};
use crate::harness::Browser;

/// What the card says to somebody.
async fn shown(who: &Browser) -> i64 {
    let status = who.get("/api/integrations/status").await.expect(200);
    let cards = status["providers"].as_array().unwrap();
    let card = cards.iter().find(|card| card["provider"] == slug()).unwrap();
    card["connection"]["contacts_linked"].as_i64().unwrap()
}

/// Contacts with a linked person, counted the long way.
async fn counted(stage: &Stage) -> i64 {
    stage
        .count(
            "(select distinct contact_id from mapping
              where kind = 'person' and state = 'linked') linked",
        )
        .await
}

/// The card, the kept count and the long way agree; how many there are.
async fn agreed(stage: &Stage) -> i64 {
    let counted = counted(stage).await;
    let kept: i64 = sqlx::query_scalar("select contacts_linked from connection_count")
        .fetch_one(&stage.hub.owner)
        .await
        .unwrap();
    assert_eq!(kept, counted);
    assert_eq!(shown(&stage.acme.owner.browser).await, counted);
    counted
}

/// A contact that two linked persons are.
async fn shared(stage: &Stage) -> uuid::Uuid {
    sqlx::query_scalar(
        "select contact_id from mapping where kind = 'person' and state = 'linked'
         group by contact_id having count(*) = 2 order by 1 limit 1",
    )
    .fetch_one(&stage.hub.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn it_is_right_after_imports_deletions_relinks_and_deleted_contacts() {
    let stage = Stage::of(620).await;
    assert_eq!(agreed(&stage).await, 0);
    let run = stage.import(json!({ "mode": "full" })).await;
    let first = agreed(&stage).await;
    assert_eq!(json!(first), run["counts"]["created"], "several persons may be one contact");

    let persons = stage.control("GET", "/truth/persons?limit=40", Value::Null).await;
    let ids: Vec<Value> =
        persons.as_array().unwrap().iter().map(|person| person["id"].clone()).collect();
    let gone = json!({ "delete_ids": ids, "create": 5 });
    stage.control("POST", "/persons/mutate", gone).await;
    stage.import(json!({ "mode": "full" })).await;
    assert_ne!(agreed(&stage).await, first);

    // A person moves to another contact, and one comes back.
    let before = agreed(&stage).await;
    let contact = shared(&stage).await;
    sqlx::query(
        "update mapping set contact_id = $1
         where kind = 'person' and remote_id = (
             select min(remote_id) from mapping where kind = 'person' and state = 'linked'
             group by contact_id having count(*) = 1 order by 1 limit 1)",
    )
    .bind(contact)
    .execute(&stage.hub.owner)
    .await
    .unwrap();
    assert_eq!(agreed(&stage).await, before - 1);
    stage.sql("update mapping set state = 'linked' where kind = 'person'").await;
    assert!(agreed(&stage).await > before - 1);

    // Its three persons go with a contact.
    let before = agreed(&stage).await;
    stage.acme.owner.browser.delete(&format!("/api/contacts/{contact}")).await.expect(204);
    assert_eq!(agreed(&stage).await, before - 1);
}

#[tokio::test]
async fn who_sees_the_own_contacts_only_has_those_counted() {
    let stage = Stage::of(120).await;
    stage.import(json!({ "mode": "full" })).await;
    let consultant = &stage.acme.consultant;
    assert_eq!(shown(&consultant.browser).await, 0);
    sqlx::query(
        "update contact set owner_member_id = $1
         where contact_id in (select contact_id from contact order by contact_id limit 7)",
    )
    .bind(consultant.id)
    .execute(&stage.hub.owner)
    .await
    .unwrap();
    assert_eq!(shown(&consultant.browser).await, 7);
    assert!(agreed(&stage).await > 7);
}

#[tokio::test]
async fn it_goes_with_the_data_of_the_account() {
    let stage = Stage::of(60).await;
    stage.import(json!({ "mode": "full" })).await;
    stage.sql("delete from connection").await;
    assert_eq!(stage.count("mapping").await, 0);
    assert_eq!(stage.count("connection_count").await, 0);
}

#[tokio::test]
async fn two_transactions_that_take_the_last_persons_of_a_contact_take_it_off_once() {
    let stage = Stage::of(620).await;
    stage.import(json!({ "mode": "full" })).await;
    let before = agreed(&stage).await;
    let contact = shared(&stage).await;
    let mut one = PgConnection::connect(&stage.hub.database.owner_url()).await.unwrap();
    let mut other = PgConnection::connect(&stage.hub.database.owner_url()).await.unwrap();
    let take = "update mapping set state = 'gone' where kind = 'person' and remote_id = (
                    select REMOTE(remote_id) from mapping where contact_id = $1)";
    let take = |which: &str| sqlx::AssertSqlSafe(take.replace("REMOTE", which));
    for session in [&mut one, &mut other] {
        sqlx::query("begin").execute(session).await.unwrap();
    }
    sqlx::query(take("min")).bind(contact).execute(&mut one).await.unwrap();

    // The second waits for the first: neither sees what the other has not committed.
    {
        let second = sqlx::query(take("max")).bind(contact).execute(&mut other);
        tokio::pin!(second);
        assert!(timeout(Duration::from_millis(300), &mut second).await.is_err());
        sqlx::query("commit").execute(&mut one).await.unwrap();
        second.await.unwrap();
    }
    sqlx::query("commit").execute(&mut other).await.unwrap();

    assert_eq!(agreed(&stage).await, before - 1);
}
