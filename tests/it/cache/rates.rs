//! Quotas of requests.

use std::time::Duration;

use tandem::cache::{Cache, Quota, Reading};

use super::{
    in_both,
    world::{Server, World},
};

in_both! {
    a_quota_is_spent_at_once_and_comes_back_evenly,
    a_request_takes_of_every_quota_or_of_none,
    groups_do_not_share,
}

/// One request comes back each 50 ms.
const SMALL: Quota = Quota { most: 10, window: Duration::from_millis(500) };
const LARGE: Quota = Quota { most: 1_000, window: Duration::from_mins(1) };

async fn take(cache: &Cache, group: &str) -> Reading {
    cache.take(group, &[("a", SMALL)]).await[0]
}

async fn a_quota_is_spent_at_once_and_comes_back_evenly(world: &World) {
    let first = take(&world.cache, "x").await;
    assert_eq!((first.remaining, first.refused_for), (9, None));
    assert!(first.full_in <= Duration::from_millis(50), "{first:?}");
    let mut passed = 1;
    let refused = loop {
        let reading = take(&world.cache, "x").await;
        let Some(wait) = reading.refused_for else {
            passed += 1;
            // On a real clock some come back meanwhile.
            assert!(passed < 1_000, "no limit");
            continue;
        };
        assert_eq!(reading.remaining, 0);
        break wait;
    };
    assert!(passed >= 10, "{passed}");
    assert!(refused <= Duration::from_millis(50), "{refused:?}");
    // Asking while there is no room does not prolong the wait.
    for _ in 0..3 {
        take(&world.cache, "x").await;
    }
    world.pass(refused + Duration::from_millis(1)).await;
    assert_eq!(take(&world.cache, "x").await.refused_for, None);
    world.pass(SMALL.window).await;
    assert_eq!(take(&world.cache, "x").await.remaining, 9);
}

async fn a_request_takes_of_every_quota_or_of_none(world: &World) {
    let both = [("small", SMALL), ("large", LARGE)];
    let mut passed = 0;
    for _ in 0..100 {
        let readings = world.cache.take("x", &both).await;
        assert_eq!(readings[1].refused_for, None);
        passed += u32::from(readings[0].refused_for.is_none());
    }
    let large = world.cache.take("x", &[("large", LARGE)]).await[0];
    // What was refused by the small one cost the large one nothing. A few come back meanwhile.
    let spent = LARGE.most - large.remaining;
    assert!(passed < 100 && spent <= passed + 1, "{spent} of {passed}");
    assert!(spent + 50 > passed, "{spent} of {passed}");
}

async fn groups_do_not_share(world: &World) {
    for _ in 0..11 {
        take(&world.cache, "x").await;
    }
    assert_eq!(take(&world.cache, "y").await.remaining, 9);
    assert_eq!(world.cache.take("x", &[("b", SMALL)]).await[0].remaining, 9);
}

#[tokio::test]
async fn processes_share_a_quota_through_redis() {
    let server = Server::start().await;
    let quota = Quota { most: 40, window: Duration::from_mins(10) };
    let mut passed = 0;
    for _ in 0..20 {
        for process in [server.connect(), server.connect(), server.connect()] {
            let reading = process.take("x", &[("a", quota)]).await[0];
            passed += u32::from(reading.refused_for.is_none());
        }
    }
    assert_eq!(passed, 40);
}

#[tokio::test]
async fn without_redis_each_process_allows_a_share_and_never_all() {
    let mut server = Server::start().await;
    let quota = Quota { most: 40, window: Duration::from_mins(10) };
    let cache = server.connect();
    cache.ping().await.unwrap();
    server.stop();
    let mut passed = 0;
    for _ in 0..60 {
        let reading = cache.take("x", &[("a", quota)]).await[0];
        passed += u32::from(reading.refused_for.is_none());
    }
    assert_eq!(passed, 10);
    server.restart().await;
    // It was emptied, too: the whole quota is there, and is shared again.
    cache.ping().await.unwrap();
    assert_eq!(cache.take("x", &[("a", quota)]).await[0].remaining, 39);
}
