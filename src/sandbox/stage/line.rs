//! The line between the CRM and its callers: counts, delays and breaks what passes.

use std::{
    future, io,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::stream;
use poem::{Body, Endpoint, Request, Response, http::StatusCode};
use serde_json::Value;

use super::{
    super::accept::Cuts,
    Crm, bomb,
    faults::{Fault, Kind},
    header,
};

const CLOUDFLARE: &str = "<!DOCTYPE html><html><head><title>Access denied</title></head><body>\
    <h1>Error 1015</h1><p>You are being rate limited. This error is produced by Cloudflare.</p>\
    </body></html>";
const LOGIN: &str = "<!DOCTYPE html><html><head><title>Log in</title></head><body>\
    <h1>We will be back soon</h1></body></html>";
const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=UTF-8";

/// Everything of a CRM (`routes`) behind the line.
pub(crate) struct Line<C, E> {
    pub(crate) crm: Arc<C>,
    pub(crate) routes: E,
    pub(crate) cuts: Cuts,
}

impl<C: Crm, E: Endpoint> Endpoint for Line<C, E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let peer = request.remote_addr().as_socket_addr().copied();
        let wants_change = self.crm.wants_change(request.method(), &path);
        let (fault, latency, write) = self.crm.backstage(|stage| {
            stage.counters.request(request.method().as_str(), &path);
            let fault = stage.faults.hit(request.method().as_str(), &path);
            if let Some(fault) = &fault {
                stage.counters.fault(fault.kind.word());
            }
            let kind = fault.as_ref().map(|fault| fault.kind.word());
            let write =
                wants_change.then(|| stage.writes.arrived(request.method().as_str(), &path, kind));
            (fault, stage.latency, write)
        });
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let begun = Instant::now();
        let mut sent = 0;
        let mut response = match fault {
            None => {
                let mut response = self.pass(request, &path, write).await;
                let body = response.take_body().into_bytes().await.unwrap_or_default();
                sent = body.len();
                response.set_body(body);
                response
            }
            Some(ref fault) if fault.applies() => {
                let own = self.pass(request, &path, write).await;
                self.instead(fault).await.unwrap_or(own)
            }
            Some(ref fault) => match self.instead(fault).await {
                Some(response) => response,
                None => {
                    spoil(self.pass(request, &path, write).await, fault, self.crm.twice()).await
                }
            },
        };
        match (fault, peer) {
            (Some(fault), Some(peer)) if fault.cuts() => self.cuts.cut(peer),
            (Some(fault), _) if fault.loses() => {}
            _ => {
                if let Some(nth) = write {
                    let status = response.status().as_u16();
                    self.crm.backstage(|stage| stage.writes.answered(nth, status));
                }
            }
        }
        self.crm.backstage(|stage| {
            stage.counters.status(response.status().as_u16());
            stage.counters.worked(begun.elapsed());
            stage.counters.sent(sent);
        });
        self.crm.stamp(&mut response);
        Ok(response)
    }
}

impl<C: Crm, E: Endpoint> Line<C, E> {
    async fn pass(&self, request: Request, path: &str, write: Option<usize>) -> Response {
        let mut response = self.routes.get_response(request).await;
        // Methods that do not exist come from the router as plain text.
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response = self.crm.nowhere(path);
        }
        if let Some(nth) = write.filter(|_| response.status().is_success()) {
            let body = response.take_body().into_bytes().await.unwrap_or_default();
            let said: Value = serde_json::from_slice(&body).unwrap_or_default();
            let ids = self.crm.all_made(&said);
            self.crm.backstage(|stage| stage.writes.applied(nth, ids));
            response.set_body(body);
        }
        response
    }

    /// What is said without asking the CRM.
    async fn instead(&self, fault: &Fault) -> Option<Response> {
        let html = |status: StatusCode, page: &'static str| {
            Response::builder().status(status).content_type(HTML).body(page)
        };
        let response = match fault.kind {
            Kind::Burst429 | Kind::Daily429 => self.crm.over_limit(fault),
            Kind::Status5xx | Kind::Applied5xx => self.crm.failing(fault.status.unwrap_or(503)),
            Kind::Timeout | Kind::AppliedTimeout => future::pending().await,
            // What is said does not get through.
            Kind::Reset | Kind::AppliedReset => Response::default(),
            Kind::Html403 => html(StatusCode::FORBIDDEN, CLOUDFLARE),
            Kind::Html200 => html(StatusCode::OK, LOGIN),
            Kind::EmptyJson => Response::builder().content_type(JSON).body("{}"),
            Kind::GzipBomb => bomb::response(fault.bytes.unwrap_or(1 << 30)),
            Kind::Redirect => {
                let location = fault.location.as_deref().unwrap_or("https://evil.example/");
                Response::builder().status(StatusCode::FOUND).header("location", location).finish()
            }
            Kind::SlowMs => {
                tokio::time::sleep(fault.delay()).await;
                return None;
            }
            Kind::HalfAnswer | Kind::WrongLength | Kind::InvalidUtf8 | Kind::DuplicateKeys => {
                return None;
            }
        };
        Some(response)
    }
}

/// The CRM's answer, damaged on the way; `twice` are keys of its answers, said a second time.
async fn spoil(mut response: Response, fault: &Fault, twice: &'static str) -> Response {
    let body = response.take_body().into_bytes().await.unwrap_or_default();
    let half = body.len() / 2;
    match fault.kind {
        Kind::HalfAnswer => {
            header(&mut response, "content-length", &body.len().to_string());
            let start: io::Result<Bytes> = Ok(body.slice(..half));
            response.set_body(Body::from_bytes_stream(stream::unfold(Some(start), cut)));
        }
        Kind::WrongLength => response.set_body(body.slice(..half)),
        Kind::InvalidUtf8 => {
            // Inside the first string value, where a lossy reader would not notice.
            let mut bytes = body.to_vec();
            let at = bytes.windows(3).position(|part| part == b"\":\"").map_or(half, |at| at + 3);
            bytes.splice(at..at, [0xff, 0xfe]);
            response.set_body(bytes);
        }
        Kind::DuplicateKeys => {
            let mut bytes = format!("{{{twice}").into_bytes();
            bytes.extend_from_slice(body.get(1..).unwrap_or_default());
            response.set_body(bytes);
        }
        _ => response.set_body(body),
    }
    response
}

/// Sends the start, gives it time to arrive, then breaks off.
async fn cut(
    start: Option<io::Result<Bytes>>,
) -> Option<(io::Result<Bytes>, Option<io::Result<Bytes>>)> {
    match start {
        Some(start @ Ok(_)) => Some((start, Some(Err(io::Error::other("cut"))))),
        Some(error) => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((error, None))
        }
        None => None,
    }
}
