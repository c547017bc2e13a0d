//! The way to a plan: who may go it, and that going it changes nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::Stage;

/// The query of an address, as the page reads it.
fn said(url: &str) -> Vec<(String, String)> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn paying_makes_the_plan_and_the_way_back_does_not() {
    let stage = Stage::new().await;
    let before = stage.billing().await;
    assert_eq!((&before["biller"], &before["test_mode"]), (&json!("stripe"), &json!(true)));
    let page = stage.page("business").await;
    let cancelled = stage.till.press(&page, "cancel").await;
    assert_eq!(said(&cancelled), [pair("plan", "business"), pair("from", "acme-crm")]);
    let back = stage.till.press(&page, "pay").await;
    assert_eq!(
        said(&back),
        [pair("paid", "1"), pair("plan", "business"), pair("from", "acme-crm")]
    );
    assert!(back.starts_with(&format!("{}/billing?", stage.hub.url)), "{back}");

    // Back before the webhook: it is paid, and nothing has changed.
    let path = back.strip_prefix(&stage.hub.url).unwrap();
    stage.owner().get(path).await;
    stage.drain().await;
    let unchanged = stage.billing().await;
    assert_eq!((&unchanged["plan"], &unchanged["subscription"]), (&json!("free"), &json!(null)));

    stage.till.deliver(None).await;
    stage.drain().await;
    let paid = stage.billing().await;
    assert_eq!(paid["plan"], "business");
    assert_eq!(paid["subscription"]["state"], "active");
    assert_eq!(paid["subscription"]["plan"], "business");
    assert!(paid["subscription"]["renews_at"].is_string(), "{paid}");
    assert_eq!(paid["subscription"]["ends_at"], json!(null));
    let session = stage.owner().get("/api/auth/session").await.expect(200);
    assert_eq!(session["allows"], json!(["crm_standard", "scheduled_sync"]));
    // Who went to pay is written down; the plan was changed by nobody of the company.
    let by: Vec<(String, bool)> = sqlx::query_as(
        "select action, member_id is null from audit_log where action in ('billing.checkout', 'plan.changed')
         order by created_at",
    )
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap();
    assert_eq!(by, [("billing.checkout".to_owned(), false), ("plan.changed".to_owned(), true)]);

    // Where Stripe takes the money, nobody else changes plans.
    let free = stage.owner().post("/api/billing/plan", json!({ "plan": "enterprise" })).await;
    assert_eq!(free.problem(404), "not_found");
    // Each request to Stripe names the version, and each that does something its key.
    for call in stage.till.truth().await["calls"].as_array().unwrap() {
        assert_eq!(call["version"], "2026-10-28.endive", "{call}");
        assert_eq!(call["key"].is_string(), call["method"] == "POST", "{call}");
    }
}

#[tokio::test]
async fn a_way_back_without_a_payment_changes_nothing() {
    let stage = Stage::new().await;
    stage.page("teams").await;
    stage.owner().get("/billing?paid=1&plan=teams").await;
    stage.owner().post("/api/billing/refresh", json!({})).await.expect(202);
    assert_eq!(stage.drain().await, 1);
    assert_eq!(stage.reads().await, 1, "Stripe itself was asked");
    assert_eq!(stage.plan().await, "free");
}

#[tokio::test]
async fn of_two_checkouts_at_once_one_can_be_paid() {
    let stage = Stage::new().await;
    let other = stage.second_owner().await;
    let wish = json!({ "plan": "business" });
    // Three with the first owner and the admin: business has as many seats.
    let (a, b) = tokio::join!(
        stage.owner().post("/api/billing/checkout", wish.clone()),
        other.browser.post("/api/billing/checkout", wish.clone()),
    );
    a.expect(200);
    b.expect(200);
    let truth = stage.till.truth().await;
    assert_eq!(truth["customers"].as_array().unwrap().len(), 1, "one company, one customer");
    let sessions: Vec<Value> = truth["sessions"].as_array().unwrap().clone();
    let open: Vec<&Value> = sessions.iter().filter(|one| one["status"] == "open").collect();
    assert_eq!((sessions.len(), open.len()), (2, 1), "{sessions:?}");
    for session in &sessions {
        let paid = stage.till.try_control("/pay", json!({ "session": session["id"] })).await;
        assert_eq!(paid.is_some(), session["status"] == "open");
    }
    // Paid, and not yet told: a third would be paid twice.
    let third = stage.ask("teams").await;
    assert_eq!(third.problem(409), "payment_under_way");
    let truth = stage.till.truth().await;
    let open = truth["sessions"].as_array().unwrap().iter().any(|one| one["status"] == "open");
    assert!(!open, "{truth}");
    stage.drain().await;
    assert_eq!(stage.plan().await, "business", "whoever was refused had Stripe asked");
}

