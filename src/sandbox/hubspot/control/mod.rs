//! `/__sandbox/`: the control plane. Nothing here exists at the real CRM.
//!
//! Beside the calls of [`control`]:
//!
//! | call | body | does |
//! |---|---|---|
//! | `POST /search_lag` | `{"ms": 3000}` | searches do not see what was made or changed less than that ago |
//! | `POST /plan` | `{"burst"?, "search_burst"?}` | limits per ten seconds, and of searches per second; there is no daily one |
//! | `POST /tokens/expire` | | every access token is expired |
//! | `POST /tokens/revoke` | `{"company_id"?}` | portals took the app out: 401, then `invalid_grant` |
//! | `POST /tokens/rotate` | `{"on": true}` | new refresh token each time; the old one is void |
//! | `POST /tokens/life` | `{"seconds": 2}` | life of access tokens given from now on |
//! | `POST /scopes` | `{"scope": "oauth crm.objects.contacts.read"}` | the app's scopes, at once |
//! | `POST /code` | `{"company_id"?, "user_id"?, "client_id"?, "redirect_uri"?}` | `{"code"}` without the page |
//! | `POST /persons/mutate` | see [`mutate::Ask`] | changes, archives, merges, creates |
//! | `DELETE /labels` | | contacts have no lead status to choose from |
//! | `GET /mutations` | | what `mutate` did, planned ones once they happened |
//! | `POST /webhooks/target` | `{"url": "http://localhost:8080/..."}`, null for none | where the app is told of all portals |
//! | `GET /webhooks` | | calls of the app, and what it answered |
//! | `GET /counters` | | requests by route, statuses, token calls, limits |
//! | `GET /truth` | `?company_id=` | see [`truth`] |
//! | `GET /truth/persons` | `?company_id=&ids=` or `&after=&limit=` | identifiers as they are meant |
//! | `GET /truth/outbound` | `?company_id=` | what was made through the API since the start, as it is now |
//! | `GET /companies` | | portals and users |
//! | `POST /reset` | | as on the first day; tokens and scripts included |
//!
//! `company_id` is the main portal's, 62515, unless given. There are no `/arrivals`, no `/api_domain`
//! (a grant names no host here) and no marketplace.

pub(crate) mod mutate;
pub(crate) mod truth;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    accounts::{self, PORTALS},
    events::{self, Target},
    limits::Limits,
    oauth::grants::{Grants, Key},
    records::kind::Kind,
    world::{Account, Desk, now},
};
use crate::sandbox::stage::control::{self, Outcome, bad, no_call, required, respond, value};

/// The control plane; it stands beside the line and is never broken by faults.
pub(super) struct Control(pub(super) Arc<Desk>);

impl Endpoint for Control {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(1 << 20).await?;
        Ok(respond(self.run(&request, &body)))
    }
}

impl Control {
    fn run(&self, request: &Request, body: &Bytes) -> Outcome {
        let given: Value = if body.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?
        };
        let query = request.uri().query().unwrap_or_default();
        let param = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let (method, path) = (request.method().as_str(), request.uri().path());
        if (method, path) == ("POST", "/reset") {
            self.0.reset();
            return Ok(json!({}));
        }
        let company = given["company_id"].as_u64().or_else(|| param("company_id")?.parse().ok());
        let main = company.unwrap_or(PORTALS[0].id);
        let mut world = self.0.world();
        let world = &mut *world;
        if let Some(outcome) = control::call(&mut world.backstage, method, path, &given) {
            return outcome;
        }
        let account = world.accounts.get_mut(&main);
        let account = account.ok_or_else(|| bad(format!("there is no portal {main}")))?;
        match (method, path) {
            ("POST", "/search_lag") => {
                let lag = Duration::from_millis(required(&given, "ms")?);
                for account in world.accounts.values_mut() {
                    account.search_lag = lag;
                }
                Ok(json!({}))
            }
            ("POST", "/plan") => {
                plan(&mut world.limits, &given);
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
            ("POST", "/persons/mutate") => {
                let done = account.mutate(value(given)?, now());
                events::emit(account, &self.0.post, world.target.clone(), "CRM_UI");
                Ok(done)
            }
            ("POST", "/webhooks/target") => {
                let url = given["url"].as_str();
                world.target = url.and_then(|url| Target::of(url, &self.0.config));
                Ok(json!({ "set": world.target.is_some() }))
            }
            ("GET", "/webhooks") => Ok(self.0.post.json()),
            ("DELETE", "/labels") => {
                let all = account.properties_mut(Kind::Contacts).iter_mut();
                for property in all.filter(|property| property.name == "hs_lead_status") {
                    property.options.clear();
                }
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
            ("GET", "/truth") => Ok(truth::counts(account)),
            ("GET", "/truth/outbound") => Ok(truth::outbound(account)),
            ("GET", "/truth/persons") => {
                let number = |name: &str| param(name).and_then(|text| text.parse::<u64>().ok());
                let ids = param("ids")
                    .map(|text| text.split(',').filter_map(|id| id.parse().ok()).collect());
                let (after, limit) = (number("after").unwrap_or(0), number("limit"));
                Ok(truth::persons(account, ids, after, limit.unwrap_or(1_000)))
            }
            ("GET", "/companies") => Ok(companies()),
            _ => Err(no_call()),
        }
    }
}

/// A code as the consent page gives it, with all scopes of the app.
fn code(grants: &mut Grants, account: &Account, app: &str, given: &Value) -> Outcome {
    let user = match given["user_id"].as_u64() {
        Some(id) => account.portal.user(id),
        None => Some(account.portal.admin()),
    };
    let user = user.ok_or_else(|| bad("no such user in this portal"))?;
    let scopes = grants.app(app).map(|app| app.scopes.clone());
    let scopes = scopes.ok_or_else(|| bad("no such client"))?;
    let key = Key { app: app.to_owned(), portal: account.portal.id };
    let redirect = given["redirect_uri"].as_str().map(ToOwned::to_owned);
    Ok(json!({ "code": grants.issue_code(key, user.id, scopes, redirect) }))
}

fn plan(limits: &mut Limits, given: &Value) {
    let number = |key: &str| given[key].as_u64().and_then(|n| u32::try_from(n).ok());
    limits.burst = number("burst").unwrap_or(limits.burst);
    limits.search_burst = number("search_burst").unwrap_or(limits.search_burst);
}

fn tokens(grants: &mut Grants, path: &str, given: &Value, portal: Option<u64>) -> Outcome {
    match path {
        "/tokens/expire" => Ok(json!({ "expired": grants.expire_all() })),
        "/tokens/revoke" => Ok(json!({ "revoked": grants.revoke_all(portal) })),
        "/tokens/rotate" => {
            grants.rotate = given["on"].as_bool().unwrap_or(true);
            Ok(json!({ "on": grants.rotate }))
        }
        _ => {
            grants.expires_in = u32::try_from(required(given, "seconds")?).unwrap_or(u32::MAX);
            Ok(json!({}))
        }
    }
}

fn companies() -> Value {
    PORTALS
        .iter()
        .map(|portal: &accounts::Portal| {
            let users: Vec<Value> = portal
                .users
                .iter()
                .map(|user| {
                    json!({
                        "id": user.id, "owner_id": user.owner.to_string(),
                        "name": format!("{} {}", user.first, user.last), "email": user.email,
                        "admin": user.admin, "active": user.active,
                    })
                })
                .collect();
            json!({
                "id": portal.id, "name": portal.name, "domain": portal.domain,
                "currency": portal.currency, "users": users,
            })
        })
        .collect()
}
