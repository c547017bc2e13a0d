//! `/api/webhooks/stripe`: what Stripe tells by itself. No browser and no cookie is involved; a signature
//! over the raw bytes says who speaks.

use poem::{Request, RequestBody, Result, http::StatusCode, web::Data};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, Object, OpenApi,
    payload::Json,
    registry::{MetaRequest, Registry},
};

use crate::{
    flows::{
        SharedHub,
        billing::hear::{self, HearError},
    },
    http::{ApiError, Tag, problem::refuse},
};

/// Bytes of an event; the largest that Stripe is known to send is an invoice of some 100 KiB.
const MOST: usize = 256 << 10;

pub(in crate::http) struct WebhookApi;

#[OpenApi(prefix_path = "/webhooks", tag = "Tag::Billing")]
impl WebhookApi {
    /// For Stripe. Whatever is signed is heard once; nothing follows from what it says, but that Stripe is
    /// asked how things stand.
    #[oai(path = "/stripe", method = "post", operation_id = "stripe_webhook")]
    async fn hear(&self, hub: Data<&SharedHub>, event: Signed) -> Result<Heard, ApiError> {
        hear::hear(&hub, &event.signature, &event.body).await?;
        Ok(Heard::Once)
    }
}

#[derive(ApiResponse)]
enum Heard {
    /// Heard, now or before.
    #[oai(status = 204)]
    Once,
}

/// An event of Stripe's, as far as it is looked at.
#[derive(Object)]
#[oai(rename = "StripeEvent")]
struct EventForm {
    id: String,
    #[oai(rename = "type")]
    kind: String,
    livemode: bool,
    /// Seconds since 1970.
    created: i64,
}

/// The bytes as they came, and what vouches for them.
struct Signed {
    signature: String,
    body: Vec<u8>,
}

impl<'a> ApiExtractor<'a> for Signed {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<EventForm> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        <Json<EventForm> as ApiExtractor>::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        // Of two signatures none says which bytes it is for.
        let mut given = request.headers().get_all("stripe-signature").iter();
        let signature = match (given.next(), given.next()) {
            (Some(one), None) => one.to_str().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let body = body.take()?.into_vec().await?;
        if body.len() > MOST {
            let (status, words) = (StatusCode::PAYLOAD_TOO_LARGE, "An event is 256 KiB at most.");
            return Err(refuse(status, "too_large", words));
        }
        Ok(Self { signature, body })
    }
}

impl From<HearError> for ApiError {
    fn from(error: HearError) -> Self {
        match error {
            HearError::NotOffered => Self::not_found(),
            // Which of its parts was wrong is nobody's business.
            HearError::NotSigned(_) => {
                Self::invalid_as("signature", "This was not signed by Stripe just now.")
            }
            HearError::Unreadable => Self::invalid("This is no event."),
            HearError::Db(error) => error.into(),
        }
    }
}
