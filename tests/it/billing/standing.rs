//! What follows from what is stored, as time goes by.

use chrono::TimeDelta;
use serde_json::json;
use tandem::{
    db::{Scope, billing},
    flows::billing::read,
    policy,
};

use super::stage::Stage;

#[tokio::test]
async fn an_overdue_payment_keeps_the_plan_for_its_grace() {
    let stage = Stage::new().await;
    stage.pay("business").await;
    stage.happens(json!({ "status": "past_due" })).await;
    let overdue = stage.billing().await;
    assert_eq!(
        (&overdue["plan"], &overdue["subscription"]["state"]),
        (&json!("business"), &json!("past_due"))
    );
    assert!(overdue["subscription"]["grace_until"].is_string());
    // Every page of an owner can tell, and nobody else's does.
    let told = stage.owner().get("/api/auth/session").await.expect(200);
    let until = &overdue["subscription"]["grace_until"];
    assert_eq!(told["payment_due"], json!({ "state": "past_due", "grace_until": until }));
    let admin = stage.acme.admin.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(admin["payment_due"], json!(null));
    // The grace counts from the first time, however often it is looked at.
    let since = "select past_due_since::text from billing_subscription";
    let first: String = stage.hub.value(since).await;
    stage.happens(json!({ "status": "past_due" })).await;
    assert_eq!(stage.hub.value::<String>(since).await, first);
    // What is overdue is paid at the portal, not bought once more.
    assert!(stage.page("teams").await.contains("/p/session/"));

    stage.hub.pass(policy::grace() + TimeDelta::seconds(1)).await;
    read::look_after(&stage.hub.hub, stage.acme.id).await.unwrap();
    stage.drain().await;
    assert_eq!(stage.plan().await, "free");
    // Paid after all.
    let id = stage.till.truth().await["subscriptions"][0]["id"].clone();
    stage.till.control("/subscription", json!({ "id": id, "status": "active" })).await;
    read::again(&stage.hub.hub, stage.acme.id).await.unwrap();
    stage.drain().await;
    assert_eq!(stage.plan().await, "business");
    let told = stage.owner().get("/api/auth/session").await.expect(200);
    assert_eq!(told["payment_due"], json!(null));
}

#[tokio::test]
async fn the_end_of_a_subscription_pauses_what_the_plan_no_longer_holds_and_loses_nobody() {
    let stage = Stage::new().await;
    stage.pay("business").await;
    sqlx::query(
        "insert into connection
             (company_id, connection_id, provider, state, account_id, account_name,
              account_user_id, api_base)
         values ($1, gen_random_uuid(), $2, 'active', '1', 'Acme', '1', 'https://x.example')",
    )
    .bind(stage.acme.id)
    .bind(tandem::connectors::all()[0].manifest().slug)
    .execute(&stage.hub.owner)
    .await
    .unwrap();
    for status in ["unpaid", "canceled"] {
        stage.happens(json!({ "status": status })).await;
        assert_eq!(stage.plan().await, "free", "{status}");
    }
    assert_eq!(stage.hub.value::<String>("select state from connection").await, "paused");
    assert_eq!(
        stage.hub.value::<i64>("select count(*) from member").await,
        2,
        "one seat, two members"
    );
}

#[tokio::test]
async fn a_webhook_that_never_came_is_made_up_for() {
    let stage = Stage::new().await;
    stage.till.press(&stage.page("business").await, "pay").await;
    // Nothing was read yet, so it is looked at with the next round of the clock.
    read::look_after(&stage.hub.hub, stage.acme.id).await.unwrap();
    assert_eq!(stage.drain().await, 1);
    assert_eq!(stage.plan().await, "business");
    read::look_after(&stage.hub.hub, stage.acme.id).await.unwrap();
    assert_eq!(stage.drain().await, 0, "it is fresh");
    assert_eq!(stage.till.deliver(None).await, [204; 2], "it comes after all");
    stage.drain().await;
    let events = "select count(*) from billing_event";
    assert_eq!(stage.hub.value::<i64>(events).await, 2);

    let id = stage.till.truth().await["subscriptions"][0]["id"].clone();
    stage.till.control("/subscription", json!({ "id": id, "price": "price_teams" })).await;
    stage.hub.clock.advance(TimeDelta::hours(7));
    read::look_after(&stage.hub.hub, stage.acme.id).await.unwrap();
    stage.drain().await;
    assert_eq!(stage.plan().await, "teams");
    // An inbox forgets what nobody repeats any more.
    stage.hub.clock.advance(TimeDelta::days(31));
    read::look_after(&stage.hub.hub, stage.acme.id).await.unwrap();
    assert_eq!(stage.hub.value::<i64>(events).await, 0);
}

#[tokio::test]
async fn an_answer_to_an_earlier_question_never_overwrites_a_later_one() {
    let stage = Stage::new().await;
    stage.page("business").await;
    let now = stage.hub.clock.now();
    let mut tx = stage.hub.db.tenant(stage.acme.id, Scope::All).await.unwrap();
    let (_, early) = billing::ask(&mut tx, false).await.unwrap().unwrap();
    let (_, late) = billing::ask(&mut tx, false).await.unwrap().unwrap();
    assert!(billing::is_news(&mut tx, false, late, now).await.unwrap());
    assert!(!billing::is_news(&mut tx, false, early, now).await.unwrap());
    // The other mode is another world.
    assert!(billing::ask(&mut tx, true).await.unwrap().is_none());
    assert!(billing::account(&mut tx, true).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_paid_by_mistake_twice_or_at_an_unknown_price_takes_nothing_away() {
    let stage = Stage::new().await;
    stage.pay("business").await;
    let customer: String = stage.hub.value("select customer_id from billing_account").await;
    let twice = json!({ "customer": customer, "price": "price_teams" });
    stage.till.control("/subscribe", twice).await;
    read::again(&stage.hub.hub, stage.acme.id).await.unwrap();
    stage.drain().await;
    let billing = stage.billing().await;
    assert_eq!(
        (&billing["plan"], &billing["subscription"]["others"]),
        (&json!("teams"), &json!(1))
    );
    assert_eq!(billing["subscription"]["plan"], "teams");
    let all = stage.till.truth().await["subscriptions"].clone();
    for one in all.as_array().unwrap() {
        let change = json!({ "id": one["id"], "price": "price_of_next_year" });
        stage.till.control("/subscription", change).await;
    }
    read::again(&stage.hub.hub, stage.acme.id).await.unwrap();
    stage.drain().await;
    assert_eq!(stage.plan().await, "teams");
    assert_eq!(stage.billing().await["subscription"]["plan"], json!(null));
}
