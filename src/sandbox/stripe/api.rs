//! `/v1/`: the calls, form-encoded as the real ones.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{Endpoint, Request, Response, http::StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    events, idempotency,
    world::{Customer, Desk, Flow, Portal, Session, World},
};

pub(super) struct Api(pub(super) Arc<Desk>);

type Form = BTreeMap<String, String>;
type Outcome = Result<Value, (StatusCode, Value)>;

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(1 << 20).await?;
        let path = request.uri().path().to_owned();
        let key = request.header("idempotency-key").map(str::to_owned);
        let fault = {
            let mut world = self.0.world();
            world.calls.push(json!({ "method": request.method().as_str(), "path": path,
                "version": request.header("stripe-version"), "key": key }));
            world.api_faults.pop_front()
        };
        match fault {
            Some(Value::Number(ms)) => {
                tokio::time::sleep(Duration::from_millis(ms.as_u64().unwrap_or(0))).await;
            }
            Some(_) => {
                let error = json!({ "type": "api_error", "message": "An error on our side." });
                return Ok(answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": error })));
            }
            None => {}
        }
        if !self.knows(&request) {
            // The real message shows part of the key.
            let error = json!({ "type": "invalid_request_error",
                "message": "Invalid API Key provided: sk_test_********" });
            return Ok(answer(StatusCode::UNAUTHORIZED, &json!({ "error": error })));
        }
        let sent = if request.method() == "GET" {
            request.uri().query().unwrap_or_default().as_bytes().to_vec()
        } else {
            body.to_vec()
        };
        let form: Form = form_urlencoded::parse(&sent).into_owned().collect();
        let mut world = self.0.world();
        let asked = format!("{path}?{}", String::from_utf8_lossy(&sent));
        let key = key.filter(|_| request.method() == "POST");
        if let Some(known) = key.as_ref().and_then(|key| idempotency::replay(&world, key, &asked)) {
            return Ok(answer(known.0, &known.1));
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let outcome = self.run(&mut world, (request.method().as_str(), &parts), &form);
        let (status, value) = match outcome {
            Ok(value) => (StatusCode::OK, value),
            Err((status, error)) => (status, json!({ "error": error })),
        };
        if let Some(key) = key {
            idempotency::keep(&mut world, &key, asked, status, &value);
        }
        Ok(answer(status, &value))
    }
}

