//! OAuth 2.0 with a provider: consent, code, refresh, revocation.
//!
//! The requests are made by the `oauth2` crate (RFC 6749, 7636). Answers are read leniently:
//! scopes separated by commas or spaces, token types in any case, lifetimes as text, and
//! failures of no documented shape.

use std::{pin::Pin, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken, TokenResponse,
    TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse},
};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use self::answer::TokenAnswer;
use super::{
    ApiBase, ClientAuth, CrmError, Endpoints, Http, Manifest,
    http::{Answer, NoAnswer},
};

mod answer;

/// Tandem's own identity at a provider.
pub struct Credentials {
    pub client_id: String,
    pub client_secret: SecretString,
}

/// What a provider granted.
pub struct Grant {
    pub access_token: SecretString,
    /// Absent: keep the one you have.
    pub refresh_token: Option<SecretString>,
    pub expires_in: Duration,
    /// Empty when the provider did not say: what was asked for.
    pub scopes: Vec<String>,
    /// The account's own host, already judged; absent when the provider named none.
    pub api_domain: Option<ApiBase>,
}

/// Named by what to do next; never carries a code, a token or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The refresh token is dead: the company must connect again.
    #[error("the provider no longer accepts the refresh token")]
    InvalidGrant,
    /// Tandem's own credentials are wrong: repair them; no connection is dead.
    #[error("the provider does not accept Tandem's own credentials")]
    InvalidClient,
    /// The code is used, expired or not ours: start the consent again.
    #[error("the provider does not accept the authorization code")]
    CodeRefused,
    /// The grant names a host that is not the provider's: keep nothing of it.
    #[error("the grant names the host `{host}`, which is not the provider's")]
    ForbiddenHost { host: String },
    /// Retry later.
    #[error("the provider cannot be reached properly: {what}")]
    Down { what: &'static str },
    /// So many tokens were asked for that it gives none for a while: asking on makes it longer.
    #[error("the provider gives no tokens for {} min", wait.as_secs().div_ceil(60))]
    Throttled { wait: Duration },
    #[error("the provider's answer cannot be read: {what}")]
    Unreadable { what: &'static str },
    /// Ours to repair: an address of ours is malformed or not registered at the provider.
    #[error("the provider refuses the request as Tandem makes it (status {status})")]
    Refused { status: u16 },
}

impl From<OAuthError> for CrmError {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::InvalidGrant | OAuthError::CodeRefused => Self::Revoked,
            OAuthError::InvalidClient | OAuthError::Refused { .. } => Self::Misconfigured,
            OAuthError::ForbiddenHost { .. } => Self::ForbiddenHost,
            OAuthError::Down { what } => Self::Down { what, status: None, wait: None },
            OAuthError::Throttled { wait } => Self::Down {
                what: "it gives no tokens for a while",
                status: None,
                wait: Some(wait),
            },
            OAuthError::Unreadable { what } => Self::Unreadable { what },
        }
    }
}

/// A token to give back.
pub enum Revocable<'a> {
    Access(&'a SecretString),
    Refresh(&'a SecretString),
}

type Client = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// A new PKCE verifier (RFC 7636): stored with the state, sent with the code.
pub fn fresh_verifier() -> SecretString {
    PkceCodeChallenge::new_random_sha256().1.into_secret().into()
}

/// Where the browser goes to ask for consent. `pkce` is the verifier, for providers that take it.
pub fn authorize_url(
    manifest: &Manifest,
    endpoints: &Endpoints,
    client_id: &str,
    redirect_uri: &Url,
    state: &str,
    pkce: Option<&SecretString>,
) -> Url {
    let client = oauth2::basic::BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_auth_uri(AuthUrl::from_url(endpoints.authorize.clone()))
        .set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));
    let mut request = client.authorize_url(|| CsrfToken::new(state.to_owned()));
    for (name, value) in manifest.authorize_extra {
        request = request.add_extra_param(*name, *value);
    }
    if manifest.scopes_in_url {
        let names = manifest.scopes.iter().map(|scope| Scope::new(scope.name.to_owned()));
        request = request.add_scopes(names);
    }
    if let Some(verifier) = pkce {
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        request =
            request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    request.url().0
}

