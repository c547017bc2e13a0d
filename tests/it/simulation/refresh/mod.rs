//! Token refreshes under crashes, stops, lost answers and a database that fails, over thousands of
//! seeds: one question per expiry, and no grant is lost unless we say so.

mod rules;
mod stage;
mod weather;

use std::sync::atomic::Ordering;

use super::{provider::Rotation, seeds, store::Planted};

use stage::Stage;
use weather::{Weather, weather};

/// What the seeds have met, so that we know that they meet it.
#[derive(Debug, Default)]
struct Met {
    asked: u64,
    lost: u64,
    punished: u64,
    crashed: u64,
    stopped: u64,
    fenced: usize,
    reconnects: usize,
    rescued: u64,
}

#[test]
fn no_grant_is_lost_in_silence_whatever_happens_around_a_refresh() {
    let mut met = Met::default();
    seeds(1_000, |seed| {
        let stage = Stage::new(seed, weather(seed));
        let broken = stage.run();
        assert!(broken.is_empty(), "{:#?}\n{broken:#?}\n{:#?}", stage.weather, stage.row);
        let (row, truth) = (stage.row.lock().unwrap(), stage.truth.lock().unwrap());
        met.asked += truth.asked;
        met.lost += truth.lost;
        met.punished += truth.punished;
        met.crashed += stage.hazard.crashed.load(Ordering::Relaxed);
        met.stopped += stage.hazard.stopped.load(Ordering::Relaxed);
        met.fenced += row.attempts.values().filter(|attempt| attempt.outcome == "fenced").count();
        met.reconnects += usize::from(row.state == "needs_reconnect");
        met.rescued += truth.rescued;
    });
    #[expect(clippy::print_stderr, reason = "the figures of the run")]
    {
        eprintln!("{met:?}");
    }
}

#[test]
fn in_fair_weather_each_expiry_is_one_question() {
    seeds(60, |seed| {
        let fair = Weather {
            provider: 0,
            database: 0,
            crash: 0,
            stop: 0,
            member: false,
            processes: 4,
            callers: 12,
            ..weather(seed)
        };
        let stage = Stage::new(seed, fair);
        let broken = stage.run();
        assert!(broken.is_empty(), "{fair:#?}\n{broken:#?}");
        let (row, truth) = (stage.row.lock().unwrap(), stage.truth.lock().unwrap());
        let expiries = u64::try_from(row.generation - 1).unwrap();
        assert_eq!(truth.asked, expiries, "{fair:?}");
        // Thirty minutes of life, renewed five minutes early; once more when the judge looked.
        assert!(expiries <= fair.hours * 60 / 25 + 2, "{expiries} in {} hours", fair.hours);
    });
}

#[test]
fn the_simulation_finds_what_is_broken_on_purpose() {
    for planted in [
        Planted::NoFence,
        Planted::NoLease,
        Planted::NoOrphans,
        Planted::NoSpool,
        Planted::NoSecondLook,
        Planted::NoQuestions,
        Planted::TakenForDead,
    ] {
        let found = (0..500).find(|seed| {
            let foul = Weather {
                rotation: Rotation::Punishing,
                processes: 3,
                provider: 5,
                crash: 40,
                stop: 40,
                longest: 200_000,
                pace: 300_000,
                ..weather(*seed)
            };
            // Late answers help only where using a token twice is forgiven.
            let rotation = match planted {
                Planted::NoOrphans => Rotation::Lenient,
                _ => Rotation::Punishing,
            };
            // Each of the two takes a crowd of processes that ask at the same time.
            let crowd = Weather {
                processes: 4,
                callers: 6,
                hours: 3,
                pace: 3_000_000,
                member: false,
                ..foul
            };
            let foul = match planted {
                // And a neighbour that sleeps with the answer in its hand, and one that looked into the
                // spool before and sleeps until the right to ask is free.
                Planted::NoSecondLook => {
                    Weather { provider: 0, stop: 150, database: 0, shared_volume: true, ..crowd }
                }
                // And a lost answer, and a second process that stops just before it asks.
                Planted::NoQuestions => Weather { provider: 25, crash: 0, stop: 100, ..crowd },
                _ => foul,
            };
            let weather = Weather { rotation, planted, ..foul };
            !Stage::new(*seed, weather).run().is_empty()
        });
        assert!(found.is_some(), "{planted:?} goes unnoticed");
    }
}
