//! `Idempotency-Key`: the same request again has the same answer and no second effect.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tandem::{
    db::{self, Scope},
    flows::idempotency::{self, Answer, Claim, Verdict},
    policy::Plan,
};

use crate::harness::{self, Browser, TestHub};

const CONTACTS: &str = "/api/contacts";

async fn post(browser: &Browser, path: &str, key: &str, body: &Value) -> harness::Answer {
    let request = browser.request(Method::POST, path).header("idempotency-key", key);
    browser.send(request.json(body)).await
}

fn is_replay(answer: &harness::Answer) -> bool {
    answer.header("idempotency-replayed") == "true"
}

async fn contacts(hub: &TestHub) -> i64 {
    hub.value("select count(*) from contact").await
}

#[tokio::test]
async fn the_same_request_is_done_once_and_answered_alike() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let form = json!({ "full_name": "Ada", "emails": [{ "value": "ada@example.com" }] });
    let first = post(&acme.owner.browser, CONTACTS, "k-1", &form).await;
    let again = post(&acme.owner.browser, CONTACTS, "k-1", &form).await;
    first.expect(201);
    assert!(!is_replay(&first) && is_replay(&again));
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(first.header("content-type"), again.header("content-type"));
    assert_eq!(contacts(&hub).await, 1);
    // Without a key, or with a new one, it is another request: the address is taken.
    assert_eq!(acme.owner.browser.post(CONTACTS, form.clone()).await.problem(409), "duplicate");
    assert_eq!(post(&acme.owner.browser, CONTACTS, "k-2", &form).await.problem(409), "duplicate");
    let counted: i64 = hub.value("select contacts from book").await;
    assert_eq!(counted, 1);
}

#[tokio::test]
async fn a_lost_secret_is_shown_again_and_stored_for_nobody_else() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let form = json!({ "name": "Nightly", "role": "admin" });
    let first = post(&acme.owner.browser, "/api/api-keys", "k", &form).await;
    let again = post(&acme.owner.browser, "/api/api-keys", "k", &form).await;
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(hub.value::<i64>("select count(*) from api_key").await, 1);
    let sealed: Vec<u8> = hub.value("select answer from idempotency_key").await;
    let secret = first.json()["secret"].as_str().unwrap().to_owned();
    for part in [&*secret, &secret[16..], "Nightly"] {
        assert!(!sealed.windows(part.len()).any(|window| window == part.as_bytes()), "{part}");
    }
    // Moved to another row it does not open.
    sqlx::query("update idempotency_key set claim_id = gen_random_uuid()")
        .execute(&hub.owner)
        .await
        .unwrap();
    let lost = post(&acme.owner.browser, "/api/api-keys", "k", &form).await;
    assert_eq!(lost.problem(409), "answer_lost");
}

#[tokio::test]
async fn a_key_names_one_request_of_one_caller() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let globex = hub.company(Plan::Business).await;
    let form = |name: &str| json!({ "full_name": name });
    let owner = &acme.owner.browser;
    post(owner, CONTACTS, "k", &form("A")).await.expect(201);
    let other = post(owner, CONTACTS, "k", &form("B")).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    // Another operation, another member and another company have keys of their own.
    let key = json!({ "name": "X", "role": "admin" });
    assert!(!is_replay(&post(owner, "/api/api-keys", "k", &key).await));
    for browser in [&acme.admin.browser, &globex.owner.browser] {
        let answer = post(browser, CONTACTS, "k", &form("A")).await;
        answer.expect(201);
        assert!(!is_replay(&answer));
    }
    assert_eq!(contacts(&hub).await, 3);
    // So has a script, whose key is the member's no more than its role is.
    let secret = owner.post("/api/api-keys", key).await.expect(201)["secret"].clone();
    let token = hub.stranger().post("/api/auth/token", json!({ "api_key": secret })).await;
    let token = token.expect(200)["access_token"].as_str().unwrap().to_owned();
    let script = hub.stranger();
    let ask = || {
        let request = script.bare(Method::POST, CONTACTS).bearer_auth(&token);
        script.send(request.header("idempotency-key", "k").json(&form("A")))
    };
    assert!(!is_replay(&ask().await) && is_replay(&ask().await));
    assert_eq!(contacts(&hub).await, 4);
}

#[tokio::test]
async fn thirty_at_once_are_one() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let form = json!({ "full_name": "Ada" });
    let all = join_all((0..30).map(|_| post(&acme.owner.browser, CONTACTS, "k", &form))).await;
    let mut bodies = std::collections::BTreeSet::new();
    for answer in &all {
        if answer.status == 201 {
            bodies.insert(&answer.text);
        } else {
            assert_eq!(answer.problem(409), "request_under_way");
        }
    }
    assert_eq!(bodies.len(), 1);
    assert_eq!(all.iter().filter(|one| one.status == 201 && !is_replay(one)).count(), 1);
    assert_eq!(contacts(&hub).await, 1);
}

