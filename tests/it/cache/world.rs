//! A cache of either kind, and a way to let time pass in it.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tandem::{
    cache::{Cache, Clock},
    connectors::{BudgetHandle, Caller, Cost, Lane, Limits, Observed, Taken, Throttle, Window},
};

pub(crate) const WINDOW: Duration = Duration::from_secs(1);

/// Ten requests per second, four of them searches; 1,000 tokens a day.
pub(crate) const LIMITS: Limits = Limits {
    burst: Window { requests: 10, per: WINDOW },
    search: Window { requests: 4, per: WINDOW },
    daily_tokens: 1000,
};

pub(crate) const CHEAP: Cost = Cost { tokens: 1, lane: Lane::General };
pub(crate) const SEARCH: Cost = Cost { tokens: 1, lane: Lane::Search };

#[derive(Default)]
pub(crate) struct Simulated(AtomicI64);

impl Simulated {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), SeqCst);
    }
}

impl Clock for Simulated {
    fn now_ms(&self) -> i64 {
        now_ms_at_start() + self.0.load(SeqCst)
    }
}

/// After noon of some day, so that no test crosses midnight or an hour by itself.
fn now_ms_at_start() -> i64 {
    20_777 * 86_400_000 + 43_800_000
}

pub(crate) struct World {
    pub(crate) cache: Cache,
    simulated: Option<Arc<Simulated>>,
    _server: Option<Server>,
}

impl World {
    pub(crate) fn simulated() -> Self {
        let clock = Arc::new(Simulated::default());
        let cache = Cache::with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        Self { cache, simulated: Some(clock), _server: None }
    }

    pub(crate) async fn on_redis() -> Self {
        let server = Server::start().await;
        Self { cache: server.connect(), simulated: None, _server: Some(server) }
    }

    /// How long everybody holds who starts from memory.
    pub(crate) fn hold(&self) -> Duration {
        // A shared one waits for those who may still be by themselves.
        WINDOW + Duration::from_millis(if self.simulated.is_some() { 20 } else { 1_050 })
    }

    pub(crate) async fn pass(&self, time: Duration) {
        match &self.simulated {
            Some(clock) => clock.pass(time),
            None => tokio::time::sleep(time).await,
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        if let Some(clock) = &self.simulated {
            return clock.now_ms();
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_millis()).unwrap()
    }
}

/// A private Redis that ends with the test.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut server = Self { child: spawn(port), port };
        server.answers().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A connection of its own, as another process would have.
    pub(crate) fn connect(&self) -> Cache {
        Cache::connect(&self.url()).unwrap()
    }

    /// Runs `redis-cli` against it.
    pub(crate) fn command(&self, words: &[&str]) {
        let port = self.port.to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(words).output().unwrap();
        assert!(output.status.success());
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port);
        self.answers().await;
    }

    async fn answers(&mut self) {
        for _ in 0..200 {
            if self.connect().ping().await.is_ok() {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "redis-server ended by itself");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("redis-server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be stopped already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(port: u16) -> Child {
    Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .args(["--dir", "/tmp"])
        .stdout(Stdio::null())
        .spawn()
        .expect("these tests need redis-server: apt-get install redis-server, or `make setup`")
}

pub(crate) fn wait(taken: Taken) -> (Throttle, Duration) {
    match taken {
        Taken::Wait(wait) => (wait.why, wait.duration),
        Taken::Granted => panic!("granted, where a wait was expected"),
    }
}

/// Asks, and lets the answer come at once.
pub(crate) async fn ask(budget: &BudgetHandle, cost: Cost, who: Caller) -> Taken {
    let taken = budget.take(cost, who).await;
    if taken == Taken::Granted {
        budget.observe(cost, Observed::default()).await;
    }
    taken
}

/// How many requests are granted and answered before the first wait.
pub(crate) async fn granted_until_full(budget: &BudgetHandle, cost: Cost, who: Caller) -> u32 {
    let mut granted = 0;
    while ask(budget, cost, who).await == Taken::Granted {
        granted += 1;
        assert!(granted < 10_000, "no limit");
    }
    granted
}
