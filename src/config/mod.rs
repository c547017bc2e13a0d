//! The environment, read once; the only file that reads it.
//!
//! [`VARIABLES`] documents every variable and is the table of the README. An error is a sentence
//! that names the variable and never its value.

mod biller;
mod reader;
mod variables;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

pub use biller::{BillerConfig, PATIENCE as BILLER_PATIENCE};
use reader::Reader;
pub use variables::VARIABLES;

/// Where Tandem runs; decides what exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Production,
    Development,
    /// `tandem demo`, which sets it itself.
    Demo,
}

impl Environment {
    pub const fn is_production(self) -> bool {
        matches!(self, Self::Production)
    }
}

/// Where the master keys come from; the vault reads them.
#[derive(Debug, Clone)]
pub enum MasterKeys {
    File(PathBuf),
    /// The lines themselves.
    Inline(SecretString),
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub enum MailRoute {
    Smtp(SecretString),
    /// A folder that the mailbox page shows.
    Mailbox(PathBuf),
}

/// Our app at a CRM.
#[derive(Debug, Clone)]
pub struct ProviderCredentials {
    pub client_id: String,
    pub client_secret: SecretString,
}

/// How to find the address of whoever calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddress {
    /// The other end of the connection.
    Peer,
    /// `Fly-Client-IP`, which only Fly's proxy can set.
    FlyHeader,
}

/// What is wrong with the environment, one sentence per problem.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl ConfigError {
    pub fn one(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }
}

pub type Variables = BTreeMap<String, String>;

#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    pub public_url: Option<Url>,
    pub listen: SocketAddr,
    pub database_url: Option<SecretString>,
    pub owner_database_url: Option<SecretString>,
    /// How long a start waits for the database.
    pub database_patience: Duration,
    pub redis_url: Option<SecretString>,
    pub single_process: bool,
    pub master_keys: Option<MasterKeys>,
    pub spool_dir: Option<PathBuf>,
    pub refresh_lease: Duration,
    pub mail: Option<MailRoute>,
    pub mail_from: String,
    pub data_dir: PathBuf,
    pub log: String,
    pub otlp_endpoint: Option<Url>,
    pub metrics_listen: Option<SocketAddr>,
    pub metrics_token: Option<SecretString>,
    pub client_address: ClientAddress,
    pub lease: Duration,
    pub crm_timeout: Duration,
    /// CRMs are not asked to tell of changes, and not listened to.
    pub without_webhooks: bool,
    /// How often a CRM that does not tell of changes is asked for them; zero is never.
    pub poll_every: Duration,
    /// How long an answer waits for what becomes of a delivery: whole answers take five seconds at
    /// most (OUT2).
    pub answer_patience: Duration,
    /// What was sent and does not turn up for so long was never done.
    pub unknown: Duration,
    pub failpoint: Option<String>,
    /// Multiplies the quotas of requests.
    pub rate_limit_factor: u32,
    /// Of what a CRM allows in one of its windows; 1 in production.
    pub crm_limit_factor: u32,
    /// Who takes the money; `None` where nothing is for sale.
    pub biller: Option<BillerConfig>,
    crms: BTreeMap<String, SecretString>,
}

impl Config {
    /// The environment of this process.
    pub fn from_env() -> Result<Self, ConfigError> {
        let variables = environment();
        let environment = match variables.get("TANDEM_ENV").map(String::as_str) {
            None | Some("" | "production") => Environment::Production,
            Some("development") => Environment::Development,
            Some(_) => {
                return Err(ConfigError::one(
                    "TANDEM_ENV must be `production` or `development`; leave it out for production.",
                ));
            }
        };
        Self::read(environment, &variables)
    }

    /// What `tandem demo` starts from: the environment, for what it does not set itself.
    pub fn for_demo() -> Result<Self, ConfigError> {
        Self::read(Environment::Demo, &environment())
    }

