//! The shared memory: one suite over Redis and its stand-in, and what only Redis can do to us.

mod budgets;
mod day;
mod doors;
mod property;
mod rates;
mod redis;
mod shares;
pub(crate) mod world;

/// Runs each rule twice: in process with simulated time, and on a Redis of its own.
macro_rules! in_both {
    ($($rule:ident,)+) => {
        mod in_process {
            $(#[tokio::test]
            async fn $rule() { super::$rule(&crate::cache::world::World::simulated()).await })+
        }
        mod on_redis {
            $(#[tokio::test]
            async fn $rule() { super::$rule(&crate::cache::world::World::on_redis().await).await })+
        }
    };
}
use in_both;
