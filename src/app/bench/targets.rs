//! The numbers that Tandem promises itself, beside what was measured.

use serde_json::{Value, json};

use super::figures::{Figures, number, rounded};

/// One promise; it is kept when the value is on the right side.
#[derive(Debug)]
pub(super) struct Target {
    pub what: &'static str,
    pub value: f64,
    pub least: bool,
    pub bound: f64,
}

impl Target {
    pub(super) fn is_met(&self) -> bool {
        if self.least { self.value >= self.bound } else { self.value <= self.bound }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "what": self.what,
            "value": rounded(self.value),
            "target": format!("{} {}", if self.least { ">=" } else { "<=" }, self.bound),
            "met": self.is_met(),
        })
    }
}

/// Those that this measurement can tell. The CPU-seconds of an import do not depend on latency.
pub(super) fn of(figures: &Figures) -> Vec<Target> {
    let least = |what, value: Option<f64>, bound| {
        value.map(|value| Target { what, value, least: true, bound })
    };
    let most = |what, value: Option<f64>, bound| {
        value.map(|value| Target { what, value, least: false, bound })
    };
    let reads = figures.reads.as_ref().map(|(over_http, _)| over_http);
    let nothing = &figures.nothing;
    let requests = u32::try_from(nothing.most_requests()).ok().map(f64::from);
    [
        least(
            "first import, records per CPU-second",
            Some(figures.first.per_cpu_second()),
            6_000.0,
        ),
        least("first import, share of a bare UNNEST", figures.ratio(), 0.5),
        least(
            "unchanged import, records per CPU-second",
            Some(figures.unchanged.per_cpu_second()),
            30_000.0,
        ),
        least("records per second, share of the bound by latency", figures.of_bound(), 0.8),
        most("nothing new, requests for one kind of object", requests, 3.0),
        most("nothing new, rows of the book written", Some(number(nothing.written())), 0.0),
        most("memory of the first import, MiB", Some(figures.first.peak_rss_mb), 100.0),
        most(
            "CPU per record, last against first persons",
            figures.first.growth.as_ref().map(super::growth::Growth::cpu_ratio),
            1.2,
        ),
        most(
            "time per record, last against first persons",
            figures.first.growth.as_ref().map(super::growth::Growth::wall_ratio),
            1.2,
        ),
        most("reads over HTTP, p99 in ms", reads.map(|reads| reads.all.p99), 50.0),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_at_its_bound_and_on_its_own_side_only() {
        let target = |value, least| Target { what: "speed", value, least, bound: 2.0 };
        assert!(target(2.0, true).is_met() && target(2.0, false).is_met());
        assert!(target(2.1, true).is_met() && !target(2.1, false).is_met());
        assert!(!target(1.9, true).is_met() && target(1.9, false).is_met());
        assert!(!target(f64::NAN, true).is_met() && !target(f64::NAN, false).is_met());
        assert_eq!(target(2.345, true).json()["target"], ">= 2");
    }
}
