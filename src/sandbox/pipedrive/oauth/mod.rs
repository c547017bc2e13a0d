//! `/oauth`: consent, tokens, revocation.

pub(crate) mod consent;
pub(crate) mod grants;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{
    Endpoint, EndpointExt, Request, Response, Route,
    endpoint::make_sync,
    get,
    http::{StatusCode, header},
    post,
};
use serde_json::json;
use url::{Url, form_urlencoded};

use super::{
    super::stage::header as set,
    accounts,
    world::{Desk, World},
};
use consent::Ask;
use grants::{App, InstallKey, Invalid, Tokens};

const MOST_BYTES: usize = 64 << 10;
const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn routes(desk: &Arc<Desk>) -> Route {
    let style = make_sync(|_| consent::LOOK.style());
    let authorize =
        get(Do { desk: desk.clone(), run: ask }).post(Do { desk: desk.clone(), run: decide });
    let token = || post(Do { desk: desk.clone(), run: token });
    Route::new()
        .at("/authorize", authorize)
        .at("/token", token())
        .at("/token/", token())
        .at("/revoke", post(Do { desk: desk.clone(), run: revoke }))
        .at("/consent.css", get(style).boxed())
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
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// `GET /oauth/authorize`: shows who asks for what.
fn ask(desk: &Desk, request: &Request, _: &Form) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let query = Form(form_urlencoded::parse(query.as_bytes()).into_owned().collect());
    show(&desk.world(), &query, None)
}

fn read(form: &Form) -> Ask {
    Ask {
        client_id: form.get("client_id").unwrap_or_default().to_owned(),
        redirect_uri: form.get("redirect_uri").unwrap_or_default().to_owned(),
        state: form.get("state").map(ToOwned::to_owned),
    }
}

fn show(world: &World, form: &Form, problem: Option<&str>) -> Response {
    let ask = read(form);
    match judge(world, &ask) {
        Err(problem) => html(StatusCode::BAD_REQUEST, consent::problem(problem)),
        Ok(app) => {
            let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            html(status, consent::page(&ask, &app.scopes, problem))
        }
    }
}

/// Whether this app may be asked about with this callback.
fn judge<'a>(world: &'a World, ask: &Ask) -> Result<&'a App, &'static str> {
    let app = world.grants.app(&ask.client_id).ok_or("Invalid client: client is invalid")?;
    let url = Url::parse(&ask.redirect_uri)
        .map_err(|_| "Invalid request: redirect_uri is not a valid URI")?;
    let registered = app.redirect_uri.as_ref().is_none_or(|known| *known == ask.redirect_uri);
    if !registered || !matches!(url.scheme(), "http" | "https") {
        return Err("Invalid request: redirect_uri is invalid");
    }
    Ok(app)
}

/// `POST /oauth/authorize`: somebody said yes or no.
fn decide(desk: &Desk, _: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    let ask = read(form);
    let app = match judge(&world, &ask) {
        Ok(app) => app.id.clone(),
        Err(problem) => return html(StatusCode::BAD_REQUEST, consent::problem(problem)),
    };
    let answer = match form.get("decision") {
        Some("allow") => {
            let company = form.get("company").and_then(|id| id.parse().ok());
            let Some(company) = company.and_then(accounts::company) else {
                return show(&world, form, Some("App cannot be installed for requested company"));
            };
            let user = match form.get("user").filter(|id| !id.is_empty()) {
                None => Some(company.admin()),
                Some(id) => {
                    id.parse().ok().and_then(|id| company.user(id)).filter(|user| user.is_active())
                }
            };
            let Some(user) = user else {
                return show(&world, form, Some("This user does not belong to the company"));
            };
            let key = InstallKey { app, company: company.id, user: user.id };
            let code = world.grants.issue_code(key, Some(ask.redirect_uri.clone()));
            ("code", code)
        }
        Some("deny") => ("error", "user_denied".to_owned()),
        _ => return show(&world, form, Some("Please allow or deny.")),
    };
    let Ok(mut callback) = Url::parse(&ask.redirect_uri) else {
        return html(StatusCode::BAD_REQUEST, consent::problem("redirect_uri is invalid"));
    };
    callback.query_pairs_mut().append_pair(answer.0, &answer.1);
    if let Some(state) = &ask.state {
        callback.query_pairs_mut().append_pair("state", state);
    }
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, callback.as_str())
        .header(header::CACHE_CONTROL, "no-store")
        .finish()
}

