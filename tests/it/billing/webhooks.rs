//! `/api/webhooks/stripe`: who is believed, and how often.

use chrono::TimeDelta;
use serde_json::json;
use tandem::policy::Plan;

use super::stage::Stage;

fn event(id: &str, customer: &str, kind: &str, livemode: bool) -> String {
    json!({ "id": id, "object": "event", "type": kind, "created": 1_795_773_600,
        "livemode": livemode, "data": { "object": { "object": "subscription", "customer": customer,
            "status": "active", "items": { "data": [{ "price": { "id": "price_teams" } }] } } } })
    .to_string()
}

#[tokio::test]
async fn only_what_stripe_signed_just_now_is_heard() {
    let stage = Stage::new().await;
    stage.till.press(&stage.page("business").await, "pay").await;
    let now = stage.hub.clock.now();
    let customer: String = stage.hub.value("select customer_id from billing_account").await;
    let body = event("evt_x", &customer, "customer.subscription.created", false);
    let right = stage.till.sign(now, &body);

    let signed = |minutes: i64| stage.till.sign(now + TimeDelta::seconds(minutes * 60), &body);
    let forged = right.replace("v1=", "v0=");
    let (early, late) = (signed(-6), signed(6));
    for signatures in [
        &[][..],
        &[""],
        &["t=1,v1=00"],
        &[forged.as_str()],
        &[early.as_str()],
        &[late.as_str()],
        &[right.as_str(), right.as_str()],
    ] {
        let answer = stage.webhook(signatures, body.clone()).await;
        assert_eq!(answer.problem(400), "signature", "{signatures:?}");
    }
    for other in [&body[..body.len() - 1], &body.replace("teams", "growth"), ""] {
        assert_eq!(stage.webhook(&[&right], other.to_owned()).await.problem(400), "signature");
    }
    let secret = json!({ "events": [0, 1], "secret": "whsec_of_somebody_else" });
    assert_eq!(stage.till.control("/deliver", secret).await["answers"], json!([400, 400]));
    // Right, and far too large; right, and no event.
    let huge = format!("{{\"id\":\"{}\"}}", "x".repeat(300 << 10));
    let answer = stage.webhook(&[&stage.till.sign(now, &huge)], huge.clone()).await;
    assert_eq!(answer.problem(413), "too_large");
    let nothing = "{\"hello\":1}";
    let answer = stage.webhook(&[&stage.till.sign(now, nothing)], nothing).await;
    assert_eq!(answer.problem(400), "invalid");
    assert_eq!(stage.hub.value::<i64>("select count(*) from billing_event").await, 0);
    assert_eq!(stage.drain().await, 0);

    // Two signatures while the secret is rolled. And what it says is not believed, only looked at: it
    // speaks of another plan than was paid.
    let rolled = format!(
        "{},v1={}",
        right.replace(",v1=", &format!(",v1={},v1=", "0".repeat(64))),
        "f".repeat(64)
    );
    assert_eq!(stage.webhook(&[&rolled], body.clone()).await.status, 204);
    assert_eq!(stage.drain().await, 1);
    assert_eq!(stage.plan().await, "business");
}

#[tokio::test]
async fn a_duplicate_does_nothing_and_is_answered_like_the_first() {
    let stage = Stage::new().await;
    stage.till.press(&stage.page("business").await, "pay").await;
    assert_eq!(stage.till.deliver(Some(&[0, 0, 1, 1, 0])).await, [204; 5]);
    assert_eq!(stage.hub.value::<i64>("select count(*) from billing_event").await, 2);
    assert_eq!(stage.drain().await, 1, "both lead to one look");
    assert_eq!((stage.reads().await, stage.plan().await.as_str()), (1, "business"));
    assert_eq!(stage.till.deliver(None).await, [204; 2]);
    assert_eq!(stage.drain().await, 0, "what had its effect has none again");

    // At once, from many connections.
    stage.happens(json!({ "price": "price_teams" })).await;
    let (a, b, c) = tokio::join!(
        stage.till.deliver(Some(&[2])),
        stage.till.deliver(Some(&[2])),
        stage.till.deliver(Some(&[2]))
    );
    assert_eq!([a, b, c], [[204], [204], [204]]);
    assert_eq!(stage.drain().await, 0);
    assert_eq!(stage.plan().await, "teams");
}

#[tokio::test]
async fn in_whatever_order_events_come_the_plan_is_what_is_paid() {
    let stage = Stage::new().await;
    stage.till.press(&stage.page("business").await, "pay").await;
    let id = stage.till.truth().await["subscriptions"][0]["id"].clone();
    for change in [
        json!({ "id": id, "price": "price_teams" }),
        json!({ "id": id, "status": "past_due" }),
        json!({ "id": id, "status": "canceled" }),
    ] {
        stage.till.control("/subscription", change).await;
    }
    // Deleted before updated before created; each looked at by itself.
    for at in [4, 3, 1, 2, 0] {
        assert_eq!(stage.till.deliver(Some(&[at])).await, [204]);
        stage.drain().await;
        assert_eq!(stage.plan().await, "free", "after event {at}");
    }
    assert_eq!(stage.billing().await["subscription"]["state"], "ended");
    // Paid again: whatever is late of the old one changes nothing any more.
    stage.till.press(&stage.page("business").await, "pay").await;
    stage.till.deliver(Some(&[5])).await;
    stage.drain().await;
    stage.till.deliver(Some(&[4, 6])).await;
    stage.drain().await;
    assert_eq!(stage.plan().await, "business");
}

#[tokio::test]
async fn an_event_of_nobody_of_another_mode_or_about_something_else_changes_nothing() {
    let stage = Stage::new().await;
    stage.page("business").await;
    let customer: String = stage.hub.value("select customer_id from billing_account").await;
    for (who, kind, livemode) in [
        ("cus_of_nobody", "customer.subscription.created", false),
        (customer.as_str(), "customer.subscription.created", true),
        (customer.as_str(), "payout.paid", false),
    ] {
        let body = event("evt_y", who, kind, livemode);
        let signature = stage.till.sign(stage.hub.clock.now(), &body);
        assert_eq!(stage.webhook(&[&signature], body).await.status, 204, "{kind}");
    }
    assert_eq!(stage.hub.value::<i64>("select count(*) from billing_event").await, 0);
    assert_eq!(stage.drain().await, 0);
}

#[tokio::test]
async fn what_one_company_pays_is_nothing_to_another() {
    let stage = Stage::new().await;
    let globex = stage.hub.company(Plan::Free).await;
    sqlx::query("delete from member where role in ('golden_ticket', 'consultant')")
        .execute(&stage.hub.owner)
        .await
        .unwrap();
    let wish = json!({ "plan": "teams" });
    globex.owner.browser.post("/api/billing/checkout", wish).await.expect(200);
    stage.pay("business").await;
    let theirs = globex.owner.browser.get("/api/billing").await.expect(200);
    assert_eq!((&theirs["plan"], &theirs["subscription"]), (&json!("free"), &json!(null)));
    let of_others = "select count(*) from billing_event e join company c using (company_id)
                     where c.plan = 'free'";
    assert_eq!(stage.hub.value::<i64>(of_others).await, 0);
    assert_eq!(stage.hub.value::<i64>("select count(*) from billing_account").await, 2);
}
