//! Cards of the integrations page.

use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::{
    changes::ChangesView,
    cost::{Budget, ImportForecast},
};
use crate::{
    connectors,
    db::{
        self,
        connections::{Connection, Standing},
        deliveries::Backlog,
    },
    flows::{Provider, SharedHub, account, ledger},
    http::{ApiError, Session},
    policy::{self, Plan},
};

#[derive(Object)]
pub(super) struct IntegrationsStatus {
    providers: Vec<ProviderStatus>,
}

/// One CRM product and the company's connection to it.
#[derive(Object)]
pub(super) struct ProviderStatus {
    provider: String,
    name: String,
    /// The brand's colour, `#rrggbb`.
    color: String,
    /// Whether this installation has an app at the provider.
    configured: bool,
    /// What an operator must set before it can be offered.
    setup_hint: Option<String>,
    /// Whether the plan includes it.
    allowed: bool,
    upgrade_to: Option<Plan>,
    /// What a consent asks for, in words.
    asks: Vec<Asked>,
    /// What Tandem never touches, in words.
    never: Vec<String>,
    /// What must be done at the provider before anybody can connect, step by step, in words.
    before: Vec<String>,
    /// Where people may have to say at which host of their own they sign in: the `login` of
    /// `connect`.
    own_login: Option<OwnLoginView>,
    /// What the daily budget counts, such as `request`; takes an `s` when there are several.
    budget_unit: String,
    connection: Option<ConnectionView>,
}

#[derive(Object)]
struct Asked {
    scope: String,
    words: String,
}

