//! Every operation of the document, against every role, a plan that is too small, and the ids of
//! another company. An operation that is missing here fails the test that counts them.

use reqwest::Method;
use serde_json::{Value, json};
use tandem::policy::{Plan, Role};

use super::{bodies::body, furnish::furnish};
use crate::harness::{Answer, Browser, Company, TestHub, impatient};

const MANAGERS: &[Role] = &[Role::Owner, Role::Admin];
/// Who leads campaigns.
const LEADERS: &[Role] = &[Role::Owner, Role::Admin, Role::GoldenTicket];

/// What an operation asks of whoever calls it.
struct Demand {
    operation: &'static str,
    roles: &'static [Role],
    /// Whether the plan must hold the provider.
    plan: bool,
}

const fn anybody(operation: &'static str) -> Demand {
    Demand { operation, roles: Role::ALL, plan: false }
}

const DEMANDS: &[Demand] = &[
    anybody("session"),
    anybody("switch_company"),
    anybody("logout"),
    // The plan is asked about the CRM of the install, once there is one.
    Demand { operation: "confirm_installation", roles: MANAGERS, plan: false },
    anybody("list_sessions"),
    anybody("revoke_other_sessions"),
    anybody("revoke_session"),
    anybody("get_second_factor"),
    anybody("begin_second_factor"),
    anybody("confirm_second_factor"),
    anybody("renew_recovery_codes"),
    anybody("end_second_factor"),
    anybody("list_api_keys"),
    anybody("create_api_key"),
    anybody("revoke_api_key"),
    anybody("list_contacts"),
    anybody("suggest_contacts"),
    anybody("snooze_contact"),
    anybody("change_contacts"),
    anybody("list_tags"),
    anybody("export_contacts"),
    anybody("upload_csv"),
    anybody("look_at_csv"),
    anybody("discard_csv"),
    anybody("start_csv_import"),
    anybody("list_bad_rows"),
    anybody("correct_rows"),
    anybody("download_bad_rows"),
    anybody("list_saved_filters"),
    anybody("create_saved_filter"),
    anybody("delete_saved_filter"),
    anybody("create_contact"),
    anybody("get_contact"),
    anybody("replace_contact"),
    anybody("update_contact"),
    anybody("delete_contact"),
    anybody("check_warm_lead"),
    anybody("list_activities"),
    anybody("activity_feed"),
    anybody("create_activity"),
    anybody("get_activity"),
    anybody("replace_activity"),
    anybody("update_activity"),
    anybody("delete_activity"),
    anybody("get_activity_sync_status"),
    anybody("list_campaigns"),
    Demand { operation: "create_campaign", roles: LEADERS, plan: false },
    anybody("get_campaign"),
    Demand { operation: "replace_campaign", roles: LEADERS, plan: false },
    Demand { operation: "update_campaign", roles: LEADERS, plan: false },
    Demand { operation: "delete_campaign", roles: LEADERS, plan: false },
    Demand { operation: "assign_contacts", roles: LEADERS, plan: false },
    anybody("list_campaign_contacts"),
    Demand { operation: "update_campaign_contact", roles: LEADERS, plan: false },
    Demand { operation: "remove_campaign_contact", roles: LEADERS, plan: false },
    anybody("report_meetings"),
    anybody("report_methods"),
    anybody("report_members"),
    anybody("report_campaigns"),
    anybody("report_warmness"),
    anybody("report_sync"),
    anybody("export_report"),
    anybody("get_reminders"),
    anybody("replace_reminders"),
    anybody("list_deliveries"),
    anybody("get_delivery"),
    anybody("retry_delivery"),
    anybody("choose_candidate"),
    anybody("list_provider_deliveries"),
    // All of them are retried by those who see all contacts.
    anybody("retry_provider_deliveries"),
    anybody("retry_deliveries_alias"),
    Demand { operation: "get_capabilities", roles: Role::ALL, plan: true },
    Demand { operation: "crm_create_task", roles: Role::ALL, plan: true },
    Demand { operation: "crm_update_task", roles: Role::ALL, plan: true },
    Demand { operation: "crm_log_call", roles: Role::ALL, plan: true },
    Demand { operation: "crm_create_note", roles: Role::ALL, plan: true },
    Demand { operation: "crm_create_deal", roles: LEADERS, plan: true },
    Demand { operation: "crm_update_deal", roles: LEADERS, plan: true },
    Demand { operation: "crm_create_contact", roles: Role::ALL, plan: true },
    Demand { operation: "crm_update_contact", roles: LEADERS, plan: true },
    Demand { operation: "crm_get_contact", roles: Role::ALL, plan: true },
    Demand { operation: "crm_search_contact", roles: Role::ALL, plan: true },
    Demand { operation: "crm_get_deal", roles: Role::ALL, plan: true },
    Demand { operation: "crm_search_records", roles: LEADERS, plan: true },
    Demand { operation: "count_push", roles: Role::ALL, plan: true },
    Demand { operation: "push_contacts", roles: Role::ALL, plan: true },
    Demand { operation: "push_contacts_alias", roles: Role::ALL, plan: true },
    Demand { operation: "set_up_user", roles: Role::ALL, plan: true },
    Demand { operation: "get_outbound_status", roles: Role::ALL, plan: true },
    anybody("get_company"),
    Demand { operation: "replace_company", roles: MANAGERS, plan: false },
    Demand { operation: "update_company", roles: MANAGERS, plan: false },
    anybody("list_members"),
    Demand { operation: "replace_member", roles: MANAGERS, plan: false },
    Demand { operation: "update_member", roles: MANAGERS, plan: false },
    // Of somebody else: everybody may leave.
    Demand { operation: "remove_member", roles: MANAGERS, plan: false },
    Demand { operation: "list_invitations", roles: MANAGERS, plan: false },
    Demand { operation: "create_invitation", roles: MANAGERS, plan: false },
    Demand { operation: "resend_invitation", roles: MANAGERS, plan: false },
    Demand { operation: "revoke_invitation", roles: MANAGERS, plan: false },
    Demand { operation: "list_crm_users", roles: MANAGERS, plan: false },
    Demand { operation: "list_audit_log", roles: MANAGERS, plan: false },
    Demand { operation: "export_audit_log", roles: MANAGERS, plan: false },
    Demand { operation: "verify_audit_log", roles: MANAGERS, plan: false },
    anybody("billing"),
    Demand { operation: "change_plan", roles: &[Role::Owner], plan: false },
    Demand { operation: "begin_checkout", roles: &[Role::Owner], plan: false },
    Demand { operation: "open_portal", roles: &[Role::Owner], plan: false },
    Demand { operation: "refresh_billing", roles: &[Role::Owner], plan: false },
    anybody("get_integrations_status"),
    Demand { operation: "list_remote_people", roles: Role::ALL, plan: true },
    Demand { operation: "list_remote_users", roles: Role::ALL, plan: true },
    anybody("get_budget_ledger"),
    Demand { operation: "forecast_import", roles: Role::ALL, plan: true },
    Demand { operation: "start_import", roles: Role::ALL, plan: true },
    // Leaving needs no plan.
    Demand { operation: "disconnect", roles: MANAGERS, plan: false },
    Demand { operation: "resume_connection", roles: MANAGERS, plan: true },
    Demand { operation: "delete_connection_data", roles: MANAGERS, plan: false },
    anybody("list_runs"),
    anybody("get_run"),
    anybody("list_entries"),
    anybody("download_entries"),
    anybody("watch_run"),
    anybody("cancel_run"),
    anybody("resume_run"),
];

