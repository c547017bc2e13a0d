//! Everything the stand-in remembers, behind one lock: no answer takes long.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::sandbox::SandboxConfig;

use super::{
    super::stage::{Backstage, post::Post},
    accounts::{COMPANIES, Company, User},
    api::{notes::Note, persons, webhooks::Webhook},
    control::mutate::{Mutation, Plan},
    ledger::Made,
    limits::Limits,
    oauth::grants::Grants,
    records::{
        activities::Activity,
        book::{Book, Record},
        deals::Deal,
        fields::{Field, Of},
        organizations::Organization,
        persons::Person,
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
    /// Who installed and uninstalled from here, in order.
    pub(crate) marketplace: Vec<serde_json::Value>,
    /// What the next token answer says about the API's address.
    pub(crate) api_domain: Option<String>,
}

/// One company's data.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) company: &'static Company,
    pub(crate) population: Population,
    pub(crate) persons: Book<Person>,
    pub(crate) organizations: Book<Organization>,
    pub(crate) deals: Book<Deal>,
    pub(crate) activities: BTreeMap<u64, Activity>,
    pub(crate) notes: BTreeMap<u64, Note>,
    pub(crate) fields: [Vec<Field>; 3],
    pub(crate) webhooks: BTreeMap<u64, Webhook>,
    pub(crate) last_webhook: u64,
    pub(crate) last_option: u64,
    /// Person lists answered since the start or the last reset.
    pub(crate) lists: u64,
    /// Changes that wait for a page to be answered.
    pub(crate) planned: Vec<Plan>,
    pub(crate) mutations: Vec<Mutation>,
    pub(crate) made: Made,
    /// The search index knows nothing of what was made or changed less than that ago.
    pub(crate) search_lag: Duration,
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
        let accounts = COMPANIES.iter().map(|company| (company.id, Account::new(company, config)));
        Self {
            accounts: accounts.collect(),
            grants: Grants::new(config, life),
            limits: Limits::new(config),
            backstage: Backstage::new(config.latency),
            marketplace: vec![],
            api_domain: config.api_domain.clone(),
        }
    }
}

impl Account {
    fn new(company: &'static Company, config: &SandboxConfig) -> Self {
        let sizes = [config.persons, config.organizations, config.deals];
        let population = Population::new(company, sizes, config.seed);
        Self {
            company,
            persons: Book::new(population.persons.ids.last()),
            organizations: Book::new(population.organizations.ids.last()),
            deals: Book::new(population.deals.ids.last()),
            activities: BTreeMap::new(),
            notes: BTreeMap::new(),
            fields: [Of::Person, Of::Organization, Of::Deal].map(|of| population.fields(of)),
            webhooks: BTreeMap::new(),
            last_webhook: 0,
            last_option: 1_000,
            lists: 0,
            planned: vec![],
            mutations: vec![],
            made: Made::default(),
            search_lag: Duration::ZERO,
            population,
        }
    }

    pub(crate) fn person(&self, id: u64) -> Option<Person> {
        self.persons.get(&self.population.persons, id, |index| self.population.person(index))
    }

    pub(crate) fn organization(&self, id: u64) -> Option<Organization> {
        self.organizations
            .get(&self.population.organizations, id, |index| self.population.organization(index))
    }

    pub(crate) fn deal(&self, id: u64) -> Option<Deal> {
        self.deals.get(&self.population.deals, id, |index| self.population.deal(index))
    }

    pub(crate) fn fields(&self, of: Of) -> &[Field] {
        &self.fields[of as usize]
    }

    /// Marks a person deleted, or merged into another with its deals following.
    pub(crate) fn remove_person(&mut self, mut person: Person, into: Option<u64>, now: u64) {
        if let Some(survivor) = into {
            for mut deal in persons::deals_of(self, person.id) {
                deal.person_id = Some(survivor);
                deal.update_time = now;
                self.deals.put(deal);
            }
        }
        person.is_deleted = true;
        person.merged_into = into;
        person.update_time = now;
        self.persons.put(person);
    }
}

/// Whether a user may see a record: private ones are for their owner and for admins.
pub(crate) fn sees(user: &User, owner: Option<u64>, visible_to: u64) -> bool {
    user.admin || visible_to != 1 || owner == Some(user.id)
}

macro_rules! record {
    ($record:ty) => {
        impl Record for $record {
            fn id(&self) -> u64 {
                self.id
            }
            fn add_time(&self) -> u64 {
                self.add_time
            }
            fn update_time(&self) -> u64 {
                self.update_time
            }
            fn is_deleted(&self) -> bool {
                self.is_deleted
            }
        }
    };
}
record!(Person);
record!(Organization);
record!(Deal);
