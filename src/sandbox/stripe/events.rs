//! Events: made when something happens, signed, and sent to the app, as faults have it.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use url::Url;

use super::world::{Desk, World, now};

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
    let answered = tokio::time::timeout(PATIENCE, tell(&to, &signature, &body)).await;
    let answered = answered.ok().and_then(Result::ok);
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

/// By hand, and without TLS: the stand-in calls apps on this machine only.
async fn tell(to: &str, signature: &str, body: &str) -> std::io::Result<u16> {
    let unfit = || std::io::Error::other("only plain http can be called from here");
    let url = Url::parse(to).ok().filter(|url| url.scheme() == "http").ok_or_else(unfit)?;
    let host = url.host_str().ok_or_else(unfit)?;
    let port = url.port_or_known_default().ok_or_else(unfit)?;
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {host}:{port}\r\nStripe-Signature: {signature}\r\n\
         User-Agent: Stripe/1.0 (stand-in)\r\nContent-Type: application/json; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        url.path(),
        body.len(),
    );
    let mut app = TcpStream::connect((host, port)).await?;
    app.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    app.read_exact(&mut head).await?;
    // `HTTP/1.1 204`
    let status = std::str::from_utf8(&head[9..]).ok().and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("the answer is no HTTP"))
}
