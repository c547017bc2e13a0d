//! Those who ask for the same kind of thing at the same time, sent together.
//!
//! A bundle is carried by whoever polls: all who are in it share one future, so that none of them is
//! needed for it. It leaves when it is full, when few are in the room, when nobody else may come, when
//! it has waited long enough, and not while another of its kind is on its way, unless that lasts.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::sync::oneshot;

use super::{Told, crowd::Crowd};
use crate::connectors::{CrmError, Pace};

/// So few go each by themselves: there is nothing to gain.
pub(super) const FEW: usize = 4;
/// What each who may still come is waited for: about its time at the database.
const EACH: Duration = Duration::from_millis(5);
/// However many they are. What waits here has five seconds from its intent until its bytes leave.
const MOST: Duration = Duration::from_millis(750);
/// Another that takes so long is not waited for.
const OVERDUE: Duration = Duration::from_millis(1_500);
/// Whoever has less time left goes anew rather than hurry all others.
const SLACK: Duration = Duration::from_millis(500);

/// Whoever asks, and may ask for others of the same room.
pub(super) trait Envoy: Clone + Send + Sync + 'static {
    /// Whether what leaves after `slack` would leave too late for it.
    fn is_late(&self, slack: Duration) -> bool;

    /// The first, who is in as much of a hurry as any of them.
    fn for_all(all: &[Self]) -> Option<Self>;
}

type Carrying = Shared<BoxFuture<'static, ()>>;
type Way<E, Q, A> = Box<dyn Fn(E, Vec<Q>) -> BoxFuture<'static, Vec<Told<A>>> + Send + Sync>;

type Open<E, Q, A> = (Arc<Bundle<E, Q, A>>, Carrying);

pub(super) struct Gather<E, Q, A> {
    most: usize,
    crowd: Arc<Crowd>,
    pace: Arc<dyn Pace>,
    send: Way<E, Q, A>,
    /// The one that can still be joined.
    open: Mutex<Option<Open<E, Q, A>>>,
    on_their_way: AtomicUsize,
}

struct Bundle<E, Q, A> {
    since: Instant,
    /// For those who were elsewhere when it was opened.
    patience: Duration,
    members: Mutex<Vec<Member<E, Q, A>>>,
}

struct Member<E, Q, A> {
    question: Q,
    by: E,
    tell: oneshot::Sender<(Told<A>, bool)>,
}

/// A bundle on its way, until it is answered or nobody waits for it any more.
struct Flight<'a> {
    on_their_way: &'a AtomicUsize,
    crowd: &'a Crowd,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.on_their_way.fetch_sub(1, SeqCst);
        self.crowd.moved.notify_waiters();
    }
}

impl<E, Q, A> Gather<E, Q, A>
where
    E: Envoy,
    Q: Send + 'static,
    A: Send + 'static,
{
    /// `send` answers each in its place.
    pub(super) fn new(
        most: usize,
        (crowd, pace): (&Arc<Crowd>, &Arc<dyn Pace>),
        send: impl Fn(E, Vec<Q>) -> BoxFuture<'static, Vec<Told<A>>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            most,
            crowd: Arc::clone(crowd),
            pace: Arc::clone(pace),
            send: Box::new(send),
            open: Mutex::new(None),
            on_their_way: AtomicUsize::new(0),
        })
    }

    /// What it is told, and whether it is the first who hears of this request.
    pub(super) async fn ask(self: &Arc<Self>, question: Q, by: E) -> (Told<A>, bool) {
        let (tell, mut told) = oneshot::channel();
        let carrying = self.join(Member { question, by, tell });
        tokio::select! {
            biased;
            answer = &mut told => return answer.unwrap_or_else(|_| lost()),
            () = carrying => {}
        }
        told.await.unwrap_or_else(|_| lost())
    }

    fn join(self: &Arc<Self>, member: Member<E, Q, A>) -> Carrying {
        let mut open = lock(&self.open);
        let (bundle, carrying) = open.take().unwrap_or_else(|| self.begin());
        let members = {
            let mut members = lock(&bundle.members);
            members.push(member);
            members.len()
        };
        let mine = carrying.clone();
        if members < self.most {
            *open = Some((bundle, carrying));
        }
        drop(open);
        if members >= self.most || self.crowd.elsewhere() == 0 {
            self.crowd.moved.notify_waiters();
        }
        mine
    }

    fn begin(self: &Arc<Self>) -> Open<E, Q, A> {
        let others = u32::try_from(self.crowd.elsewhere()).unwrap_or(u32::MAX);
        let bundle = Arc::new(Bundle {
            since: self.pace.now(),
            patience: EACH.saturating_mul(others).min(MOST),
            members: Mutex::new(Vec::new()),
        });
        // Those in it keep the gathering; it keeps itself by nobody.
        let (gather, it): (Weak<Self>, _) = (Arc::downgrade(self), Arc::clone(&bundle));
        let carrying = async move {
            if let Some(gather) = gather.upgrade() {
                gather.carry(&it).await;
            }
        };
        (bundle, carrying.boxed().shared())
    }

    async fn carry(&self, bundle: &Arc<Bundle<E, Q, A>>) {
        loop {
            // Listening begins before looking.
            let mut moved = pin!(self.crowd.moved.notified());
            moved.as_mut().enable();
            let Some(wait) = self.wait(bundle) else { break };
            tokio::select! {
                () = moved => {}
                () = self.pace.sleep(wait) => {}
            }
        }
        // Whoever is not there any more, or comes too late, is not sent.
        let mut members = std::mem::take(&mut *lock(&bundle.members));
        members.retain(|member| !member.tell.is_closed());
        let slack = if members.len() > 1 { SLACK } else { Duration::ZERO };
        let (late, members): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|member| member.by.is_late(slack));
        for member in late {
            // Nobody is there to hear it: so be it.
            let _ = member.tell.send((Told::Answer(Err(CrmError::TooLate)), true));
        }
        let by: Vec<E> = members.iter().map(|member| member.by.clone()).collect();
        let Some(envoy) = E::for_all(&by) else { return };
        let (questions, tells): (Vec<Q>, Vec<_>) =
            members.into_iter().map(|member| (member.question, member.tell)).unzip();
        self.on_their_way.fetch_add(1, SeqCst);
        let flight = Flight { on_their_way: &self.on_their_way, crowd: &self.crowd };
        let told = (self.send)(envoy, questions).await;
        drop(flight);
        let mut first = true;
        for (tell, told) in tells.into_iter().zip(told) {
            first &= tell.send((told, first)).is_err();
        }
    }

    /// How long it waits yet; with `None` it leaves, and nobody can join it any more.
    fn wait(&self, bundle: &Arc<Bundle<E, Q, A>>) -> Option<Duration> {
        let mut open = lock(&self.open);
        // Full, it is open no more.
        open.as_ref().filter(|(open, _)| Arc::ptr_eq(open, bundle))?;
        let waited = self.pace.now().saturating_duration_since(bundle.since);
        let whole = if self.crowd.here() <= FEW {
            Duration::ZERO
        } else if self.on_their_way.load(SeqCst) > 0 {
            OVERDUE
        } else if self.crowd.elsewhere() == 0 {
            Duration::ZERO
        } else {
            bundle.patience
        };
        let left = whole.checked_sub(waited).filter(|left| !left.is_zero());
        if left.is_none() {
            *open = None;
        }
        left
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was sent was sent, and nobody says what became of it.
fn lost<A>() -> (Told<A>, bool) {
    let what = "the answer to many says nothing of it";
    (Told::Answer(Err(CrmError::Uncertain { what, status: None })), true)
}
