//! The private PostgreSQL of `tandem demo` and of the tests.
//!
//! Real PostgreSQL, from installed binaries, as a direct child with a port and a password of its
//! own. It never runs as root, outlives no parent, and repairs what a `kill -9` left behind: a
//! lock says whether somebody alive uses the data, `postmaster.pid` says whom to stop.

mod binaries;
mod cluster;
mod error;
mod lifeline;
mod orphan;
mod owner;
mod place;
mod settings;
mod throwaway;

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use sqlx::Connection as _;
use tokio::process::{Child, Command};

pub use error::EmbeddedError;
pub use throwaway::run as run_throwaway;

use binaries::Binaries;
use owner::Owner;

/// The superuser of the private cluster; owns the databases that `migrate` fills.
pub const SUPERUSER: &str = "tandem_owner";

/// How long a start may take: crash recovery after `kill -9` of a large import replays up to
/// `max_wal_size` of log.
const START_LIMIT: Duration = Duration::from_mins(2);
/// How long an orderly stop may take before the process is killed.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// The port is chosen before `postgres` binds it; somebody else may be quicker.
const PORT_ATTEMPTS: usize = 5;

/// A running cluster. Dropping it without [`PrivatePostgres::stop`] stops it too, a little later.
#[derive(Debug)]
pub struct PrivatePostgres {
    place: PathBuf,
    binaries: Binaries,
    owner: Option<Owner>,
    server: Child,
    lifeline: Child,
    port: u16,
    password: String,
    /// Held while somebody alive uses the directory; the kernel lets go of it when we die.
    _lock: File,
}

impl PrivatePostgres {
    /// Starts the cluster in `data_dir`, making it first if there is none.
    ///
    /// `durable: false` turns `fsync` off, for data that nobody wants to keep.
    pub async fn start(data_dir: &Path, durable: bool) -> Result<Self, EmbeddedError> {
        let owner = Owner::needed().await?;
        let place = place::prepare(data_dir, owner.as_ref())?;
        let lock = place::lock(&place)?;
        let data = place.join(cluster::FOLDER);
        let binaries = binaries::choose(cluster::major(&data), &place, owner.as_ref()).await?;

        orphan::stop(&binaries, owner.as_ref(), &data).await?;
        let password = cluster::ensure(&binaries, owner.as_ref(), &place).await?;

        let compression = binaries.compression(&data, owner.as_ref()).await;
        let mut last = EmbeddedError::Port;
        for _ in 0..PORT_ATTEMPTS {
            let port = free_port()?;
            let log = place.join("server.log");
            let arguments = settings::arguments(&data, port, durable, compression);
            let (said, output) = error::log_file(&log)?;
            let mut server = command(&binaries.postgres(), owner.as_ref())
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::from(output))
                // Ctrl-C reaches the whole foreground group; we stop it in order ourselves.
                .process_group(0)
                .spawn()
                .map_err(|source| EmbeddedError::io("start", &binaries.postgres(), source))?;
            let lifeline = lifeline::tie(&server, owner.as_ref())?;
            let url = url(&password, port, "postgres");
            match ready(&mut server, &url).await {
                Ok(()) => {
                    tracing::debug!(place = %place.display(), port, "private PostgreSQL is ready");
                    return Ok(Self {
                        place,
                        binaries,
                        owner,
                        server,
                        lifeline,
                        port,
                        password,
                        _lock: lock,
                    });
                }
                Err(Unready::Ended) => last = error::explain(&log, said),
                Err(Unready::Late) => {
                    lifeline::cut(lifeline).await;
                    stop_child(&mut server, &binaries, owner.as_ref(), &data).await?;
                    return Err(EmbeddedError::Late { log, limit: START_LIMIT });
                }
            }
            lifeline::cut(lifeline).await;
            if !matches!(last, EmbeddedError::Port) {
                break;
            }
        }
        Err(last)
    }

    /// The address of one of its databases, for its superuser. Carries the password: never log it.
    pub fn url(&self, database: &str) -> String {
        url(&self.password, self.port, database)
    }

    /// Where the files are; elsewhere than asked if the server could not reach the place.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The process of the server, for measurements.
    pub fn pid(&self) -> Option<u32> {
        self.server.id()
    }

    /// Ends all sessions, writes a checkpoint and waits until the server is gone.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        let data = self.place.join(cluster::FOLDER);
        let stopped =
            stop_child(&mut self.server, &self.binaries, self.owner.as_ref(), &data).await;
        lifeline::cut(self.lifeline).await;
        stopped
    }
}

/// Removes the cluster of `data_dir`, wherever it is kept, after stopping what a crash left behind.
pub async fn erase(data_dir: &Path) -> Result<(), EmbeddedError> {
    let owner = Owner::needed().await?;
    let place = place::prepare(data_dir, owner.as_ref())?;
    let _lock = place::lock(&place)?;
    let data = place.join(cluster::FOLDER);
    if let Some(major) = cluster::major(&data)
        && let Ok(binaries) = binaries::choose(Some(major), &place, owner.as_ref()).await
    {
        orphan::stop(&binaries, owner.as_ref(), &data).await?;
    }
    std::fs::remove_dir_all(&place).map_err(|source| EmbeddedError::io("remove", &place, source))
}

/// A program of PostgreSQL: as the unprivileged owner, and without our environment, which may
/// hold secrets and settings (`PGDATA`) meant for others.
fn command(program: &Path, owner: Option<&Owner>) -> Command {
    let mut command = Command::new(program);
    // Messages in English, because `error` reads them.
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/");
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

fn url(password: &str, port: u16, database: &str) -> String {
    format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}")
}

fn free_port() -> Result<u16, EmbeddedError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|_| EmbeddedError::Port)
}

enum Unready {
    Ended,
    Late,
}

/// Waits until the server takes our password, or is gone.
async fn ready(server: &mut Child, url: &str) -> Result<(), Unready> {
    let begun = Instant::now();
    while begun.elapsed() < START_LIMIT {
        if matches!(server.try_wait(), Ok(Some(_)) | Err(_)) {
            return Err(Unready::Ended);
        }
        if let Ok(connection) = sqlx::PgConnection::connect(url).await {
            // Ours may have lost the port to another server that happens to answer there; one
            // that takes a random password is ours.
            let _ = connection.close().await;
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Err(Unready::Late)
}

async fn stop_child(
    server: &mut Child,
    binaries: &Binaries,
    owner: Option<&Owner>,
    data: &Path,
) -> Result<(), EmbeddedError> {
    orphan::ask_to_stop(binaries, owner, data).await?;
    if tokio::time::timeout(STOP_LIMIT, server.wait()).await.is_err() {
        // Its children notice and end; the next start replays the log.
        server.kill().await.map_err(|source| EmbeddedError::io("stop", data, source))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
