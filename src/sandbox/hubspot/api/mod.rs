//! The API: which paths there are, who may call them, and the limits before them.
//!
//! Versioned paths (`2026-09`, `2026-03`) and the older ones (`v3`, `v4`) lead to the same place.

pub(crate) mod associations;
pub(crate) mod batch;
pub(crate) mod call;
pub(crate) mod definitions;
pub(crate) mod objects;
pub(crate) mod search;
pub(crate) mod show;

use std::sync::Arc;

use bytes::Bytes;
use poem::{Endpoint, Request, Response};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    events,
    records::kind::Kind,
    world::{Account, Desk, now},
};
use crate::sandbox::stage::header;
use call::{Answer, Call, Refusal};

/// Larger bodies are refused.
const MOST_BYTES: usize = 4 << 20;

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    Objects(Kind),
    Search(Kind),
    Batch(Kind, &'a str),
    Merge(Kind),
    One(Kind, &'a str),
    Associated(Kind, &'a str, Kind),
    Tie(Kind, &'a str, Kind, &'a str),
    /// The same without a label.
    Default(Kind, &'a str, Kind, &'a str),
    Ties(Kind, Kind, String),
    Properties(Kind, Option<&'a str>),
    Owners(Option<&'a str>),
    Pipelines,
    Details,
    Install,
}

/// Takes the version out of a path: date, `v3` or `v4`.
fn place<'a>(parts: &[&'a str]) -> Result<Place<'a>, Refusal> {
    const VERSIONS: &[&str] = &["2026-09", "2026-03", "v3", "v4"];
    let rest: Vec<&'a str> =
        parts.iter().copied().filter(|part| !VERSIONS.contains(part)).collect();
    if rest.len() + 1 != parts.len() {
        return Err(Refusal::missing());
    }
    Ok(match rest.as_slice() {
        ["crm", "objects", kind] => Place::Objects(call::kind(kind)?),
        ["crm", "objects", kind, "search"] => Place::Search(call::kind(kind)?),
        ["crm", "objects", kind, "merge"] => Place::Merge(call::kind(kind)?),
        ["crm", "objects", kind, "batch", what] => Place::Batch(call::kind(kind)?, what),
        ["crm", "objects", kind, id] => Place::One(call::kind(kind)?, id),
        ["crm", "objects", from, id, "associations", to] => {
            Place::Associated(call::kind(from)?, id, call::kind(to)?)
        }
        ["crm", "objects", from, id, "associations", "default", to, other] => {
            Place::Default(call::kind(from)?, id, call::kind(to)?, other)
        }
        ["crm", "objects", from, id, "associations", to, other] => {
            Place::Tie(call::kind(from)?, id, call::kind(to)?, other)
        }
        ["crm", "associations", from, to, "batch", what @ ..] => {
            Place::Ties(call::kind(from)?, call::kind(to)?, what.join("/"))
        }
        ["crm", "properties", kind] => Place::Properties(call::kind(kind)?, None),
        ["crm", "properties", kind, name] => Place::Properties(call::kind(kind)?, Some(name)),
        ["crm", "owners"] => Place::Owners(None),
        ["crm", "owners", id] => Place::Owners(Some(id)),
        ["crm", "pipelines", "deals"] => Place::Pipelines,
        ["account-info", "details"] => Place::Details,
        ["appinstalls", "external-install"] => Place::Install,
        _ => return Err(Refusal::missing()),
    })
}

impl Place<'_> {
    /// What a token must have been granted; both ends of a tie.
    fn scopes(&self, method: &str) -> Vec<String> {
        let object = |kind: &Kind, writes: bool| {
            let verb = if writes { "write" } else { "read" };
            format!("crm.objects.{}.{verb}", kind.scope())
        };
        let writes = method != "GET";
        match self {
            Self::Objects(kind) | Self::One(kind, _) | Self::Merge(kind) => {
                vec![object(kind, writes)]
            }
            Self::Batch(kind, what) => vec![object(kind, *what != "read")],
            Self::Associated(from, _, to) => vec![object(from, false), object(to, false)],
            Self::Tie(from, _, to, _) | Self::Default(from, _, to, _) => {
                vec![object(from, writes), object(to, writes)]
            }
            Self::Ties(from, to, what) => {
                vec![object(from, what != "read"), object(to, what != "read")]
            }
            // Whoever may read the records may read what their properties are called.
            Self::Properties(kind, _) if writes => {
                vec![format!("crm.schemas.{}.write", kind.scope())]
            }
            Self::Search(kind) | Self::Properties(kind, _) => vec![object(kind, false)],
            Self::Owners(_) => vec!["crm.objects.owners.read".into()],
            Self::Pipelines => vec!["crm.objects.deals.read".into()],
            Self::Details | Self::Install => vec!["oauth".into()],
        }
    }
}

/// Everything behind the token.
pub(crate) struct Api(pub(crate) Arc<Desk>);

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(MOST_BYTES).await?;
        Ok(self.answer(&request, &body))
    }
}

