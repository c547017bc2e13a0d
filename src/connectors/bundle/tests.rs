//! The gathering by itself: its CRM is a closure, its time is counted.

use std::{
    sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst},
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, join_all, poll_immediate},
};
use tokio::sync::Notify;

use super::{
    crowd::{Crowd, Place},
    gather::{Envoy, FEW, Gather},
    room::whole,
    *,
};
use crate::connectors::Writer;

/// Who asks: how much time they have left, in milliseconds.
#[derive(Debug, Clone)]
struct Asker(i64);

impl Envoy for Asker {
    fn is_late(&self, slack: Duration) -> bool {
        self.0 < i64::try_from(slack.as_millis()).unwrap()
    }

    fn for_all(all: &[Self]) -> Option<Self> {
        all.iter().map(|one| one.0).min().map(Self)
    }
}

/// Time that only passes while somebody sleeps.
struct Slept {
    begun: Instant,
    ms: AtomicI64,
}

#[async_trait]
impl Pace for Slept {
    fn now(&self) -> Instant {
        self.begun + Duration::from_millis(self.ms.load(SeqCst).unsigned_abs())
    }

    async fn sleep(&self, wait: Duration) {
        // The others come first.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.ms.fetch_add(i64::try_from(wait.as_millis()).unwrap() + 1, SeqCst);
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

type Numbers = Arc<Gather<Asker, u32, u32>>;
type Asked = Arc<Mutex<Vec<(i64, Vec<u32>)>>>;

/// A CRM that doubles what it is asked.
struct Crm {
    crowd: Arc<Crowd>,
    pace: Arc<Slept>,
    gather: Numbers,
    /// What it was asked, request by request, with the hurry that each was in.
    asked: Asked,
    /// Answers wait for it.
    answer: Arc<Notify>,
    silent: Arc<AtomicUsize>,
}

impl Crm {
    fn of(most: usize) -> Self {
        let crowd = Arc::new(Crowd::default());
        let pace = Arc::new(Slept { begun: Instant::now(), ms: AtomicI64::new(0) });
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, silent) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let log = (Arc::clone(&asked), Arc::clone(&answer), Arc::clone(&silent));
        let time: Arc<dyn Pace> = Arc::<Slept>::clone(&pace);
        let gather = Gather::new(most, (&crowd, &time), move |by: Asker, numbers: Vec<u32>| {
            let (asked, answer, silent) = log.clone();
            async move {
                asked.lock().unwrap().push((by.0, numbers.clone()));
                if silent.load(SeqCst) > 0 {
                    silent.fetch_sub(1, SeqCst);
                    answer.notified().await;
                }
                let told = |number| match number {
                    13 => Told::Answer(Err(CrmError::Missing)),
                    14 => Told::Alone,
                    other => Told::Answer(Ok(2 * other)),
                };
                numbers.into_iter().map(told).collect()
            }
            .boxed()
        });
        Self { crowd, pace, gather, asked, answer, silent }
    }

    fn guests(&self, count: usize) -> Vec<Place> {
        (0..count).map(|_| Place::take(&self.crowd)).collect()
    }

    fn ask<'a>(&'a self, guest: &'a Place, number: u32) -> BoxFuture<'a, Told<u32>> {
        self.hurried(guest, number, i64::MAX)
    }

    fn hurried<'a>(&'a self, guest: &'a Place, number: u32, ms: i64) -> BoxFuture<'a, Told<u32>> {
        async move {
            let _asking = guest.asks();
            self.gather.ask(number, Asker(ms)).await.0
        }
        .boxed()
    }

    fn requests(&self) -> Vec<Vec<u32>> {
        self.asked.lock().unwrap().iter().map(|(_, numbers)| numbers.clone()).collect()
    }
}

#[tokio::test]
async fn a_lone_one_goes_at_once_and_so_do_a_few() {
    let crm = Crm::of(200);
    let guests = crm.guests(FEW);
    for guest in &guests {
        // Without a moment of waiting, though the others may still come.
        assert_eq!(poll_immediate(crm.ask(guest, 4)).await, Some(Told::Answer(Ok(8))));
    }
    assert_eq!(crm.requests(), [[4], [4], [4], [4]]);
    assert_eq!(crm.pace.ms.load(SeqCst), 0);
}

#[tokio::test]
async fn many_go_together_in_their_order_and_each_hears_its_own() {
    let crm = Crm::of(200);
    let guests = crm.guests(40);
    let all = guests.iter().zip(0..).map(|(guest, number)| crm.ask(guest, number));
    let told = join_all(all).await;
    for (number, told) in (0..).zip(told) {
        let own = match number {
            13 => Told::Answer(Err(CrmError::Missing)),
            14 => Told::Alone,
            other => Told::Answer(Ok(2 * other)),
        };
        assert_eq!(told, own, "{number}");
    }
    assert_eq!(crm.requests(), [(0..40).collect::<Vec<u32>>()]);
    assert_eq!(crm.pace.ms.load(SeqCst), 0, "when all are here nobody is waited for");
}

#[tokio::test]
async fn no_request_holds_more_than_the_crm_takes() {
    let crm = Crm::of(16);
    let guests = crm.guests(40);
    let told =
        join_all(guests.iter().zip(100..).map(|(guest, number)| crm.ask(guest, number))).await;
    assert!(told.iter().zip(100..).all(|(told, own)| *told == Told::Answer(Ok(2 * own))));
    let mut sizes: Vec<usize> = crm.requests().iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [8, 16, 16]);
}

