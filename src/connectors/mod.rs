//! The only room that speaks HTTP to CRMs; one folder per CRM.
//!
//! A [`Connector`] is stateless: it knows a CRM's words and nothing else. [`Api`] carries what
//! a call needs (token, budget, retries, a meter) and names what went wrong as a [`CrmError`],
//! by what to do next. Tokens and budgets come from above through [`TokenSource`] and
//! [`Budget`], so this room knows neither the vault nor the cache.

mod api;
mod budget;
mod bundle;
mod country;
mod endpoints;
mod error;
mod forecast;
mod hooks;
mod html;
mod http;
mod hubspot;
mod lenient;
mod lifecycle;
mod manifest;
mod meter;
mod oauth;
mod pace;
mod page;
mod pipedrive;
mod records;
mod retry;
mod salesforce;
mod writer;
mod zoho;

use async_trait::async_trait;

use crate::domain::{
    Account, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
};

pub use self::{
    api::{AccessToken, Api, TokenSource},
    budget::{
        Budget, BudgetHandle, BudgetView, Caller, Cost, DELIVERIES_LEAVE, JOBS_LEAVE, Lane, Limits,
        Observed, Taken, Wait, Window,
    },
    bundle::{Guest, Many, Rooms, Tenancy, Told},
    endpoints::{ApiBase, Endpoints, ForbiddenHost},
    error::{CrmError, Objection, Stale, Throttle},
    forecast::{Extent, Fit, Forecast, Part, fit, forecast},
    hooks::{Agreed, AppHook, Channels, Hint, Hooks, Incoming, NotSigned, Wanted},
    http::Http,
    lifecycle::Lifecycle,
    manifest::{ClientAuth, Costs, HostRule, Manifest, OwnLogin, Scope},
    meter::{Meter, Spent},
    oauth::{
        Credentials, Grant, OAuthError, Revocable, authorize_url, exchange, fresh_verifier, grants,
        missing_scopes, refresh, revoke,
    },
    pace::{Pace, RealPace},
    page::{Cursor, From, Page},
    records::{FoundRecord, QueryLanguage, Records},
    writer::Writer,
};

/// Every CRM we speak to. A new one is a folder, a `mod` above and a line here.
static REGISTRY: &[&dyn Connector] =
    &[&pipedrive::Pipedrive, &hubspot::HubSpot, &salesforce::Salesforce, &zoho::Zoho];

/// Looks a connector up by its slug.
pub fn find(slug: &str) -> Option<&'static dyn Connector> {
    REGISTRY.iter().copied().find(|connector| connector.manifest().slug == slug)
}

pub fn all() -> &'static [&'static dyn Connector] {
    REGISTRY
}

/// What a CRM must be able to do for us.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The facts: names, addresses, scopes, limits, costs.
    fn manifest(&self) -> &'static Manifest;

    /// Whose account the token opens.
    async fn account(&self, api: &Api) -> Result<Account, CrmError>;

    /// All users of the account, the inactive too: people still belong to them.
    async fn users(&self, api: &Api) -> Result<Vec<RemoteUser>, CrmError>;

    /// Names of labels and custom fields of persons.
    async fn fields(&self, api: &Api) -> Result<Fields, CrmError>;

    /// One page of persons; by id, or by change time when `from` says since when.
    async fn persons(&self, api: &Api, from: &From) -> Result<Page<RemotePerson>, CrmError>;

    async fn organizations(
        &self,
        api: &Api,
        from: &From,
    ) -> Result<Page<RemoteOrganization>, CrmError>;

    async fn deals(&self, api: &Api, from: &From) -> Result<Page<RemoteDeal>, CrmError>;

    /// Any number of persons. What the CRM no longer has is simply absent.
    async fn persons_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemotePerson>, CrmError>;

    async fn organizations_by_id(
        &self,
        api: &Api,
        ids: &[RemoteId],
    ) -> Result<Page<RemoteOrganization>, CrmError>;

    /// People found by name, address or number, best match first, as whole records.
    async fn search_persons(
        &self,
        api: &Api,
        term: &str,
        cursor: Option<&Cursor>,
    ) -> Result<Page<RemotePerson>, CrmError>;

    /// Where a member sees the person in the CRM itself.
    fn person_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String>;

    /// What it lets us write; `None` for a CRM that is only read.
    fn writer(&self) -> Option<&dyn Writer> {
        None
    }

    /// How it tells of changes by itself; `None` for a CRM that has to be asked.
    fn hooks(&self) -> Option<Hooks> {
        None
    }
}
