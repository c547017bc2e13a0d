//! Out to the provider's consent page, and back. Both are navigations of a browser: every outcome
//! ends on a page of ours that says what happened.

use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};
use secrecy::SecretString;
use url::form_urlencoded;

use crate::{
    flows::{
        FlowError, Hub, Provider, SharedHub,
        connect::{self, Callback, CallbackError, Connecting, Finished},
        install::{self, Arrived},
    },
    http::{
        ApiError, Tag, client_address, installation,
        integrations::{
            known,
            uninstall::{AppCall, Heard, Uninstall, hear},
        },
        session::BrowserSession,
    },
    policy::{self, Action},
};

pub(in crate::http) struct ConsentApi;

#[derive(ApiResponse)]
enum Navigation {
    /// Go there.
    #[oai(status = 303)]
    SeeOther(#[oai(header = "Location")] String),
}

#[derive(ApiResponse)]
enum Returned {
    /// Go there; with a cookie where an install waits for this browser to confirm it.
    #[oai(status = 303)]
    SeeOther(#[oai(header = "Location")] String, #[oai(header = "Set-Cookie")] Option<String>),
}

impl Returned {
    fn to(page: String) -> Self {
        Self::SeeOther(page, None)
    }

    /// To the page that asks where an install belongs.
    fn waiting(hub: &Hub, arrived: &Arrived) -> Self {
        let page = format!("/install?id={}", arrived.installation_id);
        Self::SeeOther(page, Some(installation::cookie(hub, &arrived.browser)))
    }
}

#[OpenApi(prefix_path = "/integrations", tag = "Tag::Integrations")]
impl ConsentApi {
    /// Send the browser to the provider's consent page.
    ///
    /// A browser (`Accept: text/html`) is sent to a page of ours when that cannot be; a program gets
    /// the problem itself.
    #[oai(path = "/:provider/connect", method = "get", operation_id = "connect")]
    async fn connect(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        provider: Path<String>,
        /// Where people of the company sign in, when it is a host of their own (`https://...`); one of
        /// the provider's hosts.
        login: Query<Option<String>>,
    ) -> Result<Navigation, ApiError> {
        let html = request.header("accept").is_some_and(|accept| accept.contains("text/html"));
        match begin(&hub, request, &provider, login.0.as_deref()).await {
            Ok(url) => Ok(Navigation::SeeOther(url)),
            Err(Refusal { page: Some(page), .. }) if html => Ok(Navigation::SeeOther(page)),
            Err(refusal) => Err(refusal.error),
        }
    }

    /// Where the provider sends the browser back to: after a consent that was asked for here, and
    /// without a state after an install that began at the provider.
    #[oai(path = "/:provider/callback", method = "get", operation_id = "callback")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn callback(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        provider: Path<String>,
        code: Query<Option<String>>,
        state: Query<Option<String>>,
        error: Query<Option<String>>,
        /// Who answers (RFC 9207); refused when it is not the provider.
        iss: Query<Option<String>>,
        /// Where the code is to be traded, as a provider with several data centres says; one of its
        /// hosts.
        #[oai(name = "accounts-server")]
        login: Query<Option<String>>,
    ) -> Result<Returned, ApiError> {
        let slug = provider.0;
        let provider = known(&hub, &slug)?;
        let failed = |reason: &str| {
            Returned::to(format!("/integrations?integration={slug}&status=error&reason={reason}"))
        };
        if !is_plain(request.uri().query().unwrap_or_default()) {
            return Ok(failed("malformed"));
        }
        let callback = Callback {
            code: code.0.filter(|code| !code.is_empty()).map(SecretString::from),
            state: state.0,
            error: error.0,
            issuer: iss.0.filter(|issuer| !issuer.is_empty()),
            login: login.0.filter(|login| !login.is_empty()),
        };
        if began_elsewhere(&callback) {
            return arrive(&hub, request, &provider, callback).await;
        }
        let Some(session) = BrowserSession::of(request).await? else {
            return Ok(failed("signed_out"));
        };
        if !policy::may(session.role(), Action::ManageConnections) {
            return Ok(failed("forbidden"));
        }
        if !policy::allows(session.plan(), provider.connector.manifest().plan_feature) {
            return Ok(failed("plan"));
        }
        match connect::finish(&hub, connecting(&session), &provider, callback).await {
            Ok(Finished::Connected(_)) => Ok(Returned::to(connected(&slug))),
            Ok(Finished::MustChoose(arrived)) => Ok(Returned::waiting(&hub, &arrived)),
            Err(CallbackError::Denied(denied)) => Ok(failed(denied.as_str())),
            Err(CallbackError::Flow(error)) => Err(error.into()),
        }
    }

