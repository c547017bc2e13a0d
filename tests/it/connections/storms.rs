//! Hundreds of callers on one expired token are one question to the provider, within a process and
//! between processes.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;
use serde_json::json;
use tandem::{
    connectors::{CrmError, TokenSource as _},
    flows::ConnectionTokens,
};
use tokio::task::JoinSet;

use super::Rig;

/// Asks with that many callers of each process at once.
async fn storm(
    processes: &[ConnectionTokens],
    callers: usize,
) -> Vec<Result<tandem::connectors::AccessToken, CrmError>> {
    let mut asking = JoinSet::new();
    for _ in 0..callers {
        for tokens in processes {
            let tokens = tokens.clone();
            asking.spawn(async move { tokens.access_token().await });
        }
    }
    asking.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_callers_in_two_processes_cause_one_token_request() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    let other = rig.process().await;
    let processes = [rig.tokens().await, rig.tokens_of(&other).await];
    for round in 1..=3 {
        rig.expire().await;
        rig.crm.slow_token(150).await;
        let answers = storm(&processes, 100).await;
        let tokens: BTreeSet<String> = answers
            .into_iter()
            .map(|token| token.unwrap().secret.expose_secret().to_owned())
            .collect();
        assert_eq!(tokens.len(), 1, "they all got the same token");
        assert_eq!(rig.crm.tokens("refresh_token").await, round);
    }
    assert_eq!(rig.crm.tokens("refused").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_token_server_is_not_asked_once_per_caller() {
    let rig = Rig::connected().await;
    rig.expire().await;
    let down = json!({ "kind": "status_5xx", "path": "/oauth/token", "times": null });
    rig.crm.control("/faults", down).await;
    rig.crm.control("/latency", json!({ "ms": 300 })).await;
    let answers = storm(&[rig.tokens().await], 100).await;
    for answer in answers {
        assert!(matches!(answer.err().unwrap(), CrmError::Down { .. }));
    }
    let counters = rig.crm.counters().await;
    let asked = counters["faults"]["status_5xx"].as_u64().unwrap();
    assert!(asked <= 2, "{asked} questions for one answer");
    assert_eq!(rig.state().await, "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_on_a_revoked_grant_end_the_connection_once() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/revoke", json!({})).await;
    rig.expire().await;
    for answer in storm(&[rig.tokens().await], 100).await {
        assert_eq!(answer.err().unwrap(), CrmError::Revoked);
    }
    assert_eq!(rig.crm.tokens("refresh_token").await, 1);
    assert_eq!(rig.state().await, "needs_reconnect");
    let written: i64 = rig
        .hub
        .value("select count(*) from audit_log where action = 'connection.needs_reconnect'")
        .await;
    assert_eq!(written, 1);
    assert_eq!(rig.hub.value::<i64>("select count(*) from job where lane_key = 'mail'").await, 1);
}
