//! The model of deliveries and Postgres, side by side: the same calls in the same random order, and
//! the same answers, or the simulation proves nothing.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use tandem::{
    clock::Clock,
    db::{self, Scope, connections},
    domain::{
        ActivityId, Cause, ContactId, DeliveryId, DeliveryState, Fields, RemoteId,
        effect::{ActivityToMake, Effect, PersonToMake},
    },
    flows::deliver::{
        circuit::{Circuit, Heard},
        ground::{
            About, Begin, Begun, Change, Close, Commit, Desk, Learned, Link, Outcome, Store, Whose,
        },
        stored::Stored,
    },
};

use super::{
    super::machine::{Hazard, Simulated, World},
    book::{Book, Planted, Row},
    memory::Memory,
};
use crate::flows::stage::{Stage, slug};

/// Both stores, and what they answered.
struct Pair {
    stage: Stage,
    real: Stored,
    model: Memory,
    contact_id: ContactId,
    now: DateTime<Utc>,
}

/// What a caller can tell of a desk.
fn seen(desk: Option<&Desk>) -> String {
    let Some(desk) = desk else { return "nothing".to_owned() };
    let delivery = &desk.delivery;
    let open =
        desk.open.as_ref().map(|open| (open.n, open.effect.step(), open.sending, open.about));
    format!(
        "{:?} {:?} {:?} attempts {} looks {} next {:?} last {} remote {:?} {:?} remarks {:?} \
         open {open:?} closed {:?} person {:?} sent {:?} version {:?} circuit {:?} label {:?}",
        delivery.delivery_id,
        delivery.state,
        delivery.cause,
        delivery.attempts,
        delivery.looks,
        delivery.next_at,
        delivery.last,
        delivery.remote_id,
        delivery.organization,
        delivery.remarks,
        desk.closed,
        desk.person,
        desk.sent_activity,
        desk.activity.as_ref().map(|activity| activity.version),
        desk.circuit,
        desk.account.fields.as_ref().and_then(|fields| fields.label("Warm Lead")),
    )
}

impl Pair {
    async fn new(seed: u64) -> Self {
        let stage = Stage::of(1).await;
        let body = json!({ "full_name": "Ada", "warmness": 9 });
        let made = stage.acme.owner.browser.post("/api/contacts", body).await.expect(201);
        let contact_id = ContactId::from_uuid(made["id"].as_str().unwrap().parse().unwrap());
        let body = json!({ "contact_id": contact_id, "kind": "CALL" });
        stage.acme.owner.browser.post("/api/activities", body).await.expect(201);
        let mut tx = stage.hub.db.tenant_reading(stage.acme.id, Scope::All).await.unwrap();
        let connection = connections::find(&mut tx, slug()).await.unwrap().unwrap();
        drop(tx);
        let hub = stage.hub.hub.clone();
        let real = Stored::new(hub, stage.acme.id, connection, contact_id);
        let world = World::new(seed);
        let machine = Simulated {
            world,
            process: 1,
            hazard: Arc::new(Hazard::new(0, 0, 1)),
            mourner: Arc::new(|_| {}),
        };
        let now = DateTime::from_timestamp(Clock::system().now().timestamp(), 0).unwrap();
        let book = Arc::new(Mutex::new(Book::default()));
        let model = Memory { machine, book, contact_id, trouble: 0, planted: Planted::Nothing };
        let pair = Self { stage, real, model, contact_id, now };
        pair.copy().await;
        pair
    }

    /// The model starts from what Postgres has.
    async fn copy(&self) {
        let ids: Vec<(DeliveryId, Option<ActivityId>, i64)> =
            sqlx::query_as("select delivery_id, activity_id, seq from delivery order by seq")
                .fetch_all(&self.stage.hub.owner)
                .await
                .unwrap();
        let first = self.real.head().await.unwrap().unwrap();
        // The one behind it, seen alone.
        self.stage.sql("update delivery set state = 'dead' where seq = 1").await;
        let second = self.real.head().await.unwrap().unwrap();
        self.stage.sql("update delivery set state = 'queued' where seq = 1").await;
        let mut book = self.model.book();
        let contact = first.contact.clone().unwrap();
        book.contacts.insert(self.contact_id, (contact, None));
        let activity = second.activity.clone().unwrap();
        book.activities.insert(activity.activity_id, (self.contact_id, activity));
        for (desk, (id, _, seq)) in [first, second].into_iter().zip(ids) {
            book.rows.insert(id, Row { delivery: desk.delivery, seq });
        }
        book.fields = Some(Fields::default());
    }

