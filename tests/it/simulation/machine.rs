//! Many processes on one thread, under one seed: it decides the order of tasks, and time passes only
//! when nobody has anything to do. A crash drops everything of a process where it waits.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tandem::flows::tokens::ground::Machine;
use tokio::sync::oneshot;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A process of the simulation; 0 is the world outside, which never crashes.
pub(crate) type Process = usize;

struct State {
    now: Duration,
    rng: StdRng,
    next: u64,
    tasks: BTreeMap<u64, (Process, Option<Work>)>,
    ready: BTreeSet<u64>,
    timers: BTreeMap<(Duration, u64), Waker>,
    /// Stopped processes, and when they go on.
    stopped: BTreeMap<Process, Duration>,
    polls: u64,
}

/// The whole of it; clones are the same world.
#[derive(Clone)]
pub(crate) struct World {
    state: Arc<Mutex<State>>,
    woken: Arc<Mutex<Vec<u64>>>,
}

struct TaskWaker {
    id: u64,
    woken: Arc<Mutex<Vec<u64>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.woken.lock().unwrap().push(self.id);
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                now: Duration::ZERO,
                rng: StdRng::seed_from_u64(seed),
                next: 0,
                tasks: BTreeMap::new(),
                ready: BTreeSet::new(),
                timers: BTreeMap::new(),
                stopped: BTreeMap::new(),
                polls: 0,
            })),
            woken: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn now(&self) -> Duration {
        self.state().now
    }

    pub(crate) fn wall(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::from_std(self.now()).unwrap()
    }

    /// `0..below`
    pub(crate) fn chance(&self, below: u64) -> u64 {
        self.state().rng.random_range(0..below)
    }

    pub(crate) fn percent(&self, likely: u64) -> bool {
        self.chance(100) < likely
    }

    pub(crate) fn start(&self, process: Process, work: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.tasks.insert(id, (process, Some(Box::pin(work))));
        state.ready.insert(id);
    }

    /// Ends a process where it waits: nothing of it gets to clean up.
    pub(crate) fn crash(&self, process: Process) {
        let dead: Vec<Option<Work>> = {
            let mut state = self.state();
            state.stopped.remove(&process);
            let ids: Vec<u64> = state
                .tasks
                .iter()
                .filter(|(_, (owner, _))| *owner == process)
                .map(|(id, _)| *id)
                .collect();
            for id in &ids {
                state.ready.remove(id);
            }
            ids.iter().filter_map(|id| state.tasks.remove(id)).map(|(_, work)| work).collect()
        };
        // Dropped outside of the lock: what falls may wake somebody.
        drop(dead);
    }

    /// SIGSTOP, and SIGCONT after `time`.
    pub(crate) fn stop(&self, process: Process, time: Duration) {
        let mut state = self.state();
        let until = state.now + time;
        state.stopped.insert(process, until);
    }

    pub(crate) fn sleep(&self, time: Duration) -> Sleep {
        Sleep { world: self.clone(), until: self.now() + time, timer: None }
    }

    /// Up to `most` milliseconds.
    pub(crate) fn a_while(&self, most: u64) -> Sleep {
        let time = self.chance(most + 1);
        self.sleep(Duration::from_millis(time))
    }

    /// Runs until nothing is left to do; returns how many steps it took.
    pub(crate) fn run(&self) -> u64 {
        loop {
            let woken = std::mem::take(&mut *self.woken.lock().unwrap());
            let mut state = self.state();
            for id in woken {
                if state.tasks.contains_key(&id) {
                    state.ready.insert(id);
                }
            }
            let now = state.now;
            state.stopped.retain(|_, until| *until > now);
            let able: Vec<u64> = state
                .ready
                .iter()
                .copied()
                .filter(|id| !state.stopped.contains_key(&state.tasks[id].0))
                .collect();
            if able.is_empty() {
                // Time passes: to the next timer, or to where a stopped process goes on.
                let timer = state.timers.keys().next().map(|(at, _)| *at);
                let woken =
                    state.stopped.values().min().copied().filter(|_| !state.ready.is_empty());
                let Some(next) = timer.into_iter().chain(woken).min() else { return state.polls };
                state.now = state.now.max(next);
                while let Some(entry) = state.timers.first_entry() {
                    if entry.key().0 > next {
                        break;
                    }
                    let waker = entry.remove();
                    waker.wake();
                }
                continue;
            }
            let at = state.rng.random_range(0..able.len());
            let id = able[at];
            state.ready.remove(&id);
            state.polls += 1;
            assert!(state.polls < 2_000_000, "it never ends");
            let mut work = state.tasks.get_mut(&id).and_then(|(_, work)| work.take()).unwrap();
            drop(state);
            let waker = Waker::from(Arc::new(TaskWaker { id, woken: Arc::clone(&self.woken) }));
            let done = work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            let mut state = self.state();
            match state.tasks.get_mut(&id) {
                Some((_, place)) if !done => *place = Some(work),
                Some(_) => {
                    state.tasks.remove(&id);
                    state.ready.remove(&id);
                    drop(state);
                    drop(work);
                }
                // It crashed while it ran.
                None => {
                    drop(state);
                    drop(work);
                }
            }
        }
    }
}

