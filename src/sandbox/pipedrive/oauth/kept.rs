//! Tokens in a file: a demo that starts again finds its connections alive, as it would at the real
//! CRM. Written whole before the answer leaves, so a killed process loses none.

use std::{
    collections::HashMap,
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::grants::{Access, Grants, Install, InstallKey};

#[derive(Serialize)]
struct Writing<'a> {
    serial: u64,
    installs: Vec<(&'a InstallKey, &'a Install)>,
    access: &'a HashMap<String, Access>,
}

#[derive(Deserialize)]
struct Reading {
    serial: u64,
    installs: Vec<(InstallKey, Install)>,
    access: HashMap<String, Access>,
}

/// A file that is missing or of another version is an empty one: the stand-in forgets, as it did.
pub(super) fn read(grants: &mut Grants) {
    let Some(file) = &grants.file else { return };
    let kept = fs::read(file).ok().and_then(|bytes| serde_json::from_slice::<Reading>(&bytes).ok());
    if let Some(kept) = kept {
        grants.serial = kept.serial;
        grants.installs = kept.installs.into_iter().collect();
        grants.access = kept.access;
    }
}

pub(super) fn write(grants: &Grants) {
    let Some(file) = &grants.file else { return };
    let kept = Writing {
        serial: grants.serial,
        installs: grants.installs.iter().collect(),
        access: &grants.access,
    };
    let written =
        serde_json::to_vec(&kept).map_err(io::Error::other).and_then(|bytes| replace(file, &bytes));
    if let Err(error) = written {
        tracing::warn!(%error, "the sandbox could not keep its tokens; they end with it");
    }
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(&new)?.write_all(bytes)?;
    fs::rename(new, file)
}