    fn model<T>(&self, ask: impl AsyncFnOnce(Memory) -> T) -> T {
        let world = self.model.machine.world.clone();
        let memory = self.model.clone();
        let mut said = None;
        // The world runs the model's round trip to its end.
        run_local(&world, async { said = Some(ask(memory).await) });
        said.unwrap()
    }
}

/// Runs something that is not `Send` in a world of its own pace.
fn run_local(world: &World, work: impl Future<Output = ()>) {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..1_000 {
        if work.as_mut().poll(&mut context).is_ready() {
            return;
        }
        let pause = world.sleep(std::time::Duration::from_millis(5));
        world.start(0, pause);
        world.run();
    }
    panic!("a round trip of the model does not end");
}

fn effect(dice: &mut StdRng, desk: &Desk) -> (Effect, About) {
    match &desk.activity {
        None if dice.random_bool(0.2) => {
            (Effect::CreateLabel { name: "Warm Lead".into() }, About::default())
        }
        None => (Effect::CreatePerson(PersonToMake::default()), About::default()),
        Some(activity) => {
            // Sometimes of an older version.
            let version = activity.version - i32::from(dice.random_bool(0.2));
            let about =
                About { organization: None, activity: Some((activity.activity_id, version)) };
            (Effect::CreateActivity(ActivityToMake::default()), about)
        }
    }
}

fn change(dice: &mut StdRng, desk: &Desk, now: DateTime<Utc>) -> Change {
    let states = [
        DeliveryState::Queued,
        DeliveryState::Retrying,
        DeliveryState::Unknown,
        DeliveryState::Held,
        DeliveryState::Queued,
        DeliveryState::Retrying,
        DeliveryState::Failed,
        DeliveryState::Delivered,
    ];
    let most = if dice.random_bool(0.1) { states.len() } else { 6 };
    let at = dice.random_range(0..most);
    let cause = match states[at] {
        DeliveryState::Held => Some(Cause::Paused),
        DeliveryState::Retrying => Some(Cause::Down),
        _ => None,
    };
    Change {
        cause,
        attempts: desk.delivery.attempts + 1,
        looks: dice.random_range(0..3),
        next_at: dice.random_bool(0.5).then(|| now + TimeDelta::seconds(60)),
        remote_id: dice.random_bool(0.3).then(|| RemoteId("77".into())),
        ..Change::to(states[at], &desk.delivery)
    }
}

#[tokio::test]
async fn the_model_of_deliveries_and_postgres_answer_alike() {
    let rounds = if crate::harness::long() { 40 } else { 4 };
    let mut met = [0_u32; 3];
    for seed in 0..rounds {
        let pair = Pair::new(seed).await;
        let mut dice = StdRng::seed_from_u64(seed);
        let mut old: Option<Desk> = None;
        for step in 0..60 {
            let real = pair.real.head().await.unwrap();
            let model = pair.model(async |model: Memory| model.head().await.unwrap());
            assert_eq!(seen(real.as_ref()), seen(model.as_ref()), "seed {seed} step {step}");
            let Some(desk) = real else { break };
            // Somebody who looked before may act on that.
            let desk = match &old {
                Some(old) if dice.random_bool(0.2) => old.clone(),
                _ => desk,
            };
            old = Some(desk.clone());
            let now = pair.now + TimeDelta::seconds(step);
            match dice.random_range(0..10) {
                0..4 => {
                    let (effect, about) = effect(&mut dice, &desk);
                    let delivery = desk.delivery.clone();
                    let contact_at = desk.contact.as_ref().map(|contact| contact.updated_at);
                    let begin = Begin {
                        delivery: &delivery,
                        effect: &effect,
                        about,
                        contact_at,
                        words_at: None,
                        now,
                    };
                    let real = pair.real.begin(&begin).await.unwrap();
                    let (copy, of) = (delivery.clone(), effect.clone());
                    let model = pair.model(async move |model: Memory| {
                        let begin = Begin {
                            delivery: &copy,
                            effect: &of,
                            about,
                            contact_at,
                            words_at: None,
                            now,
                        };
                        model.begin(&begin).await.unwrap()
                    });
                    assert_eq!(real, model, "seed {seed} step {step} {begin:?}");
                    met[0] += u32::from(matches!(real, Begun::Yes(_)));
                }
                4..8 => {
                    let commit = some_commit(&mut dice, &desk, now);
                    let real = pair.real.commit(&commit).await.unwrap();
                    let copy = commit.clone();
                    let model =
                        pair.model(async move |model: Memory| model.commit(&copy).await.unwrap());
                    assert_eq!(real, model, "seed {seed} step {step} {commit:?}");
                    met[1] += u32::from(real);
                }
                8 => {
                    let closed = dice.random_bool(0.5);
                    pair.pause(closed, now).await;
                    met[2] += 1;
                }
                _ => {
                    let ids = [RemoteId("77".into()), RemoteId("5".into())];
                    let whose = Whose::Contact(pair.contact_id);
                    let real = pair.real.taken(whose, &ids).await.unwrap();
                    let model = pair
                        .model(async move |model: Memory| model.taken(whose, &ids).await.unwrap());
                    assert_eq!(real, model);
                    let circuit = Circuit::default().failed(now);
                    pair.real.set_circuit(circuit, now).await.unwrap();
                    pair.model(async move |model: Memory| {
                        model.set_circuit(circuit, now).await.unwrap();
                    });
                    let words = Learned::Fields { read: Fields::default(), known: None };
                    if dice.random_bool(0.3) {
                        pair.real.learn(&words).await.unwrap();
                        pair.model(async move |model: Memory| model.learn(&words).await.unwrap());
                    }
                }
            }
        }
    }
    assert!(met.iter().all(|times| *times > 5), "too little was tried: {met:?}");
}

