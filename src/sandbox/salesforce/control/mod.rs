//! `/__sandbox/`: the control plane. Nothing here exists at the real CRM.
//!
//! Beside the calls that every stand-in has ([`stage`](crate::sandbox::stage::control)):
//!
//! | call | body | does |
//! |---|---|---|
//! | `POST /search_lag` | `{"ms": 3000}` | searches do not see what was written less than that ago |
//! | `POST /plan` | `{"daily"?, "spent"?, "company_id"?}` | requests of a day; `spent` is as if others had used them |
//! | `POST /tokens/expire` | | every access token is expired |
//! | `POST /tokens/revoke` | `{"company_id"?}` | users took the app out: 401, then `invalid_grant` |
//! | `POST /tokens/rotate` | `{"on": false}` | whether each refresh brings a new refresh token, as it does from the start |
//! | `POST /tokens/life` | `{"seconds": 2}` | how long a session lasts without being used, from now on |
//! | `POST /scopes` | `{"scope": "api openid"}` | what the app may ask for, and what was granted, at once |
//! | `POST /code` | `{"company_id"?, "user_id"?, "client_id"?, "redirect_uri"?, "code_challenge"?}` | `{"code"}` without the page |
//! | `POST /api_domain` | `{"api_domain": "https://evil.example"}`, null for the own | what token answers call the instance |
//! | `POST /persons/mutate` | see [`mutate::Ask`] | changes, deletes, merges, creates |
//! | `POST /leads/convert` | `{"id": "00Q..."}` | somebody converts a lead; `{"contact"}` |
//! | `POST /duplicates` | `{"on": true, "allow_save": false}` | a rule against two contacts with one address |
//! | `POST /restrict` | `{"name": "Tandem_Labels__c"}` | a picklist of contacts takes only what is on its list |
//! | `DELETE /labels` | | contacts have no field for labels, as in a new org |
//! | `DELETE /fields` | `{"name": "X__c"}` | somebody deletes a custom field of contacts |
//! | `POST /jobs` | `{"fail": true}` | whether queries that the org runs by itself fail |
//! | `GET /jobs` | | how many were made, and how many are left |
//! | `GET /mutations` | | what `mutate` did, planned ones once they happened |
//! | `GET /counters` | | requests by route, statuses, token calls, the day |
//! | `GET /truth` | `?company_id=` | see [`truth`] |
//! | `GET /truth/persons` | `?company_id=&ids=` or `&after=&limit=` | contacts as they are meant |
//! | `GET /truth/outbound` | `?company_id=` | what was made through the API since the start, as it is now |
//! | `GET /companies` | | orgs and users, as on the consent page |
//! | `POST /reset` | | as on the first day; tokens and scripts included |
//!
//! `company_id` is the main org's, 7001, unless given. There is no marketplace here, so nothing is
//! installed from it, and no window of seconds, so there is none to set.

pub(crate) mod mutate;
pub(crate) mod truth;

use std::{sync::Arc, time::Duration};

use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::sandbox::stage::control::{self, Outcome, bad, no_call, required, respond, value};

use super::{
    oauth::grants::{Grants, Key},
    records::{
        leads,
        orgs::{self, ORGS},
        schema::Kind,
        time,
    },
    world::{Account, Desk},
};

/// The control plane; it stands beside the line and is never broken by faults.
pub(super) struct Control(pub(super) Arc<Desk>);

