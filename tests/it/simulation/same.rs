//! The models of the simulation and Postgres, side by side: the same calls in the same random order,
//! and the same answers, or the simulation proves nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use secrecy::ExposeSecret as _;
use tandem::{
    connectors::{CrmError, Grant},
    db::{self, Scope, runs::Advance},
    domain::intake::Counts,
    flows::tokens::{
        ground::{Begun, End, Reach, TokenStore, Trouble},
        stored::Stored,
    },
};

use super::{
    machine::{Hazard, Simulated, World},
    provider::{Provider, Rotation},
    runs::RunRow,
    store::{Memory, Planted, Row},
};
use crate::connections::Rig;

/// What a caller can tell from an answer, as words.
fn seen<T: std::fmt::Debug>(answer: &Result<T, Trouble>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(Trouble::Crm(CrmError::Suspended { .. })) => "suspended".to_owned(),
        Err(Trouble::Crm(error)) => format!("{error:?}"),
        Err(Trouble::Db(error)) => panic!("{error}"),
    }
}

fn begun<S>(answer: Result<Option<Begun<S>>, Trouble>) -> (String, Option<Begun<S>>) {
    match answer {
        Ok(Some(begun)) => {
            let candidates: Vec<_> = begun
                .candidates
                .iter()
                .map(|candidate| (candidate.token.expose_secret().to_owned(), candidate.orphan))
                .collect();
            let missed = begun.missed.is_some();
            (format!("{} {candidates:?} {missed}", begun.lease), Some(begun))
        }
        Ok(None) => ("none".to_owned(), None),
        Err(error) => (seen::<()>(&Err(error)), None),
    }
}

async fn looked(store: &impl TokenStore) -> String {
    let answer = store.look().await.map(|seen| {
        (seen.token.secret.expose_secret().to_owned(), seen.token.generation, seen.unanswered)
    });
    seen(&answer)
}

/// Runs a future of the model to its end.
fn model<T: Send + 'static>(world: &World, work: impl Future<Output = T> + Send + 'static) -> T {
    let place: Arc<Mutex<Option<T>>> = Arc::default();
    let answer = Arc::clone(&place);
    world.start(0, async move {
        let done = work.await;
        *answer.lock().unwrap() = Some(done);
    });
    world.run();
    place.lock().unwrap().take().expect("it came to an end")
}

fn memory(rig: &Rig, access: u64, refresh: u64) -> Memory {
    let world = World::new(1);
    let machine = Simulated {
        world: world.clone(),
        process: 1,
        hazard: Arc::new(Hazard::new(0, 0, 1)),
        mourner: Arc::new(|_| {}),
    };
    let provider = Provider {
        world: world.clone(),
        process: 1,
        truth: Arc::default(),
        rotation: Rotation::Punishing,
        trouble: 0,
        answer_within: Duration::from_secs(20),
        lease: Duration::from_secs(50),
        volume: 0,
    };
    let row = Row {
        state: "active",
        reason: String::new(),
        generation: 1,
        access,
        refresh,
        expires: world.wall(),
        lease: 0,
        until: None,
        attempts: BTreeMap::new(),
    };
    Memory {
        machine,
        row: Arc::new(Mutex::new(row)),
        spool: Arc::default(),
        life: (0, 1, 0),
        dead: Arc::default(),
        provider,
        lease: Duration::from_secs(50),
        base: rig.provider().endpoints.default_api_base().clone(),
        trouble: 0,
        planted: Planted::Nothing,
    }
}

/// What lies behind the answers: state, generation, lease, and how each attempt ended.
type Rows = (String, i64, i64, Vec<String>);

async fn kept(rig: &Rig) -> Rows {
    sqlx::query_as(
        "select state, token_gen, lease_gen,
           (select coalesce(array_agg(outcome || (orphan is not null) order by lease_gen), '{}')
            from refresh_attempt)
         from connection",
    )
    .fetch_one(&rig.hub.owner)
    .await
    .unwrap()
}

fn remembered(fake: &Memory) -> Rows {
    let row = fake.row();
    let outcomes =
        row.attempts.values().map(|one| format!("{}{}", one.outcome, one.orphan.is_some()));
    (row.state.to_owned(), row.generation, row.lease, outcomes.collect())
}

