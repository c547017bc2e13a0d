//! Everything the stand-in remembers, behind one lock: no answer takes long.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;

use crate::sandbox::{SandboxConfig, stage::Backstage};

use super::{
    control::mutate::{Mutation, Plan},
    limits::Limits,
    oauth::grants::Grants,
    records::{
        orgs::{ORGS, Org},
        population::{self, Tables},
        schema::{Choice, Field, Kind},
        table::{Row, Table},
    },
    soql::Query,
};

/// The labels of an org that has some.
const LABELS: [&str; 3] = ["Warm Lead", "Customer", "Newsletter"];

#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) url: String,
    pub(crate) config: SandboxConfig,
    world: Mutex<World>,
    resets: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) orgs: BTreeMap<u64, Account>,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    pub(crate) backstage: Backstage,
    /// What the next token answer says about the instance's address.
    pub(crate) instance_url: Option<String>,
}

/// One org's data.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) org: &'static Org,
    pub(crate) tables: Tables,
    /// Kind and number of what was made through the API, in order.
    pub(crate) made: Vec<(&'static str, u64)>,
    /// Fields that were made through the API.
    pub(crate) made_fields: Vec<String>,
    /// When contacts were written since the start.
    pub(crate) written: HashMap<u64, Instant>,
    pub(crate) search_lag: Duration,
    /// Pages of contacts answered since the start.
    pub(crate) pages: u64,
    pub(crate) planned: Vec<Plan>,
    pub(crate) mutations: Vec<Mutation>,
    /// Queries that were answered in part: whose, how they go on, and when they were asked.
    pub(crate) locators: BTreeMap<String, Locator>,
    /// Queries that the org runs by itself; `None` for those that were deleted.
    pub(crate) jobs: BTreeMap<String, Option<Job>>,
    /// Every one of them fails.
    pub(crate) jobs_fail: bool,
    /// A rule against contacts with an address that another has; `Some(true)` only warns.
    pub(crate) duplicates: Option<bool>,
}

#[derive(Debug, Clone)]
pub(crate) struct Locator {
    pub(crate) query: Query,
    pub(crate) rows: Vec<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) query: Query,
    pub(crate) rows: Vec<u64>,
    /// How often its state was asked for.
    pub(crate) looks: u32,
}

impl Desk {
    pub(crate) fn new(url: &str, config: SandboxConfig) -> Self {
        let world = Mutex::new(World::new(&config, 0));
        Self { url: url.to_owned(), config, world, resets: AtomicU64::new(0) }
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
        let orgs = ORGS.iter().map(|org| (org.number, Account::new(org, config)));
        Self {
            orgs: orgs.collect(),
            grants: Grants::new(config, life),
            limits: Limits::new(config.daily),
            backstage: Backstage::new(config.latency),
            instance_url: config.api_domain.clone(),
        }
    }
}

impl Account {
    fn new(org: &'static Org, config: &SandboxConfig) -> Self {
        let sizes = match org.persons {
            None => [config.persons, config.organizations, config.deals],
            Some(persons) => [persons, persons / 5, persons / 2],
        };
        let mut account = Self {
            org,
            tables: population::tables(org, sizes, config.seed),
            made: vec![],
            made_fields: vec![],
            written: HashMap::new(),
            search_lag: Duration::ZERO,
            pages: 0,
            planned: vec![],
            mutations: vec![],
            locators: BTreeMap::new(),
            jobs: BTreeMap::new(),
            jobs_fail: false,
            duplicates: None,
        };
        if org.prepared {
            account.label_some();
        }
        account
    }

    /// The field for labels as an administrator would have made it, and what stands in it: of
    /// twenty contacts six have a label, one of them a word that is no longer on the list.
    fn label_some(&mut self) {
        let kind = Kind::MultiPick { restricted: false };
        let mut field = Field::added("Tandem_Labels__c", "Tandem labels", kind, false);
        field.visible = true;
        field.choices = LABELS.iter().map(|label| Choice::new(label)).collect();
        let Some(table) = self.tables.get_mut("Contact") else { return };
        table.object.fields.push(field);
        let words = ["Warm Lead", "Customer", "Customer;Newsletter", "Newsletter", "Once;Customer"];
        let labelled: Vec<(u64, Row)> = table
            .since_id(0)
            .filter(|(number, _)| number % 20 < 6)
            .map(|(number, row)| {
                let mut row = row.clone();
                let word = words[usize::try_from(number % 5).unwrap_or(0)];
                table.set(&mut row, "Tandem_Labels__c", json!(word));
                (number, row)
            })
            .collect();
        for (number, row) in labelled {
            table.put(number, row);
        }
    }

    /// The kind of that name, in any case.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        let found = self.tables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, table)| table)
    }

    pub(crate) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        let found = self.tables.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, table)| table)
    }
}
