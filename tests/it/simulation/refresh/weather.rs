//! The weather of a seed: what may go wrong, and how often.

use super::super::{
    machine::{Process, World},
    provider::Rotation,
    store::Planted,
};

/// What a seed is allowed to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) rotation: Rotation,
    pub(super) processes: Process,
    pub(super) callers: u64,
    pub(super) hours: u64,
    /// Percent of requests to the provider, and of those to the database, that go wrong.
    pub(super) provider: u64,
    pub(super) database: u64,
    /// Of a thousand places where a process waits.
    pub(super) crash: u64,
    pub(super) stop: u64,
    /// The longest stop, in milliseconds.
    pub(super) longest: u64,
    /// How often something happens outside, in milliseconds.
    pub(super) pace: u64,
    /// Whether the member takes consents back, and gives new ones.
    pub(super) member: bool,
    pub(super) shared_volume: bool,
    pub(super) planted: Planted,
}

/// The weather of a seed, from fair to foul.
pub(super) fn weather(seed: u64) -> Weather {
    let dice = World::new(seed ^ 0x5eed);
    Weather {
        rotation: match dice.chance(6) {
            0 => Rotation::None,
            1 => Rotation::Lenient,
            _ => Rotation::Punishing,
        },
        processes: 1 + usize::try_from(dice.chance(4)).unwrap(),
        callers: 1 + dice.chance(5),
        hours: 1 + dice.chance(3),
        provider: [0, 2, 10, 25][usize::try_from(dice.chance(4)).unwrap()],
        database: [0, 1, 5, 15][usize::try_from(dice.chance(4)).unwrap()],
        crash: [0, 2, 10, 40][usize::try_from(dice.chance(4)).unwrap()],
        stop: [0, 2, 10, 100][usize::try_from(dice.chance(4)).unwrap()],
        longest: [5_000, 40_000, 200_000][usize::try_from(dice.chance(3)).unwrap()],
        pace: [3_000_000, 300_000][usize::try_from(dice.chance(2)).unwrap()],
        member: dice.percent(50),
        shared_volume: dice.percent(50),
        planted: Planted::Nothing,
    }
}
