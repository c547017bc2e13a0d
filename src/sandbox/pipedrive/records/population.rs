//! The records nobody has touched yet, each a function of the seed and its position.
//!
//! A million persons take no memory and no time to start. Kinds of persons, in a thousand
//! ([`Kind`] says what each is for):
//!
//! | kind | share | what it has |
//! |---|---|---|
//! | ordinary | 717 | an address of its own, 60 % a number |
//! | phone only | 100 | a number, no address |
//! | same address | 40 | the address of an earlier person, often in other letters |
//! | shared address | 40 | info@, office@ ... of the organization, shared by its people |
//! | bare | 30 | neither address nor number |
//! | malformed | 30 | text that is no address, half the time a number |
//! | same phone, other address | 15 | a switchboard |
//! | same name | 15 | the name of an earlier person and nothing else |
//! | same phone, no address | 10 | the number of an earlier person |
//! | crossed | 3 | the address of one earlier person and the number of another |
//!
//! Across kinds, of a thousand: 80 addresses in capitals, 20 with spaces around, 150 persons
//! with two to four addresses, 100 with two numbers, 40 numbers that are text, 12 odd names
//! (right to left, emoji, markup), 4 without a name, 200 without organization, 10 without
//! owner, 250 whose owner left, 30 private to the owner, 20 with values under keys that no
//! field has, 60 that leave empty keys out instead of sending null.
//! Of every hundred ids, two were deleted and one was merged away.

use std::sync::Arc;

use super::super::{
    accounts::Company,
    clock::{ADDED_FROM, ADDED_UNTIL, UPDATED_FROM, UPDATED_UNTIL},
};
use super::{
    dice::{Dice, Shuffle, mix},
    ids::{Ids, Slot, Spread},
};

/// Ids of persons that are gone, by position in each hundred; the last was merged away.
const GONE_PERSONS: &[u64] = &[12, 47, 80];
const GONE_OTHERS: &[u64] = &[31, 66];

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
    pub(crate) const ORGANIZATION: u64 = 10;
    pub(crate) const KEY: u64 = 11;
}

/// Why a person has the addresses and numbers it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ordinary,
    PhoneOnly,
    SameAddress(u64),
    SharedAddress,
    Bare,
    Malformed,
    SamePhoneOtherAddress(u64),
    SameName(u64),
    SamePhone(u64),
    Crossed(u64, u64),
}

/// When the n-th of `of` records was added or updated: strictly ascending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    from: u64,
    step: u64,
}

impl Span {
    const fn new(from: u64, until: u64, of: u64) -> Self {
        let of = if of == 0 { 1 } else { of };
        Self { from, step: (until - from) / of }
    }

    pub(crate) const fn time(self, rank: u64) -> u64 {
        self.from + rank * self.step
    }

    /// The first rank at or after a time.
    pub(crate) const fn rank(self, time: u64) -> u64 {
        if time <= self.from { 0 } else { (time - self.from).div_ceil(self.step) }
    }
}

/// Order and times of one kind of record.
#[derive(Debug, Clone)]
pub(crate) struct Roll {
    pub(crate) ids: Ids,
    pub(crate) added: Span,
    pub(crate) updated: Span,
    /// Position by id -> position by time of update.
    pub(crate) by_update: Shuffle,
}

impl Roll {
    fn new(living: u32, gone: &'static [u64], seed: u64) -> Self {
        let living = u64::from(living);
        Self {
            ids: Ids::new(living, gone),
            added: Span::new(ADDED_FROM, ADDED_UNTIL, living),
            updated: Span::new(UPDATED_FROM, UPDATED_UNTIL, living),
            by_update: Shuffle::new(living, seed),
        }
    }

    pub(crate) const fn add_time(&self, index: u64) -> u64 {
        self.added.time(index)
    }

    pub(crate) const fn update_time(&self, index: u64) -> u64 {
        self.updated.time(self.by_update.forth(index))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Population {
    pub(crate) company: &'static Company,
    pub(crate) seed: u64,
    pub(crate) persons: Roll,
    pub(crate) organizations: Roll,
    pub(crate) deals: Roll,
    pub(crate) staff: Spread,
    pub(crate) customers: Spread,
    /// Keys of the custom fields of persons, organizations and deals.
    pub(crate) keys: Arc<Keys>,
}

/// Forty hexadecimal digits each, different in every account.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) person: [String; 6],
    pub(crate) organization: [String; 2],
    pub(crate) deal: [String; 2],
    /// A field that was deleted; values stayed behind.
    pub(crate) forgotten: String,
}

impl Population {
    pub(crate) fn new(company: &'static Company, sizes: [u32; 3], seed: u64) -> Self {
        let seed = mix(seed ^ company.id);
        let [persons, organizations, deals] = match company.persons {
            None => sizes,
            Some(most) => sizes.map(|size| size.min(most)),
        };
        let key = |n| hexadecimal(seed, n);
        Self {
            company,
            seed,
            persons: Roll::new(persons, GONE_PERSONS, seed ^ 1),
            organizations: Roll::new(organizations, GONE_OTHERS, seed ^ 2),
            deals: Roll::new(deals, GONE_OTHERS, seed ^ 3),
            staff: Spread::new(
                persons.into(),
                organizations.into(),
                &[6, 4, 3, 2, 2, 1, 1, 1],
                seed ^ 4,
            ),
            customers: Spread::new(deals.into(), persons.into(), &[1, 1, 1, 2, 2, 3], seed ^ 5),
            keys: Arc::new(Keys {
                person: [key(1), key(2), key(3), key(4), key(5), key(6)],
                organization: [key(11), key(12)],
                deal: [key(21), key(22)],
                forgotten: key(31),
            }),
        }
    }

