//! Many scenarios at once, how far a run is, and the figures of it all.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use super::truth::Held;
use crate::{flows::stage::Stage, harness::seed};

/// Everything must be back by then.
pub(super) const BACK: Duration = Duration::from_mins(1);
/// How many scenarios run at once: most of their time they wait for a lease to end.
const AT_ONCE: usize = 6;

/// What one scenario brought.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) kills: BTreeMap<String, u32>,
    /// From the death to the next committed step of the run, in seconds.
    pub(super) recoveries: Vec<f64>,
    pub(super) held: Held,
}

impl Outcome {
    pub(super) fn add(&mut self, other: Self) {
        for (name, times) in other.kills {
            *self.kills.entry(name).or_default() += times;
        }
        self.recoveries.extend(other.recoveries);
        self.held.add(&other.held);
    }

    pub(super) fn killed(&mut self, name: &str) {
        *self.kills.entry(name.to_owned()).or_default() += 1;
    }

    pub(super) fn figures(&self) -> Value {
        let most = self.recoveries.iter().copied().fold(0.0, f64::max);
        json!({
            "seed": seed(),
            "kills": self.kills.values().sum::<u32>(),
            "kills_per_point": self.kills,
            "recoveries": self.recoveries.len(),
            "slowest_recovery_s": (most * 10.0).round() / 10.0,
            "held": self.held.table(),
        })
    }
}

/// How far a run is; any change is a committed step.
pub(super) async fn mark(stage: &Stage, run: &str) -> (i32, String) {
    sqlx::query_as("select page, state from sync_run where run_id = $1")
        .bind(Stage::id(run))
        .fetch_one(&stage.hub.owner)
        .await
        .unwrap()
}

pub(super) fn is_over(state: &str) -> bool {
    ["completed", "failed", "cancelled"].contains(&state)
}

/// Waits for the end of the run; it may take as long as an import takes, beside the recovery.
pub(super) async fn ends(stage: &Stage, run: &str, since: Instant) -> Value {
    loop {
        let seen = stage.run(run).await;
        if is_over(seen["state"].as_str().unwrap()) {
            return seen;
        }
        assert!(since.elapsed() < BACK * 3, "it does not end: {seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs scenarios on tasks of their own, some at a time; panics when one of them did, once all have
/// ended, so that one run tells everything.
pub(super) async fn all<F>(scenarios: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for scenario in scenarios {
        let turns = Arc::clone(&turns);
        running.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            scenario.await
        });
    }
    let (mut brought, mut failed) = (Vec::new(), 0);
    while let Some(one) = running.join_next().await {
        match one {
            Ok(one) => brought.push(one),
            // What it was stands where it happened.
            Err(_) => failed += 1,
        }
    }
    assert_eq!(failed, 0, "scenarios that failed, beside {} that did not", brought.len());
    brought
}
