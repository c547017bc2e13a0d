//! `/api/billing`.

use serde_json::json;
use tandem::{config::Environment, policy::Plan};

use crate::harness::{Company, TestHub};

async fn connect(hub: &TestHub, company: &Company) {
    sqlx::query(
        "insert into connection
             (company_id, connection_id, provider, state, account_id, account_name,
              account_user_id, api_base)
         values ($1, gen_random_uuid(), $2, 'active', '1', 'Acme', '1', 'https://x.example')",
    )
    .bind(company.id)
    .bind(tandem::connectors::all()[0].manifest().slug)
    .execute(&hub.owner)
    .await
    .unwrap();
}

#[tokio::test]
async fn the_plans_are_shown_with_what_the_company_uses() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let billing = acme.consultant.browser.get("/api/billing").await.expect(200);
    assert_eq!(billing["plan"], "business");
    assert_eq!(billing["test_biller"], true);
    assert_eq!(billing["usage"], json!({ "contacts": 0, "seats": 4 }));
    let ids: Vec<_> = billing["plans"].as_array().unwrap().iter().map(|p| &p["id"]).collect();
    assert_eq!(ids, ["free", "starter", "growth", "business", "teams", "enterprise"]);
    assert_eq!(billing["plans"][5]["contacts"], json!(null));
    assert!(
        billing["plans"][0]["features"].as_array().unwrap().iter().all(|f| f["included"] == false)
    );
}

#[tokio::test]
async fn an_upgrade_is_in_force_at_once_and_written_down() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let owner = &acme.owner.browser;
    let billing = owner.post("/api/billing/plan", json!({ "plan": "teams" })).await;
    // Four members: business has three seats, teams five.
    assert_eq!(billing.expect(200)["plan"], "teams");
    let session = owner.get("/api/auth/session").await.expect(200);
    assert_eq!(session["company"]["plan"], "teams");
    assert_eq!(session["allows"], json!(["crm_salesforce", "crm_standard", "scheduled_sync"]));
    let detail: serde_json::Value =
        hub.value("select detail from audit_log where action = 'plan.changed'").await;
    assert_eq!(detail, json!({ "from": "free", "to": "teams" }));
}

#[tokio::test]
async fn a_plan_with_too_few_seats_is_refused() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Teams).await;
    let answer = acme.owner.browser.post("/api/billing/plan", json!({ "plan": "business" })).await;
    assert_eq!(answer.problem(409), "seats");
    assert_eq!(hub.value::<String>("select plan from company").await, "teams");
}

#[tokio::test]
async fn a_downgrade_pauses_what_the_plan_no_longer_holds_and_an_upgrade_does_not_resume_it() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Teams).await;
    connect(&hub, &acme).await;
    sqlx::query("delete from member where role <> 'owner'").execute(&hub.owner).await.unwrap();
    let owner = &acme.owner.browser;

    let billing = owner.post("/api/billing/plan", json!({ "plan": "growth" })).await.expect(200);
    assert_eq!(billing["paused_connections"].as_array().unwrap().len(), 1);
    let (state, reason): (String, String) =
        sqlx::query_as("select state, state_reason from connection")
            .fetch_one(&hub.owner)
            .await
            .unwrap();
    assert_eq!(state, "paused");
    assert!(reason.contains("upgrade to Business"), "{reason}");
    let session = owner.get("/api/auth/session").await.expect(200);
    assert_eq!(session["attention"][0]["kind"], "paused");
    let count = "select count(*) from audit_log where action = 'connection.paused'";
    assert_eq!(hub.value::<i64>(count).await, 1);

    owner.post("/api/billing/plan", json!({ "plan": "business" })).await.expect(200);
    assert_eq!(hub.value::<String>("select state from connection").await, "paused");
}

#[tokio::test]
async fn production_has_neither_test_biller_nor_mailbox() {
    let hub = TestHub::with(|config| config.environment = Environment::Production).await;
    let acme = hub.company(Plan::Free).await;
    let owner = &acme.owner.browser;
    assert_eq!(owner.get("/api/billing").await.expect(200)["test_biller"], false);
    let answer = owner.post("/api/billing/plan", json!({ "plan": "teams" })).await;
    assert_eq!(answer.problem(404), "not_found");
    assert_eq!(owner.get("/api/dev/mailbox").await.problem(404), "not_found");
    assert_eq!(owner.get("/api/auth/session").await.expect(200)["development"], false);
    assert_eq!(owner.get("/metrics").await.status.as_u16(), 404);
}
