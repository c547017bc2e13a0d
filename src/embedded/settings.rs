//! The settings of a private cluster, given anew at each start.

use std::{ffi::OsString, path::Path};

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
    "max_wal_size=2GB",
    "wal_compression=on",
    "log_timezone=UTC",
    "timezone=UTC",
    // Statements carry people's data: only the reason of a failure is logged.
    "log_min_error_statement=panic",
    "log_parameter_max_length_on_error=0",
];

const KEPT: &[&str] =
    &["max_connections=200", "shared_buffers=256MB", "fsync=on", "synchronous_commit=on"];

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

pub(super) fn arguments(data: &Path, port: u16, durable: bool) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        vec!["-D".into(), data.into(), "-p".into(), port.to_string().into()];
    for setting in ALWAYS.iter().chain(if durable { KEPT } else { THROWN_AWAY }) {
        arguments.extend(["-c".into(), (*setting).into()]);
    }
    arguments
}
