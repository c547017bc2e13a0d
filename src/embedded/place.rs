//! Where the cluster is kept: where it was asked for, unless its owner cannot get there.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{EmbeddedError, owner::Owner};

/// The folder for the cluster, made if need be: ours alone (0700) and reachable for its owner.
pub(super) fn prepare(asked: &Path, owner: Option<&Owner>) -> Result<PathBuf, EmbeddedError> {
    let asked =
        std::path::absolute(asked).map_err(|source| EmbeddedError::io("find", asked, source))?;
    if let Some(above) = asked.parent() {
        fs::create_dir_all(above).map_err(|source| EmbeddedError::io("make", above, source))?;
    }
    let Some(owner) = owner else {
        return make(&asked, None);
    };
    if owner.reaches(&asked) {
        return make(&asked, Some(owner));
    }
    let elsewhere = elsewhere(&asked);
    tracing::info!(
        asked = %asked.display(),
        kept = %elsewhere.display(),
        "PostgreSQL does not run as root and its user cannot enter the folder; keeping its data elsewhere"
    );
    make(&elsewhere, Some(owner))
}

/// The same asked-for place leads to the same other place, so that data is found again.
fn elsewhere(asked: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    asked.hash(&mut hasher);
    Path::new("/var/tmp").join(format!("tandem-{:016x}", hasher.finish()))
}

fn make(place: &Path, owner: Option<&Owner>) -> Result<PathBuf, EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(place) {
        Ok(()) => {
            if let Some(owner) = owner {
                owner.take(place)?;
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            // In a folder that all may write to, somebody else may have been first.
            let facts = fs::symlink_metadata(place)
                .map_err(|source| EmbeddedError::io("read", place, source))?;
            if !facts.is_dir() || owner.is_some_and(|owner| ![0, owner.uid].contains(&facts.uid()))
            {
                return Err(EmbeddedError::NotOurs(place.to_owned()));
            }
            if let Some(owner) = owner {
                owner.take(place)?;
            }
        }
        Err(source) => return Err(EmbeddedError::io("make", place, source)),
    }
    Ok(place.to_owned())
}

/// Says that somebody alive uses the place, until the returned file is closed.
pub(super) fn lock(place: &Path) -> Result<File, EmbeddedError> {
    let path = place.join("lock");
    let failed = |source| EmbeddedError::io("lock", &path, source);
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EmbeddedError::InUse(place.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
