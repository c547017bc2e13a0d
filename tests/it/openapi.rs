//! The `OpenAPI` document: what the web app and others are built from.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&tandem::http::openapi_document()).unwrap()
}

/// `(method, path, operation)` of the whole API.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .iter()
                .map(|(method, operation)| (method.clone(), path.clone(), operation.clone()))
        })
        .collect()
}

#[test]
fn the_document_in_the_repository_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/openapi.json");
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == tandem::http::openapi_document(),
        "web/openapi.json is not what the code says: run `make openapi`"
    );
}

#[test]
fn every_operation_has_a_name_a_chapter_and_tells_how_it_fails() {
    let document = document();
    let operations = operations(&document);
    let mut names = BTreeSet::new();
    for (method, path, operation) in &operations {
        assert!(path.starts_with("/api/"), "{path}");
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(!name.is_empty() && names.insert(name.to_owned()), "{method} {path}: {name}");
        assert!(operation["summary"].is_string(), "{name} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("500"), "{name} never fails?");
        for (status, response) in responses {
            if status.starts_with('4') || status.starts_with('5') {
                assert!(
                    response["content"].get("application/problem+json").is_some(),
                    "{name} {status} is no problem"
                );
            }
        }
    }
    assert!(operations.len() >= 17, "{}", operations.len());
}

#[test]
fn only_what_a_stranger_needs_is_open() {
    let open: BTreeSet<String> = operations(&document())
        .into_iter()
        .filter(|(_, _, operation)| operation.get("security").is_none())
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    // `connect` and `callback` are navigations: they look for the session themselves, to answer
    // with a page. An installation is its browser's, signed in or not; `uninstalled`, `shared` and
    // `stripe_webhook`, `hear_app` and `hear_connection` are called by providers.
    let expected = [
        "accept_invitation",
        "callback",
        "confirm",
        "confirm_reset",
        "connect",
        "decline_installation",
        "exchange_api_key",
        "get_installation",
        "hear_app",
        "hear_connection",
        "login",
        "mailbox",
        "read_invitation",
        "reset",
        "shared",
        "signup",
        "stripe_webhook",
        "uninstalled",
    ];
    assert_eq!(open, expected.map(str::to_owned).into());
}

#[test]
fn scripts_and_people_are_let_in_alike_except_where_only_people_are() {
    let only_people: BTreeSet<String> = operations(&document())
        .into_iter()
        .filter(|(_, _, operation)| {
            let schemes = operation["security"].as_array().into_iter().flatten();
            let schemes: Vec<&String> =
                schemes.flat_map(|one| one.as_object().unwrap().keys()).collect();
            assert!(schemes.is_empty() || schemes[0] == "Session", "{schemes:?}");
            schemes.len() == 1
        })
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    // Whoever finds a script's token can neither make a key that outlives it nor move elsewhere.
    // The same goes for whom it could ask in.
    let expected = [
        "begin_second_factor",
        "confirm_installation",
        "confirm_second_factor",
        "create_api_key",
        "create_invitation",
        "end_second_factor",
        "get_second_factor",
        "list_api_keys",
        "list_sessions",
        "logout",
        "remove_member",
        "renew_recovery_codes",
        "replace_member",
        "resend_invitation",
        "revoke_api_key",
        "revoke_invitation",
        "revoke_other_sessions",
        "revoke_session",
        "switch_company",
        "update_member",
    ];
    assert_eq!(only_people, expected.map(str::to_owned).into());
}

#[test]
fn every_post_of_a_member_takes_an_idempotency_key_and_says_how_it_is_refused() {
    let mut keyed = BTreeSet::new();
    let mut without = BTreeSet::new();
    for (method, _, operation) in operations(&document()) {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let takes = parameters.iter().any(|one| {
            one["name"] == "Idempotency-Key" && one["in"] == "header" && one["required"] == false
        });
        assert_eq!(takes, operation["responses"].get("422").is_some(), "{name}");
        assert!(!takes || method == "post", "{name}");
        if takes {
            keyed.insert(name);
        } else if method == "post" {
            without.insert(name);
        }
    }
    // At the door there is no company yet to keep an answer for; ending a session twice ends it. A file
    // that was brought twice waits twice and goes by itself; an export makes nothing, and is too long
    // to be kept; what a search at a CRM finds is not ours to keep; Stripe names its events itself.
    let expected = [
        "accept_invitation",
        "confirm",
        "confirm_reset",
        "crm_search_records",
        "exchange_api_key",
        "export_contacts",
        "hear_app",
        "hear_connection",
        "login",
        "logout",
        "read_invitation",
        "reset",
        "shared",
        "signup",
        "stripe_webhook",
        "upload_csv",
    ];
    assert_eq!(without, expected.map(str::to_owned).into());
    assert!(keyed.contains("create_contact") && keyed.len() >= 9, "{keyed:?}");
}

#[test]
fn no_parameter_and_no_field_names_a_company() {
    let document = document();
    let mut said = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        // Going over to another of one's own companies: checked against the memberships. And what a
        // CRM calls its own companies.
        if !["SwitchCompany", "Uninstall"].contains(&name.as_str())
            && schema["properties"].get("company_id").is_some()
        {
            said.push(name.clone());
        }
    }
    for (_, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        if parameters.iter().any(|parameter| parameter["name"] == "company_id") {
            said.push(path);
        }
    }
    assert_eq!(said, Vec::<String>::new());
}
