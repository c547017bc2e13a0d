//! Processes, callers, a member and a provider, living through the weather of a seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, atomic::Ordering},
    time::Duration,
};

use tandem::{
    connectors::{self, ApiBase, CrmError, Endpoints},
    domain::ConnectionId,
    flows::tokens::{
        SingleFlight,
        ground::{Kept, TokenStore as _},
        protocol::{Times, Tokens},
    },
};

use super::{
    super::{
        machine::{Hazard, Process, Simulated, World},
        provider::{LIFE, Provider, Truth, number},
        store::{Answer, Life, Memory, Row},
    },
    weather::Weather,
};

type Simulation = Tokens<Memory, Provider, Simulated>;

const LEASE: Duration = Duration::from_secs(50);

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) weather: Weather,
    pub(super) hazard: Arc<Hazard>,
    pub(super) truth: Arc<Mutex<Truth>>,
    pub(super) row: Arc<Mutex<Row>>,
    pub(super) spools: Vec<Arc<Mutex<BTreeMap<i64, Answer>>>>,
    /// How often each process has crashed, and all who have.
    crashes: Mutex<BTreeMap<Process, u64>>,
    dead: Arc<Mutex<BTreeSet<Life>>>,
    pub(super) connection_id: ConnectionId,
    pub(super) broken: Mutex<Vec<String>>,
}

fn base() -> ApiBase {
    static BASE: OnceLock<ApiBase> = OnceLock::new();
    let make = || Endpoints::overridden(connectors::all()[0].manifest(), None, None).unwrap();
    BASE.get_or_init(|| make().default_api_base().clone()).clone()
}

impl Stage {
    pub(super) fn new(seed: u64, weather: Weather) -> Arc<Self> {
        let world = World::new(seed);
        let truth: Arc<Mutex<Truth>> = Arc::default();
        let row = Row {
            state: "active",
            reason: String::new(),
            generation: 0,
            access: 0,
            refresh: 0,
            expires: world.wall(),
            lease: 0,
            until: None,
            attempts: BTreeMap::new(),
        };
        let stage = Arc::new(Self {
            hazard: Arc::new(Hazard::new(weather.crash, weather.stop, weather.longest)),
            row: Arc::new(Mutex::new(row)),
            spools: (0..=weather.processes).map(|_| Arc::default()).collect(),
            crashes: Mutex::default(),
            dead: Arc::default(),
            connection_id: ConnectionId::fresh(),
            broken: Mutex::default(),
            world,
            weather,
            truth,
        });
        stage.consent();
        stage
    }

    /// The member connects, for the first time or again.
    fn consent(&self) {
        let (access, refresh) = self.provider(0).consent();
        self.row.lock().unwrap().connect(access, refresh, self.world.wall() + LIFE);
    }

    fn volume(&self, process: Process) -> Process {
        if self.weather.shared_volume { 0 } else { process }
    }

    pub(super) fn provider(&self, process: Process) -> Provider {
        Provider {
            world: self.world.clone(),
            process,
            truth: Arc::clone(&self.truth),
            rotation: self.weather.rotation,
            trouble: if self.hazard.is_on.load(Ordering::Relaxed) {
                self.weather.provider
            } else {
                0
            },
            answer_within: Times::of(LEASE).answer,
            lease: LEASE,
            volume: self.volume(process),
        }
    }

    pub(super) fn tokens(self: &Arc<Self>, process: Process) -> Simulation {
        let stage = Arc::clone(self);
        let machine = Simulated {
            world: self.world.clone(),
            process,
            hazard: Arc::clone(&self.hazard),
            mourner: Arc::new(move |process| stage.crashed(process)),
        };
        let provider = self.provider(process);
        let store = Memory {
            machine: machine.clone(),
            row: Arc::clone(&self.row),
            spool: Arc::clone(&self.spools[self.volume(process)]),
            life: self.life(process),
            dead: Arc::clone(&self.dead),
            provider: provider.clone(),
            lease: LEASE,
            base: base(),
            trouble: if self.hazard.is_on.load(Ordering::Relaxed) {
                self.weather.database
            } else {
                0
            },
            planted: self.weather.planted,
        };
        let (flight, times) = (SingleFlight::default(), Times::of(LEASE));
        Tokens { connection_id: self.connection_id, store, provider, machine, flight, times }
    }

    fn life(&self, process: Process) -> Life {
        let crashes = self.crashes.lock().unwrap().get(&process).copied();
        (self.volume(process), process, crashes.unwrap_or_default())
    }

    fn crashed(self: &Arc<Self>, process: Process) {
        self.dead.lock().unwrap().insert(self.life(process));
        *self.crashes.lock().unwrap().entry(process).or_default() += 1;
        self.provider(process).bury(process);
        let stage = Arc::clone(self);
        self.world.start(0, async move {
            stage.world.a_while(20_000).await;
            stage.boot(process);
        });
    }

