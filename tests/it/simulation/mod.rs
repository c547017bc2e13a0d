//! The code of refreshes, runs and deliveries in a world of its own: many processes on one thread, time and
//! chance from one seed. `TANDEM_SEEDS=100000` tries more of them, `TANDEM_SEED=7` replays one.

mod deliveries;
mod machine;
mod provider;
mod refresh;
mod runs;
mod same;
mod store;

/// Tries seeds until one fails, and names it.
pub(crate) fn seeds(usual: u64, one: impl FnMut(u64)) {
    seeds_and(usual, 100, one);
}

/// The same, with so many times more of them when `make chaos` asks.
pub(crate) fn seeds_and(usual: u64, times: u64, mut one: impl FnMut(u64)) {
    let number = |name: &str| {
        #[expect(clippy::disallowed_methods, reason = "tests have no `Config`")]
        std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok())
    };
    if let Some(seed) = number("TANDEM_SEED") {
        return one(seed);
    }
    let usual = if crate::harness::long() { usual * times } else { usual };
    for seed in 0..number("TANDEM_SEEDS").unwrap_or(usual) {
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| one(seed)));
        if let Err(panic) = ran {
            #[expect(clippy::print_stderr, reason = "how to see it again")]
            {
                eprintln!("seed {seed} failed; replay it with TANDEM_SEED={seed}");
            }
            std::panic::resume_unwind(panic);
        }
    }
}
