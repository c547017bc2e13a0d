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

/// What a call says about its CRM. Many are under way at once and each knows the circuit only as it
/// was when it began: whoever keeps the circuit puts what is heard to it as it stands by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Answer,
    /// It did not answer, or not properly.
    Failure,
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

    #[must_use]
    pub fn heard(self, heard: Heard, now: DateTime<Utc>) -> Self {
        match heard {
            Heard::Failure => self.failed(now),
            Heard::Answer if self.is_closed() => Self::default(),
            // Only a probe closes it.
            Heard::Answer => self,
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
    fn an_answer_ends_the_row_of_failures_but_does_not_close_what_is_open() {
        let failed = Circuit { failures: 4, ..Circuit::default() };
        assert_eq!(failed.heard(Heard::Answer, at(0)), Circuit::default());
        let open = failed.heard(Heard::Failure, at(0));
        assert_eq!(open.heard(Heard::Answer, at(1)), open);
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
