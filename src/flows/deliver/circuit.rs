//! The circuit of a connection: after five failures in a row nobody asks any more, until one read
//! says that the CRM is back.

use chrono::{DateTime, TimeDelta, Utc};

/// Failures in a row that open it.
const MOST: i32 = 5;
/// 15 s, 30 s, 1 min ... 5 min.
const FIRST: TimeDelta = TimeDelta::seconds(15);
const LONGEST: TimeDelta = TimeDelta::minutes(5);
/// A probe that never says how it went keeps the others away that long: longer than a CRM may take
/// to answer.
pub const PROBING: TimeDelta = TimeDelta::seconds(45);

/// How a connection's circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circuit {
    /// In a row.
    pub failures: i32,
    /// How often it opened since it was last closed.
    pub opened: i32,
    pub until: Option<DateTime<Utc>>,
}

/// What a worker does before it asks the CRM anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Free,
    Wait(DateTime<Utc>),
    Probe,
}

impl Circuit {
    pub fn way(&self, now: DateTime<Utc>) -> Way {
        match self.until {
            None => Way::Free,
            Some(until) if until > now => Way::Wait(until),
            Some(_) => Way::Probe,
        }
    }

    /// After one more call that the CRM did not answer properly.
    #[must_use]
    pub fn failed(self, now: DateTime<Utc>) -> Self {
        let failures = self.failures + 1;
        if failures < MOST && self.until.is_none() {
            return Self { failures, ..self };
        }
        // Calls that were under way when it opened say nothing new.
        if self.until.is_some_and(|until| until > now) {
            return Self { failures, ..self };
        }
        let wait = FIRST * (1 << self.opened.clamp(0, 10));
        Self { failures, opened: self.opened + 1, until: Some(now + wait.min(LONGEST)) }
    }

    /// The probe failed: whatever `until` says, its time was up.
    #[must_use]
    pub fn probe_failed(self, now: DateTime<Utc>) -> Self {
        Self { until: Some(now), ..self }.failed(now)
    }

    pub fn is_closed(&self) -> bool {
        self.until.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn the_fifth_failure_opens_it_and_one_of_those_under_way_changes_nothing() {
        let mut circuit = Circuit::default();
        for _ in 0..4 {
            circuit = circuit.failed(at(0));
        }
        assert_eq!(circuit.way(at(0)), Way::Free);
        circuit = circuit.failed(at(0));
        assert_eq!(circuit.way(at(0)), Way::Wait(at(15)));
        assert_eq!(circuit.failed(at(1)).way(at(1)), Way::Wait(at(15)));
        assert_eq!(circuit.way(at(15)), Way::Probe);
    }

    #[test]
    fn it_opens_for_longer_each_time_and_for_five_minutes_at_most() {
        let mut circuit = Circuit { failures: 5, opened: 1, until: Some(at(0)) };
        let mut waits = Vec::new();
        for _ in 0..7 {
            circuit = circuit.probe_failed(at(0));
            waits.push(circuit.until.unwrap().timestamp());
        }
        assert_eq!(waits, [30, 60, 120, 240, 300, 300, 300]);
    }
}
