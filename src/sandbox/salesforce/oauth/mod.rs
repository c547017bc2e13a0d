//! `/services/oauth2` and the identity URL: consent, tokens, revocation, who it is.

mod consent;
pub(crate) mod grants;

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use poem::{
    Endpoint, EndpointExt, Request, Response, Route,
    endpoint::make_sync,
    get,
    http::{StatusCode, header},
    post,
};
use serde_json::{Value, json};
use sha2::Sha256;
use url::{Url, form_urlencoded};

use crate::sandbox::stage::header as set;

use super::{
    api::{answer, bearer_of},
    records::{
        orgs::{self, Org, User},
        time,
    },
    world::{Desk, World},
};
use consent::Ask;
use grants::{Invalid, Key, Tokens};

const MOST_BYTES: usize = 64 << 10;

pub(super) fn routes(desk: &Arc<Desk>) -> Route {
    let style = make_sync(|_| consent::LOOK.style());
    let run = |run| Do { desk: desk.clone(), run };
    Route::new()
        .at("/authorize", get(run(ask)).post(run(decide)))
        .at("/token", post(run(token)))
        .at("/revoke", post(run(revoke)).get(run(revoke)))
        .at("/introspect", post(run(introspect)))
        .at("/userinfo", get(run(userinfo)).post(run(userinfo)))
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
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let read = |bytes| form_urlencoded::parse(bytes).into_owned();
        let form = Form(read(&body).chain(read(query)).collect());
        Ok((self.run)(&self.desk, &request, &form))
    }
}

struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }
}

fn read(form: &Form) -> Ask {
    Ask {
        client_id: form.text("client_id"),
        redirect_uri: form.text("redirect_uri"),
        state: form.get("state").map(ToOwned::to_owned),
        scope: form.text("scope"),
        challenge: form.get("code_challenge").map(ToOwned::to_owned),
    }
}

/// `GET /authorize`: shows who asks for what.
fn ask(desk: &Desk, _: &Request, form: &Form) -> Response {
    show(&desk.world(), form, None)
}

fn show(world: &World, form: &Form, problem: Option<&str>) -> Response {
    let ask = read(form);
    if let Err(problem) = judge(world, &ask) {
        return html(StatusCode::BAD_REQUEST, consent::problem(problem));
    }
    let method = form.get("code_challenge_method");
    if ask.challenge.is_none() || method.is_some_and(|method| method != "S256") {
        let words = "missing required code challenge";
        return back(&ask, &[("error", "invalid_request"), ("error_description", words)]);
    }
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    html(status, consent::page(&ask, &world.grants.granted(&ask.scope), problem))
}

/// Whether this app may be asked about with this callback.
fn judge(world: &World, ask: &Ask) -> Result<(), &'static str> {
    let app = world
        .grants
        .app(&ask.client_id)
        .ok_or("error=invalid_client_id&error_description=client identifier invalid")?;
    let mismatch =
        "error=redirect_uri_mismatch&error_description=redirect_uri must match configuration";
    let url = Url::parse(&ask.redirect_uri).map_err(|_| mismatch)?;
    let registered = app.redirect_uri.as_ref().is_none_or(|known| *known == ask.redirect_uri);
    if registered && matches!(url.scheme(), "http" | "https") { Ok(()) } else { Err(mismatch) }
}

