//! Notifications: a channel per connection, for everything that happens to contacts.
//!
//! - A channel has a number of ours and ends after a week at most; one that asks for more lives an hour. How
//!   long it really lives is in the answer. It ends silently.
//! - Nothing is signed: the token that was agreed comes back in each body, to an address that nobody can
//!   guess.
//! - One call names many records, and says no more of them than which. Imports in bulk may tell nothing.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{MANIFEST, Zoho, decode, dialect, read::ask, wire};
use crate::{
    connectors::{
        Agreed, Api, Channels, Cost, CrmError, Hint, Incoming, Lane, Wanted, api::Change,
        hooks::event, lenient::Row,
    },
    domain::RemoteId,
};

const PATH: &str = "/crm/v8/actions/watch";
const SCOPE: &str = "ZohoCRM.notifications.ALL";
/// Of the week that is allowed: clocks differ, and what is too long becomes an hour.
const LASTS: TimeDelta = TimeDelta::days(6);
/// When the answer does not say.
const SHORTEST: TimeDelta = TimeDelta::hours(1);
const CONTACTS: &str = "Contacts";

#[async_trait]
impl Channels for Zoho {
    fn scope(&self) -> &'static str {
        SCOPE
    }

    async fn open(&self, api: &Api, wanted: &Wanted<'_>) -> Result<Agreed, CrmError> {
        let channel = number(wanted.channel_id).to_string();
        let body = json!({ "watch": [{
            "channel_id": channel, "events": [format!("{CONTACTS}.all")],
            "channel_expiry": time(wanted.now + LASTS), "token": wanted.secret.expose_secret(),
            "notify_url": wanted.address.as_str(), "return_affected_field_values": false,
            "notify_on_related_action": false,
        }] });
        let change = change(Method::POST, &[], Some(body));
        let said = api.write(&change, decode::object::<wire::Watch>).await?;
        if said.code.0.as_deref() != Some("SUCCESS") {
            return Err(CrmError::Uncertain {
                what: "it does not say what came of it",
                status: None,
            });
        }
        let events = said.details.0.unwrap_or_default().events.0;
        let until = events.into_iter().filter_map(|event| event.0?.expiry.0).min();
        Ok(Agreed { remote_id: channel, until: Some(until.unwrap_or(wanted.now + SHORTEST)) })
    }

    async fn is_open(&self, api: &Api, remote_id: &str) -> Result<bool, CrmError> {
        let query = [("channel_id", remote_id)];
        let ask = ask(PATH, &query, MANIFEST.costs.list, SCOPE);
        Ok(!api.read(&ask, decode::list::<wire::Watched>).await?.0.is_empty())
    }

    async fn close(&self, api: &Api, remote_id: &str) -> Result<(), CrmError> {
        let query = [("channel_ids", remote_id)];
        match api.write(&change(Method::DELETE, &query, None), |_| Ok(())).await {
            Ok(()) | Err(CrmError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn shown(&self, call: Incoming<'_>) -> Option<SecretString> {
        said(call.body)?.token.0.map(SecretString::from)
    }

    fn read(&self, body: &[u8]) -> Vec<Hint> {
        let Some(said) = said(body) else { return vec![Hint::unread(body, None)] };
        if said.module.0.as_deref().is_some_and(|module| module != CONTACTS) {
            return Vec::new();
        }
        if said.ids.0.is_empty() {
            return vec![Hint::unread(body, None)];
        }
        let text = |text: Option<String>| text.unwrap_or_default();
        let (channel, operation) = (text(said.channel.0), text(said.operation.0));
        let moment = text(said.server_time.0);
        let happened_at = moment.parse().ok().and_then(DateTime::from_timestamp_millis);
        let mut persons: Vec<_> = said.ids.0.into_iter().map(|id| id.0).collect();
        persons.sort();
        persons.dedup();
        let hint = |person: Option<RemoteId>| {
            let id = person.as_ref().map_or("", |id| id.as_str());
            let parts = [channel.as_str(), operation.as_str(), id, moment.as_str()];
            Hint {
                account_id: None,
                event: event(&parts.map(str::as_bytes)),
                gone: person.is_some() && operation == "delete",
                person,
                happened_at,
            }
        };
        persons.into_iter().map(hint).collect()
    }
}

fn said(body: &[u8]) -> Option<wire::Notice> {
    serde_json::from_slice::<Row<wire::Notice>>(body).ok()?.0
}

/// The channel's own number there, of 62 bits.
fn number(channel_id: Uuid) -> u64 {
    let (_, low) = channel_id.as_u64_pair();
    (low & ((1 << 62) - 1)).max(1)
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn change<'a>(method: Method, query: &'a [(&'a str, &'a str)], body: Option<Value>) -> Change<'a> {
    Change {
        dialect: &dialect::WORDS,
        method,
        path: PATH,
        query,
        headers: &[],
        cost: Cost { tokens: MANIFEST.costs.write, lane: Lane::General },
        scope: SCOPE,
        body,
        names: &[],
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn notice() -> Value {
        json!({
            "server_time": 1_763_625_600_000_u64, "module": "Contacts",
            "resource_uri": "https://www.zohoapis.eu/crm/v8/Contacts",
            "ids": ["5725767000000000001", "5725767000000000009", "5725767000000000001"],
            "affected_fields": [], "operation": "update", "channel_id": "1000000068001",
            "token": "x", "query_params": {},
        })
    }

    fn read(change: impl FnOnce(&mut Value)) -> Vec<Hint> {
        let mut body = notice();
        change(&mut body);
        Zoho.read(body.to_string().as_bytes())
    }

    #[test]
    fn each_record_of_a_call_is_an_event_of_its_own() {
        let first = read(|_| {});
        let ids: Vec<_> =
            first.iter().filter_map(|hint| Some(hint.person.as_ref()?.as_str())).collect();
        assert_eq!(ids, ["5725767000000000001", "5725767000000000009"]);
        assert_ne!(first[0].event, first[1].event);
        assert_eq!(first[0].happened_at.unwrap().timestamp(), 1_763_625_600);
        assert_eq!(read(|body| body["affected_fields"] = json!([1])), first);
        for (key, other) in
            [("operation", json!("delete")), ("channel_id", json!("7")), ("server_time", json!(1))]
        {
            assert_ne!(read(|body| body[key] = other)[0].event, first[0].event, "{key}");
        }
        assert!(read(|body| body["module"] = json!("Deals")).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_still_a_hint() {
        assert_eq!(read(|body| body["ids"] = json!([]))[0].person, None);
        let bad = read(|body| body["ids"] = json!(["5725767000000000001", "\u{0}"]));
        assert_eq!(bad.iter().filter(|hint| hint.person.is_none()).count(), 1);
        assert_eq!(bad.len(), 2);
        for body in ["", "[]", "7"] {
            let hints = Zoho.read(body.as_bytes());
            assert_eq!((hints.len(), &hints[0].person), (1, &None), "{body}");
        }
    }

    #[test]
    fn the_secret_is_the_bodys_token() {
        let headers = HeaderMap::new();
        let shown = |body: &Value| {
            let body = body.to_string();
            let call = Incoming { uri: "", headers: &headers, body: body.as_bytes() };
            Zoho.shown(call).map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(shown(&notice()).as_deref(), Some("x"));
        assert_eq!(shown(&json!({})), None);
        assert_eq!(shown(&json!([])), None);
    }

    #[test]
    fn a_channels_number_fits_where_theirs_are_signed() {
        for id in [Uuid::nil(), Uuid::max(), Uuid::now_v7()] {
            assert!((1..=i64::MAX.unsigned_abs()).contains(&number(id)));
        }
    }
}
