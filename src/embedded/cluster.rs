//! The files of the cluster: `initdb`, once, and the password of its superuser.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use super::{EmbeddedError, SUPERUSER, binaries::Binaries, command, error, owner::Owner};

pub(super) const FOLDER: &str = "cluster";
const PASSWORD: &str = "password";

/// The major version that made the cluster, if there is one.
pub(super) fn major(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Makes the cluster if there is none; returns its password.
pub(super) async fn ensure(
    binaries: &Binaries,
    owner: Option<&Owner>,
    place: &Path,
) -> Result<String, EmbeddedError> {
    let data = place.join(FOLDER);
    if major(&data).is_some() {
        let password = fs::read_to_string(place.join(PASSWORD))
            .map_err(|_| EmbeddedError::PasswordLost(place.to_owned()))?;
        return Ok(password.trim().to_owned());
    }
    // `initdb` writes PG_VERSION first and the rest later: a cluster counts as made only when it
    // was renamed to its name, so that a crash in between leaves nothing half made.
    let unfinished = place.join("cluster.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)
            .map_err(|source| EmbeddedError::io("remove", &unfinished, source))?;
    }
    let password = hex::encode(rand::random::<[u8; 24]>());
    write_password(&place.join(PASSWORD), &password, owner)?;

    let said = command(&binaries.initdb(), owner)
        .arg("-D")
        .arg(&unfinished)
        .args(["-U", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"])
        .args(["--lc-messages=C", &format!("--locale={}", locale())])
        .arg("--pwfile")
        .arg(place.join(PASSWORD))
        .output()
        .await
        .map_err(|source| EmbeddedError::io("run", &binaries.initdb(), source))?;
    if !said.status.success() {
        let stderr = String::from_utf8_lossy(&said.stderr);
        if stderr.contains("No space left on device") {
            return Err(EmbeddedError::DiskFull(place.to_owned()));
        }
        return Err(EmbeddedError::Initdb {
            place: place.to_owned(),
            reason: error::worst(&stderr),
        });
    }
    fs::rename(&unfinished, &data).map_err(|source| EmbeddedError::io("make", &data, source))?;
    Ok(password)
}

/// Upper and lower case of every alphabet, without depending on the user's language.
fn locale() -> &'static str {
    if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" }
}

fn write_password(path: &Path, password: &str, owner: Option<&Owner>) -> Result<(), EmbeddedError> {
    let failed = |source| EmbeddedError::io("write", path, source);
    let _ = fs::remove_file(path);
    let mut file =
        File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(password.as_bytes()).map_err(failed)?;
    owner.map_or(Ok(()), |owner| owner.take(path))
}
