//! Everything the stand-in remembers, behind one lock: no answer takes long.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use super::{
    super::{
        SandboxConfig,
        stage::{Backstage, post::Post},
    },
    accounts::{ORGS, Org},
    api::watch::Watch,
    control::mutate::Plan,
    limits::Limits,
    oauth::grants::Grants,
    records::{
        Module, Record,
        book::{Book, Mark, Sort, Step},
        fields::{self, Field},
        people::TAGS,
        population::Population,
    },
};

/// The stand-in as its endpoints see it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) url: String,
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
    /// What token answers and callbacks say instead of the stand-in's own address.
    pub(crate) api_domain: Option<String>,
    pub(crate) accounts_server: Option<String>,
    pub(crate) location: Option<String>,
}

/// What happens to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Created,
    Changed,
    Deleted,
}

/// A tag of contacts.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// What was made through the API since the start, in order.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) records: Vec<(Module, u64)>,
    pub(crate) tags: Vec<u64>,
    pub(crate) fields: Vec<String>,
}

/// One organization's data.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) org: &'static Org,
    pub(crate) population: Population,
    pub(crate) books: BTreeMap<Module, Book>,
    pub(crate) fields: BTreeMap<Module, Vec<Field>>,
    pub(crate) tags: Vec<Tag>,
    /// Positions of generated contacts by address in small letters; made when first asked for.
    by_email: Option<HashMap<String, Vec<u64>>>,
    last_meta: u64,
    /// Contact lists answered since the start or the last reset.
    pub(crate) lists: u64,
    /// Changes that wait for a page to be answered.
    pub(crate) planned: Vec<Plan>,
    pub(crate) mutations: Vec<Value>,
    pub(crate) made: Made,
    /// The search index knows nothing of what was made or changed less than that ago.
    pub(crate) search_lag: Duration,
    /// Channels by their numbers.
    pub(crate) watches: BTreeMap<u64, Watch>,
    /// What happened since apps were told.
    pub(crate) news: Vec<(Module, u64, What)>,
    /// Contacts may not share an address, as organizations can choose.
    pub(crate) unique_email: bool,
}

impl Desk {
    pub(crate) fn new(url: &str, config: SandboxConfig) -> Self {
        let world = Mutex::new(World::new(&config, 0));
        let post = Post::default();
        Self { url: url.to_owned(), config, post, world, resets: AtomicU64::new(0) }
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
        let accounts = ORGS.iter().map(|org| (org.id, Account::new(org, config)));
        Self {
            accounts: accounts.collect(),
            grants: Grants::new(config, life),
            limits: Limits::new(config),
            backstage: Backstage::new(config.latency),
            api_domain: config.api_domain.clone(),
            accounts_server: None,
            location: None,
        }
    }
}

impl Account {
    fn new(org: &'static Org, config: &SandboxConfig) -> Self {
        let sizes = [config.persons, config.organizations, config.deals];
        let population = Population::new(org, sizes, config.seed);
        let book = |module| (module, Book::new(population.roll(module)));
        let tag = |(nth, name): (usize, &&str)| Tag {
            id: org.base + 3_000_001 + nth as u64,
            name: (*name).to_owned(),
        };
        Self {
            org,
            books: Module::ALL.map(book).into(),
            fields: Module::ALL.map(|module| (module, fields::of(module, org.base))).into(),
            tags: TAGS.iter().enumerate().map(tag).collect(),
            by_email: None,
            last_meta: org.base + 4_000_000,
            lists: 0,
            planned: vec![],
            mutations: vec![],
            made: Made::default(),
            search_lag: Duration::ZERO,
            watches: BTreeMap::new(),
            news: vec![],
            unique_email: false,
            population,
        }
    }

    /// An id for something that is no record.
    pub(crate) fn next_meta(&mut self) -> u64 {
        self.last_meta += 1;
        self.last_meta
    }

    pub(crate) fn book(&self, module: Module) -> &Book {
        &self.books[&module]
    }

    /// A record whether deleted or not; `None` when it was purged or never was.
    pub(crate) fn get(&self, module: Module, id: u64) -> Option<Record> {
        let book = self.book(module);
        match book.change(id) {
            Some(record) => Some(record.clone()),
            None => self.population.make(module, book.roll.index(id)?),
        }
    }

    pub(crate) fn living(&self, module: Module, id: u64) -> Option<Record> {
        self.get(module, id).filter(|record| record.deleted.is_none())
    }

    pub(crate) fn put(&mut self, module: Module, record: Record) {
        let old = self.get(module, record.id);
        let was_gone = old.as_ref().is_some_and(|old| old.deleted.is_some());
        let what = match (record.deleted.is_some(), old.is_some()) {
            (true, _) => What::Deleted,
            (false, true) => What::Changed,
            (false, false) => What::Created,
        };
        if !was_gone {
            self.news.push((module, record.id, what));
        }
        if let Some(book) = self.books.get_mut(&module) {
            book.put(record);
        }
    }

    pub(crate) fn next_id(&mut self, module: Module) -> u64 {
        self.books.get_mut(&module).map_or(0, Book::next_id)
    }

    pub(crate) fn fields(&self, module: Module) -> &[Field] {
        &self.fields[&module]
    }

    pub(crate) fn field(&self, module: Module, name: &str) -> Option<&Field> {
        self.fields(module).iter().find(|field| field.api_name == name)
    }

    /// All living records after a mark, in an order.
    pub(crate) fn walk(
        &self,
        module: Module,
        sort: Sort,
        after: Option<Mark>,
    ) -> impl Iterator<Item = (Mark, Record)> + '_ {
        let book = self.book(module);
        let record = move |(mark, step)| {
            let record = match step {
                Step::Generated(index) => self.population.make(module, index)?,
                Step::Changed(id) => book.change(id)?.clone(),
            };
            record.deleted.is_none().then_some((mark, record))
        };
        book.walk(sort, after).filter_map(record)
    }

    /// Makes [`Self::contacts_with`] quick.
    pub(crate) fn learn_addresses(&mut self) {
        let population = &self.population;
        self.by_email.get_or_insert_with(|| {
            let mut index: HashMap<String, Vec<u64>> = HashMap::new();
            for position in 0..population.contacts.living {
                for address in addresses(&population.contact(position)) {
                    index.entry(address).or_default().push(position);
                }
            }
            index
        });
    }

    /// Living contacts with an address, in small letters; in the order of their ids.
    pub(crate) fn contacts_with(&self, email: &str) -> Vec<Record> {
        let book = self.book(Module::Contacts);
        let known = self.by_email.as_ref().and_then(|index| index.get(email));
        let generated = known.into_iter().flatten().map(|&at| self.population.contact(at));
        let generated = generated.filter(|record| book.change(record.id).is_none());
        let has = |record: &&Record| addresses(record).any(|address| address == email);
        let mut found: Vec<Record> = generated.chain(book.changes().filter(has).cloned()).collect();
        found.retain(|record| record.deleted.is_none());
        found.sort_by_key(|record| record.id);
        found
    }
}

/// The addresses of a contact in small letters.
pub(crate) fn addresses(record: &Record) -> impl Iterator<Item = String> + '_ {
    ["Email", "Secondary_Email"]
        .into_iter()
        .filter_map(|key| Some(record.text(key)?.to_lowercase()))
}
