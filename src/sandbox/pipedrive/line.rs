//! The line between the CRM and its callers: counts, delays and breaks what passes.

use std::{
    future, io,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::stream;
use poem::{Body, Endpoint, Request, Response, http::StatusCode};

use super::{
    super::accept::Cuts,
    api::{
        call::Refusal,
        gate::{Nowhere, header, headers, refused},
    },
    bomb,
    faults::{Fault, Kind},
    limits::Standing,
    world::Desk,
};

const CLOUDFLARE: &str = "<!DOCTYPE html><html><head><title>Access denied</title></head><body>\
    <h1>Error 1015</h1><p>You are being rate limited. This error is produced by Cloudflare.</p>\
    </body></html>";
const LOGIN: &str = "<!DOCTYPE html><html><head><title>Log in</title></head><body>\
    <h1>We will be back soon</h1></body></html>";
const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=UTF-8";

/// Everything of the CRM behind the line.
pub(super) struct Line<E> {
    pub(super) desk: Arc<Desk>,
    pub(super) crm: E,
    pub(super) cuts: Cuts,
}

impl<E: Endpoint> Endpoint for Line<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let peer = request.remote_addr().as_socket_addr().copied();
        let (fault, latency, write) = {
            let mut world = self.desk.world();
            world.counters.request(request.method().as_str(), &path);
            let fault = world.faults.hit(request.method().as_str(), &path);
            if let Some(fault) = &fault {
                world.counters.fault(fault.kind.word());
            }
            let kind = fault.as_ref().map(|fault| fault.kind.word());
            let write = world.writes.arrived(request.method().as_str(), &path, kind);
            (fault, world.latency, write)
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let begun = Instant::now();
        let mut response = match fault {
            None => self.pass(request, &path, write).await,
            Some(ref fault) if fault.applies() => {
                let own = self.pass(request, &path, write).await;
                self.instead(fault).await.unwrap_or(own)
            }
            Some(ref fault) => match self.instead(fault).await {
                Some(response) => response,
                None => spoil(self.pass(request, &path, write).await, fault).await,
            },
        };
        match (fault, peer) {
            (Some(fault), Some(peer)) if fault.cuts() => self.cuts.cut(peer),
            (Some(fault), _) if fault.loses() => {}
            _ => {
                if let Some(nth) = write {
                    self.desk.world().writes.answered(nth, response.status().as_u16());
                }
            }
        }
        {
            let counters = &mut self.desk.world().counters;
            counters.status(response.status().as_u16());
            counters.worked(begun.elapsed());
        }
        let id: [u8; 16] = rand::random();
        header(&mut response, "x-correlation-id", &hex::encode(id));
        Ok(response)
    }
}

impl<E: Endpoint> Line<E> {
    async fn pass(&self, request: Request, path: &str, write: Option<usize>) -> Response {
        let mut response = match self.crm.get_response(request).await {
            // Methods that do not exist come from the router as plain text.
            response if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
                let nowhere = if path.starts_with("/api/v2") { Nowhere::V2 } else { Nowhere::V1 };
                refused(&nowhere.refusal())
            }
            response => response,
        };
        if let Some(nth) = write.filter(|_| response.status().is_success()) {
            let body = response.take_body().into_bytes().await.unwrap_or_default();
            self.desk.world().writes.applied(nth, &body);
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
            Kind::Burst429 | Kind::Daily429 => self.over_limit(fault),
            Kind::Status5xx | Kind::Applied5xx => {
                let status = fault.status.unwrap_or(503);
                refused(&Refusal::new(status, format!("Simulated status {status}")))
            }
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

    fn over_limit(&self, fault: &Fault) -> Response {
        let (burst, daily) = {
            let limits = &self.desk.world().limits;
            (limits.burst, limits.daily)
        };
        let all_day = fault.kind == Kind::Daily429;
        let mut response = refused(&Refusal::over_limit());
        headers(
            &mut response,
            Standing {
                limit: burst,
                remaining: if all_day { burst } else { 0 },
                reset: if all_day { 0 } else { 2 },
                daily_limit: daily,
                daily_remaining: if all_day { 0 } else { daily / 2 },
            },
        );
        if let Some(seconds) = fault.retry_after {
            header(&mut response, "retry-after", &seconds.to_string());
        }
        response
    }
}

/// The CRM's answer, damaged on the way.
async fn spoil(mut response: Response, fault: &Fault) -> Response {
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
            let mut bytes = br#"{"success":false,"data":null,"additional_data":null,"#.to_vec();
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
