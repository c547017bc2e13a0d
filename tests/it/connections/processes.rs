//! Real processes on one database: they share a refresh, and what one of them leaves half done is
//! not lost.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;
use tandem::vault::MasterKeys;
use tokio::task::JoinSet;

use super::{
    Rig,
    crm::slug,
    keys::{connect_with, with_keys},
};
use crate::harness::Browser;

/// A connected company, and what processes need to serve it.
pub(super) struct Services {
    pub(super) rig: Rig,
    folder: PathBuf,
}

impl Services {
    pub(super) async fn new() -> Self {
        let rig = Rig::new().await;
        let folder = std::env::temp_dir().join(format!("tandem-serve-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let line = MasterKeys::fresh_line("k1");
        fs::write(folder.join("master.keys"), line.as_bytes()).unwrap();
        connect_with(&rig, &with_keys(&rig.hub.hub, &line)).await;
        Self { rig, folder }
    }

    async fn start(&self) -> Serve {
        self.start_with(&[]).await
    }

    pub(super) async fn start_with(&self, variables: &[(&str, &str)]) -> Serve {
        let port = {
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
            listener.local_addr().unwrap().port()
        };
        let (upper, app) = (slug().to_uppercase(), self.rig.crm.credentials());
        let child = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .arg("serve")
            .env_clear()
            .env("TANDEM_WITHOUT_WEBHOOKS", "true")
            .env("TANDEM_ENV", "development")
            .env("TANDEM_PUBLIC_URL", &self.rig.hub.url)
            .env("TANDEM_LISTEN", format!("127.0.0.1:{port}"))
            .env("DATABASE_URL", self.rig.hub.database.login_url())
            .env("TANDEM_MASTER_KEYS_FILE", self.folder.join("master.keys"))
            .env("TANDEM_SPOOL_DIR", self.folder.join("spool"))
            .env("TANDEM_DATA_DIR", self.folder.join("data"))
            .env(format!("{upper}_CLIENT_ID"), &app.client_id)
            .env(
                format!("{upper}_CLIENT_SECRET"),
                secrecy::ExposeSecret::expose_secret(&app.client_secret),
            )
            .env(format!("TANDEM_CRM_{upper}_OAUTH_URL"), self.rig.crm.url().as_str())
            .env(format!("TANDEM_CRM_{upper}_API_URL"), self.rig.crm.url().as_str())
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let serve = Serve { child, url: format!("http://127.0.0.1:{port}") };
        let browser = Browser::new(&serve.url, None);
        let begun = Instant::now();
        while browser.bare(reqwest::Method::GET, "/health/live").send().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        serve
    }

    /// Something that needs a token, as the owner asks for it.
    pub(super) fn users(&self, serve: &Serve) -> reqwest::RequestBuilder {
        let browser = Browser::new(&serve.url, self.rig.acme.owner.browser.cookie());
        browser.bare(reqwest::Method::GET, &format!("/api/integrations/{}/users", slug()))
    }

    pub(super) fn spooled(&self) -> usize {
        let Ok(entries) = fs::read_dir(self.folder.join("spool")) else { return 0 };
        entries.flatten().filter(|entry| entry.path().is_file()).count()
    }

    pub(super) async fn generation(&self) -> i64 {
        self.rig.hub.value("select token_gen from connection").await
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(super) struct Serve {
    pub(super) child: Child,
    url: String,
}

impl Serve {
    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the database says so.
pub(super) async fn until(rig: &Rig, sql: &'static str) {
    let begun = Instant::now();
    while !rig.hub.value::<bool>(sql).await {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {sql}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_ask_once_for_all_their_callers() {
    let services = Services::new().await;
    let rig = &services.rig;
    let (one, two) = tokio::join!(services.start(), services.start());
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    rig.crm.slow_token(200).await;
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        asking.spawn(services.users(&one).send());
        asking.spawn(services.users(&two).send());
    }
    for answer in asking.join_all().await {
        assert_eq!(answer.unwrap().status(), 200);
    }
    assert_eq!(rig.crm.tokens("refresh_token").await, 1);
    assert_eq!(services.generation().await, 2);
    assert_eq!(services.spooled(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_told_to_stop_stores_the_answer_it_waits_for() {
    let services = Services::new().await;
    let rig = &services.rig;
    let mut serve = services.start().await;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    rig.crm.slow_token(1_500).await;
    // The browser hangs up, and then the machine goes.
    let hung_up = services.users(&serve).timeout(Duration::from_millis(500)).send().await;
    assert!(hung_up.is_err());
    until(rig, "select count(*) = 1 from refresh_attempt").await;
    serve.signal("TERM");
    assert_eq!(serve.child.wait().unwrap().code(), Some(0));
    assert_eq!(services.generation().await, 2);
    let outcome: String = rig.hub.value("select outcome from refresh_attempt").await;
    assert_eq!(outcome, "stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_a_killed_process_could_not_store_is_saved_by_the_next() {
    let services = Services::new().await;
    let rig = &services.rig;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    rig.expire().await;
    rig.crm.slow_token(800).await;
    let serve = services.start().await;
    let mut asking = JoinSet::new();
    asking.spawn(services.users(&serve).send());
    until(rig, "select count(*) = 1 from refresh_attempt").await;
    // The answer comes, and the database does not take it.
    let mut lock = rig.hub.owner.begin().await.unwrap();
    sqlx::query("select from connection for update").execute(&mut *lock).await.unwrap();
    let begun = Instant::now();
    while services.spooled() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing was spooled");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    serve.signal("KILL");
    drop(serve);
    assert!(asking.join_next().await.unwrap().unwrap().is_err());
    lock.rollback().await.unwrap();
    assert_eq!(services.generation().await, 1);

    let serve = services.start().await;
    assert_eq!(services.generation().await, 2);
    assert_eq!(services.spooled(), 0);
    rig.expire().await;
    let answer = services.users(&serve).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(rig.crm.tokens("refused").await, 0, "the rotated token was the newest");
    assert_eq!(rig.crm.tokens("refresh_token").await, 2);
}
