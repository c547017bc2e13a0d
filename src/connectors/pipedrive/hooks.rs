//! Webhooks v2: one per connection, for everything that happens to persons.
//!
//! - Managed in v1. The list holds our app's own, of the user whose token asks.
//! - Nothing is signed: Basic credentials and an address that nobody can guess are all there is.
//! - `data` resembles a v2 person and is none; `meta` says which one it is.
//! - Ids in `meta` are text. A merge is a `delete` of the one and a `change` of the other.
//! - A webhook whose calls fail for three days is removed silently, so it is looked for daily.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Pipedrive, ask, decode, dialect, wire};
use crate::connectors::{
    Agreed, Api, Channels, Cost, CrmError, Hint, Incoming, Lane, Wanted, api::Change, hooks::event,
    lenient::Row,
};

const PATH: &str = "/api/v1/webhooks";
const SCOPE: &str = "webhooks:full";
/// Of the price list; a list costs as much as a new one.
const CREATE: u32 = 10;
const DELETE: u32 = 6;
/// The other half of the credentials, which is no secret.
const USER: &str = "tandem";

#[async_trait]
impl Channels for Pipedrive {
    fn scope(&self) -> &'static str {
        SCOPE
    }

    async fn open(&self, api: &Api, wanted: &Wanted<'_>) -> Result<Agreed, CrmError> {
        // What an earlier try may have made: its secret is not known any more.
        for old in list(api).await? {
            if let (Some(id), true) = (&old.id.0, old.name.0.as_deref() == Some(wanted.name)) {
                self.close(api, id.as_str()).await?;
            }
        }
        let body = json!({
            "subscription_url": wanted.address.as_str(), "name": wanted.name,
            "event_action": "*", "event_object": "person", "version": "2.0",
            "http_auth_user": USER, "http_auth_password": wanted.secret.expose_secret(),
        });
        let change = Change { body: Some(body), ..change(Method::POST, PATH, CREATE) };
        let made = api.write(&change, decode::object::<wire::Webhook>).await?;
        let id = made.id.0.ok_or(CrmError::Uncertain { what: "it has no id", status: None })?;
        Ok(Agreed { remote_id: id.0, until: None })
    }

    async fn is_open(&self, api: &Api, remote_id: &str) -> Result<bool, CrmError> {
        Ok(list(api).await?.iter().any(|one| {
            one.id.0.as_ref().is_some_and(|id| id.as_str() == remote_id)
                && one.is_active.0 != Some(false)
        }))
    }

    async fn close(&self, api: &Api, remote_id: &str) -> Result<(), CrmError> {
        if remote_id.is_empty() || !remote_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(());
        }
        let path = format!("{PATH}/{remote_id}");
        match api.write(&change(Method::DELETE, &path, DELETE), |_| Ok(())).await {
            Ok(()) | Err(CrmError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn shown(&self, call: Incoming<'_>) -> Option<SecretString> {
        let mut given = call.headers.get_all(AUTHORIZATION).iter();
        let (Some(one), None) = (given.next(), given.next()) else { return None };
        let (scheme, encoded) = one.to_str().ok()?.split_once(' ')?;
        let decoded =
            scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()))?;
        let pair = Zeroizing::new(String::from_utf8(decoded.ok()?).ok()?);
        let (user, password) = pair.split_once(':')?;
        (user == USER).then(|| SecretString::from(password))
    }

    fn read(&self, body: &[u8]) -> Vec<Hint> {
        let said: Row<wire::Event> = serde_json::from_slice(body).unwrap_or_default();
        let Some(meta) = said.0.and_then(|said| said.meta.0) else {
            return vec![Hint::unread(body, None)];
        };
        if meta.entity.0.as_deref().is_some_and(|entity| entity != "person") {
            return Vec::new();
        }
        let account_id = meta.company_id.0;
        let Some(person) = meta.entity_id.0 else { return vec![Hint::unread(body, account_id)] };
        let moment = meta.timestamp.0.map_or(0, |at| at.timestamp_micros()).to_be_bytes();
        let (action, webhook) = (meta.action.0.unwrap_or_default(), meta.webhook_id.0);
        let webhook = webhook.unwrap_or_default();
        // Their id of the event stays the same when it is sent again; how many times is not part of it.
        let key = match &meta.id.0 {
            Some(id) => event(&[webhook.as_bytes(), id.as_bytes(), person.as_str().as_bytes()]),
            None => {
                event(&[webhook.as_bytes(), action.as_bytes(), person.as_str().as_bytes(), &moment])
            }
        };
        vec![Hint {
            account_id,
            person: Some(person),
            gone: action == "delete",
            event: key,
            happened_at: meta.timestamp.0,
        }]
    }
}

