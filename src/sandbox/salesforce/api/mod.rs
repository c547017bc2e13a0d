//! `/services/data`: the gate, and a table of calls.
//!
//! | call | file |
//! |---|---|
//! | versions, resources, limits, describe | here |
//! | `query`, `queryAll`, the rest of a query, `sobjects/X/deleted` | [`query`] |
//! | `sobjects/X...`, upsert by external id | [`records`] |
//! | `composite/sobjects...` | [`collections`] |
//! | `jobs/query...` | [`jobs`] |
//! | `parameterizedSearch` | [`search`] |
//! | `tooling/sobjects/CustomField` | [`tooling`] |

mod collections;
mod jobs;
mod leads;
mod query;
mod records;
mod save;
mod search;
mod tooling;

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response,
    http::{Method, StatusCode},
};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::sandbox::stage::header;

use super::{
    records::{describe, time},
    soql::Bad,
    world::{Account, Desk},
};

const MOST_BYTES: usize = 6 << 20;
/// Bytes of an address.
const LONGEST: usize = 16_384;
const OLDEST: u32 = 31;
const NEWEST: u32 = 68;

pub(super) struct Api(pub(super) Arc<Desk>);

/// What a call has to work with.
pub(super) struct Call<'a> {
    pub(super) account: &'a mut Account,
    /// The number of the user who asks.
    pub(super) user: u64,
    /// `/services/data/v66.0`
    pub(super) base: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Value,
    pub(super) now: i64,
    /// `Sforce-Query-Options`
    pub(super) batch: usize,
    /// Requests of today, and how many there may be.
    pub(super) used: (u64, u64),
    /// `Sforce-Duplicate-Rule-Header`: whether a warning is overruled.
    pub(super) allow_duplicates: bool,
}

/// An answer that is no error.
pub(super) enum Done {
    Json(u16, Value),
    /// A part of a job's result, and where the next one begins.
    Csv {
        table: String,
        locator: String,
        rows: usize,
    },
    Empty,
}

pub(super) type Outcome = Result<Done, Refused>;

/// Why nothing was done, in the vendor's words.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) words: String,
    pub(super) fields: Vec<String>,
    /// What else the error says.
    pub(super) more: Map<String, Value>,
}

impl Refused {
    pub(super) fn new(status: u16, code: &'static str, words: impl Into<String>) -> Self {
        Self { status, code, words: words.into(), fields: vec![], more: Map::new() }
    }

    pub(super) fn bad(code: &'static str, words: impl Into<String>, field: &str) -> Self {
        Self { fields: vec![field.to_owned()], ..Self::new(400, code, words) }
    }

    pub(super) fn missing() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    fn response(&self) -> Response {
        let mut error = json!({ "message": self.words, "errorCode": self.code });
        if !self.fields.is_empty() || self.status == 400 {
            error["fields"] = json!(self.fields);
        }
        for (key, value) in &self.more {
            error[key] = value.clone();
        }
        answer(self.status, &json!([error]))
    }
}

impl From<Bad> for Refused {
    fn from(bad: Bad) -> Self {
        Self::new(400, bad.code, bad.words)
    }
}

pub(super) fn answer(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .content_type("application/json;charset=UTF-8")
        .body(body.to_string())
}

pub(super) fn bearer_of(request: &Request) -> Option<String> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") || scheme == "OAuth").then(|| token.to_owned())
}

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(MOST_BYTES).await?;
        if request.uri().path_and_query().is_some_and(|whole| whole.as_str().len() > LONGEST) {
            let words = "The length of the URI exceeds the 16,384-byte limit.";
            return Ok(Refused::new(414, "URI_TOO_LONG", words).response());
        }
        let path = request.uri().path().to_owned();
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| {
                // What a form would call a space is a plus here.
                let part = part.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
                let mut pairs = form_urlencoded::parse(part.as_bytes());
                pairs.next().map(|(key, _)| key.into_owned()).unwrap_or_default()
            })
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let Some((version, rest)) = parts.split_first() else { return Ok(versions()) };
        let number = version.strip_prefix('v').and_then(|text| text.strip_suffix(".0"));
        let number = number.and_then(|text| text.parse::<u32>().ok());
        match number {
            Some(OLDEST..=NEWEST) => {}
            Some(21..OLDEST) => {
                let words = "This version of the API is no longer supported.";
                return Ok(Refused::new(410, "UNSUPPORTED_API_VERSION", words).response());
            }
            _ => return Ok(Refused::missing().response()),
        }
        Ok(self.versioned(&request, version, rest, &body))
    }
}

