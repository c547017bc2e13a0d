//! Reads over HTTP by a member who is signed in, and the same reads without HTTP: the statements
//! of the same pages through the tenant's key in this process, at the same rate.
//!
//! What finds out who asks (session, limits) is in the first and not in the second.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cpu::{Meter, Spent},
    figures::rounded,
    ground::{EMAIL, Ground},
    latencies::Latencies,
    load::{self, Line, Pace, Sent},
    wire::Wire,
};
use crate::{
    db::{
        self, Db, Scope,
        contacts::{self, Filter, Order, Position, Sort},
    },
    domain::{CompanyId, ContactId},
    flows::demo,
};

/// Connections of the client; browsers of a hundred members have more, and never ask at once.
const LINES: usize = 48;
/// As many as `tandem serve` has.
const CONNECTIONS: u32 = 16;
/// Before anything counts.
const WARM: u32 = 3;
/// Pages of the list that are read beforehand, to have cursors.
const PAGES: usize = 40;
/// What the API reads for a page of 50.
const MOST: i64 = 51;
const NEWEST: Order = Order { sort: Sort::Created, descending: true };

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    First,
    Next,
    One,
    Search,
    Status,
    Logs,
}

/// Of twenty requests, in an order that repeats.
const MIX: [Kind; 20] = {
    use Kind::{First, Logs, Next, One, Search, Status};
    [
        First, One, Next, Search, First, One, Next, First, One, Status, First, Next, Search, One,
        First, Next, One, Search, Next, Logs,
    ]
};

impl Kind {
    const fn of(number: u32) -> Self {
        MIX[number as usize % MIX.len()]
    }

    const fn word(self) -> &'static str {
        match self {
            Self::First => "contacts_first_page",
            Self::Next => "contacts_next_page",
            Self::One => "one_contact",
            Self::Search => "search",
            Self::Status => "integrations_status",
            Self::Logs => "sync_logs",
        }
    }
}

/// What is asked for, the same over HTTP and without.
#[derive(Debug)]
struct Wanted {
    sample: Vec<(Uuid, String)>,
    /// Cursors with the contact that each stands behind.
    cursors: Vec<(String, Uuid)>,
}

impl Wanted {
    fn pick<T>(of: &[T], number: u32) -> Option<&T> {
        // A step that is prime to the mix, so that every kind meets every one of them.
        of.get((number as usize / MIX.len() * 7 + number as usize) % of.len().max(1))
    }
}

/// How one way of reading did.
#[derive(Debug)]
pub(super) struct Reads {
    pub pace: Pace,
    pub seconds: f64,
    pub errors: usize,
    pub all: Latencies,
    kinds: BTreeMap<Kind, Latencies>,
    /// Of Tandem and Postgres, over all requests.
    pub spent: Spent,
}

impl Reads {
    fn of(sent: &[Sent<Kind>], pace: Pace, seconds: f64, cost: Spent) -> anyhow::Result<Self> {
        let mut kinds = BTreeMap::new();
        for kind in MIX {
            let took = sent.iter().filter(|sent| sent.kind == kind).map(|sent| sent.took);
            kinds.extend(Latencies::of(took).map(|latencies| (kind, latencies)));
        }
        let all = Latencies::of(sent.iter().map(|sent| sent.took)).context("nothing was asked")?;
        let errors = sent.iter().filter(|sent| !sent.ok).count();
        Ok(Self { pace, seconds, errors, all, kinds, spent: cost })
    }

    pub(super) fn per_second(&self) -> f64 {
        f64::from(self.pace.requests()) / self.seconds
    }

    /// CPU-seconds per 1,000 requests, of Tandem and of Postgres.
    pub(super) fn per_thousand(&self) -> Spent {
        let thousands = f64::from(self.pace.requests()) / 1_000.0;
        Spent { tandem: self.spent.tandem / thousands, postgres: self.spent.postgres / thousands }
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'static str, Latencies)> {
        self.kinds.iter().map(|(kind, took)| (kind.word(), *took))
    }

