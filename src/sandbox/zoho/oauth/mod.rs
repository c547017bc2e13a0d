//! `/oauth/v2`: consent, tokens, revocation.
//!
//! Errors of the token endpoint come with HTTP 200, as at the real one: only an `access_token` is success.

pub(crate) mod consent;
pub(crate) mod grants;

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt, Request, Response, Route,
    endpoint::make_sync,
    get,
    http::{StatusCode, header},
    post,
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    super::stage::header as set,
    accounts::{self, Org},
    world::{Desk, World},
};
use consent::Ask;
use grants::{App, Install, Invalid, Tokens};

const MOST_BYTES: usize = 64 << 10;

pub(crate) fn routes(desk: &Arc<Desk>) -> Route {
    let style = make_sync(|_| consent::LOOK.style());
    let authorize =
        get(Do { desk: desk.clone(), run: ask }).post(Do { desk: desk.clone(), run: decide });
    let revoke = Do { desk: desk.clone(), run: revoke };
    Route::new()
        .at("/auth", authorize)
        .at("/token", post(Do { desk: desk.clone(), run: token }))
        .at("/token/revoke", post(revoke))
        .at("/consent.css", get(style).boxed())
}

/// An endpoint that reads the whole form first: from the body and, as the real one, the query.
struct Do {
    desk: Arc<Desk>,
    run: fn(&Desk, &Form) -> Response,
}

impl Endpoint for Do {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let kind = request.content_type().unwrap_or_default().to_owned();
        let body = request.take_body().into_bytes_limit(MOST_BYTES).await?;
        let query = request.uri().query().unwrap_or_default();
        let mut form: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        match kind.split_once("boundary=") {
            Some((_, boundary)) => form.extend(parts(&body, boundary.trim_matches('"'))),
            None => form.extend(form_urlencoded::parse(&body).into_owned()),
        }
        Ok((self.run)(&self.desk, &Form(form)))
    }
}

/// The fields of a multipart form, which the vendor's own client sends.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let field = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"")?.1.split_once('"')?.0;
        Some((name.to_owned(), value.trim_end_matches("\r\n").to_owned()))
    };
    text.split(&format!("--{boundary}")).filter_map(field).collect()
}

struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn read(form: &Form) -> Ask {
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    Ask {
        client_id: text("client_id"),
        redirect_uri: text("redirect_uri"),
        scope: text("scope"),
        access_type: text("access_type"),
        state: form.get("state").map(ToOwned::to_owned),
    }
}

/// `GET /oauth/v2/auth`: shows who asks for what.
fn ask(desk: &Desk, form: &Form) -> Response {
    if form.get("response_type") != Some("code") {
        return html(StatusCode::BAD_REQUEST, consent::problem("Invalid response type"));
    }
    show(&desk.world(), form, None)
}

fn show(world: &World, form: &Form, problem: Option<&str>) -> Response {
    let ask = read(form);
    match judge(world, &ask) {
        Err(problem) => html(StatusCode::BAD_REQUEST, consent::problem(problem)),
        Ok(_) => {
            let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            html(status, consent::page(&ask, problem))
        }
    }
}

/// Whether this app may be asked about with this callback.
fn judge<'a>(world: &'a World, ask: &Ask) -> Result<&'a App, &'static str> {
    let app = world.grants.app(&ask.client_id).ok_or("Invalid Client Id")?;
    let url = Url::parse(&ask.redirect_uri).map_err(|_| "Invalid Redirect Uri")?;
    let registered = app.redirect_uri.as_ref().is_none_or(|known| *known == ask.redirect_uri);
    if !registered || !matches!(url.scheme(), "http" | "https") {
        return Err("Invalid Redirect Uri");
    }
    let known = |scope: &String| scope.starts_with("Zoho") && scope.contains('.');
    let scopes = grants::split(&ask.scope);
    if scopes.is_empty() || !scopes.iter().all(known) {
        return Err("Invalid OAuth Scope");
    }
    Ok(app)
}