    /// A process starts: first what a crash left in its spool, then its callers.
    fn boot(self: &Arc<Self>, process: Process) {
        let tokens = self.tokens(process);
        let stage = Arc::clone(self);
        self.world.start(process, async move {
            while stage.recover(&tokens).await.is_none() {
                stage.world.a_while(2_000).await;
            }
            for _ in 0..stage.weather.callers {
                let caller = Arc::clone(&stage).call(tokens.clone());
                stage.world.start(process, caller);
            }
        });
    }

    /// As `recover_spooled` does; `None` when the database was away.
    async fn recover(&self, tokens: &Simulation) -> Option<()> {
        let left: Vec<Answer> = tokens.store.spool.lock().unwrap().values().cloned().collect();
        for answer in left {
            let kept = tokens.store.store(&answer).await.ok()?;
            if kept == Kept::Late {
                tokens.rescue(answer.seen).await.ok();
            }
            tokens.store.unspool(&answer).await;
        }
        Some(())
    }

    /// What the job does that a late answer leaves behind (`flows::reconnect::rescue`).
    async fn try_late_answers(self: &Arc<Self>) {
        let generation = {
            let row = self.row.lock().unwrap();
            let waits = row.orphans().iter().any(|(_, of, _)| *of == row.generation);
            (row.state == "needs_reconnect" && waits).then_some(row.generation)
        };
        if let Some(generation) = generation {
            let process =
                1 + usize::try_from(self.world.chance(2)).unwrap() % self.weather.processes;
            let (tokens, end) = (self.tokens(process), self.world.sleep(2 * LEASE));
            self.world.start(process, async move {
                tokens.rescue(generation).await.ok();
            });
            end.await;
        }
    }

    async fn call(self: Arc<Self>, tokens: Simulation) {
        let end = Duration::from_secs(self.weather.hours * 3_600);
        while self.world.now() < end {
            // Together, or each for itself.
            let pause = if self.world.percent(30) { 300_000 } else { self.world.chance(600_000) };
            self.world.sleep(Duration::from_millis(pause)).await;
            let hung_up = self.world.percent(10);
            let patience = if hung_up { self.world.chance(400) } else { 600_000 };
            tokio::select! {
                biased;
                () = self.once(&tokens) => {}
                () = self.world.sleep(Duration::from_millis(patience)) => {}
            }
        }
    }

    async fn once(&self, tokens: &Simulation) {
        let begun = self.world.now();
        match tokens.access_token().await {
            Ok(token) if !tokens.provider.works(number(&token.secret)) => {
                tokens.refused(token.generation).await.ok();
            }
            Err(CrmError::Revoked) if self.weather.member => {
                // Somebody connects again, one day.
                self.world.a_while(1_200_000).await;
                if self.row.lock().unwrap().state == "needs_reconnect" {
                    self.consent();
                }
            }
            Ok(_) | Err(_) => {}
        }
        let waited = self.world.now().saturating_sub(begun);
        if self.weather.crash + self.weather.stop == 0 && waited > Duration::from_secs(1_300) {
            self.broken.lock().unwrap().push(format!("a caller waited {waited:?}"));
        }
    }

    /// What happens outside.
    async fn outside(self: Arc<Self>) {
        let end = Duration::from_secs(self.weather.hours * 3_600);
        while self.world.now() < end {
            self.world.a_while(self.weather.pace).await;
            match self.world.chance(10) {
                0 if self.weather.member => self.provider(0).revoke(),
                1..4 if self.weather.provider > 0 => self.provider(0).expire(),
                _ => {}
            }
        }
    }

    /// Lives through it; what was broken on the way or in the end.
    pub(super) fn run(self: &Arc<Self>) -> Vec<String> {
        for process in 1..=self.weather.processes {
            self.boot(process);
        }
        self.world.start(0, Arc::clone(self).outside());
        let stage = Arc::clone(self);
        self.world.start(0, async move {
            let end = Duration::from_secs(stage.weather.hours * 3_600);
            while stage.world.now() < end {
                stage.world.sleep(Duration::from_secs(90)).await;
                stage.try_late_answers().await;
            }
        });
        self.world.run();
        // The storm is over: whoever is down starts again, and leases run out.
        self.hazard.is_on.store(false, Ordering::Relaxed);
        for process in 1..=self.weather.processes {
            let (stage, tokens) = (Arc::clone(self), self.tokens(process));
            self.world.start(0, async move {
                stage.recover(&tokens).await.expect("the database is back");
            });
        }
        self.world.run();
        let stage = Arc::clone(self);
        self.world.start(0, async move {
            stage.world.sleep(2 * LEASE).await;
            stage.try_late_answers().await;
        });
        self.world.run();
        self.judge()
    }
}
