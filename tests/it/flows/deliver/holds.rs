//! What only a person can lift, and what a contact's end does.

use serde_json::json;
use tandem::{
    flows::{plan, sign_in::Place},
    policy::Plan,
};

use super::{Stage, list, slug};

impl Stage {
    async fn to(&self, to: Plan) {
        let place = Place { company_id: self.acme.id, member_id: self.acme.owner.id };
        plan::change(&self.hub.hub, place, to).await.unwrap();
    }
}

#[tokio::test]
async fn a_downgrade_holds_a_thousand_and_resuming_lets_them_go() {
    let stage = Stage::of(3).await;
    stage.sql(
        "insert into contact (company_id, contact_id, full_name, search)
         select company_id, gen_random_uuid(), 'P' || n, 'p' from company, generate_series(1, 1000) n",
    )
    .await;
    stage.sql(
        "insert into delivery (company_id, delivery_id, connection_id, provider, kind, contact_id,
             seq, trigger, give_up_at, marker, created_at, updated_at)
         select company_id, gen_random_uuid(), connection_id, provider, 'warm_lead', contact_id, 1,
                'push', now() + interval '72 hours', gen_random_uuid(), now(), now()
         from contact join connection using (company_id)",
    )
    .await;
    // The smallest plan seats one.
    stage.sql("delete from member where role <> 'owner'").await;
    stage.to(Plan::Free).await;
    assert_eq!(stage.count("delivery where state = 'held' and cause = 'plan'").await, 1_000);
    stage.work().await;
    assert_eq!(list(&stage.outbound().await, "persons").len(), 0);

    stage.to(Plan::Business).await;
    let path = format!("/api/integrations/{}/resume", slug());
    stage.acme.owner.browser.post(&path, json!({})).await;
    assert_eq!(stage.count("delivery where state = 'queued'").await, 1_000);
    assert_eq!(stage.count("job where kind = 'deliver'").await, 1_000);
}

#[tokio::test]
async fn a_revoked_grant_holds_them_and_a_new_consent_lets_them_go() {
    let stage = Stage::of(3).await;
    stage.control("POST", "/tokens/revoke", json!({})).await;
    stage.person(json!({})).await;
    stage.work().await;
    let delivery = stage.delivery().await;
    assert_eq!((&delivery["state"], &delivery["cause"]), (&json!("held"), &json!("reconnect")));
    stage.connect(&stage.acme.owner.browser).await;
    stage.work().await;
    assert_eq!(stage.delivery().await["state"], "delivered");
}

#[tokio::test]
async fn disconnecting_holds_them_for_the_same_account() {
    let stage = Stage::of(3).await;
    stage.person(json!({})).await;
    let path = format!("/api/integrations/{}/disconnect", slug());
    stage.acme.owner.browser.post(&path, json!({})).await;
    stage.work().await;
    let delivery = stage.delivery().await;
    assert_eq!((&delivery["state"], &delivery["cause"]), (&json!("held"), &json!("disconnected")));
    stage.connect(&stage.acme.owner.browser).await;
    stage.work().await;
    assert_eq!(stage.delivery().await["state"], "delivered");
}

#[tokio::test]
async fn a_deleted_contact_withdraws_what_waits() {
    let stage = Stage::of(3).await;
    let contact = stage.person(json!({})).await;
    stage.acme.owner.browser.delete(&format!("/api/contacts/{contact}")).await.expect(204);
    stage.work().await;
    let delivery = stage.delivery().await;
    assert_eq!((&delivery["state"], &delivery["cause"]), (&json!("dead"), &json!("withdrawn")));
    assert_eq!(list(&stage.outbound().await, "persons").len(), 0);
}

#[tokio::test]
async fn a_contact_that_is_deleted_while_its_lead_is_on_its_way_leaves_a_record_of_it() {
    let stage = Stage::of(3).await;
    stage
        .fault(
            json!({ "kind": "slow_ms", "ms": 1_500, "path": "/api/v2/persons", "method": "POST" }),
        )
        .await;
    let contact = stage.person(json!({})).await;
    let delete = async {
        let sending = async || stage.count("delivery where state = 'sending'").await == 1;
        super::super::stage::eventually("sending", sending).await;
        // The label and the marker's field go first.
        let person = async || {
            stage.count("delivery_attempt where step = 'person' and outcome = 'sending'").await == 1
        };
        super::super::stage::eventually("the person", person).await;
        stage.acme.owner.browser.delete(&format!("/api/contacts/{contact}")).await.expect(204);
    };
    tokio::join!(stage.work(), delete);
    let delivery = stage.delivery().await;
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    assert_eq!(delivery["remarks"][0]["code"], "contact_gone", "{delivery:#}");
    assert_eq!(stage.count("mapping").await, 0);
    assert_eq!(list(&stage.outbound().await, "persons").len(), 1);
}