async fn list(api: &Api) -> Result<Vec<wire::Webhook>, CrmError> {
    let ask = ask(PATH, &[], CREATE, SCOPE);
    Ok(api.read(&ask, decode::list::<wire::Webhook>).await?.0)
}

fn change(method: Method, path: &str, tokens: u32) -> Change<'_> {
    Change {
        dialect: &dialect::WORDS,
        method,
        path,
        query: &[],
        headers: &[],
        cost: Cost { tokens, lane: Lane::General },
        scope: SCOPE,
        body: None,
        names: &[],
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn said(change: impl FnOnce(&mut serde_json::Value)) -> Vec<Hint> {
        let mut body = json!({ "meta": {
            "action": "change", "entity": "person", "entity_id": "213973", "company_id": "7001",
            "id": "6ba407fc", "timestamp": "2026-01-14T18:16:56.057Z", "webhook_id": "1828483",
            "attempt": 1,
        }, "data": { "id": 213_973, "name": "x\u{0}y" }, "previous": {} });
        change(&mut body);
        Pipedrive.read(body.to_string().as_bytes())
    }

    #[test]
    fn an_event_sent_again_is_the_same_and_another_is_not() {
        let first = said(|_| {});
        assert_eq!(first[0].person.as_ref().unwrap().as_str(), "213973");
        assert_eq!(first[0].account_id.as_deref(), Some("7001"));
        assert!(first[0].happened_at.is_some());
        let again = said(|body| {
            body["meta"]["attempt"] = json!(2);
            body["data"] = json!(null);
        });
        assert_eq!(again, first);
        for (key, other) in
            [("id", json!("other")), ("webhook_id", json!("7")), ("entity_id", json!("8"))]
        {
            let changed = said(|body| body["meta"][key] = other);
            assert_ne!(changed[0].event, first[0].event, "{key}");
        }
        let nameless = |time: &str| {
            said(|body| {
                body["meta"]["id"] = json!(null);
                body["meta"]["timestamp"] = json!(time);
            })
        };
        let at = nameless("2026-01-14T18:16:56.057Z");
        assert_eq!(at, nameless("2026-01-14T18:16:56.057Z"));
        assert_ne!(at[0].event, nameless("2026-01-14T18:16:57.057Z")[0].event);
    }

    #[test]
    fn what_cannot_be_read_is_still_a_hint_and_others_are_none() {
        for body in ["", "[]", "{}", "{\"meta\":7}", "{\"meta\":{\"entity\":\"person\"}}", "\u{7f}"]
        {
            let hints = Pipedrive.read(body.as_bytes());
            assert_eq!((hints.len(), &hints[0].person), (1, &None), "{body}");
        }
        assert!(said(|body| body["meta"]["entity"] = json!("deal")).is_empty());
    }

    #[test]
    fn the_secret_is_the_password_of_one_basic_header() {
        let shown = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            let call = Incoming { uri: "https://hub.example/x", headers: &headers, body: b"" };
            Pipedrive.shown(call).map(|secret| secret.expose_secret().to_owned())
        };
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        let right = basic("tandem:a:b");
        assert_eq!(shown(&[&right]).as_deref(), Some("a:b"));
        for wrong in [&[][..], &["Basic"], &["Basic ?"], &[&basic("other:a")], &[&right, &right]] {
            assert_eq!(shown(wrong), None, "{wrong:?}");
        }
        assert_eq!(shown(&[&right.replace("Basic", "Bearer")]), None);
    }
}
