//! Every way a request can fail, and what the caller is told (RFC 9457).
//!
//! One exhaustive map per error of the rooms below: a new variant does not compile until somebody
//! has chosen its answer. Details of our own failures go to the log, not to strangers.

use std::time::Duration;

use poem::{Response, http::StatusCode};
use poem_openapi::{ApiResponse, Object, payload::Json, types::ToJSON};
use uuid::Uuid;

use crate::{db::DbError, http::request_id, policy::Plan};

/// The one error shape of the API.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// A stable address of this kind of problem.
    #[oai(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    pub status: u16,
    /// What happened here and what to do.
    pub detail: String,
    /// A stable word for programs.
    pub code: String,
    /// Names this request in our log.
    pub request_id: String,
    /// The plan that would allow it.
    pub upgrade_to: Option<Plan>,
    /// Which fields of the request are wrong.
    pub fields: Option<Vec<FieldProblem>>,
    /// Seconds to wait before trying again.
    pub retry_after_s: Option<u64>,
    /// What is in the way: the id of the contact that already has the address.
    pub existing: Option<Uuid>,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct FieldProblem {
    pub field: String,
    pub message: String,
}

impl FieldProblem {
    pub fn new(field: &str, message: &str) -> Self {
        Self { field: field.to_owned(), message: message.to_owned() }
    }
}

impl Problem {
    fn new(status: StatusCode, code: &str, detail: &str) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.to_owned(),
            code: code.to_owned(),
            request_id: request_id(),
            upgrade_to: None,
            fields: None,
            retry_after_s: None,
            existing: None,
        }
    }

    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = self.to_json_string();
        Response::builder().status(status).content_type(PROBLEM_JSON).body(body)
    }
}

pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Boxed, so that a result stays as small as its answer.
type Body = Json<Box<Problem>>;

