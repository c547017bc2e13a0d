//! What can go wrong with a private PostgreSQL, each with a sentence that says what to do.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _},
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "no PostgreSQL 15 or later was found: install it (Debian: `apt-get install postgresql`, \
         macOS: `brew install postgresql`) or fetch its binaries with `npm ci --prefix .config/postgres`"
    )]
    NoBinaries,
    #[error(
        "PostgreSQL refuses to run as root and this machine has neither a user `postgres` nor \
         `nobody`: start tandem as another user"
    )]
    NoUnprivilegedUser,
    #[error(
        "the data in {place} was made by PostgreSQL {made_by}, which is not installed: install \
         that version, or start over with `make demo-reset`"
    )]
    OtherMajor { place: PathBuf, made_by: u32 },
    #[error("another tandem is using {0}: stop it first, or set TANDEM_DATA_DIR to another place")]
    InUse(PathBuf),
    #[error("{0} belongs to another user: set TANDEM_DATA_DIR to another place")]
    NotOurs(PathBuf),
    #[error("the password of the database in {0} is gone: start over with `make demo-reset`")]
    PasswordLost(PathBuf),
    #[error("initdb could not make a database in {place}: {reason}")]
    Initdb { place: PathBuf, reason: String },
    #[error("no free port was found for PostgreSQL on 127.0.0.1")]
    Port,
    #[error("the disk of {0} is full: make room and start again")]
    DiskFull(PathBuf),
    #[error("PostgreSQL did not start: {reason} (its log is {log})")]
    Refused { log: PathBuf, reason: String },
    #[error("PostgreSQL was not ready within {} s (its log is {log})", limit.as_secs())]
    Late { log: PathBuf, limit: Duration },
    #[error(
        "a PostgreSQL left over from a crash (process {pid}) does not stop: end it and start again"
    )]
    OrphanStays { pid: u32 },
    #[error("could not {what} {path}: {source}")]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("there is no command to run")]
    NoCommand,
    #[error("{program} could not be started: {source}")]
    Command { program: String, source: io::Error },
}

impl EmbeddedError {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull(path.to_owned()),
            _ => Self::Io { what, path: path.to_owned(), source },
        }
    }
}

/// The server's log, open at its end, and where that end is.
pub(super) fn log_file(log: &Path) -> Result<(u64, File), EmbeddedError> {
    let failed = |source| EmbeddedError::io("write", log, source);
    // Start-ups of months would pile up; the last megabyte tells enough.
    if fs::metadata(log).is_ok_and(|file| file.len() > 1_000_000) {
        fs::remove_file(log).map_err(failed)?;
    }
    let file = File::options().create(true).append(true).open(log).map_err(failed)?;
    Ok((file.metadata().map_err(failed)?.len(), file))
}

/// What the server said since `from`, as an error.
pub(super) fn explain(log: &Path, from: u64) -> EmbeddedError {
    let mut said = String::new();
    if let Ok(mut file) = File::open(log)
        && file.seek(io::SeekFrom::Start(from)).is_ok()
    {
        let _ = file.read_to_string(&mut said);
    }
    read(&said, log)
}

fn read(said: &str, log: &Path) -> EmbeddedError {
    if said.contains("Address already in use") {
        return EmbeddedError::Port;
    }
    if said.contains("No space left on device") {
        return EmbeddedError::DiskFull(log.parent().unwrap_or(log).to_owned());
    }
    EmbeddedError::Refused { log: log.to_owned(), reason: worst(said) }
}

/// The line that tells why: the first bad one and the one before it, which often has the reason.
pub(super) fn worst(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(bare).filter(|line| !line.is_empty()).collect();
    let bad = |line: &&str| ["FATAL:", "PANIC:", "error:"].iter().any(|word| line.contains(word));
    let last = lines.iter().position(bad).unwrap_or(lines.len().saturating_sub(1));
    match lines.get(last.saturating_sub(1)..=last) {
        Some(reason) if !lines.is_empty() => reason.join("; "),
        _ => "it said nothing".to_owned(),
    }
}

/// Without the time and process in front.
fn bare(line: &str) -> &str {
    line.split_once("] ").map_or(line, |(_, words)| words).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_why_is_found_among_the_others() {
        let log = Path::new("/tmp/x/server.log");
        let said = "2026-11-20 10:43:52.390 UTC [21079] LOG:  starting\nFATAL:  data directory \"/x\" has invalid permissions\nLOG:  shut down\n";
        assert!(read(said, log).to_string().contains("invalid permissions"));
        assert_eq!(worst(""), "it said nothing");
        assert!(matches!(read("could not bind: Address already in use", log), EmbeddedError::Port));
        assert!(matches!(
            read("FATAL: could not write: No space left on device", log),
            EmbeddedError::DiskFull(_)
        ));
    }
}
