//! Whether an answer is one that the document tells of.

use std::collections::HashMap;

use jsonschema::Validator;
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::{Value, json};

/// An answer, as far as it was read.
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Told {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"))
    }
}

pub(super) struct Judge {
    /// By operation and status: the media types and their schemas; none where there is no body.
    declared: HashMap<(String, u16), Vec<(String, Validator)>>,
    problem: Validator,
}

impl Judge {
    pub(super) fn new(document: &Value) -> Self {
        let components = json!({ "schemas": strict(&document["components"]["schemas"]) });
        let validator = |schema: &Value| {
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": components,
                "allOf": [strict(schema)],
            });
            jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
        };
        let mut declared = HashMap::new();
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap();
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let content = response.get("content").and_then(Value::as_object);
                    let bodies = content.into_iter().flatten().map(|(media, content)| {
                        // A stream's schema is of the whole; an event is one of its items.
                        let schema = match media.as_str() {
                            "text/event-stream" => &content["schema"]["items"],
                            _ => &content["schema"],
                        };
                        (essence(media).to_owned(), validator(schema))
                    });
                    let bodies = bodies.collect();
                    declared.insert((name.to_owned(), status.parse().unwrap()), bodies);
                }
            }
        }
        let problem = validator(&json!({ "$ref": "#/components/schemas/Problem" }));
        Self { declared, problem }
    }

    /// What is wrong with an answer; `operation` is none where no operation is.
    pub(super) fn fault(&self, operation: Option<&str>, told: &Told) -> Option<String> {
        let status = told.status.as_u16();
        if told.status.is_server_error() {
            return Some(format!("{status}"));
        }
        if told.header("x-request-id").is_empty() || told.header("ratelimit").is_empty() {
            return Some(format!("{status} without the headers of every answer"));
        }
        let Some(operation) = operation else {
            if !told.status.is_client_error() {
                return Some(format!("{status} where there is no operation"));
            }
            return self.problem_fault(told);
        };
        let Some(declared) = self.declared.get(&(operation.to_owned(), status)) else {
            return Some(format!("{status} is not declared"));
        };
        if declared.is_empty() {
            return (!told.body.is_empty())
                .then(|| format!("{status} has a body, and none is declared"));
        }
        let sent = essence(told.header("content-type"));
        let Some((media, validator)) = declared.iter().find(|(media, _)| sent == media) else {
            let media: Vec<&str> = declared.iter().map(|(media, _)| media.as_str()).collect();
            return Some(format!("{status} is {sent}, declared is {}", media.join(" or ")));
        };
        if media == "application/problem+json" {
            return self.problem_fault(told);
        }
        let json = match media.as_str() {
            "text/event-stream" => event(&told.body),
            "text/csv" | "application/x-ndjson" => {
                std::str::from_utf8(&told.body).ok().map(Into::into)
            }
            _ => serde_json::from_slice(&told.body).ok(),
        };
        let Some(json) = json else { return Some(format!("{status} is no JSON")) };
        validator.iter_errors(&json).next().map(|error| {
            format!("{status} does not match its schema: {error} at {}", error.instance_path())
        })
    }

    fn problem_fault(&self, told: &Told) -> Option<String> {
        let status = told.status.as_u16();
        if essence(told.header("content-type")) != "application/problem+json" {
            return Some(format!("{status} is no problem"));
        }
        let Ok(json) = serde_json::from_slice::<Value>(&told.body) else {
            return Some(format!("{status} is no JSON"));
        };
        if let Some(error) = self.problem.iter_errors(&json).next() {
            return Some(format!("{status} is no problem: {error}"));
        }
        let code = json["code"].as_str().unwrap();
        let agrees = json["status"] == status
            && json["request_id"] == told.header("x-request-id")
            && json["type"] == format!("/problems/{code}")
            && (status != 429) == told.header("retry-after").is_empty()
            && (status != 405) == told.header("allow").is_empty()
            && (status != 401) == told.header("www-authenticate").is_empty();
        (!agrees).then(|| format!("{status} contradicts its headers: {json}"))
    }
}

/// Without parameters.
fn essence(media: &str) -> &str {
    media.split(';').next().unwrap().trim()
}

/// The first event of a stream.
fn event(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    let data = text.lines().find_map(|line| line.strip_prefix("data:"))?;
    serde_json::from_str(data.trim()).ok()
}

/// As JSON Schema: `nullable` is a type there, and an object has no field that is not declared.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut out: serde_json::Map<String, Value> =
                object.iter().map(|(name, inner)| (name.clone(), strict(inner))).collect();
            if out.contains_key("properties") && !out.contains_key("additionalProperties") {
                out.insert("additionalProperties".to_owned(), false.into());
            }
            if out.remove("nullable") == Some(true.into()) {
                return json!({ "anyOf": [out, { "type": "null" }] });
            }
            out.into()
        }
        Value::Array(items) => items.iter().map(strict).collect(),
        other => other.clone(),
    }
}
