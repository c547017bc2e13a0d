//! `/__sandbox/`: the control plane. Nothing here exists at the real CRM. Beside what every stand-in has
//! ([`control`]):
//!
//! | call | body | does |
//! |---|---|---|
//! | `POST /search_lag` | `{"ms": 3000}` | searches do not see what was made or changed less than that ago; queries do |
//! | `POST /plan` | `{"daily"?, "spent"?, "burst"?, "work_ms"?, "tokens"?, "codes"?, "unique_email"?}` | credits in 24 hours, those that others used, requests at once, how long each takes; access tokens and codes in ten minutes; whether contacts may share an address |
//! | `POST /tokens/expire` | | every access token is expired |
//! | `POST /tokens/revoke` | `{"company_id"?}` | users took the app out: 401, then `invalid_code` |
//! | `POST /tokens/rotate` | | nothing: refresh tokens never change here |
//! | `POST /tokens/life` | `{"seconds": 2}` | life of access tokens given from now on |
//! | `POST /scopes` | `{"scope": "ZohoCRM.org.READ,..."}` | what every grant has, at once |
//! | `POST /code` | `{"company_id"?, "user_id"?, "client_id"?, "redirect_uri"?, "scope"?}` | `{"code", "location", "accounts-server"}` without the page |
//! | `POST /api_domain` | `{"api_domain": "https://evil.example"}`, null for the own | what token answers say |
//! | `POST /accounts_server` | `{"accounts_server"?, "location"?}`, null for the own | what callbacks say |
//! | `POST /persons/mutate` | see [`mutate::Ask`] | changes, deletes, merges, creates |
//! | `POST /leads/convert` | `{"id": "57..."}` | somebody converts a lead; `{"contact"}` |
//! | `DELETE /labels` | | contacts have no tags, as in a new organization |
//! | `GET /mutations` | | what `mutate` did, planned ones once they happened |
//! | `POST /webhooks/end` | | every channel has ended |
//! | `GET /webhooks` | | calls of apps, and what they answered |
//! | `GET /counters` | | requests by route, statuses, token calls, budgets |
//! | `GET /truth` | `?company_id=` | see [`truth`] |
//! | `GET /truth/persons` | `?company_id=&ids=` or `&after=&limit=` | identifiers as they are meant |
//! | `GET /truth/outbound` | `?company_id=` | what was made through the API since the start, as it is now |
//! | `GET /companies` | | organizations and users, as on the consent page |
//! | `POST /reset` | | as on the first day; tokens and scripts included |
//!
//! There are no installs that begin at the CRM, and nothing tells the app that it was taken out. Ids are text
//! in what is told, and text or a number in what is asked. `company_id` is the main organization's unless
//! given.

pub(crate) mod convert;
pub(crate) mod mutate;
pub(crate) mod truth;

use std::{sync::Arc, time::Duration};

use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    super::stage::{
        clock,
        control::{self, Outcome, bad, no_call, required, value},
    },
    accounts::ORGS,
    api::watch,
    oauth::{
        self,
        grants::{self, Install},
    },
    records::id_of,
    world::{Desk, World},
};

/// The control plane; it stands beside the line and is never broken by faults.
pub(super) struct Control(pub(super) Arc<Desk>);