#[tokio::test]
async fn what_fails_leaves_the_key_free() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let wrong = json!({ "full_name": "" });
    assert_eq!(post(browser, CONTACTS, "k", &wrong).await.problem(400), "invalid");
    assert_eq!(post(browser, CONTACTS, "k", &json!([])).await.problem(400), "invalid");
    let stranger = hub.stranger();
    assert_eq!(post(&stranger, CONTACTS, "k", &wrong).await.problem(401), "unauthenticated");
    // Nor does a commit that fails keep an answer, or the key.
    for sql in [
        "create function refuse() returns trigger language plpgsql as
             $$ begin raise exception 'no'; end $$",
        "grant execute on function refuse() to public",
        "create constraint trigger refuse after insert on contact initially deferred
             for each row execute function refuse()",
    ] {
        sqlx::query(sql).execute(&hub.owner).await.unwrap();
    }
    let right = json!({ "full_name": "Ada" });
    assert_eq!(post(browser, CONTACTS, "k", &right).await.problem(500), "internal");
    assert_eq!(hub.value::<i64>("select count(*) from idempotency_key").await, 0);
    sqlx::query("drop trigger refuse on contact").execute(&hub.owner).await.unwrap();
    let answer = post(browser, CONTACTS, "k", &right).await;
    answer.expect(201);
    assert!(!is_replay(&answer));
}

#[tokio::test]
async fn a_key_is_one_short_text() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let browser = &acme.owner.browser;
    let request = || browser.request(Method::POST, CONTACTS).json(&json!({ "full_name": "Ada" }));
    let long = "k".repeat(256);
    for wrong in [
        request().header("idempotency-key", ""),
        request().header("idempotency-key", &long),
        request().header("idempotency-key", "schlüssel"),
        request().header("idempotency-key", "a").header("idempotency-key", "b"),
    ] {
        let answer = browser.send(wrong).await;
        assert_eq!(answer.problem(400), "invalid");
        assert_eq!(answer.json()["fields"][0]["field"], "Idempotency-Key");
    }
    browser.send(request().header("idempotency-key", &long[1..])).await.expect(201);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_and_then_forgotten() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let rows = "select count(*) from idempotency_key";
    let ask = || async {
        // Members sign in again each day; their keys stay theirs.
        sqlx::query("update session set seen_at = now() + interval '1 day', expires_at = now() + interval '9 days'")
            .execute(&hub.owner)
            .await
            .unwrap();
        post(&acme.owner.browser, CONTACTS, "k", &json!({ "full_name": "Ada" })).await
    };
    ask().await.expect(201);
    hub.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(30));
    assert!(is_replay(&ask().await));
    idempotency::sweep(&hub.hub, acme.id).await.unwrap();
    assert_eq!(hub.value::<i64>(rows).await, 1);
    hub.clock.advance(TimeDelta::minutes(1));
    assert!(!is_replay(&ask().await));
    assert_eq!(contacts(&hub).await, 2);
    hub.clock.advance(TimeDelta::hours(25));
    idempotency::sweep(&hub.hub, acme.id).await.unwrap();
    assert_eq!(hub.value::<i64>(rows).await, 0);
}

#[tokio::test]
async fn work_whose_process_died_is_taken_over_and_fences_the_first() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let take = || async {
        let words = ("POST /contacts", "k");
        let (company, caller) = (acme.id, acme.owner.id.uuid());
        idempotency::claim(&hub.hub, company, caller, words, &[7; 32]).await.unwrap()
    };
    let claim = |verdict: Verdict| -> Claim {
        let Verdict::Do(claim) = verdict else { panic!("not ours to do") };
        claim
    };
    let first = claim(take().await);
    assert!(matches!(take().await, Verdict::Busy));
    hub.clock.advance(TimeDelta::minutes(3));
    let second = claim(take().await);

    let answer = |status| Answer { status, body: Some("{}".into()) };
    let mut tx = hub.db.tenant(acme.id, Scope::All).await.unwrap();
    db::book::count(&mut tx, 1).await.unwrap();
    assert!(first.keep(&mut tx, &answer(201)).await.is_err());
    drop(tx);
    // Nor does its release free what is another's now.
    first.release(&hub.hub).await.unwrap();
    assert!(matches!(take().await, Verdict::Busy));
    second.settle(&hub.hub, &answer(202)).await.unwrap();
    assert!(matches!(take().await, Verdict::Say(Answer { status: 202, .. })));
    assert!(first.settle(&hub.hub, &answer(201)).await.is_err());
}

#[tokio::test]
async fn operations_of_several_steps_answer_alike_too() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let browser = &acme.owner.browser;
    let plan = json!({ "plan": "teams" });
    let first = post(browser, "/api/billing/plan", "k", &plan).await;
    let back = json!({ "plan": "enterprise" });
    post(browser, "/api/billing/plan", "other", &back).await.expect(200);
    let again = post(browser, "/api/billing/plan", "k", &plan).await;
    assert_eq!(first.expect(200), again.expect(200));
    assert!(is_replay(&again));
    // Said again, not done again.
    assert_eq!(hub.value::<String>("select plan from company").await, "enterprise");
}
