//! `/api/webhooks/{provider}`: what CRMs tell by themselves. No browser and no cookie is involved; a
//! signature over the raw bytes, or an address and a secret that only the CRM knows, say who speaks.

use std::borrow::Cow;

use poem::{
    Request, RequestBody, Result,
    http::{HeaderMap, StatusCode},
    web::Data,
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi,
    param::Path,
    payload::Json,
    registry::{MetaRequest, Registry},
    types::Any,
};
use serde_json::Value;

use crate::{
    connectors::Incoming,
    flows::{
        SharedHub,
        hooks::{
            address,
            hear::{self, HearError},
        },
    },
    http::{ApiError, Tag, problem::refuse},
};

/// Where providers call, below `/api`.
pub(super) const PATH: &str = "/webhooks/";
/// The one of them that is no CRM; more of what it says is stored.
const NO_CRM: &str = "/webhooks/stripe";

pub(super) fn is_hook(path: &str) -> bool {
    path.starts_with(PATH) && path.trim_end_matches('/') != NO_CRM
}

/// A path without the token that makes it an address nobody can guess.
pub(super) fn tellable(path: &str) -> Cow<'_, str> {
    let token = path.strip_prefix("/api/webhooks/").and_then(|rest| rest.split_once('/'));
    match token {
        Some((provider, _)) => format!("/api/webhooks/{provider}/-").into(),
        None => path.into(),
    }
}

/// Bytes of a call. The largest that a CRM sends are a hundred events of some hundred bytes each.
const MOST: usize = 1 << 20;

pub(super) struct HookApi;

#[OpenApi(prefix_path = "/webhooks", tag = "Tag::Integrations")]
impl HookApi {
    /// For a CRM that tells of all accounts at one address, signed with the secret of our app there. What is
    /// told is read again; whoever is not the CRM is told nothing.
    #[oai(path = "/:provider", method = "post", operation_id = "hear_app")]
    async fn app(
        &self,
        hub: Data<&SharedHub>,
        provider: Path<String>,
        call: Call,
    ) -> Result<Heard, ApiError> {
        let provider = hub.providers.get(&provider).ok_or_else(not_theirs)?;
        let uri = address(&hub, provider, None);
        hear::of_app(&hub, provider, call.at(uri.as_str())).await?;
        Ok(Heard::Kept)
    }

    /// For a CRM that was asked to tell of one connection's account, at an address that only it knows. What
    /// is told is read again; whoever is not the CRM is told nothing.
    #[oai(path = "/:provider/:token", method = "post", operation_id = "hear_connection")]
    async fn connection(
        &self,
        hub: Data<&SharedHub>,
        provider: Path<String>,
        token: Path<String>,
        call: Call,
    ) -> Result<Heard, ApiError> {
        let provider = hub.providers.get(&provider).ok_or_else(not_theirs)?;
        let uri = address(&hub, provider, None);
        hear::of_connection(&hub, provider, &token, call.at(uri.as_str())).await?;
        Ok(Heard::Kept)
    }
}

#[derive(ApiResponse)]
enum Heard {
    /// Kept, now or before.
    #[oai(status = 204)]
    Kept,
}

/// The bytes as they came, and the headers that may vouch for them.
struct Call {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call {
    fn at<'a>(&'a self, uri: &'a str) -> Incoming<'a> {
        Incoming { uri, headers: &self.headers, body: &self.body }
    }
}

impl<'a> ApiExtractor<'a> for Call {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<Any<Value>> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        <Json<Any<Value>> as ApiExtractor>::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let body = body.take()?.into_vec().await?;
        if body.len() > MOST {
            let (status, words) = (StatusCode::PAYLOAD_TOO_LARGE, "A call is 1 MiB at most.");
            return Err(refuse(status, "too_large", words));
        }
        Ok(Self { headers: request.headers().clone(), body })
    }
}

fn not_theirs() -> ApiError {
    ApiError::unauthenticated_as("unauthenticated", "This is for the provider.")
}

impl From<HearError> for ApiError {
    fn from(error: HearError) -> Self {
        match error {
            HearError::NotTheirs => not_theirs(),
            HearError::Db(error) => error.into(),
        }
    }
}
