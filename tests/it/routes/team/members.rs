//! Roles, and leaving.

use futures_util::future::join_all;
use serde_json::json;
use tandem::policy::{Plan, Role};
use uuid::Uuid;

use super::log;
use crate::harness::{Member, TestHub};

fn path(member: &Member) -> String {
    format!("/api/team/members/{}", member.id)
}

#[tokio::test]
async fn nobody_gives_takes_or_changes_a_role_above_their_own() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let role = |role: Role| json!({ "role": role.word() });
    // An admin makes nobody an owner, and touches none.
    let answer = acme.admin.browser.patch(&path(&acme.consultant), role(Role::Owner)).await;
    assert_eq!(answer.problem(403), "role_above");
    let answer = acme.admin.browser.put(&path(&acme.owner), role(Role::Consultant)).await;
    assert_eq!(answer.problem(403), "role_above");
    assert_eq!(acme.admin.browser.delete(&path(&acme.owner)).await.problem(403), "role_above");
    // Nor themselves, whatever they write into the request.
    let tampered = json!({ "role": "owner", "own_role": "owner", "rank": 9 });
    let answer = acme.admin.browser.patch(&path(&acme.admin), tampered).await;
    assert_eq!(answer.problem(403), "role_above");
    for member in [&acme.golden_ticket, &acme.consultant] {
        let answer = member.browser.patch(&path(member), role(Role::Admin)).await;
        assert_eq!(answer.problem(403), "forbidden");
    }
    let word = json!({ "role": "emperor" });
    acme.owner.browser.patch(&path(&acme.admin), word).await.problem(400);
    assert_eq!(log(&hub).await, Vec::<String>::new());

    // Up to their own they may.
    let changed = acme.admin.browser.patch(&path(&acme.consultant), role(Role::Admin)).await;
    assert_eq!(changed.expect(200)["role"], "admin");
    // It counts from the next request on.
    let seen = acme.consultant.browser.get("/api/auth/session").await.expect(200);
    assert_eq!(seen["member"]["role"], "admin");
    assert_eq!(log(&hub).await, ["member.role_changed"]);
}

#[tokio::test]
async fn a_company_keeps_an_owner_however_many_go_at_once() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let admin = json!({ "role": "admin" });
    let alone = acme.owner.browser.patch(&path(&acme.owner), admin.clone()).await;
    assert_eq!(alone.problem(409), "last_owner");
    assert_eq!(acme.owner.browser.delete(&path(&acme.owner)).await.problem(409), "last_owner");

    let mut owners = vec![];
    for _ in 0..3 {
        owners.push(hub.member(acme.id, Role::Owner).await);
    }
    owners.push(acme.owner);
    // Half leave, half step down, all at once.
    let leaving = owners.iter().enumerate().map(|(at, owner)| {
        let (admin, path) = (admin.clone(), path(owner));
        async move {
            match at % 2 {
                0 => owner.browser.delete(&path).await,
                _ => owner.browser.patch(&path, admin).await,
            }
        }
    });
    let answers = join_all(leaving).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert_eq!(refused.len(), 1, "{answers:?}");
    assert_eq!(refused[0].problem(409), "last_owner");
    let left = "select count(*) from member where role = 'owner'";
    assert_eq!(hub.value::<i64>(left).await, 1);
}

#[tokio::test]
async fn whoever_is_removed_is_out_at_once_and_their_contacts_are_somebody_elses() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let gone = &acme.consultant;
    let key = json!({ "name": "Nightly", "role": "consultant" });
    gone.browser.post("/api/api-keys", key).await.expect(201);
    let made = gone.browser.post("/api/contacts", json!({ "full_name": "Carla" })).await;
    let contact = format!("/api/contacts/{}", made.expect(201)["id"].as_str().unwrap());

    let heir = format!("{}?contacts_to={}", path(gone), acme.golden_ticket.id);
    assert_eq!(acme.admin.browser.delete(&heir).await.expect(200)["contacts"], 1);
    assert_eq!(gone.browser.get("/api/auth/session").await.problem(401), "unauthenticated");
    assert_eq!(gone.browser.get(&contact).await.problem(401), "unauthenticated");
    let after = acme.owner.browser.get(&contact).await.expect(200);
    assert_eq!(after["owner"]["member_id"], acme.golden_ticket.id.to_string());
    // No import gives it back: a member decided.
    assert!(after["edited"].as_array().unwrap().contains(&json!("owner")), "{after}");
    assert_eq!(hub.value::<i64>("select count(*) from api_key").await, 0);
    assert_eq!(acme.admin.browser.delete(&path(gone)).await.problem(404), "not_found");

    // To nobody.
    assert_eq!(
        acme.owner.browser.delete(&path(&acme.golden_ticket)).await.expect(200)["contacts"],
        1
    );
    assert_eq!(acme.owner.browser.get(&contact).await.expect(200)["owner"], json!(null));
    let detail: String = hub
        .value(
            "select string_agg(detail::text, ' ' order by audit_id) from audit_log
             where action = 'member.removed'",
        )
        .await;
    assert!(!detail.contains('@') && !detail.contains("The "), "ids, never values: {detail}");
}

#[tokio::test]
async fn contacts_go_to_a_member_who_stays_and_to_nobody_else() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let globex = hub.company(Plan::Enterprise).await;
    let to = |heir: Uuid| format!("{}?contacts_to={heir}", path(&acme.consultant));
    let mut answers = Vec::new();
    for heir in [globex.owner.id.uuid(), Uuid::now_v7(), acme.consultant.id.uuid()] {
        let answer = acme.owner.browser.delete(&to(heir)).await;
        assert_eq!(answer.problem(400), "invalid");
        assert_eq!(answer.json()["fields"][0]["field"], "contacts_to");
        answers.push(answer.anonymous());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // Who only leaves hands nothing on.
    let own = format!("{}?contacts_to={}", path(&acme.consultant), acme.golden_ticket.id);
    assert_eq!(acme.consultant.browser.delete(&own).await.problem(403), "forbidden");
    acme.consultant.browser.delete(&path(&acme.consultant)).await.expect(200);
    assert_eq!(log(&hub).await, ["member.left"]);
}

#[tokio::test]
async fn a_contact_that_is_assigned_while_its_owner_is_removed_ends_with_the_heir_or_is_refused() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    for _ in 0..3 {
        let gone = hub.member(acme.id, Role::Consultant).await;
        let create = || {
            let form = json!({ "full_name": "Carla", "owner_member_id": gone.id.uuid() });
            acme.admin.browser.post("/api/contacts", form)
        };
        let heir = format!("{}?contacts_to={}", path(&gone), acme.golden_ticket.id);
        let (made, removed) = tokio::join!(join_all((0..6).map(|_| create())), async {
            acme.owner.browser.delete(&heir).await
        });
        removed.expect(200);
        let written = made.iter().filter(|answer| answer.status == 201).count();
        for answer in made.iter().filter(|answer| answer.status != 201) {
            assert_eq!(answer.problem(400), "invalid", "{}", answer.text);
        }
        let owned: i64 = sqlx::query_scalar(
            "with given as (delete from contact where owner_member_id = $1 returning 1)
             select count(*) from given",
        )
        .bind(acme.golden_ticket.id)
        .fetch_one(&hub.owner)
        .await
        .unwrap();
        assert_eq!(usize::try_from(owned).unwrap(), written, "somebody's contact was lost");
    }
}
