//! Canaries in a coal mine: every secret of a connection's life goes through real processes that log
//! at `trace`, and is then looked for in everything they left: log, traces, database dump, Redis and
//! what the browser was told.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tandem::sandbox::{SandboxConfig, StripeSandbox};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;

use super::{
    Crm, Rig,
    crm::{NORDWIND, callback, connected_page, landed, slug, state_of},
    leavings::{dump, forms, holds, memchr, redis_dump},
};
use crate::{
    billing::stage::Till,
    harness::{Answer, Browser},
};

const CANARY: &str = "CANARY-d41d8cd9";

/// A collector of traces that keeps what it is sent.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let kept: Arc<Mutex<Vec<u8>>> = Arc::default();
    let paper = Arc::clone(&kept);
    #[expect(clippy::disallowed_methods, reason = "the collector runs beside the test")]
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            let paper = Arc::clone(&paper);
            #[expect(clippy::disallowed_methods, reason = "the collector runs beside the test")]
            tokio::spawn(async move {
                let mut bytes = vec![0; 65_536];
                // Whatever arrives is answered; nobody reads the answer closely.
                while let Ok(read) = peer.read(&mut bytes).await {
                    if read == 0 {
                        break;
                    }
                    paper.lock().unwrap().extend_from_slice(&bytes[..read]);
                    let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    if peer.write_all(ok).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (address, kept)
}

struct Mine {
    rig: Rig,
    till: Till,
    folder: PathBuf,
    child: Child,
    url: String,
    traces: Arc<Mutex<Vec<u8>>>,
    /// What the browser was told, problems above all.
    told: Mutex<Vec<u8>>,
    secrets: Mutex<Vec<(&'static str, String)>>,
}

impl Drop for Mine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(super) fn redis_url() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests have no `Config`")]
    std::env::var("TANDEM_TEST_REDIS_URL").ok()
}

impl Mine {
    async fn open() -> Self {
        let mut sandbox = SandboxConfig::of_size(60, 7);
        sandbox.client_secret = format!("{CANARY}-client-secret");
        let rig = Rig::of(Crm::with(sandbox).await).await;
        let till = Till::open(StripeSandbox {
            secret_key: format!("sk_test_{CANARY}-stripe-key"),
            webhook_secret: format!("whsec_{CANARY}-of-the-endpoint"),
            ..StripeSandbox::default()
        })
        .await;
        let folder = std::env::temp_dir().join(format!("tandem-mine-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("master.keys"), &rig.hub.master_keys).unwrap();
        let port = {
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
            listener.local_addr().unwrap().port()
        };
        let url = format!("http://localhost:{port}");
        let (collector, traces) = collector().await;
        let (upper, app) = (slug().to_uppercase(), rig.crm.credentials());
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command
            .arg("serve")
            .env_clear()
            .env("TANDEM_ENV", "development")
            .env("TANDEM_PUBLIC_URL", &url)
            .env("TANDEM_LISTEN", format!("127.0.0.1:{port}"))
            .env("TANDEM_SINGLE_PROCESS", "true")
            .env("TANDEM_LOG", "trace")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
            .env("DATABASE_URL", rig.hub.database.login_url())
            .env("TANDEM_MASTER_KEYS_FILE", folder.join("master.keys"))
            .env("TANDEM_SPOOL_DIR", folder.join("spool"))
            .env("TANDEM_DATA_DIR", folder.join("data"))
            .env("STRIPE_SECRET_KEY", &till.there.secret_key)
            .env("STRIPE_WEBHOOK_SECRET", &till.there.webhook_secret)
            .env("STRIPE_PRICE_TEAMS", "price_teams")
            .env("TANDEM_STRIPE_API_URL", &till.sandbox.url)
            .env(format!("{upper}_CLIENT_ID"), &app.client_id)
            .env(format!("{upper}_CLIENT_SECRET"), app.client_secret.expose_secret())
            .env(format!("TANDEM_CRM_{upper}_OAUTH_URL"), rig.crm.url().as_str())
            .env(format!("TANDEM_CRM_{upper}_API_URL"), rig.crm.url().as_str())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if let Some(redis) = redis_url() {
            command.env("REDIS_URL", redis);
        }
        let mut secrets = vec![("client secret", app.client_secret.expose_secret().to_owned())];
        let keys = rig.hub.master_keys.trim().split_once(':').unwrap().1.to_owned();
        secrets.push(("master key", keys));
        secrets.push(("stripe key", till.there.secret_key.clone()));
        secrets.push(("webhook secret", till.there.webhook_secret.clone()));
        let mine = Self {
            child: command.spawn().unwrap(),
            rig,
            till,
            folder,
            url,
            traces,
            told: Mutex::default(),
            secrets: Mutex::new(secrets),
        };
        let browser = Browser::new(&mine.url, None);
        let begun = Instant::now();
        while browser.bare(Method::GET, "/health/live").send().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        mine
    }

    fn secret(&self, what: &'static str, value: impl Into<String>) {
        self.secrets.lock().unwrap().push((what, value.into()));
    }

    fn hear(&self, answer: Answer) -> Answer {
        self.told.lock().unwrap().extend_from_slice(answer.text.as_bytes());
        answer
    }

    /// What the row holds now.
    async fn tokens(&self) {
        self.secret("refresh token", self.rig.refresh_token().await);
        self.secret("access token", self.rig.access_token().await);
    }

    async fn connect(&self, browser: &Browser) {
        let page = browser.get(&format!("/api/integrations/{}/connect", slug())).await;
        let page = page.header("location").to_owned();
        self.secret("state", state_of(&page));
        let back = self.rig.crm.consent(&page, "allow", NORDWIND).await;
        let code = Url::parse(&format!("http://x{back}")).unwrap();
        let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        self.secret("code", code);
        let answer = self.hear(browser.get(&back).await);
        assert_eq!(landed(&answer), connected_page());
        // Once more: the state is used.
        self.hear(browser.get(&back).await);
        self.tokens().await;
    }

    async fn import(&self, browser: &Browser) -> String {
        let path = format!("/api/integrations/{}/sync", slug());
        let started = self.hear(browser.post(&path, json!({ "mode": "full" })).await).expect(202);
        let path = format!("/api/sync-logs/{}", started["run_id"].as_str().unwrap());
        let begun = Instant::now();
        loop {
            let run = self.hear(browser.get(&path).await).expect(200);
            let state = run["state"].as_str().unwrap().to_owned();
            if ["completed", "failed", "cancelled"].contains(&state.as_str()) {
                return state;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{run}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Pays, fails to, and is told of it by whoever it was.
    async fn pay(&self, browser: &Browser) {
        let wish = json!({ "plan": "teams" });
        self.till.control("/faults", json!({ "api": ["down"] })).await;
        self.hear(browser.post("/api/billing/checkout", wish.clone()).await).expect(502);
        let answer = self.hear(browser.post("/api/billing/checkout", wish).await).expect(200);
        let webhook = format!("{}/api/webhooks/stripe", self.url);
        self.till.control("/webhook", json!({ "url": webhook })).await;
        self.till.control("/faults", json!({ "events": ["forged", "duplicate"] })).await;
        self.till.press(answer["url"].as_str().unwrap(), "pay").await;
        let begun = Instant::now();
        while self.hear(browser.get("/api/billing").await).expect(200)["plan"] != "teams" {
            assert!(begun.elapsed() < Duration::from_secs(20), "it was paid, and nobody was told");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The CRM tells of a change, at an address and with a secret that it was given; so does a forger.
    async fn hook(&self) {
        self.rig.crm.control("/persons/mutate", json!({ "change": 1 })).await;
        let begun = Instant::now();
        let call = loop {
            let calls = self.rig.crm.control_get("/webhooks").await;
            if calls[0]["answered"] == 204 {
                break calls[0].clone();
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody was told: {calls}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let to = Url::parse(call["to"].as_str().unwrap()).unwrap();
        self.secret("token of a webhook", to.path().rsplit('/').next().unwrap());
        let basic = call["headers"][0][1].as_str().unwrap().trim_start_matches("Basic ");
        let pair = String::from_utf8(BASE64.decode(basic).unwrap()).unwrap();
        self.secret("secret of a webhook", pair.split_once(':').unwrap().1);
        let stranger = Browser::new(&self.url, None);
        let forged = stranger.bare(Method::POST, to.path()).basic_auth("tandem", Some("x"));
        self.hear(stranger.send(forged.body("{}")).await).problem(401);
        let longer = format!("{}{CANARY}/{CANARY}", to.path());
        self.hear(stranger.send(stranger.bare(Method::POST, &longer).body("{}")).await);
    }

    async fn fault(&self, kind: &str, path: &str, times: u32) {
        let fault = json!({ "kind": kind, "path": path, "times": times });
        self.rig.crm.control("/faults", fault).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_left_in_logs_traces_dumps_or_answers() {
    let mut mine = Mine::open().await;
    let rig = &mine.rig;
    rig.crm.control("/tokens/rotate", json!({ "on": true })).await;
    let cookie = rig.acme.owner.browser.cookie().unwrap();
    mine.secret("session", cookie.split_once('=').unwrap().1.to_owned());
    let browser = Browser::new(&mine.url, Some(cookie));
    let stranger = Browser::new(&mine.url, None);

    // Passwords, right and wrong.
    let password = format!("{CANARY}-password-of-somebody");
    mine.secret("password", &password);
    let email = rig.acme.owner.email.clone();
    let login = json!({ "email": email, "password": password });
    mine.hear(stranger.post("/api/auth/login", login).await);
    let signup = json!({
        "email": "canary@example.com", "password": password, "name": "C", "company_name": "C",
        "country": "DE",
    });
    mine.hear(stranger.post("/api/auth/signup", signup).await);

    // A payment, whose webhooks come forged and twice.
    mine.pay(&browser).await;

    // Callbacks of strangers, a whole consent, and its tokens.
    let forged = format!("code={CANARY}-code&state={CANARY}-state");
    mine.hear(browser.get(&callback(&forged)).await);
    mine.secret("forged code", format!("{CANARY}-code"));
    mine.secret("forged state", format!("{CANARY}-state"));
    mine.connect(&browser).await;
    let users = format!("/api/integrations/{}/users", slug());
    rig.expire().await;
    mine.hear(browser.get(&users).await).expect(200);
    mine.tokens().await;

    // Refreshes that fail, in every way.
    for kind in ["status_5xx", "html_200", "half_answer", "empty_json"] {
        rig.expire().await;
        mine.fault(kind, "/oauth/token", 1).await;
        mine.hear(browser.get(&users).await);
        rig.crm.control("/tokens/rotate", json!({ "on": false })).await;
    }
    rig.owner("update connection set lease_until = null").await;
    // An import with faults on its way.
    for kind in ["half_answer", "html_200", "status_5xx", "burst_429"] {
        mine.fault(kind, "/persons", 1).await;
    }
    mine.import(&browser).await;
    mine.hook().await;
    // Revoked, reconnected, disconnected.
    rig.crm.control("/tokens/revoke", json!({})).await;
    rig.expire().await;
    mine.import(&browser).await;
    mine.connect(&browser).await;
    let path = format!("/api/integrations/{}", slug());
    mine.hear(browser.request(Method::DELETE, &path).send().await.map(told).unwrap().await);

    let database = dump(&rig.hub.database.owner_url());
    let redis = redis_dump().await;
    // The last spans leave with the process.
    let id = mine.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    mine.child.wait().unwrap();
    let log = fs::read(mine.folder.join("log")).unwrap();
    let traces = mine.traces.lock().unwrap().clone();
    let told = mine.told.lock().unwrap().clone();

    // The search finds what is there.
    assert!(memchr(&log, b"refreshing an access token"), "the log was not caught");
    assert!(memchr(&log, b"TRACE"), "the log tells everything");
    assert!(memchr(&database, b"Nordwind"), "the dump is whole");
    assert!(traces.len() > 10_000, "the traces were not caught: {} bytes", traces.len());
    let secrets = mine.secrets.lock().unwrap();
    assert!(secrets.len() > 12);
    let places = [
        ("log", &log),
        ("traces", &traces),
        ("database", &database),
        ("redis", &redis),
        ("answers", &told),
    ];
    let mut found = Vec::new();
    for (what, secret) in secrets.iter() {
        assert!(secret.len() > 10, "{what}");
        for form in forms(secret) {
            for (place, bytes) in places {
                if holds(bytes, &form) {
                    found.push(format!("{what} in {place}"));
                }
            }
        }
    }
    let scanned: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{} secrets in 10 forms, {scanned} bytes", secrets.len());
    assert!(found.is_empty(), "{found:#?}");
}

async fn told(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}