#[tokio::test]
async fn the_model_of_the_token_store_does_what_postgres_does() {
    let rig = Rig::connected().await;
    let mut dice = StdRng::seed_from_u64(20_261_120);
    let real = Stored::new(
        Arc::clone(&rig.hub.hub),
        rig.acme.id,
        rig.connection_id().await,
        rig.provider(),
    );
    let (mut number, mut compared) = (10, 0);
    for _ in 0..40 {
        // Both begin the same: a first answer is stored as a refresh stores it.
        rig.owner(
            "update connection set state = 'active', state_reason = null, lease_until = null",
        )
        .await;
        rig.owner("delete from refresh_attempt").await;
        let generation: i64 = rig.hub.value("select token_gen from connection").await;
        let first = real.begin(generation, Reach::Active).await.unwrap().unwrap();
        let grant = |access: u64, refresh: u64| Grant {
            access_token: access.to_string().into(),
            refresh_token: Some(refresh.to_string().into()),
            expires_in: Duration::from_hours(1),
            scopes: vec![],
            api_domain: None,
        };
        number += 2;
        let sealed = real.seal(&first, &grant(number, number + 1), &first.candidates[0].token);
        real.store(&sealed.unwrap()).await.unwrap();
        let fake = memory(&rig, number, number + 1);
        {
            let mut row = fake.row();
            (row.generation, row.lease) = (generation + 1, first.lease);
        }
        rig.owner("delete from refresh_attempt").await;
        let world = fake.machine.world.clone();
        let mut open = Vec::new();
        let mut story = Vec::new();
        for _ in 0..14 {
            let now = generation + 1 + i64::from(dice.random_range(0..10_u8) == 0);
            let step = dice.random_range(0..9_u8);
            let (one, two) = match step {
                0..=2 => {
                    let reach = [Reach::Dead, Reach::Active, Reach::Unasked][usize::from(step)];
                    let seen = rig.hub.value::<i64>("select token_gen from connection").await;
                    let seen = if dice.random_range(0..8_u8) == 0 { now + 5 } else { seen };
                    let (one, real_right) = begun(real.begin(seen, reach).await);
                    let other = fake.clone();
                    let (two, fake_right) =
                        begun(model(&world, async move { other.begin(seen, reach).await }));
                    if let (Some(a), Some(b)) = (real_right, fake_right) {
                        open.push((a, b));
                    }
                    (format!("begin {one}"), format!("begin {two}"))
                }
                3..=5 if !open.is_empty() => {
                    let at = dice.random_range(0..open.len());
                    let (a, b) = &open[at];
                    number += 2;
                    let grant = grant(number, number + 1);
                    let sealed = real.seal(a, &grant, &a.candidates[0].token).unwrap();
                    let one = real.store(&sealed).await.unwrap();
                    let sealed = fake.seal(b, &grant, &b.candidates[0].token).unwrap();
                    let other = fake.clone();
                    let two = model(&world, async move { other.store(&sealed).await }).unwrap();
                    (format!("store {one:?}"), format!("store {two:?}"))
                }
                6 if !open.is_empty() => {
                    let (a, b) = open.swap_remove(dice.random_range(0..open.len()));
                    let end = match dice.random_range(0..4_u8) {
                        0 => End::Unknown,
                        1 => End::Ours,
                        _ => End::Dead {
                            orphans: a.candidates.iter().filter_map(|one| one.orphan).collect(),
                            reason: "dead".to_owned(),
                        },
                    };
                    let one = real.refuse(&a, &end).await.unwrap();
                    let other = fake.clone();
                    let two = model(&world, async move { other.refuse(&b, &end).await }).unwrap();
                    (format!("refuse {one:?}"), format!("refuse {two:?}"))
                }
                7 => {
                    // The lease of a dead holder runs out.
                    rig.owner("update connection set lease_until = now() - interval '1 s'").await;
                    let past = world.wall() - TimeDelta::seconds(1);
                    fake.row().until = Some(past);
                    ("late".to_owned(), "late".to_owned())
                }
                _ => {
                    let other = fake.clone();
                    (looked(&real).await, model(&world, async move { looked(&other).await }))
                }
            };
            story.push(one.clone());
            assert_eq!(one, two, "after {story:#?}");
            assert_eq!(kept(&rig).await, remembered(&fake), "after {story:#?}");
            compared += 1;
        }
    }
    println!("{compared} steps compared");
}

