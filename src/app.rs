//! Builds everything from `Config`; the only file that knows all rooms.

#![expect(clippy::unused_async, reason = "what each command waits for is not built yet")]

use crate::{
    command_line::{BenchArgs, DemoArgs, SandboxArgs},
    config::Config,
    embedded,
};

pub async fn demo(config: Config, args: DemoArgs) -> anyhow::Result<()> {
    if args.reset {
        return Ok(embedded::erase(&config.data_dir.join("postgres")).await?);
    }
    anyhow::bail!("the demo is not part of this build")
}

pub async fn serve(config: Config) -> anyhow::Result<()> {
    Ok(config.check_service()?)
}

pub async fn work(config: Config) -> anyhow::Result<()> {
    Ok(config.check_service()?)
}

pub async fn migrate(_config: Config) -> anyhow::Result<()> {
    anyhow::bail!("migrations are not part of this build")
}

pub fn openapi() -> anyhow::Result<()> {
    anyhow::bail!("the document is not part of this build")
}

pub async fn doctor(config: Config) -> anyhow::Result<()> {
    Ok(config.check_service()?)
}

pub fn new_key() -> anyhow::Result<()> {
    anyhow::bail!("keys are not part of this build")
}

pub async fn rotate_keys(_config: Config) -> anyhow::Result<()> {
    anyhow::bail!("keys are not part of this build")
}

pub async fn sandbox(_args: SandboxArgs) -> anyhow::Result<()> {
    anyhow::bail!("the sandbox is not part of this build")
}

pub async fn bench(_config: Config, _args: BenchArgs) -> anyhow::Result<()> {
    anyhow::bail!("the bench is not part of this build")
}
