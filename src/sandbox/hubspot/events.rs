//! What the app's webhook is told, of all portals: arrays of events, signed (v3) with the app's secret.
//!
//! The app is subscribed to everything about contacts but their associations, of which nothing is told here.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;
use uuid::Uuid;

use super::{
    records::book::News,
    world::{Account, now},
};
use crate::sandbox::{
    SandboxConfig,
    stage::post::{Letter, Post},
};

/// Events of one call.
const MOST: usize = 100;
const APP: u64 = 1_160_452;

/// Where the app hears, and with what it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) secret: String,
}

impl Target {
    /// `None` for what is no address.
    pub(crate) fn of(url: &str, config: &SandboxConfig) -> Option<Self> {
        Some(Self { url: Url::parse(url).ok()?, secret: config.client_secret.clone() })
    }
}

/// Tells the app what happened since the last time; `source` as the vendor calls it.
pub(crate) fn emit(account: &mut Account, post: &Post, target: Option<Target>, source: &str) {
    let news = account.book.news();
    let Some(target) = target else { return };
    let portal = account.portal.id;
    let events: Vec<Value> = news
        .iter()
        // Those that the control plane keeps for itself are no properties.
        .filter(|news| !matches!(news, News::Property { name, .. } if name.starts_with('~')))
        .map(|news| event(portal, news, source))
        .collect();
    for events in events.chunks(MOST) {
        post.send(letter(target.clone(), events.to_vec()));
    }
}

fn event(portal: u64, news: &News, source: &str) -> Value {
    let (kind, subscription, id) = match news {
        News::Created(id) => ("creation", 101, *id),
        News::Deleted(id) => ("deletion", 102, *id),
        News::Merged { into, .. } => ("merge", 103, *into),
        News::Property { id, .. } => ("propertyChange", 104, *id),
    };
    let (number, _) = Uuid::new_v4().as_u64_pair();
    let mut event = json!({
        "eventId": number >> 16, "subscriptionId": subscription, "portalId": portal, "appId": APP,
        "occurredAt": now(), "subscriptionType": format!("contact.{kind}"), "attemptNumber": 0,
        "objectId": id, "changeSource": source,
    });
    match news {
        News::Created(_) => event["changeFlag"] = json!("CREATED"),
        News::Deleted(_) => event["changeFlag"] = json!("DELETED"),
        News::Merged { from, into } => {
            event["primaryObjectId"] = json!(into);
            event["mergedObjectIds"] = json!([from]);
            event["newObjectId"] = json!(into);
            event["numberOfPropertiesMoved"] = json!(1);
        }
        News::Property { name, value, .. } => {
            event["propertyName"] = json!(name);
            event["propertyValue"] = json!(value);
        }
    }
    event
}

fn letter(target: Target, events: Vec<Value>) -> Letter {
    let to = target.url.clone();
    Letter {
        to,
        make: Box::new(move |attempt| {
            let mut events = events.clone();
            for event in &mut events {
                event["attemptNumber"] = json!(attempt - 1);
            }
            let (body, time) = (Value::Array(events).to_string(), now().to_string());
            let signature = sign(&target, &body, &time);
            let headers = vec![
                ("X-HubSpot-Signature-v3", signature),
                ("X-HubSpot-Request-Timestamp", time),
                ("X-HubSpot-Signature-Version", "v3".to_owned()),
            ];
            (headers, body)
        }),
    }
}

fn sign(target: &Target, body: &str, time: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(target.secret.as_bytes())
        .expect("a key of any length will do");
    mac.update(format!("POST{}{body}{time}", target.url).as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Properties of which one is another now, by name; an empty value counts as none.
pub(crate) fn differences<'a>(
    old: impl Fn(&str) -> Option<&'a str>,
    new: impl Fn(&str) -> Option<&'a str>,
    names: impl Iterator<Item = &'a str>,
) -> Vec<(String, String)> {
    let names: BTreeSet<&str> = names.collect();
    names
        .into_iter()
        .filter(|name| old(name) != new(name))
        .map(|name| (name.to_owned(), new(name).unwrap_or_default().to_owned()))
        .collect()
}
