//! What makes a delivery: contacts that turn warm, meetings, pushes.

use serde_json::{Value, json};
use tandem::{jobs, policy::Plan};

use crate::{
    connections::{Rig, slug},
    harness::{Browser, TestHub},
};

pub(super) async fn warm(browser: &Browser, name: &str, warmness: i64) -> String {
    let form = json!({ "full_name": name, "warmness": warmness,
        "emails": [{ "value": format!("{name}@leads.example") }] });
    let made = browser.post("/api/contacts", form).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

pub(super) fn of(what: &str) -> String {
    format!("/api/integrations/{}/{what}", slug())
}

pub(super) async fn work(rig: &Rig) {
    jobs::drain(&rig.hub.hub).await.unwrap();
}

pub(super) async fn deliveries(rig: &Rig, query: &str) -> Vec<Value> {
    let path = format!("/api/deliveries?{query}");
    let page = rig.acme.owner.browser.get(&path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_contact_that_turns_warm_is_a_delivery_and_its_answer_waits_for_nobody() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    let cold = warm(owner, "cold", 3).await;
    assert!(deliveries(&rig, "").await.is_empty());
    let seen = owner.put(&format!("/api/contacts/{cold}"), json!({ "warmness": 4 })).await;
    let lead = &seen.expect(200)["leads"][0];
    assert_eq!((&lead["state"], &lead["provider"]), (&json!("queued"), &json!(slug())), "{lead}");
    let all = deliveries(&rig, "").await;
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["kind"], &all[0]["trigger"]), (&json!("warm_lead"), &json!("warmness")));
    assert_eq!(all[0]["contact"]["full_name"], "cold");
    assert_eq!(rig.status().await["deliveries"], json!({ "waiting": 1, "failing": 0, "held": 0 }));
    // Written again, it is the same delivery.
    owner.put(&format!("/api/contacts/{cold}"), json!({ "warmness": 9 })).await.expect(200);
    assert_eq!(deliveries(&rig, "").await.len(), 1);
    // One that is made warm is one at once.
    warm(owner, "hot", 10).await;
    assert_eq!(deliveries(&rig, "").await.len(), 2);
    work(&rig).await;
    let path = format!("/api/contacts/{cold}");
    let contact = owner.get(&path).await.expect(200);
    assert_eq!(contact["leads"][0]["state"], "delivered", "{contact}");
    assert_eq!(contact["linked"][0]["state"], "linked");
    assert_eq!(deliveries(&rig, "state=delivered").await.len(), 2);
}

#[tokio::test]
async fn members_who_raise_the_same_contact_at_the_same_moment_make_one_delivery() {
    let rig = Rig::connected().await;
    let id = warm(&rig.acme.owner.browser, "ada", 0).await;
    let path = format!("/api/contacts/{id}");
    let browsers = [&rig.acme.owner.browser, &rig.acme.admin.browser];
    let all = futures_util::future::join_all(
        (0..20).map(|at| browsers[at % 2].put(&path, json!({ "warmness": 5 + at % 5 }))),
    )
    .await;
    assert!(all.iter().all(|answer| answer.status == 200));
    assert_eq!(rig.hub.value::<i64>("select count(*) from delivery").await, 1);
    assert_eq!(rig.hub.value::<i64>("select count(*) from job where kind = 'deliver'").await, 1);
    work(&rig).await;
    assert_eq!(rig.hub.value::<i64>("select count(*) from mapping").await, 1, "one person");
}

#[tokio::test]
async fn what_is_no_warmness_makes_nothing_warm() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    let id = warm(owner, "ada", 0).await;
    for wrong in [json!(-1), json!(11), json!(4.5), json!("7"), json!(99_999_999)] {
        for answer in [
            owner.put(&format!("/api/contacts/{id}"), json!({ "warmness": wrong })).await,
            owner.post("/api/contacts", json!({ "full_name": "X", "warmness": wrong })).await,
        ] {
            assert_eq!(answer.status, 400, "{wrong} {}", answer.text);
        }
    }
    for nameless in [json!({ "warmness": 9 }), json!({ "full_name": " ", "warmness": 9 })] {
        assert_eq!(owner.post("/api/contacts", nameless).await.status, 400);
    }
    assert_eq!(rig.hub.value::<i64>("select count(*) from delivery").await, 0);
}

