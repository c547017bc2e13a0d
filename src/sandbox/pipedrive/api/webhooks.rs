//! `/api/v1/webhooks`: managed, listed and deleted; [`super::events`] sends what they ask for.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use url::{Host, Url};

use super::{
    super::{super::stage::post, clock, world::Account},
    body,
    call::{Answer, Call, Refusal, Reply},
};

/// More for one user are refused with 422.
const MOST: usize = 40;

const ACTIONS: &[&str] = &["create", "change", "delete", "*"];
const OBJECTS: &[&str] = &[
    "activity",
    "deal",
    "lead",
    "note",
    "organization",
    "person",
    "pipeline",
    "product",
    "stage",
    "user",
    "*",
];
const BODY: &[&str] = &[
    "subscription_url",
    "event_action",
    "event_object",
    "name",
    "version",
    "user_id",
    "http_auth_user",
    "http_auth_password",
];

#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// Who made it; and whose eyes decide what is told.
    user_id: u64,
    sees_as: u64,
    shown: Value,
    pub(crate) to: Url,
    /// User and password.
    basic: Option<(String, String)>,
}

impl Webhook {
    /// Whether it asks for this, of whoever sees what the user sees.
    pub(crate) fn wants(&self, object: &str, action: &str) -> bool {
        let asks = |key: &str, word: &str| {
            self.shown[key].as_str().is_some_and(|asked| asked == "*" || asked == word)
        };
        asks("event_object", object) && asks("event_action", action)
    }

    pub(crate) const fn sees_as(&self) -> u64 {
        self.sees_as
    }

    pub(crate) const fn owner(&self) -> u64 {
        self.user_id
    }

    pub(crate) fn authorization(&self) -> Option<String> {
        let (user, password) = self.basic.as_ref()?;
        Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }
}

/// Those of a user end with the user's install.
pub(crate) fn forget(account: &mut Account, user_id: u64) {
    account.webhooks.retain(|_, webhook| webhook.user_id != user_id);
}

#[expect(clippy::unnecessary_wraps, reason = "all operations have one signature")]
pub(crate) fn list(account: &mut Account, call: &Call) -> Answer {
    let mine = account.webhooks.values().filter(|webhook| webhook.user_id == call.user.id);
    let shown: Vec<&Value> = mine.map(|webhook| &webhook.shown).collect();
    Ok(Reply::json(200, &json!({ "status": "ok", "success": true, "data": shown })))
}

pub(crate) fn create(account: &mut Account, call: &Call) -> Answer {
    let body = call.object(BODY)?;
    let required = |key: &str| match body::text(&body, key) {
        Ok(Some(text)) if !text.is_empty() => Ok(text),
        _ => Err(wrong(key, "is required")),
    };
    let address = required("subscription_url")?;
    let (action, object) = (required("event_action")?, required("event_object")?);
    let name = required("name")?;
    let url = Url::parse(&address)
        .map_err(|_| wrong("subscription_url", "invalid or non-reachable URL"))?;
    match (url.scheme(), url.host()) {
        ("https", Some(Host::Domain(host))) if !host.ends_with("pipedrive.com") => {}
        // Unlike the real one: apps under development answer on this machine.
        _ if post::is_here(&url) => {}
        // Anything else fails with the sentence that fits everything.
        ("https", _) => return Err(wrong("subscription_url", "invalid or non-reachable URL")),
        _ => return Err(Refusal::scope()),
    }
    if !ACTIONS.contains(&action.as_str()) {
        return Err(wrong("event_action", "is not supported"));
    }
    if !OBJECTS.contains(&object.as_str()) {
        return Err(wrong("event_object", "is not supported"));
    }
    if account.webhooks.values().filter(|webhook| webhook.user_id == call.user.id).count() >= MOST {
        return Err(Refusal::new(422, "Webhook limit reached"));
    }
    account.last_webhook += 1;
    let id = account.last_webhook;
    let shown = json!({
        "id": id, "company_id": account.company.id, "owner_id": call.user.id,
        "user_id": body.get("user_id").cloned().unwrap_or_else(|| json!(call.user.id)),
        "event_action": action, "event_object": object, "subscription_url": address,
        "version": body.get("version").cloned().unwrap_or_else(|| json!("2.0")), "is_active": 1,
        "add_time": clock::rfc3339(call.now), "remove_time": null, "type": "application",
        "http_auth_user": body.get("http_auth_user"), "http_auth_password": null,
        "remove_reason": null, "last_delivery_time": null, "last_http_status": null,
        "admin_id": account.company.admin().id, "name": name,
    });
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let webhook = Webhook {
        user_id: call.user.id,
        sees_as: shown["user_id"].as_u64().unwrap_or(call.user.id),
        shown: shown.clone(),
        to: url,
        basic: text("http_auth_user").zip(text("http_auth_password")),
    };
    account.webhooks.insert(id, webhook);
    Ok(Reply::json(201, &json!({ "status": "ok", "success": true, "data": shown })))
}

pub(crate) fn delete(account: &mut Account, call: &Call) -> Answer {
    let id = call.id()?;
    match account.webhooks.get(&id) {
        Some(webhook) if webhook.user_id == call.user.id => {
            account.webhooks.remove(&id);
            Ok(Reply::json(200, &json!({ "status": "ok", "success": true })))
        }
        _ => Err(Refusal::missing("Webhook")),
    }
}

fn wrong(key: &str, problem: &str) -> Refusal {
    let body = json!({ "status": "error", "success": false, "errors": { key: [problem] } });
    Refusal { status: 400, body }
}
