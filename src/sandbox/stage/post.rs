//! Events on their way to apps: sent beside the requests that cause them, tried again when they are not
//! taken, and remembered for tests.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
};
use url::Url;

/// How long the strictest of the vendors waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The vendors try for minutes or hours; here it is over in seconds.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];
/// Calls on their way at once.
const AT_ONCE: usize = 8;
/// More that wait are lost, as with a vendor who has given an address up.
const MOST_WAITING: usize = 5_000;
/// Calls that are remembered.
const KEPT: usize = 500;

/// One call of an app, as it is made at each attempt: headers and body.
type Make = dyn Fn(u32) -> (Vec<(&'static str, String)>, String) + Send + Sync;

pub(crate) struct Letter {
    pub(crate) to: Url,
    pub(crate) make: Box<Make>,
}

/// Of one stand-in.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    sent: Arc<Mutex<VecDeque<Value>>>,
}

impl Default for Post {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            sent: Arc::default(),
        }
    }
}

impl Post {
    /// Sends it as soon as there is a place; nobody waits for it.
    pub(crate) fn send(&self, letter: Letter) {
        let Ok(waiting) = Arc::clone(&self.waiting).try_acquire_owned() else { return };
        let post = self.clone();
        #[expect(clippy::disallowed_methods, reason = "a stand-in is a development server")]
        tokio::spawn(async move {
            post.deliver(&letter).await;
            drop(waiting);
        });
    }

    async fn deliver(&self, letter: &Letter) {
        for (attempt, pause) in (1..).zip(PAUSES.iter().map(Some).chain([None])) {
            let Ok(place) = self.places.acquire().await else { return };
            let (headers, body) = (letter.make)(attempt);
            let told =
                tokio::time::timeout(PATIENCE, tell("POST", &letter.to, &headers, &body)).await;
            drop(place);
            let status = told.ok().and_then(Result::ok);
            self.note(&letter.to, attempt, status, &headers, &body);
            if status.is_some_and(|status| (200..300).contains(&status)) {
                return;
            }
            let Some(pause) = pause else { return };
            tokio::time::sleep(*pause).await;
        }
    }

    fn note(
        &self,
        to: &Url,
        attempt: u32,
        status: Option<u16>,
        headers: &[(&str, String)],
        body: &str,
    ) {
        let headers: Value = headers.iter().map(|(name, value)| json!([name, value])).collect();
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push_back(json!({
            "to": to.as_str(), "attempt": attempt, "answered": status, "headers": headers, "body": body,
        }));
        if sent.len() > KEPT {
            sent.pop_front();
        }
    }

    /// What was sent, oldest first, with what was answered.
    pub(crate) fn json(&self) -> Value {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Whether an address may be called: here, by plain http, and nowhere else.
pub(crate) fn is_here(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
}

/// By hand, and without TLS: a stand-in calls apps on this machine only. The status of the answer.
pub(crate) async fn tell(
    method: &str,
    to: &Url,
    headers: &[(&'static str, String)],
    body: &str,
) -> std::io::Result<u16> {
    let unfit = || std::io::Error::other("only plain http on this machine can be called from here");
    let host = to.host_str().filter(|_| is_here(to)).ok_or_else(unfit)?;
    let port = to.port_or_known_default().ok_or_else(unfit)?;
    let mut request = format!("{method} {} HTTP/1.1\r\nHost: {host}:{port}\r\n", to.path());
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    let _ = write!(
        request,
        "Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
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
