//! `/oauth`: consent, tokens, introspection, revocation; versions `2026-09`, `v3` and `v1`.

pub(crate) mod consent;
pub(crate) mod grants;

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt, Request, Response, Route, delete,
    endpoint::make_sync,
    get,
    http::{StatusCode, header},
    post,
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    accounts,
    world::{Desk, World},
};
use crate::sandbox::stage::header as set;
use consent::Ask;
use grants::{App, Invalid, Key, Tokens};

const MOST_BYTES: usize = 64 << 10;
const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn routes(desk: &Arc<Desk>) -> Route {
    let style = make_sync(|_| consent::LOOK.style());
    let with = |run| Do { desk: desk.clone(), run };
    let authorize = || get(with(ask)).post(with(decide));
    let mut route = Route::new()
        .at("/authorize", authorize())
        .at("/:portal/authorize", authorize())
        .at("/v1/token", post(with(token)))
        .at("/v1/access-tokens/:token", get(with(whose)))
        .at("/v1/refresh-tokens/:token", get(with(known)).delete(with(forget)))
        .at("/consent.css", get(style).boxed());
    for version in ["2026-09", "v3"] {
        route = route
            .at(format!("/{version}/token"), post(with(token)))
            .at(format!("/{version}/token/introspect"), post(with(introspect)))
            .at(format!("/{version}/token/revoke"), post(with(revoke)));
    }
    // The same address with another method is answered as an unknown one.
    route.at("/*any", delete(with(nothing)))
}

/// An endpoint that reads the whole form first.
struct Do {
    desk: Arc<Desk>,
    run: fn(&Desk, &Request, &Form) -> Response,
}

impl Endpoint for Do {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(MOST_BYTES).await?;
        let form = Form(form_urlencoded::parse(&body).into_owned().collect());
        Ok((self.run)(&self.desk, &request, &form))
    }
}

struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn ask(&self) -> Ask {
        let own = |name: &str| self.get(name).to_owned();
        Ask {
            client_id: own("client_id"),
            redirect_uri: own("redirect_uri"),
            scope: own("scope"),
            optional_scope: own("optional_scope"),
            state: self.0.iter().find(|(key, _)| key == "state").map(|(_, value)| value.clone()),
        }
    }
}

/// `GET /oauth/authorize`: shows who asks for what.
fn ask(desk: &Desk, request: &Request, _: &Form) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let query = Form(form_urlencoded::parse(query.as_bytes()).into_owned().collect());
    show(&desk.world(), &query.ask(), None)
}

fn show(world: &World, ask: &Ask, problem: Option<&str>) -> Response {
    match judge(world, ask) {
        Err(problem) => html(StatusCode::BAD_REQUEST, consent::problem(problem)),
        Ok((_, scopes)) => {
            let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            html(status, consent::page(ask, &scopes, problem))
        }
    }
}

