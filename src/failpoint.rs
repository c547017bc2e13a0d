//! Places where a process can be made to die, for tests that kill it there.
//!
//! A failpoint is one line, [`reach`], at a step that a crash could tear apart: before or after a
//! commit, an answer, a lease. Armed with `NAME=N`, the process ends at the N-th arrival, without
//! destructors and without another byte, as after `kill -9`. `NAME=N:stop` stops it there instead
//! (SIGSTOP), for a worker that sleeps while the world goes on.
//!
//! Debug builds only: in a release build [`reach`] is empty, nothing can arm it, and the names are
//! not in the binary.

#[cfg(debug_assertions)]
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering::Relaxed},
};

/// Every failpoint, in the order of a connection's life; tests walk through them.
#[cfg(debug_assertions)]
pub const NAMES: &[&str] = &[
    "connect.state_taken",
    "connect.exchanged",
    "connect.account_known",
    "connect.stored",
    "connect.committed",
    "import.enqueued",
    "import.started",
    "jobs.claimed",
    "jobs.claim_committed",
    "jobs.beaten",
    "import.taken_up",
    "import.opened",
    "import.users_fetched",
    "import.fields_fetched",
    "import.organizations_fetched",
    "import.organizations_written",
    "import.deals_fetched",
    "import.deals_written",
    "import.persons_fetched",
    "import.strangers_written",
    "import.strangers_committed",
    "import.persons_resolved",
    "import.persons_planned",
    "import.persons_stored",
    "import.persons_logged",
    "import.persons_noted",
    "import.page_advanced",
    "import.page_committed",
    "import.unseen_asked",
    "import.gone_marked",
    "import.gone_committed",
    "import.run_ended",
    "import.run_committed",
    "import.put_down",
    "import.list_reset",
    "import.wait_written",
    "import.wait_committed",
    "import.end_written",
    "import.end_committed",
    "deliver.taken_up",
    "deliver.gathered",
    "deliver.begin_written",
    "deliver.begin_committed",
    "deliver.begun",
    "deliver.answered",
    "deliver.end_written",
    "deliver.end_committed",
    "deliver.committed",
    "deliver.settled",
    "deliver.learned",
    "deliver.looked",
    "deliver.probing",
    "deliver.circuit_written",
    "jobs.settling",
    "jobs.settled",
    "jobs.settle_committed",
    "jobs.reaped",
    "tokens.leased",
    "tokens.lease_committed",
    "tokens.asking",
    "tokens.answered",
    "tokens.spooled",
    "tokens.stored",
    "tokens.store_committed",
    "tokens.unspooling",
    "tokens.refused",
    "disconnect.revoked",
    "disconnect.written",
    "disconnect.committed",
];

#[cfg(debug_assertions)]
#[derive(Debug)]
struct Armed {
    name: String,
    /// Arrivals until it fires.
    left: AtomicU32,
    stop: bool,
}

#[cfg(debug_assertions)]
static ARMED: OnceLock<Armed> = OnceLock::new();

/// Arms one failpoint for the life of this process; `false` when the words are not `NAME=N` or
/// `NAME=N:stop` with a known name, or when this build has no failpoints.
#[must_use]
pub fn arm(words: &str) -> bool {
    #[cfg(debug_assertions)]
    if let Some(armed) = read(words) {
        return ARMED.set(armed).is_ok();
    }
    #[cfg(not(debug_assertions))]
    let _ = words;
    false
}

#[cfg(debug_assertions)]
fn read(words: &str) -> Option<Armed> {
    let (name, rest) = words.split_once('=')?;
    let (count, stop) = match rest.split_once(':') {
        None => (rest, false),
        Some((count, "stop")) => (count, true),
        Some(_) => return None,
    };
    let left: u32 = count.parse().ok().filter(|count| *count > 0)?;
    let known = NAMES.contains(&name);
    known.then(|| Armed { name: name.to_owned(), left: AtomicU32::new(left), stop })
}

/// The process is here. Does nothing unless this very place is armed.
#[inline]
pub fn reach(name: &'static str) {
    #[cfg(debug_assertions)]
    if let Some(armed) = ARMED.get()
        && armed.name == name
        && armed.left.fetch_sub(1, Relaxed) == 1
    {
        if armed.stop {
            stop();
        } else {
            // No destructors, no flushing: what `kill -9` leaves.
            std::process::abort();
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}

/// SIGSTOP for the whole process; it goes on when somebody sends SIGCONT.
#[cfg(debug_assertions)]
fn stop() {
    let id = std::process::id().to_string();
    let sent = std::process::Command::new("kill").args(["-s", "STOP", &id]).status();
    assert!(sent.is_ok_and(|status| status.success()), "no `kill` to stop with");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_places_and_whole_numbers_arm() {
        let armed = read("jobs.claimed=3").unwrap();
        assert_eq!(
            (armed.name.as_str(), armed.left.into_inner(), armed.stop),
            ("jobs.claimed", 3, false)
        );
        assert!(read("jobs.claimed=1:stop").unwrap().stop);
        for wrong in [
            "",
            "jobs.claimed",
            "jobs.claimed=0",
            "jobs.claimed=x",
            "nowhere=1",
            "jobs.claimed=1:go",
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn names_are_unique_and_an_unarmed_place_does_nothing() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
        reach("jobs.claimed");
    }
}
