//! `tandem bench`: imports from a sandbox in a process of its own, measured.

use crate::{command_line::BenchArgs, config::Config};

pub async fn bench(_config: Config, _args: BenchArgs) -> anyhow::Result<()> {
    anyhow::bail!("not yet")
}
