//! That a CRM goes on telling: channels are opened, looked for, replaced before they end, and what was
//! missed meanwhile is read.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::stage::{BASIC, SIGNED, Stage, TOKEN};

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn opened(stage: &Stage) -> i64 {
    let requests = stage.told("/counters").await["requests"].clone();
    let all = requests.as_object().unwrap();
    let of = |(route, count): (&String, &Value)| {
        let opens = route.starts_with("POST /api/v1/webhooks")
            || route.starts_with("POST /crm/v8/actions/watch");
        opens.then(|| count.as_i64().unwrap())
    };
    all.iter().filter_map(of).sum()
}

#[tokio::test]
async fn a_channel_that_ends_is_replaced_long_before() {
    let stage = Stage::imported(TOKEN).await;
    let webhooks = stage.connection().await["webhooks"].clone();
    let (now, until) = (stage.hub.clock.now(), time(&webhooks["until"]));
    assert_eq!(webhooks["state"], "on", "{webhooks:#}");
    assert!(until > now + TimeDelta::days(5) && until < now + TimeDelta::days(7), "{webhooks:#}");
    assert_eq!(opened(&stage).await, 1);
    let first = stage.known().await;
    stage.settle().await;

    stage.later(TimeDelta::days(2)).await;
    assert_eq!(opened(&stage).await, 1, "it is early");
    // The stand-in has a clock of its own, and would take six days from ours for more than a week.
    stage.hub.clock.advance(TimeDelta::days(-2));
    stage
        .sql(
            "update hook_channel set asked_at = asked_at - interval '4 days',
                                       until = until - interval '4 days'",
        )
        .await;
    stage.sql("update connection set hooks_due_at = now()").await;
    stage.later(TimeDelta::seconds(1)).await;
    assert_eq!(opened(&stage).await, 2);
    assert_eq!(stage.count("hook_channel").await, 1);
    let next = stage.connection().await["webhooks"].clone();
    assert!(time(&next["until"]) > stage.hub.clock.now() + TimeDelta::days(5), "{next:#}");
    assert_eq!(stage.count("connection where hooks_missed").await, 0, "nothing was missed");
    let second = stage.known().await;
    assert!(second.path != first.path && second.secret != first.secret);
    let closed = stage.told("/counters").await["requests"].to_string();
    assert!(closed.contains("DELETE /crm/v8/actions/watch"), "{closed}");
}

#[tokio::test]
async fn what_happened_while_no_channel_was_open_is_read() {
    let stage = Stage::imported(TOKEN).await;
    let person = stage.somebody().await;
    stage.control("/webhooks/end", json!({})).await;
    let change = json!({ "change_ids": [person.parse::<u64>().unwrap()] });
    stage.control("/persons/mutate", change).await;
    stage.settle().await;
    assert!(!stage.last_name(&person).await.unwrap().starts_with("Changed-"), "nobody told");

    stage.sql("update hook_channel set until = now() - interval '1 minute'").await;
    stage.sql("update connection set hooks_due_at = now()").await;
    stage.later(TimeDelta::seconds(1)).await;
    stage.settle().await;
    assert!(stage.last_name(&person).await.unwrap().starts_with("Changed-"));
    let run = &stage.runs().await[0];
    assert_eq!(
        (&run["mode"], &run["by_webhook"]),
        (&json!("incremental"), &json!(true)),
        "{run:#}"
    );
    assert_eq!(stage.count("connection where hooks_missed").await, 0);
}

#[tokio::test]
async fn a_webhook_that_the_crm_gave_up_is_made_again() {
    let stage = Stage::imported(BASIC).await;
    let due: bool = stage
        .hub
        .value("select hooks_due_at between now() + interval '23 hours' and now() + interval '25 hours'
                from connection")
        .await;
    assert!(due && opened(&stage).await == 1, "looked for daily");
    stage.sql("update connection set hooks_due_at = now()").await;
    stage.later(TimeDelta::seconds(1)).await;
    assert_eq!(opened(&stage).await, 1, "it is still there");
    // As after three days of failing calls.
    assert_eq!(stage.control("/webhooks/end", json!({})).await["ended"], 1);
    stage.sql("update connection set hooks_due_at = now()").await;
    stage.later(TimeDelta::seconds(1)).await;
    stage.settle().await;
    assert_eq!(opened(&stage).await, 2);
    assert_eq!(stage.runs().await[0]["mode"], "incremental", "what was missed is read");
    assert_eq!(stage.connection().await["webhooks"]["state"], "on");
}

#[tokio::test]
async fn a_crm_that_cannot_be_asked_is_asked_again_and_the_card_says_so() {
    let stage = Stage::of(BASIC).await;
    stage.sql("delete from hook_channel").await;
    stage.sql("update connection set hooks_due_at = now()").await;
    stage
        .sql("update connection set granted_scopes = array_remove(granted_scopes, 'webhooks:full')")
        .await;
    stage.later(TimeDelta::seconds(1)).await;
    let webhooks = stage.connection().await["webhooks"].clone();
    assert_eq!(webhooks["state"], "off");
    assert!(webhooks["state_reason"].as_str().unwrap().contains("webhooks:full"), "{webhooks}");
    assert_eq!(stage.connection().await["state"], "active", "everything else goes on");

    stage
        .sql("update connection set granted_scopes = granted_scopes || 'webhooks:full'::text")
        .await;
    stage.later(TimeDelta::hours(7)).await;
    assert_eq!(stage.connection().await["webhooks"]["state"], "on");
    // Nobody knows whether it was made.
    let fault = json!({
        "kind": "applied_reset", "method": "POST", "path": "/api/v1/webhooks", "times": 1,
    });
    stage.control("/faults", fault).await;
    stage.sql("delete from hook_channel").await;
    stage.sql("update connection set hooks_due_at = now()").await;
    stage.later(TimeDelta::seconds(1)).await;
    let webhooks = stage.connection().await["webhooks"].clone();
    assert_eq!(webhooks["state"], "failing", "{webhooks:#}");
    stage.later(TimeDelta::minutes(6)).await;
    assert_eq!(stage.connection().await["webhooks"]["state"], "on");
    // What the lost answer had made is gone: its secret is known to nobody.
    assert_eq!(stage.control("/webhooks/end", json!({})).await["ended"], 1);
}

#[tokio::test]
async fn what_was_told_is_forgotten_after_a_week_and_never_unread() {
    let stage = Stage::imported(SIGNED).await;
    let webhooks = stage.connection().await["webhooks"].clone();
    assert_eq!((&webhooks["state"], &webhooks["last_received_at"]), (&json!("on"), &Value::Null));
    let event = super::stage::contact_event(stage.somebody().await.parse().unwrap(), 1);
    assert_eq!(stage.tell_signed(&json!([event])).await.status, 204);
    stage.settle().await;
    stage.sql("update hook_event set received_at = received_at - interval '8 days'").await;
    stage.later(TimeDelta::seconds(1)).await;
    assert_eq!(stage.count("hook_event").await, 0);
    let runs = stage.runs().await.len();
    // One that nobody took up in all that time: what has changed is read.
    stage
        .sql(
            "insert into hook_event (company_id, connection_id, event_key, remote_id, received_at)
             select company_id, connection_id, sha256('x'), '7', now() - interval '8 days'
             from connection",
        )
        .await;
    stage.later(TimeDelta::seconds(1)).await;
    stage.settle().await;
    assert_eq!(stage.count("hook_event").await, 0);
    assert_eq!(stage.runs().await.len(), runs + 1);
    assert_eq!(stage.runs().await[0]["mode"], "incremental");
}
