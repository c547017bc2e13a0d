//! Whom the server runs as: PostgreSQL refuses root, so root hands it to somebody unprivileged.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::Path,
};

use tokio::process::Command;

use super::EmbeddedError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// Nobody if we are unprivileged ourselves; else `postgres`, else `nobody`.
    pub(super) async fn needed() -> Result<Option<Self>, EmbeddedError> {
        if our_uid().await? != 0 {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| account(&accounts, name))
            .map(Some)
            .ok_or(EmbeddedError::NoUnprivilegedUser)
    }

    pub(super) fn take(self, path: &Path) -> Result<(), EmbeddedError> {
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|source| EmbeddedError::io("hand over", path, source))
    }

    /// Whether every folder above `path` lets this user through.
    pub(super) fn reaches(self, path: &Path) -> bool {
        path.ancestors().skip(1).all(|folder| match fs::metadata(folder) {
            Ok(facts) => {
                let mode = facts.permissions().mode();
                mode & 0o001 != 0
                    || (facts.uid() == self.uid && mode & 0o100 != 0)
                    || (facts.gid() == self.gid && mode & 0o010 != 0)
            }
            // Not there yet: it is made with our umask, which lets everybody through or not;
            // `place` looks again after making it.
            Err(_) => true,
        })
    }
}

/// Our effective user id, without `unsafe`: the owner of our own `/proc` entry, or what `id` says.
async fn our_uid() -> Result<u32, EmbeddedError> {
    if let Ok(facts) = fs::metadata("/proc/self") {
        return Ok(facts.uid());
    }
    let failed = |source| EmbeddedError::Command { program: "id".to_owned(), source };
    let said = Command::new("id").arg("-u").output().await.map_err(failed)?;
    String::from_utf8_lossy(&said.stdout)
        .trim()
        .parse()
        .map_err(|_| failed(std::io::Error::other("it did not say a number")))
}

/// A line of `/etc/passwd`: `name:x:uid:gid:...`.
fn account(accounts: &str, name: &str) -> Option<Owner> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Owner { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "postgresql:x:1:1::/:\npostgres:x:101:104:PostgreSQL:/var:/bin/bash\n";
        assert_eq!(account(accounts, "postgres"), Some(Owner { uid: 101, gid: 104 }));
        assert_eq!(account(accounts, "nobody"), None);
    }

    #[test]
    fn a_folder_closed_to_others_is_not_reached() {
        let folder = std::env::temp_dir().join(format!("tandem-owner-{}", std::process::id()));
        fs::create_dir_all(folder.join("inside")).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Owner { uid: 4_000_000, gid: 4_000_000 };
        assert!(!stranger.reaches(&folder.join("inside")));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o711)).unwrap();
        assert!(stranger.reaches(&folder.join("inside")));
        fs::remove_dir_all(&folder).unwrap();
    }
}
