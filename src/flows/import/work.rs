//! A worker's way through a run: phase by phase, page by page, until it ends or has to wait.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::{
    connectors::{Cursor, From as Start, Spent},
    db::{
        self, DbError, Scope, connections,
        intake::Kind,
        runs::{Advance, Hold, Run},
    },
    domain::{
        CompanyId, Fields, RemoteId, RemoteUser, RunId,
        intake::{OrganizationRef, OwnerRef},
    },
    failpoint::reach,
    flows::{
        FlowError, Next, SharedHub,
        account::{self, Account},
        import::{
            clock,
            halt::Halt,
            origin::{Origin, Stored},
            tell,
            verdict::{after, opening},
        },
        ledger,
    },
};

/// Changes are asked for from a little before the last run began: clocks differ, and providers
/// round to seconds.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// The ledger of the budget is written that often while a run goes on.
const BOOK_EVERY: TimeDelta = TimeDelta::seconds(10);

/// A run on a worker's desk.
pub(super) struct Desk {
    pub hub: SharedHub,
    pub company_id: CompanyId,
    pub origin: Origin,
    pub run: Run,
    /// Committed pages; the fence.
    pub page: i32,
    pub country: String,
    pub fields: Fields,
    pub owners: HashMap<RemoteId, OwnerRef>,
    /// Organizations of the book that pages before have named.
    pub organizations: HashMap<RemoteId, OrganizationRef>,
    /// Organizations that the provider names and does not show.
    pub absent: HashSet<RemoteId>,
    pub counted: Spent,
    /// 429s, and when, that the ledger knows of.
    pub booked: (u64, DateTime<Utc>),
    /// What the run had seen before its list started again.
    pub seen_before: HashSet<RemoteId>,
}

/// Marks a place in a list that started again because the provider refused an old cursor, and that
/// has brought nothing new since.
pub(super) const AGAIN: &str = "again:";
/// The same after it brought something: another refusal may start it once more.
const FURTHER: &str = "further:";

/// A stored cursor's mark and the provider's own part.
pub(super) fn split(cursor: &str) -> (&'static str, &str) {
    [AGAIN, FURTHER]
        .into_iter()
        .find_map(|mark| Some((mark, cursor.strip_prefix(mark)?)))
        .unwrap_or(("", cursor))
}

/// A cursor that carries the mark on; `brought` says whether the page brought anything new.
pub(super) fn carry(mark: &str, next: &str, brought: bool) -> String {
    let mark = if mark == AGAIN && brought { FURTHER } else { mark };
    format!("{mark}{next}")
}

/// Works on a run until it ends, must wait, or `stopping` asks to leave it to the next worker.
pub async fn work(
    hub: &SharedHub,
    company_id: CompanyId,
    run_id: RunId,
    stopping: &CancellationToken,
) -> Result<Next, FlowError> {
    let mut desk = match open(hub, company_id, run_id).await? {
        Opened::Desk(desk) => desk,
        Opened::Nothing => {
            ledger::book_run(hub, company_id, run_id, 0).await;
            return Ok(Next::Done);
        }
    };
    tell(hub, run_id).await;
    let first = desk.page;
    let halt = desk.drive(stopping).await;
    let next = desk.put_down(halt, desk.page > first).await;
    desk.book().await;
    let next = next?;
    tell(hub, run_id).await;
    Ok(next)
}

enum Opened {
    Desk(Box<Desk>),
    /// The run ended or belongs to somebody else.
    Nothing,
}

async fn open(hub: &SharedHub, company_id: CompanyId, run_id: RunId) -> Result<Opened, FlowError> {
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    if !db::runs::take_up(&mut tx, run_id).await? {
        return Ok(Opened::Nothing);
    }
    let Some(run) = db::runs::get(&mut tx, run_id).await? else { return Ok(Opened::Nothing) };
    let company = db::directory::company(&mut tx).await?;
    let Some(from) = Stored::of(&mut tx, &run).await? else { return Ok(Opened::Nothing) };
    let refused = from.refusal(hub, &company.plan);
    let over = opening(run.cancel_requested, refused).or_else(|| clock::needless(&run, &from));
    if let Some((state, reason)) = over {
        let hold = Hold { page: run.page, attempts: run.attempts };
        db::runs::end(&mut tx, run_id, hold, state, Some(reason), (0, 0)).await?;
        tx.commit().await?;
        tell(hub, run_id).await;
        return Ok(Opened::Nothing);
    }
    reach("import.taken_up");
    tx.commit().await?;
    reach("import.opened");
    let Some((origin, country)) = from.ready(hub, company_id).await? else {
        return Ok(Opened::Nothing);
    };
    Ok(Opened::Desk(Box::new(Desk {
        hub: Arc::clone(hub),
        company_id,
        page: run.page,
        run,
        // Numbers without a country code are the company's, unless its CRM says where it is.
        country: country.unwrap_or(company.country),
        origin,
        fields: Fields::default(),
        owners: HashMap::new(),
        organizations: HashMap::new(),
        absent: HashSet::new(),
        counted: Spent::default(),
        booked: (0, hub.clock.now()),
        seen_before: HashSet::new(),
    })))
}

