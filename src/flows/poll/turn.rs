//! When it is a connection's turn: pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ConnectionId;

/// The longest pause of a CRM where runs keep failing, and the pause of one that tells by itself: hints
/// get lost, and nobody tells of organizations and deals.
pub const SELDOM: TimeDelta = TimeDelta::hours(6);

/// The next turn. Those of one rhythm are spread evenly over it by their ids: ten thousand companies
/// that were connected, imported or started with the same minute are not read in the same minute. It is
/// half a rhythm away at least, so whoever has just imported is left alone for a while.
pub fn next(now: DateTime<Utc>, rhythm: TimeDelta, id: ConnectionId) -> DateTime<Utc> {
    let length = rhythm.num_milliseconds().max(1);
    let soonest = now.timestamp_millis() + length / 2;
    let (_, chance) = id.uuid().as_u64_pair();
    let place = i64::try_from(chance >> 1).unwrap_or_default() % length;
    let turn = (soonest - place).div_euclid(length) * length + place + length;
    DateTime::from_timestamp_millis(turn).unwrap_or(now + rhythm)
}

/// The rhythm after so many failures in a row: doubled each time.
pub fn after_failures(rhythm: TimeDelta, failures: i32) -> TimeDelta {
    let factor = 1_i32 << failures.clamp(0, 10);
    (rhythm * factor).min(SELDOM.max(rhythm))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: TimeDelta = TimeDelta::minutes(15);

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
    }

    #[test]
    fn turns_of_many_connections_lie_evenly_in_a_rhythm() {
        let mut minutes = [0_u32; 15];
        for _ in 0..15_000 {
            let wait = next(at(0), EVERY, ConnectionId::fresh()) - at(0);
            assert!(wait > EVERY / 2 && wait <= EVERY * 3 / 2, "{wait}");
            let minute = (wait - EVERY / 2).num_seconds() / 60;
            minutes[usize::try_from(minute).unwrap().min(14)] += 1;
        }
        assert!(minutes.iter().all(|many| (800..1_200).contains(many)), "{minutes:?}");
    }

    #[test]
    fn a_connection_keeps_its_place_in_the_rhythm() {
        let id = ConnectionId::fresh();
        let first = next(at(0), EVERY, id);
        let later = first + TimeDelta::seconds(40);
        assert_eq!(next(later, EVERY, id), first + EVERY);
        assert_eq!(next(next(later, EVERY, id), EVERY, id), first + EVERY * 2);
    }

    #[test]
    fn failures_lengthen_the_rhythm_and_never_shorten_it() {
        let pauses = [0, 1, 2, 4, 5, 60].map(|n| after_failures(EVERY, n).num_minutes());
        assert_eq!(pauses, [15, 30, 60, 240, 360, 360]);
        let daily = TimeDelta::days(1);
        assert_eq!(after_failures(daily, 3), daily);
    }
}
