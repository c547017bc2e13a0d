//! `tandem`: one binary, many commands.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt as _,
    process::{ExitCode, ExitStatus},
};

use clap::Parser as _;
use tandem::{
    command_line::{Command, CommandLine},
    config::{Config, ConfigError},
    embedded, telemetry,
};

/// The configuration is wrong; everything else that fails is 1.
const MISCONFIGURED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::log_panics();
    match run(CommandLine::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last words of a command")]
            {
                eprintln!("tandem: {error:#}");
            }
            ExitCode::from(if error.is::<ConfigError>() { MISCONFIGURED } else { 1 })
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Postgres { command } => postgres(&command).await,
        _ => anyhow::bail!("this command is not part of this build"),
    }
}

async fn postgres(command: &[OsString]) -> anyhow::Result<ExitCode> {
    // A tool of development wherever it runs: it opens no port and reads no production setting.
    let config = Config::for_demo()?;
    let _telemetry = telemetry::start(&config)?;
    Ok(code_of(embedded::run_throwaway(command).await?))
}

/// Hands on how a command ended; after a signal as shells do, 128 and its number.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
