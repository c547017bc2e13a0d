//! A token is refreshed early, once, by whoever comes first; what the provider answers is never
//! lost, and nothing but its word ends a connection.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tandem::{
    connectors::{Caller, CrmError, TokenSource as _},
    flows::account,
};

use super::{Rig, crm::slug};

async fn generation(rig: &Rig) -> i64 {
    rig.hub.value("select token_gen from connection").await
}

async fn outcomes(rig: &Rig) -> Vec<String> {
    rig.hub
        .value("select coalesce(array_agg(outcome order by lease_gen), '{}') from refresh_attempt")
        .await
}

#[tokio::test]
async fn a_token_is_refreshed_five_minutes_before_it_expires_and_not_earlier() {
    let rig = Rig::connected().await;
    let tokens = rig.tokens().await;
    rig.owner("update connection set token_expires_at = now() + interval '6 min'").await;
    tokens.access_token().await.unwrap();
    assert_eq!(rig.crm.tokens("refresh_token").await, 0);
    rig.hub.clock.advance(TimeDelta::minutes(2));
    let token = tokens.access_token().await.unwrap();
    assert_eq!(rig.crm.tokens("refresh_token").await, 1);
    assert_eq!((token.generation, generation(&rig).await), (2, 2));
    assert_eq!(outcomes(&rig).await, ["stored"]);
    // What was granted is good for an hour again.
    tokens.access_token().await.unwrap();
    assert_eq!(rig.crm.tokens("refresh_token").await, 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_made_again_once() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/expire", json!({})).await;
    let account =
        account::open(&rig.hub.hub, rig.acme.id, &rig.provider(), Caller::Person).await.unwrap();
    let known = account.provider.connector.account(&account.api).await.unwrap();
    assert_eq!(known.name, "Nordwind Maschinenbau GmbH");
    assert_eq!(rig.crm.tokens("refresh_token").await, 1);

    // Whoever refuses what it has just issued is asked no third time.
    let refusal = json!({ "kind": "status", "status": 401, "path": "/users/me", "times": null });
    rig.crm.control("/faults", refusal).await;
    let before = rig.crm.api_calls().await;
    let refused = account.provider.connector.account(&account.api).await.err().unwrap();
    assert_eq!(refused, CrmError::Expired);
    assert_eq!(rig.crm.api_calls().await, before + 2);
    assert_eq!(rig.crm.tokens("refresh_token").await, 2);
}

#[tokio::test]
async fn rotated_refresh_tokens_survive_many_refreshes() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    let tokens = rig.tokens().await;
    let other = rig.process().await;
    let other = rig.tokens_of(&other).await;
    for round in 0..12 {
        rig.expire().await;
        // Two processes take turns, and sometimes come together.
        match round % 3 {
            0 => tokens.access_token().await.map(drop).unwrap(),
            1 => other.access_token().await.map(drop).unwrap(),
            _ => {
                let (one, two) = tokio::join!(tokens.access_token(), other.access_token());
                assert_eq!(one.unwrap().generation, two.unwrap().generation);
            }
        }
    }
    assert_eq!(rig.crm.tokens("refresh_token").await, 12);
    assert_eq!(rig.crm.tokens("refused").await, 0);
    assert_eq!(generation(&rig).await, 13);
}

#[tokio::test]
async fn a_caller_that_hangs_up_loses_no_rotated_token() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    rig.crm.slow_token(400).await;
    let tokens = rig.tokens().await;
    let hung_up = tokio::time::timeout(Duration::from_millis(100), tokens.access_token()).await;
    assert!(hung_up.is_err());
    // Who stops the process waits for the answer.
    rig.hub.hub.refreshing.settled().await;
    assert_eq!(generation(&rig).await, 2);
    rig.expire().await;
    tokens.access_token().await.unwrap();
    assert_eq!(rig.crm.tokens("refused").await, 0);
    assert_eq!(outcomes(&rig).await, ["stored", "stored"]);
}

#[tokio::test]
async fn wrong_credentials_of_ours_end_no_connection() {
    let rig = Rig::connected().await;
    let broken = rig
        .process_with(|config| {
            let mut wrong = rig.crm.credentials();
            wrong.client_secret = "another".to_owned().into();
            config.offer_sandbox(slug(), wrong, &rig.crm.url());
        })
        .await;
    let tokens = rig.tokens_of(&broken).await;
    // While the token works it does, whatever the refresh says.
    rig.owner("update connection set token_expires_at = now() + interval '2 min'").await;
    assert_eq!(tokens.access_token().await.unwrap().generation, 1);
    // A token that the provider refused is never handed out again.
    assert_eq!(tokens.refused(1).await.err().unwrap(), CrmError::Misconfigured);
    rig.expire().await;
    assert_eq!(tokens.access_token().await.err().unwrap(), CrmError::Misconfigured);
    assert_eq!(rig.state().await, "active");
    assert_eq!(outcomes(&rig).await, ["refused"; 3]);
    // The process that knows the secret goes on.
    rig.tokens().await.access_token().await.unwrap();
}