/// A host of a company's own, at which its people sign in.
#[derive(Object)]
#[oai(rename = "OwnLogin")]
struct OwnLoginView {
    /// What the provider calls it.
    name: String,
    /// Without `https://`.
    example: String,
    /// Who needs it, in words.
    words: String,
    /// That of the account that was connected last, without `https://`; connecting it again goes
    /// there by itself.
    host: Option<String>,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum ConnectionState {
    Active,
    NeedsReconnect,
    Paused,
    Disconnected,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum Health {
    Ok,
    Attention,
    Failing,
}

#[derive(Object)]

struct ConnectedBy {
    member_id: Uuid,
    name: String,
}

#[derive(Object)]
struct LastSync {
    run_id: Uuid,
    state: String,
    finished_at: Option<DateTime<Utc>>,
}

#[derive(Object)]
struct RunningSync {
    run_id: Uuid,
}

#[derive(Object)]
#[oai(rename = "Connection")]
struct ConnectionView {
    id: Uuid,
    state: ConnectionState,
    state_reason: Option<String>,
    account_name: String,
    account_domain: Option<String>,
    account_user: Option<String>,
    /// Whether the user who connected is an admin there: others see less.
    account_admin: bool,
    /// Other users of the account who installed the app; the connection does not live on them.
    also_installed_by: Vec<String>,
    /// When the provider said that the app was uninstalled there, if that is how it ended.
    uninstalled_at: Option<DateTime<Utc>>,
    connected_by: Option<ConnectedBy>,
    connected_at: DateTime<Utc>,
    granted_scopes: Vec<String>,
    missing_scopes: Vec<String>,
    last_sync: Option<LastSync>,
    running: Option<RunningSync>,
    next_run: Option<DateTime<Utc>>,
    budget: Budget,
    forecast: ImportForecast,
    contacts_linked: i64,
    /// What is to go to the CRM and has not arrived.
    deliveries: BacklogView,
    /// How the CRM tells of changes by itself; `null` for one that has to be asked, and until it was asked to.
    webhooks: Option<WebhooksView>,
    changes: ChangesView,
    health: Health,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum WebhooksState {
    On,
    /// It tells nothing; the reason says what to do.
    Off,
    /// It is asked again by itself.
    Failing,
}

#[derive(Object)]
#[oai(rename = "Webhooks")]
struct WebhooksView {
    state: WebhooksState,
    state_reason: Option<String>,
    /// When it ends; it is asked again long before.
    until: Option<DateTime<Utc>>,
    /// Of the last seven days.
    last_received_at: Option<DateTime<Utc>>,
}

impl WebhooksView {
    fn of(connection: &Connection, last_received_at: Option<DateTime<Utc>>) -> Option<Self> {
        let state = match connection.hooks_state.as_deref()? {
            "on" => WebhooksState::On,
            "off" => WebhooksState::Off,
            _ => WebhooksState::Failing,
        };
        Some(Self {
            state,
            state_reason: connection.hooks_reason.clone(),
            until: connection.hooks_until,
            last_received_at,
        })
    }
}

#[derive(Object)]
#[oai(rename = "DeliveryBacklog")]
struct BacklogView {
    /// Goes on by itself.
    waiting: i64,
    /// Refused or given up: somebody has to do something.
    failing: i64,
    /// Waits for the plan, a resume or a new consent.
    held: i64,
}

pub(super) async fn all(
    hub: &SharedHub,
    session: &Session,
) -> Result<IntegrationsStatus, ApiError> {
    let mut providers = Vec::new();
    for provider in hub.providers.all() {
        providers.push(one(hub, session, provider).await?);
    }
    Ok(IntegrationsStatus { providers })
}

pub(super) async fn one(
    hub: &SharedHub,
    session: &Session,
    provider: &Provider,
) -> Result<ProviderStatus, ApiError> {
    let manifest = provider.connector.manifest();
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let connection = db::connections::find(&mut tx, provider.slug()).await?;
    let standing = match &connection {
        Some(connection) => {
            let id = connection.connection_id;
            let today = db::budget_use::since(&mut tx, id, ledger::today(hub)).await?;
            let standing = db::connections::standing(&mut tx, id).await?;
            let sizes = db::budget_use::last_sizes(&mut tx, id).await?;
            let backlog = db::deliveries::backlog(&mut tx, id).await?;
            let others = db::installers::names(&mut tx, id).await?;
            let heard = db::hooks::last_heard(&mut tx, id).await?;
            let hooks = WebhooksView::of(connection, heard);
            let turn = db::polls::get(&mut tx, id).await?;
            let changes = ChangesView::of(hub, session.plan(), provider, connection, turn);
            let standing = (standing, backlog, (others, hooks, changes));
            Some((standing, sizes, today.iter().map(|one| one.tokens).sum()))
        }
        None => None,
    };
    drop(tx);
    let own_login = |connection: &Connection| provider.endpoints.own_login(&connection.api_base);
    let own_host = connection.as_ref().and_then(own_login);
    let own_host = own_host.and_then(|url| url.strip_prefix("https://").map(str::to_owned));
    let view = match connection.zip(standing) {
        Some((connection, ((standing, backlog, (others, webhooks, changes)), sizes, ours))) => {
            let now = hub.clock.now();
            let view = account::budget(hub, provider, &connection).await.view().await;
            let budget = Budget::of(&view, ours, now);
            let forecast = ImportForecast::of(provider, sizes);
            let standing = (standing, backlog, changes);
            let view = ConnectionView::of(provider, connection, standing, budget, forecast, now);
            Some(ConnectionView { also_installed_by: others, webhooks, ..view })
        }
        None => None,
    };
    let allowed = policy::allows(session.plan(), manifest.plan_feature);
    Ok(ProviderStatus {
        provider: manifest.slug.to_owned(),
        name: manifest.name.to_owned(),
        color: manifest.color.to_owned(),
        configured: provider.credentials.is_some(),
        setup_hint: hub.config.provider_hint(manifest.slug),
        allowed,
        upgrade_to: if allowed {
            None
        } else {
            policy::upgrade_to(session.plan(), manifest.plan_feature)
        },
        asks: manifest
            .scopes
            .iter()
            .map(|scope| Asked { scope: scope.name.to_owned(), words: scope.words.to_owned() })
            .collect(),
        never: manifest.never.iter().map(|words| (*words).to_owned()).collect(),
        before: manifest.before.iter().map(|words| (*words).to_owned()).collect(),
        own_login: manifest.own_login.as_ref().map(|own| OwnLoginView {
            name: own.name.to_owned(),
            example: own.example.to_owned(),
            words: own.words.to_owned(),
            host: own_host,
        }),
        budget_unit: manifest.unit.to_owned(),
        connection: view,
    })
}

impl ConnectionView {
    fn of(
        provider: &Provider,
        connection: Connection,
        (standing, backlog, changes): (Standing, Backlog, ChangesView),
        budget: Budget,
        forecast: ImportForecast,
        now: DateTime<Utc>,
    ) -> Self {
        let manifest = provider.connector.manifest();
        let missing = connectors::missing_scopes(manifest, &connection.granted_scopes);
        let state = match connection.state.as_str() {
            "active" => ConnectionState::Active,
            "needs_reconnect" => ConnectionState::NeedsReconnect,
            "paused" => ConnectionState::Paused,
            _ => ConnectionState::Disconnected,
        };
        let last_failed = standing.last_run_state.as_deref() == Some("failed")
            && standing.last_run_finished.is_some_and(|at| now - at < TimeDelta::days(7));
        let health = match state {
            ConnectionState::NeedsReconnect => Health::Failing,
            ConnectionState::Active if missing.is_empty() && !last_failed => Health::Ok,
            _ => Health::Attention,
        };
        let ended = connection.state == "disconnected" && connection.state_reason.is_some();
        Self {
            id: connection.connection_id.uuid(),
            state,
            also_installed_by: Vec::new(),
            uninstalled_at: connection.uninstalled_at.filter(|_| ended),
            state_reason: connection.state_reason,
            account_name: connection.account_name,
            account_domain: connection.account_domain,
            account_user: connection.account_user,
            account_admin: connection.account_admin,
            connected_by: connection
                .connected_by
                .zip(connection.connected_by_name)
                .map(|(id, name)| ConnectedBy { member_id: id.uuid(), name }),
            connected_at: connection.connected_at,
            granted_scopes: connection.granted_scopes,
            missing_scopes: missing.into_iter().map(str::to_owned).collect(),
            last_sync: standing.last_run.zip(standing.last_run_state).map(|(run_id, state)| {
                LastSync { run_id: run_id.uuid(), state, finished_at: standing.last_run_finished }
            }),
            running: standing.running.map(|run_id| RunningSync { run_id: run_id.uuid() }),
            next_run: changes.next_at,
            budget,
            forecast,
            contacts_linked: standing.contacts_linked,
            deliveries: BacklogView {
                waiting: backlog.waiting,
                failing: backlog.failing,
                held: backlog.held,
            },
            webhooks: None,
            changes,
            health,
        }
    }
}