/// What a grant has unless it is asked for something else: everything there is here, right by right.
const ALL: &str = "ZohoCRM.modules.contacts.READ,ZohoCRM.modules.contacts.CREATE,\
    ZohoCRM.modules.contacts.UPDATE,ZohoCRM.modules.contacts.DELETE,ZohoCRM.modules.accounts.READ,\
    ZohoCRM.modules.accounts.CREATE,ZohoCRM.modules.accounts.UPDATE,ZohoCRM.modules.deals.READ,\
    ZohoCRM.modules.deals.CREATE,ZohoCRM.modules.deals.UPDATE,ZohoCRM.modules.notes.READ,\
    ZohoCRM.modules.notes.CREATE,ZohoCRM.modules.tasks.ALL,ZohoCRM.modules.calls.ALL,\
    ZohoCRM.modules.events.ALL,ZohoCRM.users.READ,ZohoCRM.org.READ,ZohoCRM.coql.READ,\
    ZohoCRM.settings.fields.READ,ZohoCRM.settings.fields.CREATE,ZohoCRM.settings.fields.DELETE,\
    ZohoCRM.settings.tags.READ,ZohoCRM.settings.tags.CREATE,ZohoCRM.settings.modules.READ,\
    ZohoCRM.settings.layouts.READ,ZohoCRM.settings.pipeline.READ,ZohoSearch.securesearch.READ,\
    ZohoCRM.modules.leads.READ,ZohoCRM.modules.leads.CREATE,ZohoCRM.modules.leads.UPDATE,\
    ZohoCRM.notifications.ALL";

impl Endpoint for Control {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(1 << 20).await?;
        let given = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(&body) };
        let outcome = match given {
            Ok(given) => self.run(&request, &given),
            Err(error) => Err(bad(error.to_string())),
        };
        Ok(control::respond(outcome))
    }
}

impl Control {
    fn run(&self, request: &Request, given: &Value) -> Outcome {
        let query = request.uri().query().unwrap_or_default();
        let param = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let company = id_of(&given["company_id"]).or_else(|| param("company_id")?.parse().ok());
        let main = company.unwrap_or(ORGS[0].id);
        let (method, path) = (request.method().as_str(), request.uri().path());
        if method == "POST" && path == "/reset" {
            self.0.reset();
            return Ok(json!({}));
        }
        let mut world = self.0.world();
        let world = &mut *world;
        if let Some(outcome) = control::call(&mut world.backstage, method, path, given) {
            return outcome;
        }
        let no_org = || bad(format!("there is no organization {main}"));
        let account = world.accounts.get_mut(&main).ok_or_else(no_org)?;
        match (method, path) {
            ("POST", "/search_lag") => {
                let lag = Duration::from_millis(required(given, "ms")?);
                world.accounts.values_mut().for_each(|account| account.search_lag = lag);
                Ok(json!({}))
            }
            ("POST", "/plan") => Ok(plan(world, given, main)),
            ("POST", "/tokens/expire") => Ok(json!({ "expired": world.grants.expire_all() })),
            ("POST", "/tokens/revoke") => {
                Ok(json!({ "revoked": world.grants.revoke_all(company) }))
            }
            ("POST", "/tokens/rotate") => Ok(json!({ "on": false })),
            ("POST", "/tokens/life") => {
                let seconds = required(given, "seconds")?;
                world.grants.expires_in = u32::try_from(seconds).unwrap_or(u32::MAX);
                Ok(json!({}))
            }
            ("POST", "/scopes") => {
                let scope = given["scope"].as_str().ok_or_else(|| bad("scope is required"))?;
                world.grants.set_scopes(scope);
                Ok(json!({}))
            }
            ("POST", "/code") => self.code(world, main, given),
            ("POST", "/api_domain") => {
                world.api_domain = given["api_domain"].as_str().map(ToOwned::to_owned);
                Ok(json!({ "api_domain": world.api_domain }))
            }
            ("POST", "/accounts_server") => {
                let text = |key: &str| given[key].as_str().map(ToOwned::to_owned);
                (world.accounts_server, world.location) =
                    (text("accounts_server"), text("location"));
                Ok(json!({}))
            }
            ("POST", "/persons/mutate") => {
                let done = account.mutate(value(given.clone())?, clock::now());
                watch::emit(account, &self.0.post, clock::now());
                Ok(done)
            }
            ("POST", "/leads/convert") => {
                let id = id_of(&given["id"]).unwrap_or_default();
                let contact = account.convert(id, clock::now());
                let contact = contact.ok_or_else(|| bad("there is no such lead"))?;
                Ok(json!({ "contact": contact.to_string() }))
            }
            ("POST", "/webhooks/end") => {
                let ended = account.watches.len();
                account.watches.clear();
                Ok(json!({ "ended": ended }))
            }
            ("GET", "/webhooks") => Ok(self.0.post.json()),
            ("DELETE", "/labels") => {
                account.tags.clear();
                Ok(json!({}))
            }
            ("GET", "/mutations") => Ok(json!(account.mutations)),
            ("GET", "/counters") => {
                let mut counters = world.backstage.counters.json();
                counters["budgets"] = world.limits.json();
                Ok(counters)
            }
            ("GET", "/truth") => Ok(truth::counts(account)),
            ("GET", "/truth/outbound") => Ok(account.outbound()),
            ("GET", "/truth/persons") => {
                let number = |name: &str| param(name).and_then(|text| text.parse::<u64>().ok());
                let ids = param("ids").map(|text| {
                    text.split(',').filter_map(|id| id.parse().ok()).collect::<Vec<u64>>()
                });
                let (after, limit) = (number("after").unwrap_or(0), number("limit"));
                Ok(truth::persons(account, ids, after, limit.unwrap_or(1_000)))
            }
            ("GET", "/companies") => Ok(companies()),
            _ => Err(no_call()),
        }
    }