impl Api {
    /// Bearer, or Basic with the key as the user.
    fn knows(&self, request: &Request) -> bool {
        let Some((scheme, given)) =
            request.header("authorization").and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        let key = self.0.config.secret_key.as_str();
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => given == key,
            "basic" => {
                STANDARD.decode(given).is_ok_and(|pair| pair == format!("{key}:").as_bytes())
            }
            _ => false,
        }
    }

    fn run(&self, world: &mut World, asked: (&str, &[&str]), form: &Form) -> Outcome {
        match asked {
            ("POST", ["customers"]) => {
                let id = world.id("cus");
                let one = Customer {
                    name: form.get("name").cloned(),
                    metadata: metadata(form, "metadata"),
                };
                let json = self.0.customer_json(&id, &one);
                world.customers.insert(id, one);
                Ok(json)
            }
            ("GET", ["customers", id]) => {
                let one = world.customers.get(*id).ok_or_else(|| missing("customer", id))?;
                Ok(self.0.customer_json(id, one))
            }
            ("POST", ["checkout", "sessions"]) => self.create_session(world, form),
            ("GET", ["checkout", "sessions", id]) => {
                let one = world.sessions.get(*id).ok_or_else(|| missing("checkout.session", id))?;
                Ok(self.0.session_json(id, one))
            }
            ("POST", ["checkout", "sessions", id, "expire"]) => {
                let one =
                    world.sessions.get_mut(*id).ok_or_else(|| missing("checkout.session", id))?;
                if one.status != "open" {
                    return Err(bad(
                        "Only Checkout Sessions with a status in [\"open\"] can be expired.",
                        "",
                    ));
                }
                one.status = "expired";
                let json = self.0.session_json(id, one);
                events::emit(&self.0, world, "checkout.session.expired", &json);
                Ok(json)
            }
            ("POST", ["billing_portal", "sessions"]) => self.create_portal(world, form),
            ("GET", ["subscriptions"]) => self.list(world, form),
            ("GET", ["subscriptions", id]) => {
                let one =
                    world.subscriptions.get(*id).ok_or_else(|| missing("subscription", id))?;
                Ok(self.0.subscription_json(id, one))
            }
            _ => Err((
                StatusCode::NOT_FOUND,
                json!({ "type": "invalid_request_error",
                "message": "Unrecognized request URL" }),
            )),
        }
    }

    fn create_session(&self, world: &mut World, form: &Form) -> Outcome {
        let text = |name: &str| {
            form.get(name).cloned().ok_or_else(|| bad("Missing required param.", name))
        };
        if text("mode")? != "subscription" {
            return Err(bad("This stand-in sells subscriptions only.", "mode"));
        }
        let (customer, price) = (text("customer")?, text("line_items[0][price]")?);
        if !world.customers.contains_key(&customer) {
            return Err(missing("customer", &customer));
        }
        if self.0.price_name(&price).is_none() {
            return Err(missing("price", &price));
        }
        let one = Session {
            customer,
            price,
            reference: form.get("client_reference_id").cloned(),
            success_url: text("success_url")?,
            cancel_url: text("cancel_url")?,
            status: "open",
            subscription: None,
            metadata: metadata(form, "subscription_data[metadata]"),
        };
        let id = world.id("cs_test");
        let json = self.0.session_json(&id, &one);
        world.sessions.insert(id, one);
        Ok(json)
    }

    fn create_portal(&self, world: &mut World, form: &Form) -> Outcome {
        let customer = form.get("customer").cloned().unwrap_or_default();
        if !world.customers.contains_key(&customer) {
            return Err(missing("customer", &customer));
        }
        let named = |flow: &str| {
            let id = form.get(&format!("flow_data[{flow}][subscription]"));
            let one = id.and_then(|id| world.subscriptions.get(id));
            one.filter(|one| one.customer == customer)
                .ok_or_else(|| bad("No such subscription of this customer.", flow))
        };
        let flow = match form.get("flow_data[type]").map(String::as_str) {
            Some("subscription_update_confirm") => {
                let item = "flow_data[subscription_update_confirm][items][0]";
                let price = form.get(&format!("{item}[price]")).cloned().unwrap_or_default();
                let one = named("subscription_update_confirm")?;
                if self.0.price_name(&price).is_none()
                    || form.get(&format!("{item}[id]")) != Some(&one.item)
                {
                    return Err(bad("No such price or item.", item));
                }
                if one.price == price {
                    return Err(bad("There is nothing to change.", item));
                }
                Some(Flow::Change(price))
            }
            Some("subscription_cancel") => {
                if named("subscription_cancel")?.cancel_at.is_some() {
                    return Err(bad(
                        "The subscription is already set to be canceled.",
                        "flow_data",
                    ));
                }
                Some(Flow::Cancel)
            }
            _ => None,
        };
        let return_url = form.get("return_url").cloned().unwrap_or_default();
        let id = world.id("bps");
        let json = json!({ "id": id, "object": "billing_portal.session", "customer": customer,
            "return_url": return_url, "livemode": self.0.is_live(),
            "url": format!("{}/p/session/{id}", self.0.url) });
        let done = "flow_data[after_completion][redirect][return_url]";
        let done_url = form.get(done).unwrap_or(&return_url).clone();
        world.portals.insert(id, Portal { customer, return_url, done_url, flow });
        Ok(json)
    }

    fn list(&self, world: &World, form: &Form) -> Outcome {
        let customer = form.get("customer").cloned().unwrap_or_default();
        if !world.customers.contains_key(&customer) {
            return Err(missing("customer", &customer));
        }
        let limit = form.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
        let status = form.get("status").map_or("", String::as_str);
        let wanted = |status_of: &str| match status {
            "all" => true,
            "" => status_of != "canceled",
            one => one == status_of,
        };
        let after = form.get("starting_after");
        let all: Vec<Value> = world
            .of_customer(&customer)
            .into_iter()
            .filter(|(id, one)| wanted(&one.status) && after.is_none_or(|after| *id < after))
            .map(|(id, one)| self.0.subscription_json(id, one))
            .collect();
        let page: Vec<&Value> = all.iter().take(limit).collect();
        Ok(json!({ "object": "list", "url": "/v1/subscriptions", "has_more": all.len() > limit,
            "data": page }))
    }
}

fn metadata(form: &Form, prefix: &str) -> BTreeMap<String, String> {
    let inner = |name: &String| {
        let name = name.strip_prefix(prefix)?.strip_prefix('[')?.strip_suffix(']')?;
        Some(name.to_owned())
    };
    form.iter().filter_map(|(name, value)| Some((inner(name)?, value.clone()))).collect()
}

fn missing(what: &str, id: &str) -> (StatusCode, Value) {
    (
        StatusCode::NOT_FOUND,
        json!({ "type": "invalid_request_error", "code": "resource_missing",
        "param": what, "message": format!("No such {what}: '{id}'") }),
    )
}

fn bad(message: &str, param: &str) -> (StatusCode, Value) {
    (
        StatusCode::BAD_REQUEST,
        json!({ "type": "invalid_request_error", "param": param,
        "message": message }),
    )
}

fn answer(status: StatusCode, value: &Value) -> Response {
    Response::builder()
        .status(status)
        .header("request-id", "req_sandbox")
        .content_type("application/json")
        .body(value.to_string())
}
