//! A server that outlived its parent: found through `postmaster.pid`, and stopped.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use super::{EmbeddedError, STOP_LIMIT, binaries::Binaries, command, owner::Owner};

/// Stops the server of this data directory if one runs; removes a stale `postmaster.pid`.
///
/// The caller holds the lock, so nobody alive is using it.
pub(super) async fn stop(
    binaries: &Binaries,
    owner: Option<&Owner>,
    data: &Path,
) -> Result<(), EmbeddedError> {
    let Some(pid) = recorded(data) else { return Ok(()) };
    if serves(pid, data).await {
        tracing::info!(pid, "stopping the PostgreSQL that a crash left behind");
        ask_to_stop(binaries, owner, data).await?;
        let begun = Instant::now();
        while serves(pid, data).await {
            if begun.elapsed() > STOP_LIMIT {
                return Err(EmbeddedError::OrphanStays { pid });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        return Ok(());
    }
    // The number may belong to another process by now, and PostgreSQL would take that for itself.
    let path = data.join("postmaster.pid");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EmbeddedError::io("remove", &path, error))
        }
        _ => Ok(()),
    }
}

/// A fast shutdown (SIGINT) through `pg_ctl`, as the server's own user: the signal can reach
/// nobody else's process.
pub(super) async fn ask_to_stop(
    binaries: &Binaries,
    owner: Option<&Owner>,
    data: &Path,
) -> Result<(), EmbeddedError> {
    command(&binaries.pg_ctl(), owner)
        .args(["stop", "--mode=fast", "--no-wait", "--silent", "-D"])
        .arg(data)
        .output()
        .await
        .map(|_| ())
        .map_err(|source| EmbeddedError::io("run", &binaries.pg_ctl(), source))
}

/// The first line of `postmaster.pid` is the process.
fn recorded(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// Whether the process is a PostgreSQL that was started on this data directory.
async fn serves(pid: u32, data: &Path) -> bool {
    let words = if Path::new("/proc/self").exists() {
        let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else { return false };
        String::from_utf8_lossy(&line).replace('\0', " ")
    } else {
        let said = tokio::process::Command::new("ps")
            .args(["-o", "args=", "-p", &pid.to_string()])
            .output()
            .await;
        said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default()
    };
    is_server_of(&words, data)
}

fn is_server_of(words: &str, data: &Path) -> bool {
    let Some((program, rest)) = words.split_once(" -D ") else { return false };
    program.ends_with("postgres")
        && rest.strip_prefix(&*data.to_string_lossy()).is_some_and(|after| after.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_of_this_very_directory_is_taken_for_ours() {
        let data = Path::new("/x/cluster");
        assert!(is_server_of("/usr/lib/postgresql/15/bin/postgres -D /x/cluster -p 5 ", data));
        assert!(!is_server_of("/usr/lib/postgresql/15/bin/postgres -D /x/cluster2 -p 5 ", data));
        assert!(!is_server_of("/usr/bin/vim -D /x/cluster -p 5 ", data));
        assert!(!is_server_of("/usr/lib/postgresql/15/bin/postgres", data));
        assert!(!is_server_of("", data));
    }
}
