//! The settings of a private cluster, given anew at each start.

use std::{ffi::OsString, fs, path::Path};

/// For both kinds. Sizes are for a laptop with two cores; imports write much, so checkpoints are
/// far apart and rows are vacuumed early.
const ALWAYS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "password_encryption=scram-sha-256",
    "work_mem=16MB",
    "maintenance_work_mem=128MB",
    "effective_cache_size=1GB",
    "random_page_cost=1.1",
    // Plans of a few milliseconds are not worth compiling.
    "jit=off",
    "autovacuum_naptime=15s",
    "checkpoint_timeout=15min",
    "max_wal_size=4GB",
    "log_timezone=UTC",
    "timezone=UTC",
    // Statements carry people's data: only the reason of a failure is logged.
    "log_min_error_statement=panic",
    "log_parameter_max_length_on_error=0",
];

const KEPT: &[&str] = &["max_connections=200", "fsync=on", "synchronous_commit=on"];

/// Nobody keeps it: a crash may lose everything.
const THROWN_AWAY: &[&str] = &[
    // Tests run a dozen workers at once, each with connections of its own.
    "max_connections=600",
    "shared_buffers=128MB",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
];

/// How pages are compressed that go whole into the log after a checkpoint. An import of a million
/// touches most pages of its indexes after each: `pglz`, which every server has, took a tenth of its
/// time; `lz4` takes next to nothing, where the server was built with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Lz4,
    Pglz,
}

impl Compression {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            Self::Pglz => "pglz",
        }
    }
}

pub(super) fn arguments(
    data: &Path,
    port: u16,
    durable: bool,
    compression: Compression,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        vec!["-D".into(), data.into(), "-p".into(), port.to_string().into()];
    let mut set = |setting: &str| arguments.extend(["-c".into(), setting.into()]);
    for setting in ALWAYS.iter().chain(if durable { KEPT } else { THROWN_AWAY }) {
        set(setting);
    }
    if durable {
        set(&format!("shared_buffers={}MB", shared_buffers(memory())));
        set(&format!("wal_compression={}", compression.word()));
    }
    arguments
}

const MIB: u64 = 1024 * 1024;

/// In MiB: the quarter of the machine that PostgreSQL's manual starts from
/// (<https://www.postgresql.org/docs/15/runtime-config-resource.html>), but no more than a laptop can
/// spare. What is not used is not taken.
fn shared_buffers(memory: Option<u64>) -> u64 {
    memory.map_or(256, |memory| (memory / 4 / MIB).clamp(128, 1024))
}

/// What we may use, in bytes: the machine's, or less where a container says so. `None` where nobody
/// tells.
fn memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|said| of_machine(&said));
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|said| said.trim().parse().ok());
    machine.into_iter().chain(limit).min()
}

/// The line `MemTotal:       24684096 kB`.
fn of_machine(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_memory_is_for_pages_within_what_a_laptop_can_spare() {
        let total = of_machine("MemTotal:        2097152 kB\nMemFree: 1 kB\n");
        assert_eq!(total, Some(2 * 1024 * MIB));
        assert_eq!(shared_buffers(total), 512);
        assert_eq!(shared_buffers(Some(200 * MIB)), 128);
        assert_eq!(shared_buffers(Some(64 * 1024 * MIB)), 1024);
        assert_eq!(shared_buffers(of_machine("MemFree: 1 kB")), 256);
    }
}
