//! The `OpenAPI` document, as poem-openapi writes it and with what it leaves out.

use poem::{Response, handler};
use serde_json::{Value, json};

use crate::http::api;

/// The document, from which the web app's client is generated.
pub fn openapi_document() -> String {
    let mut document: Value =
        serde_json::from_str(&api().spec()).expect("the document is JSON that we wrote");
    if let Some(schemas) =
        document.pointer_mut("/components/schemas").and_then(Value::as_object_mut)
    {
        schemas.values_mut().for_each(allow_null);
    }
    format!("{document:#}\n")
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
