//! What becomes of a delivery whose CRM did not do it: the decisions, without the store that
//! remembers them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    connectors::{CrmError, Objection, Throttle},
    domain::Cause,
};

/// The first three come quickly, while somebody may be watching: 2, 4 and 8 seconds.
const QUICK: i32 = 3;
/// Then from half a minute to an hour.
const PATIENT: TimeDelta = TimeDelta::seconds(30);
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// When a provider names a wait that makes no sense.
const A_WHILE: TimeDelta = TimeDelta::minutes(5);

/// What a decision depends on beside the error.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    pub now: DateTime<Utc>,
    /// Attempts that failed before this one.
    pub attempts: i32,
    pub give_up_at: DateTime<Utc>,
    /// `0.0..1.0`
    pub chance: f64,
}

/// What is to be done with the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Once more then. `lane`: nothing else of the connection is worth asking before.
    Retry {
        at: DateTime<Utc>,
        cause: Cause,
        counts: bool,
        lane: bool,
        failure: bool,
    },
    /// It may have been done.
    Unknown,
    /// Until a person lifts it.
    Held(Cause),
    Failed {
        cause: Cause,
        fields: Vec<Objection>,
    },
    /// The record it was about is gone.
    Gone,
    Dead(Cause),
}

/// When the `attempts`-th failure is followed by another try.
pub fn backoff(attempts: i32, now: DateTime<Utc>, chance: f64) -> DateTime<Utc> {
    if attempts < QUICK {
        return now + TimeDelta::seconds(2 << attempts.max(0));
    }
    let whole = (PATIENT * (1 << (attempts - QUICK).clamp(0, 10))).min(LONGEST);
    #[expect(clippy::cast_possible_truncation, reason = "an hour in milliseconds")]
    #[expect(clippy::cast_precision_loss, reason = "an hour in milliseconds")]
    let jitter = (whole.num_milliseconds() as f64 * chance.clamp(0.0, 1.0) / 4.0) as i64;
    now + whole - TimeDelta::milliseconds(jitter)
}

