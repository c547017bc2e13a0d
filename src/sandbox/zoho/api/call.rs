//! One request to the API, and the ways to answer it.

use bytes::Bytes;
use poem::{Response, http::StatusCode};
use serde_json::{Map, Value, json};

use super::super::{
    accounts::{Org, User},
    limits::Over,
};

/// A request that passed the gate.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) org: &'static Org,
    pub(crate) user: &'static User,
    pub(crate) query: Vec<(String, String)>,
    /// Seconds since 1970.
    pub(crate) modified_since: Option<u64>,
    pub(crate) body: Bytes,
    pub(crate) now: u64,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `None` for an answer without a body.
    pub(crate) body: Option<Value>,
}

/// A refusal in the API's words.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

pub(crate) type Answer = Result<Reply, Refusal>;

impl Reply {
    pub(crate) const fn of(status: u16, body: Value) -> Self {
        Self { status, body: Some(body) }
    }

    pub(crate) const fn json(body: Value) -> Self {
        Self::of(200, body)
    }

    /// 204: there is nothing.
    pub(crate) const fn nothing() -> Self {
        Self { status: 204, body: None }
    }
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self::detailed(status, code, message, json!({}))
    }

    pub(crate) fn detailed(status: u16, code: &str, message: &str, details: Value) -> Self {
        Self { status, body: item(code, message, details) }
    }

    pub(crate) fn missing_param(name: &str) -> Self {
        let message = "One of the expected parameter is missing";
        Self::detailed(400, "REQUIRED_PARAM_MISSING", message, json!({ "param_name": name }))
    }

    pub(crate) fn invalid_param(name: &str) -> Self {
        let details = json!({ "param_name": name });
        Self::detailed(400, "INVALID_DATA", "The given parameter is invalid", details)
    }

    pub(crate) fn no_such_id(id: &str) -> Self {
        let details = json!({ "id": id });
        Self::detailed(400, "INVALID_DATA", "the id given seems to be invalid", details)
    }

    pub(crate) fn over(over: Over) -> Self {
        match over {
            Over::Credits => Self::new(429, "TOO_MANY_REQUESTS", "API credits have been exhausted"),
            Over::Concurrency => Self::new(
                429,
                "TOO_MANY_REQUESTS",
                "The number of concurrent API calls has exceeded the limit",
            ),
        }
    }
}

/// An error: of the whole, or of one record.
#[expect(clippy::needless_pass_by_value, reason = "what is said is made on the spot")]
pub(crate) fn item(code: &str, message: &str, details: Value) -> Value {
    json!({ "code": code, "details": details, "message": message, "status": "error" })
}

pub(crate) fn refused(refusal: &Refusal) -> Response {
    answered(Reply::of(refusal.status, refusal.body.clone()))
}

pub(crate) fn answered(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or_default();
    match reply.body {
        Some(body) => Response::builder()
            .status(status)
            .content_type("application/json;charset=utf-8")
            .body(body.to_string()),
        None => Response::builder().status(status).finish(),
    }
}

impl Call {
    /// The value of a parameter; an empty one is as good as none.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn number(&self, name: &str, default: u64) -> Result<u64, Refusal> {
        match self.param(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Refusal::invalid_param(name)),
        }
    }

    /// The body as an object. Clients of the vendor send it without a content type.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            _ => Err(Refusal::new(400, "INVALID_DATA", "body is not a JSON object")),
        }
    }

    /// The list of that name in the body: at least one, at most `most`.
    pub(crate) fn list(&self, name: &str, most: usize) -> Result<Vec<Value>, Refusal> {
        let Some(Value::Array(items)) = self.object()?.remove(name) else {
            let details = json!({ "api_name": name, "json_path": format!("$.{name}") });
            let message = "required field not found";
            return Err(Refusal::detailed(400, "MANDATORY_NOT_FOUND", message, details));
        };
        if items.is_empty() || items.len() > most {
            let details = json!({ "api_name": name, "maximum_length": most });
            return Err(Refusal::detailed(400, "INVALID_DATA", "invalid data", details));
        }
        Ok(items)
    }
}
