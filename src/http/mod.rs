//! The API and the pages, with poem. Each file is one topic.
//!
//! A handler says who may, calls one thing and names the answer. [`api`] is the table of contents.

mod actions;
mod activities;
mod agent;
mod allow;
mod api_keys;
mod audit;
mod auth;
mod billing;
mod campaigns;
mod client_address;
mod company;
mod contacts;
mod csrf;
mod deliveries;
mod development;
mod document;
mod field;
mod headers;
mod hooks;
mod imports;
mod installation;
mod integrations;
mod limits;
mod once;
mod operations;
mod pages;
mod paging;
mod problem;
mod rates;
mod refusals;
mod reminders;
mod reports;
mod saved_filters;
mod second_factor;
mod server;
mod session;
mod sessions;
mod shield;
mod sync_logs;
mod team;
mod words;

use poem::{Endpoint, EndpointExt, Response, Route, get};
use poem_openapi::{OpenApi, OpenApiService, Tags};
use tokio_util::sync::CancellationToken;

use crate::flows::SharedHub;

pub use document::openapi_document;
pub use operations::request_id;
pub use problem::{ApiError, FieldProblem, Problem};
pub use server::{listen, serve};
pub use session::Session;

/// The chapters of the API.
#[derive(Tags)]
enum Tag {
    /// Signing up, in and out.
    Accounts,
    /// Keys for scripts.
    ApiKeys,
    /// The people in the book.
    Contacts,
    /// What members do with contacts.
    Activities,
    /// Whom the team reaches out to, and what came of it.
    Campaigns,
    /// What all of it comes to.
    Reports,
    /// The members of the company.
    Team,
    /// Connections to CRMs, and imports.
    Integrations,
    /// What members have done at a CRM, one at a time.
    Actions,
    /// What is to happen at the CRMs, and what became of it.
    Deliveries,
    /// Runs, and what they did.
    SyncLog,
    /// Who did what in the company.
    Audit,
    /// Plans and their limits.
    Billing,
    /// What exists in development only.
    Development,
}

/// Every topic of the API; a new one is a file and a line here.
fn api() -> OpenApiService<impl OpenApi, ()> {
    let topics = (
        auth::AuthApi,
        (sessions::SessionsApi, second_factor::SecondFactorApi, api_keys::ApiKeysApi),
        (contacts::ContactsApi, contacts::SuggestionsApi, contacts::BulkApi, contacts::ExportApi),
        (saved_filters::SavedFiltersApi, imports::ImportsApi, imports::BadRowsApi),
        (activities::ActivitiesApi, campaigns::CampaignsApi, reminders::RemindersApi),
        reports::ReportsApi,
        integrations::IntegrationsApi,
        integrations::BudgetApi,
        integrations::ConsentApi,
        (deliveries::DeliveriesApi, deliveries::OutboundApi, deliveries::PushApi),
        (deliveries::AliasApi, deliveries::EventsApi, company::CompanyApi, audit::AuditApi),
        (installation::InstallationApi, actions::ActionsApi, actions::ReadApi),
        (sync_logs::SyncLogsApi, sync_logs::EntryFileApi),
        (team::TeamApi, team::InvitationsApi, team::CrmUsersApi, team::join::JoinApi),
        (billing::BillingApi, billing::webhook::WebhookApi, hooks::HookApi),
        development::DevelopmentApi,
    );
    OpenApiService::new(topics, "Tandem", env!("CARGO_PKG_VERSION"))
        .description(
            "The hub between the book a sales team works from and the CRM its company runs on.",
        )
        .url_prefix("/api")
}

/// `/metrics` and nothing else, for a private address.
pub fn figures_alone() -> impl Endpoint<Output = Response> {
    Route::new().at("/metrics", get(operations::private_figures)).map_to_response()
}

/// Everything that Tandem answers. `stopping` ends open event streams.
pub fn app(hub: SharedHub, stopping: CancellationToken) -> impl Endpoint<Output = Response> {
    let api = Route::new()
        .at("/openapi.json", get(document::serve_document))
        .nest("/", api())
        .around(once::settle)
        .around(limits::guard)
        .around(csrf::guard)
        .catch_all_error(problem::from_poem)
        .around(rates::guard)
        .around(shield::shield);
    Route::new()
        .nest("/api", api)
        .at("/health/live", get(operations::live))
        .at("/health/ready", get(operations::ready))
        .at("/metrics", get(operations::figures))
        .nest("/", pages::Pages::<pages::Web>::new())
        .around(headers::add)
        .around(operations::observe)
        .data(hub)
        .data(stopping)
}
