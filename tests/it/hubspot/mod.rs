//! What only HubSpot does: its search's end, its conflicts, its batches, its lead status, and the way
//! from consent to a delivered lead. What every CRM does is told in `contract`.

mod acts;
mod flow;
mod reading;
pub(crate) mod requests;
mod writing;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tandem::{
    cache::Cache,
    connectors::{self, Api, Caller, Connector, Limits, TokenSource, Window, Writer},
    domain::RemoteId,
    sandbox::SandboxConfig,
};

use crate::connectors::stage::Stage;

fn hubspot() -> &'static dyn Connector {
    connectors::find("hubspot").unwrap()
}

fn writer() -> &'static dyn Writer {
    hubspot().writer().unwrap()
}

fn of_size(persons: u32) -> SandboxConfig {
    SandboxConfig { persons, organizations: 60, deals: 120, ..SandboxConfig::default() }
}

/// A stand-in that is asked as fast as it answers: limits are tried elsewhere.
async fn stage(persons: u32) -> Stage {
    let mut stage = Stage::of(hubspot(), of_size(persons), Duration::from_secs(20)).await;
    let plan = json!({ "burst": 100_000, "search_burst": 100_000 });
    stage.control("POST", "/plan", plan).await;
    let wide = |per| Window { requests: 100_000, per };
    let limits = Limits {
        burst: wide(Duration::from_secs(10)),
        search: wide(Duration::from_secs(1)),
        daily_tokens: 1_000_000,
    };
    stage.budget = Cache::in_process().budget("wide", limits);
    let tokens = Arc::clone(&stage.tokens) as Arc<dyn TokenSource>;
    let (budget, meter) = (Arc::clone(&stage.budget), Arc::clone(&stage.meter));
    stage.api = Api::new(stage.http.clone(), tokens, budget, Caller::Job, meter);
    stage
}

fn id(value: &Value) -> RemoteId {
    RemoteId(value.as_str().unwrap().to_owned())
}

fn ids(value: &Value) -> Vec<RemoteId> {
    value.as_array().unwrap().iter().map(id).collect()
}
