//! The one HTTP client for CRMs.
//!
//! No redirects, no proxy from the environment, no private addresses, bounded time and size.

use std::{
    net::IpAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use reqwest::{
    StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, HeaderMap},
    redirect,
};

use super::endpoints::is_loopback;

/// Counted after inflation, so that a small answer cannot grow without bound in memory.
/// 500 records of 10 KiB each are 5 MiB.
const MAX_BODY: usize = 16 * 1024 * 1024;
const CONNECT: Duration = Duration::from_secs(5);
const TOTAL: Duration = Duration::from_secs(30);
/// A machine that was stopped for longer has lost its connections anyway.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);
/// Patience is cut into that many: a sleep of the process uses up one of them.
const TICKS: u32 = 20;

/// Cheap to clone; all clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    plain_loopback: bool,
    total: Duration,
    /// Counts only time that the process was awake, up to that much.
    awake: Option<Duration>,
}

/// A complete answer. `body` is inflated.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// When its head was here.
    pub began: Instant,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAnswer {
    Forbidden,
    Connect,
    Timeout,
    /// The answer broke off, or its length or encoding was wrong.
    Broken,
    TooLarge,
}

impl NoAnswer {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Forbidden => "the address is not allowed",
            Self::Connect => "no connection",
            Self::Timeout => "no answer in time",
            Self::Broken => "the answer broke off",
            Self::TooLarge => "the answer is larger than 16 MiB",
        }
    }
}

impl Http {
    /// For real providers: TLS only, public addresses only.
    pub fn production() -> Self {
        Self::build(false, TOTAL)
    }

    /// For development: also plain http to loopback.
    pub fn with_plain_loopback() -> Self {
        Self::build(true, TOTAL)
    }

    /// The same with a shorter total time, so that a test of a silent provider does not last.
    pub fn with_timeout(plain_loopback: bool, total: Duration) -> Self {
        Self::build(plain_loopback, total)
    }

    fn build(plain_loopback: bool, total: Duration) -> Self {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("Tandem/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // Retries are ours, so that each is counted against the budget.
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(total)
            .https_only(!plain_loopback);
        if !plain_loopback {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        let client = builder.build().expect("the TLS provider is compiled in");
        Self { client, plain_loopback, total, awake: None }
    }

    /// The same client with a patience that a stopped and woken process has not used up: what was
    /// answered meanwhile, which may be the only valid token, is read before the time is looked at.
    #[must_use]
    pub fn awake_for(&self, patience: Duration) -> Self {
        Self { awake: Some(patience.min(self.total)), ..self.clone() }
    }

    pub(super) async fn execute(&self, mut request: reqwest::Request) -> Result<Answer, NoAnswer> {
        let url = request.url();
        if url.scheme() != "https" && !(self.plain_loopback && is_loopback(url)) {
            return Err(NoAnswer::Forbidden);
        }
        let Some(patience) = self.awake else { return self.exchange(request).await };
        *request.timeout_mut() = Some(LONGEST_SLEEP);
        let mut exchange = pin!(self.exchange(request));
        for _ in 0..TICKS {
            tokio::select! {
                biased;
                answer = &mut exchange => return answer,
                () = tokio::time::sleep(patience / TICKS) => {}
            }
        }
        Err(NoAnswer::Timeout)
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<Answer, NoAnswer> {
        let mut response = self.client.execute(request).await.map_err(|error| no_answer(&error))?;
        let began = Instant::now();
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(NoAnswer::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze(), began })
    }
}

impl Answer {
    /// A web page where data was expected: an edge server or a maintenance sign is speaking.
    pub(super) fn is_html(&self) -> bool {
        let kind = self.content_type();
        if !kind.is_empty() {
            return kind.starts_with("text/html") || kind.starts_with("application/xhtml");
        }
        self.body.trim_ascii_start().starts_with(b"<")
    }

    pub(super) fn is_json(&self) -> bool {
        let kind = self.content_type();
        kind.starts_with("application/json") || kind.contains("+json")
    }

    fn content_type(&self) -> String {
        let raw = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        raw.unwrap_or_default().trim().to_ascii_lowercase()
    }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    if error.is_connect() {
        NoAnswer::Connect
    } else if error.is_timeout() {
        NoAnswer::Timeout
    } else {
        NoAnswer::Broken
    }
}

/// Refuses names that resolve into our own network (SSRF, DNS rebinding).
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<_> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address lies on the public internet (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(ip) => {
            if let Some(mapped) = ip.to_ipv4_mapped() {
                return is_public(IpAddr::V4(mapped));
            }
            let first = ip.segments()[0];
            // Only 2000::/3 is handed out; of it, refuse documentation, 6to4 and Teredo, which
            // can carry a private IPv4 address inside.
            (first & 0xe000) == 0x2000
                && first != 0x2002
                && !(first == 0x2001 && matches!(ip.segments()[1], 0 | 0x0db8))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_spoken_to() {
        for public in ["1.1.1.1", "104.18.0.1", "2606:4700::1111"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inner in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:0a00:0001::",
            "2001:db8::1",
        ] {
            assert!(!is_public(inner.parse().unwrap()), "{inner}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_refused() {
        let request = reqwest::Request::new(
            reqwest::Method::GET,
            url::Url::parse("https://localhost:9/").unwrap(),
        );
        assert_eq!(Http::production().execute(request).await.unwrap_err(), NoAnswer::Connect);
    }

    #[tokio::test]
    async fn plain_http_leaves_only_to_loopback_and_only_in_development() {
        let to =
            |raw: &str| reqwest::Request::new(reqwest::Method::GET, url::Url::parse(raw).unwrap());
        let (real, development) = (Http::production(), Http::with_plain_loopback());
        let forbidden = Some(NoAnswer::Forbidden);
        assert_eq!(real.execute(to("http://127.0.0.1:9/")).await.err(), forbidden);
        assert_eq!(development.execute(to("http://192.0.2.1/")).await.err(), forbidden);
    }
}
