//! `tandem`: one binary, many commands.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt as _,
    process::{ExitCode, ExitStatus},
};

use clap::Parser as _;
use tandem::{
    app,
    command_line::{AuditCommand, Command, CommandLine, KeysCommand},
    config::{Config, ConfigError},
    embedded, telemetry,
};

/// Imports make many short texts: the system's allocator was 40 % of what an unchanged one cost us.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The configuration is wrong; everything else that fails is 1.
const MISCONFIGURED: u8 = 2;
/// An audit log is not what was written.
const BROKEN_CHAIN: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::log_panics();
    // The future of all commands together is large; on the heap it costs the stack nothing.
    match Box::pin(run(CommandLine::parse().command)).await {
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
    let config = match &command {
        Command::Serve
        | Command::Work
        | Command::Migrate
        | Command::Doctor
        | Command::Keys { .. }
        | Command::Audit { .. } => Config::from_env()?,
        // Tools of development, whatever the environment says: they touch nothing of production.
        Command::Demo(_)
        | Command::Openapi
        | Command::Sandbox(_)
        | Command::Bench(_)
        | Command::Postgres { .. } => Config::for_demo()?,
    };
    let _telemetry = telemetry::start(&config)?;
    match command {
        Command::Demo(args) => app::demo(config, args).await?,
        Command::Serve => Box::pin(app::serve(config)).await?,
        Command::Work => app::work(config).await?,
        Command::Migrate => app::migrate(config).await?,
        Command::Openapi => app::openapi()?,
        Command::Doctor => app::doctor(config).await?,
        Command::Keys { command: KeysCommand::New } => app::new_key()?,
        Command::Keys { command: KeysCommand::Rotate(args) } => {
            app::rotate_keys(config, args).await?;
        }
        Command::Keys { command: KeysCommand::Status } => app::keys_status(config).await?,
        Command::Audit { command: AuditCommand::Verify(args) } => {
            if !app::verify_audit(config, &args).await? {
                return Ok(ExitCode::from(BROKEN_CHAIN));
            }
        }
        Command::Sandbox(args) => app::sandbox(args).await?,
        Command::Bench(args) => Box::pin(app::bench(config, args)).await?,
        Command::Postgres { command } => return postgres(&command).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn postgres(command: &[OsString]) -> anyhow::Result<ExitCode> {
    Ok(code_of(embedded::run_throwaway(command).await?))
}

/// Hands on how a command ended; after a signal as shells do, 128 and its number.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
