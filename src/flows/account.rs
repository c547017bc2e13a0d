//! Opening a connection: a client for one account, with its token, budget and meter.

use std::sync::Arc;

use crate::{
    cache::BudgetKey,
    connectors::{
        Api, BudgetHandle, BudgetView, Caller, Cost, Lane, Limits, Meter, Observed, Spent, Taken,
    },
    db::{Scope, connections, connections::Connection},
    domain::{self, CompanyId, ConnectionId},
    flows::{
        FlowError, Provider, SharedHub,
        ledger::{self, Purpose},
        tokens::ConnectionTokens,
    },
};

/// A connection, ready for calls.
pub struct Account {
    pub connection: Connection,
    pub provider: Provider,
    pub api: Api,
    pub budget: BudgetHandle,
    pub meter: Arc<Meter>,
}

impl Account {
    /// Writes down what this cost, once it is done.
    pub async fn book(&self, hub: &SharedHub, company_id: CompanyId, purpose: Purpose) {
        let (spent, view) = (self.meter.read(), self.budget.view().await);
        let id = self.connection.connection_id;
        ledger::book(hub, company_id, id, purpose, spent, &view).await;
    }
}

/// Opens an active connection; any other state is an error that says what to do.
pub async fn open(
    hub: &SharedHub,
    company_id: CompanyId,
    provider: &Provider,
    who: Caller,
) -> Result<Account, FlowError> {
    let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
    let connection = connections::find(&mut tx, provider.slug()).await?;
    drop(tx);
    let connection = connection.ok_or(FlowError::NotConnected)?;
    usable(&connection)?;
    Ok(client(hub, company_id, connection, provider, who).await)
}

/// Only an active connection runs anything.
pub fn usable(connection: &Connection) -> Result<(), FlowError> {
    match connection.state.as_str() {
        "active" => Ok(()),
        "needs_reconnect" => Err(FlowError::NeedsReconnect),
        "paused" => Err(FlowError::Paused),
        _ => Err(FlowError::NotConnected),
    }
}

pub(super) async fn client(
    hub: &SharedHub,
    company_id: CompanyId,
    connection: Connection,
    provider: &Provider,
    who: Caller,
) -> Account {
    let budget = budget(hub, provider, &connection).await;
    let meter = Arc::new(Meter::default());
    let tokens = ConnectionTokens::new(
        Arc::clone(hub),
        company_id,
        connection.connection_id,
        provider.clone(),
    );
    let api = Api::new(
        provider.http.clone(),
        Arc::new(tokens),
        Arc::clone(&budget),
        who,
        Arc::clone(&meter),
    );
    Account { connection, provider: provider.clone(), api, budget, meter }
}

/// What the provider allows; a stand-in under load may allow more.
pub(super) fn limits(hub: &SharedHub, provider: &Provider) -> Limits {
    let (mut limits, factor) =
        (provider.connector.manifest().limits(), hub.config.crm_limit_factor);
    limits.burst.requests = limits.burst.requests.saturating_mul(factor);
    limits.search.requests = limits.search.requests.saturating_mul(factor);
    limits
}

/// The budget of the connection's grant, with the day's use from Postgres if the cache forgot it.
pub async fn budget(hub: &SharedHub, provider: &Provider, connection: &Connection) -> BudgetHandle {
    let limits = limits(hub, provider);
    let key =
        BudgetKey::of(&connection.provider, &connection.account_id, &connection.account_user_id);
    let budget = hub.cache.budget(key, limits);
    let stored = connection.budget.clone().and_then(|view| serde_json::from_value(view).ok());
    if let Some(view) = stored {
        budget.restore(&view).await;
    }
    budget
}

/// Counts the call that told the account as the account's, now that it is known; so every
/// connection's budget is remembered from its first day on.
pub(super) async fn first_use(
    hub: &SharedHub,
    company_id: CompanyId,
    id: ConnectionId,
    provider: &Provider,
    account: &domain::Account,
) {
    let manifest = provider.connector.manifest();
    let (account_id, user_id) = (account.company_id.as_str(), account.user_id.as_str());
    let key = BudgetKey::of(provider.slug(), account_id, user_id);
    let budget = hub.cache.budget(key, limits(hub, provider));
    let cost = Cost { tokens: manifest.costs.account, lane: Lane::General };
    if budget.take(cost, Caller::Person).await == Taken::Granted {
        budget.observe(cost, Observed::default()).await;
    }
    let spent = Spent { requests: 1, tokens: u64::from(cost.tokens), throttled: 0 };
    let view = budget.view().await;
    ledger::book(hub, company_id, id, Purpose::Connect, spent, &view).await;
}

/// Keeps the day's use where it outlives the cache.
pub async fn keep_budget(
    hub: &SharedHub,
    company_id: CompanyId,
    connection_id: ConnectionId,
    view: &BudgetView,
) -> Result<(), FlowError> {
    let Ok(view) = serde_json::to_value(view) else { return Ok(()) };
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    connections::remember_budget(&mut tx, connection_id, &view).await?;
    Ok(tx.commit().await?)
}

/// What was spent between two readings, as a run counts it: `(requests, tokens)`.
pub fn spent(before: Spent, now: Spent) -> (i64, i64) {
    let signed = |new: u64, old: u64| i64::try_from(new.saturating_sub(old)).unwrap_or(i64::MAX);
    (signed(now.requests, before.requests), signed(now.tokens, before.tokens))
}

/// Renews a token that nobody has used for long, before the provider forgets the grant.
pub async fn keep_alive(hub: &SharedHub, company_id: CompanyId, connection_id: ConnectionId) {
    let connection = async {
        let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
        connections::get(&mut tx, connection_id).await
    };
    let Ok(Some(connection)) = connection.await else { return };
    let Some(provider) = hub.providers.get(&connection.provider) else { return };
    let tokens =
        ConnectionTokens::new(Arc::clone(hub), company_id, connection_id, provider.clone());
    if let Err(error) = tokens.renew_now().await {
        tracing::warn!(%connection_id, %error, "a dormant connection was not renewed");
    }
}