    pub(super) fn json(&self) -> Value {
        let kinds = self.kinds().map(|(kind, took)| (kind.to_owned(), took.json()));
        let spent = self.per_thousand();
        json!({
            "asked_per_second": self.pace.per_second,
            "answered_per_second": rounded(self.per_second()),
            "errors": self.errors,
            "all": self.all.json(),
            "kinds": kinds.collect::<serde_json::Map<_, _>>(),
            "cpu_seconds_per_1000_tandem": rounded(spent.tandem),
            "cpu_seconds_per_1000_postgres": rounded(spent.postgres),
        })
    }
}

/// Asks the web server at `url`, whose process is `pid`, and then the database itself:
/// `(over HTTP, without)`.
pub(super) async fn measure(
    ground: &Ground,
    (url, pid): (&url::Url, u32),
    server: u32,
    sample: Vec<(Uuid, String)>,
    pace: Pace,
) -> anyhow::Result<(Reads, Reads)> {
    let cookie = sign_in(url, EMAIL).await?;
    let wanted = Arc::new(Wanted { sample, cursors: cursors(url, &cookie).await? });
    let mut lines = Vec::new();
    for _ in 0..LINES {
        lines.push(Page {
            wire: Some(Wire::connect(url).await?),
            url,
            cookie: format!("cookie: {cookie}"),
            wanted: Arc::clone(&wanted),
        });
    }
    let over_http = timed(&mut lines, pace, Meter { tandem: pid, postgres: server }).await?;
    drop(lines);

    let db = ground.database(CONNECTIONS).await?;
    let mut lines: Vec<Statement> = (0..LINES)
        .map(|_| Statement {
            db: db.clone(),
            company_id: ground.company_id,
            slug: ground.slug(),
            wanted: Arc::clone(&wanted),
        })
        .collect();
    let without =
        timed(&mut lines, pace, Meter { tandem: std::process::id(), postgres: server }).await?;
    db.close().await;
    Ok((over_http, without))
}

async fn timed<L: Line<Kind = Kind>>(
    lines: &mut [L],
    pace: Pace,
    meter: Meter,
) -> anyhow::Result<Reads> {
    load::run(lines, Pace { seconds: WARM, ..pace }).await;
    let before = meter.read()?;
    let (sent, seconds) = load::run(lines, pace).await;
    Reads::of(&sent, pace, seconds, meter.read()?.since(before))
}

pub(super) async fn sign_in(url: &url::Url, email: &str) -> anyhow::Result<String> {
    let form = json!({ "email": email, "password": demo::PASSWORD }).to_string();
    let headers = ["x-tandem-csrf: 1".to_owned()];
    let mut wire = Wire::connect(url).await?;
    let answer = wire.ask("POST", "/api/auth/login", &headers, Some(&form)).await?;
    anyhow::ensure!(answer.status == 200, "the sign-in was answered with {}", answer.status);
    answer.cookie.context("a sign-in sets a cookie")
}

/// Walks over the list as a member does.
async fn cursors(url: &url::Url, cookie: &str) -> anyhow::Result<Vec<(String, Uuid)>> {
    let headers = [format!("cookie: {cookie}")];
    let mut wire = Wire::connect(url).await?;
    let mut cursors: Vec<(String, Uuid)> = Vec::new();
    for _ in 0..PAGES {
        let path = cursors.last().map_or("/api/contacts".to_owned(), |(cursor, _)| next(cursor));
        let answer = wire.ask("GET", &path, &headers, None).await?;
        anyhow::ensure!(answer.status == 200, "the list was answered with {}", answer.status);
        let page: Value = serde_json::from_slice(&answer.body)?;
        let last = page["items"].as_array().and_then(|items| items.last());
        let last = last.and_then(|last| last["id"].as_str()).and_then(|id| id.parse().ok());
        match (page["next_cursor"].as_str(), last) {
            (Some(cursor), Some(last)) => cursors.push((cursor.to_owned(), last)),
            _ => break,
        }
    }
    anyhow::ensure!(!cursors.is_empty(), "the list has one page only: there is nothing to page");
    Ok(cursors)
}

