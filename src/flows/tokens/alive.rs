//! Which processes on the spool's volume have died: each holds a file of its own locked for as long
//! as it lives, and the kernel lets go of it whatever ends the process.
//!
//! A stopped process keeps its lock, so 40 s of sleep are no death; one on another machine shows no
//! file here, and nothing is concluded about it. The right to ask that a dead one left ends at once
//! instead of with its lease.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    time::{Duration, SystemTime},
};

use crate::flows::Hub;

const FOLDER: &str = "alive";
/// A dead one's file stays for longer than the longest lease (600 s): until then somebody may meet
/// a right that it held.
const REMEMBERED: Duration = Duration::from_mins(15);

/// Holds this process's file, once; whoever takes the right to ask has done so before.
pub(super) fn announce(hub: &Hub) {
    let Some(spool) = &hub.config.spool_dir else { return };
    hub.refreshing.alive.get_or_init(|| {
        let held = hold(&spool.join(FOLDER), &hub.instance);
        held.inspect_err(|error| {
            tracing::warn!(%error, "nobody will notice the death of this process early");
        })
        .ok()
    });
}

/// The file has its name only once it is locked, so that nobody finds it free.
fn hold(folder: &Path, instance: &str) -> io::Result<File> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let half = folder.join(format!("{instance}.half"));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    file.lock()?;
    fs::rename(&half, folder.join(instance))?;
    Ok(file)
}

/// Those whose files nobody holds any more.
pub(super) fn dead(hub: &Hub) -> Vec<String> {
    let Some(spool) = &hub.config.spool_dir else { return Vec::new() };
    let Ok(entries) = fs::read_dir(spool.join(FOLDER)) else { return Vec::new() };
    let dead = |entry: fs::DirEntry| {
        let (path, instance) = (entry.path(), entry.file_name().into_string().ok()?);
        let is_dead = path.extension().is_none() && is_let_go(&path).unwrap_or(false);
        is_dead.then_some(instance)
    };
    entries.flatten().filter_map(dead).collect()
}

/// Whoever finds a death first writes it down, which is also when; much later the file goes.
fn is_let_go(path: &Path) -> io::Result<bool> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    // Shared: those who look do not take each other for the living.
    if file.try_lock_shared().is_err() {
        return Ok(false);
    }
    let found = file.metadata()?;
    if found.len() == 0 {
        file.write_all(b"dead\n")?;
    } else if age(found.modified()?) > REMEMBERED {
        fs::remove_file(path)?;
    }
    Ok(true)
}

fn age(since: SystemTime) -> Duration {
    since.elapsed().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_dead_when_nobody_holds_its_file_and_not_before() {
        let folder = std::env::temp_dir().join(format!("tandem-alive-{}", uuid::Uuid::new_v4()));
        let held = hold(&folder, "one").unwrap();
        let path = folder.join("one");
        assert!(!is_let_go(&path).unwrap());
        drop(held);
        assert!(is_let_go(&path).unwrap());
        assert!(is_let_go(&path).unwrap(), "it stays dead");
        let long_ago = SystemTime::now() - 2 * REMEMBERED;
        OpenOptions::new().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        assert!(is_let_go(&path).unwrap());
        assert!(!path.exists(), "nobody can meet a right of its any more");
        fs::remove_dir_all(&folder).unwrap();
    }
}
