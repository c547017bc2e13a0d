//! How long requests took, in numbers.

use std::time::Duration;

use serde_json::{Value, json};

/// Of some requests, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Latencies {
    pub count: usize,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

impl Latencies {
    /// `None` of nothing.
    pub(super) fn of(took: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut took: Vec<Duration> = took.into_iter().collect();
        took.sort_unstable();
        let last = took.last()?;
        let at = |percent| rank(&took, percent).map_or(0.0, milliseconds);
        Some(Self {
            count: took.len(),
            p50: at(50),
            p95: at(95),
            p99: at(99),
            max: milliseconds(*last),
        })
    }

    pub(super) fn json(self) -> Value {
        json!({
            "count": self.count,
            "p50_ms": super::figures::rounded(self.p50),
            "p95_ms": super::figures::rounded(self.p95),
            "p99_ms": super::figures::rounded(self.p99),
            "max_ms": super::figures::rounded(self.max),
        })
    }
}

/// The nearest rank: the smallest value that at least `percent` of all do not exceed.
fn rank(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let took = (1..=200).rev().map(Duration::from_millis);
        let latencies = Latencies::of(took).unwrap();
        assert_eq!(
            latencies,
            Latencies { count: 200, p50: 100.0, p95: 190.0, p99: 198.0, max: 200.0 }
        );
    }

    #[test]
    fn one_slow_request_in_ten_is_seen_by_the_99th_percentile() {
        let took = (0..10).map(|at| Duration::from_millis(if at == 0 { 500 } else { 1 }));
        let latencies = Latencies::of(took).unwrap();
        assert_eq!(
            latencies,
            Latencies { count: 10, p50: 1.0, p95: 500.0, p99: 500.0, max: 500.0 }
        );
        assert_eq!(Latencies::of([]), None);
    }
}
