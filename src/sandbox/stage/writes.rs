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
    /// Of the record, the option, or the field's code; of each of many in its place.
    ids: Vec<Value>,
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
            ids: Vec::new(),
            status: None,
        });
        self.all.len() - 1
    }

    /// The CRM did it, and these are the ids of what it made or changed.
    pub(crate) fn applied(&mut self, nth: usize, ids: Vec<Value>) {
        // A reset in between emptied the list.
        if let Some(write) = self.all.get_mut(nth) {
            write.applied = true;
            write.ids = ids;
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
                let mut said = json!({
                    "ms": write.at.duration_since(self.since).as_millis(),
                    "unix_ms": write.unix_ms,
                    "method": write.method,
                    "path": write.path,
                    "fault": write.fault,
                    "applied": write.applied,
                    "id": write.ids.first().unwrap_or(&Value::Null),
                    "answer": write.status.map_or(json!("lost"), |status| json!(status)),
                });
                if write.ids.len() > 1 {
                    said["ids"] = json!(write.ids);
                }
                said
            })
            .collect()
    }
}
