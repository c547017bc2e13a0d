//! What a CRM is asked for each effect of a delivery, as its stand-in records it: the one thing that
//! these tests have to know of a CRM, and what each has in its own folder.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tandem::connectors;

use crate::{
    connectors::salesforce::requests::SALESFORCE, hubspot::requests::HUBSPOT,
    pipedrive::requests::PIPEDRIVE, zoho::requests::ZOHO,
};

const ALL: [&Spoken; 4] = [&PIPEDRIVE, &HUBSPOT, &SALESFORCE, &ZOHO];

#[derive(Debug)]
pub(crate) struct Spoken {
    pub(crate) slug: &'static str,
    /// Its word for a call that was made.
    pub(crate) call: &'static str,
    /// Calls of the control plane, each with the key for the address, by which the stand-in tells
    /// another address than its own.
    pub(crate) behind_a_gate: &'static [(&'static str, &'static str)],
    /// Paths of those that make many organizations and many people at once.
    pub(crate) many: &'static [&'static str],
    /// The first that fits is meant.
    pub(crate) requests: &'static [Request],
}

#[derive(Debug)]
pub(crate) struct Request {
    /// What it may be for; each attempt of any of these sends one.
    pub(crate) effects: &'static [&'static str],
    method: &'static str,
    /// Part of the path, its end with a `$` behind it, as in the script of faults.
    path: &'static str,
    pub(crate) id: Id,
}

/// What our log has of the id that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Id {
    /// The same, with this in front.
    Same(&'static str),
    /// A name instead: only how many there are can be compared.
    Counted,
    /// Nothing: it is a further request of the same attempt.
    Part,
}

impl Request {
    pub(crate) const fn new(
        effects: &'static [&'static str],
        method: &'static str,
        path: &'static str,
        id: Id,
    ) -> Self {
        Self { effects, method, path, id }
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let at = match self.path.strip_suffix('$') {
            Some(end) => path.ends_with(end),
            None => path.contains(self.path),
        };
        at && self.method == method
    }
}

impl Spoken {
    pub(super) fn at(slug: &str) -> &'static Self {
        ALL.into_iter().find(|one| one.slug == slug).expect("the CRM has its requests")
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Option<&'static Request> {
        self.requests.iter().find(|request| request.fits(method, path))
    }

    /// Effects that share a request, each set once.
    pub(super) fn families(&self) -> BTreeSet<&'static [&'static str]> {
        self.requests.iter().map(|request| request.effects).collect()
    }

    /// Aims a fault of the stand-in at the request for this effect.
    pub(super) fn aim(&self, effect: &str, mut fault: Value) -> Value {
        let at = |request: &&Request| request.effects.contains(&effect);
        let request = self.requests.iter().find(at).expect("the effect is a request");
        fault["method"] = json!(request.method);
        fault["path"] = json!(request.path);
        // Those before it pass.
        fault["after"] = json!(request.effects.iter().position(|one| *one == effect));
        fault
    }
}

/// Every CRM but the one that stands for all elsewhere.
pub(super) fn others() -> impl Iterator<Item = &'static str> {
    connectors::all().iter().skip(1).map(|connector| connector.manifest().slug)
}

#[test]
fn every_crm_of_the_registry_says_what_it_is_asked() {
    for connector in connectors::all() {
        let spoken = Spoken::at(connector.manifest().slug);
        let families = spoken.families();
        let effects: Vec<&str> = families.into_iter().flatten().copied().collect();
        let distinct: BTreeSet<&str> = effects.iter().copied().collect();
        assert_eq!((effects.len(), distinct.len()), (8, 8), "{}: {effects:?}", spoken.slug);
    }
    assert_eq!(ALL.len(), connectors::all().len());
}