/// `POST /authorize`: somebody said yes or no.
fn decide(desk: &Desk, _: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    let ask = read(form);
    if let Err(problem) = judge(&world, &ask) {
        return html(StatusCode::BAD_REQUEST, consent::problem(problem));
    }
    match form.get("decision") {
        Some("allow") => {
            let org = form.get("company").and_then(|id| id.parse().ok()).and_then(orgs::org);
            let Some(org) = org else { return show(&world, form, Some("There is no such org.")) };
            let user = match form.get("user").filter(|id| !id.is_empty()) {
                None => Some(org.admin()),
                Some(id) => id.parse().ok().and_then(|id| org.user(id)).filter(|user| user.active),
            };
            let Some(user) = user else {
                return show(&world, form, Some("This user does not belong to the org."));
            };
            let key = Key { app: ask.client_id.clone(), org: org.number, user: user.number };
            let scopes = world.grants.granted(&ask.scope);
            let (redirect, challenge) = (Some(ask.redirect_uri.clone()), ask.challenge.clone());
            let code = world.grants.issue_code(key, scopes, redirect, challenge);
            back(&ask, &[("code", &code)])
        }
        Some("deny") => {
            let words = "end-user denied authorization";
            back(&ask, &[("error", "access_denied"), ("error_description", words)])
        }
        // An org in which no administrator has installed or approved the app.
        Some("block") => {
            let words = "this app is blocked by admin";
            back(&ask, &[("error", "OAUTH_APP_BLOCKED"), ("error_description", words)])
        }
        _ => show(&world, form, Some("Please allow or deny.")),
    }
}

fn back(ask: &Ask, said: &[(&str, &str)]) -> Response {
    let Ok(mut callback) = Url::parse(&ask.redirect_uri) else {
        return html(StatusCode::BAD_REQUEST, consent::problem("redirect_uri is invalid"));
    };
    callback.query_pairs_mut().extend_pairs(said);
    if let Some(state) = &ask.state {
        callback.query_pairs_mut().append_pair("state", state);
    }
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

/// `POST /token`.
fn token(desk: &Desk, request: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    let world = &mut *world;
    let grant = form.text("grant_type");
    world.backstage.counters.token(match grant.as_str() {
        known @ ("authorization_code" | "refresh_token") => known,
        _ => "other",
    });
    match exchange(world, request, form, &grant) {
        Ok(tokens) => answer(200, &granted(desk, world, &tokens)),
        Err(invalid) => {
            world.backstage.counters.token("refused");
            refused(invalid)
        }
    }
}

/// Without `expires_in`: nobody is told how long it lasts.
fn granted(desk: &Desk, world: &World, tokens: &Tokens) -> Value {
    let id = identity_url(desk, tokens.key.org, tokens.key.user);
    let issued = time::now().to_string();
    let secret = world.grants.app(&tokens.key.app).map(|app| app.secret.clone());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.unwrap_or_default().as_bytes())
        .expect("a key of any length will do");
    mac.update(format!("{id}{issued}").as_bytes());
    let mut body = json!({
        "access_token": tokens.access,
        "signature": BASE64_STANDARD.encode(mac.finalize().into_bytes()),
        "scope": tokens.scope,
        "instance_url": world.instance_url.as_deref().unwrap_or(&desk.url),
        "id": id,
        "token_type": "Bearer",
        "issued_at": issued,
    });
    if let Some(refresh) = &tokens.refresh {
        body["refresh_token"] = json!(refresh);
    }
    body
}

fn exchange(
    world: &mut World,
    request: &Request,
    form: &Form,
    grant: &str,
) -> Result<Tokens, Invalid> {
    let app = client(world, request, form)?;
    match grant {
        "authorization_code" => {
            let (code, redirect) = (form.text("code"), form.text("redirect_uri"));
            world.grants.exchange(&app, &code, &redirect, form.get("code_verifier"))
        }
        "refresh_token" => world.grants.refresh(&app, &form.text("refresh_token")),
        _ => Err(("unsupported_grant_type", "grant type not supported")),
    }
}

/// The app behind Basic credentials or those in the form.
fn client(world: &World, request: &Request, form: &Form) -> Result<String, Invalid> {
    let basic = request.header("authorization").and_then(|value| {
        let (scheme, encoded) = value.split_once(' ')?;
        let pair =
            scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(encoded.trim()))?;
        let pair = String::from_utf8(pair.ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        Some((id.to_owned(), secret.to_owned()))
    });
    let (id, secret) =
        basic.unwrap_or_else(|| (form.text("client_id"), form.text("client_secret")));
    let app = world.grants.app(&id).ok_or(("invalid_client_id", "client identifier invalid"))?;
    if app.secret != secret {
        return Err(("invalid_client", "invalid client credentials"));
    }
    Ok(app.id.clone())
}

