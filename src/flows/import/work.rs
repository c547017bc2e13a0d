//! A worker's way through a run: phase by phase, page by page, until it ends or has to wait.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::{
    connectors::{Caller, CrmError, Cursor, From as Start, Spent, Throttle},
    db::{
        self, DbError, Scope, connections,
        runs::{Advance, Run},
    },
    domain::{CompanyId, Fields, RemoteId, RemoteUser, RunId, intake::OwnerRef},
    flows::{
        FlowError, Next, SharedHub,
        account::{self, Account},
        import::tell,
        reconnect,
    },
    policy,
};

/// After this many attempts in a row without a committed page a run fails; it can be resumed.
const PATIENCE: i32 = 8;
/// Changes are asked for from a little before the last run began: clocks differ, and providers
/// round to seconds.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// Why a worker put a run down.
#[derive(Debug)]
pub(super) enum Halt {
    /// The run ended.
    Done,
    Cancelled,
    Stopping,
    /// The plan has no room for more contacts.
    Full,
    /// The plan lost the provider, or the connection was paused or ended meanwhile.
    Closed(&'static str),
    Crm(CrmError),
    Db(DbError),
}

impl From<CrmError> for Halt {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

impl From<DbError> for Halt {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// A run on a worker's desk.
pub(super) struct Desk {
    pub hub: SharedHub,
    pub company_id: CompanyId,
    pub account: Arc<Account>,
    pub run: Run,
    /// Committed pages; the fence.
    pub page: i32,
    pub country: String,
    pub fields: Fields,
    pub owners: HashMap<RemoteId, OwnerRef>,
    /// Organizations that the provider names and does not show.
    pub absent: HashSet<RemoteId>,
    pub counted: Spent,
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
        Opened::Nothing => return Ok(Next::Done),
    };
    tell(hub, run_id).await;
    let first = desk.page;
    let halt = desk.drive(stopping).await;
    let next = desk.put_down(halt, desk.page > first).await?;
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
    let connection = connections::get(&mut tx, run.connection_id).await?;
    let company = db::directory::company(&mut tx).await?;
    let Some(connection) = connection else { return Ok(Opened::Nothing) };
    let over = match refusal(hub, &company.plan, &connection) {
        _ if run.cancel_requested => Some(("cancelled", CANCELLED)),
        Some(reason) => Some(("failed", reason)),
        None => None,
    };
    if let Some((state, reason)) = over {
        db::runs::end(&mut tx, run_id, state, Some(reason), (0, 0)).await?;
        tx.commit().await?;
        tell(hub, run_id).await;
        return Ok(Opened::Nothing);
    }
    tx.commit().await?;
    let provider = hub.providers.get(&connection.provider).ok_or(FlowError::NotConnected)?;
    let account = account::client(hub, company_id, connection, provider, Caller::Job).await;
    let country = account.connection.account_country.clone();
    Ok(Opened::Desk(Box::new(Desk {
        hub: Arc::clone(hub),
        company_id,
        page: run.page,
        run,
        // Numbers without a country code are the company's, unless its CRM says where it is.
        country: country.unwrap_or(company.country),
        account: Arc::new(account),
        fields: Fields::default(),
        owners: HashMap::new(),
        absent: HashSet::new(),
        counted: Spent::default(),
    })))
}

/// Why nothing may run now, in words; checked again before every page.
pub(super) fn refusal(
    hub: &SharedHub,
    plan: &str,
    connection: &connections::Connection,
) -> Option<&'static str> {
    let feature = hub.providers.get(&connection.provider)?.connector.manifest().plan_feature;
    let allowed = policy::Plan::parse(plan).is_some_and(|plan| policy::allows(plan, feature));
    match connection.state.as_str() {
        _ if !allowed => Some(PLAN),
        "active" => None,
        "paused" => Some("The connection is paused. Resume it, then let this run go on."),
        "needs_reconnect" => Some(RECONNECT),
        _ => Some("The CRM was disconnected. Connect it again, then let this run go on."),
    }
}

const CANCELLED: &str = "Cancelled; what was imported stays.";
const PLAN: &str =
    "The plan does not include this CRM. Upgrade, resume the connection, then let this run go on.";
const RECONNECT: &str =
    "The connection needs a new consent. Connect again, then let this run go on.";

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
        loop {
            if stopping.is_cancelled() {
                return Err(Halt::Stopping);
            }
            match self.run.phase.as_str() {
                "users" => self.read_users().await?,
                "fields" => self.read_fields().await?,
                "organizations" => self.organizations(stopping).await?,
                "deals" => self.deals(stopping).await?,
                "persons" => {
                    self.remember_words().await?;
                    self.persons(stopping).await?;
                }
                _ => {
                    self.reconcile().await?;
                    self.complete().await?;
                    return Err(Halt::Done);
                }
            }
        }
    }

    /// The phase after this one, for this mode.
    pub(super) fn after(&self, phase: &str) -> &'static str {
        let selective = self.run.mode == "selective";
        match phase {
            "users" => "fields",
            "fields" if selective => "persons",
            "fields" => "organizations",
            "organizations" => "deals",
            "deals" => "persons",
            _ => "reconcile",
        }
    }

    async fn read_users(&mut self) -> Result<(), Halt> {
        let users = self.account.provider.connector.users(&self.account.api).await?;
        let words = serde_json::to_value(&users).ok();
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        connections::remember_words(&mut tx, self.run.connection_id, words.as_ref(), None).await?;
        self.advance(tx, Advance { phase: self.after("users"), ..Advance::default() }).await
    }

    async fn read_fields(&mut self) -> Result<(), Halt> {
        let fields = self.account.provider.connector.fields(&self.account.api).await?;
        let words = serde_json::to_value(&fields).ok();
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        connections::remember_words(&mut tx, self.run.connection_id, None, words.as_ref()).await?;
        self.advance(tx, Advance { phase: self.after("fields"), ..Advance::default() }).await
    }

    /// Users, fields and members, as the phases before have stored them.
    async fn remember_words(&mut self) -> Result<(), Halt> {
        let mut tx = self.hub.db.tenant_reading(self.company_id, Scope::All).await?;
        let connection = connections::get(&mut tx, self.run.connection_id).await?;
        let members = db::directory::members_by_email(&mut tx).await?;
        if let Some(run) = db::runs::get(&mut tx, self.run.run_id).await? {
            // Deals added persons to look at again.
            self.run.ids = run.ids;
        }
        let connection = connection.ok_or(Halt::Closed("The CRM was disconnected."))?;
        let words = connection.remote_users.unwrap_or_default();
        let users: Vec<RemoteUser> = serde_json::from_value(words).unwrap_or_default();
        self.fields = serde_json::from_value(connection.remote_fields.unwrap_or_default())
            .unwrap_or_default();
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
        let now = self.account.meter.read();
        let (requests, tokens) = account::spent(self.counted, now);
        let by = Advance { requests, tokens, ..by };
        let cancel = db::runs::advance(&mut tx, self.run.run_id, self.page, &by).await?;
        tx.commit().await?;
        self.counted = now;
        self.page += 1;
        self.run.phase = by.phase.to_owned();
        self.run.cursor = by.cursor.map(str::to_owned);
        tell(&self.hub, self.run.run_id).await;
        if cancel {
            return Err(Halt::Cancelled);
        }
        if by.limit_reached { Err(Halt::Full) } else { Ok(()) }
    }

    /// Where the phase goes on.
    pub(super) fn start(&self) -> Start {
        Start {
            cursor: self.run.cursor.as_deref().and_then(Cursor::parse),
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
        let spent = account::spent(self.counted, self.account.meter.read());
        if db::runs::end(&mut tx, run.run_id, state, reason, spent).await?
            && run.mode != "selective"
        {
            let watermark = run.started_at.map(|at| at - OVERLAP);
            let persons = (run.mode == "full").then_some(run.seen);
            db::runs::remember(&mut tx, run.connection_id, watermark, persons).await?;
        }
        tx.commit().await
    }

    /// Turns what stopped the worker into the run's state, in words, and into when to go on.
    async fn put_down(&mut self, halt: Halt, moved: bool) -> Result<Next, FlowError> {
        let view = self.account.budget.view().await;
        account::keep_budget(&self.hub, self.company_id, self.run.connection_id, &view).await.ok();
        let spent = account::spent(self.counted, self.account.meter.read());
        match halt {
            // Fenced: another worker has the run by now.
            Halt::Done | Halt::Db(DbError::Fenced) => Ok(Next::Done),
            Halt::Db(error) if error.is_passing() => {
                Ok(Next::later(self.soon(5), "the database was busy"))
            }
            Halt::Db(error) => {
                tracing::error!(run_id = %self.run.run_id, %error, "a page could not be written");
                let error = error.to_string();
                self.end(
                    "failed",
                    &format!("A page could not be written ({error}). It can be resumed."),
                    spent,
                )
                .await
            }
            Halt::Stopping => Ok(Next::later(None, "the worker is stopping")),
            Halt::Cancelled => self.end("cancelled", CANCELLED, spent).await,
            Halt::Closed(reason) => self.end("failed", reason, spent).await,
            Halt::Full => {
                let reason = "Stopped at the plan's contact limit: what fitted was imported. Upgrade and import again to take in the rest.";
                self.end("completed", reason, spent).await
            }
            Halt::Crm(error) => self.crm(error, moved, spent).await,
        }
    }

    async fn crm(
        &mut self,
        error: CrmError,
        moved: bool,
        spent: (i64, i64),
    ) -> Result<Next, FlowError> {
        tracing::warn!(run_id = %self.run.run_id, %error, "a run was interrupted by the provider");
        let connection_id = self.run.connection_id;
        reconnect::judge(&self.hub, self.company_id, connection_id, &error).await?;
        match &error {
            CrmError::Throttled { scope, wait } => {
                let at = self.hub.clock.now() + TimeDelta::from_std(*wait).unwrap_or(OVERLAP);
                let reason = match scope {
                    Throttle::Burst => "Waiting: the CRM asks us to slow down.",
                    Throttle::Daily => {
                        "Waiting: the CRM's daily budget is used up, or down to the share kept for people."
                    }
                    Throttle::Blocked => "Waiting: the CRM has shut us out for a while.",
                };
                self.wait(at, reason, spent).await
            }
            CrmError::CursorRefused => {
                // Pages are safe to see twice: mapped and unchanged records write nothing.
                let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
                let phase = self.run.phase.clone();
                let again = Advance { phase: &phase, ..Advance::default() };
                db::runs::advance(&mut tx, self.run.run_id, self.page, &again).await?;
                tx.commit().await?;
                Ok(Next::later(None, "the cursor was refused; the list starts again"))
            }
            error if error.passes() && (moved || self.run.attempts < PATIENCE) => {
                // 5 s, 10 s, 20 s ... 10 min, counted from the last page that was committed.
                let tries = if moved { 0 } else { self.run.attempts.clamp(0, 7) };
                let at = self.soon((5_i64 << tries).min(600));
                self.wait(
                    at.unwrap_or_else(|| self.hub.clock.now()),
                    &format!("Waiting: {error}. It goes on by itself."),
                    spent,
                )
                .await
            }
            CrmError::Revoked | CrmError::Expired | CrmError::MissingScope { .. } => {
                self.end("failed", RECONNECT, spent).await
            }
            error => {
                let reason = format!(
                    "Stopped: {error}. What was imported stays, and the run can be resumed."
                );
                self.end("failed", &reason, spent).await
            }
        }
    }

    async fn wait(
        &self,
        at: DateTime<Utc>,
        reason: &str,
        spent: (i64, i64),
    ) -> Result<Next, FlowError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        db::runs::wait(&mut tx, self.run.run_id, at, reason, spent).await?;
        tx.commit().await?;
        Ok(Next::later(Some(at), "the provider asked us to wait"))
    }

    async fn end(&self, state: &str, reason: &str, spent: (i64, i64)) -> Result<Next, FlowError> {
        let mut tx = self.hub.db.tenant(self.company_id, Scope::All).await?;
        db::runs::end(&mut tx, self.run.run_id, state, Some(reason), spent).await?;
        tx.commit().await?;
        Ok(Next::Done)
    }

    fn soon(&self, seconds: i64) -> Option<DateTime<Utc>> {
        Some(self.hub.clock.now() + TimeDelta::seconds(seconds))
    }
}