/// Decides.
pub fn verdict(error: &CrmError, given: &Given) -> Verdict {
    let patient = |cause, at: Option<DateTime<Utc>>, failure| {
        if given.now >= given.give_up_at {
            return Verdict::Dead(Cause::GaveUp);
        }
        let at = at.unwrap_or_else(|| backoff(given.attempts, given.now, given.chance));
        Verdict::Retry { at, cause, counts: true, lane: false, failure }
    };
    match error {
        CrmError::Throttled { scope, wait } => {
            if given.now >= given.give_up_at {
                return Verdict::Dead(Cause::GaveUp);
            }
            let at = given.now + TimeDelta::from_std(*wait).unwrap_or(A_WHILE);
            let lane = *scope != Throttle::Burst;
            Verdict::Retry { at, cause: Cause::Throttled, counts: false, lane, failure: false }
        }
        CrmError::Down { wait, .. } => {
            let said = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
            let own = backoff(given.attempts, given.now, given.chance);
            let at = said.map_or(own, |said| own.max(given.now + said.min(LONGEST)));
            patient(Cause::Down, Some(at), true)
        }
        CrmError::Unreadable { .. } => patient(Cause::Down, None, true),
        CrmError::TokenUnavailable { .. } | CrmError::TooLate => {
            patient(Cause::Internal, None, false)
        }
        CrmError::Suspended { .. } => {
            patient(Cause::Suspended, Some(given.now + TimeDelta::hours(1)), false)
        }
        CrmError::Uncertain { .. } => Verdict::Unknown,
        CrmError::Revoked | CrmError::Expired => Verdict::Held(Cause::Reconnect),
        CrmError::MissingScope { .. } => {
            Verdict::Failed { cause: Cause::Scope, fields: Vec::new() }
        }
        CrmError::Refused { said, .. } => {
            Verdict::Failed { cause: Cause::Refused, fields: said.clone() }
        }
        CrmError::Missing => Verdict::Gone,
        CrmError::CursorRefused | CrmError::ForbiddenHost | CrmError::Misconfigured => {
            Verdict::Failed { cause: Cause::Internal, fields: Vec::new() }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn given(attempts: i32) -> Given {
        let now = DateTime::UNIX_EPOCH;
        Given { now, attempts, give_up_at: now + TimeDelta::hours(72), chance: 0.0 }
    }

    fn waits(error: &CrmError, attempts: i32) -> i64 {
        match verdict(error, &given(attempts)) {
            Verdict::Retry { at, .. } => at.timestamp(),
            other => panic!("{other:?}"),
        }
    }

    const DOWN: CrmError = CrmError::Down { what: "", status: Some(503), wait: None };

    #[test]
    fn three_quick_tries_then_patient_ones_up_to_an_hour() {
        let found: Vec<i64> = (0..12).map(|attempts| waits(&DOWN, attempts)).collect();
        assert_eq!(found, [2, 4, 8, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    }

    #[test]
    fn jitter_only_brings_patient_tries_forward_by_a_quarter_at_most() {
        for attempts in 0..14 {
            let (most, least) =
                (backoff(attempts, given(0).now, 0.0), backoff(attempts, given(0).now, 1.0));
            assert!(least <= most);
            let millis = |at: DateTime<Utc>| at.timestamp_millis();
            assert!(millis(least) * 4 >= millis(most) * 3, "{attempts}");
        }
    }

    #[test]
    fn an_outage_is_given_up_after_three_days_and_not_before() {
        let late = |hours| Given { now: given(0).now + TimeDelta::hours(hours), ..given(9) };
        assert!(matches!(verdict(&DOWN, &late(71)), Verdict::Retry { .. }));
        assert_eq!(verdict(&DOWN, &late(72)), Verdict::Dead(Cause::GaveUp));
    }

    #[test]
    fn being_told_to_wait_does_not_count_and_a_used_up_day_closes_the_lane() {
        for (scope, closes) in
            [(Throttle::Burst, false), (Throttle::Daily, true), (Throttle::Blocked, true)]
        {
            let error = CrmError::Throttled { scope, wait: Duration::from_secs(7) };
            let Verdict::Retry { at, cause, counts, lane, failure } = verdict(&error, &given(5))
            else {
                panic!("{scope:?}");
            };
            assert_eq!((at.timestamp(), cause), (7, Cause::Throttled));
            assert!(!counts && !failure && lane == closes);
        }
    }

    #[test]
    fn only_a_lost_answer_is_unknown_and_only_trouble_over_there_is_a_failure() {
        let uncertain = CrmError::Uncertain { what: "", status: None };
        assert_eq!(verdict(&uncertain, &given(0)), Verdict::Unknown);
        for (error, is_failure) in [
            (DOWN, true),
            (CrmError::Unreadable { what: "" }, true),
            (CrmError::TokenUnavailable { what: "" }, false),
            (CrmError::Suspended { reason: "" }, false),
        ] {
            let verdict = verdict(&error, &given(0));
            assert!(
                matches!(verdict, Verdict::Retry { failure, .. } if failure == is_failure),
                "{error:?} {verdict:?}"
            );
        }
    }

    #[test]
    fn what_only_a_person_can_change_ends_or_holds_it() {
        let refused = CrmError::Refused {
            reason: "",
            status: 400,
            code: None,
            said: vec![Objection { field: Some("emails".into()), words: "no".into() }],
        };
        assert!(matches!(
            verdict(&refused, &given(0)),
            Verdict::Failed { cause: Cause::Refused, fields } if fields.len() == 1
        ));
        let scope = CrmError::MissingScope { needed: "x" };
        assert!(matches!(verdict(&scope, &given(0)), Verdict::Failed { cause: Cause::Scope, .. }));
        for error in [CrmError::Revoked, CrmError::Expired] {
            assert_eq!(verdict(&error, &given(0)), Verdict::Held(Cause::Reconnect));
        }
        assert_eq!(verdict(&CrmError::Missing, &given(0)), Verdict::Gone);
    }
}
