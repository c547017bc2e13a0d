//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::{
    super::stage::page::{self, Look, alert, escape, hidden},
    accounts::PORTALS,
};

pub(super) static LOOK: Look = Look {
    name: "HubSpot",
    style: "/oauth/consent.css",
    light: ["#b03400", "#fff"],
    dark: ["#ff9a6b", "#1f0b02"],
};

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
    let mut portals = String::new();
    for portal in PORTALS {
        let (id, name) = (portal.id, escape(portal.name));
        let _ = write!(portals, r#"<option value="{id}">{name} ({id})</option>"#);
    }
    let asked = page::scopes(scopes, words);
    let problem = alert(problem);
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
    LOOK.document("Connect an app", &body)
}

/// A page that only says what is wrong.
pub(super) fn problem(text: &str) -> String {
    LOOK.problem("This app cannot be connected", text)
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
