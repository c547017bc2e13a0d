//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::accounts::COMPANIES;

/// `style-src 'self'`: the style is a file of its own.
pub(super) const STYLE: &str = include_str!("consent.css");

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
    let hidden = |name: &str, value: &str| {
        format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
    };
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
    let mut asked = String::new();
    for scope in scopes {
        let (words, scope) = (words(scope), escape(scope));
        let _ = write!(asked, "<li><span>{words}</span> <code>{scope}</code></li>");
    }
    let problem = problem
        .map(|text| format!(r#"<p class="problem" role="alert">{}</p>"#, escape(text)))
        .unwrap_or_default();
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
    document("Allow access", &body)
}

/// A page that only says what is wrong.
pub(super) fn problem(text: &str) -> String {
    let body = format!(
        r#"<h1>This app cannot be connected</h1><p class="problem" role="alert">{}</p>"#,
        escape(text),
    );
    document("Not connected", &body)
}

pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Sandbox Pipedrive</title>
<link rel="stylesheet" href="/oauth/consent.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><span class="logo" aria-hidden="true">p</span> Sandbox Pipedrive</header>
<main>
{body}
</main>
</body>
</html>
"#
    )
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

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