    /// The provider tells that one of its users uninstalled the app. It shows the app's own client id
    /// and secret (`Authorization: Basic`); said again, or of an account that nobody connected, it
    /// changes nothing and is answered alike.
    #[oai(path = "/:provider/callback", method = "delete", operation_id = "uninstalled")]
    async fn uninstalled(
        &self,
        hub: Data<&SharedHub>,
        // For the document: `app` has judged it.
        #[oai(name = "provider")] _provider: Path<String>,
        app: AppCall,
        form: Uninstall,
    ) -> Result<Heard, ApiError> {
        hear(&hub, &app, &form).await
    }

    /// The provider tells that a user shares the app with colleagues, or no longer does. It carries
    /// no proof of its sender and no access, so nothing follows from it: each colleague who wants to
    /// connect gives a consent of their own.
    #[oai(path = "/:provider/callback", method = "post", operation_id = "shared")]
    #[expect(clippy::unused_async, reason = "methods of the API are")]
    async fn shared(
        &self,
        hub: Data<&SharedHub>,
        provider: Path<String>,
    ) -> Result<Heard, ApiError> {
        known(&hub, &provider)?;
        Ok(Heard::Done)
    }
}

/// Where a new connection is shown.
fn connected(slug: &str) -> String {
    format!("/contacts/{slug}?integration={slug}&status=connected")
}

/// Whether this is the end of an install that was begun at the provider. A state that is there is
/// judged as a state, an empty one too.
fn began_elsewhere(callback: &Callback) -> bool {
    callback.state.is_none() && callback.code.is_some() && callback.error.is_none()
}

/// Such an install ends on a page that asks, whoever is signed in.
async fn arrive(
    hub: &SharedHub,
    request: &Request,
    provider: &Provider,
    callback: Callback,
) -> Result<Returned, ApiError> {
    let from = client_address::of(request, &hub.config);
    match install::arrive(hub, provider, callback, &from).await {
        Ok(arrived) => Ok(Returned::waiting(hub, &arrived)),
        Err(CallbackError::Denied(denied)) => Ok(Returned::to(format!(
            "/install?integration={}&reason={}",
            provider.slug(),
            denied.as_str()
        ))),
        Err(CallbackError::Flow(error)) => Err(error.into()),
    }
}

/// Bytes of a callback's query; codes and states of the CRMs are below 300.
const MOST_QUERY: usize = 4096;
const PARAMETERS: &[&str] = &["code", "state", "error", "iss", "accounts-server"];

/// Whether each parameter comes once, as RFC 6749 section 3.1 demands: of two states or codes one
/// reader may believe the first and another the second.
fn is_plain(query: &str) -> bool {
    let times = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).count()
    };
    query.len() <= MOST_QUERY && PARAMETERS.iter().all(|name| times(name) <= 1)
}

/// Why nobody is sent to the provider, for programs and for browsers.
struct Refusal {
    error: ApiError,
    page: Option<String>,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { error, page: None }
    }
}

impl From<FlowError> for Refusal {
    fn from(error: FlowError) -> Self {
        ApiError::from(error).into()
    }
}

async fn begin(
    hub: &SharedHub,
    request: &Request,
    slug: &str,
    login: Option<&str>,
) -> Result<String, Refusal> {
    let to = |page: String, error: ApiError| Refusal { error, page: Some(page) };
    let provider = known(hub, slug)
        .map_err(|error| to("/integrations?problem=not_found".to_owned(), error))?;
    let Some(session) = BrowserSession::of(request).await? else {
        let next: String = form_urlencoded::byte_serialize(b"/integrations").collect();
        return Err(to(format!("/signin?next={next}"), ApiError::unauthenticated()));
    };
    session
        .may(Action::ManageConnections)
        .map_err(|error| to("/integrations?problem=forbidden".to_owned(), error))?;
    let feature = provider.connector.manifest().plan_feature;
    session.allows(feature).map_err(|error| {
        let plan = policy::upgrade_to(session.plan(), feature);
        let plan = plan.map_or("", policy::Plan::word);
        to(format!("/contacts?upgrade={plan}"), error)
    })?;
    let begun = connect::begin(hub, connecting(&session), &provider, login).await;
    let url = begun.map_err(|error| match error {
        // An address that was typed here: back to where it was.
        FlowError::Refused(_) => {
            let why = "status=error&reason=login_refused";
            to(format!("/integrations?integration={slug}&{why}"), error.into())
        }
        other => other.into(),
    })?;
    url.map(String::from).ok_or_else(|| {
        let words = "This CRM is not set up on this installation. Ask whoever operates it.";
        let error = ApiError::conflict("not_configured", words);
        to("/integrations?problem=not_configured".to_owned(), error)
    })
}

pub(in crate::http) fn connecting(session: &BrowserSession) -> Connecting<'_> {
    Connecting {
        company_id: session.company_id(),
        member_id: session.member_id(),
        session_hash: session.token_hash().bytes(),
    }
}
