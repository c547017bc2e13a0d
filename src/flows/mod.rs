//! What Tandem does for a company; one file per verb. A flow owns the order of its steps.

pub mod access_token;
pub mod account;
pub mod activities;
pub mod api_keys;
pub mod audit;
pub mod billing;
pub mod browse;
pub mod bulk;
pub mod campaigns;
pub mod connect;
pub mod contacts;
pub mod csv;
pub mod deliver;
pub mod demo;
pub mod disconnect;
pub mod door_mail;
pub mod export;
mod grant;
pub mod hooks;
pub mod idempotency;
pub mod import;
pub mod install;
mod installers;
pub mod keys;
pub mod ledger;
pub mod look_up;
pub mod mailbox;
mod password;
pub mod plan;
pub mod poll;
mod providers;
pub mod rates;
pub mod reconnect;
pub mod reminders;
pub mod reports;
pub mod reset;
pub mod saved_filters;
pub mod second_factor;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod snooze;
pub mod team;
mod throttle;
pub mod tokens;
pub mod uninstall;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use crate::{
    cache::Cache,
    clock::Clock,
    config::Config,
    connectors::{CrmError, Rooms},
    db::{Db, DbError},
    outside::{MailError, Mailer, stripe::StripeError},
    vault::Vault,
};

pub use billing::Biller;
pub use password::PasswordError;
pub use providers::{Provider, ProviderSetupError, Providers};
pub use tokens::{ConnectionTokens, SealError, SingleFlight, recover_spooled};

/// Everything a flow may reach for.
#[derive(Debug, Clone)]
pub struct Hub {
    pub db: Db,
    pub clock: Clock,
    pub config: Arc<Config>,
    pub mailer: Mailer,
    pub cache: Cache,
    pub vault: Arc<Vault>,
    pub providers: Providers,
    /// `None`: nothing is for sale here.
    pub biller: Option<Biller>,
    pub refreshing: SingleFlight,
    /// Where deliveries of one connection meet.
    pub rooms: Rooms,
    /// Names this process in what it leaves behind.
    pub instance: String,
}

/// What a job's flow wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Done,
    /// Once more, at once or at that time.
    Later {
        at: Option<DateTime<Utc>>,
        reason: &'static str,
    },
}

impl Next {
    pub(crate) const fn later(at: Option<DateTime<Utc>>, reason: &'static str) -> Self {
        Self::Later { at, reason }
    }
}

/// Why something was not done for a company, named by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("no such thing in this company")]
    NotFound,
    #[error("this CRM is not connected")]
    NotConnected,
    #[error("the connection needs a new consent")]
    NeedsReconnect,
    #[error("the connection is paused")]
    Paused,
    /// The request contradicts what is stored; the words say what to do.
    #[error("{0}")]
    Refused(&'static str),
    #[error(transparent)]
    Crm(#[from] CrmError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How flows and handlers hold the hub.
pub type SharedHub = Arc<Hub>;

/// Why a hub could not be put together, as a sentence for whoever operates Tandem.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Provider(#[from] ProviderSetupError),
}

impl Hub {
    pub fn new(
        config: Config,
        db: Db,
        cache: Cache,
        vault: Vault,
        clock: Clock,
    ) -> Result<Self, HubError> {
        Ok(Self {
            db,
            clock,
            mailer: Mailer::new(&config)?,
            providers: Providers::from_config(&config)?,
            biller: Biller::from_config(&config)?,
            config: Arc::new(config),
            cache,
            vault: Arc::new(vault),
            refreshing: SingleFlight::default(),
            rooms: Rooms::default(),
            instance: format!("{}-{}", std::process::id(), uuid::Uuid::now_v7().simple()),
        })
    }

    /// The address people type: what links in mails and OAuth callbacks start with.
    pub fn public_url(&self) -> Url {
        self.config.public_url.clone().unwrap_or_else(|| {
            Url::parse(&format!("http://localhost:{}", self.config.listen.port()))
                .expect("a port makes no address unreadable")
        })
    }

    /// Our own origin, as browsers send it.
    pub fn origin(&self) -> String {
        self.public_url().origin().ascii_serialization()
    }

    /// Whether browsers reach us encrypted; decides the cookie's name and `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url().scheme() == "https"
    }

    /// Whether the mailbox page exists, and the test biller where nothing else takes money.
    pub fn is_development(&self) -> bool {
        !self.config.environment.is_production()
    }

    /// Whether what every request needs answers; the error names the part that does not.
    pub async fn ready(&self) -> Result<(), &'static str> {
        self.db.ping().await.map_err(|_| "the database")?;
        self.cache.ping().await.map_err(|_| "the cache")
    }
}
