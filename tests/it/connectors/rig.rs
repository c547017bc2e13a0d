//! What a call needs, with simulated time: a token, a budget, a meter.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tandem::{
    cache::{Cache, Clock},
    connectors::{
        self, AccessToken, Api, ApiBase, Caller, Connector, CrmError, Endpoints, Http, Meter, Pace,
        TokenSource,
    },
};

use super::canned::{Canned, Reply};

/// Never to be seen in an error.
pub(crate) const TOKEN: &str = "CANARY_access_token";

/// Time that passes only when somebody sleeps.
#[derive(Default)]
pub(crate) struct Simulated {
    ms: AtomicI64,
    pub(crate) sleeps: Mutex<Vec<Duration>>,
}

impl Simulated {
    pub(crate) fn pass(&self, time: Duration) {
        self.ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), SeqCst);
    }
}

/// Some time in November 2026, so that no field looks like "never".
const START: i64 = 1_795_000_000_000;

impl Clock for Simulated {
    fn now_ms(&self) -> i64 {
        START + self.ms.load(SeqCst)
    }
}

#[async_trait]
impl Pace for Simulated {
    fn now(&self) -> Instant {
        Instant::now()
    }

    async fn sleep(&self, wait: Duration) {
        self.sleeps.lock().unwrap().push(wait);
        self.pass(wait);
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// Hands out a token; a refused one is replaced once.
pub(crate) struct Tokens {
    base: ApiBase,
    generation: AtomicI64,
    pub(crate) refreshes: AtomicU32,
}

impl Tokens {
    fn token(&self) -> AccessToken {
        let generation = self.generation.load(SeqCst);
        AccessToken {
            secret: format!("{TOKEN}_{generation}").into(),
            generation,
            api_base: self.base.clone(),
        }
    }
}

#[async_trait]
impl TokenSource for Tokens {
    async fn access_token(&self) -> Result<AccessToken, CrmError> {
        Ok(self.token())
    }

    async fn refused(&self, generation: i64) -> Result<AccessToken, CrmError> {
        if self.generation.compare_exchange(generation, generation + 1, SeqCst, SeqCst).is_ok() {
            self.refreshes.fetch_add(1, SeqCst);
        }
        Ok(self.token())
    }
}

pub(crate) struct Rig {
    pub(crate) server: Canned,
    pub(crate) api: Api,
    pub(crate) meter: Arc<Meter>,
    pub(crate) time: Arc<Simulated>,
    pub(crate) tokens: Arc<Tokens>,
}

pub(crate) fn connector() -> &'static dyn Connector {
    connectors::all()[0]
}

pub(crate) fn endpoints(server: &Canned) -> Endpoints {
    let url = Some(&server.url);
    Endpoints::overridden(connector().manifest(), url, url).unwrap()
}

impl Rig {
    pub(crate) async fn of(script: Vec<Reply>) -> Self {
        Self::with(script, Caller::Job, Http::with_plain_loopback()).await
    }

    pub(crate) async fn with(script: Vec<Reply>, who: Caller, http: Http) -> Self {
        let server = Canned::start(script).await;
        let time = Arc::new(Simulated::default());
        let cache = Cache::with_clock(Arc::clone(&time) as Arc<dyn Clock>);
        let budget = cache.budget("connection", connector().manifest().limits());
        let meter = Arc::new(Meter::default());
        let tokens = Arc::new(Tokens {
            base: endpoints(&server).api_base(server.url.as_str()).unwrap(),
            generation: AtomicI64::new(1),
            refreshes: AtomicU32::new(0),
        });
        let source = Arc::clone(&tokens) as Arc<dyn TokenSource>;
        let api = Api::new(http, source, budget, who, Arc::clone(&meter))
            .with_pace(Arc::clone(&time) as Arc<dyn Pace>);
        Self { server, api, meter, time, tokens }
    }

    pub(crate) async fn persons(&self) -> Result<Vec<String>, CrmError> {
        let page = connector().persons(&self.api, &connectors::From::default()).await?;
        Ok(page.items.into_iter().map(|person| person.id.0).collect())
    }

    pub(crate) fn requests(&self) -> usize {
        let asked = self.server.asked().len();
        assert_eq!(self.meter.read().requests, asked as u64, "the meter tells the truth");
        asked
    }
}
