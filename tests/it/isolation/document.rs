//! The operations of the document, and where in each an id can stand.

use reqwest::Method;
use serde_json::{Map, Value, json};

/// What a parameter or a field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Names {
    Company,
    Contact,
    Member,
    Run,
    /// A file of rows that was brought.
    File,
    Activity,
    Campaign,
    SavedFilter,
    Delivery,
    /// A key for scripts.
    ApiKey,
    /// Somebody who was asked into the company.
    Invitation,
    /// Where somebody is signed in.
    Session,
    /// An install that waits in somebody's browser.
    Installation,
    /// A record at the CRM.
    Remote,
    /// What a caller calls a request, to send it twice.
    Request,
    /// Where a page begins, of the operation whose parameter it is.
    Cursor,
}

/// Where an id stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Path(String),
    Query(String),
    Header(String),
    /// Keys from the top of the body; `[]` is the first element of a list.
    Body(Vec<String>),
}

#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) place: Place,
    pub(super) names: Names,
}

pub(super) struct Operation {
    pub(super) name: String,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) slots: Vec<Slot>,
    /// Passes the checks of form.
    pub(super) body: Option<Value>,
    /// Answers do not end.
    pub(super) streams: bool,
}

/// Strings that name nothing of anybody: words of people, of forms and of providers.
const WORDS: &[&str] = &[
    "search",
    "source",
    "subject",
    "note",
    "tag",
    "provider",
    "sort",
    "first_name",
    "full_name",
    "last_name",
    "label",
    "value",
    "organization_name",
    "tags[]",
    "confirm",
    "email",
    "name",
    "code",
    "state",
    "error",
    "iss",
    "login",
    "accounts-server",
    "password",
    "action",
    "description",
    "sector",
    "theme",
    "emails",
    "add_tag",
    "remove_tag",
    "from",
    "cells[]",
    // Records of the visitor's own account at the CRM, whatever their numbers.
    "deal_id",
    "task_id",
    "text",
    "title",
    "amount",
    "currency",
    "pipeline",
    "stage",
    // Of the own account's records, too.
    "query",
];

/// Whose operations need no session are for strangers: they take secrets, not ids.
fn is_behind_the_door(operation: &Value) -> bool {
    operation.get("security").is_some()
        || ["connect", "callback"].contains(&operation["operationId"].as_str().unwrap())
}

/// What a string names, or why nobody knows: `Err` fails the run.
fn names(operation: &str, path: &str, field: &str, uuid: bool) -> Result<Option<Names>, String> {
    let known = match (path, field) {
        (_, "cursor") => Some(Names::Cursor),
        (_, "company_id") => Some(Names::Company),
        (
            _,
            "owner" | "owner_member_id" | "member_id" | "member" | "contacts_to" | "member_ids[]",
        ) => Some(Names::Member),
        (path, "id") if path.starts_with("/api/team/members/") => Some(Names::Member),
        (path, "subject") if path.starts_with("/api/audit-log") => Some(Names::Contact),
        (path, "id") if path.starts_with("/api/auth/sessions/") => Some(Names::Session),
        (path, "id") if path.starts_with("/api/team/invitations/") => Some(Names::Invitation),
        (_, "campaign" | "campaign_id") => Some(Names::Campaign),
        (_, "contact" | "contact_id" | "contact_ids[]") => Some(Names::Contact),
        (path, "id") if path.starts_with("/api/activities/") => Some(Names::Activity),
        (path, "id") if path.starts_with("/api/saved-filters/") => Some(Names::SavedFilter),
        (path, "id") if path.starts_with("/api/campaigns/") => Some(Names::Campaign),
        (path, "id") if path.starts_with("/api/deliveries/") => Some(Names::Delivery),
        (path, "ids[]") if path.ends_with("/retry") => Some(Names::Delivery),
        ("/api/deliveries/{id}/choose", "remote_id") => Some(Names::Remote),
        (path, "id") if path.starts_with("/api/contacts/") => Some(Names::Contact),
        (path, "id") if path.starts_with("/api/sync-logs/") => Some(Names::Run),
        (path, "id") if path.starts_with("/api/imports/csv/runs/") => Some(Names::Run),
        (path, "id") if path.starts_with("/api/imports/csv/") => Some(Names::File),
        (path, "id") if path.starts_with("/api/api-keys/") => Some(Names::ApiKey),
        (_, "installation_id") => Some(Names::Installation),
        (_, "Idempotency-Key") => Some(Names::Request),
        (_, "ids[]") if operation == "start_import" => Some(Names::Remote),
        _ => None,
    };
    match known {
        Some(known) => Ok(Some(known)),
        None if WORDS.contains(&field) && !uuid => Ok(None),
        None => {
            Err(format!("UNCOVERED: {operation} takes `{field}`, which the runner cannot fill"))
        }
    }
}

