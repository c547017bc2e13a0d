//! A database or a key file that is not as it must be ends a start with one sentence: exit code 2
//! when the configuration is wrong, 1 when the world is.

use std::{
    fs,
    io::Read as _,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tandem::vault::MasterKeys;

use crate::harness::Database;

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// An environment of production in which everything is right, until a test changes it.
struct Start {
    database: Database,
    folder: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Start {
    async fn new() -> Self {
        let database = Database::create().await;
        let folder = std::env::temp_dir().join(format!("tandem-start-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let keys = folder.join("master.keys");
        fs::write(&keys, MasterKeys::fresh_line("k1").as_bytes()).unwrap();
        let variables = vec![
            ("DATABASE_URL", database.login_url()),
            ("TANDEM_PUBLIC_URL", "https://tandem.example.com".to_owned()),
            ("TANDEM_MASTER_KEYS_FILE", keys.display().to_string()),
            ("SMTP_URL", "smtps://user:hunter2@mail.example.com".to_owned()),
            ("TANDEM_MAIL_FROM", "Tandem <no-reply@example.com>".to_owned()),
            ("TANDEM_SINGLE_PROCESS", "true".to_owned()),
            ("TANDEM_LISTEN", "127.0.0.1:0".to_owned()),
        ];
        Self { database, folder, variables }
    }

    fn keys(&self, lines: &str) {
        fs::write(self.folder.join("master.keys"), lines).unwrap();
    }

    fn run(&self, command: &str, changed: &[(&str, String)]) -> Output {
        // A start that is not refused would go on forever.
        Command::new("/usr/bin/timeout")
            .args(["30", env!("CARGO_BIN_EXE_tandem"), command])
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())))
            .envs(changed.iter().map(|(name, value)| (*name, value.as_str())))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn refuses(&self, changed: &[(&str, String)], code: i32, sentence: &str) {
        for command in ["serve", "work", "doctor"] {
            let output = self.run(command, changed);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{command}: {stderr}");
            assert!(stderr.contains(sentence), "{command}: {stderr}");
            assert!(!stderr.contains("panicked") && !stderr.contains("hunter2"), "{stderr}");
            let words: Vec<&str> =
                stderr.lines().filter(|line| line.starts_with("tandem: ")).collect();
            assert_eq!(words.len(), 1, "{command}: {stderr}");
            assert!(words[0].ends_with('.'), "a sentence: {stderr}");
            assert!(output.stdout.is_empty());
        }
    }

    /// A statement as the superuser.
    async fn sql(&self, statement: &str) {
        let mut admin = PgConnection::connect(&self.database.owner_url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_key_file_that_is_missing_broken_or_foreign_is_refused() {
    let start = Start::new().await;
    let file = |path: &str| [("TANDEM_MASTER_KEYS_FILE", path.to_owned())];
    start.refuses(&file(""), 2, "TANDEM_MASTER_KEYS_FILE is not set");
    start.refuses(&file("/nowhere/keys"), 2, "the master key file /nowhere/keys cannot be read");
    let right = fs::read_to_string(start.folder.join("master.keys")).unwrap();
    start.keys("# comment only\n\n");
    start.refuses(&[], 2, "the master key file holds no key");
    start.keys(&format!("{right}k2:hunter2\n"));
    start.refuses(&[], 2, "line 2 of the master key file is not");
    start.keys(&format!("{right}{right}"));
    start.refuses(&[], 2, "master key `k1` appears twice");
    fs::write(start.folder.join("master.keys"), [0xff, 0xfe, 0x00]).unwrap();
    start.refuses(&[], 2, "cannot be read");

    // The first good start remembers whose database this is.
    start.keys(&right);
    let good = start.run("doctor", &[]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert!(String::from_utf8_lossy(&good.stdout).contains("are in order"));
    start.keys(&MasterKeys::fresh_line("k1"));
    start.refuses(&[], 2, "master key `k1` is not the key that this database was sealed with");
    start.keys(&MasterKeys::fresh_line("k2"));
    start.refuses(&[], 2, "master key `k1` is not loaded: add its line");
    start.keys(&right);
    assert!(start.run("doctor", &[]).status.success());
}

#[tokio::test]
async fn a_database_that_is_away_or_has_another_password_is_named() {
    let start = Start::new().await;
    let url = |url: String| [("DATABASE_URL", url)];
    let away = format!("postgres://tandem_login:hunter2@127.0.0.1:{}/tandem", free_port());
    let at_once = [("TANDEM_DATABASE_PATIENCE_SECONDS", "0".to_owned())];
    start.refuses(&[url(away.clone()), at_once].concat(), 1, "cannot reach the database");
    // However patient services are, somebody who asks wants to know now.
    let begun = std::time::Instant::now();
    let told = start.run("doctor", &url(away));
    assert_eq!(told.status.code(), Some(1));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    start.refuses(&url("hunter2".to_owned()), 2, "DATABASE_URL is not a PostgreSQL address");
    let wrong = start.database.url_as("tandem_login", "hunter2");
    start.refuses(&url(wrong), 1, "cannot reach the database");
}

#[tokio::test]
async fn services_wait_for_a_database_that_is_away_but_not_for_ever() {
    let start = Start::new().await;
    let url = format!("postgres://tandem_login:hunter2@127.0.0.1:{}/tandem", free_port());
    let patience = ("TANDEM_DATABASE_PATIENCE_SECONDS", "12".to_owned());
    for command in ["serve", "work"] {
        let begun = std::time::Instant::now();
        let output = start.run(command, &[("DATABASE_URL", url.clone()), patience.clone()]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command}: {stderr}");
        assert!(begun.elapsed() >= Duration::from_secs(12), "{:?}", begun.elapsed());
        assert!(stderr.contains("waiting for the database: cannot reach"), "{stderr}");
        assert!(stderr.contains("tandem: cannot reach the database"), "{stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}

/// A way to the database that opens when it is told to.
async fn open_way(port: u16, database: &str) {
    let to: url::Url = database.parse().unwrap();
    let to = format!("{}:{}", to.host_str().unwrap(), to.port().unwrap());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "the way lasts as long as the test")]
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let to = to.clone();
            #[expect(clippy::disallowed_methods, reason = "the way lasts as long as the test")]
            tokio::spawn(async move {
                let mut to = tokio::net::TcpStream::connect(to).await.unwrap();
                tokio::io::copy_bidirectional(&mut from, &mut to).await.ok();
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_that_start_before_their_database_work_once_it_is_there() {
    let start = Start::new().await;
    let (way, listen) = (free_port(), free_port());
    let mut url: url::Url = start.database.login_url().parse().unwrap();
    url.set_port(Some(way)).unwrap();
    let address = format!("127.0.0.1:{listen}");
    let changed = [("DATABASE_URL", url.to_string()), ("TANDEM_LISTEN", address.clone())];
    let mut services = Vec::new();
    for command in ["serve", "work"] {
        services.push(Service::start(&start, command, &changed));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    for service in &mut services {
        assert_eq!(service.0.try_wait().unwrap(), None, "it does not wait");
    }
    open_way(way, &start.database.login_url()).await;
    let ready = format!("http://{address}/health/ready");
    let begun = std::time::Instant::now();
    let client = reqwest::Client::builder().build().unwrap();
    while !client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not answer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The worker, too: its first connection stays in the pool.
    let linked = "select count(distinct client_port) >= 2 from pg_stat_activity
                  where datname = current_database() and application_name = 'tandem'";
    let mut admin = PgConnection::connect(&start.database.owner_url()).await.unwrap();
    while !sqlx::query_scalar::<_, bool>(linked).fetch_one(&mut admin).await.unwrap() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not work");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for service in services {
        let words = service.stop();
        assert!(!words.contains("hunter2"), "{words}");
    }
}

/// A service that goes on; killed when dropped.
struct Service(Child);

impl Service {
    fn start(start: &Start, command: &str, changed: &[(&str, String)]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .arg(command)
            .env_clear()
            .envs(start.variables.iter().map(|(name, value)| (*name, value.as_str())))
            .envs(changed.iter().map(|(name, value)| (*name, value.as_str())))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Tells it to stop; what it has said.
    fn stop(mut self) -> String {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        let mut words = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        assert!(self.0.wait().unwrap().success(), "{words}");
        words
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_login_role_that_row_security_would_not_bind_is_refused() {
    let start = Start::new().await;
    let url = |url: String| [("DATABASE_URL", url)];
    start.refuses(&url(start.database.owner_url()), 1, "is too strong (it is a superuser)");

    // Roles belong to the cluster: named after this test, and dropped by it.
    let name = uuid::Uuid::new_v4().simple().to_string();
    let (bypass, owns, weak) =
        (format!("bypass_{name}"), format!("owns_{name}"), format!("weak_{name}"));
    start
        .sql(&format!(
            "create role {bypass} login bypassrls password 'hunter2';
             create role {owns} login password 'hunter2';
             create role {weak} login password 'hunter2';
             grant tandem_tenant, tandem_runner, tandem_door to {bypass}, {owns};
             create table mine (id int); alter table mine owner to {owns};"
        ))
        .await;
    let of = |role: &str| url(start.database.url_as(role, "hunter2"));
    start.refuses(&of(&bypass), 1, "is too strong (it has BYPASSRLS)");
    start.refuses(&of(&owns), 1, "is too strong (it owns tables)");
    start.refuses(&of(&weak), 1, "may not act as the roles of Tandem");
    start.sql(&format!("drop table mine; drop role {bypass}, {owns}, {weak};")).await;
}

#[tokio::test]
async fn a_database_that_is_behind_or_was_never_migrated_is_refused() {
    let start = Start::new().await;
    let empty = format!("tandem_test_empty_{}", uuid::Uuid::new_v4().simple());
    start.sql(&format!("create database {empty} template template0")).await;
    let mut url: url::Url = start.database.login_url().parse().unwrap();
    url.set_path(&empty);
    start.refuses(&[("DATABASE_URL", url.into())], 1, "the database was never migrated");
    start.sql(&format!("drop database {empty} with (force)")).await;

    start
        .sql("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .await;
    start.refuses(&[], 1, "the database is 1 migration(s) behind. Run `tandem migrate` first.");
}
