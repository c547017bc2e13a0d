//! The answer to a lead is lost, and the CRM's own word of the new person comes before anybody has looked:
//! the person is our lead and nobody else, also one without an address and without a number.

use chrono::TimeDelta;
use serde_json::json;

use super::stage::{BASIC, SIGNED, Stage, TOKEN};
use crate::flows::stage::eventually;

/// A lead with or without addresses, at an account with or without a field for our mark. The field is made
/// with the first lead that may have a mark, so the others come first.
const LEADS: [(&str, bool, bool); 4] = [
    ("Grace Hopper", false, false),
    ("Ada Lovelace", true, false),
    ("Alan Turing", false, true),
    ("Joan Clarke", true, true),
];

/// What hints and runs have to do now; deliveries and what is to be read again later wait.
async fn read_hints(stage: &Stage) {
    for _ in 0..4 {
        stage
            .sql("update job set run_at = now() where state = 'ready' and kind = 'hooks_work'")
            .await;
        stage.work().await;
    }
}

async fn nobody_is_taken_for_somebody_else(slug: &'static str, creates: &[&'static str]) {
    let stage = Stage::imported(slug).await;
    let browser = &stage.acme.owner.browser;
    for (nth, (name, reachable, marked)) in LEADS.into_iter().enumerate() {
        let refused = "update connection set reference_refused_at = now() + interval '1 hour'";
        let may = "update connection set reference_refused_at = null";
        stage.sql(if marked { may } else { refused }).await;
        for path in creates {
            let fault = json!({ "kind": "applied_reset", "method": "POST", "path": path });
            stage.control("/faults", fault).await;
        }
        let (contacts, events) = (stage.count("contact").await, stage.count("hook_event").await);
        let mut lead = json!({ "full_name": name, "warmness": 5 });
        if reachable {
            lead["emails"] = json!([{ "value": format!("lead{nth}@hopper.example") }]);
            lead["phones"] = json!([{ "value": format!("+49 30 90182{nth}") }]);
        }
        browser.post("/api/contacts", lead).await.expect(201);
        stage.work().await;
        let is_unknown = "delivery where state = 'unknown'";
        assert_eq!(stage.count(is_unknown).await, 1, "{slug}: the answer was lost");
        eventually("the CRM's call", || async { stage.count("hook_event").await > events }).await;
        read_hints(&stage).await;

        assert_eq!(stage.count(is_unknown).await, 1, "{slug}: it was read before anybody looked");
        assert_eq!(stage.count("contact").await, contacts + 1, "{slug}: {name} is the lead");
        let run = stage.runs().await.into_iter().find(|run| run["by_webhook"] == true).unwrap();
        assert_eq!(
            (&run["counts"]["skipped"], &run["adds_up"]),
            (&json!(1), &json!(true)),
            "{run:#}"
        );
        let path = format!("/api/sync-logs/{}/entries", run["id"].as_str().unwrap());
        let entries = browser.get(&path).await.expect(200);
        let reason = entries["items"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("a lead of yours"), "{reason}");

        // It is looked for and found; then it is read again, and is no news.
        // The CRM has a clock of its own, which nobody moves: all four take less than a minute of ours.
        for _ in 0..4 {
            stage.hub.pass(TimeDelta::seconds(3)).await;
            stage.sql("update job set run_at = now() where state = 'ready'").await;
            stage.work().await;
        }
        let deliveries = browser.get("/api/deliveries?limit=10").await.expect(200);
        let deliveries = deliveries["items"].as_array().unwrap();
        assert_eq!(deliveries.len(), nth + 1);
        for delivery in deliveries {
            assert_eq!(delivery["state"], "delivered", "{slug}: {delivery:#}");
        }
        assert_eq!(stage.count("contact").await, contacts + 1, "{slug}: {name}");
        let linked: i64 = sqlx::query_scalar(
            "select count(*) from mapping join contact using (company_id, contact_id)
             where kind = 'person' and full_name = $1",
        )
        .bind(name)
        .fetch_one(&stage.hub.owner)
        .await
        .unwrap();
        assert_eq!(linked, 1, "{slug}: {name}");
        let runs = stage.runs().await;
        assert!(runs.iter().all(|run| run["state"] == "completed"), "{runs:#?}");
        let again = runs.iter().find(|run| run["by_schedule"] == true).unwrap();
        assert_eq!((&again["mode"], &again["seen"]), (&json!("selective"), &json!(1)), "{again:#}");
        assert_eq!(again["counts"]["unchanged"], 1, "{again:#}");
        let there = stage.told("/truth/outbound").await;
        assert_eq!(there["persons"].as_array().map(Vec::len), Some(nth + 1), "{there:#}");
    }
}

#[tokio::test]
async fn a_lost_lead_comes_back_as_itself_from_a_crm_with_basic_credentials() {
    nobody_is_taken_for_somebody_else(BASIC, &["/api/v2/persons$"]).await;
}

#[tokio::test]
async fn a_lost_lead_comes_back_as_itself_from_a_crm_that_signs() {
    let creates = ["/contacts/batch/upsert$", "/objects/2026-09/contacts$"];
    nobody_is_taken_for_somebody_else(SIGNED, &creates).await;
}

#[tokio::test]
async fn a_lost_lead_comes_back_as_itself_from_a_crm_with_channels_that_end() {
    nobody_is_taken_for_somebody_else(TOKEN, &["/v8/Contacts/upsert$", "/v8/Contacts$"]).await;
}

/// A stranger who came in the same minute is taken in at once.
#[tokio::test]
async fn nobody_else_waits_for_what_became_of_a_lead() {
    let stage = Stage::imported(BASIC).await;
    let fault = json!({ "kind": "applied_reset", "method": "POST", "path": "/api/v2/persons$" });
    stage.control("/faults", fault).await;
    let grace = json!({ "full_name": "Grace Hopper", "warmness": 5 });
    stage.acme.owner.browser.post("/api/contacts", grace).await.expect(201);
    stage.work().await;
    let done = stage.control("/persons/mutate", json!({ "create": 1 })).await;
    let stranger = done["created"][0].to_string();
    eventually("both calls", || async { stage.count("hook_event").await == 2 }).await;
    read_hints(&stage).await;
    assert!(stage.last_name(&stranger).await.is_some(), "{stranger}");
    let runs = stage.runs().await;
    let both = runs.iter().find(|run| run["by_webhook"] == true).unwrap();
    assert_eq!((&both["counts"]["created"], &both["counts"]["skipped"]), (&json!(1), &json!(1)));
}
