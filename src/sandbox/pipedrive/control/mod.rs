//! `/__sandbox/`: the control plane. Nothing here exists at the real CRM. Beside what every stand-in has
//! ([`control`]):
//!
//! | call | body | does |
//! |---|---|---|
//! | `POST /search_lag` | `{"ms": 3000}` | searches do not see what was made or changed less than that ago |
//! | `POST /plan` | `{"burst"?, "search_burst"?, "daily"?, "spent"?, "company_id"?}` | limits; `spent` is as if others had used the day |
//! | `POST /tokens/expire` | | every access token is expired |
//! | `POST /tokens/revoke` | `{"company_id"?}` | users took the app out: 401, then `invalid_grant` |
//! | `POST /tokens/rotate` | `{"on": true}` | new refresh token each time; an old one ends the install |
//! | `POST /tokens/life` | `{"seconds": 2}` | life of access tokens given from now on |
//! | `POST /scopes` | `{"scope": "base,contacts:read"}` | the app's scopes, at once |
//! | `POST /code` | `{"company_id"?, "user_id"?, "client_id"?, "redirect_uri"?}` | `{"code"}` without the page |
//! | `POST /install` | `{"company_id"?, "user_id"?, "redirect_uri"?, "denied"?}` | `{"location"}`: an install from the marketplace, without a state |
//! | `POST /uninstall` | `{"company_id"?, "user_id"?, "redirect_uri"?}` | ends the install and tells the app; `{"answered"}` |
//! | `GET /marketplace` | | who installed, said no and uninstalled, and what the app answered |
//! | `POST /api_domain` | `{"api_domain": "https://evil.example"}`, null for the own | what token answers say |
//! | `POST /persons/mutate` | see [`mutate::Ask`] | changes, deletes, merges, creates |
//! | `DELETE /labels` | | persons have no labels to choose from, as in a new account |
//! | `GET /mutations` | | what `mutate` did, planned ones once they happened |
//! | `POST /webhooks/end` | | every webhook is removed, as after days of failing calls |
//! | `GET /webhooks` | | calls of apps, and what they answered |
//! | `GET /counters` | | requests by route, statuses, token calls, budgets |
//! | `GET /arrivals` | | when each request was taken out of the budgets, in ms |
//! | `GET /truth` | `?company_id=` | see [`truth`] |
//! | `GET /truth/persons` | `?company_id=&ids=` or `&after=&limit=` | identifiers as they are meant |
//! | `GET /truth/outbound` | `?company_id=` | what was made through the API since the start, as it is now |
//! | `GET /companies` | | companies and users, as on the consent page |
//! | `POST /reset` | | as on the first day; tokens and scripts included |
//!
//! `company_id` is the main company's, 7001, unless given.

pub(crate) mod mutate;
pub(crate) mod truth;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use poem::{Endpoint, Request, Response, http::StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    super::stage::{
        clock,
        control::{self, Outcome, bad, no_call, required},
    },
    accounts::{self, COMPANIES},
    api::events,
    limits::Limits,
    marketplace::{self, Wish},
    oauth::grants::{Grants, InstallKey},
    world::{Account, Desk},
};

/// The control plane; it stands beside the line and is never broken by faults.
pub(super) struct Control(pub(super) Arc<Desk>);

impl Endpoint for Control {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(1 << 20).await?;
        let outcome = match (request.method().as_str(), request.uri().path()) {
            ("POST", "/uninstall") => self.uninstall(&body).await,
            _ => self.run(&request, &body),
        };
        Ok(control::respond(outcome))
    }
}

impl Control {
    fn wish(&self, given: &Value) -> Result<Wish, (StatusCode, String)> {
        let (company, user) = (given["company_id"].as_u64(), given["user_id"].as_u64());
        Wish::new(&self.0, company, user, given["redirect_uri"].as_str()).map_err(bad)
    }

    async fn uninstall(&self, body: &Bytes) -> Outcome {
        let wish = self.wish(&read(body)?)?;
        Ok(json!({ "answered": marketplace::uninstall(&self.0, &wish).await }))
    }