#[tokio::test]
async fn the_model_of_a_run_does_what_postgres_does() {
    let rig = Rig::connected().await;
    let connection_id = rig.connection_id().await;
    let mut dice = StdRng::seed_from_u64(7);
    let soon: DateTime<Utc> = rig.hub.clock.now();
    for story in 0..30 {
        let mut fake = RunRow::new();
        let mut tx = rig.hub.tenant(&rig.acme).await;
        let new = db::runs::NewRun {
            connection_id,
            provider: "p",
            mode: "full",
            ids: None,
            updated_since: None,
            requested_by: None,
            estimate: None,
            phase: "users",
            by_hook: false,
            by_clock: false,
            dedup: &story.to_string(),
        };
        let (run_id, _) = db::runs::start(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..20 {
            let mut tx = rig.hub.db.tenant(rig.acme.id, Scope::All).await.unwrap();
            let page = fake.page + i32::from(dice.random_range(0..8_u8) == 0);
            let (one, two) = match dice.random_range(0..7_u8) {
                0 | 1 => {
                    let real = db::runs::take_up(&mut tx, run_id).await.unwrap();
                    (format!("{real:?}"), format!("{:?}", fake.take_up()))
                }
                2 | 3 => {
                    let phase = ["organizations", "persons"][dice.random_range(0..2_usize)];
                    let cursor = dice.random_bool(0.5).then(|| "5".to_owned());
                    let counts = Counts { seen: 7, created: 4, unchanged: 3, ..Counts::default() };
                    let by =
                        Advance { phase, cursor: cursor.as_deref(), counts, ..Advance::default() };
                    let real = db::runs::advance(&mut tx, run_id, page, &by).await;
                    let fake = fake.advance(page, phase, cursor, [4, 3]);
                    (format!("{:?}", real.ok()), format!("{:?}", fake.ok()))
                }
                4 => {
                    let ends = ["completed", "failed", "cancelled"];
                    let state = ends[dice.random_range(0..3_usize)];
                    let hold = db::runs::Hold { page, attempts: fake.attempts };
                    let real =
                        db::runs::end(&mut tx, run_id, hold, state, Some("why"), (0, 0)).await;
                    let ended = fake.end((page, fake.attempts), state, "why");
                    (format!("{:?}", real.unwrap()), format!("{ended:?}"))
                }
                5 => {
                    if dice.random_bool(0.5) {
                        let hold = db::runs::Hold { page, attempts: fake.attempts };
                        let real = db::runs::wait(&mut tx, run_id, hold, soon, "later", (0, 0));
                        let real = real.await.unwrap();
                        assert_eq!(real, fake.wait((page, fake.attempts), soon, "later"));
                    } else {
                        db::runs::cancel(&mut tx, run_id).await.unwrap();
                        fake.cancel();
                    }
                    (String::new(), String::new())
                }
                _ => {
                    let real = db::runs::resume(&mut tx, run_id).await.unwrap();
                    (format!("{real:?}"), format!("{:?}", fake.resume()))
                }
            };
            assert_eq!(one, two);
            let run = db::runs::get(&mut tx, run_id).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            assert_eq!(run.state, fake.state);
            assert_eq!(run.state_reason.unwrap_or_default(), fake.reason);
            assert_eq!(run.waiting_until.is_some(), fake.waiting_until.is_some());
            assert_eq!((run.phase.as_str(), run.cursor), (fake.phase, fake.cursor.clone()));
            assert_eq!((run.page, run.attempts), (fake.page, fake.attempts));
            assert_eq!(
                (run.seen, run.created, run.unchanged),
                (fake.seen, fake.created, fake.unchanged)
            );
            assert_eq!(run.cancel_requested, fake.cancel_requested);
        }
    }
}