pub(crate) fn html(status: StatusCode, page: String) -> Response {
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

/// `POST /oauth/token`.
fn token(desk: &Desk, request: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    let world = &mut *world;
    if !is_form(request) {
        world.backstage.counters.token("refused");
        let problem = "content must be application/x-www-form-urlencoded";
        return refused("invalid_request", &format!("Invalid request: {problem}"));
    }
    let grant = form.get("grant_type");
    world.backstage.counters.token(match grant {
        Some(known @ ("authorization_code" | "refresh_token")) => known,
        _ => "other",
    });
    let outcome = exchange(world, request, form, grant);
    match outcome {
        Ok(tokens) => {
            let api_domain = world.api_domain.as_deref().unwrap_or(&desk.url);
            let body = json!({
                "access_token": tokens.access_token,
                "token_type": "Bearer",
                "expires_in": tokens.expires_in,
                "refresh_token": tokens.refresh_token,
                "scope": tokens.scope,
                "api_domain": api_domain,
            });
            let mut response = Response::builder()
                .content_type("application/json; charset=utf-8")
                .body(body.to_string());
            set(&mut response, "cache-control", "no-store");
            response
        }
        Err((error, message)) => {
            world.backstage.counters.token("refused");
            refused(error, message)
        }
    }
}

fn exchange(
    world: &mut World,
    request: &Request,
    form: &Form,
    grant: Option<&str>,
) -> Result<Tokens, (&'static str, &'static str)> {
    let app = client(world, request, form)?;
    let given = |name: &str| form.get(name).unwrap_or_default();
    let tokens = match grant {
        None => return Err(("invalid_request", "Missing parameter grant_type")),
        Some("authorization_code") => {
            world.grants.exchange(&app, given("code"), given("redirect_uri"))
        }
        Some("refresh_token") => world.grants.refresh(&app, given("refresh_token")),
        Some(_) => {
            let supported = "Unsupported grant type (supported: authorization_code, \
                             refresh_token, exchange_api_token)";
            return Err(("unsupported_grant_type", supported));
        }
    };
    tokens.map_err(|invalid| match invalid {
        Invalid::Code => ("invalid_grant", "Invalid grant: authorization_code is invalid"),
        Invalid::ExpiredCode => ("invalid_grant", "Invalid grant: authorization_code has expired"),
        Invalid::RedirectUri => ("invalid_request", "Invalid request: redirect_uri is invalid"),
        Invalid::RefreshToken => ("invalid_grant", "Invalid grant: refresh_token is invalid"),
    })
}

/// The app behind Basic credentials or those in the form.
fn client(
    world: &World,
    request: &Request,
    form: &Form,
) -> Result<String, (&'static str, &'static str)> {
    let basic = request.header("authorization").and_then(|value| {
        let (scheme, encoded) = value.split_once(' ')?;
        let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()))?;
        let pair = String::from_utf8(pair.ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        Some((id.to_owned(), secret.to_owned()))
    });
    let in_form =
        || Some((form.get("client_id")?.to_owned(), form.get("client_secret")?.to_owned()));
    let (id, secret) = basic
        .or_else(in_form)
        .ok_or(("invalid_client", "Invalid client: cannot retrieve client credentials"))?;
    world
        .grants
        .app(&id)
        .filter(|app| app.secret == secret)
        .map(|app| app.id.clone())
        .ok_or(("invalid_client", "Invalid client: client is invalid"))
}

/// `POST /oauth/revoke`: 200 also for a token nobody knows.
fn revoke(desk: &Desk, request: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    world.backstage.counters.token("revoke");
    match client(&world, request, form) {
        Err((error, message)) => refused(error, message),
        Ok(app) => {
            let token = form.get("token").unwrap_or_default();
            // The official client encodes an access token twice.
            let token = token.replace("%3A", ":");
            world.grants.revoke(&app, &token);
            Response::builder()
                .content_type("application/json; charset=utf-8")
                .body(json!({ "success": true }).to_string())
        }
    }
}

fn is_form(request: &Request) -> bool {
    request.content_type().is_some_and(|kind| kind.split(';').next().map(str::trim) == Some(FORM))
}

fn refused(error: &str, message: &str) -> Response {
    let body = json!({
        "success": false, "error": error, "message": message,
        "error_info": "Please check developers.pipedrive.com",
    });
    Response::builder()
        .status(StatusCode::BAD_REQUEST)
        .content_type("application/json; charset=utf-8")
        .body(body.to_string())
}