    /// A code as the consent page gives it, and what its callback says beside.
    fn code(&self, world: &mut World, org: u64, given: &Value) -> Outcome {
        let org = super::accounts::org(org).ok_or_else(|| bad("no such organization"))?;
        let user = match id_of(&given["user_id"]) {
            Some(id) => org.user(id),
            None => Some(org.admin()),
        };
        let user = user.ok_or_else(|| bad("no such user in this organization"))?;
        let app = given["client_id"].as_str().unwrap_or(&self.0.config.client_id);
        if world.grants.app(app).is_none() {
            return Err(bad("no such client"));
        }
        let install = Install { app: app.to_owned(), org: org.id, user: user.id };
        let scopes = grants::split(given["scope"].as_str().unwrap_or(ALL));
        let redirect = given["redirect_uri"].as_str().map(ToOwned::to_owned);
        let code = world.grants.issue_code(install, scopes, redirect, true);
        let code = code.ok_or_else(|| bad("ten codes in ten minutes were given"))?;
        let [(_, location), (_, server)] = oauth::places(world, &self.0, org);
        Ok(json!({ "code": code, "location": location, "accounts-server": server }))
    }
}

/// The limits of an organization's edition, how much of them is used, and the quotas on tokens.
fn plan(world: &mut World, given: &Value, org: u64) -> Value {
    let number = |key: &str| given[key].as_u64();
    let limits = &mut world.limits;
    limits.daily = number("daily").unwrap_or(limits.daily);
    if let Some(burst) = number("burst").and_then(|burst| u32::try_from(burst).ok()) {
        limits.concurrency = burst;
    }
    if let Some(work) = number("work_ms") {
        limits.work = Duration::from_millis(work);
    }
    if let Some(spent) = number("spent") {
        limits.set_spent(org, spent);
    }
    let small = |key: &str| number(key).and_then(|number| usize::try_from(number).ok());
    world.grants.quota = small("tokens").unwrap_or(world.grants.quota);
    world.grants.code_quota = small("codes").unwrap_or(world.grants.code_quota);
    if let (Some(unique), Some(account)) =
        (given["unique_email"].as_bool(), world.accounts.get_mut(&org))
    {
        account.unique_email = unique;
    }
    world.limits.json()
}

fn companies() -> Value {
    ORGS.iter()
        .map(|org| {
            let users: Vec<Value> = org
                .users
                .iter()
                .map(|user| {
                    json!({
                        "id": user.id.to_string(), "name": user.name(), "email": user.email,
                        "admin": user.admin, "active": user.is_active(),
                    })
                })
                .collect();
            json!({
                "id": org.id.to_string(), "name": org.name, "domain": org.domain,
                "country": org.country.1, "location": org.data_centre, "users": users,
            })
        })
        .collect()
}
