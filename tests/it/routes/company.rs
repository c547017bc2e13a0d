//! `/api/company`.

use serde_json::json;
use tandem::policy::Plan;

use crate::{connections::Rig, harness::TestHub};

#[tokio::test]
async fn settings_are_read_by_all_and_changed_by_those_who_manage_connections() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    for member in acme.members() {
        let seen = member.browser.get("/api/company").await.expect(200);
        assert_eq!((&seen["warm_threshold"], &seen["push_earlier"]), (&json!(4), &json!(false)));
        assert_eq!(seen["qualifying"], json!(null));
    }
    let changed = acme.admin.browser.put("/api/company", json!({ "warm_threshold": 7 })).await;
    assert_eq!(changed.expect(200)["warm_threshold"], 7);
    let changed = acme.owner.browser.patch("/api/company", json!({ "push_earlier": true })).await;
    let changed = changed.expect(200);
    assert_eq!((&changed["warm_threshold"], &changed["push_earlier"]), (&json!(7), &json!(true)));
    for member in [&acme.golden_ticket, &acme.consultant] {
        let answer = member.browser.put("/api/company", json!({ "warm_threshold": 1 })).await;
        assert_eq!(answer.problem(403), "forbidden");
        assert_eq!(member.browser.get("/api/company").await.expect(200)["can_change"], false);
    }
    for wrong in [json!(-1), json!(11), json!(70_000), json!(1.5), json!("4")] {
        let form = json!({ "warm_threshold": wrong });
        assert_eq!(acme.owner.browser.put("/api/company", form).await.status, 400, "{wrong}");
    }
    // What changes nothing is not written down.
    acme.owner.browser.put("/api/company", json!({ "warm_threshold": 7 })).await.expect(200);
    let rows: Vec<serde_json::Value> = sqlx::query_scalar(
        "select detail from audit_log where action = 'company.updated' order by audit_id",
    )
    .fetch_all(&hub.owner)
    .await
    .unwrap();
    assert_eq!(
        rows,
        [json!({ "fields": ["warm_threshold"] }), json!({ "fields": ["push_earlier"] })]
    );
}

#[tokio::test]
async fn lowering_the_threshold_says_who_qualifies_and_sends_nobody() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    for warmness in [1, 2, 3] {
        let form = json!({ "full_name": format!("Warm {warmness}"), "warmness": warmness });
        owner.post("/api/contacts", form).await.expect(201);
    }
    let changed = owner.put("/api/company", json!({ "warm_threshold": 2 })).await.expect(200);
    assert_eq!(changed["qualifying"][0]["contacts"], 2, "{changed}");
    assert_eq!(rig.hub.value::<i64>("select count(*) from delivery").await, 0);
}
