//! One request to the API, and the ways to answer it.

use poem::{Response, http::StatusCode};
use serde_json::{Value, json};

use crate::sandbox::hubspot::{
    accounts::Portal,
    records::{kind::Kind, record::Millis},
};

/// A request that may act.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) portal: &'static Portal,
    pub(crate) method: String,
    pub(crate) query: Vec<(String, String)>,
    /// Null when there is none.
    pub(crate) body: Value,
    /// As it came, for limits on its length.
    pub(crate) length: usize,
    pub(crate) now: Millis,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
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
    pub(crate) const fn json(status: u16, body: Value) -> Self {
        Self { status, body: Some(body) }
    }

    pub(crate) const fn empty() -> Self {
        Self { status: 204, body: None }
    }

    pub(crate) fn response(self) -> Response {
        let builder =
            Response::builder().status(StatusCode::from_u16(self.status).unwrap_or_default());
        match self.body {
            Some(body) => {
                builder.content_type("application/json;charset=utf-8").body(body.to_string())
            }
            None => builder.finish(),
        }
    }
}

impl Refusal {
    pub(crate) fn new(status: u16, category: &str, message: impl Into<String>) -> Self {
        let body = json!({
            "status": "error",
            "message": message.into(),
            "correlationId": correlation(),
            "category": category,
        });
        Self { status, body }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "VALIDATION_ERROR", message)
    }

    /// What the API says of property values, as JSON within the message.
    pub(crate) fn values(objections: &[(String, &str, String)]) -> Self {
        let all: Value = objections
            .iter()
            .map(|(name, error, message)| {
                json!({
                    "isValid": false, "message": message, "error": error, "name": name,
                    "localizedErrorMessage": message, "portalId": null,
                })
            })
            .collect();
        let mut refusal = Self::invalid(format!("Property values were not valid: {all}"));
        refusal.body["errors"] = objections
            .iter()
            .map(|(name, error, message)| {
                json!({ "message": message, "code": error, "context": { "propertyName": [name] } })
            })
            .collect();
        refusal
    }

    pub(crate) fn required(names: &[&str]) -> Self {
        let mut refusal = Self::invalid("Some required properties were not set.");
        refusal.body["errors"] = json!([{
            "message": "Some required properties were not set.",
            "code": "MISSING_REQUIRED_PROPERTY",
            "context": { "propertyName": names },
        }]);
        refusal
    }

    pub(crate) fn missing() -> Self {
        let mut refusal = Self::new(404, "OBJECT_NOT_FOUND", "resource not found");
        refusal.body["subCategory"] = json!("crm.objects.NOT_FOUND");
        refusal
    }

    /// Somebody has the address already.
    pub(crate) fn exists(id: u64) -> Self {
        Self::new(409, "CONFLICT", format!("Contact already exists. Existing ID: {id}"))
    }

    pub(crate) fn unauthorized(expired: bool) -> Self {
        if expired {
            let words = "The OAuth token used to make this call expired 5 minute(s) ago.";
            return Self::new(401, "EXPIRED_AUTHENTICATION", words);
        }
        let words = "Authentication credentials not found. This API supports OAuth 2.0 \
                     authentication and you can find more details in the documentation.";
        Self::new(401, "INVALID_AUTHENTICATION", words)
    }

    pub(crate) fn scope(scope: &str) -> Self {
        let words = "This app hasn't been granted all required scopes to make this call. Read \
                     more about required scopes here: https://developers.hubspot.com/scopes.";
        let mut refusal = Self::new(403, "MISSING_SCOPES", words);
        refusal.body["errors"] = json!([{
            "message": "One or more of the following scopes are required.",
            "context": { "requiredGranularScopes": [scope] },
        }]);
        refusal
    }

    pub(crate) fn over_limit(policy: &str, words: &str) -> Self {
        let mut refusal = Self::new(429, "RATE_LIMITS", words);
        refusal.body["errorType"] = json!("RATE_LIMIT");
        refusal.body["policyName"] = json!(policy);
        refusal
    }

    /// As it stands among the errors of a batch.
    pub(crate) fn within(mut self, trace: Option<&str>) -> Value {
        if let (Some(body), Some(trace)) = (self.body.as_object_mut(), trace) {
            let context = body.entry("context").or_insert_with(|| json!({}));
            context["objectWriteTraceId"] = json!([trace]);
        }
        if let Some(body) = self.body.as_object_mut() {
            body.remove("correlationId");
        }
        self.body
    }

    pub(crate) fn response(self) -> Response {
        Reply::json(self.status, self.body).response()
    }
}

pub(crate) fn correlation() -> String {
    let bytes: [u8; 16] = rand::random();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

impl Call {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A list that comes once with commas, or several times.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let values = self.query.iter().filter(|(key, _)| key == name);
        values
            .flat_map(|(_, value)| value.split(','))
            .filter(|value| !value.is_empty())
            .map(ToOwned::to_owned)
            .collect()
    }

    pub(crate) fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.param("limit") else { return Ok(usual) };
        let limit: usize =
            text.parse().map_err(|_| Refusal::invalid("Unable to parse value for limit"))?;
        if limit > most {
            return Err(Refusal::invalid(format!(
                "Max page size is {most}, but {limit} was requested"
            )));
        }
        Ok(limit)
    }

    /// The inputs of a batch.
    pub(crate) fn inputs(&self, most: usize) -> Result<&[Value], Refusal> {
        let inputs = self.body["inputs"].as_array();
        let inputs = inputs.ok_or_else(|| Refusal::invalid("inputs: may not be null"))?;
        if inputs.len() > most {
            return Err(Refusal::invalid(format!("inputs size must be between 0 and {most}")));
        }
        Ok(inputs)
    }
}

/// An id in a path or a body; some write it as a number.
pub(crate) fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

pub(crate) fn kind(text: &str) -> Result<Kind, Refusal> {
    Kind::read(text)
        .ok_or_else(|| Refusal::invalid(format!("Unable to infer object type from: {text}")))
}
