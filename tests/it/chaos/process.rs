//! Processes of Tandem, as an operator starts them, and ways to end them.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{flows::stage::Stage, harness::Browser};

/// The signal of `abort`, by which a failpoint ends its process.
const ABORTED: i32 = 6;

/// What differs from one process to the next.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Seconds.
    pub(crate) lease: u64,
    /// Seconds that the CRM has for an answer.
    pub(crate) timeout: u64,
    pub(crate) failpoint: Option<String>,
    pub(crate) redis: Option<String>,
    /// Seconds after which something that does not turn up at the CRM was never done.
    pub(crate) unknown: u64,
    /// How often what the CRM allows may be asked, of a stand-in that allows it.
    pub(crate) beyond_limits: u32,
}

impl Default for Setting {
    fn default() -> Self {
        Self { lease: 2, timeout: 2, failpoint: None, redis: None, unknown: 2, beyond_limits: 1 }
    }
}

impl Setting {
    /// Without the windows of the CRM: a backlog of 1,000 leads would wait for them and for nothing
    /// else.
    pub(crate) fn unlimited() -> Self {
        Self { beyond_limits: 1_000, ..Self::default() }
    }

    pub(crate) fn dying_at(&self, name: &str, arrival: u32) -> Self {
        Self { failpoint: Some(format!("{name}={arrival}")), ..self.clone() }
    }
}

/// `tandem work` or `tandem serve`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it answers, if it does.
    pub(crate) url: String,
}

impl Process {
    pub(crate) fn work(stage: &Stage, setting: &Setting) -> Self {
        let child = command(stage, setting).arg("work").spawn().unwrap();
        Self { child, url: String::new() }
    }

    pub(crate) async fn serve(stage: &Stage, setting: &Setting) -> Self {
        let port = {
            let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
            free.local_addr().unwrap().port()
        };
        let child = command(stage, setting)
            .arg("serve")
            .env("TANDEM_LISTEN", format!("127.0.0.1:{port}"))
            .env("TANDEM_PUBLIC_URL", format!("http://localhost:{port}"))
            .spawn()
            .unwrap();
        let serve = Self { child, url: format!("http://localhost:{port}") };
        let browser = Browser::new(&serve.url, None);
        let begun = Instant::now();
        while browser.bare(reqwest::Method::GET, "/health/live").send().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not answer");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        serve
    }

    /// SIGKILL, as the kernel does it when memory runs out.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Whether it stands still at its failpoint.
    pub(crate) fn is_stopped(&mut self) -> bool {
        assert!(self.is_alive(), "the process ended by itself");
        // The state follows the name, which stands in parentheses.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Whether it ended at its failpoint; panics when it ended in any other way.
    #[track_caller]
    pub(crate) fn fell(&mut self) -> bool {
        match self.child.try_wait().unwrap() {
            None => false,
            Some(status) if status.signal() == Some(ABORTED) => true,
            Some(status) => panic!("the process ended by itself: {status}"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(stage: &Stage, setting: &Setting) -> Command {
    let name = stage.slug.to_uppercase();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command
        .env_clear()
        .env("TANDEM_WITHOUT_WEBHOOKS", "true")
        .env("TANDEM_ENV", "development")
        .env("TANDEM_LOG", "error")
        .env("TANDEM_DATA_DIR", stage.folder())
        .env("TANDEM_SPOOL_DIR", stage.folder().join("spool"))
        .env("TANDEM_PUBLIC_URL", &stage.hub.url)
        .env("TANDEM_MASTER_KEYS", &stage.hub.master_keys)
        .env("TANDEM_LEASE_SECONDS", setting.lease.to_string())
        .env("TANDEM_CRM_TIMEOUT_SECONDS", setting.timeout.to_string())
        .env("TANDEM_UNKNOWN_SECONDS", setting.unknown.to_string())
        .env("TANDEM_CRM_LIMIT_FACTOR", setting.beyond_limits.to_string())
        .env("DATABASE_URL", stage.hub.database.login_url())
        .env(format!("{name}_CLIENT_ID"), stage.client().0)
        .env(format!("{name}_CLIENT_SECRET"), stage.client().1)
        .env(format!("TANDEM_CRM_{name}_OAUTH_URL"), &stage.crm.url)
        .env(format!("TANDEM_CRM_{name}_API_URL"), &stage.crm.url)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(failpoint) = &setting.failpoint {
        command.env("TANDEM_FAILPOINT", failpoint);
    }
    if let Some(redis) = &setting.redis {
        command.env("REDIS_URL", redis);
    }
    command
}
