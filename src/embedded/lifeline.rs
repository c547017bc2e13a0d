//! A server must not outlive us, not even after `kill -9`.
//!
//! A shell of its own waits on a pipe that we hold. When we are gone, however that came about,
//! the pipe ends and the shell asks the server to stop. Portable, and without `unsafe`.

use std::{path::Path, process::Stdio};

use tokio::process::Child;

use super::{EmbeddedError, command, owner::Owner};

pub(super) fn tie(server: &Child, owner: Option<&Owner>) -> Result<Child, EmbeddedError> {
    let pid = server.id().map(|pid| pid.to_string()).unwrap_or_default();
    command(Path::new("/bin/sh"), owner)
        .args(["-c", "trap '' INT HUP TERM; read -r _; kill -INT \"$1\"", "lifeline", &pid])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|source| EmbeddedError::Command { program: "/bin/sh".to_owned(), source })
}

/// Ends the shell without its asking: its server is gone, and the number may be another's soon.
pub(super) async fn cut(mut lifeline: Child) {
    let _ = lifeline.kill().await;
}