    fn run(&self, request: &Request, body: &Bytes) -> Outcome {
        let given: Value = if body.is_empty() { json!({}) } else { read(body)? };
        let query = request.uri().query().unwrap_or_default();
        let param = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let company = given["company_id"].as_u64().or_else(|| param("company_id")?.parse().ok());
        let main = company.unwrap_or(COMPANIES[0].id);
        if accounts::company(main).is_none() {
            return Err(bad(format!("there is no company {main}")));
        }
        let path = request.uri().path();
        if request.method() == "POST" && path == "/reset" {
            self.0.reset();
            return Ok(json!({}));
        }
        if request.method() == "POST" && path == "/install" {
            let denied = given["denied"].as_bool().unwrap_or(false);
            let location = marketplace::install(&self.0, &self.wish(&given)?, denied);
            return Ok(json!({ "location": location.as_str() }));
        }
        let mut world = self.0.world();
        let world = &mut *world;
        let now = clock::now();
        let method = request.method().as_str();
        if let Some(outcome) = control::call(&mut world.backstage, method, path, &given) {
            return outcome;
        }
        let account = world.accounts.get_mut(&main).ok_or_else(|| bad("no such company"))?;
        match (method, path) {
            ("POST", "/search_lag") => {
                let lag = Duration::from_millis(required(&given, "ms")?);
                for account in world.accounts.values_mut() {
                    account.search_lag = lag;
                }
                Ok(json!({}))
            }
            ("POST", "/plan") => {
                plan(&mut world.limits, &given, main, now);
                Ok(world.limits.json())
            }
            ("POST", "/tokens/expire" | "/tokens/revoke" | "/tokens/rotate" | "/tokens/life") => {
                tokens(&mut world.grants, path, &given, company)
            }
            ("POST", "/scopes") => {
                let scope = given["scope"].as_str().ok_or_else(|| bad("scope is required"))?;
                world.grants.set_scopes(scope);
                Ok(json!({}))
            }
            ("POST", "/code") => {
                let app = given["client_id"].as_str().unwrap_or(&self.0.config.client_id);
                code(&mut world.grants, account, app, &given)
            }
            ("POST", "/api_domain") => {
                world.api_domain = given["api_domain"].as_str().map(ToOwned::to_owned);
                Ok(json!({ "api_domain": world.api_domain }))
            }
            ("POST", "/persons/mutate") => {
                let done = account.mutate(read(body)?, now);
                let admin = account.company.admin();
                events::emit(account, &self.0.post, admin, "app");
                Ok(done)
            }
            ("POST", "/webhooks/end") => {
                let ended = account.webhooks.len();
                account.webhooks.clear();
                Ok(json!({ "ended": ended }))
            }
            ("GET", "/webhooks") => Ok(self.0.post.json()),
            ("DELETE", "/labels") => {
                account.forget_labels();
                Ok(json!({}))
            }
            ("GET", "/mutations") => {
                Ok(account.mutations.iter().map(mutate::Mutation::json).collect())
            }
            ("GET", "/counters") => {
                let mut counters = world.backstage.counters.json();
                counters["budgets"] = world.limits.json();
                Ok(counters)
            }
            ("GET", "/arrivals") => Ok(world.limits.arrivals()),
            ("GET", path) if path.starts_with("/truth") => told(account, path, param),
            ("GET", "/marketplace") => Ok(world.marketplace.clone().into()),
            ("GET", "/companies") => Ok(companies()),
            _ => Err(no_call()),
        }
    }
}

/// A code as the consent page gives it.
fn code(grants: &mut Grants, account: &Account, app: &str, given: &Value) -> Outcome {
    let user = match given["user_id"].as_u64() {
        Some(id) => account.company.user(id),
        None => Some(account.company.admin()),
    };
    let user = user.ok_or_else(|| bad("no such user in this company"))?;
    if grants.app(app).is_none() {
        return Err(bad("no such client"));
    }
    let key = InstallKey { app: app.to_owned(), company: account.company.id, user: user.id };
    let redirect = given["redirect_uri"].as_str().map(ToOwned::to_owned);
    Ok(json!({ "code": grants.issue_code(key, redirect) }))
}

/// The limits of an account's plan, and how much of its day is spent.
fn plan(limits: &mut Limits, given: &Value, company: u64, now: u64) {
    let number = |key: &str| given[key].as_u64();
    let small = |key: &str| number(key).and_then(|n| u32::try_from(n).ok());
    limits.burst = small("burst").unwrap_or(limits.burst);
    limits.search_burst = small("search_burst").unwrap_or(limits.search_burst);
    limits.daily = number("daily").unwrap_or(limits.daily);
    if let Some(spent) = number("spent") {
        limits.set_spent(company, spent, now);
    }
}

/// What is, for tests that compare.
fn told(account: &Account, path: &str, param: impl Fn(&str) -> Option<String>) -> Outcome {
    match path {
        "/truth" => Ok(truth::counts(account)),
        "/truth/outbound" => Ok(account.outbound()),
        "/truth/persons" => {
            let number = |name: &str| param(name).and_then(|text| text.parse::<u64>().ok());
            let ids = param("ids")
                .map(|text| text.split(',').filter_map(|id| id.parse().ok()).collect::<Vec<u64>>());
            let after = number("after").unwrap_or(0);
            Ok(truth::persons(account, ids, after, number("limit").unwrap_or(1_000)))
        }
        _ => Err(no_call()),
    }
}

fn tokens(grants: &mut Grants, path: &str, given: &Value, company: Option<u64>) -> Outcome {
    match path {
        "/tokens/expire" => Ok(json!({ "expired": grants.expire_all() })),
        "/tokens/revoke" => Ok(json!({ "revoked": grants.revoke_all(company) })),
        "/tokens/rotate" => {
            grants.rotate = given["on"].as_bool().unwrap_or(true);
            Ok(json!({ "on": grants.rotate }))
        }
        _ => {
            let seconds = required(given, "seconds")?;
            grants.expires_in = u32::try_from(seconds).unwrap_or(u32::MAX);
            Ok(json!({}))
        }
    }
}

fn companies() -> Value {
    COMPANIES
        .iter()
        .map(|company| {
            let users: Vec<Value> = company
                .users
                .iter()
                .map(|user| {
                    json!({
                        "id": user.id, "name": user.name, "email": user.email,
                        "admin": user.admin, "active": user.is_active(),
                    })
                })
                .collect();
            json!({
                "id": company.id, "name": company.name, "domain": company.domain,
                "country": company.country.iso(), "users": users,
            })
        })
        .collect()
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(|error| bad(error.to_string()))
}
