//! What may go out, and when.

use std::time::Duration;

use tandem::connectors::{BudgetView, Caller, Cost, Lane, Observed, Taken, Throttle, Wait};

use super::{
    in_both,
    world::{CHEAP, LIMITS, SEARCH, WINDOW, World, granted_until_full, wait},
};

in_both! {
    a_window_takes_no_more_than_its_limit,
    jobs_leave_a_fifth_of_the_window_to_people,
    searches_have_a_narrower_window_within_the_general_one,
    jobs_leave_a_fifth_of_the_day_to_people,
    what_the_provider_says_of_the_day_wins,
    a_lower_count_wins_at_once_and_a_higher_one_minus_what_is_under_way,
    the_provider_tells_the_size_of_the_window,
    requests_that_only_the_provider_knows_of_count,
    nonsense_in_headers_changes_nothing,
    a_block_holds_everybody_for_its_time_and_says_why,
    a_shorter_block_does_not_end_a_longer_one,
    blocks_that_follow_each_other_grow,
    a_used_up_day_is_tried_once_an_hour,
    a_report_of_yesterday_is_not_believed,
    the_days_use_is_given_back_to_a_cache_that_forgot,
    a_cache_that_knows_is_not_overwritten,
    handles_of_one_connection_share_and_others_do_not,
}

fn tokens(tokens: u32) -> Cost {
    Cost { tokens, lane: Lane::General }
}

async fn a_window_takes_no_more_than_its_limit(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 10);
    let (why, pause) = wait(budget.take(CHEAP, Caller::Person).await);
    assert_eq!(why, Throttle::Burst);
    assert!(pause <= WINDOW + Duration::from_millis(100), "{pause:?}");
    world.pass(pause).await;
    assert_eq!(budget.take(CHEAP, Caller::Person).await, Taken::Granted);
}

async fn jobs_leave_a_fifth_of_the_window_to_people(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 8);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 2);
    // Jobs wait until fewer than eight are left in the window, not only until there is room.
    let (_, job) = wait(budget.take(CHEAP, Caller::Job).await);
    let (_, person) = wait(budget.take(CHEAP, Caller::Person).await);
    assert!(job >= person, "{job:?} {person:?}");
}

async fn searches_have_a_narrower_window_within_the_general_one(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(granted_until_full(&budget, SEARCH, Caller::Person).await, 4);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 6);
}

async fn jobs_leave_a_fifth_of_the_day_to_people(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(budget.take(tokens(800), Caller::Job).await, Taken::Granted);
    let (why, _) = wait(budget.take(CHEAP, Caller::Job).await);
    assert_eq!(why, Throttle::Daily);
    assert_eq!(budget.take(tokens(200), Caller::Person).await, Taken::Granted);
    assert_eq!(wait(budget.take(CHEAP, Caller::Person).await).0, Throttle::Daily);
    let view = budget.view().await;
    assert_eq!((view.spent_today, view.left), (1000, 0));
    // The provider never said a word: nothing to show as its own numbers.
    assert_eq!((view.daily_limit, view.daily_remaining), (None, None));
}

async fn what_the_provider_says_of_the_day_wins(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let daily_limit = Some(50_000);
    let seen = Observed { daily_limit, daily_remaining: Some(40_000), ..Observed::default() };
    budget.observe(CHEAP, seen).await;
    let view = budget.view().await;
    assert_eq!((view.daily_limit, view.daily_remaining), (Some(50_000), Some(40_000)));
    // Four fifths of the reported limit, not of the assumed one.
    assert_eq!(budget.take(tokens(30_000), Caller::Job).await, Taken::Granted);
    assert_eq!(wait(budget.take(CHEAP, Caller::Job).await).0, Throttle::Daily);
}

async fn a_lower_count_wins_at_once_and_a_higher_one_minus_what_is_under_way(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let left = |left| Observed { daily_remaining: Some(left), ..Observed::default() };
    budget.take(tokens(100), Caller::Person).await;
    budget.observe(tokens(100), left(500)).await;
    assert_eq!(budget.view().await.left, 500);
    // Another 50 are on their way when an answer to something older comes back.
    budget.take(tokens(30), Caller::Person).await;
    budget.take(tokens(20), Caller::Person).await;
    budget.observe(tokens(30), left(480)).await;
    assert_eq!(budget.view().await.left, 460);
    // The provider's day has begun anew.
    budget.observe(tokens(0), left(1000)).await;
    assert_eq!(budget.view().await.left, 980);
    budget.observe(tokens(20), left(980)).await;
    assert_eq!(budget.view().await.left, 980);
}

async fn the_provider_tells_the_size_of_the_window(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let limit = |limit| Observed { burst_limit: Some(limit), ..Observed::default() };
    budget.observe(CHEAP, limit(20)).await;
    // A header may speak of the other window: searches are never widened.
    budget.observe(SEARCH, limit(20)).await;
    assert_eq!(budget.view().await.burst_limit, 20);
    assert_eq!(granted_until_full(&budget, SEARCH, Caller::Person).await, 4);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 16);

    let narrow = world.cache.budget("b", LIMITS);
    narrow.observe(SEARCH, limit(2)).await;
    assert_eq!(granted_until_full(&narrow, SEARCH, Caller::Person).await, 2);
    assert_eq!(granted_until_full(&narrow, CHEAP, Caller::Person).await, 8);
}

