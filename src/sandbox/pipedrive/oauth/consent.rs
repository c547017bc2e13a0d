//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::{
    super::stage::page::{self, Look, alert, escape, hidden},
    accounts::COMPANIES,
};

pub(crate) static LOOK: Look = Look {
    name: "Pipedrive",
    style: "/oauth/consent.css",
    light: ["#017737", "#fff"],
    dark: ["#35c173", "#06150c"],
};

/// What the form carries through.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    pub(super) client_id: String,
    #[serde(default)]
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
}

pub(super) fn page(ask: &Ask, scopes: &[String], problem: Option<&str>) -> String {
    let mut companies = String::new();
    let mut users = String::from(r#"<option value="">Its administrator</option>"#);
    for company in COMPANIES {
        let name = escape(company.name);
        let _ = write!(companies, r#"<option value="{}">{name}</option>"#, company.id);
        let _ = write!(users, r#"<optgroup label="{name}">"#);
        for user in company.users.iter().filter(|user| user.is_active()) {
            let role = if user.admin { "administrator" } else { "regular user" };
            let _ = write!(
                users,
                r#"<option value="{}">{}, {role}</option>"#,
                user.id,
                escape(user.name),
            );
        }
        users.push_str("</optgroup>");
    }
    let asked = page::scopes(scopes, words);
    let problem = alert(problem);
    let state = ask.state.as_deref().map(|state| hidden("state", state)).unwrap_or_default();
    let body = format!(
        r#"<h1>Connect your account</h1>
<p>An app asks for access to a stand-in CRM account. Nothing here is real.</p>
{problem}
<form method="post" action="/oauth/authorize">
{}{}{state}
<label for="company">Company</label>
<select id="company" name="company">{companies}</select>
<label for="user">User</label>
<select id="user" name="user">{users}</select>
<h2>The app may</h2>
<ul>{asked}</ul>
<div class="buttons">
<button class="main" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</div>
</form>"#,
        hidden("client_id", &ask.client_id),
        hidden("redirect_uri", &ask.redirect_uri),
    );
    LOOK.document("Allow access", &body)
}

/// A page that only says what is wrong.
pub(super) fn problem(text: &str) -> String {
    LOOK.problem("This app cannot be connected", text)
}

fn words(scope: &str) -> &'static str {
    match scope {
        "base" => "Read who you are and your settings",
        "contacts:full" => "See and change people and organizations",
        "contacts:read" => "See people and organizations",
        "deals:read" => "See deals",
        "deals:full" => "See and change deals",
        "activities:full" => "See and change activities",
        "activities:read" => "See activities",
        "users:read" => "See users",
        "webhooks:full" => "Be told about changes",
        "contact-fields:full" => "Add fields to people and organizations",
        _ => "More",
    }
}