/// Trades a code for tokens.
pub async fn exchange(
    http: &Http,
    endpoints: &Endpoints,
    credentials: &Credentials,
    code: &SecretString,
    redirect_uri: &Url,
    pkce: Option<&SecretString>,
) -> Result<Grant, OAuthError> {
    let client = client(endpoints, credentials)
        .set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));
    let mut request = client.exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()));
    if let Some(verifier) = pkce {
        request =
            request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
    }
    let wire = Wire(http.clone());
    match request.request_async(&wire).await {
        Ok(answer) => {
            let token = answer.refresh_token().map(|token| token.secret().to_owned().into());
            let grant = answer.grant(endpoints);
            if let (Err(OAuthError::ForbiddenHost { .. }), Some(token)) = (&grant, &token) {
                // Not ours to keep, and nobody would know of it; the refusal is the news.
                revoke(http, endpoints, credentials, Revocable::Refresh(token)).await.ok();
            }
            grant
        }
        // The same word, said of a code.
        Err(RequestTokenError::Request(OAuthError::InvalidGrant)) => Err(OAuthError::CodeRefused),
        Err(error) => Err(unanswered(error)),
    }
}

/// Trades a refresh token for a new access token.
pub async fn refresh(
    http: &Http,
    endpoints: &Endpoints,
    credentials: &Credentials,
    refresh_token: &SecretString,
) -> Result<Grant, OAuthError> {
    let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
    let wire = Wire(http.clone());
    let answer =
        client(endpoints, credentials).exchange_refresh_token(&token).request_async(&wire).await;
    answer.map_err(unanswered)?.grant(endpoints)
}

/// Gives a token back (RFC 7009). The `oauth2` crate insists on TLS here, which a stand-in on
/// loopback has not, so the form is made by hand.
pub async fn revoke(
    http: &Http,
    endpoints: &Endpoints,
    credentials: &Credentials,
    token: Revocable<'_>,
) -> Result<(), OAuthError> {
    let (token, hint) = match token {
        Revocable::Access(token) => (token, "access_token"),
        Revocable::Refresh(token) => (token, "refresh_token"),
    };
    let in_body = endpoints.client_auth() == ClientAuth::Body;
    let form = revocation(token.expose_secret(), hint, in_body.then_some(credentials));
    let encoded = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let pair = format!(
        "{}:{}",
        encoded(&credentials.client_id),
        encoded(credentials.client_secret.expose_secret()),
    );
    let mut request = reqwest::Request::new(reqwest::Method::POST, endpoints.revoke.clone());
    let basic = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair)))
        .map_err(|_| OAuthError::InvalidClient)?;
    let headers = request.headers_mut();
    if !in_body {
        headers.insert(AUTHORIZATION, basic);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    *request.body_mut() = Some(form.into());
    mark_sensitive(&mut request);
    judged(http.execute(request).await).map(drop)
}

fn revocation(token: &str, hint: &str, client: Option<&Credentials>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", token).append_pair("token_type_hint", hint);
    if let Some(client) = client {
        form.append_pair("client_id", &client.client_id)
            .append_pair("client_secret", client.client_secret.expose_secret());
    }
    form.finish()
}

/// Which of the scopes that a provider's features need are not granted, required ones first.
pub fn missing_scopes(manifest: &Manifest, granted: &[String]) -> Vec<&'static str> {
    let mut missing: Vec<_> =
        manifest.scopes.iter().filter(|scope| !grants(granted, scope.name)).collect();
    missing.sort_by_key(|scope| !scope.required);
    missing.into_iter().map(|scope| scope.name).collect()
}

