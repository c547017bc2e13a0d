//! A database per test, copied from a template that is made once per schema.
//!
//! `TANDEM_TEST_DATABASE_URL` names a superuser of a cluster that is only for tests;
//! `tandem postgres -- cargo test` starts one and sets it.

use std::{fs, path::Path, str::FromStr};

use sha2::{Digest, Sha256};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::runtime::{Handle, RuntimeFlavor};

/// Any number, the same in every test process.
const TEMPLATE_LOCK: i64 = 7_415_926_535;
const LOGIN_PASSWORD: &str = "only-for-tests";

pub(crate) struct Database {
    name: String,
    owner: PgConnectOptions,
    cluster: String,
    /// Of a cluster that goes as a whole, nothing has to be dropped.
    goes_with_cluster: bool,
}

impl Database {
    pub(crate) async fn create() -> Self {
        Self::make(cluster_url(), false).await
    }

    /// In a cluster of the test's own, which may die with everything in it.
    pub(crate) async fn create_in(cluster: String) -> Self {
        Self::make(cluster, true).await
    }

    async fn make(url: String, goes_with_cluster: bool) -> Self {
        let cluster = options(&url);
        let mut admin = PgConnection::connect_with(&cluster).await.unwrap();
        let template = template(&cluster, &mut admin).await;
        let name = format!("tandem_test_{}", uuid::Uuid::new_v4().simple());
        // Copied as files, with a checkpoint before and after: nothing is synced here, and a page
        // of WAL for each page takes ten times as long.
        let copy = format!("create database {name} template {template} strategy file_copy");
        statement(&mut admin, copy).await;
        admin.close().await.unwrap();
        Self { owner: cluster.database(&name), name, cluster: url, goes_with_cluster }
    }

    /// As the role of production, which owns nothing.
    pub(crate) fn login(&self) -> PgConnectOptions {
        self.owner.clone().username("tandem_login").password(LOGIN_PASSWORD)
    }

    /// The same as an address, for processes.
    pub(crate) fn login_url(&self) -> String {
        self.url_as("tandem_login", LOGIN_PASSWORD)
    }

    /// This database as another role.
    pub(crate) fn url_as(&self, role: &str, password: &str) -> String {
        let (host, port) = (self.owner.get_host(), self.owner.get_port());
        format!("postgres://{role}:{password}@{host}:{port}/{}", self.name)
    }

    /// This database as the superuser.
    pub(crate) fn owner_url(&self) -> String {
        let mut url: url::Url = self.cluster.parse().unwrap();
        url.set_path(&self.name);
        url.into()
    }

    pub(crate) async fn owner_pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(4).connect_with(self.owner.clone()).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.goes_with_cluster {
            return;
        }
        let (name, cluster) = (std::mem::take(&mut self.name), options(&self.cluster));
        // A drop cannot wait on the test's own runtime.
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut admin = PgConnection::connect_with(&cluster).await.unwrap();
                statement(&mut admin, format!("drop database if exists {name} with (force)")).await;
            });
        });
        // The drop waits until every session has heard of it, and one that is being opened hears
        // nothing until its client answers: that client may wait for the thread that we hold.
        let dropped = match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(|| dropping.join()),
            _ => dropping.join(),
        };
        assert!(
            dropped.is_ok() || std::thread::panicking(),
            "the test's database could not be dropped"
        );
    }
}

fn cluster_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests have no `Config`")]
    std::env::var("TANDEM_TEST_DATABASE_URL").expect(
        "TANDEM_TEST_DATABASE_URL is not set: run the tests with `make test`, or \
         `tandem postgres -- cargo test`",
    )
}

fn options(url: &str) -> PgConnectOptions {
    PgConnectOptions::from_str(url).unwrap().options([("client_min_messages", "error")])
}

/// The name of a migrated database, made by whoever comes first.
async fn template(cluster: &PgConnectOptions, admin: &mut PgConnection) -> String {
    let name = format!("tandem_template_{}", fingerprint());
    sqlx::query("select pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *admin)
        .await
        .unwrap();
    let ready: bool = sqlx::query_scalar(
        "select exists (select from pg_database where datname = $1 and datistemplate)",
    )
    .bind(&name)
    .fetch_one(&mut *admin)
    .await
    .unwrap();
    if !ready {
        statement(admin, format!("drop database if exists {name} with (force)")).await;
        statement(admin, format!("create database {name} template template0")).await;
        tandem::db::migrate(cluster.clone().database(&name), Some(LOGIN_PASSWORD)).await.unwrap();
        statement(admin, format!("alter database {name} is_template true")).await;
    }
    sqlx::query("select pg_advisory_unlock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *admin)
        .await
        .unwrap();
    name
}

/// Changes whenever a migration or a policy does.
fn fingerprint() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = ["migrations", "policies/rls"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).unwrap());
    }
    hex::encode(&hash.finalize()[..8])
}

async fn statement(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(admin).await.unwrap();
}