#[tokio::test]
async fn a_token_server_that_is_away_ends_no_connection() {
    let rig = Rig::connected().await;
    let tokens = rig.tokens().await;
    rig.expire().await;
    for kind in ["status_5xx", "html_200", "half_answer", "empty_json", "html_403", "burst_429"] {
        rig.crm.control("/faults", json!({ "kind": kind, "path": "/oauth/token" })).await;
        let error = tokens.access_token().await.err().unwrap();
        assert!(matches!(error, CrmError::Down { .. }), "{kind}: {error:?}");
        assert!(error.passes());
    }
    assert_eq!(outcomes(&rig).await, ["unknown"; 6]);
    assert_eq!(rig.state().await, "active");
    tokens.access_token().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_was_overtaken_is_fenced_and_kept_sealed() {
    let rig = Rig::connected().await;
    rig.expire().await;
    rig.crm.slow_token(1_000).await;
    let slow = rig.tokens().await;
    let late = slow.access_token();
    let overtaking = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // The first process seems dead: its lease has ended.
        assert_eq!(
            rig.owner("update connection set lease_until = now() - interval '1 s'").await,
            1
        );
        let other = rig.process().await;
        rig.tokens_of(&other).await.access_token().await.unwrap()
    };
    let (late, fast) = tokio::join!(late, overtaking);
    assert_eq!(late.unwrap().secret.expose_secret(), fast.secret.expose_secret());
    assert_eq!(generation(&rig).await, 2);
    assert_eq!(outcomes(&rig).await, ["fenced", "stored"]);
    let orphan: Vec<u8> =
        rig.hub.value("select orphan from refresh_attempt where outcome = 'fenced'").await;
    assert!(tandem::vault::key_of(&orphan).is_some(), "it is sealed under a data key");
    assert!(!orphan.windows(5).any(|part| part == b"7001:"), "as the provider writes them");
}

#[tokio::test]
async fn a_crash_between_question_and_answer_is_recovered_when_the_lease_ends() {
    let rig = Rig::connected().await;
    rig.expire().await;
    rig.owner(
        "update connection set lease_gen = 1, lease_until = clock_timestamp() + interval '1 s'",
    )
    .await;
    rig.owner(
        "insert into refresh_attempt (company_id, connection_id, lease_gen, token_gen, instance)
         select company_id, connection_id, 1, 1, 'dead' from connection",
    )
    .await;
    // While the lease lasts nobody asks: the answer may still come.
    let tokens = rig.tokens().await;
    let waiting = tokio::time::timeout(Duration::from_millis(500), tokens.access_token()).await;
    assert!(waiting.is_err());
    assert_eq!(rig.crm.tokens("refresh_token").await, 0);
    // After it whoever comes first does.
    assert_eq!(tokens.access_token().await.unwrap().generation, 2);
    assert_eq!(rig.crm.tokens("refresh_token").await, 1);
    assert_eq!(outcomes(&rig).await, ["sent", "stored"]);
}

#[tokio::test]
async fn a_refused_token_is_not_handed_out_again_while_another_process_refreshes() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/expire", json!({})).await;
    rig.crm.slow_token(600).await;
    let other = rig.process().await;
    let (one, two) = (rig.tokens().await, rig.tokens_of(&other).await);
    let (one, two) = tokio::join!(one.refused(1), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        two.refused(1).await
    });
    assert_eq!((one.unwrap().generation, two.unwrap().generation), (2, 2));
    assert_eq!(rig.crm.tokens("refresh_token").await, 1);
}

#[tokio::test]
async fn a_refresh_that_ends_after_a_disconnect_leaves_nothing_behind() {
    let rig = Rig::connected().await;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    rig.crm.slow_token(500).await;
    let tokens = rig.tokens().await;
    let (late, ()) = tokio::join!(tokens.access_token(), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        // As a disconnect whose revocation did not arrive leaves the row.
        rig.owner(
            "update connection set state = 'disconnected', access_token = null,
                 refresh_token = null, token_gen = token_gen + 1, lease_gen = lease_gen + 1,
                 lease_until = null",
        )
        .await;
    });
    assert_eq!(late.err().unwrap(), CrmError::Revoked);
    assert_eq!(rig.crm.tokens("revoke").await, 1, "the new grant is given back");
    let left: i64 =
        rig.hub.value("select count(*) from refresh_attempt where orphan is not null").await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_granted_now_is_stored_with_each_refresh() {
    let rig = Rig::connected().await;
    rig.crm.control("/scopes", json!({ "scope": "base,contacts:read" })).await;
    rig.expire().await;
    rig.tokens().await.access_token().await.unwrap();
    let granted: Vec<String> = rig.hub.value("select granted_scopes from connection").await;
    assert_eq!(granted, ["base", "contacts:read"]);
    let missing = rig.status().await["missing_scopes"].clone();
    assert!(missing.as_array().unwrap().contains(&json!("users:read")), "{missing}");
}