/// Whether these scopes hold the one that is wanted.
pub fn grants(granted: &[String], wanted: &str) -> bool {
    granted.iter().any(|name| covers(name, wanted))
}

/// `x:full` includes `x:read`.
fn covers(granted: &str, wanted: &str) -> bool {
    granted == wanted
        || wanted
            .strip_suffix(":read")
            .is_some_and(|object| granted.strip_suffix(":full") == Some(object))
}

fn client(endpoints: &Endpoints, credentials: &Credentials) -> Client {
    let secret = credentials.client_secret.expose_secret().to_owned();
    oauth2::Client::new(ClientId::new(credentials.client_id.clone()))
        .set_client_secret(ClientSecret::new(secret))
        .set_auth_type(match endpoints.client_auth() {
            ClientAuth::Basic => AuthType::BasicAuth,
            ClientAuth::Body => AuthType::RequestBody,
        })
        .set_auth_uri(AuthUrl::from_url(endpoints.authorize.clone()))
        .set_token_uri(TokenUrl::from_url(endpoints.token.clone()))
}

/// Carries `oauth2`'s requests. A named type with a boxed future: with a closure that borrows, the
/// compiler cannot see that a caller's future is `Send`.
struct Wire(Http);

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = OAuthError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OAuthError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(send(&self.0, request))
    }
}

/// `oauth2` 5.0 knows only an older reqwest; this hands its requests to ours.
async fn send(http: &Http, request: HttpRequest) -> Result<HttpResponse, OAuthError> {
    let mut request: reqwest::Request =
        request.try_into().map_err(|_| OAuthError::Refused { status: 0 })?;
    mark_sensitive(&mut request);
    let answer = judged(http.execute(request).await)?;
    let mut response = HttpResponse::new(answer.body.to_vec());
    // Any 2xx is a yes; `oauth2` reads only 200.
    *response.status_mut() = oauth2::http::StatusCode::OK;
    Ok(response)
}

fn mark_sensitive(request: &mut reqwest::Request) {
    if let Some(basic) = request.headers_mut().get_mut(AUTHORIZATION) {
        basic.set_sensitive(true);
    }
}

/// The answer of an authorization server, or what its refusal means.
fn judged(answer: Result<Answer, NoAnswer>) -> Result<Answer, OAuthError> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(NoAnswer::Forbidden) => return Err(OAuthError::Refused { status: 0 }),
        Err(none @ NoAnswer::TooLarge) => {
            return Err(OAuthError::Unreadable { what: none.words() });
        }
        Err(none) => return Err(OAuthError::Down { what: none.words() }),
    };
    match answer.status.as_u16() {
        200..300 if answer.is_html() => {
            Err(OAuthError::Unreadable { what: "a web page instead of tokens" })
        }
        // Some say no with a status that says yes.
        status @ 200..300 if answer::is_refusal(&answer.body) => {
            Err(answer::refusal(status, &answer.body))
        }
        200..300 => Ok(answer),
        300..400 => Err(OAuthError::Unreadable { what: "a redirect, which is never followed" }),
        429 => Err(OAuthError::Down { what: "it asks us to slow down" }),
        500.. => Err(OAuthError::Down { what: "it answers with a server error" }),
        _ if answer.is_html() => Err(OAuthError::Down { what: "a web page instead of an answer" }),
        status => Err(answer::refusal(status, &answer.body)),
    }
}

fn unanswered<T: oauth2::ErrorResponse>(error: RequestTokenError<OAuthError, T>) -> OAuthError {
    match error {
        RequestTokenError::Request(error) => error,
        // A refusal never gets that far: `send` has already judged the status.
        RequestTokenError::ServerResponse(_)
        | RequestTokenError::Parse(..)
        | RequestTokenError::Other(_) => {
            OAuthError::Unreadable { what: "tokens of an unknown form" }
        }
    }
}
