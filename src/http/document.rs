//! The `OpenAPI` document, as poem-openapi writes it and with what it leaves out.

use poem::{Response, handler};
use serde_json::{Value, json};

use crate::http::{api, once};

/// The document, from which the web app's client is generated.
pub fn openapi_document() -> String {
    let mut document: Value =
        serde_json::from_str(&api().spec()).expect("the document is JSON that we wrote");
    if let Some(schemas) =
        document.pointer_mut("/components/schemas").and_then(Value::as_object_mut)
    {
        schemas.values_mut().for_each(allow_null);
    }
    each_operation(&mut document, describe_key);
    each_operation(&mut document, refer_to_headers);
    describe_headers(&mut document);
    format!("{document:#}\n")
}

fn each_operation(document: &mut Value, change: impl Fn(&mut Value)) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, methods) in paths {
        methods.as_object_mut().into_iter().flatten().for_each(|(_, operation)| change(operation));
    }
}

/// Says once for all operations what the key does, and where it has no business.
fn describe_key(operation: &mut Value) {
    let parameters = operation["parameters"].as_array_mut().into_iter().flatten();
    let mut keyed = false;
    for parameter in parameters.filter(|parameter| parameter["name"] == once::HEADER) {
        keyed = true;
        parameter["description"] = "Any text of yours that names this request, for instance a \
            UUID. The same request with the same key is done once: sent again within 24 hours it \
            is answered as the first time, with `Idempotency-Replayed: true`; while the first is \
            under way, with 409. Another body with the same key is refused with 422. What fails \
            is not kept: correct it and use the key again."
            .into();
    }
    if !keyed && let Some(responses) = operation["responses"].as_object_mut() {
        responses.remove("422");
    }
}

/// Headers of every answer of the API; the last is of answers to a key only.
const HEADERS: &[(&str, &str)] = &[
    ("X-Request-Id", "Names this request in our log."),
    ("RateLimit-Policy", "The quotas that count, each with `q` requests in `w` seconds."),
    ("RateLimit", "What is left of each quota: `r` requests now, all of it again in `t` seconds."),
    (REPLAYED, "`true` when this is the answer that the same request got before."),
];
const REPLAYED: &str = "Idempotency-Replayed";

fn describe_headers(document: &mut Value) {
    let described = HEADERS.iter().map(|(name, words)| {
        let header = json!({ "description": words, "schema": { "type": "string" } });
        ((*name).to_owned(), header)
    });
    document["components"]["headers"] = described.collect::<serde_json::Map<_, _>>().into();
}

fn refer_to_headers(operation: &mut Value) {
    let keyed = operation["responses"].get("422").is_some();
    let responses = operation["responses"].as_object_mut().into_iter().flatten();
    for (status, response) in responses {
        for (name, _) in HEADERS {
            if *name != REPLAYED || (keyed && status.starts_with('2')) {
                let reference = format!("#/components/headers/{name}");
                response["headers"][name] = json!({ "$ref": reference });
            }
        }
    }
}

/// What need not be there may be `null`: answers say so, and questions may.
fn allow_null(schema: &mut Value) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        if required.iter().any(|known| known == name) {
            continue;
        }
        // Beside a `$ref` nothing else counts (OpenAPI 3.0).
        if property.get("$ref").is_some() {
            *property = json!({ "allOf": [property.take()] });
        }
        if let Some(property) = property.as_object_mut() {
            property.insert("nullable".to_owned(), true.into());
        }
    }
}

#[handler]
pub(super) fn serve_document() -> Response {
    Response::builder().content_type("application/json").body(openapi_document())
}
