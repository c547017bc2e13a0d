//! Webhooks: one address for all portals that installed our app, set where the app is registered. What it is
//! to be told of contacts (creation, change of each property, association, merge, restore, deletion) is set
//! there too.
//!
//! - Up to a hundred events come at once, of several portals; one that cannot be read costs no other.
//! - Signed (v3) over method, address, raw bytes and time. The address is ours as the world knows it, not
//!   what a proxy calls us; it has neither a query nor an escape, so there is one way to spell it.
//! - `eventId` is not unique: an event is its subscription, object, property and moment.
//! - An answer of 400 to 405 is final, and nothing is told again: only a forger gets one.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::{HubSpot, wire};
use crate::{
    connectors::{AppHook, Hint, Incoming, NotSigned, hooks::event, lenient::Row},
    domain::RemoteId,
};

/// Milliseconds between their clock and ours, either way: older is a replay, newer is no clock of theirs.
const TOLERANCE: u64 = 5 * 60 * 1_000;
const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIME: &str = "x-hubspot-request-timestamp";
/// Contacts, where events speak of objects in general.
const CONTACTS: &str = "0-1";

impl AppHook for HubSpot {
    fn verify(
        &self,
        call: Incoming<'_>,
        secret: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<(), NotSigned> {
        let (signature, time) = (one(call, SIGNATURE), one(call, TIME));
        let (signature, time) = signature.zip(time).ok_or(NotSigned::Malformed)?;
        let signature = STANDARD.decode(signature).map_err(|_| NotSigned::Malformed)?;
        let digits = (1..=15).contains(&time.len()) && time.bytes().all(|b| b.is_ascii_digit());
        let at: i64 = time.parse().ok().filter(|_| digits).ok_or(NotSigned::Malformed)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .map_err(|_| NotSigned::Forged)?;
        for part in [b"POST".as_slice(), call.uri.as_bytes(), call.body, time.as_bytes()] {
            mac.update(part);
        }
        // In constant time, and before the clock is looked at: who cannot sign learns nothing of it.
        mac.verify_slice(&signature).map_err(|_| NotSigned::Forged)?;
        if now.timestamp_millis().abs_diff(at) > TOLERANCE {
            return Err(NotSigned::OutOfTime);
        }
        Ok(())
    }

    fn read(&self, body: &[u8]) -> Vec<Hint> {
        match serde_json::from_slice::<Vec<&RawValue>>(body) {
            Ok(events) => events.into_iter().flat_map(|raw| hints(raw.get())).collect(),
            Err(_) => vec![Hint::unread(body, None)],
        }
    }
}

/// Of two headers none says which is meant.
fn one<'a>(call: Incoming<'a>, name: &str) -> Option<&'a str> {
    let mut given = call.headers.get_all(name).iter();
    match (given.next(), given.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    }
}

fn hints(raw: &str) -> Vec<Hint> {
    let said: Row<wire::Event> = serde_json::from_str(raw).unwrap_or_default();
    let Some(said) = said.0 else { return vec![Hint::unread(raw.as_bytes(), None)] };
    let portal = said.portal.0.clone().map(|id| id.0);
    let Some(kind) = said.kind.0.as_deref() else {
        return vec![Hint::unread(raw.as_bytes(), portal)];
    };
    let (about, what) = kind.split_once('.').unwrap_or((kind, ""));
    let is_contact = about == "contact"
        || (about == "object" && said.object_type.0.as_deref() == Some(CONTACTS));
    if !is_contact {
        return Vec::new();
    }
    let persons = match what {
        "merge" => said.merged(),
        "associationChange" => said.associated(),
        _ => said.object.0.iter().cloned().collect(),
    };
    if persons.is_empty() {
        return vec![Hint::unread(raw.as_bytes(), portal)];
    }
    let moment = said.occurred_at.0.as_deref().unwrap_or_default();
    let happened_at = moment.parse().ok().and_then(DateTime::from_timestamp_millis);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (subscription, property) = (text(&said.subscription.0), text(&said.property.0));
    let of = |person: RemoteId| Hint {
        account_id: portal.clone(),
        event: event(&[
            kind.as_bytes(),
            subscription.as_bytes(),
            person.as_str().as_bytes(),
            property.as_bytes(),
            moment.as_bytes(),
        ]),
        person: Some(person),
        gone: matches!(what, "deletion" | "privacyDeletion" | "merge"),
        happened_at,
    };
    persons.into_iter().map(of).collect()
}

