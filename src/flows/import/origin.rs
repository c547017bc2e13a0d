//! Where a run's pages of people come from: a connection to a CRM, or a file.

use std::sync::Arc;

use crate::{
    connectors::{Caller, Spent},
    db::{DbError, TenantTx, connections, runs::Run},
    domain::{CompanyId, ConnectionId, FileId},
    flows::{
        FlowError, SharedHub,
        account::{self, Account},
        import::{
            file::{self, File},
            verdict::RECONNECT,
        },
    },
    policy,
};

pub(super) enum Origin {
    Account(Arc<Account>),
    File(File),
}

impl Origin {
    pub(super) fn account(&self) -> Option<&Arc<Account>> {
        match self {
            Self::Account(account) => Some(account),
            Self::File(_) => None,
        }
    }

    pub(super) fn connection_id(&self) -> Option<ConnectionId> {
        self.account().map(|account| account.connection.connection_id)
    }

    pub(super) fn file_id(&self) -> Option<FileId> {
        match self {
            Self::Account(_) => None,
            Self::File(file) => Some(file.id),
        }
    }

    /// What was asked of a provider so far.
    pub(super) fn spent(&self) -> Spent {
        self.account().map_or_else(Spent::default, |account| account.meter.read())
    }
}

/// The same as it is stored.
pub(super) enum Stored {
    Connection(Box<connections::Connection>),
    /// `None`: it is no longer kept.
    File(Option<File>),
}

impl Stored {
    /// `None`: there is no such connection.
    pub(super) async fn of(tx: &mut TenantTx, run: &Run) -> Result<Option<Self>, DbError> {
        Ok(match run.connection_id {
            Some(id) => {
                connections::get(tx, id).await?.map(|found| Self::Connection(Box::new(found)))
            }
            None => Some(Self::File(file::open(tx, run).await?)),
        })
    }

    pub(super) fn refusal(&self, hub: &SharedHub, plan: &str) -> Option<&'static str> {
        match self {
            Self::Connection(connection) => refusal(hub, plan, connection),
            Self::File(file) => file.is_none().then_some(file::GONE),
        }
    }

    /// With a client, and the country of its numbers where it says so; `None` without a file.
    pub(super) async fn ready(
        self,
        hub: &SharedHub,
        company_id: CompanyId,
    ) -> Result<Option<(Origin, Option<String>)>, FlowError> {
        Ok(match self {
            Self::Connection(connection) => {
                let provider = hub.providers.get(&connection.provider);
                let provider = provider.ok_or(FlowError::NotConnected)?;
                let account =
                    account::client(hub, company_id, *connection, provider, Caller::Job).await;
                let country = account.connection.account_country.clone();
                Some((Origin::Account(Arc::new(account)), country))
            }
            Self::File(file) => file.map(|file| (Origin::File(file), None)),
        })
    }
}

/// Why nothing may run now, in words; checked again before every page.
fn refusal(
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

const PLAN: &str =
    "The plan does not include this CRM. Upgrade, resume the connection, then let this run go on.";
