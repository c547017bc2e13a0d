//! Requests at a constant rate, whatever the answers do: an open loop.
//!
//! Each request has its moment, fixed before the first is sent, and its latency counts from that
//! moment; when all lines are busy the next one starts late and its latency says so. Timers are
//! exact to a millisecond, which is part of what is shown.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until};

/// How often, and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub per_second: u32,
    pub seconds: u32,
}

impl Pace {
    pub(super) const fn requests(self) -> u32 {
        self.per_second * self.seconds
    }

    /// When a request is due, from the beginning.
    fn due(self, number: u32) -> Duration {
        Duration::from_secs(1) * number / self.per_second.max(1)
    }
}

/// One answer, or that there was none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<K> {
    pub kind: K,
    /// From the moment at which it was due.
    pub took: Duration,
    pub ok: bool,
}

/// Something that can ask one thing at a time.
pub(super) trait Line {
    type Kind: Copy;

    fn kind(number: u32) -> Self::Kind;

    /// Whether the answer was the one that was wanted.
    fn ask(&mut self, number: u32) -> impl Future<Output = bool>;
}

/// Sends them all; the seconds are those until the last answer.
pub(super) async fn run<L: Line>(lines: &mut [L], pace: Pace) -> (Vec<Sent<L::Kind>>, f64) {
    let next = Cell::new(0);
    let sent = RefCell::new(Vec::new());
    let begun = Instant::now();
    join_all(lines.iter_mut().map(|line| async {
        loop {
            let number = next.get();
            if number >= pace.requests() {
                return;
            }
            next.set(number + 1);
            let due = begun + pace.due(number);
            sleep_until(due).await;
            let ok = line.ask(number).await;
            sent.borrow_mut().push(Sent { kind: L::kind(number), took: due.elapsed(), ok });
        }
    }))
    .await;
    (sent.into_inner(), begun.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slow;

    impl Line for Slow {
        type Kind = u32;

        fn kind(number: u32) -> u32 {
            number
        }

        async fn ask(&mut self, number: u32) -> bool {
            // The first answer takes as long as eight requests are apart.
            let pause = if number == 0 { 400 } else { 0 };
            tokio::time::sleep(Duration::from_millis(pause)).await;
            number != 3
        }
    }

    #[tokio::test]
    async fn a_request_that_waits_for_a_slow_one_counts_from_when_it_was_due() {
        let pace = Pace { per_second: 20, seconds: 1 };
        let (sent, seconds) = run(&mut [Slow], pace).await;
        assert_eq!(sent.len(), 20);
        assert!(seconds >= 0.95, "{seconds}");
        let took = |number: u32| sent.iter().find(|sent| sent.kind == number).unwrap().took;
        assert!(took(0) >= Duration::from_millis(400));
        assert!(took(4) >= Duration::from_millis(200), "{:?}", took(4));
        assert_eq!(sent.iter().filter(|sent| !sent.ok).count(), 1);
    }

    #[test]
    fn requests_are_due_evenly() {
        let pace = Pace { per_second: 300, seconds: 20 };
        assert_eq!(pace.requests(), 6_000);
        assert_eq!(pace.due(0), Duration::ZERO);
        assert_eq!(pace.due(300), Duration::from_secs(1));
        assert_eq!(pace.due(150), Duration::from_millis(500));
    }
}
