//! What came in, as the CRM itself would know it: every request that wants a change. Tests count lost,
//! doubled and imagined records by it.

use std::time::Instant;

use serde_json::{Value, json};

use super::clock;

/// One request that wants a change.
#[derive(Debug)]
struct Write {
    at: Instant,
    unix_ms: u64,
    method: String,
    path: String,
    fault: Option<&'static str>,
    applied: bool,
    /// Of the record, the option, or the field's code.
    id: Value,
    /// Of the answer; `None` while there is none, and when it was lost.
    status: Option<u16>,
}

#[derive(Debug)]
pub(crate) struct Writes {
    since: Instant,
    all: Vec<Write>,
}

impl Default for Writes {
    fn default() -> Self {
        Self { since: Instant::now(), all: Vec::new() }
    }
}

impl Writes {
    /// Notes a request; the number is for what is learnt about it later.
    pub(crate) fn arrived(
        &mut self,
        method: &str,
        path: &str,
        fault: Option<&'static str>,
    ) -> usize {
        self.all.push(Write {
            at: Instant::now(),
            unix_ms: clock::now_ms(),
            method: method.to_owned(),
            path: path.to_owned(),
            fault,
            applied: false,
            id: Value::Null,
            status: None,
        });
        self.all.len() - 1
    }

    /// The CRM did it, and this is the id of what it made or changed.
    pub(crate) fn applied(&mut self, nth: usize, id: Value) {
        // A reset in between emptied the list.
        if let Some(write) = self.all.get_mut(nth) {
            write.applied = true;
            write.id = id;
        }
    }

    /// An answer went out whole.
    pub(crate) fn answered(&mut self, nth: usize, status: u16) {
        if let Some(write) = self.all.get_mut(nth) {
            write.status = Some(status);
        }
    }

    pub(crate) fn json(&self) -> Value {
        self.all
            .iter()
            .map(|write| {
                json!({
                    "ms": write.at.duration_since(self.since).as_millis(),
                    "unix_ms": write.unix_ms,
                    "method": write.method,
                    "path": write.path,
                    "fault": write.fault,
                    "applied": write.applied,
                    "id": write.id,
                    "answer": write.status.map_or(json!("lost"), |status| json!(status)),
                })
            })
            .collect()
    }
}
