//! What Tandem does for a company; one file per verb. A flow owns the order of its steps.

pub mod door_mail;
mod password;
pub mod reset;
pub mod sign_in;
pub mod sign_up;
mod throttle;

use std::sync::Arc;

use url::Url;

use crate::{cache::Cache, clock::Clock, config::Config, db::Db, outside::Mailer};

pub use password::PasswordError;

/// Everything a flow may reach for.
#[derive(Debug, Clone)]
pub struct Hub {
    pub db: Db,
    pub clock: Clock,
    pub config: Arc<Config>,
    pub mailer: Mailer,
    pub cache: Cache,
}

/// How flows and handlers hold the hub.
pub type SharedHub = Arc<Hub>;

impl Hub {
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

    /// Whether the mailbox page and the test biller exist.
    pub fn is_development(&self) -> bool {
        !self.config.environment.is_production()
    }

    /// Whether what every request needs answers; the error names the part that does not.
    pub async fn ready(&self) -> Result<(), &'static str> {
        self.db.ping().await.map_err(|_| "the database")?;
        self.cache.ping().await.map_err(|_| "the cache")
    }
}