struct Operation {
    name: String,
    method: Method,
    path: String,
}

/// The operations behind a sign-in, but for the stream that does not end (`routes::events`).
fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&tandem::http::openapi_document()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let ends = operation["operationId"] != "watch_events";
            if ends && operation.get("security").is_some() {
                found.push(Operation {
                    name: operation["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase().parse().unwrap(),
                    path: path.replace("{provider}", provider()) + asked(operation),
                });
            }
        }
    }
    found
}

/// The query that a call cannot do without.
fn asked(operation: &Value) -> &'static str {
    match operation["operationId"].as_str() {
        Some("forecast_import") => "?mode=full",
        Some("export_report") => "?report=members",
        Some("crm_get_contact") => "?contact_id=00000000-0000-0000-0000-000000000000",
        Some("crm_get_deal") => "?deal_id=1",
        Some("crm_search_contact") => "?email=a@x.example",
        _ => "",
    }
}

pub(super) fn provider() -> &'static str {
    tandem::connectors::all()[0].manifest().slug
}

async fn call(company: &Company, browser: &Browser, operation: &Operation, id: &str) -> Answer {
    let path = operation.path.replace("{id}", id).replace("{contact_id}", id);
    let request = browser.request(operation.method.clone(), &path);
    browser
        .send(match body(&operation.name, company) {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
}

#[test]
fn every_operation_says_who_may() {
    let mut there: Vec<String> = operations().into_iter().map(|one| one.name).collect();
    let mut here: Vec<String> = DEMANDS.iter().map(|one| one.operation.to_owned()).collect();
    there.sort();
    here.sort();
    assert_eq!(there, here, "UNCOVERED: an operation without a row in DEMANDS, or a row too many");
}

#[tokio::test]
async fn every_role_gets_as_far_as_the_table_says() {
    let hub = TestHub::with(impatient).await;
    let nobodys = uuid::Uuid::now_v7().to_string();
    for demand in DEMANDS {
        let operation = operations().into_iter().find(|one| one.name == demand.operation).unwrap();
        // A company each: some operations end sessions.
        let acme = hub.company(Plan::Enterprise).await;
        for &role in Role::ALL {
            let browser = &acme.member(role).browser;
            let answer = call(&acme, browser, &operation, &nobodys).await;
            if demand.roles.contains(&role) {
                assert!(
                    ![401, 403, 500].contains(&answer.status.as_u16()),
                    "{role} {}: {} {}",
                    demand.operation,
                    answer.status,
                    answer.text
                );
            } else {
                assert_eq!(answer.problem(403), "forbidden", "{role} {}", demand.operation);
            }
        }
    }
}

#[tokio::test]
async fn a_plan_without_the_provider_says_which_one_has_it() {
    let hub = TestHub::with(impatient).await;
    for plan in [Plan::Free, Plan::Starter, Plan::Growth] {
        let acme = hub.company(plan).await;
        for demand in DEMANDS.iter().filter(|demand| demand.plan) {
            let operation =
                operations().into_iter().find(|one| one.name == demand.operation).unwrap();
            let answer = call(&acme, &acme.owner.browser, &operation, "").await;
            assert_eq!(answer.problem(403), "plan", "{plan} {}", demand.operation);
            assert_eq!(answer.json()["upgrade_to"], "business", "{plan} {}", demand.operation);
        }
    }
}

/// The whole of what a company has in the tables that these operations write.
async fn belongings(hub: &TestHub, company: &Company) -> String {
    sqlx::query_scalar(
        "select concat(
             (select string_agg(t::text, '|') from contact t where company_id = $1),
             (select string_agg(t::text, '|') from connection t where company_id = $1),
             (select string_agg(t::text, '|') from sync_run t where company_id = $1),
             (select string_agg(t::text, '|') from csv_file t where company_id = $1),
             (select string_agg(t::text, '|') from activity t where company_id = $1),
             (select string_agg(t::text, '|') from campaign t where company_id = $1),
             (select string_agg(t::text, '|') from campaign_contact t where company_id = $1),
             (select string_agg(t::text, '|') from contact_snooze t where company_id = $1),
             (select string_agg(t::text, '|') from saved_filter t where company_id = $1),
             (select string_agg(t::text, '|') from delivery t where company_id = $1),
             (select string_agg(t::text, '|') from api_key t where company_id = $1),
             (select string_agg(t::text, '|') from invitation t where company_id = $1),
             (select string_agg(t::text, '|') from member t where company_id = $1),
             (select string_agg(t::text, '|') from job t where company_id = $1),
             (select string_agg(t::text, '|') from audit_log t where company_id = $1))",
    )
    .bind(company.id)
    .fetch_one(&hub.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn every_id_of_another_company_answers_exactly_like_one_that_never_was() {
    let hub = TestHub::with(impatient).await;
    let acme = hub.company(Plan::Business).await;
    let globex = hub.company(Plan::Business).await;
    let theirs = furnish(&hub, &globex).await;
    let before = belongings(&hub, &globex).await;
    let nobodys = uuid::Uuid::now_v7().to_string();
    let mut asked = 0;
    for operation in operations().into_iter().filter(|one| one.path.contains("{id}")) {
        let demand = DEMANDS.iter().find(|demand| demand.operation == operation.name).unwrap();
        for role in [Role::Owner, Role::Consultant] {
            // Whoever may not ask is told no more than that.
            if !demand.roles.contains(&role) && demand.roles == LEADERS {
                continue;
            }
            let browser = &acme.member(role).browser;
            let one = call(&acme, browser, &operation, &theirs).await;
            let other = call(&acme, browser, &operation, &nobodys).await;
            let demand = DEMANDS.iter().find(|one| one.operation == operation.name).unwrap();
            let (status, code) =
                if demand.roles.contains(&role) { (404, "not_found") } else { (403, "forbidden") };
            assert_eq!(one.problem(status), code, "{role} {}", operation.name);
            assert_eq!(one.anonymous(), other.anonymous(), "{role} {}", operation.name);
            asked += 1;
        }
    }
    assert!(asked >= 18, "{asked}");
    assert_eq!(belongings(&hub, &globex).await, before);
}

#[tokio::test]
async fn nothing_of_another_company_is_in_any_list() {
    let hub = TestHub::with(impatient).await;
    let acme = hub.company(Plan::Business).await;
    let globex = hub.company(Plan::Business).await;
    let theirs = furnish(&hub, &globex).await;
    let secrets = [
        theirs,
        globex.id.to_string(),
        globex.owner.id.to_string(),
        globex.owner.email.clone(),
        "Secret".to_owned(),
    ];
    for operation in operations() {
        if operation.method != Method::GET || operation.path.contains("{id}") {
            continue;
        }
        let queries = ["", "?limit=200", "?search=secret", &format!("?owner={}", globex.owner.id)];
        for query in queries {
            let path = format!("{}{query}", operation.path);
            let answer = acme.owner.browser.get(&path).await;
            for secret in &secrets {
                assert!(!answer.text.contains(secret), "{path} tells {secret}: {}", answer.text);
            }
        }
    }
    // Whose it is sees it, so the lists above were no empty ones.
    for path in ["/api/contacts?search=secret", "/api/sync-logs"] {
        let answer = globex.owner.browser.get(path).await;
        assert!(answer.text.contains(&secrets[0]), "{path}: {}", answer.text);
    }
    // A connection is the company's own: for another there is none.
    let path = format!("/api/integrations/{}/sync", provider());
    let answer = acme.owner.browser.post(&path, json!({ "mode": "full" })).await;
    assert_eq!(answer.problem(404), "not_connected");
}
