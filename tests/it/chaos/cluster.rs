//! A PostgreSQL of the test's own: crashed, started again on the same port, run out of room.

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::Connection as _;
use tandem::embedded::PrivatePostgres;

pub(crate) struct Cluster {
    /// The superuser's address.
    pub(crate) url: String,
    /// What the server was started with, to start it with again.
    words: Vec<String>,
    owner: (u32, u32),
    pid: u32,
    again: Option<Child>,
    first: Option<PrivatePostgres>,
    folder: Folder,
}

/// A folder that goes with the test; a file system of its own if it is small.
struct Folder {
    path: PathBuf,
    is_mount: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_mount {
            let _ = Command::new("umount").arg("-l").arg(&self.path).status();
        }
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Cluster {
    /// Keeps what it has committed, as in production.
    pub(crate) async fn start() -> Self {
        Self::within(Folder::new()).await
    }

    /// On a disk of that many MiB; `None` where nothing may be mounted.
    pub(crate) async fn on_small_disk(mebibytes: u32) -> Option<Self> {
        let mut folder = Folder::new();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m,mode=755"), "none"])
            .arg(&folder.path)
            .stderr(Stdio::null())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            return None;
        }
        folder.is_mount = true;
        Some(Self::within(folder).await)
    }

    async fn within(folder: Folder) -> Self {
        let postgres = PrivatePostgres::start(&folder.path.join("postgres"), true).await.unwrap();
        assert!(postgres.place().starts_with(&folder.path), "its files are elsewhere");
        let pid = postgres.pid().unwrap();
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        let words = line.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        let words = words.map(|word| String::from_utf8(word.to_vec()).unwrap()).collect();
        let facts = fs::metadata(format!("/proc/{pid}")).unwrap();
        Self {
            url: postgres.url("postgres"),
            words,
            owner: (facts.uid(), facts.gid()),
            pid,
            again: None,
            first: Some(postgres),
            folder,
        }
    }

    /// Whether the server still runs.
    pub(crate) fn is_up(&mut self) -> bool {
        if let Some(child) = &mut self.again {
            return child.try_wait().unwrap().is_none();
        }
        // The state follows the name, which stands in parentheses.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }

    /// An immediate stop: no checkpoint, no farewell; the next start replays the log.
    pub(crate) async fn crash(&mut self) {
        let pid = self.pid.to_string();
        assert!(Command::new("kill").args(["-s", "QUIT", &pid]).status().unwrap().success());
        let begun = Instant::now();
        while self.is_up() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the server does not stop");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts the server again and waits until it answers.
    pub(crate) async fn restart(&mut self) {
        let mut command = Command::new(&self.words[0]);
        command
            .args(&self.words[1..])
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let ours = fs::metadata("/proc/self").unwrap();
        if ours.uid() != self.owner.0 {
            command.uid(self.owner.0).gid(self.owner.1);
        }
        let child = command.spawn().unwrap();
        self.pid = child.id();
        self.again = Some(child);
        let begun = Instant::now();
        while sqlx::PgConnection::connect(&self.url).await.is_err() {
            assert!(self.is_up(), "the server does not start again");
            assert!(begun.elapsed() < Duration::from_mins(1), "the server does not answer");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Fills the disk to the last block; returns what to remove to make room again.
    pub(crate) fn fill(&self) -> PathBuf {
        assert!(self.folder.is_mount, "only a disk of our own is filled");
        let path = self.folder.path.join("ballast");
        let mut file = fs::File::create(&path).unwrap();
        for size in [1 << 20, 1 << 12] {
            let block = vec![1_u8; size];
            while std::io::Write::write_all(&mut file, &block).is_ok() {}
        }
        path
    }
}

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("tandem-chaos-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        // The server's own user has to get in.
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(Path::new(&path), all).unwrap();
        Self { path, is_mount: false }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut child) = self.again.take() {
            let _ = Command::new("kill").args(["-s", "QUIT", &self.pid.to_string()]).status();
            let _ = child.wait();
        } else if self.is_up() {
            let _ = Command::new("kill").args(["-s", "QUIT", &self.pid.to_string()]).status();
        }
        self.first.take();
    }
}
