//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same request again is
//! answered like the first time, and has no second effect.
//!
//! [`Once`] as an argument of an API method declares the header and claims the request; [`settle`]
//! keeps or releases what the method left open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use poem::{Endpoint, IntoResponse, Request, RequestBody, Response, Result, http::StatusCode};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
    types::ToJSON,
};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    db::TenantTx,
    flows::{
        SealError, SharedHub,
        idempotency::{self, Answer, Claim, Verdict},
    },
    http::{ApiError, FieldProblem, Session},
};

pub(super) const HEADER: &str = "Idempotency-Key";
/// Says that an answer is one of before.
const REPLAYED: &str = "idempotency-replayed";
const LONGEST: usize = 255;

/// What the body hashes to; put in by `limits`, which has read it.
#[derive(Clone, Copy)]
pub(super) struct BodyHash([u8; 32]);

impl BodyHash {
    /// Of a request that came with a key; nobody needs it otherwise.
    pub(super) fn note(request: &mut Request, body: &[u8]) {
        if request.header(HEADER).is_some() {
            request.set_data(Self(Sha256::digest(body).into()));
        }
    }
}

/// The claim of this request, if it made one.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<Option<Claimed>>>);

#[derive(Clone)]
struct Claimed {
    claim: Arc<Claim>,
    /// The answer went into the transaction of the effect.
    kept: bool,
}

impl Open {
    fn claimed(&self) -> MutexGuard<'_, Option<Claimed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to do this request once; without a key nothing is kept.
pub(super) struct Once {
    claim: Option<Arc<Claim>>,
    open: Open,
}

impl Once {
    /// Keeps the answer in the transaction of the effect.
    pub(super) async fn keep(
        &self,
        tx: &mut TenantTx,
        status: StatusCode,
        body: &(impl ToJSON + Sync),
    ) -> Result<(), SealError> {
        let Some(claim) = &self.claim else { return Ok(()) };
        let body = Some(SecretString::from(body.to_json_string()));
        claim.keep(tx, &Answer { status: status.as_u16(), body }).await?;
        if let Some(claimed) = &mut *self.open.claimed() {
            claimed.kept = true;
        }
        Ok(())
    }

    async fn of(request: &Request) -> Result<Self> {
        let open = request.data::<Open>().cloned().unwrap_or_default();
        let Some(key) = request.headers().get(HEADER) else {
            return Ok(Self { claim: None, open });
        };
        let key = key.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len()));
        let Some(key) = key.filter(|_| request.headers().get_all(HEADER).iter().count() == 1)
        else {
            let words = "Use one key of 1 to 255 visible ASCII letters, for instance a UUID.";
            return Err(ApiError::invalid_fields(vec![FieldProblem::new(HEADER, words)]).into());
        };
        let hub = request.data::<SharedHub>().expect("the hub is put in by `app`");
        let session = Session::of(request).await?.ok_or_else(ApiError::unauthenticated)?;
        let operation = format!("{} {}", request.method(), request.uri().path());
        let BodyHash(hash) = *request.data().expect("`limits` has read the body");
        let company_id = session.company_id();
        let words = (operation.as_str(), key);
        let verdict = idempotency::claim(hub, company_id, session.caller(), words, &hash).await;
        match verdict.map_err(ApiError::from)? {
            Verdict::Do(claim) => {
                let claim = Arc::new(claim);
                *open.claimed() = Some(Claimed { claim: Arc::clone(&claim), kept: false });
                Ok(Self { claim: Some(claim), open })
            }
            Verdict::Say(answer) => Err(poem::Error::from_response(replay(&answer))),
            Verdict::Lost => Err(ApiError::conflict(
                "answer_lost",
                "This was done, but its answer can no longer be shown. Look at what there is now.",
            )
            .into()),
            Verdict::Busy => Err(ApiError::conflict(
                "request_under_way",
                "The first request with this Idempotency-Key is under way. Ask again in a moment.",
            )
            .into()),
            Verdict::Another => Err(ApiError::another_request().into()),
        }
    }
}

fn replay(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let response = Response::builder().status(status).header(REPLAYED, "true");
    match &answer.body {
        Some(body) => response
            .content_type("application/json; charset=utf-8")
            .body(body.expose_secret().to_owned()),
        None => response.finish(),
    }
}

impl<'a> ApiExtractor<'a> for Once {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = false;

    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let mut schema = MetaSchema::new("string");
        schema.min_length = Some(1);
        schema.max_length = Some(LONGEST);
        schema.pattern = Some("^[ -~]+$".to_owned());
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<String>,
    ) -> Result<Self> {
        Self::of(request).await
    }
}

/// Keeps the answer of a request that did not keep its own, and frees the key of one that failed.
pub(super) async fn settle<E>(inner: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint,
    E::Output: IntoResponse,
{
    if request.header(HEADER).is_none() {
        return Ok(inner.call(request).await?.into_response());
    }
    let open = Open::default();
    request.set_data(open.clone());
    let hub = SharedHub::clone(request.data().expect("the hub is put in by `app`"));
    let answer = inner.call(request).await.map(IntoResponse::into_response);
    let Some(Claimed { claim, kept }) = open.claimed().take() else { return answer };
    let answer = match answer {
        Ok(answer) if answer.status().is_success() && kept => return Ok(answer),
        Ok(answer) if answer.status().is_success() => answer,
        failed => {
            if let Err(error) = claim.release(&hub).await {
                tracing::warn!(%error, "the key of a failed request stays taken for two minutes");
            }
            return failed;
        }
    };
    let (parts, body) = answer.into_parts();
    let body = body.into_string().await.map_err(|error| ApiError::internal(&error))?;
    let kept = Answer {
        status: parts.status.as_u16(),
        body: (!body.is_empty()).then(|| SecretString::from(body.as_str())),
    };
    if let Err(error) = claim.settle(&hub, &kept).await {
        tracing::warn!(%error, "an answer could not be kept for its key");
    }
    Ok(Response::from_parts(parts, body.into()))
}