#[tokio::test]
async fn a_booked_meeting_makes_a_lead_before_its_activity_whatever_the_warmness() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    let id = warm(owner, "ada", 0).await;
    let call = json!({ "contact_id": id, "kind": "CALL" });
    owner.post("/api/activities", call).await.expect(201);
    let declined = json!({ "contact_id": id, "kind": "MEETING", "due_at": "2099-01-01T10:00:00Z",
        "booked": false });
    owner.post("/api/activities", declined).await.expect(201);
    assert!(deliveries(&rig, "").await.is_empty(), "a call is no meeting, and no person is there");
    let meeting = json!({ "contact_id": id, "kind": "MEETING", "due_at": "2099-01-01T10:00:00Z" });
    let meeting = owner.post("/api/activities", meeting).await.expect(201);
    assert_eq!(meeting["copies"][0]["delivery"]["state"], "queued");
    let kinds: Vec<String> = sqlx::query_scalar("select kind from delivery order by seq")
        .fetch_all(&rig.hub.owner)
        .await
        .unwrap();
    assert_eq!(kinds, ["warm_lead", "activity_create"]);
    work(&rig).await;
    let path = format!("/api/activities/{}/sync-status", meeting["id"].as_str().unwrap());
    let status = owner.get(&path).await.expect(200);
    assert_eq!(status["synced"], true, "{status}");
    assert!(status["pipedriveActivityId"].is_string() && status["syncAttempts"] == 1, "{status}");
    // An edit is on its way until it is there.
    let path = format!("/api/activities/{}", meeting["id"].as_str().unwrap());
    owner.put(&path, json!({ "subject": "Another time" })).await.expect(200);
    let status = owner.get(&format!("{path}/sync-status")).await.expect(200);
    assert_eq!(status["synced"], false);
    work(&rig).await;
    let status = owner.get(&format!("{path}/sync-status")).await.expect(200);
    assert_eq!(status["synced"], true);
}

#[tokio::test]
async fn a_deleted_contact_takes_its_waiting_deliveries_along() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    let id = warm(owner, "ada", 5).await;
    owner.delete(&format!("/api/contacts/{id}")).await.expect(204);
    let all = deliveries(&rig, "").await;
    assert_eq!((&all[0]["state"], &all[0]["cause"]), (&json!("dead"), &json!("withdrawn")));
    assert_eq!(
        (&all[0]["contact"]["full_name"], &all[0]["can_retry"]),
        (&json!(null), &json!(false))
    );
    let path = format!("/api/deliveries/{}/retry", all[0]["id"].as_str().unwrap());
    assert_eq!(owner.post(&path, json!({})).await.problem(409), "contact_gone");
    assert_eq!(rig.status().await["deliveries"]["failing"], 0);
}

#[tokio::test]
async fn checking_a_warm_lead_answers_with_its_outcome_or_with_what_is_under_way() {
    let rig = Rig::connected().await;
    let owner = &rig.acme.owner.browser;
    let check = async |id: &str| {
        owner.post(&format!("/api/contacts/{id}/check-warm-lead"), json!({})).await
    };
    let cold = check(&warm(owner, "cold", 1).await).await.expect(200);
    assert_eq!(
        cold,
        json!({ "success": true, "isWarmLead": false, "pipedrivePersonId": null,
        "delivery": null })
    );
    let id = warm(owner, "ada", 8).await;
    // Nobody works: it is still queued within five seconds.
    let begun = std::time::Instant::now();
    let waiting = check(&id).await.expect(200);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(
        (&waiting["isWarmLead"], &waiting["delivery"]["state"]),
        (&json!(true), &json!("queued"))
    );
    // Somebody works: the answer is the outcome.
    let stopping = tokio_util::sync::CancellationToken::new();
    let asked = async {
        let done = check(&id).await.expect(200);
        stopping.cancel();
        done
    };
    let ((), done) = tokio::join!(jobs::run(rig.hub.hub.clone(), 1, stopping.clone()), asked);
    assert_eq!(done["delivery"]["state"], "delivered", "{done}");
    assert!(done["pipedrivePersonId"].is_string() && done["success"] == true, "{done}");
    assert_eq!(done["delivery"]["remote_id"], done["pipedrivePersonId"]);
    assert!(done["delivery"]["url"].is_string());
}

#[tokio::test]
async fn checking_without_a_crm_or_a_contact_says_what_is_missing() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let id = warm(&acme.admin.browser, "ada", 8).await;
    let check = |id: &str| format!("/api/contacts/{id}/check-warm-lead");
    let answer = acme.admin.browser.post(&check(&id), json!({})).await;
    assert_eq!(answer.problem(400), "not_connected");
    for id in [id, uuid::Uuid::now_v7().to_string()] {
        let answer = acme.consultant.browser.post(&check(&id), json!({})).await;
        assert_eq!(answer.problem(404), "not_found");
    }
    assert_eq!(acme.admin.browser.get(&of("push")).await.problem(404), "not_connected");
    let status = format!("/api/{}/status", slug());
    assert_eq!(acme.admin.browser.get(&status).await.problem(404), "not_connected");
}

