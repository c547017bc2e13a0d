//! Everything the stand-in remembers, behind one lock.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::Utc;
use serde_json::{Value, json};

use super::{StripeSandbox, events::Emitted, idempotency::Kept};

/// A paid month.
const MONTH_S: i64 = 30 * 86_400;

pub(super) struct Desk {
    pub(super) url: String,
    pub(super) config: StripeSandbox,
    world: Mutex<World>,
}

#[derive(Default)]
pub(super) struct World {
    ids: u64,
    pub(super) customers: BTreeMap<String, Customer>,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) portals: BTreeMap<String, Portal>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) kept: BTreeMap<String, Kept>,
    pub(super) events: Vec<Emitted>,
    pub(super) webhook: Option<String>,
    /// Events wait until somebody delivers them.
    pub(super) holds: bool,
    /// What becomes of the next events, one each.
    pub(super) event_faults: VecDeque<String>,
    /// What becomes of the next calls of the API: `down` or milliseconds.
    pub(super) api_faults: VecDeque<Value>,
    /// Calls as they came: method, path, version, whether with an idempotency key.
    pub(super) calls: Vec<Value>,
}

pub(super) struct Customer {
    pub(super) name: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// A Checkout session.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) customer: String,
    pub(super) price: String,
    pub(super) reference: Option<String>,
    pub(super) success_url: String,
    pub(super) cancel_url: String,
    pub(super) status: &'static str,
    pub(super) subscription: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(super) struct Portal {
    pub(super) customer: String,
    pub(super) return_url: String,
    /// Where the end of the flow leads.
    pub(super) done_url: String,
    /// The only thing it is open for: the price to change to, or the end.
    pub(super) flow: Option<Flow>,
}

#[derive(Clone)]
pub(super) enum Flow {
    Change(String),
    Cancel,
}

#[derive(Clone)]
pub(super) struct Subscription {
    pub(super) customer: String,
    pub(super) item: String,
    pub(super) price: String,
    pub(super) status: String,
    pub(super) created: i64,
    pub(super) period_end: i64,
    pub(super) cancel_at: Option<i64>,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Desk {
    pub(super) fn new(url: &str, config: StripeSandbox) -> Self {
        let world = World { webhook: config.webhook.clone(), ..World::default() };
        Self { url: url.to_owned(), config, world: Mutex::new(world) }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_live(&self) -> bool {
        self.config.secret_key.contains("_live_")
    }

    pub(super) fn price_name(&self, price: &str) -> Option<&str> {
        let found = self.config.prices.iter().find(|(id, _)| id == price);
        found.map(|(_, name)| name.as_str())
    }

    pub(super) fn customer_json(&self, id: &str, one: &Customer) -> Value {
        json!({ "id": id, "object": "customer", "name": one.name, "email": null,
            "livemode": self.is_live(), "metadata": one.metadata, "created": now() })
    }

    pub(super) fn session_json(&self, id: &str, one: &Session) -> Value {
        let url = (one.status == "open").then(|| format!("{}/c/pay/{id}", self.url));
        let paid = if one.status == "complete" { "paid" } else { "unpaid" };
        json!({ "id": id, "object": "checkout.session", "mode": "subscription", "url": url,
            "status": one.status, "payment_status": paid, "customer": one.customer,
            "subscription": one.subscription, "client_reference_id": one.reference,
            "success_url": one.success_url, "cancel_url": one.cancel_url, "metadata": {},
            "livemode": self.is_live(), "created": now(), "expires_at": now() + 86_400 })
    }

    pub(super) fn subscription_json(&self, id: &str, one: &Subscription) -> Value {
        let price = json!({ "id": one.price, "object": "price", "type": "recurring",
            "nickname": self.price_name(&one.price), "livemode": self.is_live() });
        let item = json!({ "id": one.item, "object": "subscription_item", "price": price,
            "quantity": 1, "subscription": id, "current_period_start": one.created,
            "current_period_end": one.period_end, "metadata": {} });
        json!({ "id": id, "object": "subscription", "customer": one.customer,
            "status": one.status, "created": one.created, "cancel_at": one.cancel_at,
            // With flexible billing the portal notes a time instead.
            "cancel_at_period_end": false, "livemode": self.is_live(), "metadata": one.metadata,
            "items": { "object": "list", "data": [item], "has_more": false, "url": "/v1/subscription_items" } })
    }
}

impl World {
    /// `cus_000001`
    pub(super) fn id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}_{:06}", self.ids)
    }

    /// Somebody has paid at the session.
    pub(super) fn pay(&mut self, session_id: &str) -> Option<String> {
        let session = self.sessions.get(session_id).filter(|one| one.status == "open")?.clone();
        let (id, item) = (self.id("sub"), self.id("si"));
        self.subscriptions.insert(
            id.clone(),
            Subscription {
                customer: session.customer,
                item,
                price: session.price,
                status: "active".to_owned(),
                created: now(),
                period_end: now() + MONTH_S,
                cancel_at: None,
                metadata: session.metadata,
            },
        );
        let session = self.sessions.get_mut(session_id)?;
        session.status = "complete";
        session.subscription = Some(id.clone());
        Some(id)
    }

    /// Those of a customer, newest first, as lists are.
    pub(super) fn of_customer(&self, customer: &str) -> Vec<(&String, &Subscription)> {
        let mut all: Vec<_> =
            self.subscriptions.iter().filter(|(_, one)| one.customer == customer).collect();
        all.reverse();
        all
    }

    /// The one that the portal is about.
    pub(super) fn current(&self, customer: &str) -> Option<String> {
        let all = self.of_customer(customer);
        let alive = all.iter().find(|(_, one)| !one.status.starts_with("cancel"));
        alive.map(|(id, _)| (*id).clone())
    }
}

#[expect(clippy::disallowed_methods, reason = "a stranger has a clock of its own")]
pub(super) fn now() -> i64 {
    Utc::now().timestamp()
}
