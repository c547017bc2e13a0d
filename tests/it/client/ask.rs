//! Requests, made out of the document.

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use reqwest::{Method, header::HeaderValue};
use serde_json::Value;

use super::{
    stage::{Actor, Stage},
    values::{Known, Values, hostile_text},
};

pub(super) struct Operation {
    pub(super) name: String,
    method: Method,
    path: String,
    parameters: Vec<Value>,
    body: Option<Value>,
}

impl Operation {
    pub(super) fn all(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().unwrap().iter();
        paths
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().iter().map(move |(method, operation)| Self {
                    name: operation["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase().parse().unwrap(),
                    path: path.clone(),
                    parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
                    body: operation["requestBody"]["content"]
                        .as_object()
                        .map(|content| content.values().next().unwrap()["schema"].clone()),
                })
            })
            .collect()
    }

    /// Those that hash a password take a hundred times as long as the others.
    fn is_slow(&self) -> bool {
        ["login", "signup", "confirm", "confirm_reset"].contains(&&*self.name)
    }
}

/// A request to be sent.
#[derive(Debug)]
pub(super) struct Ask {
    /// None where the document has none.
    pub(super) operation: Option<String>,
    pub(super) actor: Actor,
    pub(super) method: Method,
    /// With the query.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, HeaderValue)>,
    pub(super) body: Option<Vec<u8>>,
}

/// `contacts` of `/api/contacts/{id}`.
fn room(path: &str) -> &str {
    path.split(['/', '?']).nth(2).unwrap_or_default()
}

const MEDIA: &[&str] = &[
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "application/merge-patch+json",
    "application",
    "/",
    "",
    "APPLICATION/JSON",
];

impl Ask {
    pub(super) fn any(
        document: &Value,
        (operations, wanted): (&[Operation], &[&Operation]),
        known: &Known,
        rng: &mut StdRng,
    ) -> Self {
        if rng.random_bool(0.02) {
            return Self::astray(rng);
        }
        let mut operation = *wanted.choose(rng).unwrap();
        if operation.is_slow() && rng.random_bool(0.8) {
            operation = *wanted.choose(rng).unwrap();
        }
        let values = Values { document, known, room: room(&operation.path) };
        // Half of the requests are what the document allows; in the others something is wrong.
        let hostile = rng.random_bool(0.5);
        let (path, headers) = operation.address(&values, hostile, rng);
        let mut ask = Self {
            operation: Some(operation.name.clone()),
            actor: Stage::actor(rng),
            method: operation.method.clone(),
            path,
            headers,
            body: None,
        };
        if let Some(schema) = &operation.body {
            let value = if hostile && rng.random_bool(0.7) {
                values.spoilt("", schema, rng)
            } else {
                values.valid("", schema, rng)
            };
            let mut body = serde_json::to_vec(&value).unwrap();
            if hostile && rng.random_bool(0.15) {
                mangle(&mut body, rng);
            }
            ask.body = Some(body);
        } else if hostile && rng.random_bool(0.2) {
            ask.body = Some(b"{}".to_vec());
        }
        let media = if hostile && rng.random_bool(0.1) {
            MEDIA.choose(rng).unwrap()
        } else {
            "application/json"
        };
        if ask.body.is_some() && !(hostile && rng.random_bool(0.03)) {
            ask.headers.push(("content-type", HeaderValue::from_static(media)));
        }
        if hostile && rng.random_bool(0.05) {
            ask.turn(operations, &operation.path, rng);
        }
        ask
    }

    /// The part of the API that is asked.
    pub(super) fn room(&self) -> &str {
        room(&self.path)
    }

    /// Another method, which may be another operation of the same path.
    fn turn(&mut self, operations: &[Operation], path: &str, rng: &mut StdRng) {
        let methods = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"];
        self.method = methods.choose(rng).unwrap().parse().unwrap();
        let there = operations.iter().find(|one| one.path == path && one.method == self.method);
        self.operation = there.map(|one| one.name.clone());
    }

    /// Where there is nothing.
    fn astray(rng: &mut StdRng) -> Self {
        let places = [
            "/api",
            "/api/",
            "/api//contacts",
            "/api/nowhere",
            "/api/contacts/x/y/z",
            "/api/sync-logs/x/entries/y",
            "/api/openapi.json/x",
            "/api/%00",
            "/api/contacts%2Fx",
            "/api/integrations//status",
            "/api/CONTACTS",
        ];
        Self {
            operation: None,
            actor: Stage::actor(rng),
            method: Method::GET,
            path: places.choose(rng).unwrap().to_string(),
            headers: Vec::new(),
            body: None,
        }
    }
}

impl Operation {
    fn address(
        &self,
        values: &Values<'_>,
        hostile: bool,
        rng: &mut StdRng,
    ) -> (String, Vec<(&'static str, HeaderValue)>) {
        let mut path = self.path.clone();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let mut headers = Vec::new();
        for parameter in &self.parameters {
            let name = parameter["name"].as_str().unwrap();
            let odd = hostile && rng.random_bool(0.3);
            let text = if odd {
                hostile_text(rng)
            } else {
                match values.valid(name, &parameter["schema"], rng) {
                    Value::String(text) => text,
                    other => other.to_string(),
                }
            };
            match parameter["in"].as_str().unwrap() {
                "path" => {
                    // An empty or dotted part would be another path.
                    let text = if text.trim_matches('.').is_empty() { "-".into() } else { text };
                    let encoded: String = encode(&text);
                    path = path.replace(&format!("{{{name}}}"), &encoded);
                }
                // A cursor of somebody else's making is always odd.
                "query" if rng.random_bool(if name == "cursor" { 0.15 } else { 0.4 }) => {
                    query.append_pair(name, &text);
                    if odd && rng.random_bool(0.1) {
                        query.append_pair(name, "again");
                    }
                }
                "header" if rng.random_bool(0.5) => {
                    let text = if odd { text } else { format!("k-{}", rng.random_range(0..30)) };
                    if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                        headers.push(("idempotency-key", value));
                    }
                }
                _ => {}
            }
        }
        let mut query = query.finish();
        if hostile && rng.random_bool(0.05) {
            query.push_str(["&=", "&%", "&%ff=%fe", "&x[]=1", "&limit=%00"].choose(rng).unwrap());
        }
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        (path, headers)
    }
}

/// Everything that is not plain in a path.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Bytes that are no JSON any more, or JSON that nobody writes.
fn mangle(body: &mut Vec<u8>, rng: &mut StdRng) {
    match rng.random_range(0..9) {
        0 => body.truncate(rng.random_range(0..=body.len())),
        1 => body.extend_from_slice(b"{}"),
        2 => body.insert(rng.random_range(0..=body.len()), 0),
        3 => body.insert(rng.random_range(0..=body.len()), 0xff),
        4 => body.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        5 => *body = [vec![b'['; 5_000], vec![b']'; 5_000]].concat(),
        6 => *body = br#"{"full_name":"a","full_name":"b","warmness":1e400}"#.to_vec(),
        7 => *body = br#"{"full_name":"\ud800"}"#.to_vec(),
        _ => *body = b"NaN".to_vec(),
    }
}