#[tokio::test]
async fn stripe_away_or_slow_is_told_in_words_and_changes_nothing() {
    let stage = Stage::with(|ours| ours.patience = Duration::from_millis(400)).await;
    // At the customer, at the page to pay at, and there once more without an answer in time.
    for api in [json!(["down"]), json!([0, "down"]), json!([2_000])] {
        stage.till.control("/faults", json!({ "api": api })).await;
        let answer = stage.ask("business").await;
        assert_eq!(answer.problem(502), "stripe_away");
        assert!(answer.json()["detail"].as_str().unwrap().contains("nothing was charged"));
    }
    // A webhook that comes while the API is away waits for it.
    stage.till.press(&stage.page("business").await, "pay").await;
    stage.till.control("/faults", json!({ "api": ["down"] })).await;
    assert_eq!(stage.till.deliver(None).await, [204; 2]);
    assert_eq!(stage.drain().await, 1);
    assert_eq!(stage.plan().await, "free");
    sqlx::query("update job set run_at = now()").execute(&stage.hub.owner).await.unwrap();
    assert_eq!(stage.drain().await, 1);
    assert_eq!(stage.plan().await, "business");

    let wrong = Stage::with(|ours| ours.secret_key = "sk_test_of_somebody_else".into()).await;
    assert_eq!(wrong.ask("business").await.problem(502), "stripe_refused");
}

#[tokio::test]
async fn who_pays_already_confirms_a_change_at_the_portal() {
    let stage = Stage::new().await;
    stage.pay("business").await;
    assert_eq!(stage.ask("business").await.problem(409), "same_plan");
    assert_eq!(stage.ask("enterprise").await.problem(409), "not_for_sale");
    assert_eq!(stage.ask("starter").await.problem(409), "seats");

    let portal = stage.page("teams").await;
    assert!(portal.contains("/p/session/"), "{portal}");
    let back = stage.till.press(&portal, "leave").await;
    assert_eq!(said(&back), [pair("plan", "teams"), pair("from", "acme-crm")]);
    let back = stage.till.press(&portal, "change price_teams").await;
    assert_eq!(said(&back)[0], pair("paid", "1"));
    stage.till.deliver(None).await;
    stage.drain().await;
    assert_eq!(stage.plan().await, "teams");

    // Ended at the portal: it stays until the period is over.
    let opened = stage.owner().post("/api/billing/portal", json!({})).await.expect(200);
    stage.till.press(opened["url"].as_str().unwrap(), "cancel").await;
    stage.till.deliver(None).await;
    stage.drain().await;
    let billing = stage.billing().await;
    assert_eq!(billing["plan"], "teams");
    assert!(billing["subscription"]["ends_at"].is_string(), "{billing}");
    assert_eq!(billing["subscription"]["renews_at"], json!(null));
    assert!(stage.page("teams").await.contains("/p/session/"), "there it is taken back");
    stage.happens(json!({ "status": "canceled" })).await;
    assert_eq!(stage.plan().await, "free");
    assert!(stage.page("business").await.contains("/c/pay/"), "and bought anew");
}

#[tokio::test]
async fn only_owners_pay_and_only_they_see_how() {
    let stage = Stage::new().await;
    stage.pay("business").await;
    let admin = &stage.acme.admin.browser;
    let wish = json!({ "plan": "teams", "role": "owner", "member_id": stage.acme.owner.id });
    for (path, body) in [
        ("/api/billing/checkout", wish),
        ("/api/billing/portal", json!({})),
        ("/api/billing/refresh", json!({})),
    ] {
        assert_eq!(admin.post(path, body.clone()).await.problem(403), "forbidden", "{path}");
        assert_eq!(stage.hub.stranger().post(path, body).await.problem(401), "unauthenticated");
    }
    let seen = admin.get("/api/billing").await.expect(200);
    assert_eq!((&seen["plan"], &seen["subscription"]), (&json!("business"), &json!(null)));
    // What comes back with the browser is a word of our pages, and no address.
    for from in ["https://evil.example", "../x", "a b", "", &"x".repeat(65)] {
        let wish = json!({ "plan": "teams", "from": from });
        assert_eq!(stage.owner().post("/api/billing/checkout", wish).await.problem(400), "invalid");
    }
}

#[tokio::test]
async fn a_customer_who_is_gone_over_there_is_made_anew() {
    let stage = Stage::new().await;
    stage.page("business").await;
    sqlx::query("update billing_account set customer_id = 'cus_gone'")
        .execute(&stage.hub.owner)
        .await
        .unwrap();
    assert!(stage.page("business").await.contains("/c/pay/"));
    let kept: String = stage.hub.value("select customer_id from billing_account").await;
    assert_ne!(kept, "cus_gone");
}