impl Desk {
    async fn drive(&mut self, stopping: &CancellationToken) -> Halt {
        match self.phases(stopping).await {
            Ok(done) => match done {},
            Err(halt) => halt,
        }
    }

    /// Goes through the phases; what ends it is always a [`Halt`] or the end of the run.
    async fn phases(
        &mut self,
        stopping: &CancellationToken,
    ) -> Result<std::convert::Infallible, Halt> {
        let account = self.origin.account().cloned();
        loop {
            if stopping.is_cancelled() {
                return Err(Halt::Stopping);
            }
            self.make_way().await?;
            match (self.run.phase.as_str(), &account) {
                ("users", Some(account)) => self.read_users(account).await?,
                ("fields", Some(account)) => self.read_fields(account).await?,
                ("organizations", Some(account)) => self.organizations(account, stopping).await?,
                ("deals", Some(account)) => self.deals(account, stopping).await?,
                ("persons", Some(account)) => {
                    self.remember_words(account).await?;
                    self.persons(account, stopping).await?;
                }
                ("persons", None) => self.rows(stopping).await?,
                (_, account) => {
                    if let Some(account) = account {
                        self.reconcile(account).await?;
                    }
                    self.complete().await?;
                    return Err(Halt::Done);
                }
            }
        }
    }