/// `POST /revoke`: a token that nobody knows is an error here.
fn revoke(desk: &Desk, _: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    world.backstage.counters.token("revoke");
    if world.grants.revoke(&form.text("token")) {
        return Response::builder().finish();
    }
    refused(("invalid_token", "invalid token"))
}

fn introspect(desk: &Desk, request: &Request, form: &Form) -> Response {
    let mut world = desk.world();
    if let Err(invalid) = client(&world, request, form) {
        return refused(invalid);
    }
    let left = world.grants.left(&form.text("token"));
    let bearer = world.grants.bearer(&form.text("token"));
    let body = match (bearer, left) {
        (Some(bearer), Some(left)) => json!({
            "active": true, "scope": bearer.scopes.join(" "), "token_type": "access_token",
            "exp": time::now() / 1_000 + i64::try_from(left).unwrap_or(0),
            "sub": identity_url(desk, bearer.org, bearer.user),
        }),
        _ => json!({ "active": false }),
    };
    answer(200, &body)
}

fn identity_url(desk: &Desk, org: u64, user: u64) -> String {
    let org = orgs::org(org).map(|org| (org.id(), org.user_id(user))).unwrap_or_default();
    format!("{}/id/{}/{}", desk.url, org.0, org.1)
}

fn userinfo(desk: &Desk, request: &Request, _: &Form) -> Response {
    let mut world = desk.world();
    let known = bearer_of(request).and_then(|token| world.grants.bearer(&token));
    let known = known.filter(|bearer| bearer.scopes.iter().any(|scope| scope == "openid"));
    let Some((org, user)) = known.and_then(|bearer| {
        let org = orgs::org(bearer.org)?;
        Some((org, org.user(bearer.user)?))
    }) else {
        return Response::builder().status(StatusCode::FORBIDDEN).body("Bad_OAuth_Token");
    };
    answer(200, &who(desk, org, user))
}

fn who(desk: &Desk, org: &Org, user: &User) -> Value {
    let host = format!("https://{}.my.salesforce.com", org.domain);
    let (first, last) = user.name;
    json!({
        "sub": identity_url(desk, org.number, user.number),
        "user_id": org.user_id(user.number), "organization_id": org.id(),
        "preferred_username": format!("{}.{}", user.email, org.domain),
        "name": format!("{first} {last}"), "given_name": first, "family_name": last,
        "email": user.email, "email_verified": true, "active": true, "user_type": "STANDARD",
        "language": org.language, "locale": org.language,
        "urls": {
            "rest": format!("{host}/services/data/v{{version}}/"),
            "custom_domain": host,
        },
    })
}

/// `GET /id/{org}/{user}`.
pub(super) struct Identity(pub(super) Arc<Desk>);

impl Endpoint for Identity {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut world = self.0.world();
        let known = bearer_of(&request).and_then(|token| world.grants.bearer(&token));
        let found = known.and_then(|bearer| {
            let org = orgs::org(bearer.org)?;
            let path = format!("/{}/{}", org.id(), org.user_id(bearer.user));
            (request.uri().path() == path).then_some((org, org.user(bearer.user)?))
        });
        let Some((org, user)) = found else {
            return Ok(Response::builder().status(StatusCode::FORBIDDEN).body("Bad_OAuth_Token"));
        };
        let mut body = who(&self.0, org, user);
        body["id"] = body["sub"].clone();
        body["username"] = body["preferred_username"].clone();
        body["display_name"] = body["name"].clone();
        Ok(answer(200, &body))
    }
}

fn refused((error, words): Invalid) -> Response {
    answer(400, &json!({ "error": error, "error_description": words }))
}
