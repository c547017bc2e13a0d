//! Events: made when something happens, signed, and sent to the app, as faults have it.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::{
    super::stage::post,
    world::{Desk, World, now},
};

const PATIENCE: Duration = Duration::from_secs(10);
/// Repeats of an event that was not taken; the real ones go on for three days.
const REPEATS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// How late a late one is.
const LATE: Duration = Duration::from_secs(3);

/// An event and what the app answered each time; none where there was no answer.
pub(super) struct Emitted {
    pub(super) event: Value,
    pub(super) answers: Vec<Option<u16>>,
}

/// Something has happened; the app is told, now or when somebody says so.
pub(super) fn emit(desk: &Arc<Desk>, world: &mut World, kind: &str, object: &Value) {
    let id = world.id("evt");
    let event = json!({ "id": id, "object": "event", "type": kind, "livemode": desk.is_live(),
        "created": now(), "api_version": "2026-10-28.endive", "pending_webhooks": 1,
        "request": { "id": null, "idempotency_key": null }, "data": { "object": object } });
    let at = world.events.len();
    world.events.push(Emitted { event, answers: Vec::new() });
    if world.holds || world.webhook.is_none() {
        return;
    }
    let fault = world.event_faults.pop_front().unwrap_or_default();
    let desk = Arc::clone(desk);
    #[expect(clippy::disallowed_methods, reason = "a stand-in is a development server")]
    tokio::spawn(async move {
        match fault.as_str() {
            "lost" => return,
            "late" => tokio::time::sleep(LATE).await,
            "forged" => {
                deliver(&desk, at, Some("whsec_of_somebody_else")).await;
                return;
            }
            "duplicate" => {
                deliver(&desk, at, None).await;
            }
            _ => {}
        }
        let mut pause = FIRST_PAUSE;
        for _ in 0..REPEATS {
            if deliver(&desk, at, None).await.is_some_and(|status| (200..300).contains(&status)) {
                return;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    });
}

/// Sends one, signed with our secret or another; what the app answered.
pub(super) async fn deliver(desk: &Arc<Desk>, at: usize, secret: Option<&str>) -> Option<u16> {
    let (body, to) = {
        let world = desk.world();
        (world.events.get(at)?.event.to_string(), world.webhook.clone()?)
    };
    let secret = secret.unwrap_or(&desk.config.webhook_secret);
    let signature = sign(secret, now(), &body);
    let to = Url::parse(&to).ok()?;
    let headers =
        [("Stripe-Signature", signature), ("User-Agent", "Stripe/1.0 (stand-in)".to_owned())];
    let call = post::tell("POST", &to, &headers, &body);
    let answered = tokio::time::timeout(PATIENCE, call).await.ok().and_then(Result::ok);
    if let Some(emitted) = desk.world().events.get_mut(at) {
        emitted.answers.push(answered);
    }
    answered
}

fn sign(secret: &str, at: i64, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={},v0={}", hex::encode(mac.finalize().into_bytes()), "0".repeat(64))
}