fn some_commit(dice: &mut StdRng, desk: &Desk, now: DateTime<Utc>) -> Commit {
    let delivery = &desk.delivery;
    let outcomes =
        [Outcome::Done, Outcome::Absent, Outcome::Unsettled, Outcome::Unknown, Outcome::Refused];
    let close = desk.open.as_ref().filter(|_| dice.random_bool(0.8)).map(|open| Close {
        delivery_id: open.delivery_id,
        n: open.n,
        outcome: outcomes[dice.random_range(0..outcomes.len())],
        status: Some(200),
        remote_id: None,
        reason: None,
    });
    let links = if close.is_some() && dice.random_bool(0.5) {
        match desk.delivery.activity_id {
            None if dice.random_bool(0.5) => {
                vec![Link::Person { id: RemoteId("5".into()), made: None }]
            }
            None => vec![Link::Label { id: RemoteId("3".into()), name: "warm lead".into() }],
            Some(of) => vec![Link::Activity { id: RemoteId("9".into()), of, version: 1 }],
        }
    } else {
        Vec::new()
    };
    let mut change = change(dice, desk, now);
    if close.is_none() && desk.open.is_none() && change.state == DeliveryState::Unknown {
        change.state = DeliveryState::Retrying;
    }
    Commit {
        delivery_id: delivery.delivery_id,
        seen: (delivery.state, delivery.last),
        version: desk
            .activity
            .as_ref()
            .filter(|_| dice.random_bool(0.3))
            .map(|activity| (activity.activity_id, activity.version)),
        close,
        change,
        links,
        lane_until: None,
        heard: [None, None, Some(Heard::Failure), Some(Heard::Failure), Some(Heard::Answer)]
            [dice.random_range(0..5)],
        now,
    }
}

impl Pair {
    /// The connection is paused or resumed, with what waits at it.
    async fn pause(&self, closed: bool, now: DateTime<Utc>) {
        let id = self.connection_id().await;
        let mut tx = self.stage.hub.db.tenant(self.stage.acme.id, Scope::All).await.unwrap();
        let state = if closed { "paused" } else { "active" };
        connections::set_state(&mut tx, id, state, None).await.unwrap();
        if closed {
            db::deliveries::hold(&mut tx, id, Cause::Paused, now).await.unwrap();
        } else {
            db::deliveries::release(&mut tx, id, now).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.model.book().close(closed.then_some(Cause::Paused));
    }

    async fn connection_id(&self) -> tandem::domain::ConnectionId {
        sqlx::query_scalar("select connection_id from connection")
            .fetch_one(&self.stage.hub.owner)
            .await
            .unwrap()
    }
}
