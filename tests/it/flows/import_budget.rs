//! One account's budget and four real workers: four companies are connected to the same account with
//! the same user, so they share its bursts and its day, through one real Redis.
//!
//! `make chaos` lets it run longer.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "counts of a small account, whole numbers all"
)]

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tandem::{
    cache::Cache,
    db::{Db, Scope},
    flows::{
        Hub, SharedHub, SingleFlight,
        browse::{Look, browse},
    },
    policy::Plan,
    sandbox::SandboxConfig,
};

use super::stage::{Stage, slug};
use crate::{
    cache::world::Server,
    harness::{Company, long, report},
};

const BURST: u32 = 6;
const WINDOW: f64 = 2.0;

/// A worker process; killed when dropped.
struct Worker(Child);

impl Worker {
    fn start(stage: &Stage, redis: &str) -> Self {
        let name = slug().to_uppercase();
        let folder = std::env::temp_dir().join(format!("tandem-{}", uuid::Uuid::new_v4()));
        let child = Command::new(env!("CARGO_BIN_EXE_tandem"))
            .arg("work")
            .env_clear()
            .env("TANDEM_WITHOUT_WEBHOOKS", "true")
            .env("TANDEM_ENV", "development")
            .env("TANDEM_LOG", "warn")
            .env("TANDEM_DATA_DIR", folder)
            .env("TANDEM_PUBLIC_URL", &stage.hub.url)
            .env("TANDEM_MASTER_KEYS", &stage.hub.master_keys)
            .env("DATABASE_URL", stage.hub.database.login_url())
            .env("REDIS_URL", redis)
            .env(format!("{name}_CLIENT_ID"), stage.client().0)
            .env(format!("{name}_CLIENT_SECRET"), stage.client().1)
            .env(format!("TANDEM_CRM_{name}_OAUTH_URL"), &stage.crm.url)
            .env(format!("TANDEM_CRM_{name}_API_URL"), &stage.crm.url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A web process of its own, on the same Redis.
async fn web(stage: &Stage, redis: &str) -> SharedHub {
    Arc::new(Hub {
        db: Db::connect(stage.hub.database.login(), 4).await.unwrap(),
        cache: Cache::connect(redis).unwrap(),
        refreshing: SingleFlight::default(),
        rooms: tandem::connectors::Rooms::default(),
        instance: "web".to_owned(),
        ..Hub::clone(&stage.hub.hub)
    })
}

/// A member looks at the CRM's people; how long that took.
async fn click(web: &SharedHub, company: &Company) -> Duration {
    let provider = web.providers.get(slug()).unwrap().clone();
    let begun = Instant::now();
    let look = Look { limit: 50, ..Look::default() };
    let page = browse(web, company.id, Scope::All, &provider, look).await.unwrap();
    assert_eq!(page.people.len(), 50);
    begun.elapsed()
}

/// When the CRM counted each request, in milliseconds.
async fn arrivals(stage: &Stage) -> Vec<u64> {
    serde_json::from_value(stage.control("GET", "/arrivals", Value::Null).await).unwrap()
}

/// The most that arrived in any window.
fn most(came: &[u64]) -> usize {
    let within =
        |first: usize| came[first..].iter().take_while(|at| **at < came[first] + 2_000).count();
    (0..came.len()).map(within).max().unwrap_or(0)
}

/// No window over the limit, in the CRM's own record: it would have refused the next request.
fn never_over(counters: &Value) {
    assert_eq!(counters["budgets"]["refused"], json!({ "burst": 0, "search": 0, "daily": 0 }));
    assert_eq!(counters["statuses"].get("429"), None);
    assert!(counters["budgets"]["max_in_burst_window"].as_u64().unwrap() <= u64::from(BURST));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_workers_share_an_account_use_it_up_and_never_go_over() {
    let persons: u32 = if long() { 20_000 } else { 6_000 };
    let mut config = SandboxConfig::of_size(persons, 3);
    // Less than the four imports cost, so that they have to wait in the end.
    let pages = persons.div_ceil(500) + persons.div_ceil(2_500) + persons.div_ceil(1_000);
    config.daily = u64::from(pages) * 10 * 4 * 3 / 4;
    config.burst = BURST;
    let daily = config.daily;
    let stage = Stage::with(config).await;
    let redis = Server::start().await;
    let mut companies = Vec::new();
    for _ in 0..4 {
        let company = stage.hub.company(Plan::Business).await;
        stage.connect(&company.owner.browser).await;
        companies.push(company);
    }
    let web = web(&stage, &redis.url()).await;
    for company in &companies {
        stage.start_as(&company.owner.browser, json!({ "mode": "full" })).await;
    }
    let workers: Vec<_> = (0..4).map(|_| Worker::start(&stage, &redis.url())).collect();

    // Once all four are at it.
    let begun = Instant::now();
    while stage.count("sync_run where page >= 1").await < 4 {
        assert!(begun.elapsed() < Duration::from_mins(1), "they do not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let waiting = "sync_run where state = 'waiting' and state_reason like '%daily budget%'";
    // And the first window is full.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (from, first) = (Instant::now(), arrivals(&stage).await.len());
    let (mut clicks, mut longest) = (0, Duration::ZERO);
    let (mut last, mut emptied) = (first, false);
    while stage.count(waiting).await < 4 {
        assert!(
            begun.elapsed() < Duration::from_mins(if long() { 15 } else { 4 }),
            "they do not use the day up"
        );
        let left = daily as f64 - tokens(&stage).await;
        if left > daily as f64 / 4.0 {
            last = arrivals(&stage).await.len();
        } else if !emptied {
            emptied = true;
            redis.command(&["FLUSHALL"]);
        }
        if clicks < 3 && from.elapsed() > Duration::from_secs(2 * (clicks + 1)) {
            longest = longest.max(click(&web, &companies[clicks as usize]).await);
            clicks += 1;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let came = arrivals(&stage).await;
    assert!(most(&came) <= BURST as usize, "in the CRM's own record");
    // Whole windows: from the first request of one to the first of another.
    let burst = BURST as usize;
    let windows = (last - first - 1) / burst;
    let lasted = came[first + windows * burst] - came[first];
    let used = windows as f64 * WINDOW * 1_000.0 / lasted as f64;
    let spent = tokens(&stage).await / daily as f64;
    let counters = stage.counters().await;
    let percent = |part: f64| (part * 1_000.0).round() / 10.0;
    report(
        "budget-four-workers",
        &json!({
            "burst_used_percent": percent(used),
            "day_used_percent": percent(spent),
            "most_in_a_window": most(&came),
            "limit": BURST,
            "requests": came.len(),
            "refused": counters["budgets"]["refused"],
            "people": clicks,
            "longest_wait_ms": u64::try_from(longest.as_millis()).unwrap(),
        }),
    );
    never_over(&counters);
    assert!(emptied);
    assert!(spent >= 0.95, "{spent} of the day used");
    assert!(used >= 0.95, "{used} of the window used");
    // The budget's part is bounded by its window; the rest is the machine's.
    assert!(longest < Duration::from_secs(10), "a person waited {longest:?}");
    // What jobs leave is there for people.
    click(&web, &companies[3]).await;
    never_over(&stage.counters().await);
    drop(workers);

    // Each company's ledger holds what it used, and nothing of the others'.
    let mut sum = 0;
    for company in &companies {
        let path = format!("/api/integrations/{}/budget", slug());
        let ledger = company.owner.browser.get(&path).await.expect(200);
        let days = ledger["days"].as_array().unwrap();
        assert_eq!(days.len(), 14);
        sum += days.iter().map(|day| day["tokens"].as_i64().unwrap()).sum::<i64>();
    }
    // The stage's own company is connected to the account, too, and did nothing else.
    let connected = 2;
    assert_eq!((sum + connected) as f64, tokens(&stage).await, "the CRM's own count");
}

async fn tokens(stage: &Stage) -> f64 {
    let spent = stage.counters().await["budgets"]["tokens_spent"].clone();
    spent.as_object().unwrap().values().map(|tokens| tokens.as_f64().unwrap()).sum()
}