    /// A development configuration that takes nothing from the environment.
    pub fn for_tests(data_dir: &Path) -> Self {
        let variables = [
            ("TANDEM_DATA_DIR", data_dir.to_string_lossy().into_owned()),
            // Tests ask faster than people do.
            ("TANDEM_RATE_LIMIT_FACTOR", "1000".to_owned()),
            // Those that are about them turn them on.
            ("TANDEM_WITHOUT_WEBHOOKS", "true".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        Self::read(Environment::Development, &variables)
            .expect("nothing is set that could be wrong")
    }

    /// What is set must be readable and allowed; what is missing is asked for by whoever needs it.
    pub fn read(environment: Environment, variables: &Variables) -> Result<Self, ConfigError> {
        let mut reader = Reader { variables, problems: Vec::new() };
        let production = environment.is_production();
        if production {
            reader.refuse_what_only_development_has();
        }
        let data_dir =
            reader.text("TANDEM_DATA_DIR").map_or_else(|| ".tandem".into(), PathBuf::from);
        let mail = match reader.secret("SMTP_URL") {
            Some(url) => Some(MailRoute::Smtp(url)),
            None if production => None,
            None => Some(MailRoute::Mailbox(data_dir.join("mail"))),
        };
        let master_keys = reader
            .text("TANDEM_MASTER_KEYS_FILE")
            .map(|path| MasterKeys::File(path.into()))
            .or_else(|| reader.secret("TANDEM_MASTER_KEYS").map(MasterKeys::Inline));
        let fallback = if production { "0.0.0.0:8080" } else { "127.0.0.1:8080" };
        let config = Self {
            environment,
            public_url: reader.public_url(production),
            listen: reader
                .address("TANDEM_LISTEN")
                .unwrap_or_else(|| fallback.parse().expect("a literal address")),
            database_url: reader.secret("DATABASE_URL"),
            owner_database_url: reader.secret("TANDEM_OWNER_DATABASE_URL"),
            database_patience: reader.seconds("TANDEM_DATABASE_PATIENCE_SECONDS", 0..=86_400, 300),
            redis_url: reader.secret("REDIS_URL"),
            single_process: reader.yes("TANDEM_SINGLE_PROCESS"),
            master_keys,
            spool_dir: reader.text("TANDEM_SPOOL_DIR").map(PathBuf::from),
            refresh_lease: reader.seconds("TANDEM_REFRESH_LEASE_SECONDS", 5..=600, 50),
            mail,
            mail_from: reader.mail_from(production),
            data_dir,
            log: reader.text("TANDEM_LOG").unwrap_or_else(|| "info".to_owned()),
            otlp_endpoint: reader.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
            metrics_listen: reader.address("TANDEM_METRICS_LISTEN"),
            metrics_token: reader.secret("TANDEM_METRICS_TOKEN"),
            client_address: match reader.text("FLY_APP_NAME") {
                Some(_) => ClientAddress::FlyHeader,
                None => ClientAddress::Peer,
            },
            lease: reader.seconds("TANDEM_LEASE_SECONDS", 2..=600, 20),
            without_webhooks: reader.yes("TANDEM_WITHOUT_WEBHOOKS"),
            poll_every: reader.minutes("TANDEM_POLL_MINUTES", 0..=1_440, 15),
            crm_timeout: reader.seconds("TANDEM_CRM_TIMEOUT_SECONDS", 1..=120, 30),
            answer_patience: Duration::from_millis(4_200),
            unknown: reader.seconds("TANDEM_UNKNOWN_SECONDS", 1..=3600, 120),
            failpoint: reader.text("TANDEM_FAILPOINT"),
            rate_limit_factor: reader.factor("TANDEM_RATE_LIMIT_FACTOR"),
            crm_limit_factor: reader.factor(reader::CRM_LIMIT_FACTOR),
            biller: reader.biller(),
            crms: reader.crms(),
        };
        if reader.problems.is_empty() { Ok(config) } else { Err(ConfigError(reader.problems)) }
    }

    /// Everything that is missing for `serve` and `work`, at once.
    pub fn check_service(&self) -> Result<(), ConfigError> {
        let production = self.environment.is_production();
        let missing = [
            (
                self.database_url.is_none(),
                "DATABASE_URL is not set: give the address of PostgreSQL with the login role.",
            ),
            (
                self.public_url.is_none(),
                "TANDEM_PUBLIC_URL is not set: give the address people type, such as https://tandem.example.com.",
            ),
            (
                self.master_keys.is_none(),
                "TANDEM_MASTER_KEYS_FILE is not set: tokens cannot be sealed without a master key; `tandem keys new` writes one.",
            ),
            (
                self.mail.is_none(),
                "SMTP_URL is not set: production needs a mail relay for confirmations and resets.",
            ),
            (
                production && self.redis_url.is_none() && !self.single_process,
                "REDIS_URL is not set: several processes share budgets through Redis; set TANDEM_SINGLE_PROCESS=true if there is only one.",
            ),
        ];
        let sentences: Vec<String> = missing
            .iter()
            .filter(|(is_missing, _)| *is_missing)
            .map(|(_, sentence)| (*sentence).to_owned())
            .collect();
        if sentences.is_empty() { Ok(()) } else { Err(ConfigError(sentences)) }
    }

    /// Our app at the provider with this slug, if both halves are set.
    pub fn provider(&self, slug: &str) -> Option<ProviderCredentials> {
        let id = self.crms.get(&credential(slug, "ID"))?;
        let client_secret = self.crms.get(&credential(slug, "SECRET"))?.clone();
        Some(ProviderCredentials { client_id: id.expose_secret().to_owned(), client_secret })
    }

    /// What to set before this provider can be connected; nothing if it can.
    pub fn provider_hint(&self, slug: &str) -> Option<String> {
        let missing: Vec<String> = ["ID", "SECRET"]
            .into_iter()
            .map(|half| credential(slug, half))
            .filter(|name| !self.crms.contains_key(name))
            .collect();
        (!missing.is_empty()).then(|| format!("Set {} to offer this.", missing.join(" and ")))
    }

    /// Another server for consent and tokens; never in production.
    pub fn oauth_url(&self, slug: &str) -> Option<Url> {
        self.override_url(slug, "OAUTH")
    }

    /// Another server for the API; never in production.
    pub fn api_url(&self, slug: &str) -> Option<Url> {
        self.override_url(slug, "API")
    }

    /// Points a provider at a sandbox, unless the environment already says where it is.
    pub fn offer_sandbox(&mut self, slug: &str, credentials: ProviderCredentials, url: &Url) {
        debug_assert!(!self.environment.is_production(), "production has no sandboxes");
        let slug = slug.to_uppercase();
        let mut offer = |name: String, value: SecretString| {
            self.crms.entry(name).or_insert(value);
        };
        offer(credential(&slug, "ID"), credentials.client_id.into());
        offer(credential(&slug, "SECRET"), credentials.client_secret);
        offer(format!("TANDEM_CRM_{slug}_OAUTH_URL"), url.as_str().into());
        offer(format!("TANDEM_CRM_{slug}_API_URL"), url.as_str().into());
    }

    fn override_url(&self, slug: &str, what: &str) -> Option<Url> {
        let name = format!("TANDEM_CRM_{}_{what}_URL", slug.to_uppercase());
        Url::parse(self.crms.get(&name)?.expose_secret()).ok()
    }
}

/// Folders with programs, for whoever looks for one.
pub fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

fn environment() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn credential(slug: &str, half: &str) -> String {
    format!("{}_CLIENT_{half}", slug.to_uppercase())
}

#[cfg(test)]
mod tests;
