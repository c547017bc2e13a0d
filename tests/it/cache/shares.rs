//! What deliveries get of a budget: more than imports, less than people who wait for a page.

use tandem::connectors::{Caller, Cost, Lane, Taken, Throttle};

use super::{
    in_both,
    world::{CHEAP, LIMITS, World, granted_until_full, wait},
};

in_both! {
    deliveries_take_of_the_day_what_jobs_leave_and_leave_people_half_of_it,
    a_delivery_that_waits_is_served_before_any_job,
}

fn tokens(tokens: u32) -> Cost {
    Cost { tokens, lane: Lane::General }
}

async fn deliveries_take_of_the_day_what_jobs_leave_and_leave_people_half_of_it(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(budget.take(tokens(960), Caller::Job).await, Taken::Granted);
    assert_eq!(wait(budget.take(CHEAP, Caller::Job).await).0, Throttle::Daily);
    assert_eq!(budget.take(tokens(20), Caller::Delivery).await, Taken::Granted);
    assert_eq!(wait(budget.take(CHEAP, Caller::Delivery).await).0, Throttle::Daily);
    assert_eq!(budget.take(tokens(20), Caller::Person).await, Taken::Granted);
}

async fn a_delivery_that_waits_is_served_before_any_job(world: &World) {
    let budget = world.cache.budget("a", LIMITS);
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 10);
    let (_, pause) = wait(budget.take(CHEAP, Caller::Delivery).await);
    world.pass(pause).await;
    assert_eq!(granted_until_full(&budget, CHEAP, Caller::Job).await, 9);
    assert_eq!(budget.take(CHEAP, Caller::Delivery).await, Taken::Granted);
}