fn next(cursor: &str) -> String {
    format!("/api/contacts?cursor={}", encoded(cursor))
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A browser's connection.
struct Page<'a> {
    /// Gone after an error; the next request makes it again.
    wire: Option<Wire>,
    url: &'a url::Url,
    cookie: String,
    wanted: Arc<Wanted>,
}

impl Page<'_> {
    async fn status(&mut self, path: &str) -> anyhow::Result<u16> {
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::connect(self.url).await?,
        };
        let answer = wire.ask("GET", path, std::slice::from_ref(&self.cookie), None).await?;
        self.wire = Some(wire);
        Ok(answer.status)
    }
}

impl Line for Page<'_> {
    type Kind = Kind;

    fn kind(number: u32) -> Kind {
        Kind::of(number)
    }

    async fn ask(&mut self, number: u32) -> bool {
        let one = Wanted::pick(&self.wanted.sample, number);
        let path = match Kind::of(number) {
            Kind::First => Some("/api/contacts".to_owned()),
            Kind::Next => {
                Wanted::pick(&self.wanted.cursors, number).map(|(cursor, _)| next(cursor))
            }
            Kind::One => one.map(|(id, _)| format!("/api/contacts/{id}")),
            Kind::Search => one.map(|(_, name)| format!("/api/contacts?search={}", encoded(name))),
            Kind::Status => Some("/api/integrations/status".to_owned()),
            Kind::Logs => Some("/api/sync-logs".to_owned()),
        };
        match path {
            Some(path) => matches!(self.status(&path).await, Ok(200)),
            None => false,
        }
    }
}

/// The statements behind the pages.
struct Statement {
    db: Db,
    company_id: CompanyId,
    slug: &'static str,
    wanted: Arc<Wanted>,
}

impl Statement {
    async fn read(&self, number: u32) -> Result<(), db::DbError> {
        let one = Wanted::pick(&self.wanted.sample, number);
        let mut tx = self.db.tenant_reading(self.company_id, Scope::All).await?;
        let all = Filter::default();
        match Kind::of(number) {
            Kind::First => {
                contacts::list(&mut tx, &all, NEWEST, None, MOST).await?;
                contacts::count(&mut tx, &all).await?;
            }
            Kind::Next => {
                let after = Wanted::pick(&self.wanted.cursors, number);
                let after = after.map(|(_, id)| Position::Created(ContactId::from_uuid(*id)));
                contacts::list(&mut tx, &all, NEWEST, after.as_ref(), MOST).await?;
            }
            Kind::One => {
                let id = one.map(|(id, _)| *id).unwrap_or_default();
                contacts::get(&mut tx, ContactId::from_uuid(id)).await?;
            }
            Kind::Search => {
                let search = one.map(|(_, name)| name.clone());
                let filter = Filter { search, ..Filter::default() };
                contacts::list(&mut tx, &filter, NEWEST, None, MOST).await?;
                contacts::count(&mut tx, &filter).await?;
            }
            Kind::Status => {
                if let Some(connection) = db::connections::find(&mut tx, self.slug).await? {
                    db::connections::standing(&mut tx, connection.connection_id).await?;
                }
            }
            Kind::Logs => {
                db::runs::list(&mut tx, None, None, None, MOST).await?;
            }
        }
        tx.commit().await
    }
}

impl Line for Statement {
    type Kind = Kind;

    fn kind(number: u32) -> Kind {
        Kind::of(number)
    }

    async fn ask(&mut self, number: u32) -> bool {
        self.read(number).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_read_meets_everything_that_is_wanted() {
        let of: Vec<usize> = (0..40).collect();
        for kind in MIX {
            let numbers = (0..20_000).filter(|number| Kind::of(*number) == kind);
            let met: std::collections::BTreeSet<usize> =
                numbers.filter_map(|number| Wanted::pick(&of, number).copied()).collect();
            assert_eq!(met.len(), of.len(), "{kind:?}");
        }
        assert_eq!(Wanted::pick::<u8>(&[], 5), None);
    }
}
