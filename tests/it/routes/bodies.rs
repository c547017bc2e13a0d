//! What the operations of the matrix are asked with.

use serde_json::{Value, json};

use crate::harness::Company;

/// A body that passes the checks of form, so that what is refused is refused for its sender.
pub(super) fn body(operation: &str, company: &Company) -> Option<Value> {
    let nil = uuid::Uuid::nil();
    Some(match operation {
        "switch_company" => json!({ "company_id": company.id.uuid() }),
        "create_contact" => json!({ "full_name": "X" }),
        // Every role may hand this one on.
        "create_api_key" => json!({ "name": "X", "role": "consultant" }),
        "replace_contact" | "update_contact" => json!({ "warmness": 1 }),
        "begin_second_factor" => json!({ "password": "x" }),
        "confirm_second_factor" | "renew_recovery_codes" => json!({ "code": "000000" }),
        "end_second_factor" => json!({ "password": "x", "code": "000000" }),
        "replace_member" | "update_member" => json!({ "role": "consultant" }),
        "create_invitation" => json!({
            "email": format!("{}@example.com", uuid::Uuid::now_v7().simple()), "role": "consultant"
        }),
        "confirm_installation" => json!({
            "installation_id": company.id.uuid(), "member_id": company.owner.id.uuid()
        }),
        "change_plan" | "begin_checkout" => json!({ "plan": "enterprise" }),
        "start_import" => json!({ "mode": "full" }),
        "delete_connection_data" => json!({ "confirm": "Acme" }),
        "create_activity" => json!({ "contact_id": uuid::Uuid::nil(), "kind": "CALL" }),
        "replace_activity" | "update_activity" => json!({ "done": true }),
        "snooze_contact" => json!({ "until": null }),
        "change_contacts" => json!({ "contact_ids": [], "add_tag": "x" }),
        "create_saved_filter" => json!({ "name": company.owner.id.to_string(), "filter": {} }),
        "start_csv_import" => json!({ "charset": "utf-8", "delimiter": "comma", "header": true,
            "columns": [{ "name": "Name", "field": "full_name" }] }),
        "correct_rows" => json!({ "rows": [{ "row": 2, "cells": ["X"] }] }),
        "create_campaign" => json!({ "name": "X" }),
        "replace_campaign" | "update_campaign" => json!({ "name": "Y" }),
        "assign_contacts" | "export_contacts" => json!({ "contact_ids": [] }),
        "update_campaign_contact" => json!({ "note": "X" }),
        "choose_candidate" => json!({ "create": true }),
        "retry_provider_deliveries" | "retry_deliveries_alias" => json!({ "state": "failed" }),
        "crm_create_task" => json!({
            "contact_id": nil, "subject": "X", "due_at": "2027-01-04T08:00:00Z"
        }),
        "crm_update_task" => json!({ "contact_id": nil, "task_id": "1" }),
        "crm_log_call" | "crm_create_contact" => json!({ "contact_id": nil }),
        "crm_search_records" => json!({ "query": "SELECT Id FROM Contact" }),
        "crm_create_note" => json!({ "contact_id": nil, "text": "X" }),
        "crm_create_deal" => json!({ "contact_id": nil, "title": "X" }),
        "crm_update_deal" => json!({ "contact_id": nil, "deal_id": "1", "title": "X" }),
        "crm_update_contact" => json!({ "contact_id": nil, "full_name": "X" }),
        "push_contacts" | "push_contacts_alias" => json!({ "dry_run": true }),
        "replace_company" | "update_company" => json!({ "push_earlier": true }),
        "replace_reminders" => json!({ "mail": true }),
        "check_warm_lead" | "retry_delivery" | "set_up_user" | "logout" | "disconnect"
        | "resume_connection" | "cancel_run" | "resume_run" | "open_portal" | "refresh_billing" => {
            json!({})
        }
        _ => return None,
    })
}
