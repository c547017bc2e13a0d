//! What holds for every CRM, over its connector and its stand-in: one suite, run once for each entry of
//! the registry. What only one of them does is told beside that one.

mod consent;
mod reads;
mod troubles;
mod writes;

use std::time::Duration;

use serde_json::{Value, json};
use tandem::{
    connectors::{self, Connector, Writer},
    domain::RemoteId,
    sandbox::SandboxConfig,
};

use crate::connectors::stage::Stage;

/// Every CRM with a stand-in of its own, one after the other.
fn every() -> impl Iterator<Item = &'static dyn Connector> {
    connectors::all().iter().copied().inspect(|connector| {
        // The last line of a failure's output says whose rule is broken.
        println!("contract of {}", connector.manifest().slug);
    })
}

fn small() -> SandboxConfig {
    SandboxConfig { persons: 620, organizations: 90, deals: 210, ..SandboxConfig::default() }
}

async fn stage(connector: &'static dyn Connector) -> Stage {
    Stage::of(connector, small(), Duration::from_secs(2)).await
}

impl Stage {
    fn writer(&self) -> &'static dyn Writer {
        self.connector.writer().expect("it can be written to")
    }

    async fn told(&self, path: &str) -> Value {
        self.control("GET", path, json!({})).await
    }
}

/// An id as the control plane says it, which may be a number or a text.
fn id(value: &Value) -> RemoteId {
    RemoteId(value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
}

fn ids(value: &Value) -> Vec<RemoteId> {
    value.as_array().expect("a list of ids").iter().map(id).collect()
}