    pub(crate) const fn dice(&self, purpose: u64, index: u64) -> Dice {
        Dice::new(self.seed, purpose, index)
    }

    pub(crate) fn kind(&self, index: u64) -> Kind {
        let draw = self.dice(purpose::KIND, index).below(1_000);
        // An earlier ordinary person; the first persons have nobody to copy.
        let twin = |nth: u64, with_phone: bool| {
            let mut dice = self.dice(purpose::TWIN, index * 2 + nth);
            (0..8).map(|_| dice.below(index)).find(|&other| {
                other < index
                    && self.dice(purpose::KIND, other).below(1_000) < 717
                    && (!with_phone || self.ordinary_has_phone(other))
            })
        };
        let kind = match draw {
            0..717 => Some(Kind::Ordinary),
            717..817 => Some(Kind::PhoneOnly),
            817..857 => twin(0, false).map(Kind::SameAddress),
            857..897 => Some(Kind::SharedAddress),
            897..927 => Some(Kind::Bare),
            927..957 => Some(Kind::Malformed),
            957..972 => twin(0, true).map(Kind::SamePhoneOtherAddress),
            972..987 => twin(0, false).map(Kind::SameName),
            987..997 => twin(0, true).map(Kind::SamePhone),
            _ => twin(0, false)
                .zip(twin(1, true))
                .filter(|(a, b)| a != b)
                .map(|(a, b)| Kind::Crossed(a, b)),
        };
        kind.unwrap_or(Kind::Bare)
    }

    pub(crate) const fn ordinary_has_phone(&self, index: u64) -> bool {
        self.dice(purpose::PHONE, index).permille(600)
    }

    /// Who a record is about; records of one person share the number.
    pub(crate) fn human(&self, index: u64) -> u64 {
        match self.kind(index) {
            Kind::SameAddress(of)
            | Kind::SamePhoneOtherAddress(of)
            | Kind::SameName(of)
            | Kind::SamePhone(of) => of,
            _ => index,
        }
    }

    /// Owners of any kind of record; about a quarter of them left.
    pub(crate) fn owner(&self, purpose: u64, index: u64) -> Option<u64> {
        let mut dice = self.dice(purpose::OWNER ^ purpose << 8, index);
        if dice.permille(10) {
            return None;
        }
        let left = dice.permille(250);
        let users = self.company.users;
        let start = dice.below(users.len() as u64);
        users
            .iter()
            .cycle()
            .skip(usize::try_from(start).unwrap_or(0))
            .take(users.len())
            .find(|user| user.is_active() != left)
            .map(|user| user.id)
    }

    pub(crate) fn person_owner(&self, index: u64) -> Option<u64> {
        self.owner(purpose::REST, index)
    }

    /// The organization (by position) of a person.
    pub(crate) fn employer(&self, person: u64) -> Option<u64> {
        if self.dice(purpose::LINK, person).permille(200) {
            return None;
        }
        self.staff.target(person)
    }

    /// The person (by position) of a deal.
    pub(crate) fn customer(&self, deal: u64) -> Option<u64> {
        if self.dice(purpose::LINK ^ 1 << 8, deal).permille(50) {
            return None;
        }
        self.customers.target(deal)
    }

    pub(crate) fn organization_of(&self, person: u64) -> Option<u64> {
        self.employer(person).map(|index| self.organizations.ids.id(index))
    }

    /// Who a merged-away id went to: the next living one.
    pub(crate) fn merged_into(&self, id: u64) -> Option<u64> {
        let merged = self.persons.ids.slot(id) == Slot::Gone
            && Some(&((id - 1) % 100)) == GONE_PERSONS.last();
        merged.then(|| self.persons.ids.id(self.persons.ids.from(id)))
    }
}

fn hexadecimal(seed: u64, n: u64) -> String {
    let mut dice = Dice::new(seed, purpose::KEY, n);
    format!("{:016x}{:016x}{:08x}", dice.draw(), dice.draw(), dice.draw() & 0xffff_ffff)
}
