//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::{
    super::stage::page::{self, Look, alert, escape, hidden},
    records::orgs::ORGS,
};

pub(super) static LOOK: Look = Look {
    name: "Salesforce",
    style: "/services/oauth2/consent.css",
    light: ["#0b5cab", "#fff"],
    dark: ["#6db3f2", "#04121f"],
};

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
    let asked = page::scopes(scopes, words);
    let problem = alert(problem);
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
<button name="decision" value="block">Not installed</button>
</div>
</form>"#
    );
    LOOK.document("Allow access", &body)
}

/// A page that only says what is wrong.
pub(super) fn problem(text: &str) -> String {
    LOOK.problem("OAuth error", text)
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
