//! What a token endpoint answers, read leniently.

use std::time::Duration;

use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse, basic::BasicTokenType};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Endpoints, Grant, OAuthError};
use crate::connectors::ForbiddenHost;

/// When the provider does not say: short, so that a refresh comes early rather than late.
const DEFAULT_LIFE: Duration = Duration::from_mins(30);
/// The longest life believed, so that nonsense does not switch refreshing off.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// How long a provider's quotas of tokens look back.
const NO_TOKENS: Duration = Duration::from_mins(10);

/// The crate's own answer type wants the exact types and spellings of RFC 6749.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct TokenAnswer {
    access_token: AccessToken,
    #[serde(default = "bearer", deserialize_with = "token_type")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, rename = "scope", alias = "scopes", deserialize_with = "scopes")]
    scopes: Option<Vec<Scope>>,
    #[serde(default, alias = "instance_url")]
    api_domain: Option<String>,
}

impl TokenResponse for TokenAnswer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scopes.as_ref()
    }
}

impl TokenAnswer {
    pub(super) fn grant(self, endpoints: &Endpoints) -> Result<Grant, OAuthError> {
        if self.token_type != BasicTokenType::Bearer {
            return Err(OAuthError::Unreadable { what: "a token of an unknown type" });
        }
        if self.access_token.secret().is_empty() {
            return Err(OAuthError::Unreadable { what: "an empty token" });
        }
        let named = self.api_domain.as_deref().filter(|domain| !domain.is_empty());
        let api_domain = named
            .map(|domain| endpoints.api_base(domain))
            .transpose()
            .map_err(|ForbiddenHost { host }| OAuthError::ForbiddenHost { host })?;
        let life = self.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs);
        Ok(Grant {
            access_token: self.access_token.into_secret().into(),
            refresh_token: self
                .refresh_token
                .map(RefreshToken::into_secret)
                .filter(|token| !token.is_empty())
                .map(Into::into),
            expires_in: life.min(LONGEST_LIFE),
            scopes: self.scopes.into_iter().flatten().map(|scope| scope.to_string()).collect(),
            api_domain,
        })
    }
}

/// What a refusal means. Only the word is looked for, never kept: the shape is not documented.
pub(super) fn refusal(status: u16, body: &[u8]) -> OAuthError {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]).to_ascii_lowercase();
    let says = |word: &str| text.contains(word) || text.contains(&word.replace('_', " "));
    // The client first: nobody's connection may die of our own mistake.
    if says("too_many_requests") {
        OAuthError::Throttled { wait: NO_TOKENS }
    } else if says("invalid_client") || says("unauthorized_client") {
        OAuthError::InvalidClient
    } else if says("invalid_grant") || says("invalid_code") {
        OAuthError::InvalidGrant
    } else if status == 401 {
        OAuthError::InvalidClient
    } else {
        OAuthError::Refused { status }
    }
}

/// An `error` where tokens should be.
pub(super) fn is_refusal(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Said {
        error: Option<String>,
        access_token: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Said>(body)
        .is_ok_and(|said| said.error.is_some() && said.access_token.is_none())
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

fn token_type<'de, D: Deserializer<'de>>(from: D) -> Result<BasicTokenType, D::Error> {
    let word = Option::<String>::deserialize(from)?.unwrap_or_default();
    if word.is_empty() || word.eq_ignore_ascii_case("bearer") {
        return Ok(BasicTokenType::Bearer);
    }
    Ok(BasicTokenType::Extension(word))
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(f64),
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    let number = match Seconds::deserialize(from)? {
        Seconds::Number(number) => Some(number),
        Seconds::Text(text) => text.trim().parse().ok(),
        Seconds::Other(_) => None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked, and parts of seconds do not matter"
    )]
    Ok(number.filter(|seconds| (1.0..1e9).contains(seconds)).map(|seconds| seconds as u64))
}

fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Scope>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Text(String),
        List(Vec<String>),
    }
    let text = match Option::<Said>::deserialize(from)? {
        Some(Said::Text(text)) => text,
        Some(Said::List(names)) => names.join(" "),
        None => return Ok(None),
    };
    let names = text.split(|at: char| at == ',' || at.is_whitespace());
    Ok(Some(names.filter(|name| !name.is_empty()).map(|name| Scope::new(name.into())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> TokenAnswer {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn odd_but_plain_answers_are_read() {
        let answer = read(
            r#"{"access_token":"a","token_type":"BEARER","expires_in":"3599","new":{"x":1},
                "refresh_token":"r","scope":"base,contacts:full  deals:read,"}"#,
        );
        assert_eq!(answer.token_type, BasicTokenType::Bearer);
        assert_eq!(answer.expires_in, Some(3599));
        let names: Vec<_> = answer.scopes.iter().flatten().map(|scope| scope.as_str()).collect();
        assert_eq!(names, ["base", "contacts:full", "deals:read"]);

        let listed = read(r#"{"access_token":"a","instance_url":"https://x","scopes":["a","b"]}"#);
        assert_eq!(listed.scopes.iter().flatten().count(), 2);
        assert_eq!(listed.api_domain.as_deref(), Some("https://x"));

        let bare = read(r#"{"access_token":"a","expires_in":null,"scope":null}"#);
        assert_eq!((bare.expires_in, bare.scopes.is_none()), (None, true));
        assert_eq!(read(r#"{"access_token":"a","expires_in":-5}"#).expires_in, None);
    }

    #[test]
    fn a_refusal_is_recognized_in_any_shape() {
        let grant = [
            r#"{"error":"invalid_grant"}"#,
            r#"{"success":false,"message":"Invalid grant: refresh_token is invalid"}"#,
            "Invalid grant: authorization_code has expired",
        ];
        for body in grant {
            assert_eq!(refusal(400, body.as_bytes()), OAuthError::InvalidGrant, "{body}");
        }
        let client = [
            r#"{"error":"invalid_client"}"#,
            "Invalid client: client is invalid",
            r#"{"error":"invalid_client","error_description":"invalid_grant"}"#,
        ];
        for body in client {
            assert_eq!(refusal(400, body.as_bytes()), OAuthError::InvalidClient, "{body}");
        }
        assert_eq!(refusal(200, br#"{"error":"invalid_code"}"#), OAuthError::InvalidGrant);
        assert!(is_refusal(br#"{"error":"invalid_code"}"#));
        assert!(!is_refusal(br#"{"error":"","access_token":"a"}"#) && !is_refusal(b"[]"));
        let slower = br#"{"error":"Access Denied","error_description":"Too many requests"}"#;
        assert!(matches!(refusal(400, slower), OAuthError::Throttled { .. }));
        assert_eq!(refusal(401, b"{}"), OAuthError::InvalidClient);
        assert_eq!(refusal(400, b"\xff\xfe"), OAuthError::Refused { status: 400 });
    }
}
