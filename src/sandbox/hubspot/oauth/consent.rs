//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::accounts::PORTALS;

/// `style-src 'self'`: the style is a file of its own.
pub(super) const STYLE: &str = include_str!("consent.css");

/// What the form carries through.
#[derive(Debug, Default)]
pub(super) struct Ask {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) optional_scope: String,
    pub(super) state: Option<String>,
}

pub(super) fn page(ask: &Ask, scopes: &[String], problem: Option<&str>) -> String {
    let hidden = |name: &str, value: &str| {
        format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
    };
    let mut portals = String::new();
    for portal in PORTALS {
        let (id, name) = (portal.id, escape(portal.name));
        let _ = write!(portals, r#"<option value="{id}">{name} ({id})</option>"#);
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
        r#"<h1>Connect an app</h1>
<p>An app asks for access to a stand-in CRM account. Nothing here is real.</p>
{problem}
<form method="post" action="/oauth/authorize">
{}{}{}{}{state}
<label for="company">Choose an account</label>
<select id="company" name="company">{portals}</select>
<h2>The app may</h2>
<ul>{asked}</ul>
<div class="buttons">
<button class="main" name="decision" value="allow">Connect app</button>
<button name="decision" value="deny">Cancel</button>
</div>
</form>"#,
        hidden("client_id", &ask.client_id),
        hidden("redirect_uri", &ask.redirect_uri),
        hidden("scope", &ask.scope),
        hidden("optional_scope", &ask.optional_scope),
    );
    document("Connect an app", &body)
}

/// A page that only says what is wrong.
pub(super) fn problem(text: &str) -> String {
    let body = format!(
        r#"<h1>This app cannot be connected</h1><p class="problem" role="alert">{}</p>"#,
        escape(text),
    );
    document("Not connected", &body)
}

fn document(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Sandbox HubSpot</title>
<link rel="stylesheet" href="/oauth/consent.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><span class="logo" aria-hidden="true">h</span> Sandbox HubSpot</header>
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
        "oauth" => "Know which account it is",
        "crm.objects.contacts.read" => "See contacts, tasks, calls, notes and meetings",
        "crm.objects.contacts.write" => "Change contacts, tasks, calls, notes and meetings",
        "crm.objects.companies.read" => "See companies",
        "crm.objects.companies.write" => "Change companies",
        "crm.objects.deals.read" => "See deals",
        "crm.objects.deals.write" => "Change deals",
        "crm.objects.owners.read" => "See who owns records",
        "crm.schemas.contacts.read" => "See the properties of contacts",
        "crm.schemas.contacts.write" => "Add properties to contacts",
        "crm.schemas.companies.read" => "See the properties of companies",
        "crm.schemas.deals.read" => "See the properties of deals",
        _ => "More",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