impl Api {
    fn versioned(&self, request: &Request, version: &str, rest: &[&str], body: &[u8]) -> Response {
        let mut world = self.0.world();
        let world = &mut *world;
        let now = time::now();
        let bearer = bearer_of(request).and_then(|token| world.grants.bearer(&token));
        let Some(bearer) = bearer else {
            return Refused::new(401, "INVALID_SESSION_ID", "Session expired or invalid")
                .response();
        };
        if !bearer.scopes.iter().any(|scope| scope == "api") {
            let words = "This session is not valid for use with the REST API";
            return Refused::new(403, "INVALID_SESSION_ID", words).response();
        }
        let fits = world.limits.spend(bearer.org, now);
        let (spent, daily) = (world.limits.spent(bearer.org, now), world.limits.daily);
        let Some(account) = world.orgs.get_mut(&bearer.org) else {
            return Refused::missing().response();
        };
        let outcome = if fits {
            let query = request.uri().query().unwrap_or_default();
            let call = Call {
                account,
                user: bearer.user,
                base: format!("/services/data/{version}"),
                query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                body: Value::Null,
                now,
                used: (spent, daily),
                batch: batch(request.header("sforce-query-options")),
                allow_duplicates: request
                    .header("sforce-duplicate-rule-header")
                    .is_some_and(|rule| rule.replace(' ', "").contains("allowSave=true")),
            };
            read(body).and_then(|body| Call { body, ..call }.run(&self.0, request.method(), rest))
        } else {
            let words = "TotalRequests Limit exceeded.";
            Err(Refused::new(403, "REQUEST_LIMIT_EXCEEDED", words))
        };
        let mut response = match outcome {
            Ok(Done::Json(status, body)) => answer(status, &body),
            Ok(Done::Csv { table, locator, rows }) => {
                let response = Response::builder().content_type("text/csv");
                let response = response.header("sforce-locator", locator);
                response.header("sforce-numberofrecords", rows).body(table)
            }
            Ok(Done::Empty) => Response::builder().status(StatusCode::NO_CONTENT).finish(),
            Err(refused) => refused.response(),
        };
        header(&mut response, "sforce-limit-info", &format!("api-usage={spent}/{daily}"));
        response
    }
}

fn read(body: &[u8]) -> Result<Value, Refused> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body)
        .map_err(|_| Refused::new(400, "JSON_PARSER_ERROR", "Unexpected character in the body"))
}

/// Rows of a page: 200 to 2,000.
fn batch(options: Option<&str>) -> usize {
    let size = options.and_then(|text| text.split_once("batchSize=")?.1.trim().parse().ok());
    size.unwrap_or(2_000).clamp(200, 2_000)
}

fn versions() -> Response {
    let all: Vec<Value> = (OLDEST..=NEWEST)
        .map(|number| {
            json!({
                "label": format!("Version {number}"), "version": format!("{number}.0"),
                "url": format!("/services/data/v{number}.0"),
            })
        })
        .collect();
    answer(200, &json!(all))
}

impl Call<'_> {
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn run(mut self, desk: &Desk, method: &Method, rest: &[&str]) -> Outcome {
        match (method.as_str(), rest) {
            ("GET", []) => Ok(Done::Json(200, self.resources(desk))),
            ("GET", ["limits"]) => {
                let (spent, daily) = self.used;
                let left = daily.saturating_sub(spent);
                let body = json!({ "DailyApiRequests": { "Max": daily, "Remaining": left } });
                Ok(Done::Json(200, body))
            }
            ("GET", ["query"]) => self.query_now(false),
            ("GET", ["queryAll"]) => self.query_now(true),
            ("GET", ["query" | "queryAll", locator]) => self.query_more(locator),
            ("GET", ["parameterizedSearch"]) => self.search(),
            ("GET", ["sobjects"]) => {
                let all: Vec<Value> = self
                    .account
                    .tables
                    .values()
                    .map(|table| json!({ "name": table.object.name, "keyPrefix": table.object.prefix }))
                    .collect();
                Ok(Done::Json(200, json!({ "encoding": "UTF-8", "sobjects": all })))
            }
            ("GET", ["sobjects", object, "describe"]) => {
                let table = self.account.table(object).ok_or_else(Refused::missing)?;
                Ok(Done::Json(200, describe::object(&table.object, &self.base)))
            }
            ("GET", ["sobjects", object, "deleted"]) => self.deleted(object),
            ("POST", ["sobjects", object]) => self.create(object),
            ("GET", ["sobjects", object, id]) => self.retrieve(object, id),
            ("PATCH", ["sobjects", object, id]) => self.update(object, id),
            ("DELETE", ["sobjects", object, id]) => self.delete(object, id),
            ("PATCH" | "POST", ["sobjects", object, key, value]) => self.upsert(object, key, value),
            ("GET", ["sobjects", object, key, value]) => {
                let id = self.id_by_key(object, key, value)?;
                self.retrieve(object, &id)
            }
            ("POST", ["composite", "sobjects"]) => self.create_many(),
            ("PATCH", ["composite", "sobjects"]) => self.update_many(),
            ("DELETE", ["composite", "sobjects"]) => self.delete_many(),
            ("POST", ["composite", "sobjects", object]) => self.retrieve_many(object),
            ("PATCH", ["composite", "sobjects", object, key]) => self.upsert_many(object, key),
            ("POST", ["tooling", "sobjects", "CustomField"]) => self.create_field(),
            ("POST", ["jobs", "query"]) => self.create_job(),
            ("GET", ["jobs", "query", id]) => self.look_at_job(id),
            ("DELETE", ["jobs", "query", id]) => self.delete_job(id),
            ("GET", ["jobs", "query", id, "results"]) => self.results(id),
            (
                _,
                [
                    "query"
                    | "queryAll"
                    | "sobjects"
                    | "limits"
                    | "composite"
                    | "parameterizedSearch",
                    ..,
                ],
            ) => {
                let words = format!("HTTP Method '{method}' not allowed.");
                Err(Refused::new(405, "METHOD_NOT_ALLOWED", words))
            }
            _ => Err(Refused::missing()),
        }
    }

    fn resources(&self, desk: &Desk) -> Value {
        let base = &self.base;
        let org = self.account.org;
        let identity = format!("{}/id/{}/{}", desk.url, org.id(), org.user_id(self.user));
        json!({
            "query": format!("{base}/query"), "queryAll": format!("{base}/queryAll"),
            "sobjects": format!("{base}/sobjects"), "limits": format!("{base}/limits"),
            "composite": format!("{base}/composite"), "tooling": format!("{base}/tooling"),
            "parameterizedSearch": format!("{base}/parameterizedSearch"), "identity": identity,
        })
    }
}
