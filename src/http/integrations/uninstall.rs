//! What a CRM tells us by itself, at the address of the callback: that a user took the app out, or
//! shares it with colleagues. No browser and no cookie is involved.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, Object,
    payload::Json,
    registry::{MetaRequest, Registry},
    types::{Any, ParseFromJSON},
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    flows::{
        Provider, SharedHub,
        uninstall::{self, Notice},
    },
    http::{ApiError, FieldProblem, client_address},
};

/// Wrong credentials per network address.
const WRONG: (u32, Duration) = (30, Duration::from_mins(10));

/// Done for whoever showed the app's credentials, about the app itself.
pub(super) async fn hear(
    hub: &SharedHub,
    app: &AppCall,
    form: &Uninstall,
) -> Result<Heard, ApiError> {
    let provider = &app.0;
    if !uninstall::is_client(provider, &form.client_id) {
        return Err(not_the_app());
    }
    uninstall::uninstalled(hub, provider, &form.notice()?).await?;
    Ok(Heard::Done)
}

#[derive(ApiResponse)]
pub(super) enum Heard {
    /// Heard.
    #[oai(status = 204)]
    Done,
}

fn not_the_app() -> ApiError {
    ApiError::unauthenticated_as("unauthenticated", "This is for the provider.")
}

/// A call that shows the app's own credentials. Judged before the body is looked at; whatever is wrong
/// with them, an unknown provider included, is answered alike.
pub(super) struct AppCall(Provider);

impl<'a> ApiExtractor<'a> for AppCall {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];

    type ParamType = ();
    type ParamRawType = ();

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let hub = request.data::<SharedHub>().expect("the hub is put in by `app`");
        let known = slug(request).and_then(|slug| hub.providers.get(slug)).filter(|provider| {
            basic(request).is_some_and(|(id, secret)| uninstall::is_app(provider, &id, &secret))
        });
        if let Some(provider) = known {
            return Ok(Self(provider.clone()));
        }
        let from = client_address::of(request, &hub.config);
        uninstall::wrong(hub, &from, WRONG)
            .await
            .map_err(|wait| ApiError::too_many(wait, "Too many tries."))?;
        Err(not_the_app().into())
    }
}

/// The provider that the address names; parameters have other names before they are extracted.
fn slug(request: &Request) -> Option<&str> {
    request
        .original_uri()
        .path()
        .trim_end_matches('/')
        .strip_suffix("/callback")?
        .rsplit('/')
        .next()
}

/// The pair of a Basic header (RFC 7617).
fn basic(request: &Request) -> Option<(String, Zeroizing<String>)> {
    let (scheme, encoded) = request.header("authorization")?.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()))?;
    let pair = Zeroizing::new(String::from_utf8(decoded.ok()?).ok()?);
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), Zeroizing::new(secret.to_owned())))
}

/// Who uninstalled. Ids come as numbers or as text.
#[derive(Object)]
#[oai(rename = "Uninstall")]
pub(super) struct UninstallForm {
    client_id: String,
    company_id: Any<Value>,
    user_id: Any<Value>,
    /// RFC 3339, or seconds or milliseconds since 1970; anything else is as good as absent.
    timestamp: Option<Any<Value>>,
}

/// The body as JSON, whatever its sender calls it: it is sent once and never again.
pub(super) struct Uninstall(UninstallForm);

impl std::ops::Deref for Uninstall {
    type Target = UninstallForm;

    fn deref(&self) -> &UninstallForm {
        &self.0
    }
}

impl<'a> ApiExtractor<'a> for Uninstall {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<UninstallForm> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        <Json<UninstallForm> as ApiExtractor>::request_meta()
    }

    async fn from_request(
        _request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = body.take()?.into_bytes().await?;
        let json: Option<Value> = serde_json::from_slice(&bytes).ok();
        let form = json.and_then(|json| UninstallForm::parse_from_json(Some(json)).ok());
        Ok(Self(form.ok_or_else(|| ApiError::invalid("The body does not say who uninstalled."))?))
    }
}

impl UninstallForm {
    fn notice(&self) -> Result<Notice, ApiError> {
        let id = |field: &str, value: &Value| {
            id(value).ok_or_else(|| {
                ApiError::invalid_fields(vec![FieldProblem::new(
                    field,
                    "An id is a whole number, or 1 to 64 letters and digits.",
                )])
            })
        };
        Ok(Notice {
            account_id: id("company_id", &self.company_id.0)?,
            account_user_id: id("user_id", &self.user_id.0)?,
            at: self.timestamp.as_ref().and_then(|value| moment(&value.0)),
        })
    }
}

fn id(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.as_u64()?.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    ((1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
        .then_some(text)
}

/// A moment that can be meant in one way only.
fn moment(value: &Value) -> Option<DateTime<Utc>> {
    /// Seconds of the year 5138; as milliseconds, March 1973.
    const MILLISECONDS_FROM: i64 = 100_000_000_000;
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => match DateTime::parse_from_rfc3339(text.trim()) {
            Ok(at) => return Some(at.to_utc()),
            Err(_) => text.trim().parse().ok(),
        },
        _ => None,
    }?;
    if number < MILLISECONDS_FROM {
        DateTime::from_timestamp(number, 0)
    } else {
        DateTime::from_timestamp_millis(number)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_numbers_or_text() {
        assert_eq!(id(&json!(7_001)), Some("7001".to_owned()));
        assert_eq!(id(&json!(" 7001 ")), Some("7001".to_owned()));
        for no_id in [json!(""), json!(-1), json!(1.5), json!(null), json!([1]), json!("a b")] {
            assert_eq!(id(&no_id), None, "{no_id}");
        }
    }

    #[test]
    fn a_time_counts_when_it_means_one_moment() {
        let at = |value: Value| moment(&value).map(|at| at.timestamp());
        assert_eq!(at(json!("2026-11-27T10:00:00Z")), Some(1_795_773_600));
        assert_eq!(at(json!("2026-11-27T11:00:00.5+01:00")), Some(1_795_773_600));
        assert_eq!(at(json!(1_795_773_600)), Some(1_795_773_600));
        assert_eq!(at(json!("1795773600000")), Some(1_795_773_600));
        // Which time zone?
        assert_eq!(at(json!("2026-11-27 10:00:00")), None);
        assert_eq!(at(json!({})), None);
    }
}
