//! Rights that end between the button and the stored token, also while the provider is thinking.

use std::time::Duration;

use serde_json::json;
use tandem::policy::{Plan, Role};

use super::{
    End, Stage,
    stage::{asked, page},
};
use crate::{
    connections::{NORDWIND, callback, slug},
    harness::Answer,
};

/// Long enough to do something in; only waited for while something is done.
const THINKING_MS: u64 = 1_500;

const TOKEN: &str = "POST /oauth/token";

/// Opens the callback and, once the provider has been asked, does something else.
async fn while_thinking(stage: &Stage, back: &str, meanwhile: impl Future<Output = ()>) -> Answer {
    let before = asked(&stage.rig.crm, TOKEN).await;
    stage.rig.crm.slow_token(THINKING_MS).await;
    let then = async {
        while asked(&stage.rig.crm, TOKEN).await == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        meanwhile.await;
    };
    tokio::join!(stage.owner().get(back), then).0
}

async fn set_role(stage: &Stage, role: Role) {
    sqlx::query("update member set role = $1 where member_id = $2")
        .bind(role.word())
        .bind(stage.rig.acme.owner.id)
        .execute(&stage.rig.hub.owner)
        .await
        .unwrap();
}

async fn set_plan(stage: &Stage, plan: Plan) {
    sqlx::query("update company set plan = $1 where company_id = $2")
        .bind(plan.word())
        .bind(stage.rig.acme.id)
        .execute(&stage.rig.hub.owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn rights_that_ended_before_the_answer_came_connect_nothing() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    for role in [Role::GoldenTicket, Role::Consultant] {
        set_role(&stage, role).await;
        let answer = stage.owner().get(&back).await;
        let name = format!("lowered to {role} meanwhile");
        stage.judge(&name, &before, &answer, End::refused("forbidden")).await;
    }
    set_role(&stage, Role::Owner).await;
    for plan in [Plan::Free, Plan::Growth] {
        set_plan(&stage, plan).await;
        let answer = stage.owner().get(&back).await;
        let name = format!("downgraded to {plan} meanwhile");
        stage.judge(&name, &before, &answer, End::refused("plan")).await;
    }
    set_plan(&stage, Plan::Business).await;
    sqlx::query("delete from session where member_id = $1")
        .bind(stage.rig.acme.owner.id)
        .execute(&stage.rig.hub.owner)
        .await
        .unwrap();
    let answer = stage.owner().get(&back).await;
    let name = "all sessions ended meanwhile, as a new password does";
    stage.judge(name, &before, &answer, End::refused("signed_out")).await;
    stage.verdict(5);
}

#[tokio::test]
async fn rights_that_end_while_the_provider_thinks_connect_nothing() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let answer = while_thinking(&stage, &back, set_role(&stage, Role::Consultant)).await;
    let end = End::refused("forbidden").after_asking(1).given_back(1);
    stage.judge("lowered while the provider thinks", &before, &answer, end).await;

    set_role(&stage, Role::Owner).await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let answer = while_thinking(&stage, &back, set_plan(&stage, Plan::Starter)).await;
    let end = End::refused("plan").after_asking(1).given_back(1);
    stage.judge("downgraded while the provider thinks", &before, &answer, end).await;

    // The same of a connection that there is: its grant is the same install, and must live on.
    set_plan(&stage, Plan::Business).await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    assert!(page(&stage.owner().get(&back).await).ends_with("connected"));
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let answer = while_thinking(&stage, &back, set_role(&stage, Role::Consultant)).await;
    let end = End::refused("forbidden").after_asking(1);
    stage.judge("lowered while a reconnect is under way", &before, &answer, end).await;
    stage.verdict(3);
}

#[tokio::test]
async fn a_member_who_is_removed_while_the_provider_thinks_connects_nothing() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let remove = async {
        sqlx::query("delete from member where member_id = $1")
            .bind(stage.rig.acme.owner.id)
            .execute(&stage.rig.hub.owner)
            .await
            .unwrap();
    };
    let answer = while_thinking(&stage, &back, remove).await;
    let end = End::refused("forbidden").after_asking(1).given_back(1);
    stage.judge("removed while the provider thinks", &before, &answer, end).await;
    stage.verdict(1);
}

#[tokio::test]
async fn a_downgrade_beside_a_callback_leaves_no_connection_that_runs() {
    let mut stage = Stage::new().await;
    for round in 0..6 {
        let back = stage.consent(stage.owner(), NORDWIND).await;
        let downgrade = async {
            tokio::time::sleep(Duration::from_millis(4 * round)).await;
            stage.owner().post("/api/billing/plan", json!({ "plan": "free" })).await
        };
        let (answer, _) = tokio::join!(stage.owner().get(&back), downgrade);
        let running: i64 = stage
            .rig
            .hub
            .value(
                "select count(*) from connection join company using (company_id)
                 where state = 'active' and plan = 'free'",
            )
            .await;
        let wrong = (running > 0).then(|| format!("{} and it runs", page(&answer)));
        stage.note("a downgrade at the same moment", wrong.into_iter().collect());
        set_plan(&stage, Plan::Business).await;
        stage.rig.owner("delete from connection").await;
    }
    stage.verdict(6);
}

#[tokio::test]
async fn a_callback_beside_a_disconnect_leaves_one_of_the_two() {
    let mut stage = Stage::connected().await;
    let disconnect = format!("/api/integrations/{}/disconnect", slug());
    for round in 0..4 {
        let back = stage.consent(stage.owner(), NORDWIND).await;
        let end = async {
            tokio::time::sleep(Duration::from_millis(4 * round)).await;
            stage.owner().post(&disconnect, json!({})).await
        };
        let (answer, _) = tokio::join!(stage.owner().get(&back), end);
        // Never a row that says one thing and holds another.
        let odd: i64 = stage
            .rig
            .hub
            .value(
                "select count(*) from connection
                 where (state = 'disconnected') <> (access_token is null)",
            )
            .await;
        let mut wrong = Vec::new();
        if odd > 0 || answer.status != 303 {
            wrong.push(format!("{}, {odd} odd rows", page(&answer)));
        }
        stage.note("a callback beside a disconnect", wrong);
    }
    assert_eq!(stage.rig.hub.value::<i64>("select count(*) from connection").await, 1);
    // Whatever came of it: nobody is stuck.
    let back = stage.consent(stage.owner(), NORDWIND).await;
    assert!(page(&stage.owner().get(&back).await).ends_with("connected"));
    assert_eq!(page(&stage.owner().get(&callback("")).await).matches("state_missing").count(), 1);
    stage.verdict(4);
}
