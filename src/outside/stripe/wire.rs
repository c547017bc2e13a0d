//! Stripe's JSON, as far as it decides something. Timestamps are seconds since 1970.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// An event as its webhook brings it. A hint and no more: what it says of an object is not used.
#[derive(Debug, Deserialize)]
pub struct Event {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub livemode: bool,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub created: DateTime<Utc>,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: Value,
}

impl Event {
    /// Read after its signature was verified.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let event: Self = serde_json::from_slice(body).ok()?;
        let fits = |text: &str| (1..=255).contains(&text.len());
        (fits(&event.id) && fits(&event.kind)).then_some(event)
    }

    /// Whose affair it is, by Stripe's id.
    pub fn customer(&self) -> Option<&str> {
        let object = &self.data.object;
        if object["object"] == "customer" {
            return object["id"].as_str();
        }
        // Expanded, it is the whole customer.
        object["customer"].as_str().or_else(|| object["customer"]["id"].as_str())
    }
}

/// A page of a list.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) url: Option<String>,
    /// Of a Checkout session: `open`, `complete` or `expired`.
    pub(super) status: Option<String>,
}

/// What went wrong, without the message.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Failure {
    #[serde(default)]
    pub(super) error: FailureCause,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct FailureCause {
    pub(super) code: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) param: Option<String>,
}

/// A subscription as the API has it now.
#[derive(Debug, Clone, Deserialize)]
pub struct Subscription {
    pub id: String,
    pub status: String,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub created: DateTime<Utc>,
    #[serde(default, with = "chrono::serde::ts_seconds_option")]
    cancel_at: Option<DateTime<Utc>>,
    #[serde(default)]
    cancel_at_period_end: bool,
    items: List<Item>,
}

#[derive(Debug, Clone, Deserialize)]
struct Item {
    id: String,
    price: Price,
    #[serde(default, with = "chrono::serde::ts_seconds_option")]
    current_period_end: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Price {
    id: String,
}

impl Subscription {
    /// We sell one price per subscription; of several the first is the plan's.
    fn item(&self) -> Option<&Item> {
        self.items.data.first()
    }

    pub fn item_id(&self) -> Option<&str> {
        self.item().map(|item| item.id.as_str())
    }

    pub fn price_id(&self) -> Option<&str> {
        self.item().map(|item| item.price.id.as_str())
    }

    pub fn period_end(&self) -> Option<DateTime<Utc>> {
        self.item().and_then(|item| item.current_period_end)
    }

    /// When it ends, if somebody has ended it: the portal notes a time, older versions only a wish.
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.cancel_at.or_else(|| self.period_end().filter(|_| self.cancel_at_period_end))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(object: &Value) -> Option<Event> {
        let body = json!({ "id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1,
            "livemode": false, "api_version": null, "data": { "object": object } });
        Event::parse(body.to_string().as_bytes())
    }

    #[test]
    fn the_customer_is_found_however_it_is_written() {
        for object in [
            json!({ "object": "subscription", "customer": "cus_1" }),
            json!({ "object": "invoice", "customer": { "id": "cus_1", "object": "customer" } }),
            json!({ "object": "customer", "id": "cus_1" }),
        ] {
            assert_eq!(event(&object).unwrap().customer(), Some("cus_1"));
        }
        for object in [json!({}), json!(null), json!([1]), json!({ "customer": 7 })] {
            assert_eq!(event(&object).unwrap().customer(), None, "{object}");
        }
    }

    #[test]
    fn what_is_no_event_is_none() {
        for body in ["", "{}", "[]", "null", r#"{"id":"evt_1"}"#, "{\"id\":"] {
            assert!(Event::parse(body.as_bytes()).is_none(), "{body}");
        }
        let long = json!({ "id": "e".repeat(256), "type": "x", "created": 1, "livemode": false,
            "data": { "object": {} } });
        assert!(Event::parse(long.to_string().as_bytes()).is_none());
    }

    #[test]
    fn a_subscription_ends_when_it_was_told_to() {
        let read = |more: Value| -> Subscription {
            let mut whole = json!({ "id": "sub_1", "status": "active", "created": 1, "items":
                { "data": [{ "id": "si_1", "price": { "id": "price_1" }, "current_period_end": 90 }] } });
            whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value(whole).unwrap()
        };
        let at = |one: &Subscription| one.ends_at().map(|at| at.timestamp());
        assert_eq!(at(&read(json!({}))), None);
        assert_eq!(at(&read(json!({ "cancel_at": 70 }))), Some(70));
        assert_eq!(at(&read(json!({ "cancel_at": null, "cancel_at_period_end": true }))), Some(90));
        let one = read(json!({}));
        assert_eq!((one.item_id(), one.price_id()), (Some("si_1"), Some("price_1")));
        assert_eq!(one.period_end().map(|at| at.timestamp()), Some(90));
    }
}
