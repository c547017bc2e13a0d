//! What only Zoho does. What holds for every CRM is in `contract`.

mod hosts;
mod product;
mod reads;
pub(crate) mod requests;
mod tokens;
mod writes;

use std::time::Duration;

use serde_json::{Value, json};
use tandem::{
    connectors::{self, Connector, Writer},
    domain::RemoteId,
    sandbox::SandboxConfig,
};

use crate::connectors::stage::Stage;

fn zoho() -> &'static dyn Connector {
    connectors::find("zoho").unwrap()
}

fn writer() -> &'static dyn Writer {
    zoho().writer().unwrap()
}

async fn stage() -> Stage {
    let config =
        SandboxConfig { persons: 620, organizations: 90, deals: 210, ..SandboxConfig::default() };
    Stage::of(zoho(), config, Duration::from_secs(5)).await
}

/// The smallest id that no double can tell from its neighbours.
const BEYOND_DOUBLES: u64 = 1 << 53;

fn number(id: &RemoteId) -> u64 {
    id.as_str().parse().unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

async fn outbound(stage: &Stage) -> Value {
    stage.control("GET", "/truth/outbound", json!({})).await
}