/// Whether this app may be asked about with this callback, and which scopes it would get.
fn judge<'a>(world: &'a World, ask: &Ask) -> Result<(&'a App, Vec<String>), &'static str> {
    let app = world.grants.app(&ask.client_id).ok_or("There is no app with this client_id")?;
    let url = Url::parse(&ask.redirect_uri).map_err(|_| "The redirect_uri is not valid")?;
    let registered = app.redirect_uri.as_ref().is_none_or(|known| *known == ask.redirect_uri);
    let secure = url.scheme() == "https"
        || (url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1")));
    if !registered || !secure {
        return Err("The redirect_uri does not match the app's settings");
    }
    let split = |text: &str| -> Vec<String> {
        text.split([' ', ',']).filter(|one| !one.is_empty()).map(Into::into).collect()
    };
    let asked = split(&ask.scope);
    if asked.is_empty() || asked.iter().any(|scope| !app.scopes.contains(scope)) {
        return Err("The scopes of this link are not those of the app");
    }
    let more = split(&ask.optional_scope);
    let more = more.into_iter().filter(|scope| app.scopes.contains(scope));
    let mut scopes: Vec<String> = asked.into_iter().chain(more).collect();
    scopes.sort_unstable();
    scopes.dedup();
    Ok((app, scopes))
}

/// `POST /oauth/authorize`: somebody said yes or no.
fn decide(desk: &Desk, _: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    let ask = form.ask();
    let (app, scopes) = match judge(&world, &ask) {
        Ok((app, scopes)) => (app.id.clone(), scopes),
        Err(problem) => return html(StatusCode::BAD_REQUEST, consent::problem(problem)),
    };
    let mut answer = vec![];
    match form.get("decision") {
        "allow" => {
            let portal = form.get("company").parse().ok().and_then(accounts::portal);
            let Some(portal) = portal else {
                return show(&world, &ask, Some("There is no such account"));
            };
            let user = form.get("user").parse().ok().and_then(|id| portal.user(id));
            let user = user.filter(|user| user.active).unwrap_or_else(|| portal.admin());
            let key = Key { app, portal: portal.id };
            let redirect = Some(ask.redirect_uri.clone());
            answer.push(("code", world.grants.issue_code(key, user.id, scopes, redirect)));
        }
        "deny" => {
            answer.push(("error", "access_denied".to_owned()));
            answer.push(("error_description", "The user denied access".to_owned()));
        }
        _ => return show(&world, &ask, Some("Please connect or cancel.")),
    }
    let Ok(mut callback) = Url::parse(&ask.redirect_uri) else {
        return html(StatusCode::BAD_REQUEST, consent::problem("The redirect_uri is not valid"));
    };
    answer.extend(ask.state.map(|state| ("state", state)));
    callback.query_pairs_mut().extend_pairs(answer);
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, callback.as_str())
        .header(header::CACHE_CONTROL, "no-store")
        .finish()
}

fn html(status: StatusCode, page: String) -> Response {
    let mut response =
        Response::builder().status(status).content_type("text/html; charset=utf-8").body(page);
    // No form-action: browsers apply it to the redirect after the form, which is the callback.
    let policy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
                  frame-ancestors 'none'";
    set(&mut response, "content-security-policy", policy);
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "referrer-policy", "no-referrer");
    response
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::builder()
        .status(status)
        .content_type("application/json;charset=utf-8")
        .body(body.to_string());
    set(&mut response, "cache-control", "no-store");
    response
}

/// `POST /oauth/{version}/token`; the first version says less.
fn token(desk: &Desk, request: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    let world = &mut *world;
    let grant = form.get("grant_type");
    world.backstage.counters.token(match grant {
        known @ ("authorization_code" | "refresh_token") => known,
        _ => "other",
    });
    match exchange(world, request, form) {
        Ok(tokens) => {
            let mut body = json!({
                "token_type": "bearer",
                "access_token": tokens.access_token,
                "refresh_token": tokens.refresh_token,
                "expires_in": tokens.expires_in,
            });
            if !request.uri().path().contains("/v1/") {
                body["token_use"] = json!("access_token");
                body["hub_id"] = json!(tokens.portal);
                body["user_id"] = json!(tokens.user);
                body["scopes"] = json!(tokens.scopes);
                body["id_token"] = Value::Null;
            }
            json_answer(StatusCode::OK, &body)
        }
        Err(invalid) => {
            world.backstage.counters.token("refused");
            refused(invalid)
        }
    }
}

fn exchange(world: &mut World, request: &Request, form: &Form) -> Result<Tokens, Invalid> {
    let is_form = request.content_type().and_then(|kind| kind.split(';').next()).map(str::trim);
    if is_form != Some(FORM) {
        return Err(("invalid_request", "BAD_REQUEST", "the body must be a form"));
    }
    let app = client(world, form)?;
    match form.get("grant_type") {
        "authorization_code" => {
            world.grants.exchange(&app, form.get("code"), form.get("redirect_uri"))
        }
        "refresh_token" => world.grants.refresh(&app, form.get("refresh_token")),
        _ => Err(("unsupported_grant_type", "BAD_GRANT_TYPE", "unknown grant_type")),
    }
}

/// The app behind the credentials in the form; a Basic header counts for nothing.
fn client(world: &World, form: &Form) -> Result<String, Invalid> {
    let app = world.grants.app(form.get("client_id")).ok_or((
        "invalid_client",
        "BAD_CLIENT_ID",
        "missing or unknown client id",
    ))?;
    if app.secret != form.get("client_secret") {
        return Err(("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret"));
    }
    Ok(app.id.clone())
}

