//! PKCE, and refresh tokens that rotate and die of being used twice.

use std::sync::atomic::Ordering::SeqCst;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tandem::connectors::{self, CrmError, From, OAuthError, fresh_verifier};

use super::{connector, stage};
use crate::connectors::stage::{Stage, callback, credentials};

async fn renew(stage: &Stage, token: &SecretString) -> Result<connectors::Grant, OAuthError> {
    connectors::refresh(&stage.http, &stage.endpoints, &stage.credentials, token).await
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_grant_with_every_token_of_it() {
    let stage = stage().await;
    let first = stage.tokens.refresh.lock().unwrap().clone();
    let second = renew(&stage, &first).await.unwrap();
    let newer = second.refresh_token.unwrap();
    assert_ne!(newer.expose_secret(), first.expose_secret());
    *stage.tokens.access.lock().unwrap() = second.access_token;
    connector().persons(&stage.api, &From::default()).await.unwrap();

    assert_eq!(renew(&stage, &first).await.err(), Some(OAuthError::InvalidGrant), "used before");
    assert_eq!(renew(&stage, &newer).await.err(), Some(OAuthError::InvalidGrant), "dead with it");
    *stage.tokens.refresh.lock().unwrap() = newer;
    let error = connector().persons(&stage.api, &From::default()).await.unwrap_err();
    assert_eq!(error, CrmError::Revoked, "and so is the access token");
}

#[tokio::test]
async fn a_storm_of_expiries_shows_every_refresh_token_once() {
    let stage = stage().await;
    for _ in 0..5 {
        stage.control("POST", "/tokens/expire", json!({})).await;
        connector().users(&stage.api).await.unwrap();
    }
    assert_eq!(stage.tokens.refreshes.load(SeqCst), 5);
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["tokens"]["refused"], json!(null));
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_its_verifier() {
    let stage = stage().await;
    let buy = async |verifier: Option<SecretString>, shown: Option<SecretString>| {
        let challenge = verifier.map(|verifier| {
            BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret().as_bytes()))
        });
        let code = stage.control("POST", "/code", json!({"code_challenge": challenge})).await;
        let code = SecretString::from(code["code"].as_str().unwrap());
        let (http, endpoints, back) = (&stage.http, &stage.endpoints, callback());
        connectors::exchange(http, endpoints, &credentials(), &code, &back, shown.as_ref()).await
    };
    let verifier = fresh_verifier();
    assert!(buy(Some(verifier.clone()), Some(verifier.clone())).await.is_ok());
    for shown in [None, Some(fresh_verifier())] {
        let refused = buy(Some(verifier.clone()), shown).await.err();
        assert_eq!(refused, Some(OAuthError::CodeRefused));
    }
}

#[tokio::test]
async fn the_sixth_approval_of_a_user_ends_the_oldest() {
    let stage = stage().await;
    let oldest = stage.tokens.refresh.lock().unwrap().clone();
    for _ in 0..5 {
        crate::connectors::stage::grant(&stage.crm, &stage.endpoints, &stage.http).await.unwrap();
    }
    assert_eq!(renew(&stage, &oldest).await.err(), Some(OAuthError::InvalidGrant));
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named_and_not_taken_for_an_expired_token() {
    let stage = stage().await;
    stage.control("POST", "/scopes", json!({"scope": "refresh_token openid"})).await;
    let error = connector().users(&stage.api).await.unwrap_err();
    assert_eq!(error, CrmError::MissingScope { needed: "api" });
    assert_eq!(stage.tokens.refreshes.load(SeqCst), 0);
}