async fn requests_that_only_the_provider_knows_of_count(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    budget.take(CHEAP, Caller::Person).await;
    let seen = Observed { burst_remaining: Some(3), ..Observed::default() };
    budget.observe(CHEAP, seen).await;
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 3);
    world.pass(WINDOW + Duration::from_millis(150)).await;
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 10);
}

async fn nonsense_in_headers_changes_nothing(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let nonsense = Observed {
        burst_limit: Some(0),
        burst_remaining: Some(u32::MAX),
        daily_limit: Some(0),
        ..Observed::default()
    };
    budget.observe(CHEAP, nonsense).await;
    let huge = Observed { burst_limit: Some(u32::MAX), ..Observed::default() };
    budget.observe(CHEAP, huge).await;
    budget.observe(CHEAP, Observed::default()).await;
    let view = budget.view().await;
    assert_eq!((view.burst_limit, view.daily_limit, view.left), (10, None, 1000));
}

async fn a_block_holds_everybody_for_its_time_and_says_why(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let duration = Duration::from_millis(300);
    budget.block(Wait { duration, why: Throttle::Blocked }).await;
    for who in [Caller::Job, Caller::Person] {
        let (why, pause) = wait(budget.take(CHEAP, who).await);
        assert_eq!(why, Throttle::Blocked);
        assert!(pause <= duration, "{pause:?}");
    }
    world.pass(duration).await;
    assert_eq!(budget.take(CHEAP, Caller::Job).await, Taken::Granted);
}

async fn a_shorter_block_does_not_end_a_longer_one(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let long = Duration::from_mins(15);
    budget.block(Wait { duration: long, why: Throttle::Blocked }).await;
    let short = Duration::from_secs(2);
    budget.block(Wait { duration: short, why: Throttle::Burst }).await;
    let (why, pause) = wait(budget.take(CHEAP, Caller::Person).await);
    assert_eq!(why, Throttle::Blocked);
    assert!(pause > short, "{pause:?}");
}

async fn blocks_that_follow_each_other_grow(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let duration = Duration::from_millis(200);
    let mut last = Duration::ZERO;
    for _ in 0..3 {
        // Ten answers of one burst are one block.
        for _ in 0..10 {
            budget.block(Wait { duration, why: Throttle::Burst }).await;
        }
        let (_, pause) = wait(budget.take(CHEAP, Caller::Person).await);
        assert!(pause > last, "{pause:?} after {last:?}");
        world.pass(pause).await;
        last = pause;
    }
    assert!(last > duration * 2 && last <= duration * 4, "{last:?}");
}

/// A view as the database would hold it.
fn remembered(world: &World, age: Duration, left: u32) -> BudgetView {
    let reported_at = world.now_ms() - i64::try_from(age.as_millis()).unwrap();
    BudgetView {
        daily_limit: Some(1000),
        left,
        reported_at,
        day: world.now_ms() / 86_400_000,
        spent_today: 7,
        ..BudgetView::default()
    }
}

async fn a_used_up_day_is_tried_once_an_hour(world: &World) {
    let recent = world.cache.budget("recent", LIMITS);
    recent.restore(&remembered(world, Duration::from_mins(50), 0)).await;
    let (why, pause) = wait(recent.take(CHEAP, Caller::Person).await);
    assert_eq!(why, Throttle::Daily);
    assert!(pause <= Duration::from_mins(10) && pause > Duration::from_mins(9), "{pause:?}");

    let old = world.cache.budget("old", LIMITS);
    old.restore(&remembered(world, Duration::from_mins(61), 0)).await;
    assert_eq!(old.take(CHEAP, Caller::Job).await, Taken::Granted);
    let (why, pause) = wait(old.take(CHEAP, Caller::Job).await);
    assert_eq!(why, Throttle::Daily);
    assert!(pause > Duration::from_mins(59), "{pause:?}");
}

async fn a_report_of_yesterday_is_not_believed(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let mut yesterday = remembered(world, Duration::from_hours(25), 0);
    yesterday.day -= 1;
    budget.restore(&yesterday).await;
    let view = budget.view().await;
    assert_eq!((view.left, view.spent_today, view.daily_remaining), (1000, 0, None));
    assert_eq!(view.daily_limit, Some(1000));
}

async fn the_days_use_is_given_back_to_a_cache_that_forgot(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    budget.restore(&remembered(world, Duration::from_mins(5), 300)).await;
    let view = budget.view().await;
    assert_eq!((view.left, view.spent_today, view.daily_remaining), (300, 7, Some(300)));
    budget.take(tokens(10), Caller::Person).await;
    assert_eq!(budget.view().await.spent_today, 17);
}

async fn a_cache_that_knows_is_not_overwritten(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    budget.take(tokens(400), Caller::Person).await;
    budget.restore(&remembered(world, Duration::from_mins(5), 900)).await;
    assert_eq!(budget.view().await.left, 600);
}

async fn handles_of_one_connection_share_and_others_do_not(world: &World) {
    let (one, same) = (world.cache.budget("a", LIMITS), world.cache.budget("a", LIMITS));
    let other = world.cache.budget("b", LIMITS);
    one.take(tokens(5), Caller::Person).await;
    assert_eq!(same.view().await.spent_today, 5);
    assert_eq!(other.view().await.spent_today, 0);
}