impl wire::Event {
    /// Who stays, and who went into them.
    fn merged(&self) -> Vec<RemoteId> {
        let named = [&self.object, &self.primary, &self.new_object];
        let mut all: Vec<RemoteId> =
            named.into_iter().chain(&self.merged.0).filter_map(|id| id.0.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The contact among the two ends.
    fn associated(&self) -> Vec<RemoteId> {
        let kind = self.association.0.as_deref().unwrap_or_default();
        let ends = [
            (kind.starts_with("CONTACT_TO_"), &self.from),
            (kind.ends_with("_TO_CONTACT"), &self.to),
        ];
        ends.into_iter()
            .filter(|(is_contact, _)| *is_contact)
            .filter_map(|(_, id)| id.0.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::{Value, json};

    use super::*;

    const URI: &str = "https://hub.example.com/webhooks/hubspot?tenant=a%40b";
    const BODY: &[u8] = br#"[{"eventId":1,"portalId":33}]"#;
    const AT: i64 = 1_763_625_600_000;
    /// Made with the vendor's rule by another program.
    const RIGHT: &str = "oi+pNYmv2B35E4so+sp4+nK/ljvYqVbQ6OFybpy1CXg=";

    fn verify(
        uri: &str,
        body: &[u8],
        signatures: &[&str],
        time: &str,
        now: i64,
    ) -> Result<(), NotSigned> {
        let mut headers = HeaderMap::new();
        for signature in signatures {
            headers.append(SIGNATURE, signature.parse().unwrap());
        }
        headers.insert(TIME, time.parse().unwrap());
        let call = Incoming { uri, headers: &headers, body };
        let secret = SecretString::from("test-client-secret");
        HubSpot.verify(call, &secret, DateTime::from_timestamp_millis(now).unwrap())
    }

    #[test]
    fn only_what_was_signed_for_this_address_just_now_is_believed() {
        let time = AT.to_string();
        let edge = 5 * 60 * 1_000;
        for now in [AT, AT + edge, AT - edge] {
            assert_eq!(verify(URI, BODY, &[RIGHT], &time, now), Ok(()));
        }
        for now in [AT + edge + 1, AT - edge - 1, 0] {
            assert_eq!(verify(URI, BODY, &[RIGHT], &time, now), Err(NotSigned::OutOfTime));
        }
        let forged = Err(NotSigned::Forged);
        assert_eq!(
            verify("https://hub.example.com/webhooks/hubspot", BODY, &[RIGHT], &time, AT),
            forged
        );
        assert_eq!(verify(URI, b"[]", &[RIGHT], &time, AT), forged);
        assert_eq!(verify(URI, BODY, &[RIGHT], &(AT + 1).to_string(), AT), forged);
        assert_eq!(verify(URI, BODY, &["AAAA"], &time, AT), forged);
        let malformed = Err(NotSigned::Malformed);
        for signatures in [&[][..], &[""; 0], &["?"], &[RIGHT, RIGHT]] {
            assert_eq!(verify(URI, BODY, signatures, &time, AT), malformed, "{signatures:?}");
        }
        for time in ["", "-1", "1e3", "now", "1763625600000000000"] {
            assert_eq!(verify(URI, BODY, &[RIGHT], time, AT), malformed, "{time}");
        }
    }

    fn said(change: impl FnOnce(&mut Value)) -> Vec<Hint> {
        let mut event = json!({
            "eventId": 3_816_279_340_u64, "subscriptionId": 25, "portalId": 33, "appId": 1_160_452,
            "occurredAt": 1_462_216_307_945_i64, "subscriptionType": "contact.propertyChange",
            "attemptNumber": 0, "objectId": 1_246_965, "propertyName": "lifecyclestage",
            "propertyValue": "subscriber", "changeSource": "CRM_UI",
        });
        change(&mut event);
        HubSpot.read(json!([event]).to_string().as_bytes())
    }

    fn ids(hints: &[Hint]) -> Vec<&str> {
        hints.iter().filter_map(|hint| Some(hint.person.as_ref()?.as_str())).collect()
    }

    #[test]
    fn an_event_is_its_subscription_object_property_and_moment() {
        let first = said(|_| {});
        assert_eq!((ids(&first), first[0].account_id.as_deref()), (vec!["1246965"], Some("33")));
        assert_eq!(first[0].happened_at.unwrap().timestamp_millis(), 1_462_216_307_945);
        for (key, other) in
            [("eventId", json!(1)), ("attemptNumber", json!(3)), ("propertyValue", json!("x"))]
        {
            assert_eq!(said(|event| event[key] = other), first, "{key}");
        }
        for (key, other) in [
            ("subscriptionId", json!(26)),
            ("objectId", json!(7)),
            ("propertyName", json!("email")),
            ("occurredAt", json!(1)),
            ("subscriptionType", json!("contact.creation")),
        ] {
            assert_ne!(said(|event| event[key] = other)[0].event, first[0].event, "{key}");
        }
    }

    #[test]
    fn merges_and_associations_name_their_contacts_and_others_name_none() {
        let merge = said(|event| {
            event["subscriptionType"] = json!("contact.merge");
            event["primaryObjectId"] = json!(1_246_965);
            event["mergedObjectIds"] = json!([7, "8"]);
            event["newObjectId"] = json!(9);
        });
        assert_eq!(ids(&merge), ["1246965", "7", "8", "9"]);
        let associated = |kind: &str| {
            said(|event| {
                event["subscriptionType"] = json!("contact.associationChange");
                event["associationType"] = json!(kind);
                (event["fromObjectId"], event["toObjectId"]) = (json!(1), json!(2));
            })
        };
        assert_eq!(ids(&associated("CONTACT_TO_COMPANY")), ["1"]);
        assert_eq!(ids(&associated("COMPANY_TO_CONTACT")), ["2"]);
        let object = |kind: &str| {
            said(|event| {
                event["subscriptionType"] = json!("object.creation");
                event["objectTypeId"] = json!(kind);
            })
        };
        assert_eq!(ids(&object("0-1")), ["1246965"]);
        assert!(object("0-3").is_empty());
        assert!(said(|event| event["subscriptionType"] = json!("deal.creation")).is_empty());
    }

    #[test]
    fn one_that_cannot_be_read_costs_no_other() {
        let good = said(|_| {});
        let body = format!(
            r#"[7, {{"portalId":33}}, {{"portalId":33,"subscriptionType":"contact.creation","objectId":"\u0000"}}, {}]"#,
            r#"{"portalId":33,"subscriptionType":"contact.creation","objectId":5}"#
        );
        let hints = HubSpot.read(body.as_bytes());
        assert_eq!((hints.len(), ids(&hints)), (4, vec!["5"]));
        assert_eq!(hints[1].account_id.as_deref(), Some("33"));
        for body in ["", "{}", "7"] {
            assert_eq!(ids(&HubSpot.read(body.as_bytes())), Vec::<&str>::new(), "{body}");
        }
        assert!(HubSpot.read(b"[]").is_empty() && good.len() == 1);
    }
}
