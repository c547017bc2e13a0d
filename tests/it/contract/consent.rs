//! From consent to the end of a grant.

use std::sync::atomic::Ordering::SeqCst;

use secrecy::SecretString;
use serde_json::json;
use tandem::connectors::{self, Credentials, CrmError, From, OAuthError, Revocable};

use super::{every, stage};
use crate::connectors::stage::{callback, credentials};

#[tokio::test]
async fn a_code_buys_one_grant_and_only_for_the_right_client() {
    for connector in every() {
        let stage = stage(connector).await;
        let code = stage.control("POST", "/code", json!({})).await;
        let code = SecretString::from(code["code"].as_str().unwrap());
        let wrong = Credentials { client_secret: "wrong".into(), ..credentials() };
        let buy = async |client: &Credentials, code: &SecretString| {
            let (http, endpoints) = (&stage.http, &stage.endpoints);
            connectors::exchange(http, endpoints, client, code, &callback(), None).await
        };
        assert_eq!(buy(&wrong, &code).await.err(), Some(OAuthError::InvalidClient));
        let code = stage.control("POST", "/code", json!({})).await;
        let code = SecretString::from(code["code"].as_str().unwrap());
        let grant = buy(&credentials(), &code).await.unwrap();
        assert!(grant.refresh_token.is_some() && grant.expires_in.as_secs() >= 60);
        assert_eq!(buy(&credentials(), &code).await.err(), Some(OAuthError::CodeRefused));
        let forged = SecretString::from("forged-code");
        assert_eq!(buy(&credentials(), &forged).await.err(), Some(OAuthError::CodeRefused));
    }
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once_and_a_revoked_grant_stays_dead() {
    for connector in every() {
        let stage = stage(connector).await;
        connector.users(&stage.api).await.unwrap();
        assert_eq!(stage.tokens.refreshes.load(SeqCst), 0);
        stage.control("POST", "/tokens/expire", json!({})).await;
        connector.users(&stage.api).await.unwrap();
        assert_eq!(stage.tokens.refreshes.load(SeqCst), 1);

        stage.control("POST", "/tokens/revoke", json!({})).await;
        let error = connector.persons(&stage.api, &From::default()).await.unwrap_err();
        assert_eq!(error, CrmError::Revoked);
        let forged = SecretString::from("forged");
        let (http, endpoints) = (&stage.http, &stage.endpoints);
        let refused = connectors::refresh(http, endpoints, &credentials(), &forged).await.err();
        assert_eq!(refused, Some(OAuthError::InvalidGrant));
    }
}

#[tokio::test]
async fn a_grant_that_is_given_back_is_dead() {
    for connector in every() {
        let stage = stage(connector).await;
        let token = stage.tokens.refresh.lock().unwrap().clone();
        let (http, endpoints) = (&stage.http, &stage.endpoints);
        let back = Revocable::Refresh(&token);
        connectors::revoke(http, endpoints, &stage.credentials, back).await.unwrap();
        let refused = connectors::refresh(http, endpoints, &stage.credentials, &token).await.err();
        assert_eq!(refused, Some(OAuthError::InvalidGrant));
    }
}