/// `POST /oauth/{version}/token/introspect`
fn introspect(desk: &Desk, _: &Request, form: &Form) -> Response {
    let world = desk.world();
    let app = match client(&world, form) {
        Ok(app) => app,
        Err(invalid) => return refused(invalid),
    };
    let token = form.get("token");
    let body = match (world.grants.bearer(token), world.grants.is_alive(&app, token)) {
        (Ok(bearer), _) if bearer.app == app => json!({
            "active": true, "token_use": "access_token", "hub_id": bearer.portal,
            "user_id": bearer.user, "scopes": bearer.scopes, "client_id": app,
            "expires_in": bearer.left.as_secs(),
        }),
        (_, Some((portal, user))) => json!({
            "active": true, "token_use": "refresh_token", "hub_id": portal, "user_id": user,
            "client_id": app,
        }),
        _ => json!({ "active": false }),
    };
    json_answer(StatusCode::OK, &body)
}

/// `POST /oauth/{version}/token/revoke`: 200 also for a token nobody knows.
fn revoke(desk: &Desk, _: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    world.backstage.counters.token("revoke");
    match client(&world, form) {
        Err(invalid) => refused(invalid),
        Ok(app) => {
            world.grants.revoke(&app, form.get("token"));
            json_answer(StatusCode::OK, &json!({}))
        }
    }
}

/// `GET /oauth/v1/access-tokens/{token}`
fn whose(desk: &Desk, request: &Request, _: &Form) -> Response {
    let world = desk.world();
    let token = request.raw_path_param("token").unwrap_or_default();
    let Ok(bearer) = world.grants.bearer(token) else {
        return nothing(desk, request, &Form(vec![]));
    };
    let portal = accounts::portal(bearer.portal);
    let user = portal.and_then(|portal| portal.user(bearer.user));
    let body = json!({
        "token": token, "token_type": "access", "hub_id": bearer.portal, "app_id": 1_160_452,
        "hub_domain": portal.map(|portal| portal.domain), "user_id": bearer.user,
        "user": user.map(|user| user.email), "scopes": bearer.scopes,
        "expires_in": bearer.left.as_secs(),
    });
    json_answer(StatusCode::OK, &body)
}

/// The apps of the stand-in, for calls that name a refresh token and no app.
fn owner_of(world: &World, token: &str) -> Option<(String, u64, u64)> {
    ["sandbox-client", "conformance-client"].into_iter().find_map(|app| {
        let (portal, user) = world.grants.is_alive(app, token)?;
        Some((app.to_owned(), portal, user))
    })
}

/// `GET /oauth/v1/refresh-tokens/{token}`
fn known(desk: &Desk, request: &Request, form: &Form) -> Response {
    let world = desk.world();
    let token = request.raw_path_param("token").unwrap_or_default();
    let Some((app, portal, user)) = owner_of(&world, token) else {
        return nothing(desk, request, form);
    };
    let body = json!({
        "token": token, "token_type": "refresh", "client_id": app, "hub_id": portal,
        "user_id": user, "scopes": grants::SCOPES,
    });
    json_answer(StatusCode::OK, &body)
}

/// `DELETE /oauth/v1/refresh-tokens/{token}`
fn forget(desk: &Desk, request: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    let token = request.raw_path_param("token").unwrap_or_default();
    let Some((app, ..)) = owner_of(&world, token) else { return nothing(desk, request, form) };
    world.grants.revoke(&app, token);
    Response::builder().status(StatusCode::NO_CONTENT).finish()
}

fn nothing(_: &Desk, _: &Request, _: &Form) -> Response {
    let body = json!({ "status": "error", "message": "resource not found" });
    json_answer(StatusCode::NOT_FOUND, &body)
}

fn refused((error, status, words): Invalid) -> Response {
    let body = json!({
        "error": error, "error_description": words, "status": status, "message": words,
    });
    json_answer(StatusCode::BAD_REQUEST, &body)
}
