//! What only Salesforce does: its connector against its stand-in.

mod bulk;
mod hosts;
mod many;
mod reads;
pub(crate) mod requests;
mod tokens;
mod writes;

use std::time::Duration;

use tandem::{
    connectors::{self, Connector, Writer},
    sandbox::SandboxConfig,
};

use super::stage::Stage;

fn connector() -> &'static dyn Connector {
    connectors::find("salesforce").unwrap()
}

fn writer() -> &'static dyn Writer {
    connector().writer().unwrap()
}

fn small() -> SandboxConfig {
    SandboxConfig { persons: 450, organizations: 60, deals: 450, ..SandboxConfig::default() }
}

async fn stage() -> Stage {
    Stage::of(connector(), small(), Duration::from_secs(5)).await
}
