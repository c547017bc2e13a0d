//! Everything the stand-in remembers, behind one lock: no answer takes long.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::sandbox::{
    SandboxConfig,
    stage::{Backstage, clock, post::Post},
};

use super::{
    accounts::{PORTALS, Portal},
    control::mutate::{Mutation, Plan},
    events::Target,
    limits::Limits,
    oauth::grants::Grants,
    records::{
        book::Book,
        kind::Kind,
        population,
        properties::{Property, defined},
        record::{Millis, Record},
    },
};

/// The stand-in as its endpoints see it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) config: SandboxConfig,
    pub(crate) post: Post,
    world: Mutex<World>,
    resets: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) accounts: BTreeMap<u64, Account>,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    pub(crate) backstage: Backstage,
    /// Where the app is told of all portals, as set at its own pages.
    pub(crate) target: Option<Target>,
}

/// One portal's data.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) portal: &'static Portal,
    pub(crate) book: Book,
    properties: [Vec<Property>; 8],
    /// Properties of contacts that only one may have a value of, `email` aside.
    unique: Vec<String>,
    /// Pages of contacts answered since the start or the last reset.
    pub(crate) pages: u64,
    /// Changes that wait for a page to be answered.
    pub(crate) planned: Vec<Plan>,
    pub(crate) mutations: Vec<Mutation>,
    /// The search index knows nothing of what was made or changed less than that ago.
    pub(crate) search_lag: Duration,
}

impl Desk {
    pub(crate) fn new(config: SandboxConfig) -> Self {
        let world = Mutex::new(World::new(&config, 0));
        Self { config, post: Post::default(), world, resets: AtomicU64::new(0) }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A handler that panicked left at worst a half-made change; tests want the next answer.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reset(&self) {
        let life = self.resets.fetch_add(1, Ordering::Relaxed) + 1;
        *self.world() = World::new(&self.config, life);
    }
}

impl World {
    fn new(config: &SandboxConfig, life: u64) -> Self {
        let accounts = PORTALS.iter().map(|portal| (portal.id, Account::new(portal, config)));
        Self {
            accounts: accounts.collect(),
            grants: Grants::new(config, life),
            limits: Limits::default(),
            backstage: Backstage::new(config.latency),
            target: config.webhook.as_deref().and_then(|url| Target::of(url, config)),
        }
    }
}

impl Account {
    fn new(portal: &'static Portal, config: &SandboxConfig) -> Self {
        let mut book = Book::default();
        let sizes = [config.persons, config.organizations, config.deals];
        population::fill(&mut book, portal, sizes, config.seed);
        Self {
            portal,
            book,
            properties: Kind::ALL.map(defined),
            unique: vec![],
            pages: 0,
            planned: vec![],
            mutations: vec![],
            search_lag: Duration::ZERO,
        }
    }

    pub(crate) fn properties(&self, kind: Kind) -> &[Property] {
        &self.properties[kind as usize]
    }

    pub(crate) fn property(&self, kind: Kind, name: &str) -> Option<&Property> {
        self.properties(kind).iter().find(|property| property.name == name)
    }

    pub(crate) fn properties_mut(&mut self, kind: Kind) -> &mut Vec<Property> {
        &mut self.properties[kind as usize]
    }

    pub(crate) fn define(&mut self, kind: Kind, property: Property) {
        if kind == Kind::Contacts && property.unique {
            self.unique.push(property.name.clone());
        }
        self.properties_mut(kind).push(property);
    }

    /// Writes a record and notes when.
    pub(crate) fn put(&mut self, kind: Kind, mut record: Record) {
        record.written = Some(Instant::now());
        self.book.put(kind, record, &self.unique);
    }

    pub(crate) fn archive(&mut self, kind: Kind, id: u64, now: Millis) -> bool {
        self.book.archive(kind, id, now, &self.unique)
    }

    pub(crate) fn merge(&mut self, from: u64, into: u64, now: Millis) -> bool {
        self.book.merge(from, into, now, &self.unique)
    }
}

pub(crate) fn now() -> Millis {
    i64::try_from(clock::now_ms()).unwrap_or(i64::MAX)
}
