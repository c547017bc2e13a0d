//! A Redis that is stopped, hangs, or is emptied under workers that share it: it holds no memory of
//! ours, so the run goes on meanwhile.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    campaign::{ends, mark},
    faults::{Survived, goes_on, size},
    process::{Process, Setting},
    truth,
};
use crate::{
    cache::world::Server,
    flows::stage::Stage,
    harness::{long, report},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_goes_on_while_redis_is_stopped_hangs_or_is_emptied() {
    let mut total = Survived::default();
    for round in 0..if long() { 4 } else { 1 } {
        let mut redis = Server::start().await;
        let stage = Stage::with(size()).await;
        stage.control("POST", "/latency", json!({ "ms": 250 })).await;
        let setting = Setting { redis: Some(redis.url()), ..Setting::default() };
        let mut workers = [Process::work(&stage, &setting), Process::work(&stage, &setting)];
        let run = stage.start(json!({ "mode": "full" })).await;
        goes_on(&stage, &run, "the start", Instant::now(), (1, "queued".to_owned())).await;

        // Each while it lasts: nobody waits for Redis to come back.
        redis.signal("-STOP");
        let hung = moves(&stage, &run, "redis hangs").await;
        redis.signal("-CONT");
        redis.command(&["FLUSHALL"]);
        let emptied = moves(&stage, &run, "redis is emptied").await;
        redis.stop();
        let stopped = moves(&stage, &run, "redis is away").await;
        redis.restart().await;
        redis.command(&["CLIENT", "PAUSE", "3000"]);
        println!("hung {hung:.1} s, emptied {emptied:.1} s, stopped {stopped:.1} s");
        for (what, took) in [("hung", hung), ("emptied", emptied), ("stopped", stopped)] {
            total.recoveries.push((format!("redis {what} {round}"), took));
        }
        let over = ends(&stage, &run, Instant::now()).await;
        assert_eq!(over["state"], "completed", "{over}");
        total.held.add(&truth::of_a_first_import(&stage, &run).await);
        assert!(workers.iter_mut().all(Process::is_alive), "a worker did not outlive it");
    }
    report("redis", &total.figures());
}

/// How long until the run's next page from now on, in seconds.
async fn moves(stage: &Stage, run: &str, what: &str) -> f64 {
    let was = mark(stage, run).await;
    assert_ne!(was.1, "completed", "{what} too late");
    let took = goes_on(stage, run, what, Instant::now(), was).await;
    assert!(took < Duration::from_secs(20).as_secs_f64(), "{what}: {took:.1} s without a page");
    took
}
