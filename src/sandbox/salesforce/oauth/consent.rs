//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::records::orgs::ORGS;

/// `style-src 'self'`: the style is a file of its own.
pub(super) const STYLE: &str = include_str!("consent.css");

/// What the form carries through.
#[derive(Debug, Default)]
pub(super) struct Ask {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) scope: String,
    pub(super) challenge: Option<String>,
}

pub(super) fn page(ask: &Ask, scopes: &[String], problem: Option<&str>) -> String {
    let hidden = |name: &str, value: &str| {
        format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
    };
    let (mut orgs, mut users) =
        (String::new(), String::from(r#"<option value="">Its administrator</option>"#));
    for org in &ORGS {
        let name = escape(org.name);
        let _ = write!(orgs, r#"<option value="{}">{name}</option>"#, org.number);
        let _ = write!(users, r#"<optgroup label="{name}">"#);
        for user in org.users.iter().filter(|user| user.active) {
            let (first, last) = user.name;
            let (number, name) = (user.number, escape(&format!("{first} {last}")));
            let _ = write!(users, r#"<option value="{number}">{name}</option>"#);
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
    let carried: String = [
        ("client_id", Some(&ask.client_id)),
        ("redirect_uri", Some(&ask.redirect_uri)),
        ("scope", Some(&ask.scope)),
        ("state", ask.state.as_ref()),
        ("code_challenge", ask.challenge.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(hidden(name, value?)))
    .collect();
    let body = format!(
        r#"<h1>Allow access?</h1>
<p>An app asks for access to a stand-in org. Nothing here is real.</p>
{problem}
<form method="post" action="/services/oauth2/authorize">
{carried}
<label for="company">Org</label>
<select id="company" name="company">{orgs}</select>
<label for="user">User</label>
<select id="user" name="user">{users}</select>
<h2>The app is asking to</h2>
<ul>{asked}</ul>
<div class="buttons">
<button class="main" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</div>
</form>"#
    );
    document("Allow access", &body)
}

/// A page that only says what is wrong.
pub(super) fn problem(text: &str) -> String {
    let text = escape(text);
    let body = format!(r#"<h1>OAuth error</h1><p class="problem" role="alert">{text}</p>"#);
    document("Not connected", &body)
}

fn document(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Sandbox Salesforce</title>
<link rel="stylesheet" href="/services/oauth2/consent.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><span class="logo" aria-hidden="true">s</span> Sandbox Salesforce</header>
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
        "api" => "Manage user data via APIs",
        "refresh_token" => "Perform requests at any time",
        "openid" => "Access unique user identifiers",
        "id" => "Access the identity URL service",
        _ => "More",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
