//! Tokens under tight quotas, and errors that come with HTTP 200.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use secrecy::SecretString;
use serde_json::json;
use tandem::connectors::{self, Credentials, CrmError, From, OAuthError, Throttle, missing_scopes};

use super::{stage, zoho};
use crate::connectors::stage::{callback, credentials, grant};

#[tokio::test]
async fn an_exhausted_quota_is_waited_for_and_the_grant_lives_on() {
    let stage = stage().await;
    let token = stage.tokens.refresh.lock().unwrap().clone();
    let refresh = || connectors::refresh(&stage.http, &stage.endpoints, &stage.credentials, &token);
    // One came with the code.
    for nth in 1..10 {
        let grant = refresh().await.unwrap_or_else(|error| panic!("{nth}: {error}"));
        assert!(grant.refresh_token.is_none(), "it never changes");
    }
    let error = refresh().await.err().unwrap();
    let ten = Duration::from_mins(10);
    assert_eq!(error, OAuthError::Throttled { wait: ten });
    let error = CrmError::from(error);
    assert!(error.passes(), "no connection dies of it");
    assert!(matches!(error, CrmError::Down { wait: Some(wait), .. } if wait == ten), "{error:?}");
    stage.control("POST", "/plan", json!({"tokens": 100})).await;
    assert!(refresh().await.is_ok());
}

#[tokio::test]
async fn an_old_access_token_ends_when_too_many_are_alive() {
    let stage = stage().await;
    stage.control("POST", "/plan", json!({"tokens": 100})).await;
    let token = stage.tokens.refresh.lock().unwrap().clone();
    zoho().users(&stage.api).await.unwrap();
    for _ in 0..15 {
        connectors::refresh(&stage.http, &stage.endpoints, &stage.credentials, &token)
            .await
            .unwrap();
    }
    zoho().users(&stage.api).await.unwrap();
    assert_eq!(stage.tokens.refreshes.load(SeqCst), 1, "ours was the sixteenth from the end");
}

#[tokio::test]
async fn errors_inside_200_are_told_apart_by_their_word() {
    let stage = stage().await;
    let (http, endpoints) = (&stage.http, &stage.endpoints);
    let token = stage.tokens.refresh.lock().unwrap().clone();
    for wrong in [
        Credentials { client_secret: "wrong".into(), ..credentials() },
        Credentials { client_id: "nobody".to_owned(), ..credentials() },
    ] {
        let answer = connectors::refresh(http, endpoints, &wrong, &token).await;
        assert_eq!(answer.err(), Some(OAuthError::InvalidClient), "no connection dies of ours");
    }
    let dead = SecretString::from("1000.dead.token");
    let answer = connectors::refresh(http, endpoints, &credentials(), &dead).await;
    assert_eq!(answer.err(), Some(OAuthError::InvalidGrant));
    let answer =
        connectors::exchange(http, endpoints, &credentials(), &dead, &callback(), None).await;
    assert_eq!(answer.err(), Some(OAuthError::CodeRefused));
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["statuses"], json!({"200": counters["total"]}), "all of them were 200");
}

#[tokio::test]
async fn a_hostile_api_domain_in_a_grant_is_refused() {
    let stage = stage().await;
    for domain in ["https://www.zohoapis.evil", "http://127.0.0.1:1", "https://u@127.0.0.1"] {
        stage.control("POST", "/api_domain", json!({"api_domain": domain})).await;
        let answer = grant(&stage.crm, &stage.endpoints, &stage.http).await;
        assert!(matches!(answer.err(), Some(OAuthError::ForbiddenHost { .. })), "{domain}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_no_matter_for_a_refresh() {
    let stage = stage().await;
    let some = "ZohoCRM.modules.contacts.READ,ZohoCRM.settings.fields.READ";
    stage.control("POST", "/scopes", json!({"scope": some})).await;
    let granted = grant(&stage.crm, &stage.endpoints, &stage.http).await.unwrap().scopes;
    let missing = missing_scopes(zoho().manifest(), &granted);
    assert!(
        missing.contains(&"ZohoCRM.org.READ")
            && !missing.contains(&some.split_once(',').unwrap().0)
    );
    zoho().persons(&stage.api, &From::default()).await.unwrap();
    let error = zoho().users(&stage.api).await.unwrap_err();
    assert_eq!(error, CrmError::MissingScope { needed: "ZohoCRM.users.READ" });
    assert_eq!(stage.tokens.refreshes.load(SeqCst), 0);
}

#[tokio::test]
async fn credits_that_are_gone_stop_the_day_and_too_many_at_once_a_moment() {
    let stage = stage().await;
    stage.control("POST", "/plan", json!({"daily": 1_000, "spent": 999})).await;
    zoho().users(&stage.api).await.unwrap();
    assert_eq!(stage.budget.view().await.daily_remaining, Some(0), "the header says so");
    let error = zoho().users(&stage.api).await.unwrap_err();
    assert!(matches!(error, CrmError::Throttled { scope: Throttle::Daily, .. }), "{error:?}");
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["budgets"]["refused"]["daily"], 0, "and nobody had to be refused");
}