pub(crate) struct Sleep {
    world: World,
    until: Duration,
    timer: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let world = self.world.clone();
        let mut state = world.state();
        if let Some(timer) = self.timer.take() {
            state.timers.remove(&timer);
        }
        if state.now >= self.until {
            return Poll::Ready(());
        }
        state.next += 1;
        let timer = (self.until, state.next);
        state.timers.insert(timer, context.waker().clone());
        self.timer = Some(timer);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            self.world.state().timers.remove(&timer);
        }
    }
}

/// What may happen to a process wherever it waits for somebody.
pub(crate) struct Hazard {
    /// Of a thousand.
    pub(crate) crash: u64,
    pub(crate) stop: u64,
    /// The longest stop, in milliseconds.
    pub(crate) longest: u64,
    pub(crate) is_on: AtomicBool,
    pub(crate) crashed: AtomicU64,
    pub(crate) stopped: AtomicU64,
}

impl Hazard {
    pub(crate) fn new(crash: u64, stop: u64, longest: u64) -> Self {
        let (is_on, crashed, stopped) =
            (AtomicBool::new(true), AtomicU64::new(0), AtomicU64::new(0));
        Self { crash, stop, longest, is_on, crashed, stopped }
    }
}

/// What a process of the simulation runs on.
#[derive(Clone)]
pub(crate) struct Simulated {
    pub(crate) world: World,
    pub(crate) process: Process,
    pub(crate) hazard: Arc<Hazard>,
    /// Told when the process has crashed.
    pub(crate) mourner: Arc<dyn Fn(Process) + Send + Sync>,
}

impl Simulated {
    /// A place where a process may crash or be stopped.
    pub(crate) async fn pass(&self) {
        let hazard = &self.hazard;
        if !hazard.is_on.load(Ordering::Relaxed) {
            return;
        }
        let fate = self.world.chance(1_000);
        if fate < hazard.crash {
            hazard.crashed.fetch_add(1, Ordering::Relaxed);
            self.world.crash(self.process);
            (self.mourner)(self.process);
            std::future::pending::<()>().await;
        } else if fate < hazard.crash + hazard.stop {
            hazard.stopped.fetch_add(1, Ordering::Relaxed);
            let time = self.world.chance(hazard.longest);
            self.world.stop(self.process, Duration::from_millis(time));
            self.world.sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Machine for Simulated {
    fn wall(&self) -> DateTime<Utc> {
        self.world.wall()
    }

    fn steady(&self) -> Duration {
        self.world.now()
    }

    async fn sleep(&self, time: Duration) {
        self.world.sleep(time).await;
    }

    async fn reached(&self, _place: &'static str) {
        self.world.a_while(2).await;
        self.pass().await;
    }

    async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (say, hear) = oneshot::channel();
        self.world.start(self.process, async move {
            say.send(work.await).ok();
        });
        hear.await.ok()
    }
}
