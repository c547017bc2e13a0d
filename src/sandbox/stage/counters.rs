//! What the stand-in was asked, for tests that compare our log with its truth.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: BTreeMap<String, u64>,
    statuses: BTreeMap<u16, u64>,
    faults: BTreeMap<&'static str, u64>,
    /// Token calls by grant type, and those refused.
    tokens: BTreeMap<String, u64>,
    /// Time between a request and its answer, without the latency that was asked for.
    worked: Duration,
    /// Of the bodies of whole answers.
    bytes: u64,
}

impl Counters {
    pub(crate) fn request(&mut self, method: &str, path: &str) {
        *self.requests.entry(format!("{method} {}", route(path))).or_default() += 1;
    }

    pub(crate) fn status(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }

    pub(crate) fn worked(&mut self, time: Duration) {
        self.worked += time;
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.bytes += u64::try_from(bytes).unwrap_or(0);
    }

    pub(crate) fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    pub(crate) fn token(&mut self, what: &str) {
        *self.tokens.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn json(&self) -> Value {
        let statuses: BTreeMap<String, u64> =
            self.statuses.iter().map(|(status, n)| (status.to_string(), *n)).collect();
        json!({
            "total": self.requests.values().sum::<u64>(),
            "requests": self.requests,
            "statuses": statuses,
            "faults": self.faults,
            "tokens": self.tokens,
            "worked_seconds": self.worked.as_secs_f64(),
            "bytes": self.bytes,
        })
    }
}

/// A path with its ids replaced, so that one route is one counter.
fn route(path: &str) -> String {
    path.trim_end_matches('/')
        .split('/')
        .map(|part| {
            let id = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let key = part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            match (id, key) {
                (true, _) => "{id}",
                (_, true) => "{field}",
                _ => part,
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}
