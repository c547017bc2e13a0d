//! Attempts at the door, and news for live pages.

use std::time::Duration;

use futures_util::StreamExt;
use tandem::cache::{Attempt, News, Subscription};

use super::{in_both, world::World};

in_both! {
    only_so_many_attempts_are_allowed_in_a_window,
    a_denied_attempt_does_not_prolong_the_wait,
    everybody_who_listens_hears_and_nobody_else,
    a_subscription_that_is_dropped_costs_nothing_more,
}

const WINDOW: Duration = Duration::from_millis(300);

async fn only_so_many_attempts_are_allowed_in_a_window(world: &World) {
    for _ in 0..3 {
        assert_eq!(world.cache.throttle("hash-a", 3, WINDOW).await, Attempt::Allowed);
    }
    let denied = world.cache.throttle("hash-a", 3, WINDOW).await;
    let Attempt::Denied { retry_after } = denied else { panic!("a fourth attempt was allowed") };
    assert!(retry_after <= WINDOW, "{retry_after:?}");
    assert_eq!(world.cache.throttle("hash-b", 3, WINDOW).await, Attempt::Allowed);
    assert!(matches!(world.cache.throttle("hash-c", 0, WINDOW).await, Attempt::Denied { .. }));
}

async fn a_denied_attempt_does_not_prolong_the_wait(world: &World) {
    world.cache.throttle("hash-a", 1, WINDOW).await;
    let mut waited = Duration::ZERO;
    while let Attempt::Denied { .. } = world.cache.throttle("hash-a", 1, WINDOW).await {
        let step = Duration::from_millis(50);
        world.pass(step).await;
        waited += step;
        assert!(waited <= WINDOW, "{waited:?}");
    }
}

/// The next message, whatever was missed before.
pub(crate) async fn message(subscription: &mut Subscription) -> bytes::Bytes {
    loop {
        match tokio::time::timeout(Duration::from_secs(5), subscription.next()).await.unwrap() {
            Some(News::Message(message)) => return message,
            Some(News::Missed) => {}
            None => panic!("the subscription ended"),
        }
    }
}

/// Publishes until the listener is really connected.
pub(crate) async fn heard(
    cache: &tandem::cache::Cache,
    channel: &str,
    listener: &mut Subscription,
) {
    for _ in 0..200 {
        cache.publish(channel, "ready?").await;
        let next = tokio::time::timeout(Duration::from_millis(50), listener.next()).await;
        if next == Ok(Some(News::Message("ready?".into()))) {
            return;
        }
    }
    panic!("nothing is heard");
}

async fn everybody_who_listens_hears_and_nobody_else(world: &World) {
    let mut first = world.cache.subscribe("run-1");
    let mut second = world.cache.subscribe("run-1");
    let mut other = world.cache.subscribe("run-2");
    heard(&world.cache, "run-2", &mut other).await;
    heard(&world.cache, "run-1", &mut first).await;
    world.cache.publish("run-1", "news").await;
    world.cache.publish("run-2", "other news").await;
    for listener in [&mut first, &mut second] {
        while message(listener).await != "news" {}
    }
    while message(&mut other).await != "other news" {}
    // Nobody listens there.
    world.cache.publish("run-3", "lost").await;
}

async fn a_subscription_that_is_dropped_costs_nothing_more(world: &World) {
    let mut first = world.cache.subscribe("run-1");
    heard(&world.cache, "run-1", &mut first).await;
    drop(first);
    world.cache.publish("run-1", "unheard").await;
    let mut again = world.cache.subscribe("run-1");
    heard(&world.cache, "run-1", &mut again).await;
}
