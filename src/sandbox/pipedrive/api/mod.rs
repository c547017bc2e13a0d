//! The API: which operations exist, what they cost, who may call them.
//!
//! Costs and scopes are those of the vendor's OpenAPI document (`x-token-cost`).

pub(crate) mod activities;
pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod counts;
pub(crate) mod deals;
pub(crate) mod events;
pub(crate) mod fields;
pub(crate) mod gate;
pub(crate) mod list;
pub(crate) mod notes;
pub(crate) mod organizations;
pub(crate) mod persons;
pub(crate) mod pipelines;
pub(crate) mod search;
pub(crate) mod users;
pub(crate) mod webhooks;

use std::sync::Arc;

use poem::{Route, RouteMethod, http::Method};

use super::world::{Account, Desk};
use call::{Answer, Call};
use gate::{Gate, Nowhere};

/// One operation of the API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    method: &'static str,
    path: &'static str,
    /// Tokens of the daily budget.
    cost: u64,
    /// Any one of these scopes suffices.
    scopes: &'static [&'static str],
    run: fn(&mut Account, &Call) -> Answer,
}

const fn op(
    method: &'static str,
    path: &'static str,
    cost: u64,
    scopes: &'static [&'static str],
    run: fn(&mut Account, &Call) -> Answer,
) -> Operation {
    Operation { method, path, cost, scopes, run }
}

const BASE: &[&str] = &["base"];
const CONTACTS: &[&str] = &["contacts:read", "contacts:full"];
const CONTACTS_FULL: &[&str] = &["contacts:full"];
const CONTACTS_SEARCH: &[&str] = &["contacts:read", "contacts:full", "search:read"];
const CONTACT_FIELDS: &[&str] = &["contacts:read", "contacts:full", "admin", "contact-fields:full"];
const CONTACT_FIELDS_FULL: &[&str] = &["admin", "contact-fields:full"];
const CONTACT_OPTIONS: &[&str] = &["contacts:full", "admin", "contact-fields:full"];
const DEALS: &[&str] = &["deals:read", "deals:full"];
const NOTES: &[&str] = &["deals:read", "deals:full", "contacts:read", "contacts:full"];
const NOTES_FULL: &[&str] = &["deals:full", "contacts:full"];
const DEALS_FULL: &[&str] = &["deals:full"];
const DEALS_SEARCH: &[&str] = &["deals:read", "deals:full", "search:read"];
const DEAL_FIELDS: &[&str] = &["deals:read", "deals:full", "admin", "deal-fields:full"];
const DEAL_OPTIONS: &[&str] = &["deals:full", "admin", "deal-fields:full"];
const STAGES: &[&str] = &["deals:read", "deals:full", "admin"];
const ACTIVITIES: &[&str] = &["activities:read", "activities:full"];
const ACTIVITIES_FULL: &[&str] = &["activities:full"];
const ACTIVITY_TYPES: &[&str] = &["activities:read", "activities:full", "admin"];
const USERS: &[&str] = &["users:read"];
const WEBHOOKS: &[&str] = &["webhooks:read", "webhooks:full", "admin"];
const WEBHOOKS_FULL: &[&str] = &["webhooks:full", "admin"];

