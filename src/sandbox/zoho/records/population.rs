//! The records nobody has touched yet, each a function of the seed and its position.
//!
//! Of a thousand contacts: 717 have an address of their own, 100 a number and no address, 60 the address of
//! an earlier one (often in other letters), 50 the shared mailbox of their account, 43 neither, 15 the
//! number of an earlier one, 15 the name of an earlier one. 80 addresses are in capitals, 150 contacts have
//! a second address, 100 a second number, 40 text in place of one; 12 odd names, 4 a dot for a name; 200 no
//! account; 250 an owner who left; 20 a picklist value that is not among the options, 5 very long texts.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    super::{
        super::stage::{
            dice::{Dice, Shuffle, mix},
            names,
        },
        accounts::Org,
    },
    Module, Record,
    book::Roll,
    fields::{PIPELINE, STAGES},
};

/// What a stream of chance is for; a new purpose changes nobody else's draws.
pub(crate) mod purpose {
    pub(crate) const KIND: u64 = 1;
    pub(crate) const TWIN: u64 = 2;
    pub(crate) const OWNER: u64 = 3;
    pub(crate) const NAME: u64 = 4;
    pub(crate) const ADDRESS: u64 = 5;
    pub(crate) const PHONE: u64 = 6;
    pub(crate) const REST: u64 = 7;
    pub(crate) const LINK: u64 = 8;
    pub(crate) const DEAL: u64 = 9;
    pub(crate) const ACCOUNT: u64 = 10;
}

#[derive(Debug, Clone)]
pub(crate) struct Population {
    pub(crate) org: &'static Org,
    pub(crate) seed: u64,
    pub(crate) contacts: Roll,
    pub(crate) accounts: Roll,
    pub(crate) deals: Roll,
    customers: Arc<Shuffle>,
}

impl Population {
    pub(crate) fn new(org: &'static Org, sizes: [u32; 3], seed: u64) -> Self {
        let seed = mix(seed ^ org.id);
        let [contacts, accounts, deals] = match org.persons {
            None => sizes,
            Some(most) => sizes.map(|size| size.min(most)),
        };
        let roll = |module: Module, living, nth| {
            Roll::new(module.first_id(org.base), living, mix(seed ^ nth))
        };
        Self {
            org,
            seed,
            contacts: roll(Module::Contacts, contacts, 1),
            accounts: roll(Module::Accounts, accounts, 2),
            deals: roll(Module::Deals, deals, 3),
            customers: Arc::new(Shuffle::new(contacts.into(), seed ^ 5)),
        }
    }

    pub(crate) fn roll(&self, module: Module) -> Roll {
        match module {
            Module::Contacts => self.contacts.clone(),
            Module::Accounts => self.accounts.clone(),
            Module::Deals => self.deals.clone(),
            other => Roll::new(other.first_id(self.org.base), 0, 1),
        }
    }

    pub(crate) fn make(&self, module: Module, index: u64) -> Option<Record> {
        match module {
            Module::Contacts => Some(self.contact(index)),
            Module::Accounts => Some(self.account(index)),
            Module::Deals => Some(self.deal(index)),
            Module::Tasks | Module::Calls | Module::Events | Module::Notes | Module::Leads => None,
        }
    }

    pub(crate) const fn dice(&self, purpose: u64, index: u64) -> Dice {
        Dice::new(self.seed, purpose, index)
    }

    /// About a quarter of the owners left.
    pub(crate) fn owner(&self, purpose: u64, index: u64) -> u64 {
        let mut dice = self.dice(purpose::OWNER ^ purpose << 8, index);
        let left = dice.permille(250);
        let users = self.org.users;
        let start = usize::try_from(dice.below(users.len() as u64)).unwrap_or(0);
        let mut round = users.iter().cycle().skip(start).take(users.len());
        round.find(|user| user.is_active() != left).unwrap_or(&users[0]).id
    }

    /// The account (by position) of a contact.
    pub(crate) fn employer(&self, contact: u64) -> Option<u64> {
        let mut dice = self.dice(purpose::LINK, contact);
        if self.accounts.living == 0 || dice.permille(200) {
            return None;
        }
        // The first accounts are the large ones.
        let within = if dice.permille(400) {
            self.accounts.living.div_ceil(5)
        } else {
            self.accounts.living
        };
        Some(dice.below(within))
    }

    pub(crate) fn host(&self, account: u64) -> String {
        let mut dice = self.dice(purpose::ACCOUNT, account);
        let ((_, first), (_, last)) = (*dice.pick(names::ORG_FIRST), *dice.pick(names::ORG_LAST));
        format!("{first}-{last}-{account}.example")
    }

    fn account(&self, index: u64) -> Record {
        let mut dice = self.dice(purpose::ACCOUNT, index);
        let ((first, _), (last, _)) = (*dice.pick(names::ORG_FIRST), *dice.pick(names::ORG_LAST));
        // Names repeat in real life: only three of four carry a number.
        let name = if dice.permille(750) {
            format!("{first} {last} {index}")
        } else {
            format!("{first} {last}")
        };
        let mut values = Map::new();
        let mut put = |key: &str, value: Value| values.insert(key.to_owned(), value);
        put("Account_Name", json!(name));
        if dice.permille(700) {
            let (city, code) = dice.pick(names::CITIES);
            put("Billing_Street", json!(format!("Hauptstraße {}", 1 + dice.below(120))));
            put("Billing_City", json!(city));
            put("Billing_Code", json!(code));
            put("Billing_Country", json!(self.org.country.0));
        }
        if dice.permille(600) {
            put("Website", json!(format!("https://www.{}/", self.host(index))));
        }
        if dice.permille(300) {
            put("Industry", json!(dice.pick(&["Manufacturing", "Software", "Bergbau (alt)"])));
        }
        Record {
            id: self.accounts.id(index),
            values,
            owner: self.owner(purpose::ACCOUNT, index),
            tags: vec![],
            created: self.accounts.created(index),
            modified: self.accounts.modified(index),
            deleted: None,
            merged_into: None,
            e164: vec![],
        }
    }

    fn deal(&self, index: u64) -> Record {
        let mut dice = self.dice(purpose::DEAL, index);
        let stage = dice.pick(STAGES);
        let mut values = Map::new();
        let mut put = |key: &str, value: Value| values.insert(key.to_owned(), value);
        put("Deal_Name", json!(format!("Deal {index}: {} pumps", 1 + dice.below(40))));
        put("Stage", json!(stage.name));
        put("Pipeline", json!(PIPELINE));
        put("Probability", json!(stage.probability));
        put("Closing_Date", json!(format!("2026-{:02}-15", 1 + dice.below(12))));
        if dice.permille(850) {
            // Cents, as a double.
            let cents = u32::try_from(dice.below(5_000_000)).unwrap_or(0);
            put("Amount", json!(f64::from(cents) / 100.0));
        }
        let contact = (!dice.permille(50) && self.contacts.living > 0)
            .then(|| self.customers.forth(index / 2 % self.contacts.living));
        if let Some(contact) = contact {
            put("Contact_Name", json!({ "id": self.contacts.id(contact).to_string() }));
            if let Some(account) = self.employer(contact) {
                put("Account_Name", json!({ "id": self.accounts.id(account).to_string() }));
            }
        }
        Record {
            id: self.deals.id(index),
            values,
            owner: self.owner(purpose::DEAL, index),
            tags: vec![],
            created: self.deals.created(index),
            modified: self.deals.modified(index),
            deleted: None,
            merged_into: None,
            e164: vec![],
        }
    }
}
