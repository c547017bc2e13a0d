//! What may go out, and when.

use std::time::Duration;

use tandem::{
    cache::BudgetKey,
    connectors::{BudgetView, Caller, Cost, Lane, Limits, Observed, Taken, Throttle, Wait, Window},
};

use super::{
    in_both,
    world::{CHEAP, LIMITS, SEARCH, WINDOW, World, ask, granted_until_full, wait},
};

in_both! {
    a_window_takes_no_more_than_its_limit,
    jobs_use_all_of_a_window_that_nobody_else_wants,
    while_people_are_around_places_are_kept_for_them,
    a_person_who_waits_is_served_before_any_job,
    a_request_counts_until_a_window_after_its_answer,
    an_answer_that_began_long_ago_frees_its_place_sooner,
    grants_of_one_account_share_its_day_and_not_their_windows,
    whoever_starts_from_memory_holds_for_a_window,
    searches_have_a_narrower_window_within_the_general_one,
    jobs_leave_a_part_of_the_day_to_people,
    what_the_provider_says_of_the_day_wins,
    a_lower_count_wins_at_once_and_a_higher_one_minus_what_is_under_way,
    the_provider_tells_the_size_of_the_window,
    requests_that_only_the_provider_knows_of_count,
    nonsense_in_headers_changes_nothing,
    a_block_holds_everybody_for_its_time_and_says_why,
    a_shorter_block_does_not_end_a_longer_one,
    blocks_that_follow_each_other_grow,
    a_used_up_day_is_looked_at_after_each_full_hour,
    the_hour_at_which_a_day_ends_is_learned,
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

async fn jobs_use_all_of_a_window_that_nobody_else_wants(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 10);
}

async fn while_people_are_around_places_are_kept_for_them(world: &World) {
    let burst = Window { requests: 80, ..LIMITS.burst };
    let budget = world.cache.budget("a", Limits { burst, ..LIMITS });
    assert_eq!(ask(&budget, CHEAP, Caller::Person).await, Taken::Granted);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 77);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 2);
}

async fn a_person_who_waits_is_served_before_any_job(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 10);
    // Three come at once; each is promised a place.
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        longest = longest.max(wait(budget.take(CHEAP, Caller::Person).await).1);
    }
    assert!(longest <= WINDOW + Duration::from_millis(100), "{longest:?}");
    // Those before them went out one after the other.
    world.pass(longest + Duration::from_millis(60)).await;
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 7);
    for _ in 0..3 {
        assert_eq!(ask(&budget, CHEAP, Caller::Person).await, Taken::Granted);
    }
    // Whoever does not come back loses the place, and jobs get it.
    let (_, pause) = wait(budget.take(CHEAP, Caller::Person).await);
    world.pass(pause + Duration::from_millis(300)).await;
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 10);
}

async fn a_request_counts_until_a_window_after_its_answer(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    for _ in 0..10 {
        budget.take(CHEAP, Caller::Job).await;
    }
    // The way there is slow: nobody knows yet when they will arrive.
    world.pass(WINDOW * 2).await;
    wait(budget.take(CHEAP, Caller::Job).await);
    for _ in 0..9 {
        budget.observe(CHEAP, Observed::default()).await;
    }
    let (_, pause) = wait(budget.take(CHEAP, Caller::Job).await);
    assert!(pause > WINDOW * 7 / 10, "{pause:?}");
    world.pass(pause).await;
    // The tenth is on its way still.
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 9);
}

async fn an_answer_that_began_long_ago_frees_its_place_sooner(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    for _ in 0..10 {
        budget.take(CHEAP, Caller::Job).await;
    }
    world.pass(WINDOW).await;
    let age = Duration::from_millis(700);
    for _ in 0..10 {
        budget.observe(CHEAP, Observed { age, ..Observed::default() }).await;
    }
    let (_, pause) = wait(budget.take(CHEAP, Caller::Job).await);
    assert!(pause <= Duration::from_millis(350), "{pause:?}");
}

async fn grants_of_one_account_share_its_day_and_not_their_windows(world: &World) {
    let key = |user| BudgetKey::of("crm", "7", user);
    let one = world.cache.budget(key("ann"), LIMITS);
    let other = world.cache.budget(key("bob"), LIMITS);
    assert_eq!(granted_until_full(&one, CHEAP, Caller::Job).await, 10);
    assert_eq!(granted_until_full(&other, CHEAP, Caller::Job).await, 10);
    assert_eq!((one.view().await.left, other.view().await.left), (980, 980));
    let elsewhere = world.cache.budget(BudgetKey::of("crm", "8", "ann"), LIMITS);
    assert_eq!(elsewhere.view().await.left, 1000);
    // A 429 stops the grant; a used-up day the account.
    let pause = Wait { duration: Duration::from_millis(50), why: Throttle::Burst };
    elsewhere.block(pause).await;
    one.block(Wait { duration: Duration::from_hours(1), why: Throttle::Daily }).await;
    world.pass(WINDOW + Duration::from_millis(100)).await;
    assert_eq!(wait(other.take(CHEAP, Caller::Job).await).0, Throttle::Daily);
}

