//! Runs of imports under crashed, stopped and overtaken workers, a provider in trouble, a failing
//! database, and members who cancel, pause and resume: counts add up, and a run ends or goes on.
//!
//! What becomes of a run and of its job is decided by the code of production (`verdict`, `opening`,
//! `after`, `fate`); the rows are a model that `same.rs` holds to Postgres.

mod model;
mod stage;
mod worker;

use std::sync::atomic::Ordering;

use super::seeds;

pub(super) use model::RunRow;
use stage::{Stage, Weather, weather};

#[test]
fn every_run_ends_or_goes_on_and_its_counts_add_up() {
    let (mut crashed, mut stopped, mut pages) = (0, 0, 0_i64);
    seeds(1_000, |seed| {
        let stage = Stage::new(seed, weather(seed));
        let broken = stage.run();
        assert!(broken.is_empty(), "{:?}\n{broken:#?}\n{:#?}", stage.weather, stage.book());
        crashed += stage.hazard.crashed.load(Ordering::Relaxed);
        stopped += stage.hazard.stopped.load(Ordering::Relaxed);
        pages += i64::from(stage.book().run.page);
    });
    println!("{crashed} crashes, {stopped} stops, {pages} pages");
}

#[test]
fn a_run_without_its_fence_is_found_out() {
    let found = (0..300).find(|seed| {
        let stage = Stage::new(*seed, Weather { no_fence: true, ..weather(*seed) });
        !stage.run().is_empty()
    });
    assert!(found.is_some(), "a page that is written twice goes unnoticed");
}
