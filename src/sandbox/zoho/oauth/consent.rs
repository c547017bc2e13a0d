//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::accounts::ORGS;

/// `style-src 'self'`: the style is a file of its own.
pub(super) const STYLE: &str = include_str!("consent.css");

/// What the form carries through, as it was asked.
#[derive(Debug, Default)]
pub(super) struct Ask {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) access_type: String,
    pub(super) state: Option<String>,
}

pub(super) fn page(ask: &Ask, problem: Option<&str>) -> String {
    let hidden = |name: &str, value: &str| {
        format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
    };
    let mut orgs = String::new();
    let mut users = String::from(r#"<option value="">Its administrator</option>"#);
    for org in ORGS {
        let name = escape(org.name);
        let centre = org.data_centre.to_uppercase();
        let _ = write!(orgs, r#"<option value="{}">{name}, {centre}</option>"#, org.id);
        let _ = write!(users, r#"<optgroup label="{name}">"#);
        for user in org.users.iter().filter(|user| user.is_active()) {
            let role = if user.admin { "administrator" } else { "standard user" };
            let name = escape(&user.name());
            let _ = write!(users, r#"<option value="{}">{name}, {role}</option>"#, user.id);
        }
        users.push_str("</optgroup>");
    }
    let mut asked = String::new();
    for scope in super::grants::split(&ask.scope) {
        let (words, scope) = (words(&scope), escape(&scope));
        let _ = write!(asked, "<li><span>{words}</span> <code>{scope}</code></li>");
    }
    let problem = problem
        .map(|text| format!(r#"<p class="problem" role="alert">{}</p>"#, escape(text)))
        .unwrap_or_default();
    let state = ask.state.as_deref().map(|state| hidden("state", state)).unwrap_or_default();
    let carried = [
        ("client_id", &ask.client_id),
        ("redirect_uri", &ask.redirect_uri),
        ("scope", &ask.scope),
        ("access_type", &ask.access_type),
    ];
    let carried: String = carried.iter().map(|(name, value)| hidden(name, value)).collect();
    let body = format!(
        r#"<h1>Connect your account</h1>
<p>An app asks for access to a stand-in CRM organization. Nothing here is real.</p>
{problem}
<form method="post" action="/oauth/v2/auth">
{carried}{state}
<label for="company">Organization</label>
<select id="company" name="company">{orgs}</select>
<label for="user">User</label>
<select id="user" name="user">{users}</select>
<h2>The app may</h2>
<ul>{asked}</ul>
<div class="buttons">
<button class="main" name="decision" value="allow">Accept</button>
<button name="decision" value="deny">Reject</button>
</div>
</form>"#
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

fn document(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Sandbox Zoho CRM</title>
<link rel="stylesheet" href="/oauth/v2/consent.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><span class="logo" aria-hidden="true">z</span> Sandbox Zoho CRM</header>
<main>
{body}
</main>
</body>
</html>
"#
    )
}

fn words(scope: &str) -> &'static str {
    let lower = scope.to_ascii_lowercase();
    match lower.rsplit_once('.').map_or(lower.as_str(), |(area, _)| area) {
        "zohocrm.modules" => "See and change records of all modules",
        "zohocrm.modules.contacts" => "See and change contacts",
        "zohocrm.modules.accounts" => "See and change accounts",
        "zohocrm.modules.deals" => "See deals",
        "zohocrm.modules.tasks" => "See and change tasks",
        "zohocrm.modules.calls" => "See and change calls",
        "zohocrm.modules.events" => "See and change meetings",
        "zohocrm.modules.notes" => "See and change notes",
        "zohocrm.users" => "See users",
        "zohocrm.org" => "See the organization",
        "zohocrm.coql" => "Ask queries",
        "zohosearch.securesearch" => "Search",
        area if area.starts_with("zohocrm.settings") => "See how modules are set up",
        _ => "More",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