/// An answer that is not what was asked for.
#[derive(Debug, ApiResponse)]
pub enum ApiError {
    /// The request cannot be understood, or breaks a rule that `fields` names.
    #[oai(status = 400, content_type = "application/problem+json")]
    Invalid(Body),
    /// Nobody is signed in, or the session ended.
    #[oai(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Body),
    /// The member's role or the company's plan does not allow it.
    #[oai(status = 403, content_type = "application/problem+json")]
    Forbidden(Body),
    /// There is no such thing in this company.
    #[oai(status = 404, content_type = "application/problem+json")]
    NotFound(Body),
    /// The body did not arrive in time.
    #[oai(status = 408, content_type = "application/problem+json")]
    Timeout(Body),
    /// The request contradicts what is stored.
    #[oai(status = 409, content_type = "application/problem+json")]
    Conflict(Body),
    /// The body is larger than this address takes.
    #[oai(status = 413, content_type = "application/problem+json")]
    TooLarge(Body),
    /// The body is not JSON.
    #[oai(status = 415, content_type = "application/problem+json")]
    NotJson(Body),
    /// The `Idempotency-Key` came with another request before.
    #[oai(status = 422, content_type = "application/problem+json")]
    AnotherRequest(Body),
    /// Wait for `Retry-After` seconds.
    #[oai(status = 429, content_type = "application/problem+json")]
    TooMany(Body, #[oai(header = "Retry-After")] u64),
    /// We are at fault; the details are in the log under `request_id`.
    #[oai(status = 500, content_type = "application/problem+json")]
    Internal(Body),
    /// The provider is at fault; trying later may help.
    #[oai(status = 502, content_type = "application/problem+json")]
    BadGateway(Body),
    /// We are busy or starting; trying again helps.
    #[oai(status = 503, content_type = "application/problem+json")]
    Unavailable(Body, #[oai(header = "Retry-After")] u64),
}

fn body(status: StatusCode, code: &str, detail: &str) -> Body {
    Json(Box::new(Problem::new(status, code, detail)))
}

impl ApiError {
    pub fn invalid(detail: &str) -> Self {
        Self::invalid_as("invalid", detail)
    }

    /// A 400 with a code of its own.
    pub fn invalid_as(code: &str, detail: &str) -> Self {
        Self::Invalid(body(StatusCode::BAD_REQUEST, code, detail))
    }

    pub fn invalid_fields(fields: Vec<FieldProblem>) -> Self {
        let mut body = body(StatusCode::BAD_REQUEST, "invalid", "Some fields need another value.");
        body.0.fields = Some(fields);
        Self::Invalid(body)
    }

    pub fn unauthenticated() -> Self {
        Self::unauthenticated_as("unauthenticated", "Sign in first.")
    }

    pub fn unauthenticated_as(code: &str, detail: &str) -> Self {
        Self::Unauthenticated(body(StatusCode::UNAUTHORIZED, code, detail))
    }

    /// The role does not allow it.
    pub fn forbidden() -> Self {
        Self::forbidden_as("forbidden", "Your role does not allow this. Ask an owner or admin.")
    }

    pub fn forbidden_as(code: &str, detail: &str) -> Self {
        Self::Forbidden(body(StatusCode::FORBIDDEN, code, detail))
    }

    /// The plan does not allow it.
    pub fn plan(upgrade_to: Option<Plan>, detail: &str) -> Self {
        let mut body = body(StatusCode::FORBIDDEN, "plan", detail);
        body.0.upgrade_to = upgrade_to;
        Self::Forbidden(body)
    }

    /// The same answer for what is not there and for what belongs to another company.
    pub fn not_found() -> Self {
        Self::not_found_as("not_found", "There is no such thing here.")
    }

    pub fn not_found_as(code: &str, detail: &str) -> Self {
        Self::NotFound(body(StatusCode::NOT_FOUND, code, detail))
    }

    pub fn conflict(code: &str, detail: &str) -> Self {
        Self::Conflict(body(StatusCode::CONFLICT, code, detail))
    }

    /// A contact with this address is already in the book; `None` where the member may not see it.
    pub fn duplicate(existing: Option<Uuid>) -> Self {
        let mut body =
            body(StatusCode::CONFLICT, "duplicate", "A contact with this e-mail address exists.");
        body.0.existing = existing;
        Self::Conflict(body)
    }

    /// The body did not come within the time that anybody needs.
    pub fn timeout() -> Self {
        let detail = "The body did not arrive in time.";
        Self::Timeout(body(StatusCode::REQUEST_TIMEOUT, "timeout", detail))
    }

    /// The words name the limit.
    pub fn too_large(detail: &str) -> Self {
        Self::TooLarge(body(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail))
    }

    /// A key names one request, and this is not it.
    pub fn another_request() -> Self {
        let detail = "This Idempotency-Key came with another request before. Use a new one.";
        let (status, code) = (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused");
        Self::AnotherRequest(body(status, code, detail))
    }

    pub fn too_many(wait: Duration, detail: &str) -> Self {
        let seconds = wait.as_secs().max(1);
        let mut body = body(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        body.0.retry_after_s = Some(seconds);
        Self::TooMany(body, seconds)
    }

    pub fn bad_gateway(code: &str, detail: &str) -> Self {
        Self::BadGateway(body(StatusCode::BAD_GATEWAY, code, detail))
    }

    pub fn unavailable(wait: Duration) -> Self {
        let detail = "Tandem is busy or starting. Nothing was changed; try again.";
        let seconds = wait.as_secs().max(1);
        let mut body = body(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        body.0.retry_after_s = Some(seconds);
        Self::Unavailable(body, seconds)
    }

    /// Our mistake: logged here, once, and told without details.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "request failed");
        let detail = "Something went wrong on our side. Tell us the request id if it stays.";
        Self::Internal(body(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail))
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict { .. } => Self::conflict("conflict", "This already exists."),
            DbError::Dangling { .. } => {
                Self::conflict("conflict", "What this refers to is gone. Load the page again.")
            }
            DbError::Fenced => {
                Self::conflict("conflict", "Somebody else changed this meanwhile. Try again.")
            }
            DbError::Busy(_) | DbError::Unavailable(_) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the database did not answer"
                );
                Self::unavailable(Duration::from_secs(2))
            }
            DbError::Query(_) => Self::internal(&error),
        }
    }
}

/// The last resort: whatever poem refuses (parameters, bodies, methods, paths) becomes a problem.
pub(super) async fn from_poem(error: poem::Error) -> Response {
    // An ApiError that travelled as an error is an answer already.
    let status = error.status();
    if error.is_from_response() {
        let response = error.into_response();
        if response.content_type() == Some(PROBLEM_JSON) || status.as_u16() < 400 {
            return response;
        }
        return plain(status, None).into_response();
    }
    if status.is_server_error() {
        tracing::error!(error = %error, "request failed");
        return plain(status, None).into_response();
    }
    let detail = error.to_string();
    plain(status, Some(&detail)).into_response()
}

/// A problem that nothing but its status is known about.
fn plain(status: StatusCode, detail: Option<&str>) -> Problem {
    let (code, words) = match status {
        StatusCode::BAD_REQUEST => ("invalid", detail.unwrap_or("The request is malformed.")),
        StatusCode::UNAUTHORIZED => ("unauthenticated", "Sign in first."),
        StatusCode::FORBIDDEN => ("forbidden", "This is not allowed."),
        StatusCode::NOT_FOUND => ("not_found", "There is no such thing here."),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not do that."),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The body is larger than 2 MiB."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "Send JSON."),
        StatusCode::REQUEST_TIMEOUT => ("timeout", "The body did not arrive in time."),
        other if other.is_client_error() => ("invalid", "The request is malformed."),
        _ => ("internal", "Something went wrong on our side. Tell us the request id if it stays."),
    };
    Problem::new(status, code, words)
}

/// A problem as a response, for the layers around the API.
pub(super) fn refuse(status: StatusCode, code: &str, detail: &str) -> poem::Error {
    poem::Error::from_response(Problem::new(status, code, detail).into_response())
}
