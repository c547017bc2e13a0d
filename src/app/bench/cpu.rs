//! CPU time and memory of processes, from `/proc`.
//!
//! PostgreSQL is many processes: those that live are summed, and those that ended are in the
//! children's times of their parent, the server, which waits for each. Nothing is sampled, so
//! nothing is missed; writers of the log and of checkpoints count as well.

use std::{fs, time::Duration};

use anyhow::Context as _;

/// Ticks per second of `/proc/*/stat`: fixed by the kernel's interface (`USER_HZ`), whatever its
/// own clock is.
const TICKS: f64 = 100.0;

/// Whether this machine can be measured.
pub(super) fn available() -> anyhow::Result<()> {
    anyhow::ensure!(
        fs::metadata("/proc/self/stat").is_ok(),
        "the bench reads CPU times from /proc, which only Linux has"
    );
    Ok(())
}

/// Whose time is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meter {
    pub tandem: u32,
    /// The server; its children are found.
    pub postgres: u32,
}

/// CPU-seconds, of all threads, in user space and in the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub tandem: f64,
    pub postgres: f64,
}

impl Spent {
    pub(super) fn since(self, before: Self) -> Self {
        Self { tandem: self.tandem - before.tandem, postgres: self.postgres - before.postgres }
    }

    pub(super) fn together(self) -> f64 {
        self.tandem + self.postgres
    }
}

impl Meter {
    pub(super) fn read(self) -> anyhow::Result<Spent> {
        let tandem = Stat::of(self.tandem).context("the measured process is gone")?.own;
        let server = Stat::of(self.postgres).context("PostgreSQL is gone")?;
        let mut postgres = server.own + server.ended;
        for entry in fs::read_dir("/proc")?.filter_map(Result::ok) {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // It may end between the list and the look; then the next reading has it.
            if let Some(stat) = Stat::of(pid).filter(|stat| stat.parent == self.postgres) {
                postgres += stat.own + stat.ended;
            }
        }
        Ok(Spent { tandem, postgres })
    }
}

struct Stat {
    parent: u32,
    own: f64,
    /// Of children that ended and were waited for.
    ended: f64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// See `proc_pid_stat(5)`. The name may hold anything, closing brackets too.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
        // Field 3 of the manual is the first here.
        let ticks = |field: usize| fields.get(field - 3)?.parse::<u32>().ok().map(f64::from);
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: (ticks(14)? + ticks(15)?) / TICKS,
            ended: (ticks(16)? + ticks(17)?) / TICKS,
        })
    }
}

/// The most memory that the process ever had resident, in MiB.
pub(super) fn peak_rss_mb(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u32 = line
        .and_then(|line| line.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse().ok())
        .context("/proc does not tell the peak of memory")?;
    Ok(f64::from(kib) / 1024.0)
}

/// Forgets the peak so far, so that the next one is of what comes now. Kernels that cannot leave it
/// as it is; then the peak is that of the process's whole life.
pub(super) fn forget_peak(pid: u32) {
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// Seconds that a process with one thread was on a core, exact to far below a tick.
pub(super) fn on_core(pid: u32) -> anyhow::Result<f64> {
    let line = fs::read_to_string(format!("/proc/{pid}/schedstat"))?;
    let nanoseconds: u64 = line
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .context("/proc does not tell how long a process ran")?;
    Ok(Duration::from_nanos(nanoseconds).as_secs_f64())
}

pub(super) fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.trim().to_owned()
}

pub(super) fn processor() -> String {
    let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name"));
    model
        .and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_a_name_that_holds_brackets() {
        let line = "77 (a) b (c) S 42 77 77 0 -1 4194560 5 6 7 8 150 50 25 75 20 0 1 0 9 0 0";
        let stat = Stat::parse(line).unwrap();
        assert_eq!(stat.parent, 42);
        assert!((stat.own - 2.0).abs() < f64::EPSILON);
        assert!((stat.ended - 1.0).abs() < f64::EPSILON);
    }
}