/// All operations behind a sign-in, or everything that the runner does not know.
pub(super) fn operations() -> Result<Vec<Operation>, Vec<String>> {
    let document: Value = serde_json::from_str(&tandem::http::openapi_document()).unwrap();
    let (mut operations, mut uncovered) = (Vec::new(), Vec::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if is_behind_the_door(operation) {
                let read = Reader { document: &document, path, operation };
                operations.push(read.operation(method, &mut uncovered));
            }
        }
    }
    if uncovered.is_empty() { Ok(operations) } else { Err(uncovered) }
}

/// Whether there is such an operation.
pub(super) fn offers(name: &str) -> bool {
    let document: Value = serde_json::from_str(&tandem::http::openapi_document()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    paths.flat_map(|path| path.as_object().unwrap().values()).any(|one| one["operationId"] == name)
}

struct Reader<'a> {
    document: &'a Value,
    path: &'a str,
    operation: &'a Value,
}

impl Reader<'_> {
    fn name(&self) -> &str {
        self.operation["operationId"].as_str().unwrap()
    }

    fn operation(&self, method: &str, uncovered: &mut Vec<String>) -> Operation {
        let mut slots = Vec::new();
        for parameter in self.operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let schema = self.resolved(&parameter["schema"]);
            if !is_open_string(schema) {
                continue;
            }
            match names(self.name(), self.path, name, schema["format"] == "uuid") {
                Ok(Some(names)) => {
                    let place = match parameter["in"].as_str().unwrap() {
                        "path" => Place::Path(name.to_owned()),
                        "query" => Place::Query(name.to_owned()),
                        "header" => Place::Header(name.to_owned()),
                        other => panic!("UNCOVERED: {} takes a {other}", self.name()),
                    };
                    slots.push(Slot { place, names });
                }
                Ok(None) => {}
                Err(error) => uncovered.push(error),
            }
        }
        let mut body = None;
        let content = self.operation["requestBody"]["content"].as_object();
        if let Some((_, media)) = content.and_then(|content| content.iter().next()) {
            let schema = self.resolved(&media["schema"]);
            self.fields(schema, &mut Vec::new(), &mut slots, uncovered);
            body = Some(self.filled(schema));
        }
        let answers = self.operation["responses"]["200"]["content"].as_object();
        Operation {
            name: self.name().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: self.path.to_owned(),
            slots,
            body,
            streams: answers.is_some_and(|kinds| kinds.contains_key("text/event-stream")),
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let target = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
        match target {
            Some(target) => self.document.pointer(target.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    /// Every string in a body, however deep.
    fn fields(
        &self,
        schema: &Value,
        at: &mut Vec<String>,
        slots: &mut Vec<Slot>,
        uncovered: &mut Vec<String>,
    ) {
        let schema = self.resolved(schema);
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                at.push(name.clone());
                self.fields(property, at, slots, uncovered);
                at.pop();
            }
        } else if schema["type"] == "array" {
            at.push("[]".to_owned());
            self.fields(&schema["items"], at, slots, uncovered);
            at.pop();
        } else if is_open_string(schema) {
            let field = match &at[..] {
                [.., list, end] if end == "[]" => format!("{list}[]"),
                [.., end] => end.clone(),
                [] => "(the body)".to_owned(),
            };
            match names(self.name(), self.path, &field, schema["format"] == "uuid") {
                Ok(Some(names)) => slots.push(Slot { place: Place::Body(at.clone()), names }),
                Ok(None) => {}
                Err(error) => uncovered.push(error),
            }
        }
    }

    /// The smallest body of this form.
    fn filled(&self, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(words) = schema["enum"].as_array() {
            return words.last().unwrap().clone();
        }
        match schema["type"].as_str() {
            Some("object") => {
                let required = schema["required"].as_array().into_iter().flatten();
                let filled = required.map(|name| {
                    let name = name.as_str().unwrap();
                    (name.to_owned(), self.filled(&schema["properties"][name]))
                });
                Value::Object(filled.collect::<Map<_, _>>())
            }
            Some("array") => json!([]),
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(true),
            _ if schema["format"] == "date-time" => json!("2027-01-04T08:00:00Z"),
            _ if schema["format"] == "uuid" => json!(uuid::Uuid::now_v7()),
            _ => json!("Somebody"),
        }
    }
}

/// A string that may be anything: not one of a list of words, not a time.
fn is_open_string(schema: &Value) -> bool {
    schema["type"] == "string"
        && schema.get("enum").is_none()
        && [Value::Null, json!("uuid")].contains(&schema["format"])
}

/// Puts a value where a slot is.
pub(super) fn put(body: &mut Value, at: &[String], value: &str) {
    match at {
        [] => *body = json!(value),
        [list, rest @ ..] if list == "[]" => {
            if !body.is_array() {
                *body = json!([Value::Null]);
            }
            let list = body.as_array_mut().unwrap();
            if list.is_empty() {
                list.push(Value::Null);
            }
            put(&mut list[0], rest, value);
        }
        [key, rest @ ..] => {
            if !body.is_object() {
                *body = json!({});
            }
            let object = body.as_object_mut().unwrap();
            put(object.entry(key.as_str()).or_insert(Value::Null), rest, value);
        }
    }
}
