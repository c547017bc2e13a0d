//! Starts, stops and crashes of a private cluster.

use std::{fs, path::PathBuf};

use super::*;

/// A place of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let name = format!("tandem-embedded-{}", uuid::Uuid::now_v7().simple());
        Self(std::env::temp_dir().join(name))
    }
    fn data(&self) -> PathBuf {
        self.0.join(cluster::FOLDER)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn ask(postgres: &PrivatePostgres, question: &'static str) -> i64 {
    let mut connection = sqlx::PgConnection::connect(&postgres.url("postgres")).await.unwrap();
    sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
}

async fn tell(postgres: &PrivatePostgres, statement: &'static str) {
    let mut connection = sqlx::PgConnection::connect(&postgres.url("postgres")).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
}

/// Lets go of a server as `kill -9` does: nobody asks it to stop, and the lock is free.
async fn abandon(postgres: PrivatePostgres) -> u32 {
    let pid = postgres.pid().unwrap();
    lifeline::cut(postgres.lifeline).await;
    pid
}

#[tokio::test]
async fn data_is_kept_and_a_server_left_by_a_crash_is_stopped_first() {
    let place = Place::new();
    let first = PrivatePostgres::start(&place.0, true).await.unwrap();
    tell(&first, "create table kept as select 42::bigint as answer").await;
    let orphan = abandon(first).await;

    let second = PrivatePostgres::start(&place.0, true).await.unwrap();
    assert_ne!(second.pid(), Some(orphan));
    assert_eq!(ask(&second, "select answer from kept").await, 42);
    second.stop().await.unwrap();
    assert!(!place.data().join("postmaster.pid").exists());

    let third = PrivatePostgres::start(&place.0, true).await.unwrap();
    assert_eq!(ask(&third, "select answer from kept").await, 42);
    third.stop().await.unwrap();
}

#[tokio::test]
async fn a_place_in_use_is_refused_and_its_server_left_alone() {
    let place = Place::new();
    let postgres = PrivatePostgres::start(&place.0, false).await.unwrap();
    let refused = PrivatePostgres::start(&place.0, false).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::InUse(_)), "{refused}");
    assert!(matches!(erase(&place.0).await, Err(EmbeddedError::InUse(_))));
    assert_eq!(ask(&postgres, "select 1::bigint").await, 1);
    postgres.stop().await.unwrap();
    erase(&place.0).await.unwrap();
    assert!(!place.0.exists());
}

#[tokio::test]
async fn a_stale_pid_that_belongs_to_somebody_else_now_hinders_and_hurts_nobody() {
    let place = Place::new();
    PrivatePostgres::start(&place.0, false).await.unwrap().stop().await.unwrap();
    let mut stranger = Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap();
    let stale = format!("{}\n{}\n1\n1\n\n\n", stranger.id().unwrap(), place.data().display());
    fs::write(place.data().join("postmaster.pid"), stale).unwrap();

    PrivatePostgres::start(&place.0, false).await.unwrap().stop().await.unwrap();
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended");
    stranger.kill().await.unwrap();
}

#[tokio::test]
async fn a_cluster_that_was_never_finished_is_made_anew() {
    let place = Place::new();
    fs::create_dir_all(place.0.join("cluster.unfinished/base")).unwrap();
    let postgres = PrivatePostgres::start(&place.0, false).await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn data_of_another_version_is_refused_by_its_number() {
    let place = Place::new();
    fs::create_dir_all(place.data()).unwrap();
    fs::write(place.data().join("PG_VERSION"), "9\n").unwrap();
    let refused = PrivatePostgres::start(&place.0, false).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::OtherMajor { made_by: 9, .. }), "{refused}");
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why_in_its_own_words() {
    let place = Place::new();
    PrivatePostgres::start(&place.0, false).await.unwrap().stop().await.unwrap();
    let settings = place.data().join("postgresql.conf");
    fs::write(&settings, "no_such_setting = 1\n").unwrap();
    let refused = PrivatePostgres::start(&place.0, false).await.unwrap_err();
    assert!(refused.to_string().contains("no_such_setting"), "{refused}");
}

#[tokio::test]
async fn a_forgotten_cluster_stops_by_itself() {
    let place = Place::new();
    let postgres = PrivatePostgres::start(&place.0, false).await.unwrap();
    drop(postgres);
    for _ in 0..200 {
        if !place.data().join("postmaster.pid").exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it still runs after ten seconds");
}