impl Api {
    fn answer(&self, request: &Request, body: &Bytes) -> Response {
        let mut world = self.0.world();
        let world = &mut *world;
        let bearer = match bearer(request).map(|token| world.grants.bearer(token)) {
            Some(Ok(bearer)) => bearer,
            Some(Err(expired)) => return Refusal::unauthorized(expired).response(),
            None => return Refusal::unauthorized(false).response(),
        };
        let path = request.uri().path().trim_matches('/');
        let decoded: Vec<String> = path.split('/').map(decode).collect();
        let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let place = match place(&parts) {
            Ok(place) => place,
            Err(refusal) => return refusal.response(),
        };
        let method = request.method().as_str();
        let wanted = place.scopes(method);
        if let Some(scope) = wanted.iter().find(|scope| !bearer.scopes.contains(scope)) {
            return Refusal::scope(scope).response();
        }
        let search = matches!(place, Place::Search(_));
        let Some(left) = world.limits.spend(bearer.portal, search) else {
            return over_limit(world.limits.burst, search);
        };
        if place == Place::Install && method == "DELETE" {
            world.grants.uninstall(&bearer);
            return call::Reply::empty().response();
        }
        let Some(account) = world.accounts.get_mut(&bearer.portal) else {
            return Refusal::unauthorized(false).response();
        };
        let query = request.uri().query().unwrap_or_default();
        let call = Call {
            portal: account.portal,
            method: method.to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            length: body.len(),
            body: match serde_json::from_slice(body) {
                Ok(body) => body,
                Err(_) if body.is_empty() => Value::Null,
                Err(_) => return Refusal::invalid("Invalid input JSON").response(),
            },
            now: now(),
        };
        let mut response = match run(account, &place, &call) {
            Ok(reply) => reply.response(),
            Err(refusal) => refusal.response(),
        };
        if place == Place::Objects(Kind::Contacts) && method == "GET" {
            objects::answered(account, &call);
        }
        events::emit(account, &self.0.post, world.target.clone(), "INTEGRATION");
        // Searches have a window of their own, of which the headers do not speak.
        if !search {
            windows(&mut response, world.limits.burst, left);
        }
        response
    }
}

fn run(account: &mut Account, place: &Place<'_>, call: &Call) -> Answer {
    match (place, call.method.as_str()) {
        (Place::Objects(kind), "GET") => objects::list(account, *kind, call),
        (Place::Objects(kind), "POST") => objects::create(account, *kind, call),
        (Place::One(kind, id), "GET") => objects::get(account, *kind, id, call),
        (Place::One(kind, id), "PATCH") => objects::update(account, *kind, id, call),
        (Place::One(kind, id), "DELETE") => Ok(objects::archive(account, *kind, id, call)),
        (Place::Search(kind), "POST") => search::search(account, *kind, call),
        (Place::Batch(kind, what), "POST") => batch::run(account, *kind, what, call),
        (Place::Merge(kind), "POST") => objects::merge(account, *kind, call),
        (Place::Associated(from, id, to), "GET") => associations::list(account, (*from, id), *to),
        (Place::Tie(from, id, to, other), "PUT") => {
            associations::put(account, (*from, id), (*to, other), call, 201)
        }
        (Place::Default(from, id, to, other), "PUT") => {
            associations::put(account, (*from, id), (*to, other), call, 200)
        }
        (Place::Tie(from, id, to, other), "DELETE") => {
            associations::delete(account, (*from, id), (*to, other))
        }
        (Place::Ties(from, to, what), "POST") => {
            associations::batch(account, (*from, *to), what, call)
        }
        (Place::Properties(kind, name), _) => definitions::properties(account, *kind, *name, call),
        (Place::Owners(id), "GET") => definitions::owners(account, *id, call),
        (Place::Pipelines, "GET") => Ok(definitions::pipelines()),
        (Place::Details, "GET") => Ok(definitions::details(account)),
        _ => Err(Refusal::new(405, "METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed")),
    }
}

fn decode(part: &str) -> String {
    // As in a query, but that a plus is a plus.
    let part = part.replace('+', "%2B");
    form_urlencoded::parse(part.as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(crate) fn over_limit(burst: u32, search: bool) -> Response {
    if search {
        return Refusal::over_limit("SECONDLY", "You have reached your secondly limit.").response();
    }
    let words = "You have reached your ten_secondly_rolling limit.";
    let mut response = Refusal::over_limit("TEN_SECONDLY_ROLLING", words).response();
    windows(&mut response, burst, 0);
    response
}

fn windows(response: &mut Response, limit: u32, left: u32) {
    header(response, "x-hubspot-ratelimit-max", &limit.to_string());
    header(response, "x-hubspot-ratelimit-remaining", &left.to_string());
    header(response, "x-hubspot-ratelimit-interval-milliseconds", "10000");
}
