//! A cancelled `begin()` of sqlx 0.9.0 can hand an open transaction back to the pool. The pool of
//! `Db` is guarded; without the guard the same steps lose writes.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use serde_json::json;
use sqlx::{Executor, PgPool, postgres::PgPoolOptions};
use tandem::{db, db::Scope, policy::Plan};

use crate::harness::TestHub;

/// Gives up on a future after it was polled so many times, as a client does that hangs up.
struct Cancelled<F> {
    inner: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for Cancelled<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        match self.inner.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

pub(crate) async fn cancel_after<F: Future>(polls: u32, inner: F) {
    drop(Cancelled { inner: Box::pin(inner), polls }.await);
}

const ROUNDS: u32 = 40;
const MOST_POLLS: u32 = 6;

/// Begins, gives up, writes and is told that it is written; counts the writes that are not there.
async fn lost_writes(hub: &TestHub, guarded: bool) -> i64 {
    sqlx::raw_sql("create table if not exists probe (id int); truncate probe; grant insert on probe to tandem_login")
        .execute(&hub.owner)
        .await
        .unwrap();
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = if guarded {
        // As in `Db::connect`.
        pool.after_release(|connection, _| {
            Box::pin(async move {
                connection.execute("begin; rollback; reset all").await?;
                Ok(true)
            })
        })
    } else {
        pool
    };
    let pool: PgPool = pool.connect_with(hub.database.login()).await.unwrap();
    let mut told = 0;
    for round in 0..ROUNDS {
        cancel_after(1 + round % MOST_POLLS, pool.begin()).await;
        if pool.execute("insert into probe values (1)").await.is_ok() {
            told += 1;
        }
        // Whoever had the stale transaction ends it, and with it what they wrote.
        cancel_after(1 + round % MOST_POLLS, pool.begin()).await;
        let mut connection = pool.acquire().await.unwrap();
        let _ = connection.execute("rollback").await;
    }
    pool.close().await;
    told - hub.value::<i64>("select count(*) from probe").await
}

#[tokio::test]
async fn without_the_guard_writes_are_lost_and_with_it_none() {
    let hub = TestHub::new().await;
    // Which poll meets the fault depends on how quickly Postgres answers.
    let mut unguarded = 0;
    for _ in 0..50 {
        unguarded += lost_writes(&hub, false).await;
        if unguarded > 0 {
            break;
        }
    }
    assert!(unguarded > 0, "the fault is gone: sqlx was mended, and the guard may go");
    assert_eq!(lost_writes(&hub, true).await, 0);
}

#[tokio::test]
async fn whoever_hangs_up_leaves_nothing_behind_in_the_pool_of_the_service() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let globex = hub.company(Plan::Business).await;
    let db = db::Db::connect(hub.database.login(), 1).await.unwrap();
    for round in 0..ROUNDS {
        // A read-only transaction of one company, abandoned at any step of its opening.
        cancel_after(1 + round % 9, db.tenant_reading(globex.id, Scope::All)).await;
        let mut tx = db.tenant(acme.id, Scope::All).await.unwrap();
        let members = db::members::list(&mut tx).await.unwrap();
        assert!(
            members.iter().all(|member| acme.members().iter().any(|m| m.id == member.member_id))
        );
        db::audit::append(&mut tx, None, "test.done", None, &json!({ "round": round }))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let written = "select count(*) from audit_log where action = 'test.done'";
    assert_eq!(hub.value::<i64>(written).await, i64::from(ROUNDS));
}
