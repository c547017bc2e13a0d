//! What webhooks v2 tell: an event per change and webhook, in no promised order.
//!
//! Beside the vendor's: `previous` of a change is empty, and custom fields are left out of `data`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        super::stage::post::{Letter, Post},
        accounts::User,
        clock,
        records::{book::What, persons::Person},
        world::{Account, sees},
    },
    webhooks::Webhook,
};

/// Tells apps what happened since the last time; `source` is `app` for people and `api` for programs.
pub(crate) fn emit(account: &mut Account, post: &Post, by: &User, source: &'static str) {
    let persons = account.persons.news();
    let organizations = account.organizations.news();
    let deals = account.deals.news();
    if account.webhooks.is_empty() {
        return;
    }
    // Whoever was merged into somebody names the survivor, and is named by it.
    let merged: BTreeMap<u64, u64> = persons
        .iter()
        .filter_map(|(id, _)| Some((account.person(*id)?.merged_into?, *id)))
        .collect();
    for (id, what) in persons {
        let Some(person) = account.person(id) else { continue };
        let event = Event { object: "person", id, what, by: by.id, source };
        let mut more = json!({});
        if let Some(into) = person.merged_into {
            more["merged_to_id"] = json!(into.to_string());
        }
        if let Some(from) = merged.get(&id) {
            more["merged_from_id"] = json!(from.to_string());
        }
        tell(account, post, &event, &shown(&person), &more, |user| {
            sees(user, person.owner_id, person.visible_to)
        });
    }
    for (object, news) in [("organization", organizations), ("deal", deals)] {
        for (id, what) in news {
            let event = Event { object, id, what, by: by.id, source };
            tell(account, post, &event, &json!({ "id": id }), &json!({}), |_| true);
        }
    }
}

struct Event {
    object: &'static str,
    id: u64,
    what: What,
    by: u64,
    source: &'static str,
}

/// A person as events have it: nearly what v2 answers.
fn shown(person: &Person) -> Value {
    let mut bytes = Vec::new();
    person.write(&mut bytes, &[]);
    let mut value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    value["visible_to"] = json!(person.visible_to.to_string());
    if let Some(object) = value.as_object_mut() {
        object.remove("custom_fields");
    }
    value
}

fn tell(
    account: &Account,
    post: &Post,
    event: &Event,
    data: &Value,
    more: &Value,
    sees: impl Fn(&User) -> bool,
) {
    let action = match event.what {
        What::Created => "create",
        What::Changed => "change",
        What::Deleted => "delete",
    };
    for (webhook_id, webhook) in &account.webhooks {
        let eyes = account.company.user(webhook.sees_as());
        if webhook.wants(event.object, action) && eyes.is_some_and(&sees) {
            let body = body(account, event, action, (*webhook_id, webhook), (data, more));
            post.send(letter(webhook, body));
        }
    }
}

fn body(
    account: &Account,
    event: &Event,
    action: &str,
    (webhook_id, webhook): (u64, &Webhook),
    (data, more): (&Value, &Value),
) -> Value {
    let (data, previous) = match event.what {
        What::Created => (data.clone(), Value::Null),
        What::Changed => (data.clone(), json!({})),
        What::Deleted => (Value::Null, data.clone()),
    };
    let ms = clock::now_ms();
    let seconds = clock::rfc3339(ms / 1_000);
    let mut meta = json!({
        "action": action, "entity": event.object, "entity_id": event.id.to_string(),
        "company_id": account.company.id.to_string(), "user_id": event.by.to_string(),
        "id": Uuid::new_v4().to_string(), "correlation_id": Uuid::new_v4().to_string(),
        "is_bulk_edit": false,
        "timestamp": format!("{}.{:03}Z", seconds.trim_end_matches('Z'), ms % 1_000),
        "type": "application", "version": "2.0", "webhook_id": webhook_id.to_string(),
        "webhook_owner_id": webhook.owner().to_string(), "change_source": event.source,
        "permitted_user_ids": [], "host": format!("{}.pipedrive.com", account.company.domain),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        meta[key] = value.clone();
    }
    json!({ "meta": meta, "data": data, "previous": previous })
}

fn letter(webhook: &Webhook, body: Value) -> Letter {
    let authorization = webhook.authorization();
    Letter {
        to: webhook.to.clone(),
        make: Box::new(move |attempt| {
            let mut body = body.clone();
            body["meta"]["attempt"] = json!(attempt);
            let headers = authorization.iter().map(|value| ("Authorization", value.clone()));
            (headers.collect(), body.to_string())
        }),
    }
}
