//! Answers that are lost: nobody knows, it is looked for, and nothing is made twice.

use serde_json::json;
use tandem::{
    connectors::{CrmError, Throttle},
    domain::{
        RemoteId,
        effect::{ActivityToMake, Effect, Marker, OrganizationToMake, PersonToMake},
    },
};

use super::{
    stage, writer,
    writes::{done, looked_for, named, outbound, reference, refused},
};
use crate::connectors::stage::Stage;

/// After these it was done, or it was not, and the answer does not say.
const LOST: [(&str, usize); 5] =
    [("applied_reset", 1), ("applied_5xx", 1), ("half_answer", 1), ("reset", 0), ("status_5xx", 0)];

/// A contact under our mark, an account and a task, and where each is written to.
fn orders(nth: usize, field: &str, person: &RemoteId) -> [(Effect, &'static str, &'static str); 3] {
    let marker = Some(Marker { field: field.to_owned(), value: format!("mark-{nth}") });
    let contact = named(&format!("Lost {nth}"), &format!("lost{nth}@fault.example"));
    let task = ActivityToMake {
        kind: "task".into(),
        subject: format!("Lost {nth}"),
        due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
        person: person.clone(),
        ..<_>::default()
    };
    let account = OrganizationToMake { name: format!("Lost {nth}"), ..<_>::default() };
    let contact = Effect::CreatePerson(PersonToMake { marker, ..contact });
    [
        (contact, "PATCH", "/sobjects/Contact"),
        (Effect::CreateOrganization(account), "POST", "/sobjects/Account"),
        (Effect::CreateActivity(task), "POST", "/sobjects/Task"),
    ]
}

async fn made(stage: &Stage) -> usize {
    let there = outbound(stage).await;
    let count = |kind: &str| there[kind].as_array().unwrap().len();
    count("persons") + count("organizations") + count("activities")
}

#[tokio::test]
async fn what_may_have_been_done_is_found_or_done_again_and_never_doubled() {
    let stage = stage().await;
    let field = reference(&stage).await;
    let person = done(&stage, &Effect::CreatePerson(named("Ann", "ann@fault.example"))).await.id;
    let mut expected = made(&stage).await;
    for (nth, (kind, applied)) in LOST.into_iter().enumerate() {
        for (effect, method, path) in orders(nth, &field, &person) {
            stage.fault(json!({"kind": kind, "method": method, "path": path})).await;
            let error = refused(&stage, &effect).await;
            assert!(matches!(error, CrmError::Uncertain { .. }), "{kind} {path}: {error:?}");
            let found = looked_for(&stage, &effect).await;
            assert_eq!(found.len(), applied, "{kind} {path}");
            if found.is_empty() {
                done(&stage, &effect).await;
            }
            expected += 1;
            assert_eq!(made(&stage).await, expected, "{kind} {path}");
            assert_eq!(looked_for(&stage, &effect).await.len(), 1, "{kind} {path}");
        }
    }
}

#[tokio::test]
async fn a_limit_or_a_closed_door_means_that_nothing_was_done() {
    for (kind, scope) in [("daily_429", Throttle::Daily), ("html_403", Throttle::Blocked)] {
        let stage = stage().await;
        stage.fault(json!({"kind": kind, "method": "POST", "times": null})).await;
        let make = Effect::CreatePerson(named("Ann", "ann@closed.example"));
        let error = writer().send(&stage.api, &make).await.unwrap_err();
        assert!(
            matches!(&error, CrmError::Throttled { scope: why, .. } if *why == scope),
            "{error:?}"
        );
        assert_eq!(made(&stage).await, 0);
    }
}
