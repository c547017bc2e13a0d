//! The consent page: plain HTML, no script needed.

use std::fmt::Write as _;

use super::super::{
    super::stage::page::{self, Look, alert, escape, hidden},
    accounts::ORGS,
};

pub(super) static LOOK: Look = Look {
    name: "Zoho CRM",
    style: "/oauth/v2/consent.css",
    light: ["#c8202f", "#fff"],
    dark: ["#ff8a8f", "#2a0508"],
};

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
    let asked = page::scopes(&super::grants::split(&ask.scope), words);
    let problem = alert(problem);
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
    LOOK.document("Allow access", &body)
}

/// A page that only says what is wrong.
pub(super) fn problem(text: &str) -> String {
    LOOK.problem("This app cannot be connected", text)
}

fn words(scope: &str) -> &'static str {
    let lower = scope.to_ascii_lowercase();
    match lower.rsplit_once('.').map_or(lower.as_str(), |(area, _)| area) {
        "zohocrm.modules" => "See and change records of all modules",
        "zohocrm.modules.contacts" => "See and change contacts",
        "zohocrm.modules.leads" => "See and change leads",
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