impl Endpoint for Control {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(1 << 20).await?;
        let given = if body.is_empty() {
            Ok(json!({}))
        } else {
            serde_json::from_slice(&body).map_err(|error| bad(error.to_string()))
        };
        Ok(respond(given.and_then(|given| self.run(&request, &given))))
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
        let org = given["company_id"].as_u64().or_else(|| param("company_id")?.parse().ok());
        let main = org.unwrap_or(ORGS[0].number);
        let (method, path) = (request.method().as_str(), request.uri().path());
        if (method, path) == ("POST", "/reset") {
            self.0.reset();
            return Ok(json!({}));
        }
        let mut world = self.0.world();
        let world = &mut *world;
        if let Some(outcome) = control::call(&mut world.backstage, method, path, given) {
            return outcome;
        }
        let now = time::now();
        let account = world.orgs.get_mut(&main).ok_or_else(|| bad(format!("no org {main}")))?;
        match (method, path) {
            ("POST", "/search_lag") => {
                let lag = Duration::from_millis(required(given, "ms")?);
                world.orgs.values_mut().for_each(|account| account.search_lag = lag);
                Ok(json!({}))
            }
            ("POST", "/plan") => {
                world.limits.daily = given["daily"].as_u64().unwrap_or(world.limits.daily);
                if let Some(spent) = given["spent"].as_u64() {
                    world.limits.set_spent(main, spent, now);
                }
                Ok(world.limits.json())
            }
            ("POST", path) if path.starts_with("/tokens/") => {
                tokens(&mut world.grants, path, given, org)
            }
            ("POST", "/scopes") => {
                let scope = given["scope"].as_str().ok_or_else(|| bad("scope is required"))?;
                world.grants.set_scopes(scope);
                Ok(json!({}))
            }
            ("POST", "/code") => {
                let app = given["client_id"].as_str().unwrap_or(&self.0.config.client_id);
                code(&mut world.grants, account, app, given)
            }
            ("POST", "/api_domain") => {
                world.instance_url = given["api_domain"].as_str().map(ToOwned::to_owned);
                Ok(json!({ "api_domain": world.instance_url }))
            }
            ("POST", "/persons/mutate") => Ok(account.mutate(value(given.clone())?, now)),
            ("POST", "/leads/convert") => {
                let id = given["id"].as_str().unwrap_or_default();
                let contact = leads::convert(&mut account.tables, id, now);
                Ok(json!({ "contact": contact.ok_or_else(|| bad("there is no such lead"))? }))
            }
            ("POST", "/duplicates") => {
                let warns = given["allow_save"].as_bool().unwrap_or(false);
                account.duplicates = given["on"].as_bool().unwrap_or(true).then_some(warns);
                Ok(json!({ "duplicates": account.duplicates }))
            }
            ("POST", "/jobs") => {
                account.jobs_fail = given["fail"].as_bool().unwrap_or(false);
                Ok(json!({ "fail": account.jobs_fail }))
            }
            ("GET", "/jobs") => {
                let left = account.jobs.values().flatten().count();
                Ok(json!({ "made": account.jobs.len(), "left": left }))
            }
            ("POST", "/restrict") => {
                let name = given["name"].as_str().unwrap_or_default();
                restrict(account, name).ok_or_else(|| bad("there is no such picklist"))
            }
            ("DELETE", "/labels") => Ok(forget(account, "Tandem_Labels__c")),
            ("DELETE", "/fields") => {
                let name = given["name"].as_str().ok_or_else(|| bad("name is required"))?;
                Ok(forget(account, name))
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
                let ids = param("ids");
                let limit = param("limit").and_then(|text| text.parse().ok()).unwrap_or(1_000);
                Ok(truth::persons(account, ids.as_deref(), param("after").as_deref(), limit))
            }
            ("GET", "/companies") => Ok(companies()),
            _ => Err(no_call()),
        }
    }
}

/// A code as the consent page gives it.
fn code(grants: &mut Grants, account: &Account, app: &str, given: &Value) -> Outcome {
    let org = account.org;
    let user = match given["user_id"].as_u64() {
        Some(number) => org.user(number),
        None => Some(org.admin()),
    };
    let user = user.ok_or_else(|| bad("no such user in this org"))?;
    if grants.app(app).is_none() {
        return Err(bad("no such client"));
    }
    let text = |key: &str| given[key].as_str().map(ToOwned::to_owned);
    let key = Key { app: app.to_owned(), org: org.number, user: user.number };
    let scopes = grants.scopes.clone();
    let code = grants.issue_code(key, scopes, text("redirect_uri"), text("code_challenge"));
    Ok(json!({ "code": code }))
}

fn tokens(grants: &mut Grants, path: &str, given: &Value, org: Option<u64>) -> Outcome {
    match path {
        "/tokens/expire" => Ok(json!({ "expired": grants.expire_all() })),
        "/tokens/revoke" => Ok(json!({ "revoked": grants.revoke_all(org) })),
        "/tokens/rotate" => {
            grants.rotate = given["on"].as_bool().unwrap_or(true);
            Ok(json!({ "on": grants.rotate }))
        }
        "/tokens/life" => {
            grants.life = Duration::from_secs(required(given, "seconds")?);
            Ok(json!({}))
        }
        _ => Err(no_call()),
    }
}

/// Takes a custom field of contacts away, and with it what stood there.
fn forget(account: &mut Account, name: &str) -> Value {
    if let Some(table) = account.table_mut("Contact") {
        for field in table.object.fields.iter_mut().filter(|field| field.name == name) {
            // Its place stays, so that the others keep theirs.
            field.visible = false;
            field.custom = false;
            field.name = format!("{name}.deleted");
        }
    }
    json!({ "deleted": name })
}

fn restrict(account: &mut Account, name: &str) -> Option<Value> {
    let fields = &mut account.table_mut("Contact")?.object.fields;
    let field = fields.iter_mut().find(|field| field.name == name)?;
    let (Kind::Pick { restricted } | Kind::MultiPick { restricted }) = &mut field.kind else {
        return None;
    };
    *restricted = true;
    Some(json!({ "restricted": name }))
}

fn companies() -> Value {
    ORGS.iter()
        .map(|org| {
            let users: Vec<Value> = org
                .users
                .iter()
                .map(|user| {
                    let (first, last) = user.name;
                    json!({
                        "id": user.number, "record": org.user_id(user.number),
                        "name": format!("{first} {last}"), "email": user.email,
                        "admin": user.admin, "active": user.active,
                    })
                })
                .collect();
            json!({
                "id": org.number, "record": orgs::Org::id(org), "name": org.name,
                "domain": org.domain, "country": org.country, "users": users,
            })
        })
        .collect()
}
