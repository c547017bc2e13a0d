//! What we stand on ourselves: a database that is stopped in the worst moment, and a Redis that is
//! stopped, hangs, or is emptied.

use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use super::{
    super::{
        campaign::BACK,
        cluster::Cluster,
        process::{Process, Setting},
        truth::Held,
    },
    acts::{ends, log, raise, stage, stage_on},
    record::{self, Given},
};
use crate::{
    cache::world::Server,
    harness::{Database, long, report, seed},
};

/// A worker stands still at this place, the database is stopped and started again, and the worker goes
/// on with connections that are dead.
async fn stopped_at(name: &'static str) -> Held {
    let mut cluster = Cluster::start().await;
    let stage = stage_on(Database::create_in(cluster.url.clone()).await).await;
    let contact = raise(&stage.acme.owner.browser, "base").await;
    log(&stage.acme.owner.browser, &contact, "Behind it").await;
    // The fourth attempt is the person's.
    let failpoint = Some(format!("{name}=4:stop"));
    let mut worker = Process::work(&stage, &Setting { failpoint, ..Setting::default() });
    let begun = Instant::now();
    while !worker.is_stopped() {
        assert!(begun.elapsed() < BACK, "no worker came by {name}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cluster.crash().await;
    worker.signal("CONT");
    tokio::time::sleep(Duration::from_millis(700)).await;
    cluster.restart().await;
    let back = Instant::now();
    ends(&stage).await;
    println!("{name}: done {:.1} s after the database was back", back.elapsed().as_secs_f64());
    assert_eq!(stage.count("delivery where state = 'delivered'").await, 2, "{name}");
    assert!(worker.is_alive(), "{name}: the worker did not outlive it");
    record::judge(&stage, Given { deaths: true, same_clock: true }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_is_stopped_around_an_effect_costs_neither_the_effect_nor_its_log() {
    let all = ["deliver.answered", "deliver.begin_written", "deliver.begun", "deliver.end_written"];
    let places = &all[..if long() { all.len() } else { 1 }];
    let mut total = Held::default();
    for place in places {
        total.add(&stopped_at(place).await);
    }
    report("deliveries_postgres_stopped", &json!({ "places": places, "held": total.table() }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_redis_that_is_stopped_hangs_or_is_emptied_costs_no_delivery() {
    let mut dice = StdRng::seed_from_u64(seed());
    let mut total = Held::default();
    let rounds = if long() { 4 } else { 1 };
    for round in 0..rounds {
        let mut redis = Server::start().await;
        let stage = stage().await;
        let who = &stage.acme.owner.browser;
        stage.control("POST", "/latency", json!({ "ms": 60 })).await;
        let setting = Setting { redis: Some(redis.url()), ..Setting::default() };
        let mut workers = [Process::work(&stage, &setting), Process::work(&stage, &setting)];
        for act in ["emptied", "stopped", "hangs"] {
            for nth in 0..4 {
                let contact = raise(who, &format!("{act}{round}{nth}")).await;
                log(who, &contact, "Behind it").await;
            }
            tokio::time::sleep(Duration::from_millis(dice.random_range(50..400))).await;
            match act {
                "emptied" => redis.command(&["flushall"]),
                "stopped" => {
                    redis.stop();
                    tokio::time::sleep(Duration::from_millis(600)).await;
                    redis.restart().await;
                }
                _ => {
                    redis.signal("-STOP");
                    tokio::time::sleep(Duration::from_millis(600)).await;
                    redis.signal("-CONT");
                }
            }
        }
        ends(&stage).await;
        assert_eq!(stage.count("delivery where state = 'delivered'").await, 24);
        assert!(workers.iter_mut().all(Process::is_alive), "a worker did not outlive it");
        total.add(&record::judge(&stage, Given { deaths: false, same_clock: true }).await);
    }
    report("deliveries_redis", &json!({ "seed": seed(), "rounds": rounds, "held": total.table() }));
}
