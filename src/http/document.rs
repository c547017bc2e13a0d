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
    bound_unsigned(&mut document);
    each_operation(&mut document, |_, _, operation| describe_key(operation));
    each_operation(&mut document, leave_out_what_cannot_be);
    each_operation(&mut document, tell_of_every_format);
    each_operation(&mut document, |_, _, operation| refer_to_headers(operation));
    describe_headers(&mut document);
    format!("{document:#}\n")
}

/// Calls `change` with path, method and operation.
fn each_operation(document: &mut Value, change: impl Fn(&str, &str, &mut Value)) {
    for (path, methods) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            change(path, method, operation);
        }
    }
}

/// `uint32` and its kin are no formats that others know: they say what they mean. Nor is
/// `naive-date`, which is a `date`.
fn bound_unsigned(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let format = object.get("format").and_then(Value::as_str);
            if format.is_some_and(|format| format.starts_with("uint")) {
                object.insert("minimum".to_owned(), 0.into());
            }
            if object.get("format").is_some_and(|format| format == "naive-date") {
                object.insert("format".to_owned(), "date".into());
            }
            object.values_mut().for_each(bound_unsigned);
        }
        Value::Array(items) => items.iter_mut().for_each(bound_unsigned),
        _ => {}
    }
}

/// Of several media types of one status the document that is generated keeps the last.
fn tell_of_every_format(_path: &str, _method: &str, operation: &mut Value) {
    if operation["operationId"] == "export_audit_log"
        && let Some(content) = operation.pointer_mut("/responses/200/content")
    {
        let schema = json!({ "schema": { "type": "string", "format": "binary" } });
        content["application/x-ndjson"] = schema;
        operation["responses"]["200"]["description"] = "A row each.".into();
    }
}

/// One type names every refusal of the API; an operation tells of those that it can give.
fn leave_out_what_cannot_be(path: &str, method: &str, operation: &mut Value) {
    let reads = method == "get";
    let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let closed = operation.get("security").is_some();
    let crm = path.contains("/integrations/");
    let possible = |status: &str| match status {
        "401" => {
            closed
                || ["connect", "login", "exchange_api_key", "uninstalled", "accept_invitation"]
                    .contains(&&*name)
                || name.starts_with("hear_")
        }
        "403" => closed || crm || !reads,
        "404" => path.contains('{') || NOT_FOUND.contains(&&*name),
        "408" | "415" => !reads,
        "409" => crm || !reads || name == "get_installation",
        "502" => crm || ["begin_checkout", "open_portal"].contains(&&*name),
        _ => true,
    };
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.retain(|status, _| possible(status));
    }
}

/// Operations that look for something which no part of their address names.
const NOT_FOUND: &[&str] = &[
    "begin_checkout",
    "change_plan",
    "confirm_installation",
    "create_activity",
    "create_api_key",
    "create_contact",
    "create_invitation",
    "decline_installation",
    "get_installation",
    "mailbox",
    "open_portal",
    "refresh_billing",
    "stripe_webhook",
    "switch_company",
];

/// Says once for all operations what the key does, and where it has no business.
fn describe_key(operation: &mut Value) {
    // By `get_mut`: an index would write what is not there as `null`.
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    let mut keyed = false;
    let parameters = parameters.into_iter().flatten();
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
