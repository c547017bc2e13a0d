//! Whether a record costs more at the end of an import than at its beginning.

use super::cpu::Spent;

/// How far a run was at a moment: both counted from its beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Persons.
    pub seen: f64,
    pub seconds: f64,
    pub spent: Spent,
}

/// What a stretch of records cost, per record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cost {
    pub wall_us: f64,
    pub cpu_us: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Growth {
    /// Records in the first stretch, and in the last.
    pub records: (f64, f64),
    pub first: Cost,
    pub last: Cost,
}

impl Growth {
    pub(super) fn wall_ratio(&self) -> f64 {
        self.last.wall_us / self.first.wall_us
    }

    pub(super) fn cpu_ratio(&self) -> f64 {
        self.last.cpu_us / self.first.cpu_us
    }

    /// Compares the first `records` of the samples with the last tenth of all, or as many where that
    /// is less; halves when there are fewer than twice as many; `None` when they are too few to tell.
    /// Between two looks the pace is taken as even.
    ///
    /// A tenth: `autovacuum` wakes every 15 s, once in some 75,000 records. Of ten thousand, which
    /// take two seconds, nobody could tell whether they paid for the others or the others for them.
    pub(super) fn of(samples: &[Sample], records: f64) -> Option<Self> {
        // What was seen when the pages of persons began, and when all of them were in.
        let (start, end) = (samples.first()?.seen, samples.last()?.seen);
        let records = records.min((end - start) / 2.0);
        if records < 1.0 {
            return None;
        }
        let last_records = records.max((end - start) / 10.0);
        let cost = |from: f64, until: f64| {
            let records = until - from;
            let (from, until) = (reached(samples, from)?, reached(samples, until)?);
            let cpu = until.spent.since(from.spent).together();
            Some(Cost {
                wall_us: (until.seconds - from.seconds) / records * 1e6,
                cpu_us: cpu / records * 1e6,
            })
        };
        let first = cost(start, start + records)?;
        let last = cost(end - last_records, end)?;
        Some(Self { records: (records, last_records), first, last })
    }
}

/// What records cost in each of some even stretches of a run, per record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// Records seen at its end.
    pub until: f64,
    pub wall_us: f64,
    pub tandem_us: f64,
    pub postgres_us: f64,
}

/// The whole run in so many stretches; empty when nothing was seen.
pub(super) fn pace(samples: &[Sample], stretches: u8) -> Vec<Stretch> {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let records = (last.seen - first.seen) / f64::from(stretches);
    if records < 1.0 {
        return Vec::new();
    }
    let until = |stretch: u8| first.seen + records * f64::from(stretch);
    (1..=stretches)
        .filter_map(|stretch| {
            let from = reached(samples, until(stretch - 1))?;
            // Rounding must not ask for more than there was.
            let to = reached(samples, until(stretch).min(last.seen))?;
            let spent = to.spent.since(from.spent);
            Some(Stretch {
                until: to.seen,
                wall_us: (to.seconds - from.seconds) / records * 1e6,
                tandem_us: spent.tandem / records * 1e6,
                postgres_us: spent.postgres / records * 1e6,
            })
        })
        .collect()
}

/// The moment at which so many had been seen.
fn reached(samples: &[Sample], seen: f64) -> Option<Sample> {
    let after = samples.iter().position(|sample| sample.seen >= seen)?;
    let (Some(before), until) = (after.checked_sub(1).map(|at| samples[at]), samples[after]) else {
        return Some(samples[after]);
    };
    let part = (seen - before.seen) / (until.seen - before.seen);
    let between = |from: f64, to: f64| from + (to - from) * part;
    Some(Sample {
        seen,
        seconds: between(before.seconds, until.seconds),
        spent: Spent {
            tandem: between(before.spent.tandem, until.spent.tandem),
            postgres: between(before.spent.postgres, until.spent.postgres),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seen: f64, seconds: f64) -> Sample {
        Sample { seen, seconds, spent: Spent { tandem: seconds / 4.0, postgres: seconds / 4.0 } }
    }

    #[test]
    fn an_even_pace_has_no_growth() {
        let samples: Vec<Sample> =
            (0..=10).map(|at| sample(f64::from(at) * 700.0, f64::from(at))).collect();
        let growth = Growth::of(&samples, 1_000.0).unwrap();
        assert!((growth.wall_ratio() - 1.0).abs() < 1e-9, "{growth:?}");
        assert!((growth.cpu_ratio() - 1.0).abs() < 1e-9, "{growth:?}");
        assert!((growth.first.wall_us - 1e6 / 700.0).abs() < 1e-6, "{growth:?}");
        assert!((growth.first.cpu_us - 5e5 / 700.0).abs() < 1e-6, "{growth:?}");
    }

    #[test]
    fn an_end_that_takes_twice_as_long_doubles_the_cost() {
        let samples =
            [sample(0.0, 5.0), sample(1_000.0, 6.0), sample(2_000.0, 7.0), sample(3_000.0, 9.0)];
        let growth = Growth::of(&samples, 1_000.0).unwrap();
        assert!((growth.wall_ratio() - 2.0).abs() < 1e-9, "{growth:?}");
        assert!((growth.cpu_ratio() - 2.0).abs() < 1e-9, "{growth:?}");
    }

    #[test]
    fn of_a_large_import_the_last_tenth_is_compared() {
        // The last 100 of 2,000 are four times as slow, and the 100 before them are not.
        let samples =
            [sample(0.0, 0.0), sample(100.0, 1.0), sample(1_900.0, 19.0), sample(2_000.0, 23.0)];
        let growth = Growth::of(&samples, 100.0).unwrap();
        assert_eq!(growth.records, (100.0, 200.0));
        assert!((growth.wall_ratio() - 2.5).abs() < 1e-9, "{growth:?}");
    }

    #[test]
    fn a_pace_tells_where_the_time_went() {
        let samples =
            [sample(0.0, 5.0), sample(1_000.0, 6.0), sample(2_000.0, 7.0), sample(3_000.0, 9.0)];
        let pace = pace(&samples, 3);
        let wall: Vec<f64> = pace.iter().map(|stretch| stretch.wall_us.round()).collect();
        assert_eq!(wall, [1_000.0, 1_000.0, 2_000.0]);
        assert!((pace[2].postgres_us - 500.0).abs() < 1e-6, "{pace:?}");
        assert!((pace[2].until - 3_000.0).abs() < 1e-9, "{pace:?}");
        assert_eq!(super::pace(&samples[..1], 3), []);
    }

    #[test]
    fn a_small_import_is_compared_by_halves_and_none_at_all_by_nothing() {
        let growth =
            Growth::of(&[sample(0.0, 0.0), sample(50.0, 1.0), sample(100.0, 4.0)], 10_000.0);
        let growth = growth.unwrap();
        assert_eq!(growth.records, (50.0, 50.0));
        assert!((growth.wall_ratio() - 3.0).abs() < 1e-9, "{growth:?}");
        assert_eq!(Growth::of(&[sample(0.0, 0.0), sample(0.0, 1.0)], 10_000.0), None);
        assert_eq!(Growth::of(&[], 10_000.0), None);
    }
}
