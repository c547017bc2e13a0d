//! `/marketplace`: where somebody installs the app without having been to it, and takes it out again.
//!
//! An install from here comes back with a code and without a state, as the vendor's "Install now" does;
//! an uninstall is told to the callback with `DELETE` and the app's credentials, once, whatever is
//! answered. What happened is written down for tests.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{
    Endpoint, Request, Response,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    super::stage::{page::escape, post},
    accounts::{self, COMPANIES},
    api::webhooks,
    clock,
    oauth::{consent, grants::InstallKey, html},
    world::Desk,
};

/// How long the vendor waits for an answer that it ignores anyway.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who does what, and where the app wants to be called.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) key: InstallKey,
    pub(super) callback: Url,
}

impl Wish {
    /// Of a form or of a call of the control plane; the main company's administrator unless named.
    pub(super) fn new(
        desk: &Desk,
        company: Option<u64>,
        user: Option<u64>,
        callback: Option<&str>,
    ) -> Result<Self, String> {
        let company = accounts::company(company.unwrap_or(COMPANIES[0].id));
        let company = company.ok_or("there is no such company")?;
        let user = match user {
            Some(id) => company.user(id).filter(|user| user.is_active()),
            None => Some(company.admin()),
        };
        let user = user.ok_or("This user does not belong to the company")?;
        let known = desk.config.redirect_uri.as_deref();
        let callback = callback.filter(|text| !text.is_empty()).or(known);
        let callback = callback.ok_or("say where the app's callback is")?;
        if known.is_some_and(|known| known != callback) {
            return Err("this is not the registered callback".into());
        }
        let callback = Url::parse(callback).map_err(|_| "the callback is no address")?;
        let app = desk.config.client_id.clone();
        Ok(Self { key: InstallKey { app, company: company.id, user: user.id }, callback })
    }
}

/// Where the browser goes: with a code, or with the word that the user said no; never with a state.
pub(super) fn install(desk: &Desk, wish: &Wish, denied: bool) -> Url {
    let mut world = desk.world();
    let mut callback = wish.callback.clone();
    if denied {
        callback.query_pairs_mut().append_pair("error", "user_denied");
    } else {
        let redirect = Some(wish.callback.to_string());
        let code = world.grants.issue_code(wish.key.clone(), redirect);
        callback.query_pairs_mut().append_pair("code", &code);
    }
    let what = if denied { "denied" } else { "installed" };
    world.marketplace.push(event(what, &wish.key, None));
    callback
}

/// Ends the install here, then tells the app; the status of its answer, if there was one.
pub(super) async fn uninstall(desk: &Desk, wish: &Wish) -> Option<u16> {
    let secret = {
        let mut world = desk.world();
        world.grants.uninstall(&wish.key);
        if let Some(account) = world.accounts.get_mut(&wish.key.company) {
            webhooks::forget(account, wish.key.user);
        }
        world.grants.app(&wish.key.app).map(|app| app.secret.clone()).unwrap_or_default()
    };
    let body = json!({
        "client_id": wish.key.app, "company_id": wish.key.company, "user_id": wish.key.user,
        "timestamp": clock::rfc3339(clock::now()),
    });
    let basic = STANDARD.encode(format!("{}:{secret}", wish.key.app));
    let headers = [("Authorization", format!("Basic {basic}"))];
    let body = body.to_string();
    let call = post::tell("DELETE", &wish.callback, &headers, &body);
    let told = tokio::time::timeout(PATIENCE, call).await;
    let status = told.ok().and_then(Result::ok);
    desk.world().marketplace.push(event("uninstalled", &wish.key, status));
    status
}

fn event(what: &str, key: &InstallKey, answered: Option<u16>) -> Value {
    json!({ "what": what, "company_id": key.company, "user_id": key.user, "answered": answered })
}

/// The page, plain HTML without a script.
pub(super) struct Marketplace(pub(super) Arc<Desk>);

impl Endpoint for Marketplace {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if request.method() != "POST" {
            return Ok(html(StatusCode::OK, page(&self.0, None)));
        }
        let body = request.take_body().into_bytes_limit(64 << 10).await?;
        let given = |name: &str| {
            form_urlencoded::parse(&body)
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let number = |name: &str| given(name).and_then(|text| text.parse().ok());
        let wish =
            Wish::new(&self.0, number("company"), number("user"), given("callback").as_deref());
        let wish = match wish {
            Ok(wish) => wish,
            Err(problem) => {
                return Ok(html(StatusCode::BAD_REQUEST, page(&self.0, Some(&problem))));
            }
        };
        let decision = given("decision").unwrap_or_default();
        if decision == "uninstall" {
            let told = match uninstall(&self.0, &wish).await {
                Some(status) => format!("Uninstalled. The app answered {status}."),
                None => "Uninstalled. The app did not answer.".to_owned(),
            };
            return Ok(html(StatusCode::OK, page(&self.0, Some(&told))));
        }
        let to = install(&self.0, &wish, decision == "deny");
        Ok(Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, to.as_str())
            .header(header::CACHE_CONTROL, "no-store")
            .finish())
    }
}

fn page(desk: &Desk, told: Option<&str>) -> String {
    let (mut companies, mut users) =
        (String::new(), String::from(r#"<option value="">Its administrator</option>"#));
    for company in COMPANIES {
        let name = escape(company.name);
        let _ = write!(companies, r#"<option value="{}">{name}</option>"#, company.id);
        for user in company.users.iter().filter(|user| user.is_active()) {
            let user_name = escape(user.name);
            let _ = write!(users, r#"<option value="{}">{user_name}, {name}</option>"#, user.id);
        }
    }
    let callback = desk.config.redirect_uri.as_deref().unwrap_or_default();
    let told = told.map(escape).unwrap_or_default();
    let body = format!(
        r#"<h1>Marketplace</h1>
<p>Install the app as somebody who has not been to it. Nothing here is real.</p>
<p role="status">{told}</p>
<form method="post" action="/marketplace">
<label for="company">Company</label>
<select id="company" name="company">{companies}</select>
<label for="user">User</label>
<select id="user" name="user">{users}</select>
<label for="callback">Callback of the app</label>
<input id="callback" name="callback" value="{}">
<div class="buttons">
<button class="main" name="decision" value="install">Install now</button>
<button name="decision" value="deny">Say no</button>
<button name="decision" value="uninstall">Uninstall</button>
</div>
</form>"#,
        escape(callback),
    );
    consent::LOOK.document("Marketplace", &body)
}
