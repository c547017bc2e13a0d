//! `/__sandbox/`: the control plane. Nothing here exists at the real Stripe.
//!
//! | call | body | does |
//! |---|---|---|
//! | `POST /webhook` | `{"url"}` | where events go |
//! | `POST /hold` | `{"on": true}` | events wait for `/deliver` |
//! | `POST /deliver` | `{"events": [2, 0], "secret"?}` | sends these, in this order; without `events` all; `{"answers"}` |
//! | `POST /faults` | `{"events": ["lost" or "late" or "forged" or "duplicate"], "api": ["down", 1500]}` | what becomes of the next events and calls, one each; a number is a delay in ms |
//! | `POST /pay` | `{"session"}` | pays as on the page |
//! | `POST /subscription` | `{"id", "status"?, "price"?, "cancel_at"?}` | changes it, and tells |
//! | `POST /subscribe` | `{"customer", "price"}` | as somebody does in Stripe's dashboard |
//! | `GET /truth` | | everything that was made, and what came of each event |

use std::{collections::BTreeMap, sync::Arc};

use poem::{Endpoint, Request, Response, http::StatusCode};
use serde_json::{Value, json};

use super::{
    events,
    world::{Desk, Session, World},
};

pub(super) struct Control(pub(super) Arc<Desk>);

impl Endpoint for Control {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(1 << 20).await?;
        let given: Value = serde_json::from_slice(&body).unwrap_or_default();
        let path = request.uri().path().to_owned();
        let outcome = if path == "/deliver" {
            Some(self.deliver(&given).await)
        } else {
            self.run(request.method().as_str(), &path, &given)
        };
        let (status, value) = match outcome {
            Some(value) => (StatusCode::OK, value),
            None => (StatusCode::BAD_REQUEST, json!({ "error": "no such call, or nothing to do" })),
        };
        Ok(Response::builder()
            .status(status)
            .content_type("application/json")
            .body(value.to_string()))
    }
}

impl Control {
    async fn deliver(&self, given: &Value) -> Value {
        let all = self.0.world().events.len();
        let events: Vec<usize> = match given["events"].as_array() {
            Some(named) => {
                named.iter().filter_map(|at| usize::try_from(at.as_u64()?).ok()).collect()
            }
            None => (0..all).collect(),
        };
        let mut answers = Vec::new();
        for at in events {
            answers.push(events::deliver(&self.0, at, given["secret"].as_str()).await);
        }
        json!({ "answers": answers })
    }

    fn run(&self, method: &str, path: &str, given: &Value) -> Option<Value> {
        let mut world = self.0.world();
        let text = |name: &str| given[name].as_str().map(str::to_owned);
        match (method, path) {
            ("POST", "/webhook") => world.webhook = text("url"),
            ("POST", "/hold") => world.holds = given["on"].as_bool()?,
            ("POST", "/faults") => {
                let list = |name: &str| given[name].as_array().cloned().unwrap_or_default();
                let words =
                    list("events").into_iter().filter_map(|one| Some(one.as_str()?.to_owned()));
                world.event_faults.extend(words);
                world.api_faults.extend(list("api"));
            }
            ("POST", "/pay") => {
                let id = text("session")?;
                return Some(json!({ "subscription": pay(&self.0, &mut world, &id)? }));
            }
            ("POST", "/subscription") => {
                let id = text("id")?;
                change(&self.0, &mut world, &id, given)?;
            }
            ("POST", "/subscribe") => {
                let (customer, price) = (text("customer")?, text("price")?);
                let session = Session {
                    customer,
                    price,
                    reference: None,
                    success_url: String::new(),
                    cancel_url: String::new(),
                    status: "open",
                    subscription: None,
                    metadata: BTreeMap::new(),
                };
                let id = world.id("cs_dashboard");
                world.sessions.insert(id.clone(), session);
                return Some(json!({ "subscription": pay(&self.0, &mut world, &id)? }));
            }
            ("GET", "/truth") => return Some(self.truth(&world)),
            _ => return None,
        }
        Some(json!({}))
    }

    fn truth(&self, world: &World) -> Value {
        let desk = &self.0;
        let events: Vec<Value> = world
            .events
            .iter()
            .map(|one| json!({ "id": one.event["id"], "type": one.event["type"], "answers": one.answers }))
            .collect();
        json!({
            "customers": world.customers.iter().map(|(id, one)| desk.customer_json(id, one)).collect::<Vec<_>>(),
            "sessions": world.sessions.iter().map(|(id, one)| desk.session_json(id, one)).collect::<Vec<_>>(),
            "subscriptions":
                world.subscriptions.iter().map(|(id, one)| desk.subscription_json(id, one)).collect::<Vec<_>>(),
            "events": events,
            "calls": world.calls,
        })
    }
}

/// Pays, and tells of it in the order in which Stripe does.
pub(super) fn pay(desk: &Arc<Desk>, world: &mut World, session_id: &str) -> Option<String> {
    let id = world.pay(session_id)?;
    let subscription = desk.subscription_json(&id, &world.subscriptions[&id]);
    let session = desk.session_json(session_id, &world.sessions[session_id]);
    events::emit(desk, world, "customer.subscription.created", &subscription);
    events::emit(desk, world, "checkout.session.completed", &session);
    Some(id)
}

/// Changes a subscription, and tells of it.
pub(super) fn change(desk: &Arc<Desk>, world: &mut World, id: &str, to: &Value) -> Option<()> {
    let one = world.subscriptions.get_mut(id)?;
    if let Some(status) = to["status"].as_str() {
        status.clone_into(&mut one.status);
    }
    if let Some(price) = to["price"].as_str() {
        price.clone_into(&mut one.price);
    }
    if let Some(at) = to.get("cancel_at") {
        one.cancel_at = at.as_i64();
    }
    let ended = one.status == "canceled";
    let json = desk.subscription_json(id, &world.subscriptions[id]);
    let kind = if ended { "deleted" } else { "updated" };
    events::emit(desk, world, &format!("customer.subscription.{kind}"), &json);
    Some(())
}
