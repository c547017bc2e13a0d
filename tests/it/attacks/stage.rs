//! Where an attack is played, and how it is judged.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tandem::domain::OpaqueToken;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

use crate::{
    connections::{Crm, Rig},
    harness::{Answer, Browser, TestHub},
};

/// An address where a token must never arrive; writes down who comes.
pub(super) struct Trap {
    pub(super) port: u16,
    visits: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Trap {
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test")]
    pub(super) async fn set() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let visits = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&visits);
        let task = tokio::spawn(async move {
            loop {
                let (mut visitor, _) = listener.accept().await.unwrap();
                // Written down before a word is said: a TLS hello is a visit, too.
                book.lock().unwrap().push("somebody".to_owned());
                let mut head = [0; 512];
                let read = visitor.read(&mut head).await.unwrap_or(0);
                let line = String::from_utf8_lossy(&head[..read]).lines().next().map(str::to_owned);
                *book.lock().unwrap().last_mut().unwrap() = line.unwrap_or_default();
                drop(visitor.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await);
            }
        });
        Self { port, visits, task }
    }

    pub(super) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn visits(&self) -> Vec<String> {
        self.visits.lock().unwrap().clone()
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How an attack must end.
pub(super) struct End {
    /// Status and, of a redirect, where to.
    page: String,
    /// Token requests with a code, as the stand-in counts them.
    codes: u64,
    /// Grants given back.
    revoked: u64,
    /// Whether a connection may have been made or renewed.
    connects: bool,
}

impl End {
    /// Refused before anybody was asked anything.
    pub(super) fn refused(reason: &str) -> Self {
        Self::at(format!("303 {}", crate::connections::error_page(reason)))
    }

    pub(super) fn at(page: impl Into<String>) -> Self {
        Self { page: page.into(), codes: 0, revoked: 0, connects: false }
    }

    /// As any honest consent ends.
    pub(super) fn connected() -> Self {
        let page = format!("303 {}", crate::connections::connected_page());
        Self { page, codes: 1, revoked: 0, connects: true }
    }

    pub(super) fn after_asking(self, codes: u64) -> Self {
        Self { codes, ..self }
    }

    pub(super) fn given_back(self, revoked: u64) -> Self {
        Self { revoked, ..self }
    }
}

/// What the outside has seen of us, and what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    codes: u64,
    revoked: u64,
    stored: String,
}

pub(super) struct Stage {
    pub(super) rig: Rig,
    pub(super) trap: Trap,
    held: usize,
    broken: Vec<String>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::of(Rig::new().await).await
    }

    pub(super) async fn connected() -> Self {
        Self::of(Rig::connected().await).await
    }

    pub(super) async fn of(rig: Rig) -> Self {
        Self { rig, trap: Trap::set().await, held: 0, broken: Vec::new() }
    }

    pub(super) fn owner(&self) -> &Browser {
        &self.rig.acme.owner.browser
    }

    /// Asked for and allowed: the path and query of the honest callback.
    pub(super) async fn consent(&self, browser: &Browser, company: u64) -> String {
        let page = self.rig.begin(browser).await;
        self.rig.crm.consent(&page, "allow", company).await
    }

    pub(super) async fn seen(&self) -> Seen {
        Seen {
            codes: self.rig.crm.tokens("authorization_code").await,
            revoked: self.rig.crm.tokens("revoke").await,
            stored: stored(&self.rig.hub).await,
        }
    }

    /// Compares with what must be; a case that fails is told by its name when the table ends.
    pub(super) async fn judge(&mut self, name: &str, before: &Seen, answer: &Answer, end: End) {
        let after = self.seen().await;
        let mut wrong = Vec::new();
        let page = page(answer);
        if page != end.page {
            wrong.push(format!("ended at `{page}` instead of `{}`", end.page));
        }
        let (codes, revoked) = (after.codes - before.codes, after.revoked - before.revoked);
        if codes != end.codes {
            wrong.push(format!("{codes} token requests instead of {}", end.codes));
        }
        if revoked != end.revoked {
            wrong.push(format!("{revoked} grants given back instead of {}", end.revoked));
        }
        if (after.stored != before.stored) != end.connects {
            wrong.push(format!("connections were {:?} and are {:?}", before.stored, after.stored));
        }
        self.note(name, wrong);
    }

    /// A verdict that is not about one answer.
    pub(super) fn note(&mut self, name: &str, mut wrong: Vec<String>) {
        let visits = self.trap.visits();
        if !visits.is_empty() {
            wrong.push(format!("somebody came to the trap: {visits:?}"));
        }
        if wrong.is_empty() {
            self.held += 1;
        } else {
            self.broken.push(format!("{name}: {}", wrong.join("; ")));
        }
    }

    /// Ends a table of so many cases.
    #[track_caller]
    pub(super) fn verdict(self, cases: usize) {
        assert!(self.broken.is_empty(), "attacks that got through:\n{}", self.broken.join("\n"));
        assert_eq!(self.held, cases, "a case was not judged");
    }

    /// The owner again, signed in a second time.
    pub(super) async fn second_session(&self) -> Browser {
        let token = OpaqueToken::fresh();
        let owner = &self.rig.acme.owner;
        sqlx::query(
            "insert into session
                 (token_hash, user_id, company_id, member_id, created_at, seen_at, expires_at)
             values ($1, $2, $3, $4, $5, $5, $5 + interval '1 day')",
        )
        .bind(token.hash().bytes())
        .bind(owner.user_id)
        .bind(self.rig.acme.id)
        .bind(owner.id)
        .bind(self.rig.hub.clock.now())
        .execute(&self.rig.hub.owner)
        .await
        .unwrap();
        Browser::new(&self.rig.hub.url, Some(format!("tandem_session={}", token.reveal())))
    }
}

/// Status, and where a redirect leads.
pub(super) fn page(answer: &Answer) -> String {
    match answer.header("location") {
        "" => answer.status.as_str().to_owned(),
        location => format!("{} {location}", answer.status.as_str()),
    }
}

/// Every connection of every company, with its generation of tokens.
async fn stored(hub: &TestHub) -> String {
    hub.value(
        "select coalesce(string_agg(concat_ws(' ', company_id, connection_id, provider, state,
             account_id, account_user_id, api_base, connected_by, token_gen), '|'
             order by connection_id), '')
         from connection",
    )
    .await
}

/// The parameters of a callback, in their order.
pub(super) fn parameters(callback: &str) -> Vec<(String, String)> {
    let url = url::Url::parse(&format!("http://x{callback}")).unwrap();
    url.query_pairs().into_owned().collect()
}

pub(super) fn parameter(callback: &str, name: &str) -> String {
    parameters(callback).into_iter().find(|(key, _)| key == name).unwrap().1
}

/// Requests that the stand-in has had on a route, served or not.
pub(super) async fn asked(crm: &Crm, route: &str) -> u64 {
    let counters: Value = crm.counters().await;
    counters["requests"][route].as_u64().unwrap_or(0)
}