async fn whoever_starts_from_memory_holds_for_a_window(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    budget.restore(&remembered(world, Duration::from_mins(5), 300)).await;
    let (why, pause) = wait(budget.take(CHEAP, Caller::Person).await);
    assert_eq!(why, Throttle::Burst);
    assert!(pause > WINDOW * 8 / 10, "{pause:?}");
    world.pass(pause).await;
    // One may be on its way that nobody remembers.
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 9);
}

async fn searches_have_a_narrower_window_within_the_general_one(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(granted_until_full(&budget, SEARCH, Caller::Person).await, 4);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 6);
}

async fn jobs_leave_a_part_of_the_day_to_people(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(budget.take(tokens(960), Caller::Job).await, Taken::Granted);
    let (why, _) = wait(budget.take(CHEAP, Caller::Job).await);
    assert_eq!(why, Throttle::Daily);
    assert_eq!(budget.take(tokens(40), Caller::Person).await, Taken::Granted);
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
    // All but a twenty-fifth of the reported limit, not of the assumed one.
    assert_eq!(budget.take(tokens(38_000), Caller::Job).await, Taken::Granted);
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
    // The two that were answered stand in the windows.
    assert_eq!(granted_until_full(&budget, SEARCH, Caller::Person).await, 3);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Person).await, 15);

    let narrow = world.cache.budget("b", LIMITS);
    narrow.observe(SEARCH, limit(2)).await;
    assert_eq!(granted_until_full(&narrow, SEARCH, Caller::Person).await, 1);
    assert_eq!(granted_until_full(&narrow, CHEAP, Caller::Person).await, 8);
}

async fn requests_that_only_the_provider_knows_of_count(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    ask(&budget, CHEAP, Caller::Person).await;
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

/// A minute after the last full hour.
fn past_the_hour(world: &World) -> Duration {
    let into = u64::try_from(world.now_ms() % 3_600_000).unwrap();
    Duration::from_millis(into).saturating_sub(Duration::from_mins(1))
}

async fn a_used_up_day_is_looked_at_after_each_full_hour(world: &World) {
    let recent = world.cache.budget("recent", LIMITS);
    recent.restore(&remembered(world, past_the_hour(world), 0)).await;
    let old = world.cache.budget("old", LIMITS);
    old.restore(&remembered(world, past_the_hour(world) + Duration::from_hours(2), 0)).await;
    world.pass(world.hold()).await;
    let (why, pause) = wait(recent.take(CHEAP, Caller::Person).await);
    assert_eq!(why, Throttle::Daily);
    let next = Duration::from_millis(
        u64::try_from((world.now_ms() + pause_ms(pause)) % 3_600_000).unwrap(),
    );
    assert!(next.abs_diff(Duration::from_secs(30)) < Duration::from_secs(1), "{next:?}");

    assert_eq!(old.take(CHEAP, Caller::Job).await, Taken::Granted);
    // The others wait for what that one sees, which is that nothing has changed.
    let (why, pause) = wait(old.take(CHEAP, Caller::Job).await);
    assert_eq!(why, Throttle::Daily);
    assert!(pause <= Duration::from_mins(1), "{pause:?}");
    old.observe(CHEAP, Observed { daily_remaining: Some(0), ..Observed::default() }).await;
    let (_, pause) = wait(old.take(CHEAP, Caller::Job).await);
    let next = Duration::from_millis(
        u64::try_from((world.now_ms() + pause_ms(pause)) % 3_600_000).unwrap(),
    );
    assert!(next.abs_diff(Duration::from_secs(30)) < Duration::from_secs(1), "{next:?}");
}

async fn the_hour_at_which_a_day_ends_is_learned(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    let hour = Duration::from_hours(1);
    budget.restore(&remembered(world, hour, 0)).await;
    let left = |left| Observed { daily_remaining: Some(left), ..Observed::default() };
    assert_eq!(budget.view().await.reset_hour, None);
    budget.observe(CHEAP, left(1_000)).await;
    let now = u32::try_from(world.now_ms() / 3_600_000 % 24).unwrap();
    assert_eq!(budget.view().await.reset_hour, Some(now));

    // A little more is not another day.
    let other = world.cache.budget("b", LIMITS);
    other.restore(&remembered(world, hour, 500)).await;
    other.observe(CHEAP, left(560)).await;
    assert_eq!(other.view().await.reset_hour, None);
}

fn pause_ms(pause: Duration) -> i64 {
    i64::try_from(pause.as_millis()).unwrap()
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
    world.pass(world.hold()).await;
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