static V2: &[Operation] = &[
    op("GET", "/persons", 10, CONTACTS, persons::list),
    op("POST", "/persons", 5, CONTACTS_FULL, persons::create),
    op("GET", "/persons/search", 20, CONTACTS_SEARCH, search::persons),
    op("GET", "/persons/:id", 1, CONTACTS, persons::get),
    op("PATCH", "/persons/:id", 5, CONTACTS_FULL, persons::update),
    op("DELETE", "/persons/:id", 3, CONTACTS_FULL, persons::delete),
    op("GET", "/organizations", 10, CONTACTS, organizations::list),
    op("POST", "/organizations", 5, CONTACTS_FULL, organizations::create),
    op("GET", "/organizations/search", 20, CONTACTS_SEARCH, search::organizations),
    op("GET", "/organizations/:id", 1, CONTACTS, organizations::get),
    op("PATCH", "/organizations/:id", 5, CONTACTS_FULL, organizations::update),
    op("DELETE", "/organizations/:id", 3, CONTACTS_FULL, organizations::delete),
    op("GET", "/deals", 10, DEALS, deals::list),
    op("POST", "/deals", 5, DEALS_FULL, deals::create),
    op("GET", "/deals/archived", 20, DEALS, deals::archived),
    op("GET", "/deals/search", 20, DEALS_SEARCH, search::deals),
    op("GET", "/deals/:id", 1, DEALS, deals::get),
    op("PATCH", "/deals/:id", 5, DEALS_FULL, deals::update),
    op("DELETE", "/deals/:id", 3, DEALS_FULL, deals::delete),
    op("GET", "/activities", 10, ACTIVITIES, activities::list),
    op("POST", "/activities", 5, ACTIVITIES_FULL, activities::create),
    op("GET", "/activities/:id", 1, ACTIVITIES, activities::get),
    op("PATCH", "/activities/:id", 5, ACTIVITIES_FULL, activities::update),
    op("DELETE", "/activities/:id", 3, ACTIVITIES_FULL, activities::delete),
    op("GET", "/personFields", 10, CONTACT_FIELDS, fields::persons),
    op("POST", "/personFields", 5, CONTACT_FIELDS_FULL, fields::add_person_field),
    op("GET", "/personFields/:id", 1, CONTACT_FIELDS, fields::person),
    op("DELETE", "/personFields/:id", 3, CONTACT_FIELDS_FULL, fields::delete_person_field),
    op("POST", "/personFields/:id/options", 5, CONTACT_OPTIONS, fields::person_options),
    op("GET", "/organizationFields", 10, CONTACT_FIELDS, fields::organizations),
    op("GET", "/organizationFields/:id", 1, CONTACT_FIELDS, fields::organization),
    op("POST", "/organizationFields/:id/options", 5, CONTACT_OPTIONS, fields::organization_options),
    op("GET", "/dealFields", 10, DEAL_FIELDS, fields::deals),
    op("GET", "/dealFields/:id", 1, DEAL_FIELDS, fields::deal),
    op("POST", "/dealFields/:id/options", 5, DEAL_OPTIONS, fields::deal_options),
    op("GET", "/pipelines", 5, STAGES, pipelines::pipelines),
    op("GET", "/pipelines/:id", 1, STAGES, pipelines::one_pipeline),
    op("GET", "/stages", 5, STAGES, pipelines::stages),
    op("GET", "/stages/:id", 1, STAGES, pipelines::one_stage),
];

static V1: &[Operation] = &[
    op("GET", "/users", 20, USERS, users::list),
    op("GET", "/users/find", 40, USERS, users::find),
    op("GET", "/users/me", 2, BASE, users::me),
    op("GET", "/users/:id", 2, USERS, users::get),
    op("GET", "/activityTypes", 20, ACTIVITY_TYPES, activities::types),
    op("GET", "/notes", 20, NOTES, notes::list),
    op("POST", "/notes", 10, NOTES_FULL, notes::create),
    op("GET", "/notes/:id", 2, NOTES, notes::get),
    op("GET", "/webhooks", 10, WEBHOOKS, webhooks::list),
    op("POST", "/webhooks", 10, WEBHOOKS_FULL, webhooks::create),
    op("DELETE", "/webhooks/:id", 6, WEBHOOKS_FULL, webhooks::delete),
    op("PUT", "/persons/:id/merge", 40, CONTACTS_FULL, persons::merge),
];

pub(crate) fn v2(desk: &Arc<Desk>) -> Route {
    table(desk, V2).at("/*any", Nowhere::V2)
}

pub(crate) fn v1(desk: &Arc<Desk>) -> Route {
    table(desk, V1).at("/*any", Nowhere::V1)
}

fn table(desk: &Arc<Desk>, operations: &'static [Operation]) -> Route {
    let mut route = Route::new();
    // Operations of one path stand together.
    for same in operations.chunk_by(|one, next| one.path == next.path) {
        let mut methods = RouteMethod::new();
        for &operation in same {
            let method = Method::from_bytes(operation.method.as_bytes()).unwrap_or_default();
            methods = methods.method(method, Gate { desk: desk.clone(), operation });
        }
        route = route.at(same[0].path, methods);
    }
    route
}
