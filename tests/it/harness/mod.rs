//! A hub with a database of its own, signed in as the role that production uses, and answering on
//! a real port.

mod browser;
mod company;
mod database;

use std::{path::PathBuf, sync::Arc, time::Duration};

use sqlx::PgPool;
use tandem::{
    cache::Cache,
    clock::Clock,
    config::Config,
    db::Db,
    flows::{self, Biller, Hub, Providers, SharedHub, SingleFlight},
    http,
    outside::{Mailer, Received},
    vault::{MasterKeys, Vault},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use browser::{Answer, Browser};
pub(crate) use company::{Company, Member};
pub(crate) use database::Database;

/// For tests in which nobody works: whoever waits for a delivery waits in vain.
pub(crate) fn impatient(config: &mut Config) {
    config.answer_patience = Duration::from_millis(50);
}

pub(crate) struct TestHub {
    /// Connected as `tandem_login`, like `tandem serve`.
    pub(crate) db: Db,
    /// Connected as the owner: for arranging and inspecting, never for the code under test.
    pub(crate) owner: PgPool,
    pub(crate) hub: SharedHub,
    pub(crate) clock: Clock,
    /// Where the app answers, without a trailing slash.
    pub(crate) url: String,
    pub(crate) database: Database,
    /// Opens what the hub sealed, for another process.
    pub(crate) master_keys: String,
    /// Cancelled, the server stops; so it does when the hub is dropped.
    pub(crate) stopping: CancellationToken,
    pub(crate) serving: Option<JoinHandle<std::io::Result<()>>>,
    pub(crate) folder: PathBuf,
}

impl TestHub {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With another configuration than development's.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Database::create().await, change).await
    }

    /// On a database that the test has made.
    pub(crate) async fn on(database: Database, change: impl FnOnce(&mut Config)) -> Self {
        Self::build(database, change, |providers| providers).await
    }

    /// With other providers than the registry's.
    pub(crate) async fn offering(
        change: impl FnOnce(&mut Config),
        offer: impl FnOnce(Providers) -> Providers,
    ) -> Self {
        Self::build(Database::create().await, change, offer).await
    }

    async fn build(
        database: Database,
        change: impl FnOnce(&mut Config),
        offer: impl FnOnce(Providers) -> Providers,
    ) -> Self {
        let clock = Clock::system();
        let db = Db::connect(database.login(), 12).await.unwrap();
        let owner = database.owner_pool().await;
        let folder = std::env::temp_dir().join(format!("tandem-{}", uuid::Uuid::new_v4()));
        let listener = http::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut config = Config::for_tests(&folder);
        config.public_url = Some(format!("http://localhost:{port}").parse().unwrap());
        change(&mut config);
        let master_keys = MasterKeys::fresh_line("test").to_string();
        let hub = Arc::new(Hub {
            db: db.clone(),
            clock: clock.clone(),
            mailer: Mailer::new(&config).unwrap(),
            cache: Cache::with_clock(Arc::new(clock.clone())),
            vault: Arc::new(Vault::new(MasterKeys::parse(&master_keys).unwrap())),
            providers: offer(Providers::from_config(&config).unwrap()),
            biller: Biller::from_config(&config).unwrap(),
            refreshing: SingleFlight::default(),
            rooms: tandem::connectors::Rooms::default(),
            instance: "test".to_owned(),
            config: Arc::new(config),
        });
        let stopping = CancellationToken::new();
        let app = http::app(Arc::clone(&hub), stopping.clone());
        #[expect(clippy::disallowed_methods, reason = "the server runs beside the test")]
        let serving = tokio::spawn(http::serve(listener, app, stopping.clone()));
        Self {
            db,
            owner,
            hub,
            clock,
            url: format!("http://localhost:{port}"),
            database,
            master_keys,
            stopping,
            serving: Some(serving),
            folder,
        }
    }

    /// Somebody who is not signed in.
    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(&self.url, None)
    }

    /// Sends what waits at the door and returns the whole mailbox, newest first.
    pub(crate) async fn mail(&self) -> Vec<Received> {
        flows::door_mail::send_due(&self.hub).await.unwrap();
        self.hub.mailer.mailbox().unwrap().unwrap()
    }

    /// The token in the newest mail to this address.
    pub(crate) async fn mailed_token(&self, to: &str) -> String {
        let mails = self.mail().await;
        let mail = mails.iter().find(|mail| mail.to == to).unwrap();
        mail.links[0].split_once("#token=").unwrap().1.to_owned()
    }

    /// One value, as the owner sees it.
    pub(crate) async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(&self.owner).await.unwrap()
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        self.stopping.cancel();
        // The mailbox may never have been used.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Whether `make chaos` asked for the long version of a test.
pub(crate) fn long() -> bool {
    #[expect(clippy::disallowed_methods, reason = "tests have no `Config`")]
    std::env::var("TANDEM_TEST_LONG").is_ok()
}

/// What every roll of the dice in a test hangs on; `make chaos` sets another one each time.
pub(crate) fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "tests have no `Config`")]
    let given = std::env::var("TANDEM_CHAOS_SEED").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Figures for the summary of `make chaos`; printed, whoever asks.
pub(crate) fn report(name: &str, figures: &serde_json::Value) {
    println!("{name}: {figures}");
    #[expect(clippy::disallowed_methods, reason = "tests have no `Config`")]
    let Ok(folder) = std::env::var("TANDEM_TEST_REPORT") else { return };
    let named = serde_json::json!({ name: figures });
    std::fs::write(format!("{folder}/{name}.json"), named.to_string()).unwrap();
}