    /// The phase after this one, for this mode.
    pub(super) fn after(&self, phase: &str) -> &'static str {
        after(phase, self.run.mode == "selective")
    }

    async fn read_users(&mut self, account: &Account) -> Result<(), Halt> {
        let users = account.provider.connector.users(&account.api).await?;
        reach("import.users_fetched");
        let words = serde_json::to_value(&users).ok();
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let id = account.connection.connection_id;
        connections::remember_words(&mut tx, id, words.as_ref(), None).await?;
        self.advance(tx, Advance { phase: self.after("users"), ..Advance::default() }).await
    }

    async fn read_fields(&mut self, account: &Account) -> Result<(), Halt> {
        let id = account.connection.connection_id;
        let known = account.connection.remote_fields.clone();
        let read = account.provider.connector.fields(&account.api).await?;
        reach("import.fields_fetched");
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        // A label that a delivery made while they were read stays.
        let stored = db::deliveries::links::lock_fields(&mut tx, id).await?;
        let fields = read.keeping(&Fields::stored(stored), &Fields::stored(known));
        let fields = serde_json::to_value(&fields).ok();
        connections::remember_words(&mut tx, id, None, fields.as_ref()).await?;
        self.advance(tx, Advance { phase: self.after("fields"), ..Advance::default() }).await
    }

    /// Users, fields and members, as the phases before have stored them.
    async fn remember_words(&mut self, account: &Account) -> Result<(), Halt> {
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let connection = connections::get(&mut tx, account.connection.connection_id).await?;
        let members = db::directory::members_by_email(&mut tx).await?;
        if let Some(run) = db::runs::get(&mut tx, self.run.run_id).await? {
            // Deals added persons to look at again.
            self.run.ids = run.ids;
        }
        let connection = connection.ok_or(Halt::Closed("The CRM was disconnected."))?;
        let words = connection.remote_users.unwrap_or_default();
        let users: Vec<RemoteUser> = serde_json::from_value(words).unwrap_or_default();
        self.fields = Fields::stored(connection.remote_fields);
        self.owners = users
            .into_iter()
            .map(|user| {
                let email = user.email.as_deref().map(str::to_lowercase);
                let member = email.and_then(|email| members.get(&email).copied());
                (user.id, OwnerRef { name: user.name, member })
            })
            .collect();
        Ok(())
    }

    /// Commits a page: the run moves on with it, or neither does.
    pub(super) async fn advance(
        &mut self,
        mut tx: db::TenantTx,
        by: Advance<'_>,
    ) -> Result<(), Halt> {
        let now = self.origin.spent();
        let (requests, tokens) = account::spent(self.counted, now);
        let by = Advance { requests, tokens, ..by };
        let cancel = db::runs::advance(&mut tx, self.run.run_id, self.page, &by).await?;
        reach("import.page_advanced");
        tx.commit().await?;
        reach("import.page_committed");
        self.counted = now;
        self.moved();
        if self.hub.clock.now() - self.booked.1 >= BOOK_EVERY {
            self.book().await;
        }
        by.phase.clone_into(&mut self.run.phase);
        self.run.cursor = by.cursor.map(str::to_owned);
        tell(&self.hub, self.run.run_id).await;
        if cancel {
            return Err(Halt::Cancelled);
        }
        if by.limit_reached {
            return Err(Halt::Full);
        }
        self.make_way().await
    }

    /// A page was committed: it begins the count of attempts anew.
    pub(super) fn moved(&mut self) {
        self.page += 1;
        self.run.attempts = 1;
    }

    /// What makes the run this worker's.
    pub(super) fn hold(&self) -> Hold {
        Hold { page: self.page, attempts: self.run.attempts }
    }

    /// Writes what was spent so far into the ledger.
    async fn book(&mut self) {
        let throttled = self.origin.spent().throttled;
        let new = i64::try_from(throttled.saturating_sub(self.booked.0)).unwrap_or(i64::MAX);
        ledger::book_run(&self.hub, self.company_id, self.run.run_id, new).await;
        self.booked = (throttled, self.hub.clock.now());
    }

    /// The provider's own cursor.
    fn cursor(&self) -> Option<&str> {
        self.run.cursor.as_deref().map(|cursor| split(cursor).1)
    }

    /// The mark of this phase's list: empty unless it started again.
    pub(super) fn mark(&self) -> &'static str {
        self.run.cursor.as_deref().map_or("", |cursor| split(cursor).0)
    }

    /// Of a list that started again: what the run has seen of it before.
    pub(super) async fn look_back(&mut self, kind: Kind) -> Result<(), DbError> {
        self.seen_before.clear();
        if !self.mark().is_empty() {
            let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
            self.seen_before = db::intake::seen(&mut tx, self.run.run_id, kind).await?;
        }
        Ok(())
    }

    /// Notes what a page brought, so that it is counted once however often its list starts again.
    pub(super) async fn note_seen(
        &self,
        tx: &mut db::TenantTx,
        kind: Kind,
        ids: &[&str],
    ) -> Result<(), DbError> {
        if self.run.mode == "selective" || ids.is_empty() {
            return Ok(());
        }
        db::intake::note_seen(tx, self.run.run_id, self.page, kind, ids).await
    }

    /// Where the phase goes on.
    pub(super) fn start(&self) -> Start {
        Start {
            cursor: self.cursor().and_then(Cursor::parse),
            updated_since: self.run.updated_since,
            limit: None,
        }
    }

    async fn complete(&mut self) -> Result<(), DbError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        let Some(run) = db::runs::get(&mut tx, self.run.run_id).await? else { return Ok(()) };
        let (state, reason) = if run.counts().adds_up() {
            ("completed", None)
        } else {
            tracing::error!(run_id = %run.run_id, "a run does not add up");
            ("failed", Some("The counts do not add up; please tell support the run's id."))
        };
        let spent = account::spent(self.counted, self.origin.spent());
        if !db::runs::end(&mut tx, run.run_id, self.hold(), state, reason, spent).await? {
            // A worker that had lost the job took the run up once more, and will be stopped: whoever
            // has the job must keep it.
            return Err(DbError::Fenced);
        }
        if let Some(file_id) = self.origin.file_id().filter(|_| run.fixes.is_none()) {
            db::csv::forget_chunks(&mut tx, file_id).await?;
        }
        if let Some(connection_id) = self.origin.connection_id().filter(|_| run.mode != "selective")
        {
            let watermark = run.started_at.map(|at| at - OVERLAP);
            let persons = (run.mode == "full").then_some(run.seen);
            db::runs::remember(&mut tx, connection_id, watermark, persons).await?;
            self.looked(&mut tx).await?;
        }
        reach("import.run_ended");
        tx.commit().await?;
        reach("import.run_committed");
        Ok(())
    }
}
