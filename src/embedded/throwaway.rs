//! `tandem postgres -- COMMAND`: a cluster for as long as a command runs.

use std::{ffi::OsString, fs, path::Path, process::ExitStatus, time::Duration};

use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

use super::{EmbeddedError, PrivatePostgres};

/// The variable that tells the command where its database is.
const URL_VARIABLE: &str = "TANDEM_TEST_DATABASE_URL";

const PREFIX: &str = "tandem-postgres-";

/// A cluster that is being made is not locked yet; minutes later it is, or nobody's.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);

/// Removes what killed runs left behind; a run that is alive holds its lock and keeps its folder.
async fn sweep(above: &Path) {
    for entry in fs::read_dir(above).into_iter().flatten().filter_map(Result::ok) {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry.metadata().and_then(|facts| facts.modified()).ok();
        if ours && age.and_then(|made| made.elapsed().ok()).is_some_and(|age| age > FORGOTTEN_AFTER)
        {
            // Another user's, or in use: not ours to remove.
            let _ = super::erase(&entry.path()).await;
        }
    }
}

/// Runs the command beside a cluster that is thrown away afterwards, whatever happens.
pub async fn run(command: &[OsString]) -> Result<ExitStatus, EmbeddedError> {
    let above = std::env::temp_dir();
    sweep(&above).await;
    let folder = above.join(format!("{PREFIX}{}", uuid::Uuid::now_v7().simple()));
    let postgres = PrivatePostgres::start(&folder, false).await?;
    let place = postgres.place().to_owned();

    let ended = beside(command, &postgres.url("postgres")).await;
    let stopped = postgres.stop().await;
    let removed =
        fs::remove_dir_all(&place).map_err(|source| EmbeddedError::io("remove", &place, source));

    let ended = ended?;
    stopped?;
    removed?;
    Ok(ended)
}

async fn beside(command: &[OsString], url: &str) -> Result<ExitStatus, EmbeddedError> {
    let (program, arguments) = command.split_first().ok_or(EmbeddedError::NoCommand)?;
    let failed =
        |source| EmbeddedError::Command { program: program.to_string_lossy().into_owned(), source };
    // Listening before the command exists: a signal in between must not end us.
    let mut hang_up = signal(SignalKind::hangup()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut child =
        Command::new(program).args(arguments).env(URL_VARIABLE, url).spawn().map_err(failed)?;
    loop {
        tokio::select! {
            ended = child.wait() => return ended.map_err(failed),
            // The terminal sends it to the whole group: the command has it already.
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => forward("HUP", &child).await,
            _ = terminate.recv() => forward("TERM", &child).await,
        }
    }
}

async fn forward(signal: &str, child: &Child) {
    let Some(pid) = child.id() else { return };
    let _ = Command::new(Path::new("/bin/sh"))
        .args(["-c", "kill -s \"$1\" \"$2\"", "forward", signal, &pid.to_string()])
        .status()
        .await;
}