#[tokio::test]
async fn those_who_are_elsewhere_are_waited_for_a_moment_and_not_for_ever() {
    let crm = Crm::of(200);
    let guests = crm.guests(21);
    let told = join_all(guests[..10].iter().map(|guest| crm.ask(guest, 3))).await;
    assert_eq!(told.len(), 10);
    assert_eq!(crm.requests().len(), 1);
    let waited = crm.pace.ms.load(SeqCst);
    assert!((50..200).contains(&waited), "{waited} ms for those who did not come");
}

#[tokio::test]
async fn while_one_is_on_its_way_the_next_gather_and_one_that_takes_long_is_overtaken() {
    let crm = Crm::of(200);
    let guests = crm.guests(12);
    crm.silent.store(1, SeqCst);
    let (first, rest) = guests.split_at(6);
    let mut slow = join_all(first.iter().map(|guest| crm.ask(guest, 1)));
    while crm.requests().is_empty() {
        assert!(poll_immediate(&mut slow).await.is_none());
        tokio::task::yield_now().await;
    }
    let begun = crm.pace.ms.load(SeqCst);
    let mut next = join_all(rest.iter().map(|guest| crm.ask(guest, 2)));
    // Those on their way wait for an answer that does not come; the others for a while.
    let mut told = None;
    for _ in 0..2_000 {
        assert!(poll_immediate(&mut slow).await.is_none());
        told = poll_immediate(&mut next).await;
        if told.is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(told.unwrap(), vec![Told::Answer(Ok(4)); 6]);
    assert_eq!(crm.requests(), [vec![1; 6], vec![2; 6]]);
    assert!(crm.pace.ms.load(SeqCst) - begun >= 1_500, "it was not waited for");
    crm.answer.notify_one();
    assert_eq!(slow.await, vec![Told::Answer(Ok(2)); 6]);
}

#[tokio::test]
async fn whoever_goes_before_it_leaves_is_not_in_it_and_whoever_goes_later_takes_nobody_along() {
    let crm = Crm::of(200);
    let guests = crm.guests(8);
    let mut all: Vec<_> =
        guests.iter().zip(50..).map(|(guest, number)| crm.ask(guest, number)).collect();
    // The first opens the bundle, and is gone before the others come.
    assert!(poll_immediate(&mut all[0]).await.is_none());
    drop(all.remove(0));
    crm.silent.store(1, SeqCst);
    let mut others = join_all(all.split_off(1));
    let mut second = all.remove(0);
    for _ in 0..2_000 {
        assert!(poll_immediate(&mut second).await.is_none());
        assert!(poll_immediate(&mut others).await.is_none());
        if !crm.requests().is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(crm.requests(), [(51..58).collect::<Vec<u32>>()]);
    // The one whose request it was goes away while it is on its way.
    drop(second);
    crm.answer.notify_one();
    assert_eq!(others.await, (52..58).map(|own| Told::Answer(Ok(2 * own))).collect::<Vec<_>>());
    assert_eq!(crm.requests().len(), 1);
}

#[tokio::test]
async fn who_has_no_time_left_goes_anew_and_the_request_is_in_the_hurry_of_the_most_hurried() {
    let crm = Crm::of(200);
    let guests = crm.guests(6);
    let hurries = [4_000, 100, 3_000, -5, 5_000, 4_500];
    let all = guests.iter().zip(hurries).map(|(guest, ms)| crm.hurried(guest, 7, ms));
    let told = join_all(all).await;
    let late = Told::Answer(Err(CrmError::TooLate));
    let fine = Told::Answer(Ok(14));
    let own: Vec<_> = hurries.map(|ms| if ms < 500 { late.clone() } else { fine.clone() }).into();
    assert_eq!(told, own);
    assert_eq!(*crm.asked.lock().unwrap(), [(3_000, vec![7; 4])]);
}

#[tokio::test]
async fn an_answer_that_leaves_some_out_leaves_them_in_doubt() {
    let crowd = Arc::new(Crowd::default());
    let pace: Arc<dyn Pace> = Arc::new(RealPace);
    let gather: Numbers = Gather::new(200, (&crowd, &pace), |_, numbers: Vec<u32>| {
        async move { numbers.into_iter().take(3).map(|one| Told::Answer(Ok(one))).collect() }
            .boxed()
    });
    let guests: Vec<Place> = (0..5).map(|_| Place::take(&crowd)).collect();
    let all = guests.iter().map(async |guest| {
        let _asking = guest.asks();
        gather.ask(1, Asker(9_000)).await
    });
    let (told, first): (Vec<_>, Vec<bool>) = join_all(all).await.into_iter().unzip();
    assert_eq!(first[..3], [true, false, false], "one hears of a request first");
    let lost = |told: &Told<u32>| matches!(told, Told::Answer(Err(CrmError::Uncertain { .. })));
    assert_eq!(told.iter().filter(|told| lost(told)).count(), 2);
    assert_eq!(told[0], Told::Answer(Ok(1)));
}

#[tokio::test]
async fn what_all_are_refused_each_asks_alone_and_what_all_wait_for_they_wait_for() {
    let refused = CrmError::unsent("it is too large", vec![]);
    assert_eq!(whole::<()>(&refused, 3), vec![Told::Alone; 3]);
    assert_eq!(whole::<()>(&refused, 1), [Told::Answer(Err(refused.clone()))]);
    let lost = CrmError::Uncertain { what: "no answer in time", status: None };
    assert_eq!(whole::<()>(&lost, 2), vec![Told::Answer(Err(lost.clone())); 2]);
}

/// A connection's room is its own, and ends with its last guest.
#[tokio::test]
async fn guests_meet_in_a_room_of_one_grant_and_nowhere_else() {
    let rooms = Rooms::default();
    let all = crate::connectors::all().iter().copied();
    let takes = |writer: &dyn Writer| writer.many().is_some();
    let connector = all.into_iter().find(|one| one.writer().is_some_and(takes));
    let connector = connector.expect("a CRM takes many");
    let own = Tenancy {
        company_id: CompanyId::fresh(),
        connection_id: ConnectionId::fresh(),
        account: "7001".into(),
        user: "1".into(),
        since: DateTime::UNIX_EPOCH,
    };
    let enter = |of: &Tenancy| rooms.enter(of.clone(), connector).unwrap();
    let (one, two) = (enter(&own), enter(&own));
    assert!(Arc::ptr_eq(&one.room, &two.room));
    // The same account, user and moment, seen from elsewhere or with another consent.
    for other in [
        Tenancy { company_id: CompanyId::fresh(), ..own.clone() },
        Tenancy { connection_id: ConnectionId::fresh(), ..own.clone() },
        Tenancy { user: "2".into(), ..own.clone() },
        Tenancy { since: DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1), ..own.clone() },
    ] {
        assert!(!Arc::ptr_eq(&one.room, &enter(&other).room), "{other:?}");
    }
    assert_eq!(one.room.crowd.here(), 2);
    let gone = Arc::downgrade(&one.room);
    drop((one, two));
    assert!(gone.upgrade().is_none());
}
