//! A database that is stopped, loses its connections, or has no room left, under workers that stay.

use std::{
    fs,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use super::{
    campaign::{ends, mark},
    cluster::Cluster,
    faults::{Survived, goes_on, size},
    process::{Process, Setting},
    truth,
};
use crate::{
    flows::stage::Stage,
    harness::{Database, long, report, seed},
};

/// How long the disk stays full, in which nothing may get lost.
const FULL: Duration = Duration::from_secs(4);

/// Two workers and a run on its way, slow enough to be met in the middle.
async fn working(stage: &Stage) -> (String, [Process; 2]) {
    stage.control("POST", "/latency", json!({ "ms": 120 })).await;
    let setting = Setting::default();
    let workers = [Process::work(stage, &setting), Process::work(stage, &setting)];
    let run = stage.start(json!({ "mode": "full" })).await;
    let begun = Instant::now();
    while mark(stage, &run).await.0 < 3 {
        assert!(begun.elapsed() < Duration::from_mins(1), "the run does not begin");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (run, workers)
}

async fn ends_well(stage: &Stage, run: &str, mut workers: [Process; 2], total: &mut Survived) {
    let over = ends(stage, run, Instant::now()).await;
    assert_eq!(over["state"], "completed", "{over}");
    total.held.add(&truth::of_a_first_import(stage, run).await);
    assert!(workers.iter_mut().all(Process::is_alive), "a worker did not outlive it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_is_stopped_and_started_again_costs_no_worker_and_no_page() {
    let mut dice = StdRng::seed_from_u64(seed());
    let mut total = Survived::default();
    for nth in 0..if long() { 4 } else { 1 } {
        let mut cluster = Cluster::start().await;
        let stage = Stage::on(Database::create_in(cluster.url.clone()).await, size()).await;
        let (run, workers) = working(&stage).await;
        for crash in 0..if long() { 2 } else { 1 } {
            cluster.crash().await;
            let away =
                Duration::from_millis(dice.random_range(100..if long() { 15_000 } else { 1_000 }));
            tokio::time::sleep(away).await;
            cluster.restart().await;
            let (since, was) = (Instant::now(), mark(&stage, &run).await);
            let name = format!("stopped {nth}.{crash}");
            let back = goes_on(&stage, &run, &name, since, was).await;
            println!("{name}: away for {away:.1?}, back after {back:.1} s");
            total.recoveries.push((name, back));
        }
        ends_well(&stage, &run, workers, &mut total).await;
    }
    report("postgres_stopped", &total.figures());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_are_ended_again_and_again_cost_no_page() {
    let mut dice = StdRng::seed_from_u64(seed());
    let mut total = Survived::default();
    let stage = Stage::with(size()).await;
    let (run, workers) = working(&stage).await;
    let mut ended = 0;
    for _ in 0..if long() { 60 } else { 4 } {
        tokio::time::sleep(Duration::from_millis(dice.random_range(20..400))).await;
        let cut: i64 = sqlx::query_scalar(
            "with theirs as materialized (
                 select pid from pg_stat_activity
                 where datname = current_database() and usename = 'tandem_login'
             )
             select count(*) from theirs where pg_terminate_backend(pid)",
        )
        .fetch_one(&stage.hub.owner)
        .await
        .unwrap();
        ended += cut;
    }
    assert!(ended > 0, "nobody was connected");
    let (since, was) = (Instant::now(), mark(&stage, &run).await);
    let back = goes_on(&stage, &run, "connections ended", since, was).await;
    println!("{ended} connections ended, back after {back:.1} s");
    total.recoveries.push((format!("{ended} connections ended"), back));
    ends_well(&stage, &run, workers, &mut total).await;
    report("postgres_connections", &total.figures());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_stops_the_run_and_room_lets_it_go_on() {
    let mut total = Survived::default();
    let disk = if long() { Cluster::on_small_disk(224).await } else { None };
    let Some(mut cluster) = disk else {
        // Without a disk to fill, what the server would say is said for it.
        refusing(&mut total).await;
        report("postgres_disk_full", &total.figures());
        return;
    };
    let stage = Stage::on(Database::create_in(cluster.url.clone()).await, size()).await;
    let (run, workers) = working(&stage).await;
    let ballast = cluster.fill();
    let mut refused = false;
    // The log's own files may have some room yet.
    for _ in 0..64 {
        let more = "select pg_logical_emit_message(false, 'ballast', repeat('x', 1000000))";
        if sqlx::query(more).execute(&stage.hub.owner).await.is_err() {
            refused = true;
            break;
        }
    }
    assert!(refused, "the disk never was full");
    tokio::time::sleep(FULL).await;
    let stopped = !cluster.is_up();
    fs::remove_file(ballast).unwrap();
    if stopped {
        // What a supervisor does; the server itself gave up for want of room.
        cluster.restart().await;
    }
    let since = Instant::now();
    let was = loop {
        // It may be replaying its log.
        let page = sqlx::query_as("select page, state from sync_run").fetch_one(&stage.hub.owner);
        match page.await {
            Ok(was) => break was,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        assert!(since.elapsed() < Duration::from_mins(1), "the server does not come back");
    };
    let back = goes_on(&stage, &run, "disk full", since, was).await;
    println!("the disk was full, the server stopped: {stopped}; back after {back:.1} s");
    total.recoveries.push(("disk full".to_owned(), back));
    ends_well(&stage, &run, workers, &mut total).await;
    refusing(&mut total).await;
    report("postgres_disk_full", &total.figures());
}

/// A server that stays up and has no room for another row.
async fn refusing(total: &mut Survived) {
    let stage = Stage::with(size()).await;
    let (run, workers) = working(&stage).await;
    stage
        .sql(
            "create function no_room() returns trigger language plpgsql as $$
             begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$",
        )
        .await;
    stage
        .sql("create trigger no_room before insert on mapping for each row execute function no_room()")
        .await;
    tokio::time::sleep(FULL).await;
    stage.sql("drop trigger no_room on mapping").await;
    let (since, was) = (Instant::now(), mark(&stage, &run).await);
    assert_ne!(was.1, "completed", "it was met too late");
    let back = goes_on(&stage, &run, "no room for rows", since, was).await;
    println!("no room for rows: back after {back:.1} s");
    total.recoveries.push(("no room for rows".to_owned(), back));
    ends_well(&stage, &run, workers, total).await;
}
