//! Several processes, and a Redis that is emptied, hangs, or goes away.

use std::time::{Duration, Instant};

use tandem::{
    cache::{Cache, News},
    connectors::{BudgetHandle, Caller, Cost, Lane, Limits, Taken, Window},
};
use tokio::task::JoinSet;

use super::{
    doors::{heard, message},
    world::{CHEAP, LIMITS, Server, ask, granted_until_full},
};

const TEN: Cost = Cost { tokens: 10, lane: Lane::General };

/// Four processes, each asking as fast as it is allowed to for that long; when each was granted.
async fn four_ask(caches: [Cache; 4], limits: Limits, lasting: Duration) -> Vec<Duration> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for cache in caches {
        let budget = cache.budget("a", limits);
        tasks.spawn(async move {
            // The cache is the process: it lives as long as its budget.
            let _cache = cache;
            let mut granted = Vec::new();
            while start.elapsed() < lasting {
                match ask(&budget, CHEAP, Caller::Job).await {
                    Taken::Granted => granted.push(start.elapsed()),
                    Taken::Wait(wait) => tokio::time::sleep(wait.duration).await,
                }
            }
            granted
        });
    }
    let mut granted = tasks.join_all().await.concat();
    granted.sort();
    granted
}

/// The most that were granted in any window; a tenth shorter, because when an answer is noticed
/// is not when Redis gave it.
fn most(granted: &[Duration], window: Window) -> usize {
    let within = |first: Duration| {
        granted.iter().filter(|at| (first..first + window.per * 9 / 10).contains(*at)).count()
    };
    granted.iter().copied().map(within).max().unwrap_or(0)
}

const MANY: Limits = Limits {
    burst: Window { requests: 40, per: Duration::from_millis(400) },
    daily_tokens: u32::MAX,
    ..LIMITS
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_together_never_exceed_a_window() {
    let server = Server::start().await;
    let caches = std::array::from_fn(|_| server.connect());
    let granted = four_ask(caches, MANY, Duration::from_secs(2)).await;
    assert!(granted.len() > 80 && granted.len() <= 5 * 40, "{}", granted.len());
    assert!(most(&granted, MANY.burst) <= 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_emptied_or_restarted_lets_no_window_overflow() {
    let mut server = Server::start().await;
    let caches: [Cache; 4] = std::array::from_fn(|_| server.connect());
    // Everybody knows the account, as connections do from Postgres.
    let mut known = Vec::new();
    for cache in &caches {
        known.push(cache.budget("a", MANY));
        patiently(&known[known.len() - 1], CHEAP).await;
    }
    #[expect(clippy::disallowed_methods, reason = "four processes ask beside the test")]
    let asking = tokio::spawn(four_ask(caches, MANY, Duration::from_secs(9)));
    tokio::time::sleep(Duration::from_millis(900)).await;
    for _ in 0..2 {
        server.command(&["FLUSHALL"]);
        tokio::time::sleep(Duration::from_millis(1_700)).await;
    }
    server.stop();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    server.restart().await;
    let granted = asking.await.unwrap();
    let most = most(&granted, MANY.burst);
    assert!(most <= 40, "{most} in a window");
    assert!(granted.len() > 200, "it went on: {}", granted.len());
}

#[tokio::test]
async fn an_emptied_redis_is_reminded_of_the_day() {
    let server = Server::start().await;
    let budget = server.connect().budget("a", LIMITS);
    ask(&budget, TEN, Caller::Person).await;
    ask(&budget, TEN, Caller::Person).await;
    server.command(&["FLUSHALL"]);
    patiently(&budget, TEN).await;
    let view = budget.view().await;
    assert_eq!((view.spent_today, view.left), (30, 970));
    // Another process, which remembers nothing, sees it too.
    assert_eq!(server.connect().budget("a", LIMITS).view().await.spent_today, 30);
}

/// Waits as it is told to.
async fn patiently(budget: &BudgetHandle, cost: Cost) {
    while let Taken::Wait(wait) = ask(budget, cost, Caller::Person).await {
        tokio::time::sleep(wait.duration).await;
    }
}

#[tokio::test]
async fn forgotten_scripts_are_loaded_again() {
    let server = Server::start().await;
    let budget = server.connect().budget("a", LIMITS);
    budget.take(CHEAP, Caller::Person).await;
    server.command(&["SCRIPT", "FLUSH"]);
    assert_eq!(budget.take(CHEAP, Caller::Person).await, Taken::Granted);
    assert_eq!(budget.view().await.spent_today, 2);
}

#[tokio::test]
async fn without_redis_there_is_a_share_and_never_no_limit() {
    let mut server = Server::start().await;
    let cache = server.connect();
    let budget = cache.budget("a", LIMITS);
    assert_eq!(ask(&budget, TEN, Caller::Person).await, Taken::Granted);
    server.stop();
    patiently(&budget, CHEAP).await;
    // A quarter of ten requests.
    assert_eq!(granted_until_full(&budget, TEN, Caller::Person).await, 1);
    assert!(cache.ping().await.is_err());
    // What was spent meanwhile is settled with the new, empty Redis.
    server.restart().await;
    let mut view = budget.view().await;
    for _ in 0..100 {
        if view.spent_today == 21 && view.left == 979 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        view = budget.view().await;
    }
    assert_eq!((view.spent_today, view.left), (21, 979));
    assert_eq!(server.connect().budget("a", LIMITS).view().await.spent_today, 21);
}

#[tokio::test]
async fn a_redis_that_hangs_holds_nobody_up_for_long() {
    let server = Server::start().await;
    let cache = server.connect();
    let budget = cache.budget("a", LIMITS);
    budget.take(CHEAP, Caller::Person).await;
    server.signal("-STOP");
    let start = Instant::now();
    for _ in 0..20 {
        budget.take(CHEAP, Caller::Person).await;
        cache.throttle("hash", 5, Duration::from_secs(1)).await;
        cache.publish("run", "news").await;
    }
    let took = start.elapsed();
    server.signal("-CONT");
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn a_redis_that_was_never_there_is_no_reason_not_to_start() {
    let cache = Cache::connect("redis://127.0.0.1:1").unwrap();
    assert!(cache.ping().await.is_err());
    assert_eq!(granted_until_full(&cache.budget("a", LIMITS), CHEAP, Caller::Person).await, 2);
    assert!(Cache::connect("nonsense").is_err());
}

#[tokio::test]
async fn listeners_survive_a_lost_redis_and_hear_that_they_missed_something() {
    let mut server = Server::start().await;
    let cache = server.connect();
    let mut listener = cache.subscribe("run");
    heard(&cache, "run", &mut listener).await;
    server.stop();
    server.restart().await;
    let mut missed = false;
    for _ in 0..200 {
        cache.publish("run", "back").await;
        let next = tokio::time::timeout(
            Duration::from_millis(50),
            futures_util::StreamExt::next(&mut listener),
        );
        match next.await {
            Ok(Some(News::Missed)) => missed = true,
            Ok(Some(News::Message(text))) if text == "back" => break,
            _ => {}
        }
    }
    assert!(missed);
    cache.publish("run", "last").await;
    while message(&mut listener).await != "last" {}
}

#[tokio::test]
async fn news_cross_from_one_process_to_another() {
    let server = Server::start().await;
    let (one, other) = (server.connect(), server.connect());
    let mut listener = one.subscribe("run");
    heard(&other, "run", &mut listener).await;
}
