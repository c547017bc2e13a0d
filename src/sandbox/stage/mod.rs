//! What every stand-in for a CRM has: a line in front of it that counts, delays and breaks what passes,
//! a script of faults, the truth about what arrived, and chance and words that records are made of.
//!
//! A CRM's own words stay in its folder; [`Crm`] is how they reach the line.

pub(crate) mod bomb;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod counters;
pub(crate) mod dice;
pub(crate) mod faults;
pub(crate) mod json;
pub(crate) mod line;
pub(crate) mod names;
pub(crate) mod page;
pub(crate) mod post;
pub(crate) mod writes;

use std::time::Duration;

use poem::{Response, http::Method};
use serde_json::Value;

use self::{
    counters::Counters,
    faults::{Fault, Faults},
    writes::Writes,
};

/// What the line keeps; it lives behind the stand-in's own lock.
#[derive(Debug, Default)]
pub(crate) struct Backstage {
    pub(crate) counters: Counters,
    pub(crate) faults: Faults,
    pub(crate) writes: Writes,
    /// Added to every answer.
    pub(crate) latency: Duration,
}

impl Backstage {
    pub(crate) fn new(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }
}

/// A stand-in as the line in front of it sees it.
pub(crate) trait Crm: Send + Sync + 'static {
    fn backstage<T>(&self, look: impl FnOnce(&mut Backstage) -> T) -> T;

    /// Whether a request is one that tests count as a change.
    fn wants_change(&self, method: &Method, path: &str) -> bool;

    /// The id of what a successful change made, as its answer says it; null when it says none.
    fn made(&self, answer: &Value) -> Value;

    /// The same of a change of many records, each in its place; null for one that was not made.
    fn all_made(&self, answer: &Value) -> Vec<Value> {
        vec![self.made(answer)]
    }

    /// A 5xx in the CRM's words.
    fn failing(&self, status: u16) -> Response;

    /// Over a limit ([`faults::Kind::Burst429`] or [`faults::Kind::Daily429`]) in the CRM's words.
    fn over_limit(&self, fault: &Fault) -> Response;

    /// A method that does not exist at a path that does.
    fn nowhere(&self, path: &str) -> Response;

    /// Keys of every answer with other values and a comma at the end, to be said twice.
    fn twice(&self) -> &'static str;

    /// Headers that every answer has.
    fn stamp(&self, response: &mut Response);
}

pub(crate) fn header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}