/// `POST /oauth/v2/auth`: somebody said yes or no.
fn decide(desk: &Desk, form: &Form) -> Response {
    let mut world = desk.world();
    let ask = read(form);
    let app = match judge(&world, &ask) {
        Ok(app) => app.id.clone(),
        Err(problem) => return html(StatusCode::BAD_REQUEST, consent::problem(problem)),
    };
    let mut answer: Vec<(&str, String)> =
        ask.state.iter().map(|it| ("state", it.clone())).collect();
    match form.get("decision") {
        Some("allow") => {
            let org = form.get("company").and_then(|id| id.parse().ok()).and_then(accounts::org);
            let Some(org) = org else {
                return show(&world, form, Some("There is no such organization"));
            };
            let user = match form.get("user").filter(|id| !id.is_empty()) {
                None => Some(org.admin()),
                Some(id) => id.parse().ok().and_then(|id| org.user(id)).filter(|it| it.is_active()),
            };
            let Some(user) = user else {
                return show(&world, form, Some("This user does not belong to the organization"));
            };
            let install = Install { app, org: org.id, user: user.id };
            let (scopes, back) = (grants::split(&ask.scope), Some(ask.redirect_uri.clone()));
            let offline = ask.access_type == "offline";
            match world.grants.issue_code(install, scopes, back, offline) {
                Some(code) => answer.push(("code", code)),
                None => {
                    return show(
                        &world,
                        form,
                        Some("You have made too many requests continuously."),
                    );
                }
            }
            answer.extend(places(&world, desk, org));
        }
        Some("deny") => answer.push(("error", "access_denied".to_owned())),
        _ => return show(&world, form, Some("Please accept or reject.")),
    }
    let Ok(mut callback) = Url::parse(&ask.redirect_uri) else {
        return html(StatusCode::BAD_REQUEST, consent::problem("Invalid Redirect Uri"));
    };
    callback.query_pairs_mut().extend_pairs(answer);
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, callback.as_str())
        .header(header::CACHE_CONTROL, "no-store")
        .finish()
}

/// Where the organization lives, as callbacks say it.
pub(crate) fn places(world: &World, desk: &Desk, org: &Org) -> [(&'static str, String); 2] {
    let location = world.location.clone().unwrap_or_else(|| org.data_centre.to_owned());
    let server = world.accounts_server.clone().unwrap_or_else(|| desk.url.clone());
    [("location", location), ("accounts-server", server)]
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

/// `POST /oauth/v2/token`.
fn token(desk: &Desk, form: &Form) -> Response {
    let mut world = desk.world();
    let world = &mut *world;
    let grant = form.get("grant_type");
    world.backstage.counters.token(match grant {
        Some(known @ ("authorization_code" | "refresh_token")) => known,
        _ => "other",
    });
    match exchange(world, form, grant) {
        Ok(tokens) => {
            let api_domain = world.api_domain.as_deref().unwrap_or(&desk.url);
            let mut body = json!({
                "access_token": tokens.access_token, "scope": tokens.scope,
                "api_domain": api_domain, "token_type": "Bearer", "expires_in": tokens.expires_in,
            });
            if let Some(refresh_token) = tokens.refresh_token {
                body["refresh_token"] = json!(refresh_token);
            }
            said(&body)
        }
        Err(error) => {
            world.backstage.counters.token("refused");
            said(&error)
        }
    }
}

fn exchange(world: &mut World, form: &Form, grant: Option<&str>) -> Result<Tokens, Value> {
    let error = |word: &str| json!({ "error": word });
    let given = |name: &str| form.get(name).unwrap_or_default();
    let app = given("client_id").to_owned();
    match world.grants.is_app(&app, given("client_secret")) {
        None => return Err(error("invalid_client")),
        Some(false) => return Err(error("invalid_client_secret")),
        Some(true) => {}
    }
    let tokens = match grant {
        Some("authorization_code") => {
            world.grants.exchange(&app, given("code"), given("redirect_uri"))
        }
        Some("refresh_token") => world.grants.refresh(&app, given("refresh_token")),
        _ => return Err(error("invalid_request")),
    };
    tokens.map_err(|invalid| match invalid {
        Invalid::Code => error("invalid_code"),
        Invalid::RedirectUri => error("invalid_redirect_uri"),
        Invalid::Quota => json!({
            "error": "Access Denied",
            "error_description": "You have made too many requests continuously. Please try again \
                                  after some time.",
            "status": "failure",
        }),
    })
}

/// `POST /oauth/v2/token/revoke?token=`: no credentials are asked for.
fn revoke(desk: &Desk, form: &Form) -> Response {
    let mut world = desk.world();
    world.backstage.counters.token("revoke");
    if world.grants.revoke(form.get("token").unwrap_or_default()) {
        said(&json!({ "status": "success" }))
    } else {
        said(&json!({ "error": "invalid_token" }))
    }
}

fn said(body: &Value) -> Response {
    let mut response =
        Response::builder().content_type("application/json;charset=utf-8").body(body.to_string());
    set(&mut response, "cache-control", "no-store");
    response
}
