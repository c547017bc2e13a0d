//! A database or a key file that is not as it must be ends a start with one sentence: exit code 2
//! when the configuration is wrong, 1 when the world is.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tandem::vault::MasterKeys;

use crate::harness::Database;

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
    let port = {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let away = format!("postgres://tandem_login:hunter2@127.0.0.1:{port}/tandem");
    start.refuses(&url(away), 1, "cannot reach the database");
    start.refuses(&url("hunter2".to_owned()), 2, "DATABASE_URL is not a PostgreSQL address");
    let wrong = start.database.url_as("tandem_login", "hunter2");
    start.refuses(&url(wrong), 1, "cannot reach the database");
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