#[tokio::test]
async fn a_push_says_of_each_contact_what_became_of_it() {
    let rig = Rig::connected().await;
    let (owner, consultant) = (&rig.acme.owner.browser, &rig.acme.consultant.browser);
    let sent = warm(owner, "sent", 9).await;
    work(&rig).await;
    let waiting = warm(owner, "waiting", 9).await;
    let cold = warm(owner, "cold", 0).await;
    let nobody = uuid::Uuid::now_v7().to_string();
    let ids = json!([sent, waiting, cold, nobody]);
    let outcomes = async |browser: &Browser, path: &str, form: Value| -> Vec<Value> {
        let done = browser.post(path, form).await.expect(200);
        done["items"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect()
    };
    let warm_ones = json!({ "contact_ids": ids, "trigger": "warm" });
    assert_eq!(
        outcomes(owner, &of("push"), warm_ones.clone()).await,
        ["linked", "before", "not_warm", "not_found"]
    );
    // A colleague's contacts are as missing as any.
    let theirs = outcomes(consultant, &of("push"), warm_ones).await;
    assert_eq!(theirs, vec![json!("not_found"); 4]);
    let alias = format!("/api/{}/sync", slug());
    let meeting = json!({ "contact_ids": [cold], "trigger": "meeting" });
    assert_eq!(outcomes(owner, &alias, meeting).await, ["queued"]);
    for (field, form) in [
        ("contact_ids", json!({ "contact_ids": [] })),
        ("contact_ids", json!({ "contact_ids": vec![nobody.clone(); 501] })),
        ("trigger", json!({ "trigger": "warm" })),
        ("dry_run", json!({ "contact_ids": [nobody], "dry_run": true })),
    ] {
        let answer = owner.post(&of("push"), form).await;
        assert_eq!(answer.problem(400), "invalid");
        assert_eq!(answer.json()["fields"][0]["field"], field);
    }
}

#[tokio::test]
async fn a_push_of_all_is_counted_first_and_sends_who_qualifies_once() {
    let rig = Rig::new().await;
    let (owner, consultant) = (&rig.acme.owner.browser, &rig.acme.consultant.browser);
    for at in 0..120 {
        warm(owner, &format!("lead-{at}"), 4 + at % 6).await;
    }
    warm(owner, "cold", 3).await;
    warm(consultant, "own", 7).await;
    rig.connect(crate::connections::NORDWIND).await;
    assert_eq!(
        rig.hub.value::<i64>("select count(*) from delivery").await,
        0,
        "connecting pushes nothing"
    );
    assert_eq!(owner.get(&of("push")).await.expect(200)["qualifying"], 121);
    assert_eq!(consultant.get(&of("push")).await.expect(200)["qualifying"], 1);
    let dry = owner.post(&of("push"), json!({ "dry_run": true })).await.expect(200);
    assert_eq!((&dry["queued"], &dry["remaining"]), (&json!(0), &json!(121)));
    let mine = consultant.post(&of("push"), json!({})).await.expect(200);
    assert_eq!((&mine["queued"], &mine["remaining"]), (&json!(1), &json!(0)));
    let push = of("push");
    let (one, other) = tokio::join!(owner.post(&push, json!({})), owner.post(&push, json!({})));
    let queued = |answer: &crate::harness::Answer| answer.expect(200)["queued"].as_i64().unwrap();
    assert_eq!(queued(&one) + queued(&other), 120, "two at once make no lead twice");
    assert_eq!(rig.hub.value::<i64>("select count(*) from delivery").await, 121);
    assert_eq!(rig.hub.value::<i64>("select count(*) from job where kind = 'deliver'").await, 121);
    work(&rig).await;
    let status = owner.get(&format!("/api/{}/status", slug())).await.expect(200);
    assert_eq!(status["deliveries"]["delivered"], 121, "{status}");
}

#[tokio::test]
async fn what_is_paused_is_held_and_says_so() {
    let rig = Rig::connected().await;
    rig.owner("update connection set state = 'paused'").await;
    let id = warm(&rig.acme.owner.browser, "ada", 8).await;
    let contact = rig.acme.owner.browser.get(&format!("/api/contacts/{id}")).await.expect(200);
    assert_eq!(
        (&contact["leads"][0]["state"], &contact["leads"][0]["cause"]),
        (&json!("held"), &json!("paused"))
    );
    assert_eq!(rig.status().await["deliveries"]["held"], 1);
    let path = format!("/api/contacts/{id}/check-warm-lead");
    let checked = rig.acme.owner.browser.post(&path, json!({})).await.expect(200);
    assert_eq!(checked["delivery"]["state"], "held");
}
