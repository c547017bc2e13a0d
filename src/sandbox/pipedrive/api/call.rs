//! One request to the API, and the ways to answer it.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::{
    accounts::{Company, User},
    clock,
};

/// A request that passed the gate.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) company: &'static Company,
    pub(crate) user: &'static User,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) id: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) now: u64,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// A refusal in the API's words.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

pub(crate) type Answer = Result<Reply, Refusal>;

const INFO: &str =
    "Please check developers.pipedrive.com for more information about Pipedrive API.";

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes() }
    }

    pub(crate) fn data(data: impl Into<Value>) -> Self {
        Self::json(200, &json!({ "success": true, "data": data.into() }))
    }

    /// One record, written by `write`.
    pub(crate) fn record(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut body = br#"{"success":true,"data":"#.to_vec();
        write(&mut body);
        body.push(b'}');
        Self { status: 200, body }
    }

    /// A page of records and the cursor of the next.
    pub(crate) fn page<R>(
        records: &[R],
        next: Option<&str>,
        write: impl Fn(&R, &mut Vec<u8>),
    ) -> Self {
        let mut body = Vec::with_capacity(128 + records.len() * 900);
        body.extend_from_slice(br#"{"success":true,"data":["#);
        for (nth, record) in records.iter().enumerate() {
            if nth > 0 {
                body.push(b',');
            }
            write(record, &mut body);
        }
        let next = json!(next);
        body.extend_from_slice(
            format!(r#"],"additional_data":{{"next_cursor":{next}}}}}"#).as_bytes(),
        );
        Self { status: 200, body }
    }
}

impl Refusal {
    pub(crate) fn new(status: u16, error: impl Into<String>) -> Self {
        let body = json!({
            "success": false, "error": error.into(), "error_info": INFO,
            "data": null, "additional_data": null,
        });
        Self { status, body }
    }

    /// A request that does not fit the schema.
    pub(crate) fn invalid(problem: impl std::fmt::Display) -> Self {
        let mut refusal = Self::new(400, format!("Validation failed: {problem}"));
        refusal.body["code"] = json!("ERR_SCHEMA_VALIDATION_FAILED");
        refusal
    }

    pub(crate) fn missing(what: &str) -> Self {
        let mut refusal = Self::new(404, format!("{what} not found"));
        refusal.body["code"] = json!("ERR_NOT_FOUND");
        refusal
    }

    /// Said for a missing scope, and for paths of v2 that do not exist.
    pub(crate) fn scope() -> Self {
        let body = json!({
            "success": false, "error": "Scope and URL mismatch", "errorCode": 403,
            "error_info": "Please check developers.pipedrive.com",
        });
        Self { status: 403, body }
    }

    pub(crate) fn unauthorized() -> Self {
        let body = json!({
            "success": false, "error": "unauthorized access", "errorCode": 401,
            "error_info": "Please check developers.pipedrive.com",
        });
        Self { status: 401, body }
    }

    pub(crate) fn over_limit() -> Self {
        let body = json!({
            "success": false, "error": "Request over limit", "errorCode": 429,
            "error_info": "Please check developers.pipedrive.com",
        });
        Self { status: 429, body }
    }
}

impl Call {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Refuses parameters that v2 does not know.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.query.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            Some((key, _)) => Err(Refusal::invalid(format!("Unknown query parameter '{key}'"))),
            None => Ok(()),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.param(name)
            .map(|text| {
                text.parse().map_err(|_| Refusal::invalid(format!("{name}: must be an integer")))
            })
            .transpose()
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.param(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid(format!("{name}: must be a boolean"))),
        }
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.param(name)
            .map(|text| {
                clock::parse(text).ok_or_else(|| {
                    Refusal::invalid(format!("{name}: '{text}' is not a valid datetime"))
                })
            })
            .transpose()
    }

    /// The id in the path.
    pub(crate) fn id(&self) -> Result<u64, Refusal> {
        let text = self.id.as_deref().unwrap_or_default();
        text.parse().map_err(|_| Refusal::invalid("id: must be an integer"))
    }

    /// The body as an object with known keys only.
    pub(crate) fn object(&self, known: &[&str]) -> Result<Map<String, Value>, Refusal> {
        let body: Map<String, Value> = serde_json::from_slice(&self.body)
            .map_err(|_| Refusal::new(400, "Invalid JSON in the request body"))?;
        match body.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(Refusal::invalid(format!("Unknown key '{key}'"))),
            None => Ok(body),
        }
    }
}
